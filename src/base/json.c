#include "base/json.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

static void
json_free_wiped(void *p)
{
	if (p == NULL)
		return;
	secret_wipe(p, malloc_usable_size(p));
	free(p);
}

static void *
json_alloc(size_t size)
{
	return mem_resize(NULL, size, 1);
}

void
json_use_mem(void)
{
	json_set_alloc_funcs(json_alloc, json_free_wiped);
}

/* Nesting is measured before jansson parses: its own bound is 2,048 and fixed. A bracket inside a
 * string does not count. */
static bool
json_is_too_deep(const char *text, size_t len)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				quoted = false;
			continue;
		}
		if (text[i] == '"')
			quoted = true;
		else if (text[i] == '{' || text[i] == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if (text[i] == '}' || text[i] == ']')
			depth--;
	}
	return false;
}

json_t *
json_read(const char *text, size_t len, struct fault *f)
{
	json_error_t e;
	json_t *root;

	if (json_is_too_deep(text, len)) {
		fault_set(f, ERR_INVALID, "nested deeper than %d levels", JSON_DEPTH_MAX);
		return NULL;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (root == NULL)
		fault_set(f, ERR_INVALID, "line %d, column %d: %s", e.line, e.column, e.text);
	return root;
}

const char *
json_string_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}
