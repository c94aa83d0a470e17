#include "mail_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/outbox_private.h"

static struct mail_templates *templates;

struct mail_world *
mail_world_new(void)
{
	struct mail_world *m = mem_alloc(sizeof(*m));
	struct mail_template_errors errors;

	m->w = world_new(DIR_PASSWORD_EXOP);
	m->mailer = fake_mailer_new(m->w->loop);
	if (templates == NULL) /* for all tests: they do not change */
		templates = mail_templates_load(NULL, "en", &errors);
	assert_non_null(templates);
	m->conf = (struct flow_mail_conf){ .mailer = &m->mailer->mailer,
		.templates = templates,
		.sender = { .organisation = "Engines",
		    .from = "usherd@engines.example",
		    .bounces = "usherd@engines.example",
		    .id_domain = "engines.example" },
		.public_url = "https://join.engines.example",
		.in_flight = 4,
		.queue_max = 1000,
		.resend_s = 60 };
	m->w->conf.mail = &m->conf;
	m->roster.loop = m->w->loop;
	m->w->conf.roster = &m->roster;
	world_crash(m->w);
	return m;
}

static void
mail_world_forget(struct mail_world *m)
{
	invitation_free(m->inv);
	delivery_free(m->log);
	m->inv = NULL;
	m->log = NULL;
}

void
mail_world_free(struct mail_world *m)
{
	struct fake_mailer *mailer = m->mailer;

	mail_world_forget(m);
	flow_free(m->w->flow);
	m->w->flow = NULL;
	mailer->mailer.ops->free(&mailer->mailer);
	world_free(m->w);
	free(m);
}

void
mail_world_crash(struct mail_world *m)
{
	world_crash(m->w);
}

/* ---- verbs ---- */

static void
keep(struct mail_world *m, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct field_errors *errors)
{
	mail_world_forget(m);
	m->code = code;
	m->inv = inv != NULL ? invitation_copy(inv) : NULL;
	m->log = d != NULL ? delivery_copy(d) : NULL;
	m->field[0] = m->field_code[0] = '\0';
	if (errors != NULL && errors->count > 0) {
		snprintf(m->field, sizeof(m->field), "%s", errors->items[0].field);
		snprintf(m->field_code, sizeof(m->field_code), "%s", errors->items[0].code);
	}
	world_stop_waiting(m->w);
}

static void
on_issued(void *arg, enum err code, const struct invitation *inv, const struct secret *token,
    const struct field_errors *errors, const struct fault *f)
{
	(void)f;
	assert_null(token);
	keep(arg, code, inv, NULL, errors);
}

static const struct flow_caller caller = { .name = "test" };

static enum err
invite(struct mail_world *m, const struct person *person, const char *address)
{
	struct issue_spec spec = {
		.person = *person, .method = INVITATION_BY_EMAIL, .personal_mail = address
	};
	struct flow_caller by = caller;

	if (m->created_by != NULL)
		by.name = m->created_by;
	flow_issue_start(m->w->flow, &spec, &by, on_issued, m);
	world_wait(m->w);
	return m->code;
}

enum err
mail_world_invite(struct mail_world *m, const char *address)
{
	return invite(m, &world_ada, address);
}

enum err
mail_world_invite_in(struct mail_world *m, const char *language)
{
	struct person person = world_ada;

	person.value[PERSON_LANGUAGE] = language;
	return invite(m, &person, ADA_AT);
}

enum err
mail_world_invite_nth(struct mail_world *m, unsigned n)
{
	struct person person = world_ada;
	char work[64], home[64];

	snprintf(work, sizeof(work), "ada%u@example.org", n);
	snprintf(home, sizeof(home), "ada%u@home.example", n);
	person.value[PERSON_MAIL] = work;
	return invite(m, &person, home);
}

