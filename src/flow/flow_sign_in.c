/* flow_sign_in: throttled > found > throttled by account > bound and looked at > session made >
 * answered. The two doors come before what they guard: no password leaves that the account's own
 * lock-out could count too often, and nothing is asked for a source that fails again and again. */
#include "flow/sign_in_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "log/log.h"

enum { SIGN_IN_STRANGERS_MAX = SIGN_IN_RUNNING_MAX * 3 / 4 };

static struct sign_ins *
sign_ins_of(struct flow *f)
{
	assert(f->sign_ins != NULL); /* flow_set_sign_in() */
	return (struct sign_ins *)f->sign_ins;
}

/* ---- session ---- */

static void
sign_in_on_old_ended(void *arg, enum err code, const struct fault *f)
{
	(void)arg;
	if (code != ERR_OK && code != ERR_NOT_FOUND)
		log_debug("a session that ended is still stored", "reason", f->text);
}

/* A cookie that was planted before must not be good for anything afterwards. */
static void
sign_in_end_old(struct sign_in *s)
{
	struct store_note note;

	if (s->old_session == NULL || s->old_person == NULL)
		return;
	note = sign_in_note_of(s, arena_printf(s->arena, "user:%s", s->old_person));
	note.person = s->old_person;
	note.personal = note.org_unit = NULL; /* of the one who signs in */
	auth_session_end(s->all->auth, s->old_person, s->old_session, "signed_out", &note,
	    sign_in_on_old_ended, NULL);
}

static void
sign_in_on_session(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, const struct fault *f)
{
	struct sign_in *s = arg;

	if (s->all == NULL) {
		arena_free(s->arena);
		free(s);
		return;
	}
	if (code == ERR_UNAUTHENTICATED) {
		sign_in_refuse(s, "person_ended", f);
		return;
	}
	if (code != ERR_OK) {
		log_warning(
		    "a session cannot be stored", "request", s->request_id, "reason", f->text);
		sign_in_end(s, ERR_UNAVAILABLE, "a session cannot be stored at the moment");
		return;
	}
	known_add(s->all->known, session->person, s->source, flow_now(s->all->flow));
	sign_in_end_old(s);
	log_info("somebody has signed in", "request", s->request_id, "person", session->person);
	sign_in_finish(s, session, secret);
}

static void
sign_in_make_session(struct sign_in *s, const bool *member)
{
	const char *actor = arena_printf(s->arena, "user:%s", s->account.entry_uuid);
	struct store_note note = sign_in_note_of(s, actor);

	note.person = s->account.entry_uuid;
	s->makes_session = true;
	auth_session_new(s->all->auth, s->account.entry_uuid, member, s->began_at, s->source, &note,
	    sign_in_on_session, s);
}

/* ---- the directory ---- */

static void
sign_in_settle(struct sign_in *s, enum sign_in_verdict verdict)
{
	sign_in_sources_settle(s->all->sources, &s->turn, verdict);
	if (s->mark != 0)
		budget_settle(s->all->budget, s->key, s->mark, verdict);
	s->mark = 0;
}

/* Nobody knows what the password is worth. */
static void
sign_in_give_up(struct sign_in *s, enum err code, const struct fault *f)
{
	/* Where the password may have arrived it may have counted as well. */
	sign_in_settle(s, code == ERR_UNKNOWN ? SIGN_IN_WRONG : SIGN_IN_NOTHING);
	if (code == ERR_MISCONFIGURED || code == ERR_INTERNAL)
		log_error("signing in does not work", "request", s->request_id, "reason", f->text);
	else
		log_warning("a sign-in had no answer of the directory", "request", s->request_id,
		    "reason", f->text);
	sign_in_end(s, code == ERR_BUSY ? ERR_BUSY : ERR_UNAVAILABLE,
	    "The directory cannot be asked at the moment.");
}

static void
sign_in_on_looked_at(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct sign_in *s = arg;
	const char *reason = s->account.dn != NULL ? "refused" : "unknown_account";

	s->op = NULL;
	switch (code) {
	case ERR_OK:
		/* Counts like a wrong password: that this one was right is told to nobody. */
		if (!auth_has_role(s->all->auth, member)) {
			sign_in_settle(s, SIGN_IN_WRONG);
			sign_in_refuse(s, "no_role", f);
			return;
		}
		sign_in_settle(s, SIGN_IN_RIGHT);
		sign_in_make_session(s, member);
		return;
	case ERR_UNAUTHENTICATED:
	case ERR_NOT_FOUND:
	case ERR_INVALID: /* a password that no server must see */
		sign_in_settle(s, SIGN_IN_WRONG);
		sign_in_refuse(s, reason, f);
		return;
	default:
		sign_in_give_up(s, code, f);
	}
}

static void
sign_in_keep_account(struct sign_in *s, const struct dir_account *a)
{
	s->account = (struct dir_account){ .dn = arena_strdup(s->arena, a->dn),
		.normal_dn = arena_strdup(s->arena, a->normal_dn),
		.org_unit = arena_strdup(s->arena, a->org_unit),
		.entry_uuid = arena_strdup(s->arena, a->entry_uuid),
		.uid = arena_strdup(s->arena, a->uid),
		.name = arena_strdup(s->arena, a->name),
		.mail = arena_strdup(s->arena, a->mail) };
}

static void
sign_in_ask(struct sign_in *s)
{
	const struct dir_account *account = s->account.dn != NULL ? &s->account : NULL;
	const char *const *groups;
	size_t count = auth_role_groups(s->all->auth, &groups);

	s->op = dir_sign_in(
	    s->all->flow->conf.dir, account, s->password, groups, count, sign_in_on_looked_at, s);
	secret_free(s->password);
	s->password = NULL;
}

