#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_mail.h"

enum { WORLD_PATIENCE_MS = 20000 };

const struct person world_ada = {
	.value = {
		[PERSON_GIVEN_NAME] = "Ada",
		[PERSON_FAMILY_NAME] = "Lovelace",
		[PERSON_GENDER] = "female",
		[PERSON_BIRTHDAY] = "1990-12-10",
		[PERSON_MAIL] = "ada@example.org",
		[PERSON_ORG_UNIT] = "ou=engines,dc=example",
	},
	.groups = { "cn=poets,dc=example" },
	.group_count = 1,
};

static int64_t
world_clock(void *arg)
{
	return ((struct world *)arg)->now;
}

static int64_t
world_mono(void *arg)
{
	const struct world *w = arg;

	return w->now - w->set_by;
}

void
world_set_clock(struct world *w, int64_t by)
{
	w->now += by;
	w->set_by += by;
}

static void
world_on_guard(void *arg)
{
	struct world *w = arg;

	w->timed_out = true;
	loop_stop(w->loop);
}

void
world_stop_waiting(struct world *w)
{
	w->waiting = false;
	loop_stop(w->loop);
}

void
world_wait(struct world *w)
{
	w->waiting = true;
	w->timed_out = false;
	loop_timer_set(w->guard, WORLD_PATIENCE_MS);
	while (w->waiting && !w->timed_out)
		loop_run(w->loop);
	loop_timer_stop(w->guard);
	assert_false(w->timed_out);
}

static void
world_on_prepared(void *arg, enum err code, const struct fault *f)
{
	(void)f;
	assert_int_equal(code, ERR_OK);
	world_stop_waiting(arg);
}

static void
world_start(struct world *w)
{
	w->kv = fake_kv_new(w->loop, w->memory);
	w->store = store_new(w->loop, w->kv, w->seal, &w->clock);
	store_prepare(w->store, world_on_prepared, w);
	world_wait(w);
	w->conf.store = w->store;
	w->flow = flow_new(&w->conf);
	flow_run(w->flow);
}

struct world *
world_new(enum dir_password_mode mode)
{
	struct world *w = mem_alloc(sizeof(*w));
	unsigned char key[32] = { 7 };

	w->loop = loop_new();
	w->guard = loop_timer_new(w->loop, world_on_guard, w);
	w->now = 1700000000000;
	w->caller.name = "test";
	w->clock = (struct clock){ world_clock, world_mono, w };
	w->memory = kv_memory_new(w->loop);
	w->seal = seal_new(key);
	w->dir = fake_dir_new(w->loop);
	assert_int_equal(blocklist_load(&w->blocklist, NULL, NULL), ERR_OK);
	w->conf = (struct flow_conf){ .loop = w->loop,
		.dir = w->dir,
		.passwd = (struct passwd *)w->loop,
		.clock = &w->clock,
		.blocklist = w->blocklist,
		.uid_template = "{given}.{family}",
		.gender_required = true,
		.birthday_required = true,
		.password_mode = mode,
		.password_min = 15,
		.lifetime_s = 3600,
		.retention_s = 90 * 86400,
		.expired_kept_s = 30 * 86400,
		.attempts_max = 100,
		.answer_ms = 100 };
	world_start(w);
	return w;
}

void
world_crash(struct world *w)
{
	flow_free(w->flow);
	store_free(w->store);
	kv_close(w->kv);
	fake_dir_forget(w->dir);
	fake_dir_fail(w->dir, 0, FAKE_FINE, ERR_OK);
	world_start(w);
}

void
world_free(struct world *w)
{
	flow_free(w->flow);
	store_free(w->store);
	kv_close(w->kv);
	kv_close(w->memory);
	seal_free(w->seal);
	blocklist_free(w->blocklist);
	loop_timer_free(w->guard);
	loop_free(w->loop);
	fake_dir_free(w->dir);
	free(w);
}

/* ---- verbs ---- */

struct call {
	struct world *world;
	void *out;
};

static void
copy_first_error(const struct field_errors *errors, char field[32], char code[32])
{
	field[0] = code[0] = '\0';
	if (errors == NULL || errors->count == 0)
		return;
	snprintf(field, 32, "%s", errors->items[0].field);
	snprintf(code, 32, "%s", errors->items[0].code);
}

static void
invite_on_issued(void *arg, enum err code, const struct invitation *inv, const struct secret *token,
    const struct field_errors *errors, const struct fault *f)
{
	struct call *c = arg;
	struct world_link *link = c->out;

	(void)f;
	link->code = code;
	link->error_count = errors->count;
	copy_first_error(errors, link->first_field, link->first_code);
	link->groups[0] = '\0';
	for (size_t i = 0; code == ERR_OK && i < inv->person.group_count; i++)
		snprintf(link->groups + strlen(link->groups),
		    sizeof(link->groups) - strlen(link->groups), "%s;", inv->person.groups[i]);
	if (code == ERR_OK) {
		memcpy(link->id, inv->id, sizeof(link->id));
		snprintf(link->uid, sizeof(link->uid), "%s", inv->person.value[PERSON_UID]);
		assert_true(token_hash_of(secret_bytes(token), secret_len(token), &link->token));
	}
	world_stop_waiting(c->world);
}

