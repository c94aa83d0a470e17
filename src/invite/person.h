/* A person's profile, and the rules that each of its fields keeps. Pure functions: the day, the
 * limits and everything else comes in as an argument. */
#ifndef USHERD_INVITE_PERSON_H
#define USHERD_INVITE_PERSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/field.h"

enum person_field {
	PERSON_GIVEN_NAME,
	PERSON_FAMILY_NAME,
	PERSON_DISPLAY_NAME,
	PERSON_GENDER,
	PERSON_BIRTHDAY,
	PERSON_MAIL,
	PERSON_PHONE,
	PERSON_ORG_UNIT,
	PERSON_POSITION,
	PERSON_LANGUAGE,
	PERSON_UID,
	PERSON_FIELD_COUNT
};

enum {
	PERSON_NAME_MAX = 128, /* characters (code points) of a name or a position */
	PERSON_GROUPS_MAX = 32,
	PERSON_DN_MAX = 1024,  /* bytes */
	PERSON_MAIL_MAX = 254, /* bytes, RFC 5321 section 4.5.3.1.3 less the brackets */
	PERSON_UID_MAX = 32    /* bytes */
};

/* Every string is UTF-8 or NULL (absent), and borrowed: an arena or a literal owns it. */
struct person {
	const char *value[PERSON_FIELD_COUNT];
	const char *groups[PERSON_GROUPS_MAX]; /* DNs */
	size_t group_count;
};

/* The wire name of a field ("given_name"), and back (PERSON_FIELD_COUNT when there is none). */
const char *person_field_name(enum person_field field);
enum person_field person_field_by_name(const char *name);

struct person_rules {
	bool gender_required, birthday_required;
	bool is_draft;	 /* what is in order is kept, whatever else is wrong */
	bool is_partial; /* still being written: what is missing may come */
	struct date today;
};

/* Check one field by its rule and normalise it: NFC, outer white space off, runs of white space to
 * one space; gender one of female|male|other|unspecified; birthday a real date from 1900-01-01 to
 * today; mail RFC 5321 Mailbox syntax (no quoted local part, no address literal), the domain to
 * lower-case A-labels (RFC 5891); phone E.164 with country code ("+" and 7 to 15 digits, separators
 * " -().", removed); org_unit and groups a DN (RFC 4514) without control characters; language a BCP
 * 47 tag in canonical case; uid "[a-z][a-z0-9._-]*" up to PERSON_UID_MAX, no reserved name. Names:
 * any script, no control, format (bidi overrides) or private-use characters, no "://" (T13).
 * Returns the normalised value in `arena`, or NULL after adding one error for `field_name` to
 * `errors`. `value` is not NULL; an empty value after trimming is an error "required". */
const char *person_check_field(enum person_field field, const char *field_name, const char *value,
    const struct person_rules *rules, struct arena *arena, struct field_errors *errors);

/* Check a whole profile and replace every value by its normal form in `arena`. All errors are
 * added. An empty or all-space optional value becomes absent. Required: given_name, family_name,
 * org_unit, at least one of mail and phone (reported on "mail"), and gender and birthday as the
 * rules say; of a partial one, nothing. display_name defaults to "given family". Groups stay
 * in the places in which they came, also one that is there twice: errors number them so. True when
 * no error was added; otherwise the profile is left as it was, but a draft keeps what is in order:
 * of the rest a value is absent, and groups stay as they were. */
bool person_check(struct person *p, const struct person_rules *rules, struct arena *arena,
    struct field_errors *errors);

/* A deep copy whose strings live in `arena`. */
void person_copy(struct person *to, const struct person *from, struct arena *arena);

#endif
