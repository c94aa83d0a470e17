/* Filters say what was asked and nothing else: a plain reader of RFC 4515 finds exactly the terms
 * that went in, in their order, whatever bytes the values have.
 *
 * The input is terms "attribute=value" with zero bytes between them. */
#include "fuzz.h"

#include "dir/dir_private.h"

enum { TERMS_MAX = 8, VALUE_MAX = 4096 };

struct reader {
	const char *at;
	char attribute[VALUE_MAX], value[VALUE_MAX];
};

static void
read_char(struct reader *r, char c)
{
	assert(*r->at == c);
	r->at++;
}

/* RFC 4515 section 3: attr "=" assertionvalue, where "(", ")", "*", "\" and zero bytes must be
 * escaped. */
static void
read_term(struct reader *r)
{
	size_t len, n = 0;

	read_char(r, '(');
	len = strcspn(r->at, "=~<>:()*\\");
	assert(len > 0 && len < VALUE_MAX && r->at[len] == '=');
	memcpy(r->attribute, r->at, len);
	r->attribute[len] = '\0';
	for (r->at += len + 1; *r->at != ')'; r->at++) {
		char c = *r->at;

		assert(c != '\0' && c != '(' && c != '*' && n < VALUE_MAX - 1);
		if (c == '\\') {
			assert(fuzz_hex_byte(r->at + 1) > 0);
			c = (char)fuzz_hex_byte(r->at + 1);
			r->at += 2;
		}
		r->value[n++] = c;
	}
	r->value[n] = '\0';
	read_char(r, ')');
}

/* `also` (may be NULL) stands before the others. */
static void
check(const char *text, const struct dir_term *also, const struct dir_term *terms, size_t count)
{
	static struct reader r;

	r.at = text;
	if (also != NULL) {
		read_char(&r, '(');
		read_char(&r, '&');
		read_term(&r);
		assert(strcmp(r.attribute, also->attribute) == 0);
		assert(strcmp(r.value, also->value) == 0);
	}
	if (count > 1) {
		read_char(&r, '(');
		read_char(&r, '|');
	}
	for (size_t i = 0; i < count; i++) {
		read_term(&r);
		assert(strcmp(r.attribute, terms[i].attribute) == 0);
		assert(strcmp(r.value, terms[i].value) == 0 && *r.value != '\0');
	}
	if (count > 1)
		read_char(&r, ')');
	if (also != NULL)
		read_char(&r, ')');
	assert(*r.at == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	const char *parts[TERMS_MAX];
	struct dir_term terms[TERMS_MAX];
	size_t count = len < VALUE_MAX ? fuzz_split(data, len, '\0', arena, parts, TERMS_MAX) : 0;
	struct buf filter;

	for (size_t i = 0; i < count; i++) {
		size_t name = strcspn(parts[i], "=");

		terms[i].attribute = arena_dup(arena, parts[i], name);
		terms[i].value = parts[i] + name + (parts[i][name] == '=');
	}
	buf_init(&filter, DIR_FILTER_MAX);
	if (dir_filter_any(&filter, terms, count)) {
		assert(count > 0);
		check(filter.data, NULL, terms, count);
		check(dir_filter_also(arena, &terms[0], terms, count), &terms[0], terms, count);
	}
	buf_release(&filter);
	arena_free(arena);
	return 0;
}
