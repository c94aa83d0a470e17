#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
system_wall(void *arg)
{
	(void)arg;
	return clock_read(CLOCK_REALTIME);
}

static int64_t
system_mono(void *arg)
{
	(void)arg;
	return clock_read(CLOCK_MONOTONIC);
}

const struct clock clock_system = { system_wall, system_mono, NULL };

int64_t
clock_wall_ms(const struct clock *c)
{
	return c->wall_ms(c->arg);
}

int64_t
clock_mono_ms(const struct clock *c)
{
	return c->mono_ms(c->arg);
}

char *
clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	int ms = (int)(wall_ms % 1000);
	struct tm tm;
	size_t len;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	len = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + len, CLOCK_TEXT_SIZE - len, ".%03dZ", ms);
	return out;
}

/* `count` digits at `s`; -1 when one is not a digit. */
static int
digits(const char *s, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = value * 10 + (s[i] - '0');
	}
	return value;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
		return 29;
	return days[month - 1];
}

bool
date_parse(const char *text, struct date *out)
{
	struct date d;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	d = (struct date){ digits(text, 4), digits(text + 5, 2), digits(text + 8, 2) };
	if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1)
		return false;
	if (d.day > days_in_month(d.year, d.month))
		return false;
	*out = d;
	return true;
}

struct date
date_of(int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return (struct date){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday };
}

int
date_compare(struct date a, struct date b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	return (a.day > b.day) - (a.day < b.day);
}
