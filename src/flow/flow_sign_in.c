/* flow_sign_in: source throttled > found > login throttled > bound and looked at > session made >
 * answered. The doors come before what they guard: no password leaves that the account's own
 * lock-out could count too often, and nothing is asked for a source that fails again and again.
 *
 * The account's door is a silent one. Were people told to wait because an account has had enough
 * failures, whoever tries two names of one person would learn that they are one. */
#include "flow/sign_in_private.h"

#include <string.h>

#include "base/casefold.h"
#include "base/mem.h"
#include "log/log.h"

enum { SIGN_IN_STRANGERS_MAX = SIGN_IN_RUNNING_MAX * 3 / 4, LOGIN_FOLDED_MAX = 4 * DIR_LOGIN_MAX };

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

	s->make = NULL;
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
	s->make = auth_session_new(s->all->auth,
	    &(struct auth_session_spec){ .person = s->account.entry_uuid,
		.member = member,
		.seen_at = s->asked_at,
		.source = s->source,
		.agent = s->agent,
		.note = &note },
	    sign_in_on_session, s);
}

/* ---- the directory ---- */

static void
sign_in_settle(struct sign_in *s, enum sign_in_verdict verdict)
{
	sign_in_sources_settle(s->all->sources, &s->turn, verdict);
	/* A success gives its own turn back and no more: whoever watches a login would see its
	 * owner come. Nor does it show how long the directory took. */
	if (s->by_login.mark != 0 && verdict != SIGN_IN_WRONG)
		budget_settle(s->all->logins, s->by_login.key, s->by_login.mark, SIGN_IN_NOTHING,
		    s->began_at);
	if (s->by_account.mark != 0)
		budget_settle(s->all->accounts, s->by_account.key, s->by_account.mark, verdict,
		    clock_mono_ms(s->all->flow->conf.clock));
	s->by_account.mark = 0;
	/* A failure is one once it is answered: others are told whether they wait for it. */
	if (verdict != SIGN_IN_WRONG)
		s->by_login.mark = 0;
}

/* Nobody knows what the password is worth. */
static void
sign_in_give_up(struct sign_in *s, enum err code, const struct fault *f)
{
	/* Where the password may have arrived it may have counted as well. */
	sign_in_settle(s, code == ERR_UNKNOWN ? SIGN_IN_WRONG : SIGN_IN_NOTHING);
	if (code == ERR_UNKNOWN)
		sign_in_record(s, "sign_in_refused", "no_answer");
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
	if (s->account.dn != NULL && (code == ERR_OK || code == ERR_UNAUTHENTICATED))
		pace_saw(&s->all->pace, clock_mono_ms(s->all->flow->conf.clock) - s->began_at);
	switch (code) {
	case ERR_OK:
		if (s->is_ended) {
			sign_in_settle(s, SIGN_IN_WRONG);
			sign_in_refuse(s, "person_ended", f);
			return;
		}
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

	s->asked_at = clock_mono_ms(s->all->flow->conf.clock);
	s->op = dir_sign_in(
	    s->all->flow->conf.dir, account, s->password, groups, count, sign_in_on_looked_at, s);
	secret_free(s->password);
	s->password = NULL;
}

/* What was typed, as a directory compares it. Sources that somebody is known to come from have
 * turns of their own, so that what strangers fail with shuts nobody out there. */
static void
sign_in_login_key(struct sign_in *s)
{
	char text[LOGIN_FOLDED_MAX + STORE_SOURCE_SIZE];
	const char *login = s->login + strspn(s->login, " ");
	size_t len = strlen(login);

	while (len > 0 && login[len - 1] == ' ')
		len--;
	len = casefold(login, len, text, LOGIN_FOLDED_MAX);
	assert(len != SIZE_MAX);
	if (s->turn.is_known) {
		memcpy(text + len, s->source, STORE_SOURCE_SIZE);
		len += STORE_SOURCE_SIZE;
	}
	budget_key(s->all->logins, text, len, s->by_login.key);
}

/* False: it was answered. */
static bool
sign_in_pass_login(struct sign_in *s)
{
	int64_t wait;
	bool news;

	sign_in_login_key(s);
	wait = budget_take(s->all->logins, s->by_login.key, s->turn.is_known, s->began_at,
	    &s->by_login.mark, &news);
	if (wait == 0)
		return true;
	if (news)
		sign_in_tell_throttled(s, "login");
	sign_in_settle(s, SIGN_IN_HELD);
	sign_in_throttle(s, wait);
	return false;
}

static bool
sign_in_pass_account(struct sign_in *s)
{
	int64_t now = clock_mono_ms(s->all->flow->conf.clock);
	static const struct fault enough = { .text = "the account has had enough failures" };
	const char *person = s->account.entry_uuid;
	bool is_known, news;

	if (s->account.dn == NULL)
		return true;
	is_known = known_has(s->all->known, person, s->source);
	budget_key(s->all->accounts, person, strlen(person), s->by_account.key);
	if (budget_take(s->all->accounts, s->by_account.key, is_known, now, &s->by_account.mark,
		&news) == 0)
		return true;
	if (news)
		sign_in_tell_throttled(s, "account");
	sign_in_settle(s, SIGN_IN_WRONG);
	sign_in_refuse(s, "account_waits", &enough);
	return false;
}

static void
sign_in_on_found(void *arg, enum err code, const struct dir_account *account, const struct fault *f)
{
	struct sign_in *s = arg;

	s->op = NULL;
	if (code == ERR_OK)
		sign_in_keep_account(s, account);
	else if (code != ERR_NOT_FOUND) {
		sign_in_give_up(s, code, f);
		return;
	}
	if (sign_in_pass_login(s) && sign_in_pass_account(s))
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
	s->agent = arena_strdup(s->arena, spec->agent);
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
	sign_in_begin_pace(s);
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
	bool news;

	if (!spec_is_whole(spec)) {
		sign_in_end(s, ERR_INVALID, "The name or the password is missing or too long.");
		return;
	}
	if (!sign_in_has_room(s)) {
		sign_in_end(s, ERR_BUSY, "Too many people are signing in.");
		return;
	}
	if (!replay_is_done(all->replay)) {
		sign_in_end(s, ERR_UNAVAILABLE, "Nobody can sign in yet; try again in a moment.");
		return;
	}
	s->wait_ms = sign_in_sources_take(all->sources, &s->turn, s->began_at, &news);
	if (s->wait_ms > 0) {
		if (news)
			sign_in_tell_throttled(s, "source");
		sign_in_end(s, ERR_THROTTLED, "Too many attempts; try again later.");
		return;
	}
	s->runs = true;
	all->running++;
	all->strangers += !s->turn.is_known;
	s->password = secret_dup(spec->password);
	s->op = dir_find_account(f->conf.dir, s->login, sign_in_on_found, s);
}
