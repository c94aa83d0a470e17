/* Shared by the files that check one person field each. */
#ifndef USHERD_INVITE_PERSON_PRIVATE_H
#define USHERD_INVITE_PERSON_PRIVATE_H

#include <stdbool.h>

#include "invite/person.h"

/* One value under check. */
struct person_check {
	const char *name; /* of the field, on the wire */
	const struct person_rules *rules;
	struct arena *arena;
	struct field_errors *errors;
};

/* Every checker below takes the value, and returns its normal form in the arena, or NULL after one
 * call of this, which adds the error and returns NULL. */
const char *person_refuse(const struct person_check *c, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What all fields but the DNs go through first: valid UTF-8, NFC, nothing invisible, outer white
 * space off, runs of white space to one U+0020, not empty. Joiners (U+200C, U+200D) pass. */
const char *person_check_text(const struct person_check *c, const char *value);

/* True when the value is white space alone, or nothing. */
/* Only bytes below 0x80. */
bool person_is_ascii(const char *text);
bool person_is_blank(const char *value);

/* From here on `text` comes from person_check_text(). */
const char *person_check_name(const struct person_check *c, const char *text);
const char *person_check_gender(const struct person_check *c, const char *text);
const char *person_check_birthday(const struct person_check *c, const char *text);
const char *person_check_mail(const struct person_check *c, const char *text);
const char *person_check_phone(const struct person_check *c, const char *text);
const char *person_check_language(const struct person_check *c, const char *text);
const char *person_check_uid(const struct person_check *c, const char *text);

/* The value as it came: a space may be escaped, and the directory's spelling is kept. */
const char *person_check_dn(const struct person_check *c, const char *value);

#endif
