/* JSON bodies of the API, through the tables of members that the handlers use: a document is taken
 * when each of its members is known and has its type, and then what comes out is what a plain
 * reading of the document says, nothing more and nothing less. A refusal is a problem document that
 * is JSON itself, whatever the names and values were.
 *
 * The first byte says what the rest is: i the body of POST /invitations, t that of POST /tokens. */
/* With: fakes/fake_api_http.c fakes/fake_api_flow.c fakes/fake_api_log.c fakes/fake_api_roster.c */
/* With: fakes/fake_api_hook.c fakes/fake_api_access.c */
#include "fuzz.h"

#include <stdlib.h>

#include "../fakes/fake_api_http.h"
#include "api/api_private.h"
#include "base/json.h"

enum { BODY_MAX = 65536 };

/* ---- what stands behind the handler of /tokens ---- */

static struct auth_token_spec asked; /* of the last call; its name is the exchange's */
static bool was_asked;

bool
auth_token_new(struct auth *a, const struct auth_token_spec *spec, auth_token_cb *cb, void *arg,
    struct fault *f)
{
	(void)a;
	(void)cb;
	(void)arg;
	asked = *spec;
	was_asked = true;
	fault_set(f, ERR_REFUSED, "name: there are too many tokens");
	return false;
}

size_t
auth_token_count(const struct auth *a)
{
	(void)a;
	return 0;
}

const struct api_token *
auth_token_at(const struct auth *a, size_t index)
{
	(void)a;
	(void)index;
	return NULL;
}

void
auth_token_delete(
    struct auth *a, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	(void)a;
	(void)id;
	(void)note;
	(void)cb;
	(void)arg;
	abort();
}

bool
auth_token_is_over(struct auth *a, const struct api_token *t)
{
	(void)a;
	(void)t;
	abort();
}

void
auth_on_ended(struct auth *a, loop_cb *cb, void *arg)
{
	(void)a;
	(void)cb;
	(void)arg;
	abort();
}

bool
auth_await_person(struct auth *a, const char *person, loop_cb *cb, void *arg)
{
	(void)a;
	(void)person;
	(void)cb;
	(void)arg;
	abort();
}

bool
auth_is_good(struct auth *a, const struct principal *who)
{
	(void)a;
	(void)who;
	abort();
}

enum err
auth_check_token(struct auth *a, const char *token, size_t len, struct arena *arena,
    struct principal *out, struct fault *f)
{
	(void)arena;
	(void)a;
	(void)token;
	(void)len;
	(void)out;
	(void)f;
	abort();
}

enum err
auth_check_peer(const struct auth *a, const struct auth_peer *peer, struct arena *arena,
    struct principal *out, struct fault *f)
{
	(void)arena;
	(void)a;
	(void)peer;
	(void)out;
	(void)f;
	abort();
}

enum err
auth_check_session(struct auth *a, const char *secret, size_t len, struct arena *arena,
    struct principal *out, struct fault *f)
{
	(void)arena;
	(void)a;
	(void)secret;
	(void)len;
	(void)out;
	(void)f;
	abort();
}

const struct store_session *const *
auth_session_list(struct auth *a, const char *person, struct arena *arena, size_t *count)
{
	(void)a;
	(void)person;
	(void)arena;
	(void)count;
	abort();
}

struct auth_make *
auth_session_new(
    struct auth *a, const struct auth_session_spec *spec, auth_session_cb *cb, void *arg)
{
	(void)a;
	(void)spec;
	(void)cb;
	(void)arg;
	abort();
}

void
auth_session_end(struct auth *a, const char *person, const char *id, const char *reason,
    const struct store_note *note, store_done_cb *cb, void *arg)
{
	(void)a;
	(void)person;
	(void)id;
	(void)reason;
	(void)note;
	(void)cb;
	(void)arg;
	abort();
}

/* ---- a plain reading ---- */

static bool
is_method(const json_t *v)
{
	const char *name = json_string_value(v);

	return name != NULL && (strcmp(name, "link") == 0 || strcmp(name, "email") == 0);
}

static bool
is_string_of(const json_t *root, const char *name, const char *value)
{
	const json_t *v = json_object_get(root, name);

	if (v == NULL)
		return value == NULL;
	return json_is_string(v) && value != NULL && strcmp(json_string_value(v), value) == 0;
}

static bool
is_number_of(const json_t *root, const char *name, int64_t value)
{
	const json_t *v = json_object_get(root, name);

	return v == NULL ? value == 0 : json_is_integer(v) && json_integer_value(v) == value;
}

static size_t
known_members(const json_t *root, const char *const *names, size_t count)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++)
		known += json_object_get(root, names[i]) != NULL;
	return known;
}

/* ---- the two bodies ---- */

/* What "fields" says, as far as it makes sense; the rest is an error of its own. */
static void
check_modes(const json_t *root, const enum field_mode *modes, const struct field_errors *own)
{
	static const char *const names[] = { "fixed", "suggested", "free" };
	json_t *map = json_object_get(root, "fields");
	enum field_mode expected[PERSON_FIELD_COUNT] = { FIELD_FIXED };
	const char *name;
	json_t *v;

	json_object_foreach(map, name, v)
	{
		enum person_field field = person_field_by_name(name);
		unsigned mode = 0;

		while (mode < 3 && strcmp(names[mode], json_string_value(v)) != 0)
			mode++;
		if (field == PERSON_MAIL || field == PERSON_ORG_UNIT || field == PERSON_UID ||
		    field == PERSON_FIELD_COUNT || mode == 3)
			assert(mode == 0 || own->count > 0);
		else
			expected[field] = (enum field_mode)mode;
	}
	assert(memcmp(expected, modes, sizeof(expected)) == 0);
}

