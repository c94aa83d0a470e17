/* The chain of the audit trail is written on, and its head told to the log while it grows: whoever
 * keeps the log elsewhere can hold it against the trail (usherctl audit verify --head). */
#include <stdio.h>

#include "app_private.h"
#include "base/id.h"
#include "log/log.h"
#include "store/store_audit.h"

enum { APP_HEAD_EVERY_MS = 60 * 1000, APP_NUMBER_DIGITS = 20 };

static void
app_tell_head(struct app *a)
{
	char hash[2 * AUDIT_HASH_SIZE + 1];
	char text[APP_NUMBER_DIGITS + 1 + sizeof(hash)];
	struct audit_head head;

	store_chain_head(a->store, &head);
	if (head.number == a->head_told)
		return;
	a->head_told = head.number;
	encode_hex(head.hash, sizeof(head.hash), hash);
	snprintf(text, sizeof(text), "%llu:%s", (unsigned long long)head.number, hash);
	log_info("the audit trail's head", "head", text);
}

static void
app_on_head_timer(void *arg)
{
	struct app *a = arg;

	app_tell_head(a);
	loop_timer_set(a->head_timer, APP_HEAD_EVERY_MS);
}

static void
app_on_chain_trouble(void *arg, const struct fault *f)
{
	(void)arg;
	if (f->code == ERR_CORRUPT)
		log_error("the audit trail is not as it was written", "reason", f->text);
	else
		log_error("the audit trail cannot be chained at the moment: it goes on trying",
		    "reason", f->text);
}

void
app_start_audit(struct app *a)
{
	store_chain_start(a->store, app_on_chain_trouble, a);
	a->head_timer = loop_timer_new(a->loop, app_on_head_timer, a);
	loop_timer_set(a->head_timer, APP_HEAD_EVERY_MS);
}

static void
app_on_chain_flushed(void *arg)
{
	loop_stop(((struct app *)arg)->loop);
}

void
app_end_audit(struct app *a)
{
	store_chain_flush(a->store, app_on_chain_flushed, a);
}

void
app_free_audit(struct app *a)
{
	if (a->head_timer == NULL)
		return;
	app_tell_head(a);
	loop_timer_free(a->head_timer);
}
