#include "base/moment.h"

#include <strings.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

struct moment
moment_of(int64_t wall_ms)
{
	int64_t in_day = (wall_ms % DAY_MS + DAY_MS) % DAY_MS, day = (wall_ms - in_day) / DAY_MS;

	return (struct moment){ .date = date_of(wall_ms),
		.weekday = (int)(((day + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
		.hour = (int)(in_day / 3600000),
		.minute = (int)(in_day / 60000 % 60),
		.second = (int)(in_day / 1000 % 60) };
}

static const char *
moment_date_english(struct arena *arena, struct date d)
{
	static const char *const months[] = { "January", "February", "March", "April", "May",
		"June", "July", "August", "September", "October", "November", "December" };

	return arena_printf(arena, "%d %s %d", d.day, months[d.month - 1], d.year);
}

static const char *
moment_english(struct arena *arena, const char *date, struct moment t)
{
	static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
		"Friday", "Saturday" };

	return arena_printf(arena, "%s %s, %02d:%02d UTC", days[t.weekday], date, t.hour, t.minute);
}

static const char *
moment_date_german(struct arena *arena, struct date d)
{
	static const char *const months[] = { "Januar", "Februar", "März", "April", "Mai", "Juni",
		"Juli", "August", "September", "Oktober", "November", "Dezember" };

	return arena_printf(arena, "%d. %s %d", d.day, months[d.month - 1], d.year);
}

static const char *
moment_german(struct arena *arena, const char *date, struct moment t)
{
	static const char *const days[] = { "Sonntag", "Montag", "Dienstag", "Mittwoch",
		"Donnerstag", "Freitag", "Samstag" };

	return arena_printf(
	    arena, "%s, %s, %02d:%02d Uhr (UTC)", days[t.weekday], date, t.hour, t.minute);
}

static const char *
moment_date_vietnamese(struct arena *arena, struct date d)
{
	return arena_printf(arena, "ngày %d tháng %d năm %d", d.day, d.month, d.year);
}

static const char *
moment_vietnamese(struct arena *arena, const char *date, struct moment t)
{
	static const char *const days[] = { "Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm",
		"thứ Sáu", "thứ Bảy" };

	return arena_printf(
	    arena, "%02d:%02d %s, %s (giờ UTC)", t.hour, t.minute, days[t.weekday], date);
}

static const char *
moment_date_figures(struct arena *arena, struct date d)
{
	return arena_printf(arena, "%04d-%02d-%02d", d.year, d.month, d.day);
}

static const char *
moment_figures(struct arena *arena, const char *date, struct moment t)
{
	return arena_printf(arena, "%s %02d:%02d UTC", date, t.hour, t.minute);
}

static const struct moment_language {
	const char *tag;
	const char *(*date)(struct arena *, struct date);
	const char *(*moment)(struct arena *, const char *date, struct moment);
} moment_languages[] = {
	{ "en", moment_date_english, moment_english },
	{ "de", moment_date_german, moment_german },
	{ "vi", moment_date_vietnamese, moment_vietnamese },
	{ NULL, moment_date_figures, moment_figures },
};

static const struct moment_language *
moment_language_of(const char *tag)
{
	const struct moment_language *l = moment_languages;

	while (l->tag != NULL &&
	       (strncasecmp(tag, l->tag, 2) != 0 || (tag[2] != '-' && tag[2] != '\0')))
		l++;
	return l;
}

const char *
moment_date(struct arena *arena, const char *language, struct date date)
{
	return moment_language_of(language)->date(arena, date);
}

const char *
moment_text(struct arena *arena, const char *language, int64_t wall_ms)
{
	const struct moment m = moment_of(wall_ms);

	return moment_language_of(language)->moment(arena, moment_date(arena, language, m.date), m);
}