static void
on_resent(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    int64_t retry_after_s, const struct fault *f)
{
	struct mail_world *m = arg;

	(void)f;
	m->retry_after_s = retry_after_s;
	keep(m, code, inv, d, NULL);
}

enum err
mail_world_resend(struct mail_world *m, const char *id, bool void_links)
{
	char copy[ID_SIZE];

	snprintf(copy, sizeof(copy), "%s", id);
	flow_resend_start(m->w->flow, copy, void_links, &caller, on_resent, m);
	world_wait(m->w);
	return m->code;
}

static void
on_amended(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct field_errors *errors, const struct fault *f)
{
	(void)f;
	keep(arg, code, inv, d, errors);
}

enum err
mail_world_amend(struct mail_world *m, const char *id, const char *address, int64_t expires_in)
{
	const struct amend_spec spec = { .personal_mail = address, .expires_in = expires_in };
	char copy[ID_SIZE];

	snprintf(copy, sizeof(copy), "%s", id);
	flow_amend_start(m->w->flow, copy, &spec, &caller, on_amended, m);
	world_wait(m->w);
	return m->code;
}

static void
on_details(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct fault *f)
{
	(void)f;
	keep(arg, code, inv, d, NULL);
}

void
mail_world_look(struct mail_world *m, const char *id)
{
	char copy[ID_SIZE];

	snprintf(copy, sizeof(copy), "%s", id);
	flow_details_start(m->w->flow, copy, &caller, on_details, m);
	world_wait(m->w);
	assert_int_equal(m->code, ERR_OK);
}

static void
on_item_done(void *arg, enum err code, const struct fault *f)
{
	struct mail_world *m = arg;

	(void)f;
	m->code = code;
	world_stop_waiting(m->w);
}

enum err
mail_world_retry(struct mail_world *m, const char *item)
{
	flow_queue_retry_start(m->w->flow, OUTBOX_MAILS, item, &caller, on_item_done, m);
	world_wait(m->w);
	return m->code;
}

enum err
mail_world_drop(struct mail_world *m, const char *item)
{
	flow_queue_drop_start(m->w->flow, OUTBOX_MAILS, item, &caller, on_item_done, m);
	world_wait(m->w);
	return m->code;
}

/* ---- the store behind its back ---- */

static void
on_damaged(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	(void)result, (void)f;
	assert_int_equal(code, ERR_OK);
	world_stop_waiting(((struct mail_world *)arg)->w);
}

void
mail_world_damage_log(struct mail_world *m, const char *id)
{
	char key[64];
	int len = snprintf(key, sizeof(key), "delivery/%s", id);
	const struct kv_write write = { .key = { key, (size_t)len }, .value = { "nonsense", 8 } };
	const struct kv_txn txn = { .writes = &write, .write_count = 1 };

	kv_txn(m->w->kv, &txn, on_damaged, m);
	world_wait(m->w);
}

void
mail_world_forget_invitation(struct mail_world *m, const char *id)
{
	static const struct store_note note = { .actor = "test" };

	store_purge(m->w->store, id, INT64_MAX, &note, on_item_done, m);
	world_wait(m->w);
	assert_int_equal(m->code, ERR_OK);
}

struct audits {
	struct mail_world *m;
	const char *words;
	size_t found;
};

static void
on_audits(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct audits *a = arg;

	(void)revision, (void)f;
	assert_int_equal(code, ERR_OK);
	assert_false(more);
	for (size_t i = 0; i < count; i++) {
		char *plain = mem_alloc(items[i].value.len + 1);
		struct fault own;
		size_t len;

		assert_int_equal(seal_open(a->m->w->seal, items[i].key.data, items[i].key.len,
				     items[i].value.data, items[i].value.len, plain, &len, &own),
		    ERR_OK);
		a->found += strstr(plain, a->words) != NULL;
		free(plain);
	}
	world_stop_waiting(a->m->w);
}

