/* What the files of src/mail share. */
#ifndef USHERD_MAIL_MAIL_PRIVATE_H
#define USHERD_MAIL_MAIL_PRIVATE_H

#include "mail/mail.h"

/* Words that cannot stand in a header as they are: not ASCII, or a mail program would take them for
 * encoded ones ("=?utf-8?q?...?=") and show something else. */
bool mail_needs_encoding(const char *words);
/* Some address or header makes it a mail for SMTPUTF8 alone (RFC 6531). */
bool mail_needs_utf8(const struct mail *m);

/* "NAME.TAG", for the left side of a Message-ID: the tag is keyed, so that nobody makes one up. */
const char *mail_name_sign(struct arena *arena, const struct mail_sender *sender, const char *name);
bool mail_name_is_signed(const struct mail_sender *sender, const char *text, size_t len);

#endif
