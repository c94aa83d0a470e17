/* /api/v1/mail/preview and /api/v1/mail/test: a mail with made-up facts, to read or to receive. */
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"

struct try_body {
	const char *kind, *language, *to;
};

static const struct api_member members[] = {
	{ "kind", API_STRING, offsetof(struct try_body, kind) },
	{ "language", API_STRING, offsetof(struct try_body, language) },
	{ "to", API_STRING, offsetof(struct try_body, to) },
};

/* False: it was answered. `sends`: an address is needed. */
static bool
api_read_try(struct api_call *c, bool sends, struct try_body *body)
{
	const struct person_rules rules = { .gender_required = false }; /* none of a language */
	struct field_errors errors;
	enum outbox_kind kind;
	struct fault f;

	*body = (struct try_body){ .kind = NULL };
	field_errors_init(&errors, http_arena(c->x));
	if (!api_read_body(c->x, members, API_MEMBER_COUNT(members) - !sends, body, &errors)) {
		api_reply_malformed(c->x, &errors);
		return false;
	}
	if (body->kind == NULL)
		field_errors_add(&errors, "kind", "required", "say which mail");
	else if (!outbox_kind_by_name(body->kind, &kind) || outbox_queue_of(kind) != OUTBOX_MAILS)
		field_errors_add(&errors, "kind", "invalid",
		    "must be one of invitation, reminder, welcome, completed, undeliverable");
	if (body->language != NULL)
		body->language = person_check_field(
		    PERSON_LANGUAGE, "language", body->language, &rules, errors.arena, &errors);
	if (sends && body->to == NULL)
		field_errors_add(&errors, "to", "required", "say to which address");
	if (errors.count == 0)
		return true;
	fault_set(&f, ERR_INVALID, "%s: %s", errors.items[0].field, errors.items[0].detail);
	api_reply_error(c->x, ERR_INVALID, &errors, &f);
	return false;
}

/* ---- preview ---- */

static void
api_add_text_member(struct buf *b, struct arena *arena, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	buf_add_json_string(b, api_clean(arena, value));
}

static void
api_add_mail(struct buf *b, struct arena *arena, const struct mail *m, const char *kind)
{
	buf_add_string(b, "{\"kind\":");
	buf_add_json_string(b, kind);
	api_add_text_member(b, arena, "language", mail_header_of(m, "Content-Language"));
	api_add_text_member(b, arena, "from", m->from);
	api_add_text_member(b, arena, "to", m->to);
	api_add_text_member(b, arena, "subject", mail_header_of(m, "Subject"));
	buf_add_string(b, ",\"headers\":[");
	for (size_t i = 0; i < m->header_count; i++) {
		buf_add_string(b, i > 0 ? ",{\"name\":" : "{\"name\":");
		buf_add_json_string(b, m->headers[i].name);
		api_add_text_member(b, arena, "value", m->headers[i].words);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
	api_add_text_member(b, arena, "text", m->text);
	api_add_text_member(b, arena, "html", m->html);
	buf_add_char(b, '}');
}

enum err
api_mail_preview(struct api_call *c, struct fault *f)
{
	struct try_body body;
	struct mail *m;
	struct buf b;

	if (!api_read_try(c, false, &body))
		return ERR_OK;
	if (flow_mail_preview(c->api->conf.flow, body.kind, body.language, NULL, &m, f) != ERR_OK)
		return f->code;
	buf_init(&b, API_REPLY_MAX);
	api_add_mail(&b, http_arena(c->x), m, body.kind);
	mail_free(m);
	api_reply_json(c->x, 200, &b);
	return ERR_OK;
}

/* ---- test ---- */

static void
api_on_tried(void *arg, enum err code, const struct mail_report *report, const struct fault *f)
{
	struct api_call *c = arg;
	struct arena *arena = http_arena(c->x);
	struct field_errors errors;
	struct fault named;
	struct buf b;

	if (code != ERR_OK) {
		/* Its kind and its language are good. */
		field_errors_init(&errors, arena);
		if (code == ERR_INVALID) {
			field_errors_add(&errors, "to", "invalid", "%s", f->text);
			fault_set(&named, code, "to: %s", f->text);
			f = &named;
		}
		api_reply_error(c->x, code, &errors, f);
		return;
	}
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"outcome\":");
	buf_add_json_string(&b, mail_outcome_name(report->outcome));
	buf_add_string(&b, ",\"code\":");
	if (report->code != 0)
		buf_printf(&b, "%d", report->code);
	else
		buf_add_string(&b, "null");
	api_add_text_member(&b, arena, "reply", report->reply);
	buf_add_char(&b, '}');
	api_reply_json(c->x, 200, &b);
}

enum err
api_mail_test(struct api_call *c, struct fault *f)
{
	const struct flow_caller caller = api_caller(c);
	struct try_body body;

	(void)f;
	if (!api_read_try(c, true, &body))
		return ERR_OK;
	http_hold(c->x);
	flow_mail_test_start(
	    c->api->conf.flow, body.kind, body.language, body.to, &caller, api_on_tried, c);
	return ERR_OK;
}
