/* /api/v1/users/{id}: one person. */
#include <string.h>

#include "api/api_user.h"

/* A request about one person; lives in the exchange's arena. */
struct api_ask {
	struct api_call *call;
	const char *id, *tag;
	int status; /* of success */
};

static struct api_ask *
api_ask_new(struct api_call *c, const char *id, int status)
{
	struct api_ask *ask = arena_alloc(http_arena(c->x), sizeof(*ask));

	*ask = (struct api_ask){ .call = c, .id = id, .status = status };
	return ask;
}

/* What the table of api_error.c would tell in words of an invitation. */
static void
api_reply_person_error(
    struct api_ask *ask, enum err code, const struct field_errors *errors, const struct fault *f)
{
	struct http_exchange *x = ask->call->x;

	if (code == ERR_CONFLICT && ask->tag != NULL)
		api_reply_changed(x);
	else if (code == ERR_USED)
		api_reply_problem(x, 409, "Not yet a user",
		    "this is a pending invitation: see /api/v1/invitations", "invitation", NULL);
	else if (code == ERR_REFUSED || code == ERR_DENIED)
		api_reply_barred(x, f);
	else if (errors != NULL && errors->count > 0)
		api_reply_error(x, code, errors, f);
	else if (code == ERR_CONFLICT && ask->call->reach != NULL)
		/* The directory names where the entry is now, which may be out of reach. */
		api_reply_problem(
		    x, 409, "Conflict", "the entry was changed meanwhile", NULL, NULL);
	else
		api_reply_item_error(x, code, "person", f);
}

/* What did not come about of a change that did; NULL: nothing. It names groups and servers, which
 * is not for those whose rights are limited to a part. */
static const char *
api_shortcoming(const struct api_call *c, const struct fault *f)
{
	if (f == NULL || f->text[0] == '\0')
		return NULL;
	return c->reach == NULL ? f->text : "some groups or servers could not be told";
}

static void
api_on_person(void *arg, enum err code, const struct dir_user *user, const struct invitation *inv,
    const struct field_errors *errors, const struct fault *f)
{
	struct api_ask *ask = arg;
	struct api_call *c = ask->call;
	struct api_person p = { .id = ask->id, .user = user, .inv = inv, .reach = c->reach };

	if (code != ERR_OK) {
		api_reply_person_error(ask, code, errors, f);
		return;
	}
	p.detail = api_shortcoming(c, f);
	p.now = clock_wall_ms(c->api->conf.clock);
	if (ask->status == 201 && user != NULL) {
		p.id = user->entry_uuid;
		http_add_header(c->x, "Location",
		    arena_printf(http_arena(c->x), "/api/v1/users/%s", user->entry_uuid));
	}
	api_reply_person(c, ask->status, &p);
}

