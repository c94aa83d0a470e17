/* Moments, as a reader's language writes them, always in UTC: where the reader is, nobody knows. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "mail/compose_private.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

struct mail_moment_parts {
	struct date date;
	int weekday; /* 0: Sunday */
	int hour, minute, second;
};

static struct mail_moment_parts
mail_moment_parts_of(int64_t wall_ms)
{
	int64_t in_day = (wall_ms % DAY_MS + DAY_MS) % DAY_MS, day = (wall_ms - in_day) / DAY_MS;
	struct mail_moment_parts p = { .date = date_of(wall_ms) };

	p.weekday = (int)(((day + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	p.hour = (int)(in_day / 3600000);
	p.minute = (int)(in_day / 60000 % 60);
	p.second = (int)(in_day / 1000 % 60);
	return p;
}

static const char *
mail_moment_english(struct arena *arena, struct mail_moment_parts p)
{
	static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
		"Friday", "Saturday" };
	static const char *const months[] = { "January", "February", "March", "April", "May",
		"June", "July", "August", "September", "October", "November", "December" };

	return arena_printf(arena, "%s %d %s %d, %02d:%02d UTC", days[p.weekday], p.date.day,
	    months[p.date.month - 1], p.date.year, p.hour, p.minute);
}

static const char *
mail_moment_german(struct arena *arena, struct mail_moment_parts p)
{
	static const char *const days[] = { "Sonntag", "Montag", "Dienstag", "Mittwoch",
		"Donnerstag", "Freitag", "Samstag" };
	static const char *const months[] = { "Januar", "Februar", "März", "April", "Mai", "Juni",
		"Juli", "August", "September", "Oktober", "November", "Dezember" };

	return arena_printf(arena, "%s, %d. %s %d, %02d:%02d Uhr (UTC)", days[p.weekday],
	    p.date.day, months[p.date.month - 1], p.date.year, p.hour, p.minute);
}

static const char *
mail_moment_vietnamese(struct arena *arena, struct mail_moment_parts p)
{
	static const char *const days[] = { "Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm",
		"thứ Sáu", "thứ Bảy" };

	return arena_printf(arena, "%02d:%02d %s, ngày %d tháng %d năm %d (giờ UTC)", p.hour,
	    p.minute, days[p.weekday], p.date.day, p.date.month, p.date.year);
}

const char *
mail_moment(struct arena *arena, const char *language, int64_t wall_ms)
{
	static const struct {
		const char *language;
		const char *(*write)(struct arena *, struct mail_moment_parts);
	} rows[] = {
		{ "en", mail_moment_english },
		{ "de", mail_moment_german },
		{ "vi", mail_moment_vietnamese },
	};
	struct mail_moment_parts p = mail_moment_parts_of(wall_ms);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncasecmp(language, rows[i].language, 2) == 0 &&
		    (language[2] == '-' || language[2] == '\0'))
			return rows[i].write(arena, p);
	/* Of others we have no names of months: figures that nobody reads the wrong way round. */
	return arena_printf(arena, "%04d-%02d-%02d %02d:%02d UTC", p.date.year, p.date.month,
	    p.date.day, p.hour, p.minute);
}

const char *
mail_date(struct arena *arena, int64_t wall_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct mail_moment_parts p = mail_moment_parts_of(wall_ms);

	return arena_printf(arena, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
	    &days[(size_t)p.weekday * 3], p.date.day, &months[((size_t)p.date.month - 1) * 3],
	    p.date.year, p.hour, p.minute, p.second);
}
