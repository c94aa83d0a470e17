/* flow_accept: loaded > joined or checked > (flow_claim) > (flow_settle) > finished. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/accept_private.h"
#include "log/log.h"

static const char *const step_names[] = {
	[ATTEMPT_LOADING] = "loading",
	[ATTEMPT_ASKING] = "asking",
	[ATTEMPT_RENAMING] = "renaming",
	[ATTEMPT_HASHING] = "hashing",
	[ATTEMPT_CLAIMING] = "claiming",
	[ATTEMPT_ADDING] = "adding",
	[ATTEMPT_PASSWORD] = "password",
	[ATTEMPT_GROUPS] = "groups",
	[ATTEMPT_SETTLING] = "settling",
	[ATTEMPT_RELEASING] = "releasing",
};

void
attempt_enter(struct attempt *a, enum attempt_step step)
{
	log_debug("registration", "step", step_names[step], "invitation",
	    a->inv != NULL ? a->inv->id : NULL, "request", a->request_id);
	a->step = step;
}

struct store_note
attempt_note(const struct attempt *a)
{
	return (struct store_note){ .actor = "person",
		.request_id = a->request_id,
		.source = a->source,
		.org_unit = a->inv->person.value[PERSON_ORG_UNIT],
		.personal = audit_of_person(&a->inv->person, NULL, a->arena) };
}

struct attempt *
flow_attempt_of(struct flow *f, const char *invitation_id)
{
	struct attempt *a;

	TAILQ_FOREACH(a, &f->attempts, link)
	if (strcmp(a->inv->id, invitation_id) == 0)
		return a;
	return NULL;
}

bool
flow_attempt_was_told_later(const struct attempt *a)
{
	return a->told_later;
}

static void
attempt_free(struct attempt *a)
{
	struct waiter *w;

	while ((w = TAILQ_FIRST(&a->waiters)) != NULL) {
		TAILQ_REMOVE(&a->waiters, w, link);
		free(w);
	}
	loop_timer_free(a->answer_timer);
	loop_timer_free(a->retry_timer);
	secret_free(a->password);
	secret_free(a->hash);
	invitation_free(a->inv);
	invitation_free(a->next);
	invitation_free(a->renamed);
	free(a->request_id);
	arena_free(a->arena);
	free(a);
}

/* What this waiter is told when the attempt ends with `code`. A rival has lost to one that succeeds
 * or is still being carried out, and is not shown what was wrong with another's form. */
static enum err
waiter_code(const struct waiter *w, enum err code)
{
	if (w->same)
		return code;
	if (code == ERR_OK || code == ERR_UNKNOWN)
		return ERR_USED;
	return code == ERR_INVALID ? ERR_BUSY : code;
}

static void
attempt_tell(struct attempt *a, enum err code, const struct fault *f)
{
	const char *uid = code == ERR_OK ? a->inv->person.value[PERSON_UID] : NULL;
	struct fault lost = { .text = "" };
	struct waiter *w;

	fault_set(&lost, ERR_USED, "another registration with this link came first");
	while ((w = TAILQ_FIRST(&a->waiters)) != NULL) {
		enum err own = waiter_code(w, code);

		TAILQ_REMOVE(&a->waiters, w, link);
		w->cb(w->arg, own, own == ERR_OK ? uid : NULL, &a->errors, own == code ? f : &lost);
		free(w);
	}
}

void
attempt_answer_later(struct attempt *a)
{
	struct fault f = { .text = "" };

	if (TAILQ_EMPTY(&a->waiters))
		return;
	a->told_later = true;
	fault_set(&f, ERR_UNKNOWN, "the account is being created");
	attempt_tell(a, ERR_UNKNOWN, &f);
}

void
attempt_finish(struct attempt *a, enum err code, const struct fault *f)
{
	struct flow *flow = a->flow;

	/* Something we sent may still be carried out: an Add, or a password that nobody waits for.
	 */
	if (a->claimed && (code == ERR_UNKNOWN || (a->maybe_set && code != ERR_OK))) {
		flow->quiet_since_mono_ms = clock_mono_ms(flow->conf.clock);
		flow->left_at = flow_now(flow);
	}
	if (code == ERR_UNKNOWN)
		flow_resolver_wake(flow->resolver);
	if (a->listed) {
		TAILQ_REMOVE(&flow->attempts, a, link);
		flow->attempt_count--;
	}
	attempt_tell(a, code, f);
	attempt_free(a);
	flow_check_drained(flow);
}