enum err
api_user_show(struct api_call *c, struct fault *f)
{
	const struct flow_caller caller = api_caller(c);
	const char *id;

	if (api_uuid_of(c, "person", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_person_show(c->api->conf.flow, id, &caller, api_on_person, api_ask_new(c, id, 200));
	return ERR_OK;
}

/* An ETag is the entry's version and that of the groups, which are other entries. What it says of
 * these matters to whoever changes them. False: it was answered. */
static bool
api_read_version(struct api_call *c, const char **tag, const char **groups_tag)
{
	const char *whole = NULL, *groups;

	if (!api_read_match(c, &whole))
		return false;
	*tag = whole;
	*groups_tag = NULL;
	groups = whole != NULL ? strrchr(whole, API_TAG_GROUPS) : NULL;
	if (groups != NULL) {
		*tag = arena_dup(http_arena(c->x), whole, (size_t)(groups - whole));
		*groups_tag = groups + 1;
	}
	return true;
}

/* ---- change ---- */

struct api_user_body {
	struct person_change change;
	struct api_strings groups;
};

#define VALUE_MEMBER(name, field)                                                                  \
	{                                                                                          \
		name, API_REMOVABLE, offsetof(struct api_user_body, change.value[field])           \
	}

static const struct api_member members[] = {
	VALUE_MEMBER("given_name", PERSON_GIVEN_NAME),
	VALUE_MEMBER("family_name", PERSON_FAMILY_NAME),
	VALUE_MEMBER("display_name", PERSON_DISPLAY_NAME),
	VALUE_MEMBER("gender", PERSON_GENDER),
	VALUE_MEMBER("birthday", PERSON_BIRTHDAY),
	VALUE_MEMBER("position", PERSON_POSITION),
	VALUE_MEMBER("phone", PERSON_PHONE),
	VALUE_MEMBER("mail", PERSON_MAIL),
	VALUE_MEMBER("language", PERSON_LANGUAGE),
	VALUE_MEMBER("org_unit", PERSON_ORG_UNIT),
	{ "groups", API_STRINGS, offsetof(struct api_user_body, groups) },
};

static bool
api_read_user_body(struct api_call *c, struct api_user_body *body, struct field_errors *errors)
{
	bool good = api_read_body(c->x, members, API_MEMBER_COUNT(members), body, errors);

	if (!body->groups.given)
		return good;
	if (body->groups.count > PERSON_GROUPS_MAX) {
		field_errors_add(
		    errors, "groups", "too_long", "at most %d groups", PERSON_GROUPS_MAX);
		return false;
	}
	body->change.groups = body->groups.items;
	body->change.group_count = body->groups.count;
	return good;
}

/* Whoever may do everything everywhere, and nobody with less. */
static bool
api_gives_roles(const struct principal *who)
{
	const unsigned all = auth_role_scopes(AUTH_ADMINISTRATOR);

	for (size_t i = 0; i < who->grant_count; i++) {
		const struct auth_grant *grant = &who->grants[i];

		if ((grant->scopes & all) == all && grant->rule.count == 0 &&
		    grant->rule.owner == NULL)
			return true;
	}
	return false;
}

enum err
api_user_change(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	struct api_user_body body = { .change = { .tag = NULL } };
	struct field_errors errors;
	struct api_ask *ask;
	const char *id;

	field_errors_init(&errors, http_arena(c->x));
	if (!api_read_user_body(c, &body, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (api_uuid_of(c, "person", &id, f) != ERR_OK)
		return f->code;
	if (!api_read_version(c, &body.change.tag, &body.change.groups_tag))
		return ERR_OK;
	caller.gives_roles = api_gives_roles(&c->who);
	ask = api_ask_new(c, id, 200);
	ask->tag = body.change.tag;
	http_hold(c->x);
	flow_person_change(c->api->conf.flow, id, &body.change, &caller, api_on_person, ask);
	return ERR_OK;
}

/* ---- suspend, resume, restore ---- */

static enum err
api_user_set_suspended(struct api_call *c, bool suspended, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	struct api_ask *ask;
	const char *id, *tag, *groups_tag;

	if (!api_read_nothing(c->x))
		return ERR_OK;
	if (api_uuid_of(c, "person", &id, f) != ERR_OK)
		return f->code;
	if (!api_read_version(c, &tag, &groups_tag))
		return ERR_OK;
	ask = api_ask_new(c, id, 200);
	ask->tag = tag;
	http_hold(c->x);
	flow_person_suspend(c->api->conf.flow, id, suspended, tag, &caller, api_on_person, ask);
	return ERR_OK;
}

enum err
api_user_suspend(struct api_call *c, struct fault *f)
{
	return api_user_set_suspended(c, true, f);
}

enum err
api_user_resume(struct api_call *c, struct fault *f)
{
	return api_user_set_suspended(c, false, f);
}

enum err
api_user_restore(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (!api_read_nothing(c->x))
		return ERR_OK;
	if (api_uuid_of(c, "deleted person", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_person_restore(c->api->conf.flow, id, &caller, api_on_person, api_ask_new(c, id, 201));
	return ERR_OK;
}

/* ---- delete ---- */

static void
api_reply_removed(struct api_call *c, const struct person_removed *removed, const struct fault *f)
{
	struct buf b;

	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"refused_after_ms\":");
	if (removed->refused_ms >= 0)
		buf_printf(&b, "%lld", (long long)removed->refused_ms);
	else
		buf_add_string(&b, "null");
	buf_add_string(&b, ",\"restorable_until\":");
	if (removed->restorable_until > 0)
		api_add_time(&b, removed->restorable_until);
	else
		buf_add_string(&b, "null");
	buf_add_string(&b, ",\"detail\":");
	buf_add_json_string(&b, api_clean(http_arena(c->x), api_shortcoming(c, f)));
	buf_add_char(&b, '}');
	api_reply_json(c->x, 200, &b);
}

static void
api_on_removed(
    void *arg, enum err code, const struct person_removed *removed, const struct fault *f)
{
	static const char in_progress[] = "{\"status\":\"in_progress\"}";
	struct api_ask *ask = arg;
	struct http_exchange *x = ask->call->x;

	if (code == ERR_UNKNOWN)
		http_reply(x, 202, "application/json", in_progress, sizeof(in_progress) - 1);
	else if (code == ERR_TOO_LARGE)
		api_reply_problem(x, 413, "Too large to be kept",
		    arena_printf(http_arena(x), "%s; with ?keep=no it is deleted for good",
			api_clean(http_arena(x), f->text)),
		    NULL, NULL);
	else if (code != ERR_OK)
		api_reply_person_error(ask, code, NULL, f);
	else if (removed->was_invitation)
		http_reply(x, 204, NULL, NULL, 0);
	else
		api_reply_removed(ask->call, removed, f);
}

/* ?keep=no. False: it was answered. */
static bool
api_read_keep(struct api_call *c, bool *for_good)
{
	static const char *const names[] = { "keep", NULL };
	const char *keep = http_query(http_request_of(c->x), "keep");
	struct field_errors errors;

	field_errors_init(&errors, http_arena(c->x));
	*for_good = keep != NULL && strcmp(keep, "no") == 0;
	if (keep != NULL && !*for_good && strcmp(keep, "yes") != 0)
		field_errors_add(&errors, "keep", "invalid", "must be yes or no");
	if (api_check_query(c->x, names, &errors) && errors.count == 0)
		return true;
	api_reply_malformed(c->x, &errors);
	return false;
}

enum err
api_user_remove(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	struct person_removal how = { .users_only = (c->who.scopes & AUTH_INVITATIONS_WRITE) == 0 };
	struct api_ask *ask;
	const char *id, *groups_tag;

	if (api_uuid_of(c, "person", &id, f) != ERR_OK)
		return f->code;
	if (!api_read_keep(c, &how.for_good) || !api_read_version(c, &how.tag, &groups_tag))
		return ERR_OK;
	ask = api_ask_new(c, id, 200);
	ask->tag = how.tag;
	http_hold(c->x);
	flow_person_remove(c->api->conf.flow, id, &how, &caller, api_on_removed, ask);
	return ERR_OK;
}
