/* What a person posts: each value that comes out is what the body says for that name, read by a
 * plain decoder, and belongs to a field that a person may set; what is refused is named; and
 * afterwards the body is wiped and the password is in its secret and nowhere else.
 *
 * The first byte says what the rest is: f a form, j its JSON twin. */
/* With: fakes/fake_arena.c fakes/fake_http.c */
#include "fuzz.h"

#include <stdlib.h>

#include "../fakes/fake_arena.h"
#include "../fakes/fake_http.h"
#include "base/json.h"
#include "web/web_private.h"

enum {
	BODY_MAX = 65536,
	PAIRS_MAX = 256,
	TELLING = 6 /* bytes: shorter ones are found by chance */
};

/* What the body says, outside of the arena. */
struct said {
	struct {
		const char *name, *value;
	} pair[PAIRS_MAX];
	size_t count;
};

static char memory[4 * BODY_MAX];

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to one of `stops`; NULL when it is not well encoded. */
static const char *
decode(const char **at, const char *end, const char *stops, char **room)
{
	const char *p = *at;
	char *out = *room, *begin = out;
	bool good = true;

	for (; p < end && strchr(stops, *p) == NULL; p++) {
		char c = *p == '+' ? ' ' : *p;

		if (c == '%') {
			good = good && end - p > 2 && hex_of(p[1]) >= 0 && hex_of(p[2]) >= 0;
			if (good) {
				c = (char)(hex_of(p[1]) << 4 | hex_of(p[2]));
				p += 2;
			}
		}
		good = good && c != '\0';
		*out++ = c;
	}
	*out++ = '\0';
	*at = p;
	*room = out;
	return good ? begin : NULL;
}

static bool
say_form(const char *body, size_t len, struct said *out)
{
	const char *at = body, *end = body + len;
	char *room = memory;

	for (out->count = 0; at < end; at += at < end) {
		const char *name, *value = "";

		if (*at == '&')
			continue;
		name = decode(&at, end, "=&", &room);
		if (at < end && *at == '=') {
			at++;
			value = decode(&at, end, "&", &room);
		}
		if (out->count == PAIRS_MAX)
			return false;
		out->pair[out->count].name = name != NULL ? name : "";
		out->pair[out->count++].value = value != NULL ? value : "";
		if (name == NULL || value == NULL)
			return false;
	}
	return true;
}

static bool
say_json(const char *body, size_t len, struct said *out)
{
	json_t *root = json_loadb(body, len, 0, NULL), *v;
	char *room = memory;
	const char *name;

	out->count = 0;
	json_object_foreach(root, name, v)
	{
		if (out->count == PAIRS_MAX)
			break;
		out->pair[out->count].name = strcpy(room, name);
		room += strlen(room) + 1;
		out->pair[out->count++].value =
		    strcpy(room, json_is_string(v) ? json_string_value(v) : "");
		room += strlen(room) + 1;
	}
	json_decref(root);
	return root != NULL;
}

static const char *
said_for(const struct said *said, const char *name)
{
	for (size_t i = 0; i < said->count; i++)
		if (strcmp(said->pair[i].name, name) == 0)
			return said->pair[i].value;
	return NULL;
}

static bool
is_password(const char *name)
{
	return strcmp(name, "password") == 0 || strcmp(name, "password_again") == 0;
}

/* Would the password's bytes be in the arena although nobody leaks it? */
static bool
said_elsewhere(const struct said *said, const char *password)
{
	for (size_t i = 0; i < said->count; i++)
		if (strstr(said->pair[i].name, password) != NULL ||
		    (!is_password(said->pair[i].name) &&
			strstr(said->pair[i].value, password) != NULL))
			return true;
	return strstr("This cannot be changed here. The form has no such field.", password) != NULL;
}

static void
check_wiped(const struct http_request *r, const struct said *said, bool is_form)
{
	const char *password = said_for(said, "password"),
		   *again = said_for(said, "password_again");

	for (size_t i = 0; i < r->body_len; i++)
		assert(r->body[i] == '\0');
	if (password != NULL && strlen(password) >= TELLING && !said_elsewhere(said, password))
		assert(!fake_arena_holds(password, strlen(password)));
	if (is_form && again != NULL && strlen(again) >= TELLING && !said_elsewhere(said, again))
		assert(!fake_arena_holds(again, strlen(again)));
}

static void
check_errors(const struct web_input *in)
{
	assert((in->status == 0) == (in->errors.count == 0));
	assert(in->status == 0 || in->status == 400 || in->status == 422);
	for (size_t i = 0; i < in->errors.count; i++) {
		const struct field_error *e = &in->errors.items[i];

		assert(e->code[0] != '\0' && e->detail[0] != '\0' && strlen(e->field) <= 64);
	}
}

static void
check_values(const struct web_input *in, const struct said *said, bool is_form)
{
	const char *password = said_for(said, "password");

	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++) {
		const char *value = said_for(said, person_field_name(i));

		if (in->value[i] == NULL) {
			assert(value == NULL || in->status != 0);
			continue;
		}
		assert(web_field_is_settable(i) && value != NULL);
		assert(strcmp(value, in->value[i]) == 0);
	}
	if (in->password != NULL)
		assert(password != NULL && secret_len(in->password) == strlen(password) &&
		       strcmp(secret_bytes(in->password), password) == 0);
	else
		assert(password == NULL || *password == '\0' || in->status != 0);
	assert(is_form || in->attempt == NULL);
	assert(!is_form || in->status != 0 || fuzz_same(in->attempt, said_for(said, "attempt")));
	for (size_t i = 0; i < said->count && in->status == 0; i++)
		assert(is_password(said->pair[i].name) ||
		       (is_form && strcmp(said->pair[i].name, "attempt") == 0) ||
		       person_field_by_name(said->pair[i].name) != PERSON_FIELD_COUNT);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	json_wipe_freed();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct said said;
	struct http_exchange x = { .replies = 0 };
	struct web_input in;
	bool is_form, whole;

	if (len == 0 || len > BODY_MAX || (data[0] != 'f' && data[0] != 'j'))
		return -1;
	is_form = data[0] == 'f';
	x.arena = arena_new(0);
	x.request.body_len = len - 1;
	x.request.body = arena_dup(x.arena, data + 1, len - 1);
	whole = (is_form ? say_form : say_json)(x.request.body, len - 1, &said);
	web_input_read(&x, is_form, &in);
	assert(whole || in.status == 400);
	check_errors(&in);
	check_values(&in, &said, is_form);
	check_wiped(&x.request, &said, is_form);
	web_input_release(&in);
	arena_free(x.arena);
	return 0;
}
