/* The audit trail's chain: begun with the store, its head in the log, and named to its end at the
 * stop. */
#include "app_private.h"
#include "base/id.h"
#include "log/log.h"
#include "store/store_audit.h"

enum { APP_HEAD_MS = 60 * 60 * 1000 };

static void
app_on_chain_trouble(void *arg, const struct fault *f)
{
	(void)arg;
	log_error("the audit trail's chain cannot be written at the moment", "reason", f->text);
}

/* A log that is kept elsewhere is a witness against whoever makes the chain anew. */
static void
app_log_head(struct app *a)
{
	struct audit_head head;
	char hash[2 * AUDIT_HASH_SIZE + 1];

	store_chain_head(a->store, &head);
	if (head.number == 0)
		return;
	encode_hex(head.hash, sizeof(head.hash), hash);
	log_info(
	    "the audit trail's head", "number", log_number((int64_t)head.number), "hash", hash);
}

static void
app_on_head_time(void *arg)
{
	struct app *a = arg;

	app_log_head(a);
	loop_timer_set(a->head_timer, APP_HEAD_MS);
}

void
app_begin_audit(struct app *a)
{
	store_chain_start(a->store, app_on_chain_trouble, a);
	a->head_timer = loop_timer_new(a->loop, app_on_head_time, a);
	loop_timer_set(a->head_timer, APP_HEAD_MS);
}

static void
app_on_flushed(void *arg)
{
	struct app *a = arg;

	app_log_head(a);
	loop_stop(a->loop);
}

void
app_end_audit(struct app *a)
{
	store_chain_flush(a->store, app_on_flushed, a);
}

void
app_free_audit(struct app *a)
{
	loop_timer_free(a->head_timer);
}
