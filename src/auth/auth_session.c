/* The table of sessions, and how they end. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "auth/auth_private.h"
#include "base/mem.h"

/* ---- the table ---- */

static struct auth_session *
session_of_id_link(struct auth_link *link)
{
	return (struct auth_session *)(void *)((char *)link - offsetof(struct auth_session, by_id));
}

struct auth_session *
auth_session_find(const struct auth *a, const char *id)
{
	struct auth_link *link = auth_table_first(
	    &a->sessions_by_id, auth_table_hash(&a->sessions_by_id, id, strlen(id)));

	while (link != NULL && strcmp(session_of_id_link(link)->s.id, id) != 0)
		link = auth_table_next(link);
	return link != NULL ? session_of_id_link(link) : NULL;
}

void
auth_session_drop(struct auth *a, struct auth_session *s)
{
	auth_say_ended(a);
	auth_use_end(&s->use);
	auth_table_remove(&a->sessions_by_hash, &s->by_hash);
	auth_table_remove(&a->sessions_by_id, &s->by_id);
	TAILQ_REMOVE(&a->sessions, s, unused);
	TAILQ_REMOVE(&s->person->sessions, s, link);
	s->person->session_count--;
	auth_person_drop(a, s->person);
	free(s);
}

void
auth_session_lose(struct auth *a, struct auth_session *s, const char *reason,
    const struct store_note *note, struct auth_signout *so)
{
	auth_end_session(a, &s->s, reason, s->person->org_unit, note, so);
	auth_session_drop(a, s);
}

/* ---- keeping ---- */

/* When a session was used is counted by the monotonic clock, which nobody sets: from a stored time,
 * which is one of the wall clock, as far back as that clock says. A stored time that is still to
 * come was written by a clock that has been set back since; it prolongs nothing. */
static int64_t
session_used_at(const struct auth *a, int64_t stored)
{
	int64_t ago = clock_wall_ms(a->conf.clock) - stored;

	return clock_mono_ms(a->conf.clock) - (ago > 0 ? ago : 0);
}

static void
session_set_times(struct auth *a, struct auth_session *s, bool is_new)
{
	int64_t last = auth_now(a) + a->conf.lifetime_ms;

	s->active_at = is_new ? clock_mono_ms(a->conf.clock) : session_used_at(a, s->s.used_at);
	if (s->s.ends_at > last)
		s->s.ends_at = last;
	s->over_at = is_new ? last : s->s.ends_at;
}

static void
session_keep_all_few(struct auth *a)
{
	while (a->sessions_by_id.count > AUTH_SESSIONS_MAX)
		auth_session_lose(a, TAILQ_FIRST(&a->sessions), "replaced", NULL, NULL);
}

static void
session_keep_few(struct auth *a, const struct auth_person *p)
{
	if (p->session_count > AUTH_SESSIONS_OF_ONE_MAX)
		auth_session_lose(a, TAILQ_FIRST(&p->sessions), "replaced", NULL, NULL);
	if (a->sessions_watch.was_ready)
		session_keep_all_few(a);
}

/* Those that were there before this process, by their stored times, whatever order the store tells
 * them in; then those of this process, as they were made: the clock may have been set back since.
 */
static bool
session_is_younger(const struct auth_session *s, const struct auth_session *than)
{
	if (s->is_new || than->is_new)
		return s->is_new && !than->is_new;
	return s->s.created_at > than->s.created_at;
}

static void
session_join_person(struct auth_session *s)
{
	struct auth_session *before = TAILQ_LAST(&s->person->sessions, auth_session_list);

	while (before != NULL && session_is_younger(before, s))
		before = TAILQ_PREV(before, auth_session_list, link);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&s->person->sessions, before, s, link);
	else
		TAILQ_INSERT_HEAD(&s->person->sessions, s, link);
	s->person->session_count++;
}

/* With another daemon. */
static void
session_used_elsewhere(const struct auth *a, struct auth_session *s, int64_t stored)
{
	int64_t at = session_used_at(a, stored);

	if (stored <= clock_wall_ms(a->conf.clock) && at > s->active_at)
		s->active_at = at;
}

void
auth_session_keep(struct auth *a, const struct store_session *stored, bool is_new)
{
	struct auth_session *s = auth_session_find(a, stored->id);

	if (s != NULL) {
		s->round = a->sessions_watch.round;
		auth_use_told(&s->use, stored->used_at);
		session_used_elsewhere(a, s, stored->used_at);
		return;
	}
	s = mem_alloc(sizeof(*s));
	s->s = *stored;
	s->is_new = is_new;
	s->round = a->sessions_watch.round;
	session_set_times(a, s, is_new);
	auth_use_init(&s->use, a, true, s->s.id, &s->s.used_at);
	s->person = auth_person_hold(a, s->s.person);
	session_join_person(s);
	TAILQ_INSERT_TAIL(&a->sessions, s, unused);
	auth_table_add(&a->sessions_by_hash, &s->by_hash,
	    auth_table_hash(&a->sessions_by_hash, s->s.hash.bytes, sizeof(s->s.hash.bytes)));
	auth_table_add(&a->sessions_by_id, &s->by_id,
	    auth_table_hash(&a->sessions_by_id, s->s.id, strlen(s->s.id)));
	session_keep_few(a, s->person);
}

