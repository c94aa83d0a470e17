/* What the words of the catalogue are for: fields, notices, and values that have a name. */
#include "web/web_private.h"

#include <ctype.h>
#include <string.h>

#define NONE WEB_WORDS

const struct web_field_text web_field_texts[PERSON_FIELD_COUNT] = {
	[PERSON_GIVEN_NAME] = { WORD_given_name_label, NONE, "given-name", "text", false },
	[PERSON_FAMILY_NAME] = { WORD_family_name_label, NONE, "family-name", "text", false },
	[PERSON_DISPLAY_NAME] = { WORD_display_name_label, WORD_display_name_hint, "name", "text",
	    true },
	[PERSON_GENDER] = { WORD_gender_label, NONE, "sex", "select", false },
	[PERSON_BIRTHDAY] = { WORD_birthday_label, NONE, "bday", "date", false },
	[PERSON_MAIL] = { WORD_mail_label, NONE, "email", "email", false },
	[PERSON_PHONE] = { WORD_phone_label, WORD_phone_hint, "tel", "tel", false },
	[PERSON_ORG_UNIT] = { WORD_org_unit_label, NONE, "off", "text", false },
	[PERSON_POSITION] = { WORD_position_label, NONE, "organization-title", "text", true },
	[PERSON_LANGUAGE] = { WORD_language_label, WORD_language_hint, "language", "text", true },
	[PERSON_UID] = { WORD_uid_label, NONE, "username", "text", false },
};

const struct web_notice_text web_notice_texts[WEB_NOTICE_COUNT] = {
	[WEB_USED] = { 410, "used", WORD_used_title, WORD_used_lead, WORD_used_advice, "sign_done",
	    false },
	[WEB_EXPIRED] = { 410, "expired", WORD_expired_title, WORD_expired_lead,
	    WORD_expired_advice, "sign_clock", false },
	[WEB_REVOKED] = { 410, "revoked", WORD_revoked_title, WORD_revoked_lead,
	    WORD_revoked_advice, "sign_link", false },
	[WEB_UNKNOWN] = { 404, NULL, WORD_unknown_title, WORD_unknown_lead, WORD_unknown_advice,
	    "sign_link", false },
	[WEB_LOST] = { 404, NULL, WORD_lost_title, WORD_lost_lead, WORD_lost_advice, "sign_clock",
	    false },
	[WEB_FOREIGN] = { 403, NULL, WORD_foreign_title, WORD_foreign_lead, WORD_foreign_advice,
	    "sign_link", false },
	[WEB_BAD] = { 400, NULL, WORD_bad_title, WORD_bad_lead, WORD_bad_advice, "sign_alert",
	    true },
	[WEB_TAKEN] = { 409, NULL, WORD_taken_title, WORD_taken_lead, WORD_taken_advice,
	    "sign_alert", false },
	[WEB_TOO_MANY] = { 429, NULL, WORD_too_many_title, WORD_too_many_lead, WORD_too_many_advice,
	    "sign_clock", false },
	[WEB_UNAVAILABLE] = { 503, NULL, WORD_unavailable_title, WORD_unavailable_lead,
	    WORD_unavailable_advice, "sign_clock", true },
	[WEB_FAILED] = { 500, NULL, WORD_failed_title, WORD_failed_lead, WORD_failed_advice,
	    "sign_alert", true },
};

const char *const web_genders[] = { "female", "male", "other", "unspecified", NULL };

enum web_word
web_text_gender(const char *value)
{
	static const enum web_word words[] = { WORD_gender_female, WORD_gender_male,
		WORD_gender_other, WORD_gender_unspecified };

	for (size_t i = 0; web_genders[i] != NULL; i++)
		if (strcmp(web_genders[i], value) == 0)
			return words[i];
	return WEB_WORDS;
}

enum web_word
web_text_language(const char *tag)
{
	static const enum web_word words[WEB_LANGUAGES] = { [WEB_ENGLISH] = WORD_language_en,
		[WEB_GERMAN] = WORD_language_de,
		[WEB_VIETNAMESE] = WORD_language_vi };

	for (size_t i = 0; i < WEB_LANGUAGES; i++)
		if (strcmp(web_language_tags[i], tag) == 0)
			return words[i];
	return WEB_WORDS;
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