/* What waits for the directory gets one more try now, and is left to the resolver if that fails
 * too. */
void
flow_attempts_hurry(struct flow *f)
{
	struct attempt *a;

	TAILQ_FOREACH(a, &f->attempts, link)
	if (a->waiting)
		loop_timer_set(a->retry_timer, 0);
}

void
flow_attempts_free(struct flow *f)
{
	struct attempt *a;

	while ((a = TAILQ_FIRST(&f->attempts)) != NULL) {
		TAILQ_REMOVE(&f->attempts, a, link);
		attempt_free(a);
	}
	f->attempt_count = 0;
}

/* ---- check the form ---- */

static void
attempt_check_password(struct attempt *a)
{
	const struct flow_conf *conf = &a->flow->conf;
	const char *rule;
	struct fault f = { .text = "" };

	if (a->password == NULL)
		field_errors_add(&a->errors, "password", "required", "choose a password");
	else if (password_check(a->password, conf->password_min, &a->next->person, conf->blocklist,
		     &rule, &f) != ERR_OK)
		field_errors_add(&a->errors, "password", rule, "%s", f.text);
}

/* The stored profile with what the form may set. The rest of it is the invitation's, whatever was
 * sent. */
static void
attempt_check_form(struct attempt *a)
{
	struct person_rules rules = flow_rules(a->flow);
	struct person *p = &a->next->person;

	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++) {
		/* A created entry has its profile; sending the form again must not be refused for
		 * it. */
		if (a->value[i] == NULL || a->inv->state == INVITATION_CREATED)
			continue;
		if (a->inv->modes[i] == FIELD_FIXED)
			field_errors_add(&a->errors, person_field_name(i), "not_allowed",
			    "the invitation does not let you change this");
		else
			p->value[i] = a->value[i];
	}
	person_check(p, &rules, a->next->arena, &a->errors);
	attempt_check_password(a);
}

/* ---- join or begin ---- */

/* `a` is the same request as `other` sent again, or a rival: wait with the one that runs. */
static void
attempt_join(struct attempt *a, struct attempt *other)
{
	/* Another password under the same id is another wish: it must not be told as fulfilled. */
	bool same = strcmp(a->id, other->id) == 0 && secret_equal(a->password, other->password);
	struct waiter *w = TAILQ_FIRST(&a->waiters);
	struct fault f = { .text = "" };

	if (other->told_later) {
		fault_set(&f, ERR_UNKNOWN, "the account is being created");
		attempt_finish(a, same ? ERR_UNKNOWN : ERR_USED, &f);
		return;
	}
	TAILQ_REMOVE(&a->waiters, w, link);
	w->same = same;
	TAILQ_INSERT_TAIL(&other->waiters, w, link);
	attempt_free(a);
}

static void
attempt_begin(struct attempt *a)
{
	struct flow *f = a->flow;
	struct fault fault = { .text = "" };

	invitation_free(a->next);
	a->next = invitation_copy(a->inv);
	attempt_check_form(a);
	if (a->errors.count > 0) {
		fault_set(&fault, ERR_INVALID, "%s: %s", a->errors.items[0].field,
		    a->errors.items[0].code);
		attempt_finish(a, ERR_INVALID, &fault);
		return;
	}
	if (!a->listed && (f->draining || f->attempt_count >= f->conf.attempts_max)) {
		fault_set(&fault, ERR_BUSY, "too many registrations are under way");
		attempt_finish(a, ERR_BUSY, &fault);
		return;
	}
	if (!a->listed) {
		a->listed = true;
		TAILQ_INSERT_TAIL(&f->attempts, a, link);
		f->attempt_count++;
	}
	attempt_ask(a);
}

