/* What failed before the daemon was started counts on: the directory has not forgotten it either.
 * The audit trail has it. Page by page, the oldest first; nobody signs in before that is done.
 *
 * Records of one millisecond are in no order: what failed in that of a success counts. All of it
 * counts as strangers': where a record's attempt came from may have ended. What had been sent and
 * was not recorded when the daemon was killed is not known. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/sign_in_private.h"
#include "log/log.h"
#include "store/store_audit.h"

enum { REPLAY_AGAIN_MS = 10 * 1000 /* after a failure */ };
/* Without a window: further back than most will want to read at every start. */
#define REPLAY_KEPT_MS (90 * 86400 * INT64_C(1000))

struct replay {
	struct flow *flow;
	struct budget *accounts;
	int64_t from; /* wall ms */
	struct store_op *op;
	struct loop_timer *timer;
	char after[ID_SIZE];
	bool is_done;
};

static void
replay_record(struct replay *r, const struct audit_record *a)
{
	const int64_t ago = flow_now(r->flow) - a->at;
	const int64_t at = clock_mono_ms(r->flow->conf.clock) - (ago > 0 ? ago : 0);
	unsigned char key[BUDGET_KEY_SIZE];

	if (a->subject_id == NULL || a->event == NULL)
		return;
	budget_key(r->accounts, a->subject_id, strlen(a->subject_id), key);
	if (strcmp(a->event, "signed_in") == 0)
		budget_clear(r->accounts, key, at);
	else if (strcmp(a->event, "sign_in_refused") == 0 &&
		 (a->detail == NULL || strstr(a->detail, "\"account_waits\"") == NULL))
		budget_add(r->accounts, key, at);
}

static void replay_ask(void *arg);

static void
replay_on_list(void *arg, enum err code, const struct audit_record *list, size_t count,
    const char *next, const struct fault *f)
{
	struct replay *r = arg;

	r->op = NULL;
	if (code != ERR_OK) {
		log_warning(
		    "sign-ins that failed before the start cannot be read", "reason", f->text);
		loop_timer_set(r->timer, REPLAY_AGAIN_MS);
		return;
	}
	for (size_t i = 0; i < count; i++)
		replay_record(r, &list[i]);
	r->is_done = next == NULL;
	if (r->is_done)
		return;
	memcpy(r->after, next, strnlen(next, sizeof(r->after) - 1));
	replay_ask(r);
}

static void
replay_ask(void *arg)
{
	struct replay *r = arg;
	struct audit_query q = { .from = r->from,
		.oldest_first = true,
		.after = r->after[0] != '\0' ? r->after : NULL,
		.limit = AUDIT_LIST_MAX };

	r->op = store_audit_list(r->flow->conf.store, &q, replay_on_list, r);
}

struct replay *
replay_new(struct flow *f, struct budget *accounts, int64_t window_ms)
{
	struct replay *r = mem_alloc(sizeof(*r));

	r->flow = f;
	r->accounts = accounts;
	r->from = flow_now(f) - (window_ms > 0 ? window_ms : REPLAY_KEPT_MS);
	r->timer = loop_timer_new(f->conf.loop, replay_ask, r);
	loop_timer_set(r->timer, 0);
	return r;
}

void
replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	if (r->op != NULL)
		store_cancel(r->op);
	loop_timer_free(r->timer);
	free(r);
}

bool
replay_is_done(const struct replay *r)
{
	return r->is_done;
}
