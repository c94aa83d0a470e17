/* Questions about names and places, many answered by one search.
 *
 * Questions gather while searches are under way; when one returns, all that have gathered leave
 * together. One question alone leaves at once. Places (org units, groups) that were seen a moment
 * ago are not looked up again: a few hundred people are invited into the same few.
 */
#include "dir/dir_batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/mem.h"

enum {
	BATCH_QUESTIONS = 64,
	BATCHES_MAX = 2, /* one is being looked up, one is on its way from or to the loop */
	PLACES_SEEN = 64,
	PLACE_FRESH_MS = 5000,
	/* With the attributes' names, all terms of a batch stay far below DIR_FILTER_MAX; one
	 * question's values are bounded by this. */
	VALUE_MAX = 254,
};

struct ask {
	struct dir_op op; /* first: a question is an op */
	TAILQ_ENTRY(ask) unanswered;
	bool waits;	/* not yet in a batch */
	dir_ask_cb *cb; /* NULL once cancelled or answered: then it is in no list of the asker */
	void *arg;
	struct dir_question q;
	struct dir_answer answer;
	struct arena *arena;
	size_t terms;
	enum err refused; /* a question that makes no sense */
	struct fault fault;
};

struct place {
	char *dn, *own; /* as it was asked for; what the server calls it */
	bool group;
	int64_t until; /* monotonic ms; 0: empty */
};

struct asker {
	struct dir *dir;
	struct dir_op_list waiting;
	TAILQ_HEAD(ask_list, ask) unanswered;
	size_t batches;			/* under way */
	struct place seen[PLACES_SEEN]; /* the oldest gives way */
	size_t next_seen;
};

/* The questions that one search answers. */
struct ask_batch {
	struct dir_op_list asks;
	struct dir_batch look;
};

struct asker *
dir_asker_new(struct dir *d)
{
	struct asker *a = mem_alloc(sizeof(*a));

	a->dir = d;
	TAILQ_INIT(&a->waiting);
	TAILQ_INIT(&a->unanswered);
	return a;
}

static void
ask_free(struct ask *ask)
{
	arena_free(ask->arena);
	free(ask);
}

bool
dir_asker_is_idle(const struct asker *a)
{
	return TAILQ_EMPTY(&a->waiting);
}

/* ---- places seen lately */

static struct place *
place_find(struct asker *a, const char *dn, bool group)
{
	int64_t now = dir_now();

	for (size_t i = 0; i < PLACES_SEEN; i++) {
		struct place *p = &a->seen[i];

		if (p->until > now && p->group == group && strcmp(p->dn, dn) == 0)
			return p;
	}
	return NULL;
}

static void
place_remember(struct asker *a, const struct dir_batch_place *place)
{
	struct place *p = place_find(a, place->dn, place->group);

	if (p == NULL) {
		p = &a->seen[a->next_seen++ % PLACES_SEEN];
		free(p->dn);
		p->dn = mem_dup_string(place->dn);
		p->group = place->group;
	}
	free(p->own);
	p->own = mem_dup_string(place->own);
	p->until = dir_now() + PLACE_FRESH_MS;
}

/* ---- batches */

/* On a worker, the only function here that is. */
static enum err
batch_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct ask_batch *b = job->value;

	return dir_batch_look_up(&b->look, job, c, f);
}

/* A place seen lately is there: no need to ask again. What it is called is kept with the question,
 * as others may have taken its place in memory before the answer. NULL: it is asked about. */
static const char *
batch_add_place(struct asker *a, struct ask_batch *b, struct ask *ask, const char *dn, bool group)
{
	const struct place *p = place_find(a, dn, group);

	if (p != NULL)
		return arena_strdup(ask->arena, p->own);
	dir_batch_add_place(&b->look, dn, group);
	return NULL;
}

