/* JSON out, straight into a buffer: the answer to POST /invitations is hot, and a tree of it would
 * be built only to be walked once. */
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "base/utf8.h"

enum { LINK_MAX = 2048 };

const char *
api_clean(struct arena *arena, const char *s)
{
	return utf8_clean(arena, s);
}

void
api_add_time(struct buf *b, int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];

	buf_add_char(b, '"');
	buf_add_string(b, clock_format(wall_ms, text));
	buf_add_char(b, '"');
}

void
api_add_time_or_null(struct buf *b, int64_t wall_ms)
{
	if (wall_ms > 0)
		api_add_time(b, wall_ms);
	else
		buf_add_string(b, "null");
}

void
api_add_scopes(struct buf *b, unsigned scopes)
{
	const char *name, *comma = "";
	unsigned bit;

	buf_add_char(b, '[');
	for (size_t i = 0; (name = auth_scope_name(i, &bit)) != NULL; i++) {
		if ((scopes & bit) == 0)
			continue;
		buf_printf(b, "%s\"%s\"", comma, name);
		comma = ",";
	}
	buf_add_char(b, ']');
}

void
api_add_strings(struct buf *b, const char *const *items, size_t count)
{
	if (items == NULL) {
		buf_add_string(b, "null");
		return;
	}
	buf_add_char(b, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		buf_add_json_string(b, items[i]);
	}
	buf_add_char(b, ']');
}

void
api_reply_json(struct http_exchange *x, int status, struct buf *b)
{
	struct fault f;

	if (buf_failed(b)) {
		fault_set(&f, ERR_TOO_LARGE, "the answer is too large: ask for less");
		api_reply_error(x, ERR_TOO_LARGE, NULL, &f);
	} else
		http_reply(x, status, "application/json", b->data, b->len);
	if (b->data != NULL)
		secret_wipe(b->data, b->len); /* an answer may hold a link or a token */
	buf_release(b);
}

/* A claimed one and one whose entry waits for its password are the same to the outside. One whose
 * mail came back is still open, and somebody has to see it. */
static const char *
api_status_name(const struct invitation *inv, int64_t now)
{
	enum invitation_state s = invitation_seen(inv, now);

	if (s == INVITATION_CLAIMED || s == INVITATION_CREATED)
		return "in_progress";
	if (s == INVITATION_PENDING && inv->undeliverable)
		return "undeliverable";
	return invitation_state_name(s);
}

static void
api_add_member(struct buf *b, const char *name, const char *value)
{
	buf_add_string(b, ",\"");
	buf_add_string(b, name);
	buf_add_string(b, "\":");
	buf_add_json_string(b, value);
}

static void
api_add_member_time(struct buf *b, const char *name, int64_t wall_ms)
{
	buf_add_string(b, ",\"");
	buf_add_string(b, name);
	buf_add_string(b, "\":");
	api_add_time(b, wall_ms);
}

static void
api_add_person(struct buf *b, const struct person *p, const struct reach *reach)
{
	const char *comma = "";

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		api_add_member(b, person_field_name((enum person_field)i), p->value[i]);
	buf_add_string(b, ",\"groups\":[");
	for (size_t i = 0; i < p->group_count; i++) {
		if (!reach_covers_place(reach, p->groups[i]))
			continue;
		buf_add_string(b, comma);
		buf_add_json_string(b, p->groups[i]);
		comma = ",";
	}
	buf_add_char(b, ']');
}

static void
api_add_modes(struct buf *b, const enum field_mode *modes)
{
	static const char *const names[] = {
		[FIELD_FIXED] = "fixed", [FIELD_SUGGESTED] = "suggested", [FIELD_FREE] = "free"
	};

	buf_add_string(b, ",\"fields\":{");
	for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		buf_add_char(b, '"');
		buf_add_string(b, person_field_name((enum person_field)i));
		buf_add_string(b, "\":\"");
		buf_add_string(b, names[modes[i]]);
		buf_add_char(b, '"');
	}
	buf_add_char(b, '}');
}

