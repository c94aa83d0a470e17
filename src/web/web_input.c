/* Reading what a person posted. Strict by construction: a name is either in the short list of what
 * may be set, or it is an error; nothing is folded, trimmed or guessed. */
#include "web/web_private.h"

#include <string.h>

#include "base/json.h"

enum { FORM_FIELDS_MAX = 64, SHOWN_NAME_MAX = 64, VALUE_MAX = 1024 };

bool
web_field_is_settable(enum person_field field)
{
	switch (field) {
	case PERSON_GIVEN_NAME:
	case PERSON_FAMILY_NAME:
	case PERSON_DISPLAY_NAME:
	case PERSON_GENDER:
	case PERSON_BIRTHDAY:
	case PERSON_PHONE:
	case PERSON_POSITION:
	case PERSON_LANGUAGE:
		return true;
	case PERSON_MAIL:
	case PERSON_ORG_UNIT:
	case PERSON_UID:
	case PERSON_FIELD_COUNT:
		break;
	}
	return false;
}

/* The request is a constant to everybody else; its secrets end here, where they were copied. */
static void
web_input_wipe(const char *data, size_t len)
{
	secret_wipe((void *)(uintptr_t)data, len);
}

/* A caller's name as it is told back: bounded, and only when it can be a name. Anything else may be
 * a whole document that was sent as a form, and the password is in it. */
static const char *
web_input_shown_name(struct web_input *in, const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_-.;[] ");

	if (name[len] != '\0')
		return "body";
	return arena_dup(in->errors.arena, name, len < SHOWN_NAME_MAX ? len : SHOWN_NAME_MAX);
}

static void
web_input_refuse(
    struct web_input *in, int status, const char *name, const char *code, const char *why)
{
	if (in->status != 400)
		in->status = status;
	field_errors_add(&in->errors, web_input_shown_name(in, name), code, "%s", why);
}

/* A parser's words: they may quote bytes that are no UTF-8, and after " near " any part of the
 * body. */
static void
web_input_refuse_body(struct web_input *in, const struct fault *f)
{
	char *why = arena_strdup(in->errors.arena, f->text);
	char *quote = strstr(why, " near ");

	if (quote != NULL && strstr(why, "duplicate object key") == NULL)
		*quote = '\0';
	for (char *c = why; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	web_input_refuse(in, 400, "body", "invalid", why);
}

static void
web_input_take_password(struct web_input *in, const char *value, size_t len)
{
	if (len > SECRET_MAX)
		web_input_refuse(
		    in, 422, "password", "too_long", "The password is longer than 1,024 bytes.");
	else if (len > 0)
		in->password = secret_new(value, len);
}

/* One name with its value; `value` outlives the input. No field's rules allow VALUE_MAX bytes: what
 * is longer is not kept, so that a form that is shown again stays small. */
static void
web_input_take(struct web_input *in, const char *name, const char *value)
{
	enum person_field field = person_field_by_name(name);

	if (field == PERSON_FIELD_COUNT && strcmp(name, "groups") != 0)
		web_input_refuse(in, 400, name, "unknown", "The form has no such field.");
	else if (field == PERSON_FIELD_COUNT || !web_field_is_settable(field))
		web_input_refuse(in, 422, name, "not_allowed", "This cannot be changed here.");
	else if (strlen(value) > VALUE_MAX)
		web_input_refuse(in, 422, name, "too_long", "This is longer than 1,024 bytes.");
	else
		in->value[field] = value;
}

static void
web_input_read_json(const struct http_request *r, struct web_input *in)
{
	struct fault f;
	json_t *root = json_read(r->body, r->body_len, &f), *member;
	const char *name;

	if (root == NULL) {
		web_input_refuse_body(in, &f);
		return;
	}
	if (!json_is_object(root))
		web_input_refuse(in, 400, "body", "invalid", "The body is not a JSON object.");
	json_object_foreach(root, name, member)
	{
		const char *value = json_string_value(member);

		if (value == NULL) {
			web_input_refuse(in, 400, name, "not_a_string", "Only text is taken here.");
		} else if (strcmp(name, "password") == 0) {
			web_input_take_password(in, value, json_string_length(member));
			web_input_wipe(value, json_string_length(member));
		} else
			web_input_take(in, name, arena_strdup(in->errors.arena, value));
	}
	json_decref(root);
}

static void
web_input_read_form(const struct http_request *r, struct web_input *in)
{
	struct http_pair pairs[FORM_FIELDS_MAX];
	const struct http_pair *again = NULL;
	struct fault f;
	size_t count = 0;

	if (http_parse_form(r, in->errors.arena, pairs, FORM_FIELDS_MAX, &count, &f) != ERR_OK) {
		web_input_refuse_body(in, &f);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = pairs[i].name, *value = pairs[i].value;

		if (strcmp(name, "password") == 0)
			web_input_take_password(in, value, strlen(value));
		else if (strcmp(name, "password_again") == 0)
			again = &pairs[i];
		else if (strcmp(name, "attempt") == 0)
			in->attempt = value;
		else
			web_input_take(in, name, value);
	}
	/* Written twice because a page without script cannot show what was typed. A program that
	 * fills in the form may leave the second one out. */
	if (again != NULL &&
	    strcmp(again->value, in->password ? secret_bytes(in->password) : "") != 0)
		web_input_refuse(in, 422, "password_again", "mismatch",
		    "The two passwords are not the same. Type the same one in both fields.");
	for (size_t i = 0; i < count; i++)
		if (strncmp(pairs[i].name, "password", 8) == 0)
			web_input_wipe(pairs[i].value, strlen(pairs[i].value));
}

void
web_input_read(struct http_exchange *x, bool is_form, struct web_input *out)
{
	const struct http_request *r = http_request_of(x);

	*out = (struct web_input){ 0 };
	field_errors_init(&out->errors, http_arena(x));
	if (is_form)
		web_input_read_form(r, out);
	else
		web_input_read_json(r, out);
	web_input_wipe(r->body, r->body_len);
}

void
web_input_release(struct web_input *in)
{
	secret_free(in->password);
	in->password = NULL;
}

void
web_input_check_modes(struct web_input *in, const struct invitation *inv)
{
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		if (in->value[i] != NULL && inv->modes[i] == FIELD_FIXED)
			web_input_refuse(in, 422, person_field_name(i), "not_allowed",
			    "This cannot be changed here.");
}