/* A link that cannot be used: why, and whether it was this very attempt that used it. */
static void
attempt_refuse(struct attempt *a, enum err code, const struct fault *f)
{
	const struct flow_caller by = {
		.name = "person", .request_id = a->request_id, .source = a->source
	};
	struct fault busy = { .text = "" };

	if (code == ERR_USED && strcmp(a->inv->attempt, a->id) == 0 &&
	    flow_was_done_with(a->flow, a->inv->id, a->password)) {
		attempt_finish(a, ERR_OK, NULL);
		return;
	}
	if (code == ERR_EXPIRED)
		flow_expire(a->flow, a->inv, &by); /* written down: no clock revives it */
	if (code == ERR_CONFLICT) {
		/* Claimed, and nobody here carries it out: the resolver will settle it shortly. */
		code = fault_set(&busy, ERR_BUSY, "an earlier registration is being settled");
		f = &busy;
	}
	attempt_finish(a, code, f);
}

/* The entry exists, and who claimed it last may have been killed: its password may be on its way. A
 * claim of the future is no claim of ours either: the clock was set back since. */
static bool
attempt_may_be_overtaken(const struct attempt *a)
{
	int64_t claimed_at = a->inv->claimed_at;

	return a->inv->state == INVITATION_CREATED && !flow_is_quiet(a->flow) &&
	       (claimed_at <= a->flow->left_at || claimed_at > flow_now(a->flow));
}

static void
attempt_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct attempt *a = arg, *other;
	struct fault fault = { .text = "" };

	if (code != ERR_OK) {
		attempt_finish(a, code, f);
		return;
	}
	invitation_free(a->inv);
	a->inv = *inv;
	*inv = NULL;
	other = a->listed || a->password == NULL ? NULL : flow_attempt_of(a->flow, a->inv->id);
	code = invitation_open(a->inv, &a->token, flow_now(a->flow), &fault);
	if (other != NULL && (code == ERR_OK || code == ERR_CONFLICT)) {
		attempt_join(a, other);
		return;
	}
	if (code == ERR_OK && attempt_may_be_overtaken(a))
		code = ERR_CONFLICT;
	if (code != ERR_OK)
		attempt_refuse(a, code, &fault);
	else
		attempt_begin(a);
}

void
attempt_reload(struct attempt *a)
{
	struct fault f = { .text = "" };

	if (++a->tries >= FLOW_TRIES) {
		fault_set(&f, ERR_BUSY, "the invitation kept changing");
		attempt_finish(a, ERR_BUSY, &f);
		return;
	}
	attempt_enter(a, ATTEMPT_LOADING);
	store_load(a->flow->conf.store, a->inv->id, attempt_on_loaded, a);
}

void
flow_accept_start(struct flow *f, const struct accept_spec *spec, flow_accept_cb *cb, void *arg)
{
	struct attempt *a = mem_alloc(sizeof(*a));
	struct waiter *w = mem_alloc(sizeof(*w));
	unsigned char random[32];

	a->flow = f;
	a->arena = arena_new(0);
	field_errors_init(&a->errors, a->arena);
	a->token = spec->token;
	a->request_id = mem_dup_string(spec->request_id);
	a->source = arena_strdup(a->arena, spec->source);
	a->started_mono_ms = clock_mono_ms(f->conf.clock);
	if (spec->attempt != NULL && spec->attempt[0] != '\0') {
		assert(strlen(spec->attempt) < sizeof(a->id));
		memcpy(a->id, spec->attempt, strlen(spec->attempt) + 1);
	} else {
		random_fill(random, sizeof(random));
		encode_base64(random, sizeof(random), a->id);
	}
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		a->value[i] = arena_strdup(a->arena, spec->value[i]);
	if (spec->password != NULL)
		a->password = secret_dup(spec->password);
	TAILQ_INIT(&a->waiters);
	*w = (struct waiter){ .same = true, .cb = cb, .arg = arg };
	TAILQ_INSERT_TAIL(&a->waiters, w, link);
	attempt_enter(a, ATTEMPT_LOADING);
	store_load_by_token(f->conf.store, &a->token, attempt_on_loaded, a);
}
