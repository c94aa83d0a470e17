/* Items of the outbox and delivery logs, as JSON. Members that are empty are left out. */
#include "store/store_private.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"

/* ---- reading members ---- */

/* The first member that is not as we wrote it. */
struct member_reader {
	const json_t *root;
	struct arena *arena;
	const char *bad;
};

static const char *
member_text(struct member_reader *r, const char *name)
{
	const json_t *v = json_object_get(r->root, name);

	if (v != NULL && !json_is_string(v))
		r->bad = name;
	return arena_strdup(r->arena, json_string_value(v));
}

/* Not negative. */
static int64_t
member_number(struct member_reader *r, const char *name)
{
	const json_t *v = json_object_get(r->root, name);

	if (v != NULL && (!json_is_integer(v) || json_integer_value(v) < 0))
		r->bad = name;
	return json_integer_value(v);
}

static unsigned
member_count(struct member_reader *r, const char *name)
{
	int64_t n = member_number(r, name);

	if (n > UINT_MAX)
		r->bad = name;
	return (unsigned)n;
}

static bool
member_flag(struct member_reader *r, const char *name)
{
	const json_t *v = json_object_get(r->root, name);

	if (v != NULL && !json_is_boolean(v))
		r->bad = name;
	return json_is_true(v);
}

/* "" when it is absent. */
static void
member_copy(struct member_reader *r, const char *name, char *out, size_t size)
{
	const json_t *v = json_object_get(r->root, name);

	out[0] = '\0';
	if (v != NULL && !record_copy_string(r->root, name, out, size))
		r->bad = name;
}

/* ---- an item ---- */

void
record_write_item(struct buf *b, const struct outbox_item *i)
{
	buf_add_string(b, "{\"v\":1");
	codec_write_text(b, "kind", outbox_kind_name(i->kind));
	codec_write_text(b, "subject", i->subject);
	codec_write_text(b, "owner", i->owner);
	codec_write_number(b, "created_at", i->created_at);
	codec_write_number(b, "due", i->due);
	codec_write_number(b, "expires_at", i->expires_at);
	codec_write_number(b, "attempts", i->attempts);
	codec_write_number(b, "unknown", i->unknown);
	codec_write_flag(b, "slotted", i->slotted);
	codec_write_text(b, "last", i->last);
	codec_write_text(b, "to", i->to);
	codec_write_text(b, "name", i->name);
	codec_write_text(b, "uid", i->uid);
	codec_write_text(b, "language", i->language);
	codec_write_text(b, "type", i->type);
	codec_write_text(b, "body", i->body);
	buf_add_char(b, '}');
}

static void
record_fill_item(struct member_reader *r, struct outbox_item *i)
{
	member_copy(r, "owner", i->owner, sizeof(i->owner));
	i->due = member_number(r, "due");
	i->expires_at = member_number(r, "expires_at");
	i->attempts = member_count(r, "attempts");
	i->unknown = member_count(r, "unknown");
	i->slotted = member_flag(r, "slotted");
	i->last = member_text(r, "last");
	i->to = member_text(r, "to");
	i->name = member_text(r, "name");
	i->uid = member_text(r, "uid");
	i->language = member_text(r, "language");
	i->type = member_text(r, "type");
	i->body = member_text(r, "body");
}

enum err
record_read_item(struct outbox_item **out, const char *id, uint64_t revision, const char *text,
    size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct member_reader r = { .root = root };
	const char *kind, *subject;
	enum outbox_kind k = OUTBOX_KIND_COUNT;
	struct outbox_item *i = NULL;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "outbox/%s: %s", id, own.text);
	kind = json_string_of(root, "kind");
	subject = json_string_of(root, "subject");
	if (kind == NULL || !outbox_kind_by_name(kind, &k))
		r.bad = "kind";
	else if (subject == NULL || !id_is_valid(subject))
		r.bad = "subject";
	else {
		i = outbox_item_new(k, subject, member_number(&r, "created_at"));
		memcpy(i->id, id, ID_SIZE);
		i->revision = revision;
		r.arena = i->arena;
		record_fill_item(&r, i);
	}
	json_decref(root);
	if (r.bad != NULL) {
		outbox_item_free(i);
		return fault_set(
		    f, ERR_CORRUPT, "outbox/%s is damaged at its member \"%s\"", id, r.bad);
	}
	*out = i;
	return ERR_OK;
}

/* ---- a delivery log ---- */

void
record_write_delivery(struct buf *b, const struct delivery *d)
{
	buf_add_string(b, "{\"v\":1");
	codec_write_text(b, "waiting", d->waiting);
	codec_write_number(b, "asked_at", d->asked_at);
	codec_write_flag(b, "opened", d->opened);
	codec_write_name(b, "log");
	buf_add_char(b, '[');
	for (size_t i = 0; i < d->log_count; i++) {
		const struct delivery_entry *e = &d->log[i];

		buf_add_string(b, i > 0 ? ",{" : "{");
		codec_write_number(b, "at", e->at);
		codec_write_text(b, "event", delivery_event_name(e->event));
		if (e->kind != OUTBOX_KIND_COUNT)
			codec_write_text(b, "kind", outbox_kind_name(e->kind));
		codec_write_text(b, "detail", e->detail);
		buf_add_char(b, '}');
	}
	buf_add_string(b, "]}");
}

static void
record_fill_entry(struct member_reader *r, struct delivery_entry *e)
{
	const char *event = json_string_of(r->root, "event");
	const char *kind = json_string_of(r->root, "kind");

	e->at = member_number(r, "at");
	e->detail = member_text(r, "detail");
	e->kind = OUTBOX_KIND_COUNT;
	if (event == NULL || !delivery_event_by_name(event, &e->event))
		r->bad = "log";
	if (kind != NULL && !outbox_kind_by_name(kind, &e->kind))
		r->bad = "log";
}

static void
record_fill_delivery(struct member_reader *r, struct delivery *d)
{
	const json_t *log = json_object_get(r->root, "log");
	size_t count = json_array_size(log);

	member_copy(r, "waiting", d->waiting, sizeof(d->waiting));
	d->asked_at = member_number(r, "asked_at");
	d->opened = member_flag(r, "opened");
	if (!json_is_array(log) || count > DELIVERY_LOG_MAX) {
		r->bad = "log";
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct member_reader entry = { json_array_get(log, i), r->arena, NULL };

		record_fill_entry(&entry, &d->log[i]);
		if (entry.bad != NULL)
			r->bad = "log";
	}
	d->log_count = count;
}

enum err
record_read_delivery(struct delivery **out, const char *invitation, uint64_t revision,
    const char *text, size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct delivery *d;
	struct member_reader r = { .root = root };

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "delivery/%s: %s", invitation, own.text);
	d = delivery_new();
	d->revision = revision;
	r.arena = d->arena;
	record_fill_delivery(&r, d);
	json_decref(root);
	if (r.bad != NULL) {
		delivery_free(d);
		return fault_set(f, ERR_CORRUPT, "delivery/%s is damaged at its member \"%s\"",
		    invitation, r.bad);
	}
	*out = d;
	return ERR_OK;
}
