/* Who waits for a verification of the audit trail: it reads all of it, so there is one at a time,
 * for all who ask the same. It ends when nobody waits any more. */
#include "store/store_audit_verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct asker {
	struct store_op op; /* first */
	TAILQ_ENTRY(asker) link;
	struct audit_verification *of; /* NULL: another question is being answered */
	audit_verify_cb *cb;
	struct loop_timer *busy;
};

struct audit_verification {
	struct store *store;
	struct store_op *run; /* NULL: it has ended */
	struct audit_head known;
	TAILQ_HEAD(asker_list, asker) askers;
};

/* The last one who waited has gone. */
static void
verification_end(struct audit_verification *a)
{
	struct store_op *run = a->run;

	a->store->verifying = NULL;
	free(a);
	if (run != NULL)
		store_cancel(run);
}

void
verification_free(struct audit_verification *a)
{
	struct asker *k;

	if (a == NULL)
		return;
	TAILQ_FOREACH(k, &a->askers, link)
	{
		k->of = NULL;
	}
	verification_end(a);
}

static void
asker_release(struct store_op *op)
{
	struct asker *k = (struct asker *)op;
	struct audit_verification *a = k->of;

	if (a != NULL)
		TAILQ_REMOVE(&a->askers, k, link);
	loop_timer_free(k->busy);
	free(k);
	if (a != NULL && a->run != NULL && TAILQ_EMPTY(&a->askers))
		verification_end(a);
}

static void
asker_answer(
    struct asker *k, enum err code, const struct audit_verdict *verdict, const struct fault *f)
{
	audit_verify_cb *cb = k->cb;
	void *arg = k->op.arg;

	store_op_end(&k->op);
	cb(arg, code, verdict, f);
}

/* A callback may end the wait of another, and ask again. */
static void
verification_on_done(
    void *arg, enum err code, const struct audit_verdict *verdict, const struct fault *f)
{
	struct audit_verification *a = arg;
	struct asker *k;

	a->run = NULL;
	a->store->verifying = NULL;
	while ((k = TAILQ_FIRST(&a->askers)) != NULL)
		asker_answer(k, code, verdict, f);
	free(a);
}

static void
asker_on_busy(void *arg)
{
	static const struct audit_verdict nothing;
	struct fault f;

	fault_set(&f, ERR_BUSY, "the audit trail is being verified already: try again later");
	asker_answer(arg, ERR_BUSY, &nothing, &f);
}

static bool
is_same_head(const struct audit_head *a, const struct audit_head *b)
{
	return a->number == b->number && memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

static struct audit_verification *
verification_new(struct store *s, const struct audit_head *known)
{
	struct audit_verification *a = mem_alloc(sizeof(*a));

	a->store = s;
	a->known = *known;
	TAILQ_INIT(&a->askers);
	s->verifying = a;
	a->run = verify_start(s, known, verification_on_done, a);
	return a;
}

struct store_op *
store_audit_verify(struct store *s, const struct audit_head *known, audit_verify_cb *cb, void *arg)
{
	struct asker *k = mem_alloc(sizeof(*k));
	struct audit_verification *a = s->verifying;

	store_op_start(&k->op, s, asker_release, arg);
	k->cb = cb;
	if (a == NULL)
		a = verification_new(s, known);
	if (is_same_head(&a->known, known)) {
		k->of = a;
		TAILQ_INSERT_TAIL(&a->askers, k, link);
	} else {
		k->busy = loop_timer_new(s->loop, asker_on_busy, k);
		loop_timer_set(k->busy, 0);
	}
	return &k->op;
}
