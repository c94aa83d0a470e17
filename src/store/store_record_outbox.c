/* Items of the outbox and delivery logs, as JSON. Members that are empty are left out. */
#include "store/store_private.h"

#include <inttypes.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"

/* ---- an item ---- */

static void
record_write_item_open(struct buf *b, const struct outbox_item *i)
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
}

void
record_write_item(struct buf *b, const struct outbox_item *i)
{
	record_write_item_open(b, i);
	buf_add_char(b, '}');
}

void
record_write_hooked(struct buf *b, const struct hooked *h)
{
	record_write_item_open(b, h->item);
	codec_write_number(b, "ended_at", h->ended_at);
	codec_write_text(b, "outcome", h->outcome);
	buf_add_char(b, '}');
}

static void
record_fill_item(struct record_reader *r, struct outbox_item *i)
{
	record_copy_optional(r, "owner", i->owner, sizeof(i->owner));
	i->due = record_number(r, "due");
	i->expires_at = record_number(r, "expires_at");
	i->attempts = record_count(r, "attempts");
	i->unknown = record_count(r, "unknown");
	i->slotted = record_flag(r, "slotted");
	i->last = record_text(r, "last");
	i->to = record_text(r, "to");
	i->name = record_text(r, "name");
	i->uid = record_text(r, "uid");
	i->language = record_text(r, "language");
	i->type = record_text(r, "type");
	i->body = record_text(r, "body");
}

/* NULL: r->bad says why. */
static struct outbox_item *
record_make_item(struct record_reader *r, const char *id, uint64_t revision)
{
	const char *kind = json_string_of(r->root, "kind");
	const char *subject = json_string_of(r->root, "subject");
	enum outbox_kind k = OUTBOX_KIND_COUNT;
	struct outbox_item *i;

	if (kind == NULL || !outbox_kind_by_name(kind, &k)) {
		r->bad = "kind";
		return NULL;
	}
	if (subject == NULL || !id_is_valid(subject)) {
		r->bad = "subject";
		return NULL;
	}
	i = outbox_item_new(k, subject, record_number(r, "created_at"));
	memcpy(i->id, id, ID_SIZE);
	i->revision = revision;
	r->arena = i->arena;
	record_fill_item(r, i);
	if (r->bad == NULL)
		return i;
	outbox_item_free(i);
	return NULL;
}

enum err
record_read_item(struct outbox_item **out, const char *id, uint64_t revision, const char *text,
    size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct record_reader r = { .root = root };
	struct outbox_item *i;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "outbox/%s: %s", id, own.text);
	i = record_make_item(&r, id, revision);
	json_decref(root);
	if (i == NULL)
		return fault_set(
		    f, ERR_CORRUPT, "outbox/%s is damaged at its member \"%s\"", id, r.bad);
	*out = i;
	return ERR_OK;
}

enum err
record_read_hooked(struct outbox_item **item, struct hooked *out, const char *id, uint64_t revision,
    const char *text, size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct record_reader r = { .root = root };
	struct outbox_item *i;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "message %s: %s", id, own.text);
	i = record_make_item(&r, id, revision);
	if (i != NULL) {
		*out =
		    (struct hooked){ i, record_number(&r, "ended_at"), record_text(&r, "outcome") };
		if (out->outcome == NULL || out->outcome[0] == '\0')
			r.bad = "outcome";
	}
	json_decref(root);
	if (r.bad != NULL) {
		outbox_item_free(i);
		return fault_set(
		    f, ERR_CORRUPT, "message %s is damaged at its member \"%s\"", id, r.bad);
	}
	*item = i;
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
record_fill_entry(struct record_reader *r, struct delivery_entry *e)
{
	const char *event = json_string_of(r->root, "event");
	const char *kind = json_string_of(r->root, "kind");

	e->at = record_number(r, "at");
	e->detail = record_text(r, "detail");
	e->kind = OUTBOX_KIND_COUNT;
	if (event == NULL || !delivery_event_by_name(event, &e->event))
		r->bad = "log";
	if (kind != NULL && !outbox_kind_by_name(kind, &e->kind))
		r->bad = "log";
}

static void
record_fill_delivery(struct record_reader *r, struct delivery *d)
{
	const json_t *log = json_object_get(r->root, "log");
	size_t count = json_array_size(log);

	record_copy_optional(r, "waiting", d->waiting, sizeof(d->waiting));
	d->asked_at = record_number(r, "asked_at");
	d->opened = record_flag(r, "opened");
	if (!json_is_array(log) || count > DELIVERY_LOG_MAX) {
		r->bad = "log";
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct record_reader entry = { json_array_get(log, i), r->arena, NULL };

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
	struct record_reader r = { .root = root };

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