static void
batch_add(struct asker *a, struct ask_batch *b, struct ask *ask)
{
	const struct dir_question *q = &ask->q;

	for (size_t i = 0; i < q->uid_count; i++)
		dir_batch_add_name(&b->look, &(struct dir_batch_name){ .field = PERSON_UID,
						 .value = q->uids[i],
						 .org_unit = q->org_unit,
						 .taken = &ask->answer.uid_taken[i] });
	if (q->mail != NULL)
		dir_batch_add_name(&b->look,
		    &(struct dir_batch_name){
			.field = PERSON_MAIL, .value = q->mail, .taken = &ask->answer.mail_taken });
	if (q->phone != NULL)
		dir_batch_add_name(&b->look, &(struct dir_batch_name){ .field = PERSON_PHONE,
						 .value = q->phone,
						 .taken = &ask->answer.phone_taken });
	if (q->org_unit != NULL)
		batch_add_place(a, b, ask, q->org_unit, false);
	for (size_t i = 0; i < q->group_count; i++)
		ask->answer.group_dn[i] = batch_add_place(a, b, ask, q->groups[i], true);
	TAILQ_INSERT_TAIL(&b->asks, &ask->op, link);
}

static void
batch_settle_places(struct ask_batch *b, struct ask *ask)
{
	const struct dir_question *q = &ask->q;
	struct dir_answer *answer = &ask->answer;
	const struct dir_batch_place *p;

	if (q->org_unit != NULL) {
		p = dir_batch_find_place(&b->look, q->org_unit, false);
		answer->org_unit_missing = p != NULL && p->own == NULL;
	}
	for (size_t i = 0; i < q->group_count; i++) {
		if (answer->group_dn[i] == NULL) {
			p = dir_batch_find_place(&b->look, q->groups[i], true);
			answer->group_dn[i] = p != NULL ? p->own : NULL;
		}
		answer->group_missing[i] = answer->group_dn[i] == NULL;
	}
}

static void asker_pump(struct asker *a);

/* The asker forgets the question; its memory belongs to the batch, or to the caller. */
static void
ask_forget(struct asker *a, struct ask *ask)
{
	ask->cb = NULL;
	TAILQ_REMOVE(&a->unanswered, ask, unanswered);
}

/* A callback may cancel its neighbours or free the directory: either way their `cb` is NULL then,
 * and `a` is not touched again. */
static void
batch_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	struct ask_batch *b = job->value;
	struct asker *a = job->op.dir->asker;
	bool worked = code == ERR_OK;
	struct dir_op *op;

	for (size_t i = 0; worked && i < b->look.place_count; i++)
		if (b->look.places[i].own != NULL)
			place_remember(a, &b->look.places[i]);
	a->batches--;
	asker_pump(a);
	for (op = TAILQ_FIRST(&b->asks); op != NULL; op = TAILQ_NEXT(op, link)) {
		struct ask *ask = (struct ask *)op;
		dir_ask_cb *cb = ask->cb;

		if (cb == NULL)
			continue;
		ask_forget(a, ask);
		if (worked)
			batch_settle_places(b, ask);
		if (ask->refused != ERR_OK)
			cb(ask->arg, ask->refused, NULL, &ask->fault);
		else
			cb(ask->arg, code, worked ? &ask->answer : NULL, f);
	}
}

static void
batch_release(struct dir_job *job)
{
	struct ask_batch *b = job->value;
	struct dir_op *op, *next;

	LIST_EACH_SAFE(op, &b->asks, link, next)
	ask_free((struct ask *)op);
}

/* As many of the waiting as one search may carry. */
static void
asker_start_batch(struct asker *a)
{
	struct dir_job *job = dir_job_new(a->dir, batch_perform, batch_answer, NULL, NULL);
	struct ask_batch *b = arena_alloc(job->arena, sizeof(*b));
	size_t count = 0, places = 0, terms = 0;
	struct dir_op *op, *next;

	TAILQ_INIT(&b->asks);
	for (op = TAILQ_FIRST(&a->waiting); op != NULL; op = TAILQ_NEXT(op, link)) {
		struct ask *ask = (struct ask *)op;

		if (count == BATCH_QUESTIONS || terms + ask->terms > DIR_BATCH_NAMES)
			break;
		count++;
		terms += ask->terms;
		places += 1 + ask->q.group_count;
	}
	b->look.places = arena_alloc(job->arena, places * sizeof(*b->look.places));
	job->op.deadline = TAILQ_FIRST(&a->waiting)->deadline;
	LIST_EACH_SAFE(op, &a->waiting, link, next)
	{
		if (count-- == 0)
			break;
		TAILQ_REMOVE(&a->waiting, op, link);
		((struct ask *)op)->waits = false;
		batch_add(a, b, (struct ask *)op);
	}
	job->value = b;
	job->release = batch_release;
	a->batches++;
	dir_job_start(job, ERR_OK);
}

