/* How a page is made, by what it is likely to cost. Totals come first, since they say how dense the
 * matches are: dense ones are met by a short walk of the order, few ones are collected and sorted.
 *
 * No way is trusted: all matches may stand at the far end of an order. A walk that has cost as much
 * as the other way would is given up, so that no page costs more than twice the cheaper one. */
#include "roster/query_private.h"

/* Nanoseconds, measured at a million rows; only their proportions matter. */
enum {
	COST_STEP_BIT = 3,     /* of a walk that asks the bitmap */
	COST_STEP_COLUMN = 20, /* of one that asks the row's page */
	COST_PASS = 1,	       /* a row of a pass over columns */
	COST_COMPARE = 150,    /* a row that is collected */
	COST_QUICK = 300000    /* the most that a page without a search may wait for another */
};

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
list_sum(const uint64_t count[FEED_STATUS_COUNT], unsigned statuses)
{
	uint64_t sum = 0;

	for (unsigned s = 0; s < FEED_STATUS_COUNT; s++)
		if ((statuses & (1U << s)) != 0)
			sum += count[s];
	return sum;
}

/* Rows that a walk sees until the page is full, were the matches spread evenly. */
static uint64_t
list_steps(const struct list_rows *l)
{
	uint64_t rows = list_sum(l->v->count, ~0U);

	return least(rows, (l->query->limit + 1) * rows / l->out->total + 1);
}

/* With the bitmap of what matches. */
static void
list_by_bits(struct list_rows *l)
{
	uint64_t collect = l->out->total * COST_COMPARE;

	if (list_steps(l) * COST_STEP_BIT > collect || !list_walk(l, collect / COST_STEP_BIT))
		list_collect(l);
}

/* Without words or dates: the totals are known, nothing has been looked at. */
static bool
list_by_columns(struct list_rows *l, bool quick, struct list_memory *m)
{
	uint64_t rows = l->v->page_count * (uint64_t)ROSTER_PAGE_ROWS, steps = list_steps(l);
	uint64_t walk = steps * COST_STEP_COLUMN;
	uint64_t pass =
	    rows * COST_PASS + least(steps * COST_STEP_BIT, l->out->total * COST_COMPARE);
	uint64_t limit = quick ? COST_QUICK : UINT64_MAX;

	if (walk <= pass && walk <= limit &&
	    list_walk(l, least(2 * pass, limit) / COST_STEP_COLUMN))
		return true;
	if (pass > limit)
		return false;
	find_by_columns(l->v, l->filter, m, l->out->count);
	l->bits = m->bits;
	list_by_bits(l);
	return true;
}

bool
list_make(const struct roster_version *v, const struct roster_query *q, const struct words *w,
    const struct roster_key *after, bool quick, struct list_memory *m, struct listing *out)
{
	const unsigned all = (1U << FEED_STATUS_COUNT) - 1;
	struct list_rows l = { .v = v, .query = q, .after = after, .out = out };
	struct row_filter f;

	*out = (struct listing){ 0 };
	filter_make(&f, v, q, m);
	l.filter = &f;
	if (w->nobody || f.nobody)
		return true;
	if (!w->everybody || f.dates) {
		if (quick)
			return false;
		if (!w->everybody)
			find_by_words(v, w, &f, m, out->count);
		else
			find_by_columns(v, &f, m, out->count);
		l.bits = m->bits;
	} else
		filter_count(&f, v, out->count);
	out->total = list_sum(out->count, f.statuses);
	if (out->total == 0)
		return true;
	if (l.bits != NULL) {
		list_by_bits(&l);
		return true;
	}
	if (f.below != NULL || f.statuses != all)
		return list_by_columns(&l, quick, m);
	l.filter = NULL;
	return list_walk(&l, UINT64_MAX);
}
