/* How a person stands: what the directory itself said last, in a look or at the sign-in, for as
 * long as that is new enough. The people list decides nothing. What it tells since is a reason to
 * look again: at once, and when it speaks of less than the directory did, nobody knows until the
 * answer is there. */
#include <stdio.h>

#include "auth/auth_private.h"

enum {
	FORGOTTEN_MS = 5 * 60 * 1000, /* no sign-in takes that long */
	/* A token that is deleted cannot be brought back, and the directory may say for a moment
	 * what is not so: amid a renaming whose groups follow later, or from a replica that is
	 * being filled. So long it has to say it when the list says so, too, and when it does not.
	 */
	SURE_MS = 60 * 1000,
	SURE_ALONE_MS = 3600 * 1000
};

/* The list has told something else since the directory was asked. Whoever was never asked about and
 * is listed with a role can wait until they call. */
static bool
person_has_news(const struct auth_person *p)
{
	if (p->seen_at == AUTH_NEVER)
		return p->list.word > AUTH_GOOD;
	return p->views != p->seen_views &&
	       (p->list.word != p->seen.word || p->list.groups != p->seen.groups);
}

/* And it is not merely more, nor what the list had all along. */
static bool
person_is_in_doubt(const struct auth_person *p)
{
	return person_has_news(p) && p->told_at >= p->seen_at &&
	       (p->list.word != AUTH_GOOD || (p->seen.groups & ~p->list.groups) != 0);
}

static const char *
person_lost(enum auth_word word)
{
	return word == AUTH_GONE	? "user_deleted"
	       : word == AUTH_SUSPENDED ? "user_suspended"
					: "lost_rights";
}

/* Whoever is used, or was a moment ago, is not kept waiting by the next request. */
static bool
person_is_used(const struct auth_person *p, int64_t now)
{
	return p->used_at != AUTH_NEVER && now - p->used_at <= AUTH_CURRENT_MS;
}

/* What is older than AUTH_CURRENT_MS counts where the directory was asked in vain, for reading. */
static enum err
person_stands(struct auth *a, struct auth_person *p, int64_t now, struct auth_standing *out)
{
	int64_t age = now - p->seen_at;
	bool is_new = age <= AUTH_CURRENT_MS;

	*out = (struct auth_standing){ .groups = p->seen.groups, .read_only = !is_new };
	if (p->seen_at == AUTH_NEVER || person_is_in_doubt(p))
		return ERR_UNAVAILABLE;
	if (p->seen.word != AUTH_GOOD && is_new) {
		out->lost = person_lost(p->seen.word);
		return ERR_UNAUTHENTICATED;
	}
	if (p->seen.word == AUTH_GOOD &&
	    (is_new || (age <= a->conf.grace_ms && (p->is_unheard || !auth_look_is_awaited(a, p)))))
		return ERR_OK;
	return ERR_UNAVAILABLE;
}

/* Whether what they made may go for good. An entry that is gone or suspended is so in the list,
 * too, at once. */
static bool
person_is_surely_lost(const struct auth_person *p)
{
	int64_t ms = p->list.word == AUTH_GOOD || p->list.word == AUTH_UNSURE ? SURE_ALONE_MS
		     : p->list.word == AUTH_NO_ROLE			      ? SURE_MS
									      : 0;

	return p->lost_at != AUTH_NEVER && p->seen_at - p->lost_at >= ms;
}

/* What is being made for them is dead when it is there. */
static void
person_end(struct auth *a, struct auth_person *p, const char *reason, bool for_good)
{
	struct auth_session *s, *next_session;
	struct auth_row *row, *next_row;

	p->holds++; /* the last of them frees the person */
	auth_makes_spoil(a, p, reason);
	auth_token_makes_spoil(a, p, reason);
	LIST_EACH_SAFE(s, &p->sessions, link, next_session)
	auth_session_lose(a, s, reason, NULL, NULL);
	LIST_EACH_SAFE(row, &p->tokens, link, next_row)
	if (for_good)
		auth_row_end(a, row, reason);
	auth_person_drop(a, p);
}

/* Its tokens are good for nothing, and stay until that is sure. */
static bool
person_awaits_its_end(const struct auth_person *p)
{
	return p->lost_at != AUTH_NEVER && !TAILQ_EMPTY(&p->tokens);
}

enum err
auth_person_judge(struct auth *a, struct auth_person *p, bool is_used, struct auth_standing *out)
{
	int64_t now = clock_mono_ms(a->conf.clock);
	enum err code;

	auth_person_read_list(a, p);
	if (is_used)
		p->used_at = now;
	if (person_has_news(p) ||
	    ((person_is_used(p, now) || person_awaits_its_end(p)) &&
		(p->seen_at == AUTH_NEVER || now - p->seen_at > AUTH_LOOK_MS)))
		auth_look(a, p, is_used);
	code = person_stands(a, p, now, out);
	if (code == ERR_UNAUTHENTICATED)
		person_end(a, p, out->lost, person_is_surely_lost(p));
	return code;
}

/* ---- whom we have ended ourselves ---- */

/* Remembered for as long as the directory may be answering somebody who signs in. */
void
auth_forget_person(struct auth *a, const char *person, const char *reason)
{
	struct auth_person *p = auth_person_hold(a, person);
	bool was_forgotten = p->forgotten_at != AUTH_NEVER;

	p->forgotten_at = clock_mono_ms(a->conf.clock);
	snprintf(p->forgotten, sizeof(p->forgotten), "%s", reason);
	person_end(a, p, reason, true);
	if (was_forgotten)
		auth_person_drop(a, p);
}

void
auth_person_forgive(struct auth *a, struct auth_person *p)
{
	if (p->forgotten_at == AUTH_NEVER ||
	    clock_mono_ms(a->conf.clock) - p->forgotten_at < FORGOTTEN_MS)
		return;
	p->forgotten_at = AUTH_NEVER;
	auth_person_drop(a, p);
}

void
auth_persons_free(struct auth *a)
{
	struct auth_person *p, *next;

	LIST_EACH_SAFE(p, &a->persons, turn, next)
	{
		bool was_forgotten = p->forgotten_at != AUTH_NEVER;

		p->holds++;
		auth_look_forget(a, p);
		if (was_forgotten)
			auth_person_drop(a, p);
		auth_person_drop(a, p);
	}
}