static void
sign_in_on_found(void *arg, enum err code, const struct dir_account *account, const struct fault *f)
{
	struct sign_in *s = arg;
	bool is_known = false, news;
	int64_t wait;

	s->op = NULL;
	if (code == ERR_OK)
		sign_in_keep_account(s, account);
	else if (code != ERR_NOT_FOUND) {
		sign_in_give_up(s, code, f);
		return;
	}
	if (account != NULL)
		is_known = known_has(s->all->known, s->account.entry_uuid, s->source);
	budget_key(s->all->budget, s->account.entry_uuid, s->login, s->key);
	wait = budget_take(s->all->budget, s->key, is_known,
	    clock_mono_ms(s->all->flow->conf.clock), &s->mark, &news);
	if (wait > 0)
		sign_in_throttle(s, wait, news);
	else
		sign_in_ask(s);
}

/* ---- start ---- */

static struct sign_in *
sign_in_new(struct sign_ins *all, const struct sign_in_spec *spec, flow_signed_in_cb *cb, void *arg)
{
	struct sign_in *s = mem_alloc(sizeof(*s));

	s->all = all;
	s->arena = arena_new(0);
	s->login = arena_strdup(s->arena, spec->login);
	s->address = arena_strdup(s->arena, spec->source);
	s->request_id = arena_strdup(s->arena, spec->request_id != NULL ? spec->request_id : "");
	s->old_session = arena_strdup(s->arena, spec->old_session);
	s->old_person = arena_strdup(s->arena, spec->old_person);
	s->began_at = clock_mono_ms(all->flow->conf.clock);
	s->cb = cb;
	s->arg = arg;
	throttle_source(spec->source != NULL ? spec->source : "", s->turn.key);
	known_hash(all->known, s->turn.key, s->source);
	s->turn.is_known = known_has(all->known, NULL, s->source);
	TAILQ_INSERT_TAIL(&all->list, s, link);
	return s;
}

static bool
spec_is_whole(const struct sign_in_spec *spec)
{
	return spec->login != NULL && spec->login[0] != '\0' &&
	       strlen(spec->login) <= DIR_LOGIN_MAX && spec->password != NULL &&
	       secret_len(spec->password) > 0 && secret_len(spec->password) <= SECRET_MAX;
}

/* Strangers leave places to those who come from where somebody is known to come from. */
static bool
sign_in_has_room(const struct sign_in *s)
{
	const struct sign_ins *all = s->all;

	return !all->flow->draining && all->running < SIGN_IN_RUNNING_MAX &&
	       (s->turn.is_known || all->strangers < SIGN_IN_STRANGERS_MAX);
}

void
flow_sign_in_start(
    struct flow *f, const struct sign_in_spec *spec, flow_signed_in_cb *cb, void *arg)
{
	struct sign_ins *all = sign_ins_of(f);
	struct sign_in *s = sign_in_new(all, spec, cb, arg);

	if (!spec_is_whole(spec)) {
		sign_in_end(s, ERR_INVALID, "The name or the password is missing or too long.");
		return;
	}
	if (!sign_in_has_room(s)) {
		sign_in_end(s, ERR_BUSY, "Too many people are signing in.");
		return;
	}
	s->wait_ms = sign_in_sources_take(all->sources, &s->turn, s->began_at);
	if (s->wait_ms > 0) {
		sign_in_end(s, ERR_THROTTLED, "Too many attempts failed; try again later.");
		return;
	}
	s->runs = true;
	all->running++;
	all->strangers += !s->turn.is_known;
	s->password = secret_dup(spec->password);
	s->op = dir_find_account(f->conf.dir, s->login, sign_in_on_found, s);
}

/* ---- the part of the flow ---- */

static size_t
sign_ins_under_way(const struct flow_guest *guest)
{
	const struct sign_ins *all = (const struct sign_ins *)guest;
	const struct sign_in_note *n;
	const struct sign_in *s;
	size_t count = 0;

	TAILQ_FOREACH(s, &all->list, link)
	count++;
	TAILQ_FOREACH(n, &all->notes, link)
	count++;
	return count;
}

/* One whose session is being made is left to auth, which answers it. */
static void
sign_in_drop(struct sign_in *s)
{
	TAILQ_REMOVE(&s->all->list, s, link);
	if (s->op != NULL)
		dir_cancel(s->op);
	loop_timer_free(s->timer);
	secret_free(s->password);
	s->all = NULL;
	if (s->makes_session)
		return;
	arena_free(s->arena);
	free(s);
}

static void
sign_ins_forget(struct flow_guest *guest, const char *person)
{
	known_drop(((struct sign_ins *)guest)->known, person);
}

static void
sign_ins_free(struct flow_guest *guest)
{
	struct sign_ins *all = (struct sign_ins *)guest;
	struct sign_in *s;

	while ((s = TAILQ_FIRST(&all->list)) != NULL)
		sign_in_drop(s);
	sign_in_notes_free(all);
	sign_in_sources_free(all->sources);
	budget_free(all->budget);
	known_free(all->known);
	free(all);
}

void
flow_set_sign_in(struct flow *f, struct auth *auth, const struct sign_in_conf *conf)
{
	struct sign_ins *all = mem_alloc(sizeof(*all));

	assert(f->sign_ins == NULL);
	all->guest = (struct flow_guest){ sign_ins_under_way, sign_ins_forget, sign_ins_free };
	all->flow = f;
	all->auth = auth;
	TAILQ_INIT(&all->list);
	TAILQ_INIT(&all->notes);
	all->sources = sign_in_sources_new();
	all->budget = budget_new(conf);
	all->known = known_new(f, conf->seal);
	f->sign_ins = &all->guest;
}
