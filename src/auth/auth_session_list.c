/* A person's sessions, for whoever looks at their own. */
#include <stdlib.h>

#include "auth/auth_private.h"

/* What was used in one moment stays in the order of the sign-ins, the latest first. */
static int
list_compare(const void *a, const void *b)
{
	const struct auth_session *x = *(struct auth_session *const *)a;
	const struct auth_session *y = *(struct auth_session *const *)b;

	if (x->active_at != y->active_at)
		return x->active_at < y->active_at ? 1 : -1;
	return (x->s.created_at < y->s.created_at) - (x->s.created_at > y->s.created_at);
}

const struct store_session *const *
auth_session_list(struct auth *a, const char *person, struct arena *arena, size_t *count)
{
	struct auth_person *p = auth_person_find(a, person);
	const struct store_session **list;
	struct auth_session **found, *s, *next;
	size_t n = 0;

	*count = 0;
	if (p == NULL)
		return NULL;
	p->holds++; /* over the end of the last one */
	found = arena_alloc(arena, (p->session_count + 1) * sizeof(*found));
	list = arena_alloc(arena, (p->session_count + 1) * sizeof(*list));
	LIST_EACH_SAFE(s, &p->sessions, link, next)
	if (auth_session_sweep(a, s))
		found[n++] = s;
	qsort(found, n, sizeof(*found), list_compare);
	for (size_t i = 0; i < n; i++)
		list[i] = &found[i]->s;
	auth_person_drop(a, p);
	*count = n;
	return list;
}
