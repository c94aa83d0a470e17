/* Values as a directory has them, made into what the roster takes. */
#include "dir/dir_follow_private.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <unistr.h>

size_t
dir_follow_rdn_len(const char *dn, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (dn[i] == '\\')
			i++;
		else if (dn[i] == '"')
			quoted = !quoted;
		else if (dn[i] == ',' && !quoted)
			return i;
	}
	return len;
}

/* What needs no look at single characters: most values are this. */
static bool
text_is_plain(const char *value, size_t len)
{
	bool ascii = true;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c < 0x20 || c == 0x7f)
			return false;
		ascii = ascii && c < 0x80;
	}
	if (ascii)
		return true;
	/* U+0080 to U+009F are control characters too. */
	for (size_t i = 0; i + 1 < len; i++)
		if ((unsigned char)value[i] == 0xc2 && (unsigned char)value[i + 1] < 0xa0)
			return false;
	return u8_check((const uint8_t *)value, len) == NULL;
}

static size_t
text_cut(const char *value, size_t len, size_t max)
{
	if (len <= max)
		return len;
	len = max;
	while (len > 0 && ((unsigned char)value[len] & 0xc0) == 0x80)
		len--;
	return len > 0 ? len : max; /* no UTF-8: anywhere is as good */
}

static const char *
text_mend(const char *value, size_t len, size_t max, struct arena *arena)
{
	char out[FEED_DN_MAX + 4]; /* room for one character more than fits */
	size_t n = 0;

	assert(max <= FEED_DN_MAX);
	while (len > 0) {
		ucs4_t c;
		/* U+FFFD for what is no character. */
		int taken = u8_mbtoucr(&c, (const uint8_t *)value, len);
		int width;

		if (taken <= 0) {
			taken = 1;
			c = 0xfffd;
		} else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			c = ' ';
		width = u8_uctomb((uint8_t *)out + n, c, 4);
		if (width <= 0 || n + (size_t)width > max)
			break;
		n += (size_t)width;
		value += taken;
		len -= (size_t)taken;
	}
	out[n] = '\0';
	return strspn(out, " ") == n ? NULL : arena_dup(arena, out, n);
}

const char *
dir_follow_text(const char *value, size_t len, size_t max, struct arena *arena)
{
	len = text_cut(value, len, max);
	if (len == 0)
		return NULL;
	if (!text_is_plain(value, len))
		return text_mend(value, len, max, arena);
	return arena_dup(arena, value, len);
}

/* ---- times ---- */

struct time_text {
	const char *at, *end;
};

/* -1: not that many digits, or not in that range. */
static int
time_number(struct time_text *t, int digits, int low, int high)
{
	int n = 0;

	if (t->end - t->at < digits)
		return -1;
	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)t->at[i]))
			return -1;
		n = n * 10 + (t->at[i] - '0');
	}
	t->at += digits;
	return n >= low && n <= high ? n : -1;
}

static bool
time_digit_follows(const struct time_text *t)
{
	return t->at < t->end && isdigit((unsigned char)*t->at);
}

/* Days since 1970 of the proleptic Gregorian calendar: years begin in March, so that a leap day is
 * the last of its year. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* A fraction of the last unit that was given; only whole seconds of it count. */
static bool
time_fraction(struct time_text *t, int64_t unit, int64_t *seconds)
{
	int64_t scale = 1, n = 0;

	if (t->at == t->end || (*t->at != '.' && *t->at != ','))
		return true;
	t->at++;
	if (!time_digit_follows(t))
		return false;
	for (; time_digit_follows(t); t->at++)
		if (scale < 1000000) {
			n = n * 10 + (*t->at - '0');
			scale *= 10;
		}
	*seconds += n * unit / scale;
	return true;
}

/* "Z", "+hh" or "-hhmm", and nothing behind it. */
static bool
time_zone(struct time_text *t, int64_t *seconds)
{
	int sign, hours, minutes = 0;

	if (t->at == t->end)
		return false;
	if (*t->at == 'Z')
		return ++t->at == t->end;
	if (*t->at != '+' && *t->at != '-')
		return false;
	sign = *t->at++ == '+' ? 1 : -1;
	hours = time_number(t, 2, 0, 23);
	if (time_digit_follows(t))
		minutes = time_number(t, 2, 0, 59);
	if (hours < 0 || minutes < 0 || t->at != t->end)
		return false;
	*seconds -= sign * (hours * 3600 + minutes * 60);
	return true;
}

int64_t
dir_follow_time(const char *value, size_t len)
{
	struct time_text t = { value, value + len };
	int year = time_number(&t, 4, 0, 9999), month, day, hour, minute = 0, second = 0;
	int64_t unit = 3600, seconds;

	month = year < 0 ? -1 : time_number(&t, 2, 1, 12);
	day = month < 0 ? -1 : time_number(&t, 2, 1, month_days(year, month));
	hour = day < 0 ? -1 : time_number(&t, 2, 0, 23);
	if (hour < 0)
		return 0;
	if (time_digit_follows(&t)) {
		minute = time_number(&t, 2, 0, 59);
		unit = 60;
	}
	if (minute >= 0 && unit == 60 && time_digit_follows(&t)) {
		second = time_number(&t, 2, 0, 60); /* a leap second */
		unit = 1;
	}
	if (minute < 0 || second < 0)
		return 0;
	seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	if (!time_fraction(&t, unit, &seconds) || !time_zone(&t, &seconds))
		return 0;
	return seconds > 0 ? seconds : 0;
}
