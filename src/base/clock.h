/* Time as a value that can be replaced. Expiry is decided by the wall clock, durations by the
 * monotonic clock (a jump of the wall clock must not end or prolong a wait). */
#ifndef USHERD_BASE_CLOCK_H
#define USHERD_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock {
	int64_t (*wall_ms)(void *arg); /* milliseconds since 1970-01-01T00:00:00Z */
	int64_t (*mono_ms)(void *arg); /* milliseconds since some moment in the past */
	void *arg;
};

extern const struct clock clock_system;

int64_t clock_wall_ms(const struct clock *c);
int64_t clock_mono_ms(const struct clock *c);

enum { CLOCK_TEXT_SIZE = 32 };

/* RFC 3339 in UTC with milliseconds: "2026-11-23T02:00:29.123Z". Returns `out`. */
char *clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

/* A calendar date of the proleptic Gregorian calendar, as in "1999-02-28". */
struct date {
	int year, month, day;
};

bool date_parse(const char *text, struct date *out); /* exactly YYYY-MM-DD and a real day */
struct date date_of(int64_t wall_ms);		     /* the day in UTC */
int date_compare(struct date a, struct date b);	     /* <0, 0, >0 */

#endif
