/* Days and moments as a reader's language writes them, always in UTC: where the reader is, nobody
 * knows. `language` is a tag such as "de" or "de-AT". Of others than English, German and Vietnamese
 * we have no names of months: they get figures that nobody reads the wrong way round. */
#ifndef USHERD_BASE_MOMENT_H
#define USHERD_BASE_MOMENT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"

struct moment {
	struct date date;
	int weekday; /* 0: Sunday */
	int hour, minute, second;
};
struct moment moment_of(int64_t wall_ms);

/* "10 December 1990" */
const char *moment_date(struct arena *arena, const char *language, struct date date);
/* "Monday 30 November 2026, 14:00 UTC" */
const char *moment_text(struct arena *arena, const char *language, int64_t wall_ms);

#endif
