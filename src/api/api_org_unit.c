/* Making, renaming and deleting org units. */
#include <string.h>

#include "api/api_user.h"

struct org_unit_body {
	const char *parent, *name, *description;
};

struct api_org_unit_ask {
	struct api_call *call;
	int status; /* of success; 204: nothing more to say */
};

/* The unit above it is a value of the request: gone, or not where people are. */
static void
api_reply_bad_parent(struct http_exchange *x, enum err code, const struct fault *f)
{
	struct field_errors errors;
	struct fault own;

	field_errors_init(&errors, http_arena(x));
	if (code == ERR_NOT_FOUND)
		field_errors_add(&errors, "parent", "not_found", "there is no such org unit");
	else
		field_errors_add(&errors, "parent", "not_allowed", "%s", f->text);
	fault_set(&own, ERR_INVALID, "parent: %s", errors.items[0].detail);
	api_reply_error(x, ERR_INVALID, &errors, &own);
}

static void
api_on_org_unit(void *arg, enum err code, const char *dn, const struct field_errors *errors,
    const struct fault *f)
{
	struct api_org_unit_ask *ask = arg;
	struct http_exchange *x = ask->call->x;
	struct api_json j = { .data = NULL };

	if (code == ERR_OK && ask->status == 204)
		http_reply(x, 204, NULL, NULL, 0);
	else if (code == ERR_OK) {
		api_json_add_word(&j, "{\"dn\":");
		api_json_add_string(&j, api_clean(http_arena(x), dn));
		api_json_add_word(&j, "}");
		api_reply_take(x, ask->status, &j);
	} else if (code == ERR_CONFLICT && ask->status == 204)
		api_reply_problem(x, 409, "Not empty",
		    "there are people, pending invitations or other org units in it", "not_empty",
		    NULL);
	else if (ask->status == 201 && (code == ERR_NOT_FOUND || code == ERR_REFUSED))
		api_reply_bad_parent(x, code, f);
	else if (code == ERR_REFUSED)
		api_reply_barred(x, f);
	else if (errors != NULL && errors->count > 0)
		api_reply_error(x, code, errors, f);
	else
		api_reply_item_error(x, code, "org unit", f);
}

static struct api_org_unit_ask *
api_org_unit_ask_new(struct api_call *c, int status)
{
	struct api_org_unit_ask *ask = arena_alloc(http_arena(c->x), sizeof(*ask));

	*ask = (struct api_org_unit_ask){ .call = c, .status = status };
	return ask;
}

/* Tells of everything that is missing at once. */
static bool
api_has_all(struct api_call *c, const struct org_unit_body *body)
{
	struct field_errors errors;
	struct fault f;

	field_errors_init(&errors, http_arena(c->x));
	if (body->parent == NULL)
		field_errors_add(&errors, "parent", "required", "the org unit above it is needed");
	if (body->name == NULL)
		field_errors_add(&errors, "name", "required", "a name is needed");
	if (errors.count == 0)
		return true;
	fault_set(&f, ERR_INVALID, "%s: %s", errors.items[0].field, errors.items[0].detail);
	api_reply_error(c->x, ERR_INVALID, &errors, &f);
	return false;
}

enum err
api_org_unit_create(struct api_call *c, struct fault *f)
{
	static const struct api_member members[] = {
		{ "parent", API_STRING, offsetof(struct org_unit_body, parent) },
		{ "name", API_STRING, offsetof(struct org_unit_body, name) },
		{ "description", API_STRING, offsetof(struct org_unit_body, description) },
	};
	struct org_unit_body body = { .name = NULL };
	struct flow_caller caller = api_caller(c);
	struct field_errors errors;

	(void)f;
	field_errors_init(&errors, http_arena(c->x));
	if (!api_read_body(c->x, members, API_MEMBER_COUNT(members), &body, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (!api_has_all(c, &body))
		return ERR_OK;
	http_hold(c->x);
	flow_org_unit_add(c->api->conf.flow, body.parent, body.name, body.description, &caller,
	    api_on_org_unit, api_org_unit_ask_new(c, 201));
	return ERR_OK;
}

enum err
api_org_unit_change(struct api_call *c, struct fault *f)
{
	static const struct api_member members[] = {
		{ "name", API_STRING, offsetof(struct org_unit_body, name) },
		{ "description", API_REMOVABLE, offsetof(struct org_unit_body, description) },
	};
	struct org_unit_body body = { .name = NULL };
	struct flow_caller caller = api_caller(c);
	struct field_errors errors;
	const char *id;

	field_errors_init(&errors, http_arena(c->x));
	if (!api_read_body(c->x, members, API_MEMBER_COUNT(members), &body, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (api_uuid_of(c, "org unit", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_org_unit_change(c->api->conf.flow, id, body.name, body.description, &caller,
	    api_on_org_unit, api_org_unit_ask_new(c, 200));
	return ERR_OK;
}

enum err
api_org_unit_delete(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (api_uuid_of(c, "org unit", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_org_unit_delete(
	    c->api->conf.flow, id, &caller, api_on_org_unit, api_org_unit_ask_new(c, 204));
	return ERR_OK;
}