static int
session_compare_use(const void *a, const void *b)
{
	const struct auth_session *x = *(struct auth_session *const *)a;
	const struct auth_session *y = *(struct auth_session *const *)b;

	return (x->active_at > y->active_at) - (x->active_at < y->active_at);
}

/* The store tells them by their ids. */
static void
sessions_sort(struct auth *a)
{
	size_t count = a->sessions_by_id.count, n = 0;
	struct auth_session **all, *s;

	if (count == 0)
		return;
	all = mem_array(count, sizeof(struct auth_session *));
	TAILQ_FOREACH(s, &a->sessions, unused)
	all[n++] = s;
	qsort(all, count, sizeof(struct auth_session *), session_compare_use);
	TAILQ_INIT(&a->sessions);
	for (size_t i = 0; i < count; i++)
		TAILQ_INSERT_TAIL(&a->sessions, all[i], unused);
	free(all);
}

void
auth_sessions_told_all(struct auth *a)
{
	struct auth_session *s, *next;

	LIST_EACH_SAFE(s, &a->sessions, unused, next)
	if (s->round != a->sessions_watch.round)
		auth_session_drop(a, s);
	sessions_sort(a);
	session_keep_all_few(a);
}

void
auth_sessions_free(struct auth *a)
{
	while (!TAILQ_EMPTY(&a->sessions))
		auth_session_drop(a, TAILQ_FIRST(&a->sessions));
}

/* ---- time ---- */

bool
auth_session_sweep(struct auth *a, struct auth_session *s)
{
	int64_t idle = clock_mono_ms(a->conf.clock) - s->active_at;
	const char *reason = auth_now(a) >= s->over_at ? "expired"
			     : idle >= a->conf.idle_ms ? "idle"
						       : NULL;

	if (reason != NULL)
		auth_session_lose(a, s, reason, NULL, NULL);
	return reason == NULL;
}

/* ---- check ---- */

/* The secret's hash finds it, and all of the hash is compared, in constant time. */
static struct auth_session *
session_of_secret(const struct auth *a, const char *secret, size_t len)
{
	struct token_hash hash;
	struct auth_link *link;

	if (len != AUTH_SECRET_LEN)
		return NULL;
	crypto_generichash(
	    hash.bytes, sizeof(hash.bytes), (const unsigned char *)secret, len, NULL, 0);
	link = auth_table_first(&a->sessions_by_hash,
	    auth_table_hash(&a->sessions_by_hash, hash.bytes, sizeof(hash.bytes)));
	while (link != NULL && !token_hash_equal(&((struct auth_session *)link)->s.hash, &hash))
		link = auth_table_next(link);
	return (struct auth_session *)link;
}

static void
session_use(struct auth *a, struct auth_session *s)
{
	s->active_at = clock_mono_ms(a->conf.clock);
	auth_use_note(&s->use, clock_wall_ms(a->conf.clock));
	TAILQ_REMOVE(&a->sessions, s, unused);
	TAILQ_INSERT_TAIL(&a->sessions, s, unused);
}

static enum err
session_refuse(enum err code, struct fault *f)
{
	if (code == ERR_UNAVAILABLE)
		return fault_set(f, code,
		    "whether the caller still has these rights is not known: the directory has "
		    "not been heard of");
	return fault_set(f, ERR_UNAUTHENTICATED, "the session is unknown or has ended");
}

enum err
auth_check_session(struct auth *a, const char *secret, size_t len, struct arena *arena,
    struct principal *out, struct fault *f)
{
	struct auth_session *s = session_of_secret(a, secret, len);
	struct auth_standing standing;
	enum err code;

	if (s == NULL || !auth_session_sweep(a, s))
		return session_refuse(ERR_UNAUTHENTICATED, f);
	session_use(a, s);
	*out = (struct principal){ .kind = AUTH_SESSION, .expires_at = s->s.ends_at };
	memcpy(out->name, "user:", 5);
	memcpy(out->name + 5, s->person->id, sizeof(s->person->id));
	memcpy(out->person, s->person->id, sizeof(out->person));
	memcpy(out->session, s->s.id, sizeof(out->session));
	code = auth_person_judge(a, s->person, true, &standing);
	if (code != ERR_OK)
		return session_refuse(code, f);
	out->read_only = standing.read_only;
	auth_grant_person(a, out, s->person->id, standing.groups, arena);
	return ERR_OK;
}

size_t
auth_session_count(const struct auth *a)
{
	return a->sessions_by_id.count;
}
