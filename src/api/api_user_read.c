/* What is asked of the people list. */
#include <stdlib.h>
#include <string.h>

#include "api/api_user.h"

enum { DAY = 24 * 3600 };

/* ---- moments ---- */

/* Days since 1970-01-01, in years that begin in March. */
static int64_t
api_days_of(struct date d)
{
	int64_t year = d.month > 2 ? d.year : d.year - 1;
	int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;

	return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + d.day - 1 -
	       719468;
}

/* Two digits up to `max`; -1 otherwise. */
static int
api_two_digits(const char *s, int max)
{
	int n;

	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return -1;
	n = 10 * (s[0] - '0') + s[1] - '0';
	return n <= max ? n : -1;
}

/* What stands behind the seconds of RFC 3339: a fraction, then Z or +hh:mm. */
static bool
api_read_zone(const char *s, int64_t *offset)
{
	int hours, minutes;

	if (*s == '.') {
		size_t digits = strspn(s + 1, "0123456789");

		if (digits == 0)
			return false;
		s += 1 + digits;
	}
	*offset = 0;
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return true;
	/* A "+" of a query that nobody encoded arrives as a space. */
	if ((*s != '+' && *s != '-' && *s != ' ') || strlen(s) != 6 || s[3] != ':')
		return false;
	hours = api_two_digits(s + 1, 23);
	minutes = api_two_digits(s + 4, 59);
	if (hours < 0 || minutes < 0)
		return false;
	*offset = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

bool
api_read_moment(const char *text, bool end, int64_t *seconds)
{
	const size_t len = strlen(text);
	char day[11];
	int hour, minute, second;
	int64_t at, offset;
	struct date d;

	if (len < 10)
		return false;
	memcpy(day, text, 10);
	day[10] = '\0';
	if (!date_parse(day, &d))
		return false;
	at = api_days_of(d) * DAY;
	if (len == 10)
		at += end ? DAY : 0;
	else {
		if (len < 20 || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
		    text[16] != ':' || !api_read_zone(text + 19, &offset))
			return false;
		hour = api_two_digits(text + 11, 23);
		minute = api_two_digits(text + 14, 59);
		second = api_two_digits(text + 17, 60); /* a leap second */
		if (hour < 0 || minute < 0 || second < 0)
			return false;
		at += hour * 3600 + minute * 60 + second - offset;
	}
	*seconds = at > 1 ? at : 1; /* 0 would mean an open end */
	return true;
}

static void
api_read_span(const struct http_request *r, const char *name, bool end, int64_t *seconds,
    struct field_errors *errors)
{
	const char *text = http_query(r, name);

	if (text != NULL && !api_read_moment(text, end, seconds))
		field_errors_add(
		    errors, name, "invalid", "must be YYYY-MM-DD or a time as in RFC 3339");
}

/* ---- the query ---- */

static void
api_read_statuses(const char *text, unsigned *bits, struct field_errors *errors)
{
	while (text != NULL) {
		size_t len = strcspn(text, ",");
		enum feed_status s = feed_status_by_name(text, len);

		if (s == FEED_STATUS_COUNT) {
			field_errors_add(errors, "status", "invalid",
			    "must be one or more of pending, undeliverable, expired, active, "
			    "suspended, separated by commas");
			return;
		}
		*bits |= 1u << s;
		text = text[len] == ',' ? text + len + 1 : NULL;
	}
}

static void
api_read_order(const struct http_request *r, struct roster_query *q, struct field_errors *errors)
{
	const char *sort = http_query(r, "sort"), *order = http_query(r, "order");

	q->sort = sort != NULL ? roster_sort_by_name(sort) : ROSTER_BY_NAME;
	if (q->sort == ROSTER_SORT_COUNT)
		field_errors_add(errors, "sort", "invalid",
		    "must be one of name, mail, phone, org_unit, status, registered_at, "
		    "last_activity_at");
	q->descending = order != NULL && strcmp(order, "desc") == 0;
	if (order != NULL && !q->descending && strcmp(order, "asc") != 0)
		field_errors_add(errors, "order", "invalid", "must be asc or desc");
}

bool
api_read_users_query(struct http_exchange *x, struct roster_query *q, struct field_errors *errors)
{
	static const char *const names[] = { "q", "status", "org_unit", "sort", "order", "limit",
		"cursor", "registered_from", "registered_to", "active_from", "active_to", NULL };
	const struct http_request *r = http_request_of(x);
	const char *org_unit = http_query(r, "org_unit");

	*q = (struct roster_query){ .q = http_query(r, "q"),
		.cursor = http_query(r, "cursor"),
		.limit = API_LIST_DEFAULT };
	api_check_query(x, names, errors);
	api_read_statuses(http_query(r, "status"), &q->statuses, errors);
	if (org_unit != NULL && !flow_dn_normalise(org_unit, http_arena(x), &q->org_unit))
		field_errors_add(errors, "org_unit", "invalid", "must be a distinguished name");
	api_read_order(r, q, errors);
	api_read_limit(http_query(r, "limit"), &q->limit, errors);
	api_read_span(r, "registered_from", false, &q->registered_from, errors);
	api_read_span(r, "registered_to", true, &q->registered_to, errors);
	api_read_span(r, "active_from", false, &q->active_from, errors);
	api_read_span(r, "active_to", true, &q->active_to, errors);
	return errors->count == 0;
}
