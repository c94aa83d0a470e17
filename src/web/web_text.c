/* The English of the registration page that is not in pages/: one place, so that a catalogue can
 * replace it. */
#include "web/web_private.h"

#include <ctype.h>
#include <string.h>

const struct web_field_text web_field_texts[PERSON_FIELD_COUNT] = {
	[PERSON_GIVEN_NAME] = { "Given name", NULL, "given-name", "text", false },
	[PERSON_FAMILY_NAME] = { "Family name", NULL, "family-name", "text", false },
	[PERSON_DISPLAY_NAME] = { "Display name", "Your name as others will see it.", "name",
	    "text", true },
	[PERSON_GENDER] = { "Gender", NULL, "sex", "select", false },
	[PERSON_BIRTHDAY] = { "Birthday", NULL, "bday", "date", false },
	[PERSON_MAIL] = { "Email", NULL, "email", "email", false },
	[PERSON_PHONE] = { "Phone", "With the country code, for example +49 30 123456.", "tel",
	    "tel", false },
	[PERSON_ORG_UNIT] = { "Department", NULL, "off", "text", false },
	[PERSON_POSITION] = { "Position", NULL, "organization-title", "text", true },
	[PERSON_LANGUAGE] = { "Language", "A language code, for example en, de or pt-BR.",
	    "language", "text", true },
	[PERSON_UID] = { "User name", NULL, "username", "text", false },
};

const struct web_notice_text web_notice_texts[WEB_NOTICE_COUNT] = {
	[WEB_USED] = { 410, "used", "This invitation has already been used",
	    "The account was created with this invitation, so the link has done its work.",
	    "If you created the account, you can sign in with the password you chose.", false,
	    true },
	[WEB_EXPIRED] = { 410, "expired", "This invitation has ended",
	    "The time to use this link has passed.",
	    "Ask the person who invited you for a new invitation.", false, true },
	[WEB_REVOKED] = { 410, "revoked", "This link is no longer valid",
	    "The invitation was withdrawn, or replaced by a newer one.",
	    "Look for a newer invitation, or ask the person who invited you.", false, true },
	[WEB_UNKNOWN] = { 404, NULL, "We do not know this link",
	    "It may be incomplete: links sometimes break when they are copied by hand.",
	    "Open the link in your invitation again, or copy all of it.", false, true },
	[WEB_LOST] = { 404, NULL, "Please open your link again",
	    "For your safety this page is kept open for 30 minutes only, and needs a cookie.",
	    "Open the link in your invitation once more. Nothing was lost: the link still works.",
	    false, false },
	[WEB_FOREIGN] = { 403, NULL, "Please open your link again",
	    "This form does not belong to the invitation that was opened last.",
	    "Open the link in your invitation once more. Nothing was changed.", false, false },
	[WEB_BAD] = { 400, NULL, "This request cannot be understood",
	    "It holds something that the registration form does not have. Nothing was changed.",
	    "Open the link in your invitation again and use the form.", true, false },
	[WEB_TAKEN] = { 409, NULL, "Your user name is no longer free",
	    "Somebody else has it since you were invited. No account was created.",
	    "Ask the person who invited you for another user name. Your link still works.", false,
	    true },
	[WEB_TOO_MANY] = { 429, NULL, "Too many tries", "There were many requests in a short time.",
	    "Wait a moment, then try again. Your link still works.", false, false },
	[WEB_UNAVAILABLE] = { 503, NULL, "Please try again in a moment",
	    "Your account cannot be created right now. Nothing was changed.",
	    "Your link still works. Try again in a few minutes.", true, false },
	[WEB_FAILED] = { 500, NULL, "Something went wrong on our side",
	    "Your request could not be finished.",
	    "Your link is not lost. Try again, and ask for help if this stays.", true, true },
};

const char *const web_genders[] = { "female", "male", "other", "unspecified", NULL };

const char *
web_text_gender(const char *value)
{
	static const char *const labels[] = { "Female", "Male", "Other", "Prefer not to say" };

	for (size_t i = 0; web_genders[i] != NULL; i++)
		if (strcmp(web_genders[i], value) == 0)
			return labels[i];
	return value;
}

char *
web_text_date(struct date d, struct arena *arena)
{
	static const char *const months[] = { "January", "February", "March", "April", "May",
		"June", "July", "August", "September", "October", "November", "December" };

	return arena_printf(arena, "%d %s %d", d.day, months[d.month - 1], d.year);
}

char *
web_text_moment(int64_t wall_ms, struct arena *arena)
{
	const int64_t day_ms = 86400000;
	int64_t in_day = (wall_ms % day_ms + day_ms) % day_ms;

	return arena_printf(arena, "%s, %02d:%02d UTC", web_text_date(date_of(wall_ms), arena),
	    (int)(in_day / 3600000), (int)(in_day / 60000 % 60));
}

static int
web_hex_of(char c)
{
	const char *digits = "0123456789abcdef", *at;

	if (c == '\0')
		return -1;
	at = strchr(digits, tolower((unsigned char)c));
	return at == NULL ? -1 : (int)(at - digits);
}

/* RFC 4514 section 2.4: a backslash before two hex digits or before the character itself. */
char *
web_text_of_dn(const char *dn, struct arena *arena)
{
	char *out = arena_strdup(arena, dn), *to = out;
	const char *at = strchr(dn, '=');
	int high, low;

	if (at == NULL)
		return out;
	for (at++; *at != '\0' && *at != ',' && *at != '+'; at++) {
		if (*at != '\\' || at[1] == '\0') {
			*to++ = *at;
			continue;
		}
		at++;
		high = web_hex_of(at[0]);
		low = high >= 0 ? web_hex_of(at[1]) : -1;
		if (low >= 0) {
			*to++ = (char)(high << 4 | low);
			at++;
		} else
			*to++ = *at;
	}
	*to = '\0';
	return out;
}
