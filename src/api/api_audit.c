/* GET /api/v1/audit: what was done, by whom, on whom, from where. */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "api/api_user.h"
#include "base/json.h"

enum { WORD_MAX = 128 /* bytes of a name that is asked for */ };

/* ---- the answer ---- */

static void
api_add_audit_text(struct buf *b, struct arena *arena, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	buf_add_json_string(b, api_clean(arena, value));
}

/* What the store keeps as JSON is JSON. */
static void
api_add_audit_value(struct buf *b, const char *name, const char *json)
{
	buf_printf(b, ",\"%s\":", name);
	buf_add_string(b, json != NULL ? json : "null");
}

/* A change's before or after, if it is a place that is out of reach. */
static void
api_blank_place(json_t *change, const char *name, const struct reach *reach, struct arena *arena)
{
	const char *dn = json_string_of(change, name);

	if (dn != NULL && !api_reaches(reach, arena, dn))
		json_object_set_new(change, name, json_null());
}

/* Somebody who is moved is told of in both places, and in each of that one alone. */
static const char *
api_personal_within(const char *personal, const struct reach *reach, struct arena *arena)
{
	struct fault ignored;
	json_t *root, *change;
	char *text;

	if (personal == NULL || reach_is_everything(reach))
		return personal;
	root = json_read(personal, strlen(personal), &ignored);
	change = json_object_get(json_object_get(root, "changes"), "org_unit");
	api_blank_place(change, "before", reach, arena);
	api_blank_place(change, "after", reach, arena);
	text = json_dumps(root, JSON_COMPACT);
	personal = arena_strdup(arena, text);
	free(text);
	json_decref(root);
	return personal;
}

/* Of a list of DNs those that are in reach. */
static void
api_thin_places(json_t *list, const struct reach *reach, struct arena *arena)
{
	for (size_t i = json_array_size(list); i-- > 0;) {
		const char *dn = json_string_value(json_array_get(list, i));

		if (dn != NULL && !api_reaches(reach, arena, dn))
			json_array_remove(list, i);
	}
}

/* Groups and org units that somebody was given may be out of reach, though the person is not. */
static const char *
api_detail_within(const char *detail, const struct reach *reach, struct arena *arena)
{
	struct fault ignored;
	json_t *root;
	char *text;

	if (detail == NULL || reach_is_everything(reach))
		return detail;
	root = json_read(detail, strlen(detail), &ignored);
	if (root == NULL)
		return NULL;
	api_thin_places(json_object_get(root, "groups"), reach, arena);
	api_thin_places(json_object_get(root, "groups_before"), reach, arena);
	api_thin_places(json_object_get(root, "org_units"), reach, arena);
	text = json_dumps(root, JSON_COMPACT);
	detail = arena_strdup(arena, text);
	free(text);
	json_decref(root);
	return detail;
}

static void
api_add_audit_record(
    struct buf *b, struct arena *arena, const struct audit_record *r, const struct reach *reach)
{
	const char *place = r->org_unit;

	if (place != NULL && !reach_covers_place(reach, place))
		place = NULL;

	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, r->id);
	buf_add_string(b, ",\"at\":");
	api_add_time(b, r->at);
	api_add_audit_text(b, arena, "event", r->event);
	if (r->subject != NULL) {
		buf_add_string(b, ",\"subject\":{\"type\":");
		buf_add_json_string(b, api_clean(arena, r->subject));
		api_add_audit_text(b, arena, "id", r->subject_id);
		buf_add_char(b, '}');
	} else
		buf_add_string(b, ",\"subject\":null");
	api_add_audit_text(b, arena, "state", r->state);
	api_add_audit_text(b, arena, "actor", r->actor);
	api_add_audit_text(b, arena, "person", r->person);
	api_add_audit_text(b, arena, "org_unit", place);
	api_add_audit_text(b, arena, "source", r->source);
	api_add_audit_text(b, arena, "request_id", r->request_id);
	api_add_audit_value(b, "detail", api_detail_within(r->detail, reach, arena));
	api_add_audit_value(b, "personal", api_personal_within(r->personal, reach, arena));
	buf_printf(b, ",\"erased\":%s}", r->is_erased ? "true" : "false");
}

/* A record that cannot be read is left out, so that it hides no others, and the page says so. Which
 * it is the log and the proof of the trail tell: whose it was nobody knows, so not everybody may.
 */