size_t
mail_world_audits(struct mail_world *m, const char *words)
{
	struct audits a = { .m = m, .words = words };

	kv_range(m->w->memory, (struct kv_bytes){ "audit/", 6 }, (struct kv_bytes){ "", 0 },
	    KV_RANGE_MAX, on_audits, &a);
	world_wait(m->w);
	return a.found;
}

/* ---- time ---- */

void
mail_world_pass(struct mail_world *m, int64_t ms)
{
	m->w->now += ms;
	lane_wake(m->w->flow->lanes[OUTBOX_MAILS], m->w->now);
}

static bool
has_sent(struct world *w, void *arg)
{
	struct mail_world *m = ((void **)arg)[0];
	size_t count = *(size_t *)((void **)arg)[1];

	(void)w;
	return m->mailer->count >= count;
}

void
mail_world_await(struct mail_world *m, size_t count)
{
	void *arg[] = { m, &count };

	assert_true(world_until(m->w, has_sent, arg));
	assert_int_equal(m->mailer->count, count);
}

static void
on_rested(void *arg)
{
	world_stop_waiting(((struct mail_world *)arg)->w);
}

/* A lane that has nothing under way may be reading: some turns of the loop tell. */
void
mail_world_rest(struct mail_world *m)
{
	struct loop_timer *timer = loop_timer_new(m->w->loop, on_rested, m);

	for (int still = 0; still < 10; still++) {
		loop_timer_set(timer, 2);
		world_wait(m->w);
		if (lane_in_flight(m->w->flow->lanes[OUTBOX_MAILS]) > 0)
			still = 0;
	}
	loop_timer_free(timer);
}

static bool
has_queued(struct world *w, void *arg)
{
	return store_outbox_count(w->store, OUTBOX_MAILS) == *(size_t *)arg &&
	       lane_in_flight(w->flow->lanes[OUTBOX_MAILS]) == 0;
}

void
mail_world_await_queue(struct mail_world *m, size_t items)
{
	assert_true(world_until(m->w, has_queued, &items));
}

/* ---- what is there ---- */

bool
mail_world_token(struct mail_world *m, size_t n, struct token_hash *out)
{
	const char *at = strstr(m->mailer->mails[n]->text, "/join/");

	return at != NULL && token_hash_of(at + strlen("/join/"), TOKEN_TEXT_SIZE - 1, out);
}

enum accept_view_state
mail_world_view(struct mail_world *m, size_t n)
{
	struct token_hash token;

	assert_true(mail_world_token(m, n, &token));
	return world_view(m->w, &token, NULL);
}

bool
mail_world_says(struct mail_world *m, size_t n, const char *words)
{
	return strstr(m->mailer->mails[n]->text, words) != NULL;
}

struct flow_mail_status
mail_world_status(struct mail_world *m)
{
	struct flow_mail_status status;

	flow_mail_status(m->w->flow, &status);
	return status;
}

size_t
mail_world_logged(const struct mail_world *m, enum delivery_event event)
{
	size_t count = 0;

	for (size_t i = 0; i < m->log->log_count; i++)
		count += m->log->log[i].event == event;
	return count;
}

size_t
mail_world_happened(const struct mail_world *m, enum invitation_event event)
{
	size_t count = 0;

	for (size_t i = 0; i < m->inv->timeline_count; i++)
		count += m->inv->timeline[i].event == event;
	return count;
}

struct taken {
	struct mail_world *m;
	struct outbox_item *item;
};

static void
on_queue(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct taken *t = arg;

	(void)next, (void)f;
	assert_int_equal(code, ERR_OK);
	if (count > 0) {
		t->item = list[0];
		list[0] = NULL;
	}
	world_stop_waiting(t->m->w);
}

struct outbox_item *
mail_world_item(struct mail_world *m)
{
	struct taken t = { m, NULL };

	flow_queue_list_start(m->w->flow, OUTBOX_MAILS, NULL, 1, on_queue, &t);
	world_wait(m->w);
	return t.item;
}
