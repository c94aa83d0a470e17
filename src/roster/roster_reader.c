/* The threads that answer queries: one for pages that are made in a fraction of a millisecond, one
 * for searches, so that no search stands in front of a page. What turns out to be no quick page
 * after all is handed on to the other thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "roster/query_private.h"

enum {
	READER_QUEUE_MAX = 256,
	SCANS_NICE = 5 /* a search must not keep the loop from a processor */
};

struct list_job {
	TAILQ_ENTRY(list_job) link;
	struct roster_readers *readers; /* NULL: the roster is gone and nobody is answered */
	struct roster *roster;		/* of the run alone, which roster_free() waits for */
	struct roster_query query;	/* its strings are these: */
	char *q, *org_unit, *cursor, **within;
	struct words words;
	unsigned char print[CURSOR_PRINT_SIZE];
	struct roster_key after; /* when there is a cursor */
	roster_render *render;
	void (*release)(void *render_arg);
	void *render_arg;
	roster_page_cb *cb;
	void *arg;
	bool quick; /* tried by the quick thread */
	bool slow;  /* it was none for that */
	bool moved; /* the other thread has it now */
	enum err code;
	struct fault fault;
	struct roster_page page;
	struct listing listing;
	char next[ROSTER_CURSOR_MAX + 1];
};
TAILQ_HEAD(list_job_list, list_job);

struct roster_readers {
	struct roster *roster;
	struct work_pool *quick, *scans;
	struct list_job_list jobs;
};

/* ---- on a reader's thread ---- */

static void
list_render(struct list_job *j, const struct roster_version *v)
{
	const struct listing *l = &j->listing;
	struct roster_row row;
	struct roster_key last;

	j->page = (struct roster_page){ .total = l->total, .version = v->number };
	memcpy(j->page.count, l->count, sizeof(l->count));
	j->page.rows = l->found < j->query.limit ? l->found : j->query.limit;
	version_fetch(v, l->rows, j->page.rows);
	for (size_t i = 0; i < j->page.rows; i++) {
		version_row(v, l->rows[i], &row);
		j->render(j->render_arg, i, &row);
	}
	if (l->found <= j->query.limit)
		return;
	order_key_of(v, j->query.sort, l->rows[j->page.rows - 1], &last);
	cursor_write(j->roster->conf.seal, j->print, &last, j->next);
	j->page.next_cursor = j->next;
}

static void
list_run(void *job, void *context)
{
	struct list_job *j = job;
	struct roster_version *v = version_hold(j->roster);
	const struct roster_key *after = j->query.cursor != NULL ? &j->after : NULL;

	if (v->state == ROSTER_LOADING)
		j->code = fault_set(&j->fault, ERR_UNAVAILABLE,
		    "the list is still being loaded from the directory");
	else if (list_make(v, &j->query, &j->words, after, j->quick, context, &j->listing))
		list_render(j, v);
	else
		j->slow = true;
	version_release(j->roster, v);
}

/* ---- on the loop ---- */

static void
list_forget(struct list_job *j)
{
	if (j->readers != NULL)
		TAILQ_REMOVE(&j->readers->jobs, j, link);
	j->readers = NULL;
}

static void
list_free(void *job)
{
	struct list_job *j = job;

	if (j->moved) { /* the first thread is through with it; the second may be at it */
		j->moved = false;
		return;
	}
	list_forget(j);
	if (j->release != NULL)
		j->release(j->render_arg);
	free(j->q);
	free(j->org_unit);
	for (size_t i = 0; j->within != NULL && i < j->query.within_count; i++)
		free(j->within[i]);
	free(j->within);
	free(j->cursor);
	free(j);
}

/* The callback may free the roster. */
static void
list_answer(struct list_job *j)
{
	if (j->readers == NULL)
		return;
	list_forget(j);
	j->cb(j->arg, j->code, j->code == ERR_OK ? &j->page : NULL, &j->fault);
}

