/* The body of a message: thin, so that nothing about a person but ids, uid and DN leaves by this
 * way; whoever may know more asks the API. */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "flow/hook_private.h"

static void
message_add(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_add_string(b, b->data[b->len - 1] == '{' ? "\"" : ",\"");
	buf_add_string(b, name);
	buf_add_string(b, "\":");
	buf_add_json_string(b, value);
}

static void
message_begin(struct buf *b, const char *type, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];

	buf_init(b, OUTBOX_BODY_MAX);
	buf_add_char(b, '{');
	message_add(b, "type", type);
	message_add(b, "timestamp", clock_format(at, text));
	buf_add_string(b, ",\"data\":{");
}

static struct outbox_item *
message_end(struct buf *b, const struct hook *to, const char *type, int64_t now)
{
	struct outbox_item *i = outbox_item_new(OUTBOX_HOOK, to->id, now);

	buf_add_string(b, "}}");
	assert(!buf_failed(b)); /* what an event holds is bounded far below */
	i->expires_at = now + HOOK_LIFETIME_MS;
	outbox_set_text(i, &i->type, type);
	outbox_set_text(i, &i->body, b->data);
	buf_release(b);
	return i;
}

struct outbox_item *
hook_message_of_event(const struct hook *to, const struct hook_event *e, int64_t now)
{
	const char *type = hook_type_name(e->type);
	struct buf b;

	message_begin(&b, type, e->at);
	message_add(&b, "invitation_id", e->invitation);
	message_add(&b, "status", e->status);
	message_add(&b, "user_id", e->user);
	message_add(&b, "uid", e->uid);
	message_add(&b, "dn", e->dn);
	message_add(&b, "actor", e->actor);
	return message_end(&b, to, type, now);
}

struct outbox_item *
hook_message_of_test(const struct hook *to, int64_t now)
{
	struct buf b;

	message_begin(&b, "usherd.test", now);
	message_add(&b, "webhook_id", to->id);
	return message_end(&b, to, "usherd.test", now);
}
