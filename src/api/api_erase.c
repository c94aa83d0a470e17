/* POST /api/v1/erasures: what is kept of a person who is gone. */
#include <string.h>

#include "api/api_private.h"

struct erase_body {
	const char *person;
};

static const struct api_member members[] = {
	{ "person", API_STRING, offsetof(struct erase_body, person) },
};

static void
api_on_erased(void *arg, enum err code, const struct flow_erased *e, const struct fault *f)
{
	struct api_call *c = arg;
	struct buf b;

	if (code != ERR_OK) {
		api_reply_error(c->x, code, NULL, f);
		return;
	}
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"ids\":");
	api_add_strings(&b, e->ids, e->id_count);
	buf_printf(&b,
	    ",\"audit_records\":%llu,\"mails\":%llu,\"webhook_messages\":%llu,\"trash\":%llu,"
	    "\"invitations\":%llu,\"sources\":%llu}",
	    (unsigned long long)e->records, (unsigned long long)e->mails,
	    (unsigned long long)e->messages, (unsigned long long)e->trash,
	    (unsigned long long)e->invitations, (unsigned long long)e->sources);
	api_reply_json(c->x, 200, &b);
}

enum err
api_erase(struct api_call *c, struct fault *f)
{
	struct erase_body body = { .person = NULL };
	const struct flow_caller caller = api_caller(c);
	struct field_errors errors;

	field_errors_init(&errors, http_arena(c->x));
	if (!api_read_body(c->x, members, API_MEMBER_COUNT(members), &body, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (body.person == NULL || *body.person == '\0') {
		field_errors_add(&errors, "person", "required", "say whom");
		fault_set(f, ERR_INVALID, "%s", errors.items[0].detail);
		api_reply_error(c->x, ERR_INVALID, &errors, f);
		return ERR_OK;
	}
	http_hold(c->x);
	flow_erase_start(c->api->conf.flow, body.person, &caller, api_on_erased, c);
	return ERR_OK;
}
