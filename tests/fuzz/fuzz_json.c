/* Whatever the reader takes is within its bounds and comes out as the same value again. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct fault f;
	json_t *once = json_read((const char *)data, len, &f), *twice;
	char *text;

	if (once == NULL) {
		if (f.code != ERR_INVALID)
			abort();
		return 0;
	}
	text = json_dumps(once, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
	twice = text == NULL ? NULL : json_read(text, strlen(text), &f);
	if (twice == NULL || !json_equal(once, twice))
		abort();
	json_decref(twice);
	json_decref(once);
	free(text);
	return 0;
}
