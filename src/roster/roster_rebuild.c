/* Orders that are stale are made anew, by two threads where there are two processors: at a million
 * people it takes one of them most of a second, in which the list waits. The sorting only reads the
 * draft; what comes of it is put there when all is sorted. */
#include <stdatomic.h>
#include <unistd.h>

#include "roster/roster_sort.h"

enum {
	REBUILD_ALONE = 500, /* so many rows are sorted while a thread begins */
	REBUILD_TASKS = 5
};

struct rebuild {
	struct roster *r;
	const struct roster_version *v;
	const bool *stale;
	const struct order_hints *hints;
	uint32_t *rows; /* all */
	size_t count;
	atomic_uint next; /* task that nobody has begun */
	void (*beside)(void *arg);
	void *beside_arg;
	uint32_t *sorted[ROSTER_SORT_COUNT]; /* NULL: the order is not stale */
};

static uint32_t *
rebuild_one(const struct rebuild *b, unsigned sort)
{
	uint32_t *rows = NULL;

	if (b->hints != NULL)
		rows = rows_follow(b->r, b->v, sort, b->hints, b->rows, b->count);
	return rows != NULL ? rows : rows_sort(b->r, b->v, sort, b->rows, b->count);
}

/* All that are not by text need the order by id first. */
static void
rebuild_numbers(struct rebuild *b)
{
	uint32_t *by_id = NULL;

	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++) {
		if (!b->stale[s] || sort_is_text(s))
			continue;
		if (by_id == NULL)
			by_id = rebuild_one(b, ORDER_BY_ID);
		b->sorted[s] = rows_by_number(b->r, b->v, s, by_id, b->count);
	}
	block_free(b->r, by_id);
}

static void
rebuild_text(struct rebuild *b, enum roster_sort s)
{
	if (b->stale[s])
		b->sorted[s] = rebuild_one(b, s);
}

/* The longest task first. */
static void *
rebuild_run(void *arg)
{
	static const enum roster_sort texts[] = { ROSTER_BY_NAME, ROSTER_BY_MAIL, ROSTER_BY_PHONE };
	struct rebuild *b = arg;
	unsigned task;

	while ((task = atomic_fetch_add(&b->next, 1)) < REBUILD_TASKS)
		if (task == 0)
			rebuild_numbers(b);
		else if (task < REBUILD_TASKS - 1)
			rebuild_text(b, texts[task - 1]);
		else if (b->beside != NULL)
			b->beside(b->beside_arg);
	return NULL;
}

/* Signals are blocked in the writer's thread, and so in one that it begins. */
static void
rebuild_sort(struct rebuild *b, uint64_t rows)
{
	pthread_t helper;
	bool helped = rows > REBUILD_ALONE && sysconf(_SC_NPROCESSORS_ONLN) > 1 &&
		      pthread_create(&helper, NULL, rebuild_run, b) == 0;

	if (helped)
		pthread_setname_np(helper, "roster-sort");
	rebuild_run(b);
	if (helped)
		pthread_join(helper, NULL);
}

void
orders_rebuild(
    struct roster_writer *w, const struct order_hints *hints, void (*beside)(void *arg), void *arg)
{
	struct rebuild b = { .r = w->r,
		.v = w->draft,
		.stale = w->stale,
		.hints = hints,
		.beside = beside,
		.beside_arg = arg };
	bool any = beside != NULL;

	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++)
		any = any || w->stale[s];
	if (!any)
		return;
	b.rows = rows_live(b.r, b.v, &b.count);
	rebuild_sort(&b, w->live);
	block_free(b.r, b.rows);
	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++) {
		if (!w->stale[s])
			continue;
		order_set(w, s, b.sorted[s], b.count);
		block_free(w->r, b.sorted[s]);
		w->stale[s] = false;
	}
}
