#include "dir/dir_profile.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct dir_profile_facts profiles[] = {
	/* slapo-ppolicy(5): locked for good, until an administrator unlocks it. */
	[DIR_OPENLDAP] = { .suspend_attribute = "pwdAccountLockedTime",
	    .suspend_value = "000001010000Z",
	    /* slapd's lastbind, and the overlay of that name before it */
	    .activity = { "pwdLastSuccess", "authTimestamp" } },
	[DIR_GENERIC] = { .activity = { "pwdLastSuccess" } }, /* draft-behera-10 section 5.3.9 */
};

const struct dir_profile_facts *
dir_profile_of(enum dir_profile profile)
{
	return &profiles[profile];
}

int64_t
dir_time_parse(const char *text)
{
	struct tm t = { .tm_year = 0 };
	const char *rest = text;
	int64_t seconds;

	for (; rest - text < 14; rest++)
		if (!isdigit((unsigned char)*rest))
			return 0;
	if (sscanf(text, "%4d%2d%2d%2d%2d%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
		&t.tm_min, &t.tm_sec) != 6)
		return 0;
	if (*rest == '.' || *rest == ',')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (strcmp(rest, "Z") != 0 || t.tm_year < 1970 || t.tm_mon < 1 || t.tm_mon > 12 ||
	    t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
		return 0;
	t.tm_year -= 1900;
	t.tm_mon--;
	seconds = timegm(&t);
	return seconds > 0 ? seconds : 0;
}
