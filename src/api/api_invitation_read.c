/* The body of POST /api/v1/invitations, and of one that is still being written. */
#include <string.h>

#include "api/api_private.h"

struct invitation_body {
	const char *person[PERSON_FIELD_COUNT];
	struct api_strings groups;
	const char *method, *personal_mail;
	struct api_integer expires_in;
	struct api_map fields;
};

#define PERSON_MEMBER(name, field)                                                                 \
	{                                                                                          \
		name, API_STRING, offsetof(struct invitation_body, person[field])                  \
	}
#define BODY_MEMBER(member, kind)                                                                  \
	{                                                                                          \
#member, kind, offsetof(struct invitation_body, member)                            \
	}

static const struct api_member members[] = {
	PERSON_MEMBER("given_name", PERSON_GIVEN_NAME),
	PERSON_MEMBER("family_name", PERSON_FAMILY_NAME),
	PERSON_MEMBER("display_name", PERSON_DISPLAY_NAME),
	PERSON_MEMBER("gender", PERSON_GENDER),
	PERSON_MEMBER("birthday", PERSON_BIRTHDAY),
	PERSON_MEMBER("mail", PERSON_MAIL),
	PERSON_MEMBER("phone", PERSON_PHONE),
	PERSON_MEMBER("org_unit", PERSON_ORG_UNIT),
	PERSON_MEMBER("position", PERSON_POSITION),
	PERSON_MEMBER("language", PERSON_LANGUAGE),
	PERSON_MEMBER("uid", PERSON_UID),
	BODY_MEMBER(groups, API_STRINGS),
	BODY_MEMBER(method, API_STRING),
	BODY_MEMBER(personal_mail, API_STRING),
	BODY_MEMBER(expires_in, API_INTEGER),
	BODY_MEMBER(fields, API_MAP),
};

static bool
api_method_by_name(const char *name, enum invitation_method *out)
{
	if (strcmp(name, "link") == 0)
		*out = INVITATION_BY_LINK;
	else if (strcmp(name, "email") == 0)
		*out = INVITATION_BY_EMAIL;
	else
		return false;
	return true;
}

static bool
api_mode_by_name(const char *name, enum field_mode *out)
{
	static const char *const names[] = {
		[FIELD_FIXED] = "fixed", [FIELD_SUGGESTED] = "suggested", [FIELD_FREE] = "free"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (enum field_mode)i;
			return true;
		}
	}
	return false;
}

/* Who somebody is in the organisation is never theirs to choose. */
static bool
api_field_is_always_fixed(const char *name)
{
	static const char *const fixed[] = { "mail", "uid", "org_unit", "groups" };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i], name) == 0)
			return true;
	return false;
}

static void
api_read_modes(struct arena *arena, const struct api_map *map, enum field_mode *modes,
    struct field_errors *errors, struct field_errors *own)
{
	for (size_t i = 0; i < map->count; i++) {
		const char *name = map->items[i].name;
		const char *shown = arena_printf(arena, "fields.%.64s", name);
		enum person_field field = person_field_by_name(name);

		if (api_field_is_always_fixed(name)) {
			if (strcmp(map->items[i].value, "fixed") != 0)
				field_errors_add(
				    own, shown, "not_allowed", "this field is always fixed");
		} else if (field == PERSON_FIELD_COUNT)
			field_errors_add(errors, shown, "unknown", "there is no such field");
		else if (!api_mode_by_name(map->items[i].value, &modes[field]))
			field_errors_add(
			    own, shown, "invalid", "must be one of fixed, suggested, free");
	}
}

/* Without a method it cannot be said whether the address for it is missing, or one too many. */
static void
api_read_method(
    const struct invitation_body *body, struct issue_spec *spec, struct field_errors *own)
{
	if (body->method == NULL)
		field_errors_add(own, "method", "required", "must be \"link\" or \"email\"");
	else if (!api_method_by_name(body->method, &spec->method))
		field_errors_add(own, "method", "invalid", "must be \"link\" or \"email\"");
	else
		spec->personal_mail = body->personal_mail;
}

static void
api_read_draft_method(
    const struct invitation_body *body, struct issue_spec *spec, struct field_errors *own)
{
	const char *address = body->personal_mail;

	if (body->method != NULL)
		api_read_method(body, spec, own);
	else if (address != NULL && *address != '\0') {
		spec->method = INVITATION_BY_EMAIL;
		spec->personal_mail = address;
	}
}

bool
api_read_invitation(struct http_exchange *x, bool is_draft, struct issue_spec *spec,
    struct field_errors *errors, struct field_errors *own)
{
	struct invitation_body body = { .method = NULL };

	if (!api_read_body(x, members, API_MEMBER_COUNT(members), &body, errors))
		return false;
	*spec = (struct issue_spec){ .method = INVITATION_BY_LINK };
	memcpy(spec->person.value, body.person, sizeof(body.person));
	if (body.groups.count > PERSON_GROUPS_MAX)
		field_errors_add(own, "groups", "too_long", "at most %d groups", PERSON_GROUPS_MAX);
	else {
		memcpy(spec->person.groups, body.groups.items,
		    body.groups.count * sizeof(body.groups.items[0]));
		spec->person.group_count = body.groups.count;
	}
	/* 0 would mean "the default" to the flow. */
	if (body.expires_in.given)
		spec->expires_in = body.expires_in.value != 0 ? body.expires_in.value : -1;
	if (is_draft)
		api_read_draft_method(&body, spec, own);
	else
		api_read_method(&body, spec, own);
	api_read_modes(http_arena(x), &body.fields, spec->modes, errors, own);
	return errors->count == 0;
}
