/* How a person stands. Two speak of it, the people list and the directory itself: whoever spoke
 * later counts. The list, which hears of changes a little later than the directory makes them,
 * counts as if it had spoken AUTH_SEEN_MS earlier, unless it has told something new of the person
 * since the directory was asked. Where it cannot be said who was later, and it matters, the
 * directory is asked once more, and until it has answered nobody knows.
 *
 * Rights are ended for good only by what is known now: a "no" that is as old as a "yes" that would
 * not count any more is no answer. */
#include <stdio.h>

#include "auth/auth_private.h"

enum { FORGOTTEN_MS = 5 * 60 * 1000 }; /* no sign-in takes that long */

static bool
person_list_is_later(const struct auth_person *p, int64_t current)
{
	return (p->is_news && p->told_at >= p->seen_at) || current - AUTH_SEEN_MS >= p->seen_at;
}

/* The list says "no", and may have heard so after the directory was asked. */
static bool
person_is_in_doubt(const struct auth_person *p, int64_t current)
{
	return p->seen.word == AUTH_GOOD && p->list.word > AUTH_GOOD && current > p->seen_at &&
	       p->told_at > p->seen_at;
}

static struct auth_said
person_weigh(const struct auth_person *p, int64_t current, int64_t *at)
{
	bool list_can_tell = p->list.word != AUTH_UNSURE && current > 0;

	if (p->seen_at == AUTH_NEVER || (list_can_tell && person_list_is_later(p, current))) {
		*at = current > 0 ? current : AUTH_NEVER;
		return p->list;
	}
	*at = p->seen_at;
	if (list_can_tell && person_is_in_doubt(p, current))
		return (struct auth_said){ AUTH_UNSURE, 0 };
	return p->seen;
}

static const char *
person_lost(enum auth_word word)
{
	return word == AUTH_GONE	? "user_deleted"
	       : word == AUTH_SUSPENDED ? "user_suspended"
					: "lost_rights";
}

/* What the list has told since the last look is worth another one. */
static void
person_look(struct auth *a, struct auth_person *p, int64_t now)
{
	if (a->conf.look_at == NULL || (p->looked_at != AUTH_NEVER && p->looked_at >= p->told_at &&
					   now - p->looked_at < AUTH_LOOK_MS))
		return;
	p->looked_at = now;
	p->is_looked_at = true;
	a->conf.look_at(a->conf.arg, p->id);
}

enum err
auth_person_stands(struct auth *a, struct auth_person *p, bool ask, struct auth_standing *out)
{
	int64_t now = clock_mono_ms(a->conf.clock), at, age;
	struct auth_said said;

	auth_person_read_list(a, p);
	said = person_weigh(p, a->conf.current_at(a->conf.arg), &at);
	age = at == AUTH_NEVER || said.word == AUTH_UNSURE ? INT64_MAX : now - at;
	*out = (struct auth_standing){ .groups = said.groups, .read_only = age > AUTH_CURRENT_MS };
	if (ask && age > AUTH_LOOK_MS)
		person_look(a, p, now);
	if (said.word == AUTH_GOOD)
		return age <= AUTH_CURRENT_MS || age <= a->conf.grace_ms ? ERR_OK : ERR_UNAVAILABLE;
	if (age > AUTH_CURRENT_MS)
		return ERR_UNAVAILABLE;
	out->lost = person_lost(said.word);
	return ERR_UNAUTHENTICATED;
}

/* What is being made for them is dead when it is there. */
static void
person_end(struct auth *a, struct auth_person *p, const char *reason)
{
	struct auth_session *s, *next_session;
	struct auth_row *row, *next_row;

	p->holds++; /* the last of them frees the person */
	auth_makes_spoil(a, p, reason);
	auth_token_makes_spoil(a, p, reason);
	LIST_EACH_SAFE(s, &p->sessions, link, next_session)
	auth_session_lose(a, s, reason, NULL, NULL);
	LIST_EACH_SAFE(row, &p->tokens, link, next_row)
	auth_row_end(a, row, reason);
	auth_person_drop(a, p);
}

enum err
auth_person_judge(struct auth *a, struct auth_person *p, bool ask, struct auth_standing *out)
{
	enum err code = auth_person_stands(a, p, ask, out);

	if (code == ERR_UNAUTHENTICATED)
		person_end(a, p, out->lost);
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
	person_end(a, p, reason);
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
	if (p->forgotten_at != AUTH_NEVER)
		auth_person_drop(a, p);
}