static void
api_on_audit_list(void *arg, enum err code, const struct audit_record *list, size_t count,
    const char *next, const struct fault *f)
{
	struct api_call *c = arg;
	struct buf b;

	flow_log_damage(code, f);
	if (code != ERR_OK) {
		api_reply_list_error(c->x, code, f);
		return;
	}
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_audit_record(&b, http_arena(c->x), &list[i], c->reach);
	}
	buf_add_string(&b, "],\"next_cursor\":");
	buf_add_json_string(&b, next);
	buf_printf(&b, ",\"damaged\":%s}", f->text[0] != '\0' ? "true" : "false");
	api_reply_json(c->x, 200, &b);
}

/* ---- the question ---- */

/* The trail counts in ms, a moment of the people list in seconds. What follows is digits. */
static int64_t
api_fraction_ms(const char *moment)
{
	int64_t ms = 0, weight = 100;

	if (strlen(moment) > 20 && moment[19] == '.')
		for (const char *s = moment + 20; *s >= '0' && *s <= '9'; s++, weight /= 10)
			ms += (*s - '0') * weight;
	return ms;
}

static void
api_read_span_ms(const struct http_request *r, const char *name, bool end, int64_t *ms,
    struct field_errors *errors)
{
	const char *text = http_query(r, name);
	int64_t seconds = 0;

	if (text == NULL)
		return;
	if (!api_read_moment(text, end, &seconds))
		field_errors_add(
		    errors, name, "invalid", "must be YYYY-MM-DD or a time as in RFC 3339");
	*ms = seconds * 1000 + api_fraction_ms(text);
}

/* Any name: what there is none of has done nothing. */
static const char *
api_read_word(const struct http_request *r, const char *name, struct field_errors *errors)
{
	const char *text = http_query(r, name);

	if (text != NULL && (*text == '\0' || strlen(text) > WORD_MAX))
		field_errors_add(errors, name, "invalid", "must have 1 to %d bytes", WORD_MAX);
	return text;
}

/* Events that no record has are a mistake of whoever asks, not nothing. */
static const char *
api_read_event(const struct http_request *r, struct field_errors *errors)
{
	static const char *const names[] = { "signed_in", "sign_in_refused", "sign_in_throttled",
		"session_ended", "token_added", "token_deleted", "user_changed", "user_suspended",
		"user_resumed", "user_removed", "user_restored", "user_forgotten", "purged",
		"org_unit_added", "org_unit_changed", "org_unit_deleted", "queue_item_retried",
		"queue_item_dropped", "webhook_created", "webhook_changed",
		"webhook_secret_rotated", "webhook_disabled", "webhook_deleted", "webhook_replayed",
		"person_erasing", "person_erased", "audit_trimmed", "chain_head_lost" };
	const char *text = http_query(r, "event");
	enum invitation_event of_invitation;

	if (text == NULL || invitation_event_by_name(text, &of_invitation))
		return text;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0)
			return text;
	field_errors_add(
	    errors, "event", "invalid", "there is no such event: usherctl(1) has them");
	return NULL;
}

static void
api_read_audit_query(struct api_call *c, struct audit_query *q, struct field_errors *errors)
{
	static const char *const names[] = { "from", "to", "event", "actor", "about", "subject",
		"request", "order", "cursor", "limit", NULL };
	const struct http_request *r = http_request_of(c->x);
	const char *order = http_query(r, "order");

	*q = (struct audit_query){ .reach = c->reach, .limit = API_LIST_DEFAULT };
	api_check_query(c->x, names, errors);
	api_read_span_ms(r, "from", false, &q->from, errors);
	api_read_span_ms(r, "to", true, &q->to, errors);
	q->event = api_read_event(r, errors);
	q->actor = api_read_word(r, "actor", errors);
	q->about = api_read_word(r, "about", errors);
	q->subject = api_read_word(r, "subject", errors);
	q->request_id = api_read_word(r, "request", errors);
	q->oldest_first = order != NULL && strcmp(order, "oldest") == 0;
	if (order != NULL && !q->oldest_first && strcmp(order, "newest") != 0)
		field_errors_add(errors, "order", "invalid", "must be newest or oldest");
	q->after = http_query(r, "cursor");
	api_read_limit(http_query(r, "limit"), &q->limit, errors);
}

enum err
api_audit_list(struct api_call *c, struct fault *f)
{
	struct field_errors errors;
	struct audit_query q;

	(void)f;
	field_errors_init(&errors, http_arena(c->x));
	api_read_audit_query(c, &q, &errors);
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	http_hold(c->x);
	flow_trail_list_start(c->api->conf.flow, &q, api_on_audit_list, c);
	return ERR_OK;
}
