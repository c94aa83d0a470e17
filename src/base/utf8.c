#include "base/utf8.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

const char *
utf8_clean(struct arena *arena, const char *s)
{
	uint8_t *copy, *bad;

	if (s == NULL || u8_check((const uint8_t *)s, strlen(s)) == NULL)
		return s;
	copy = (uint8_t *)arena_strdup(arena, s);
	for (bad = copy; *bad != '\0';) {
		const uint8_t *at = u8_check(bad, strlen((char *)bad));

		if (at == NULL)
			break;
		bad += at - bad;
		*bad++ = '?';
	}
	return (const char *)copy;
}