static void
api_add_step(struct buf *b, int64_t at, const char *event, const char *mail, const char *detail)
{
	buf_add_string(b, "{\"at\":");
	api_add_time(b, at);
	api_add_member(b, "event", event);
	api_add_member(b, "mail", mail);
	api_add_member(b, "detail", detail);
	buf_add_char(b, '}');
}

/* Of the same moment, its own step comes first: a mail is queued because of it. But it is
 * undeliverable because of what happened to a mail. */
static bool
api_comes_first(const struct invitation_entry *own, const struct delivery_entry *of_mail)
{
	if (own->at == of_mail->at)
		return own->event != INVITATION_EV_UNDELIVER;
	return own->at < of_mail->at;
}

/* Its own steps and those of its mails, in the order of time. */
static void
api_add_timeline(struct buf *b, const struct invitation *inv, const struct delivery *d)
{
	const size_t steps = inv->timeline_count, mails = d != NULL ? d->log_count : 0;

	buf_add_string(b, ",\"timeline\":[");
	for (size_t i = 0, j = 0; i < steps || j < mails;) {
		if (i + j > 0)
			buf_add_char(b, ',');
		if (j == mails || (i < steps && api_comes_first(&inv->timeline[i], &d->log[j]))) {
			const struct invitation_entry *e = &inv->timeline[i++];

			api_add_step(b, e->at, invitation_event_name(e->event), NULL, e->detail);
		} else {
			const struct delivery_entry *e = &d->log[j++];

			api_add_step(b, e->at, delivery_event_name(e->event),
			    e->kind < OUTBOX_KIND_COUNT ? outbox_kind_name(e->kind) : NULL,
			    e->detail);
		}
	}
	buf_add_char(b, ']');
}

void
api_add_invitation(struct buf *b, const struct api_call *c, const struct invitation *inv,
    const struct delivery *d, const char *link)
{
	int64_t now = clock_wall_ms(c->api->conf.clock);
	bool by_link = inv->method == INVITATION_BY_LINK;

	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, inv->id);
	api_add_member(b, "status", api_status_name(inv, now));
	api_add_person(b, &inv->person, c->reach);
	api_add_modes(b, inv->modes);
	api_add_member(b, "method", by_link ? "link" : "email");
	if (!by_link)
		api_add_member(b, "personal_mail", inv->personal_mail);
	api_add_member_time(b, "created_at", inv->created_at);
	api_add_member(b, "created_by", inv->created_by);
	api_add_member_time(b, "expires_at", inv->expires_at);
	api_add_member(b, "dn", inv->state == INVITATION_DONE ? inv->dn : NULL);
	api_add_timeline(b, inv, d);
	if (link != NULL && by_link)
		api_add_member(b, "link", link);
	buf_add_char(b, '}');
}

void
api_reply_invitation(struct api_call *c, int status, const struct invitation *inv,
    const struct delivery *d, const struct secret *link)
{
	struct buf b;

	buf_init(&b, API_REPLY_MAX);
	api_add_invitation(&b, c, inv, d, link != NULL ? secret_bytes(link) : NULL);
	http_add_header(c->x, "ETag",
	    arena_printf(http_arena(c->x), "\"%llu\"", (unsigned long long)inv->revision));
	api_reply_json(c->x, status, &b);
}

struct secret *
api_link_of(const struct api *a, const struct secret *token)
{
	struct secret *link;
	struct buf b;

	buf_init(&b, LINK_MAX);
	buf_add_string(&b, a->conf.public_url);
	buf_add_string(&b, "/join/");
	buf_add(&b, secret_bytes(token), secret_len(token));
	link = secret_new(b.data, b.len);
	secret_wipe(b.data, b.len);
	buf_release(&b);
	return link;
}