static void
list_done(void *job)
{
	struct list_job *j = job;

	if (j->readers != NULL && j->slow) {
		j->slow = j->quick = false;
		if (work_start(j->readers->scans, list_run, list_done, list_free, j) != NULL) {
			j->moved = true;
			return;
		}
		j->code = fault_set(&j->fault, ERR_BUSY, "too many queries wait");
	}
	list_answer(j);
}

static void
list_refuse(void *job)
{
	list_answer(job);
	list_free(job);
}

static enum err
list_check(struct list_job *j)
{
	const struct roster_query *q = &j->query;
	enum err code;

	assert(q->sort < ROSTER_SORT_COUNT);
	if (q->limit < 1 || q->limit > ROSTER_LIMIT_MAX)
		return fault_set(
		    &j->fault, ERR_INVALID, "limit: from 1 to %d", (int)ROSTER_LIMIT_MAX);
	code = words_parse(&j->words, q->q, &j->fault);
	if (code != ERR_OK)
		return code;
	cursor_print(q, &j->words, j->print);
	if (q->cursor == NULL)
		return ERR_OK;
	return cursor_read(j->roster->conf.seal, j->print, q->cursor, &j->after, &j->fault);
}

static void
list_keep_within(struct list_job *j, const struct roster_query *q)
{
	if (q->within == NULL)
		return;
	j->within = mem_array(q->within_count + 1, sizeof(*j->within));
	for (size_t i = 0; i < q->within_count; i++)
		j->within[i] = mem_dup_string(q->within[i]);
	j->query.within = (const char *const *)j->within;
}

void
roster_list_start(struct roster *r, const struct roster_query *q, roster_render *render,
    void (*release)(void *render_arg), void *render_arg, roster_page_cb *cb, void *arg)
{
	struct list_job *j = mem_alloc(sizeof(*j));
	struct work_pool *pool;

	j->roster = r;
	j->readers = r->readers;
	j->query = *q;
	j->query.q = j->q = mem_dup_string(q->q);
	j->query.org_unit = j->org_unit = mem_dup_string(q->org_unit);
	j->query.cursor = j->cursor = mem_dup_string(q->cursor);
	list_keep_within(j, q);
	j->render = render;
	j->release = release;
	j->render_arg = render_arg;
	j->cb = cb;
	j->arg = arg;
	TAILQ_INSERT_TAIL(&r->readers->jobs, j, link);
	j->code = list_check(j);
	if (j->code == ERR_OK) {
		j->quick = j->words.everybody || j->words.nobody;
		pool = j->quick ? r->readers->quick : r->readers->scans;
		if (work_start(pool, list_run, list_done, list_free, j) != NULL)
			return;
		j->code = fault_set(&j->fault, ERR_BUSY, "too many queries wait");
	}
	loop_defer(r->conf.loop, list_refuse, j);
}

/* ---- the threads ---- */

static void *
reader_begin(void *arg, size_t index)
{
	(void)arg;
	(void)index;
	return mem_alloc(sizeof(struct list_memory));
}

static void
reader_end(void *context)
{
	list_memory_free(context);
}

struct roster_readers *
roster_readers_new(struct roster *r)
{
	struct roster_readers *readers = mem_alloc(sizeof(*readers));
	struct work_pool_conf conf = { .name = "roster-page",
		.threads = 1,
		.queue_max = READER_QUEUE_MAX,
		.first = true,
		.thread_init = reader_begin,
		.thread_exit = reader_end };

	readers->roster = r;
	TAILQ_INIT(&readers->jobs);
	readers->quick = work_pool_new(r->conf.loop, &conf);
	conf.name = "roster-scan";
	conf.nice = SCANS_NICE;
	/* A search may take long, but its answer does not, and somebody waits for that too. */
	conf.first = true;
	readers->scans = work_pool_new(r->conf.loop, &conf);
	return readers;
}

void
roster_readers_free(struct roster_readers *readers)
{
	struct list_job *j;

	if (readers == NULL)
		return;
	/* What has run comes back through the loop after this and finds nobody to answer. */
	while ((j = TAILQ_FIRST(&readers->jobs)) != NULL)
		list_forget(j);
	work_pool_free(readers->quick);
	work_pool_free(readers->scans);
	free(readers);
}