static void
asker_pump(struct asker *a)
{
	while (a->batches < BATCHES_MAX && !TAILQ_EMPTY(&a->waiting))
		asker_start_batch(a);
}

/* ---- questions */

static bool
ask_keep_value(struct ask *ask, const char *value, const char **kept)
{
	size_t len = strlen(value);

	if (len == 0 || len > VALUE_MAX || u8_check((const uint8_t *)value, len) != NULL)
		return false;
	*kept = arena_dup(ask->arena, value, len);
	ask->terms++;
	return true;
}

/* A deep copy, with places in one spelling: questions about one place must look alike. */
static bool
ask_keep(struct ask *ask, const struct dir_conf *conf, const struct dir_question *q)
{
	if (q->uid_count > DIR_UIDS_MAX || q->group_count > PERSON_GROUPS_MAX)
		return false;
	for (size_t i = 0; i < q->uid_count; i++)
		if (!ask_keep_value(ask, q->uids[i], &ask->q.uids[ask->q.uid_count++]))
			return false;
	/* A field that the directory does not hold clashes with nothing there. */
	if (q->mail != NULL && conf->attributes[PERSON_MAIL] != NULL &&
	    !ask_keep_value(ask, q->mail, &ask->q.mail))
		return false;
	if (q->phone != NULL && conf->attributes[PERSON_PHONE] != NULL &&
	    !ask_keep_value(ask, q->phone, &ask->q.phone))
		return false;
	if (q->org_unit != NULL && !dir_dn_normalise(q->org_unit, ask->arena, &ask->q.org_unit))
		return false;
	for (size_t i = 0; i < q->group_count; i++)
		if (!dir_dn_normalise(
			q->groups[i], ask->arena, &ask->q.groups[ask->q.group_count++]))
			return false;
	return true;
}

struct dir_op *
dir_ask(struct dir *d, const struct dir_question *q, dir_ask_cb *cb, void *arg)
{
	struct ask *ask = mem_alloc(sizeof(*ask));

	ask->op.dir = d;
	ask->op.is_ask = true;
	ask->op.deadline = dir_now() + d->conf.op_timeout_ms;
	ask->waits = true;
	ask->cb = cb;
	ask->arg = arg;
	ask->arena = arena_new(0);
	if (!ask_keep(ask, &d->conf, q)) {
		ask->q = (struct dir_question){ .uid_count = 0 };
		ask->terms = 0;
		ask->refused =
		    fault_set(&ask->fault, ERR_INVALID, "a name or a DN cannot be looked up");
	}
	TAILQ_INSERT_TAIL(&d->asker->unanswered, ask, unanswered);
	TAILQ_INSERT_TAIL(&d->asker->waiting, &ask->op, link);
	asker_pump(d->asker);
	return &ask->op;
}

void
dir_ask_cancel(struct dir_op *op)
{
	struct ask *ask = (struct ask *)op;
	/* The analyzer does not follow TAILQ_REMOVE: what is freed here has left both lists. */
	struct asker *a = op->dir->asker; /* NOLINT(clang-analyzer-unix.Malloc) */

	ask_forget(a, ask);
	if (!ask->waits)
		return; /* its batch frees it */
	TAILQ_REMOVE(&a->waiting, op, link);
	ask_free(ask);
}

bool
dir_asker_expire(struct asker *a, int64_t now)
{
	struct ask *ask = (struct ask *)TAILQ_FIRST(&a->waiting);
	struct fault f;
	dir_ask_cb *cb;
	void *arg;

	if (ask == NULL || ask->op.deadline > now)
		return false;
	cb = ask->cb;
	arg = ask->arg;
	dir_watch(a->dir, 0);
	dir_ask_cancel(&ask->op);
	fault_set(&f, ERR_BUSY, "waited too long for the directory");
	cb(arg, ERR_BUSY, NULL, &f);
	return true;
}

/* Before the jobs go: batches keep the questions' memory and find their callbacks gone. */
void
dir_asker_free(struct asker *a)
{
	while (!TAILQ_EMPTY(&a->unanswered))
		dir_ask_cancel(&TAILQ_FIRST(&a->unanswered)->op);
	for (size_t i = 0; i < PLACES_SEEN; i++) {
		free(a->seen[i].dn);
		free(a->seen[i].own);
	}
	free(a);
}
