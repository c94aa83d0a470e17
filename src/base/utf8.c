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

void
utf8_copy_plain(const char *s, char *out, size_t size)
{
	size_t left = s != NULL ? strlen(s) : 0, len = 0;

	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtoucr(&c, (const uint8_t *)s, left);
		size_t step = n > 0 ? (size_t)n : 1; /* of what is no character, the first byte */

		if (n > 0 && c >= 0x20 && (c < 0x7f || c > 0x9f)) {
			if (len + step >= size)
				break;
			memcpy(out + len, s, step);
			len += step;
		}
		s += step;
		left -= step;
	}
	out[len] = '\0';
}