struct world_link
world_invite(struct world *w, const struct person *p)
{
	struct world_link link = { .code = ERR_INTERNAL };
	struct call call = { w, &link };
	struct issue_spec spec = { .person = *p };

	spec.modes[PERSON_POSITION] = FIELD_FREE;
	flow_issue_start(w->flow, &spec, &w->caller, invite_on_issued, &call);
	world_wait(w);
	return link;
}

static void
accept_on_answer(void *arg, enum err code, const char *uid, const struct field_errors *errors,
    const struct fault *f)
{
	struct world_answer *out = arg;

	(void)f;
	out->code = code;
	out->count++;
	snprintf(out->uid, sizeof(out->uid), "%s", uid != NULL ? uid : "");
	copy_first_error(errors, out->first_field, out->first_code);
	world_stop_waiting(out->world);
}

void
world_accept_start(struct world *w, const struct token_hash *token, const char *password,
    const char *attempt, struct world_answer *out)
{
	struct secret *secret = secret_new(password, strlen(password));
	struct accept_spec spec = { .token = *token, .attempt = attempt, .password = secret };

	out->world = w;
	out->count = 0;
	flow_accept_start(w->flow, &spec, accept_on_answer, out);
	assert_int_equal(out->count, 0); /* never before the starting call has returned */
	secret_free(secret);
}

struct world_answer
world_accept(
    struct world *w, const struct token_hash *token, const char *password, const char *attempt)
{
	struct world_answer answer = { .code = ERR_INTERNAL };

	world_accept_start(w, token, password, attempt, &answer);
	while (answer.count == 0)
		world_wait(w);
	return answer;
}

static void
view_on_seen(void *arg, enum err code, const struct accept_view *view, const struct fault *f)
{
	struct call *c = arg;

	(void)f;
	assert_int_equal(code, ERR_OK);
	*(enum accept_view_state *)c->out = view->state;
	world_stop_waiting(c->world);
}

enum accept_view_state
world_view(struct world *w, const struct token_hash *token, const char *attempt)
{
	enum accept_view_state state = VIEW_UNKNOWN;
	struct call call = { w, &state };

	flow_view_start(w->flow, token, attempt, view_on_seen, &call);
	world_wait(w);
	return state;
}

struct changed {
	enum err code;
	struct token_hash token;
};

static void
change_on_done(void *arg, enum err code, const struct invitation *inv, const struct secret *token,
    const struct fault *f)
{
	struct call *c = arg;
	struct changed *out = c->out;

	(void)inv, (void)f;
	out->code = code;
	if (token != NULL)
		assert_true(token_hash_of(secret_bytes(token), secret_len(token), &out->token));
	world_stop_waiting(c->world);
}

enum err
world_revoke(struct world *w, const char *id)
{
	struct changed changed = { .code = ERR_INTERNAL };
	struct call call = { w, &changed };

	flow_revoke_start(w->flow, id, &w->caller, change_on_done, &call);
	world_wait(w);
	return changed.code;
}

enum err
world_relink(struct world *w, const char *id, struct token_hash *token)
{
	struct changed changed = { .code = ERR_INTERNAL };
	struct call call = { w, &changed };

	flow_relink_start(w->flow, id, &w->caller, change_on_done, &call);
	world_wait(w);
	*token = changed.token;
	return changed.code;
}

static void
world_on_details(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct fault *f)
{
	struct call *c = arg;

	(void)d, (void)f;
	assert_int_equal(code, ERR_OK);
	*(enum invitation_state *)c->out = inv->state;
	world_stop_waiting(c->world);
}

enum invitation_state
world_state(struct world *w, const char *id)
{
	static const struct flow_caller everywhere = { .name = "test" };
	enum invitation_state state = INVITATION_STATE_COUNT;
	struct call call = { w, &state };

	flow_details_start(w->flow, id, &everywhere, world_on_details, &call);
	world_wait(w);
	return state;
}

static void
world_on_tick(void *arg)
{
	world_stop_waiting(arg);
}

bool
world_until(struct world *w, bool (*test)(struct world *w, void *arg), void *arg)
{
	int64_t end = clock_mono_ms(&clock_system) + WORLD_PATIENCE_MS;
	struct loop_timer *tick = loop_timer_new(w->loop, world_on_tick, w);
	bool held;

	while (!(held = test(w, arg)) && clock_mono_ms(&clock_system) < end) {
		loop_timer_set(tick, 1);
		world_wait(w);
	}
	loop_timer_free(tick);
	return held;
}

static void
world_on_put(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	(void)result, (void)f;
	assert_int_equal(code, ERR_OK);
	world_stop_waiting(arg);
}

void
world_put_damaged(struct world *w, const char *key)
{
	struct kv_write write = { .key = kv_text(key), .value = kv_text("damaged") };
	struct kv_txn txn = { .writes = &write, .write_count = 1 };

	kv_txn(w->memory, &txn, world_on_put, w);
	world_wait(w);
}
