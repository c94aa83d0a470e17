/* Making a uid from a name. Pure. */
#ifndef USHERD_INVITE_UID_H
#define USHERD_INVITE_UID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "invite/person.h"

/* A template is text with {given}, {family}, {g} (first letter of the given name), {f}, {mail}
 * (local part of the mail address): "{given}.{family}". ERR_INVALID names what is wrong. */
enum err uid_template_check(const char *template, struct fault *f);

/* Whether the person has all that a uid of this template is made of. */
bool uid_has_parts(const char *template, const struct person *p);

/* The `number`th candidate (1: the bare name; 2: the name with 2 behind it, and so on), at most
 * PERSON_UID_MAX bytes, cut before the number; ASCII lower case: decomposed, marks stripped, a few
 * letters spelled out (ss for sharp s, ae for ae ligature, o for o-slash, l for l-stroke, th, d
 * ...), everything else dropped; names that leave nothing (no Latin letters) become "user". A
 * reserved name gets a number at once. False when `number` is above 9999. */
bool uid_candidate(
    const char *template, const struct person *p, unsigned number, char out[PERSON_UID_MAX + 1]);

/* root, admin, daemon names, role names of RFC 2142, and whatever else must never be a person. Case
 * is ignored. */
bool uid_is_reserved(const char *uid);

#endif