/* One that is still being written is the same document, and may lack its method. */
static void
check_draft(struct http_exchange *x, const json_t *root)
{
	static struct field_errors errors, own;
	struct issue_spec spec = { .expires_in = 0 };

	field_errors_init(&errors, http_arena(x));
	field_errors_init(&own, http_arena(x));
	if (!api_read_invitation(x, true, &spec, &errors, &own))
		return;
	for (size_t i = 0; i < own.count; i++)
		assert(strcmp(own.items[i].code, "required") != 0);
	if (spec.personal_mail != NULL)
		assert(is_string_of(root, "personal_mail", spec.personal_mail));
}

static void
check_invitation(struct http_exchange *x, const json_t *root)
{
	static const char *const others[] = { "groups", "method", "personal_mail", "expires_in",
		"fields" };
	static struct field_errors errors, own;
	struct issue_spec spec = { .expires_in = 0 };
	const json_t *groups = json_object_get(root, "groups");
	const json_t *expires_in = json_object_get(root, "expires_in");
	size_t known = known_members(root, others, 5);
	struct fault f;
	bool good;

	field_errors_init(&errors, http_arena(x));
	field_errors_init(&own, http_arena(x));
	check_draft(x, root);
	good = api_read_invitation(x, false, &spec, &errors, &own);
	assert(good == (errors.count == 0));
	if (!good) {
		api_reply_malformed(x, &errors);
		return;
	}
	assert(json_is_object(root));
	for (unsigned i = 0; i < PERSON_FIELD_COUNT; i++) {
		const char *name = person_field_name((enum person_field)i);

		assert(is_string_of(root, name, spec.person.value[i]));
		known += json_object_get(root, name) != NULL;
	}
	assert(known == json_object_size(root));
	/* Without a method nobody knows whether it belongs there. */
	if (is_method(json_object_get(root, "method")))
		assert(is_string_of(root, "personal_mail", spec.personal_mail));
	else
		assert(spec.personal_mail == NULL);
	assert(expires_in == NULL ? spec.expires_in == 0 : spec.expires_in != 0);
	if (spec.expires_in != 0 && spec.expires_in != -1)
		assert(is_number_of(root, "expires_in", spec.expires_in));
	if (json_array_size(groups) <= PERSON_GROUPS_MAX)
		assert(spec.person.group_count == json_array_size(groups));
	else
		assert(spec.person.group_count == 0 && own.count > 0);
	for (size_t i = 0; i < spec.person.group_count; i++)
		assert(strcmp(json_string_value(json_array_get(groups, i)),
			   spec.person.groups[i]) == 0);
	check_modes(root, spec.modes, &own);
	if (own.count > 0) {
		fault_set(&f, ERR_INVALID, "%s: %s", own.items[0].field, own.items[0].detail);
		api_reply_error(x, ERR_INVALID, &own, &f);
	}
}

static void
check_token(struct http_exchange *x, const json_t *root)
{
	static const char *const names[] = { "name", "scopes", "expires_in" };
	struct api api = { .conf = { .auth = NULL } };
	struct api_call call = { .api = &api, .x = x, .who = { .scopes = 5, .name = "token:x" } };
	const json_t *scopes = json_object_get(root, "scopes");
	struct fault f;
	unsigned bits = 0;

	was_asked = false;
	assert(api_token_create(&call, &f) == ERR_OK);
	if (!was_asked)
		return;
	assert(json_is_object(root) && known_members(root, names, 3) == json_object_size(root));
	assert(is_string_of(root, "name", asked.name));
	assert(is_number_of(root, "expires_in", asked.expires_in));
	for (size_t i = 0; i < json_array_size(scopes); i++)
		bits |= auth_scope_by_name(json_string_value(json_array_get(scopes, i)));
	assert(asked.scopes == bits && (asked.scopes & ~call.who.scopes) == 0);
}

/* What was answered, when anything was: a problem with a status of its own. */
static void
check_answer(struct http_exchange *x)
{
	const char *body = fake_http_body(x);
	json_t *problem;
	struct fault f;

	if (fake_http_status(x) == 0)
		return;
	assert(fake_http_status(x) >= 400 && fake_http_status(x) < 500);
	problem = json_read(body, strlen(body), &f);
	assert(json_is_object(problem));
	assert(json_integer_value(json_object_get(problem, "status")) == fake_http_status(x));
	assert(json_string_length(json_object_get(problem, "detail")) > 0);
	json_decref(problem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char text[BODY_MAX + 1];
	struct fake_request request = { .method = HTTP_POST, .path = "/", .body = text };
	struct http_exchange *x;
	json_t *root;

	if (len < 2 || len > BODY_MAX || (data[0] != 'i' && data[0] != 't'))
		return -1;
	request.body_len = len - 1;
	memcpy(text, data + 1, len - 1);
	text[len - 1] = '\0';
	root = json_loadb(text, len - 1, 0, NULL);
	x = fake_http_exchange(&request);
	(data[0] == 'i' ? check_invitation : check_token)(x, root);
	check_answer(x);
	fake_http_free(x);
	json_decref(root);
	return 0;
}
