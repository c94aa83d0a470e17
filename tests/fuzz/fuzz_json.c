/* Whatever the reader takes is within its bounds and comes out as the same value again; what it
 * refuses, it refuses with a place or a reason. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/json.h"

static int
depth_of(json_t *v)
{
	const char *name;
	int deepest = 0;
	json_t *child;
	size_t i;

	json_array_foreach(v, i, child)
	{
		int depth = depth_of(child);

		deepest = depth > deepest ? depth : deepest;
	}
	json_object_foreach(v, name, child)
	{
		int depth = depth_of(child);

		deepest = depth > deepest ? depth : deepest;
	}
	return json_is_array(v) || json_is_object(v) ? deepest + 1 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fault f = { .code = ERR_OK };
	json_t *once = json_read((const char *)data, len, &f), *twice;
	char *text;

	if (once == NULL) {
		assert(f.code == ERR_INVALID && f.text[0] != '\0');
		return 0;
	}
	assert(depth_of(once) <= JSON_DEPTH_MAX);
	text = json_dumps(once, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
	assert(text != NULL);
	twice = json_read(text, strlen(text), &f);
	assert(twice != NULL && json_equal(once, twice));
	json_decref(twice);
	json_decref(once);
	free(text);
	return 0;
}
