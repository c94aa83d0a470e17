/* What a chosen password must keep (NIST SP 800-63B: length and block list, no composition rules).
 * Pure but for the block list, which is loaded once. */
#ifndef USHERD_INVITE_PASSWORD_H
#define USHERD_INVITE_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "invite/person.h"

enum {
	PASSWORD_MIN_FLOOR = 8, /* the configuration cannot go below */
	PASSWORD_MIN_DEFAULT = 15,
	PASSWORD_MAX = 1024 /* bytes */
};

struct blocklist;

/* One word a line, UTF-8, "#" comments. NULL path: an empty list. ERR_MISCONFIGURED with path and
 * line when it cannot be read, or a line is longer than 256 bytes; at most 1,000,000 lines. */
enum err blocklist_load(struct blocklist **out, const char *path, struct fault *f);
void blocklist_free(struct blocklist *b);
size_t blocklist_count(const struct blocklist *b);

/* ERR_OK, or ERR_REFUSED with `rule` set to a constant ("too_short", "too_long", "blank", "nul",
 * "not_utf8", "personal", "blocked") and a sentence for the person in `f`, which never quotes the
 * password. Length in characters (code points) against `min` (at least PASSWORD_MIN_FLOOR counts),
 * in bytes against PASSWORD_MAX; an empty one is "blank". personal: equal, after case folding, to
 * the given, family or display name, "given family" with or without the space, the mail, its local
 * part, the uid, or the phone with or without its "+". blocked: the case-folded password is on the
 * list, is one listed word or one character repeated, or is a run of neighbouring characters
 * ("abcdefgh...", "123456789..."). The bytes themselves are never changed: what was typed is what
 * binds. */
enum err password_check(const struct secret *password, size_t min, const struct person *p,
    const struct blocklist *blocked, const char **rule, struct fault *f);

#endif
