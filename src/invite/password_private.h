/* Shared by the password rules and the block list. */
#ifndef USHERD_INVITE_PASSWORD_PRIVATE_H
#define USHERD_INVITE_PASSWORD_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "invite/password.h"

enum {
	/* Neither NFC nor case folding makes a UTF-8 text more than three times as long. */
	PASSWORD_NORMAL_MAX = 3 * PASSWORD_MAX,
	PASSWORD_FOLDED_MAX = 3 * PASSWORD_NORMAL_MAX
};

/* A text as it is compared: NFC, case folded. On the caller's stack, who wipes it when it is a
 * password's: nothing of it is ever on the heap. */
struct password_folded {
	size_t len;
	uint8_t bytes[PASSWORD_FOLDED_MAX];
};

/* False when `text` is longer than PASSWORD_MAX or not UTF-8. */
bool password_fold(const char *text, size_t len, struct password_folded *out);

/* Is it a word of the list? `word` is folded. */
bool blocklist_has(const struct blocklist *b, const uint8_t *word, size_t len);

#endif
