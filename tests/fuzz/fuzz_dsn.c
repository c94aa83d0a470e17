/* Whatever a mail system sends back: it is refused with words, or what it says is whole, printable
 * and about one of our invitations. The ends of its lines make no difference.
 *
 * The input is the address that the report was delivered to, ended by a byte 0x1e (which may be
 * missing), and the message. */
#include "fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <sodium.h>
#include <unistr.h>

#include "base/id.h"
#include "mail/mail.h"

static struct mail_sender sender = { .from = "invitations@join.example",
	.bounces = "bounces@join.example",
	.id_domain = "join.example" };

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	assert(sodium_init() >= 0);
	memset(sender.verp_key, 7, sizeof(sender.verp_key));
	return 0;
}

static void
check_dsn(const struct mail_dsn *dsn)
{
	assert(id_is_valid(dsn->invitation));
	assert(dsn->action == MAIL_DSN_FAILED || dsn->action == MAIL_DSN_DELAYED ||
	       dsn->action == MAIL_DSN_OTHER);
	if (dsn->status != NULL)
		assert(isdigit((unsigned char)dsn->status[0]) && dsn->status[1] == '.' &&
		       strspn(dsn->status, "0123456789.") == strlen(dsn->status));
	if (dsn->diagnostic == NULL)
		return;
	assert(dsn->diagnostic[0] != '\0' && strlen(dsn->diagnostic) < MAIL_REPLY_SIZE);
	assert(u8_check((const uint8_t *)dsn->diagnostic, strlen(dsn->diagnostic)) == NULL);
	for (const char *c = dsn->diagnostic; *c != '\0'; c++)
		assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static char *
with_crlf(const uint8_t *data, size_t len, size_t *out_len)
{
	char *out = malloc(2 * len + 1), *to = out;

	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			*to++ = '\r';
		*to++ = (char)data[i];
	}
	*out_len = (size_t)(to - out);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, 0x1e, len), *at = end != NULL ? end + 1 : data;
	size_t left = len - (size_t)(at - data), other_len;
	struct arena *arena = arena_new(0);
	const char *recipient = end != NULL ? arena_dup(arena, data, (size_t)(end - data)) : NULL;
	struct mail_dsn dsn, other;
	struct fault f;
	enum err code;
	char *text;

	code = mail_dsn_parse(&dsn, &sender, (const char *)at, left, recipient, arena, &f);
	if (code == ERR_OK)
		check_dsn(&dsn);
	else
		assert((code == ERR_INVALID || code == ERR_NOT_FOUND) && f.text[0] != '\0');
	if (memchr(at, '\r', left) == NULL && left < 1 << 19) {
		text = with_crlf(at, left, &other_len);
		assert(mail_dsn_parse(&other, &sender, text, other_len, recipient, arena, NULL) ==
		       code);
		if (code == ERR_OK)
			assert(dsn.action == other.action &&
			       strcmp(dsn.invitation, other.invitation) == 0 &&
			       fuzz_same(dsn.status, other.status) &&
			       fuzz_same(dsn.diagnostic, other.diagnostic));
		free(text);
	}
	arena_free(arena);
	return 0;
}
