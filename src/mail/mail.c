#include "mail/mail.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sodium.h>
#include <unistr.h>

#include "base/mem.h"
#include "mail/mail_private.h"

enum {
	/* Two parts, headers encoded and as given, and what composing them leaves behind. */
	MAIL_ARENA_MAX = 4 << 20,
	ENCODED_LINE_MAX = 76, /* RFC 2047 section 2: of a line that has an encoded-word */
	ENCODED_WORD_MAX = 75,
	ENCODED_MARKS = 12 /* "=?utf-8?B?" and "?=" */
};

struct mail *
mail_new(void)
{
	struct mail *m = mem_alloc(sizeof(*m));

	m->arena = arena_new(MAIL_ARENA_MAX);
	return m;
}

struct mail *
mail_copy(const struct mail *m)
{
	struct mail *copy = mail_new();

	copy->from = arena_strdup(copy->arena, m->from);
	copy->to = arena_strdup(copy->arena, m->to);
	copy->text = arena_strdup(copy->arena, m->text);
	copy->html = arena_strdup(copy->arena, m->html);
	copy->header_count = m->header_count;
	for (size_t i = 0; i < m->header_count; i++)
		copy->headers[i] = (struct mail_header){
			.name = arena_strdup(copy->arena, m->headers[i].name),
			.value = arena_strdup(copy->arena, m->headers[i].value),
			.words = arena_strdup(copy->arena, m->headers[i].words),
		};
	return copy;
}

/* The arena's own memory: const only to those who read the mail. */
static void
mail_wipe(const char *text)
{
	if (text != NULL)
		secret_wipe((void *)(uintptr_t)text, strlen(text));
}

void
mail_free(struct mail *m)
{
	if (m == NULL)
		return;
	mail_wipe(m->text);
	mail_wipe(m->html);
	arena_free(m->arena);
	free(m);
}

/* ---- headers ---- */

bool
mail_needs_encoding(const char *words)
{
	return !mail_is_ascii(words) || strstr(words, "=?") != NULL;
}

/* Lines are broken at spaces alone, and one has at most 998 bytes (RFC 5322 section 2.1.1). */
static bool
mail_can_be_folded(const char *name, const char *value)
{
	size_t longest = 0;

	for (; *value != '\0'; value += strspn(value, " ")) {
		size_t len = strcspn(value, " ");

		longest = len > longest ? len : longest;
		value += len;
	}
	return strlen(name) + 2 + longest <= MAIL_WORDS_MAX;
}

static bool
mail_is_clean(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* As much of `words` as fits into `room` bytes without cutting a character in two; at least one. */
static size_t
mail_word_length(const char *words, size_t len, size_t room)
{
	size_t take = len < room ? len : room;

	while (take < len && take > 0 && ((unsigned char)words[take] & 0xc0) == 0x80)
		take--;
	if (take == 0)
		for (take = 1; take < len && ((unsigned char)words[take] & 0xc0) == 0x80;)
			take++;
	return take;
}

/* RFC 2047: encoded-words, base64, with a space between them that readers drop. `column`: where the
 * line already is. */
static const char *
mail_encode_words(struct arena *arena, const char *words, size_t len, size_t column)
{
	char *all = arena_strdup(arena, "");

	while (len > 0) {
		char base64[ENCODED_WORD_MAX + 1];
		size_t line = *all == '\0' && column < ENCODED_LINE_MAX / 2
				  ? ENCODED_LINE_MAX - column
				  : ENCODED_WORD_MAX;
		size_t take = mail_word_length(words, len, (line - ENCODED_MARKS) / 4 * 3);

		sodium_bin2base64(base64, sizeof(base64), (const unsigned char *)words, take,
		    sodium_base64_VARIANT_ORIGINAL);
		all =
		    arena_printf(arena, "%s%s=?utf-8?B?%s?=", all, *all == '\0' ? "" : " ", base64);
		words += take;
		len -= take;
	}
	return all;
}

static bool
mail_header_has_addresses(const char *name)
{
	static const char *const names[] = { "From", "To", "Cc", "Reply-To", "Sender" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static const char *
mail_encode(struct arena *arena, const char *name, const char *value)
{
	size_t column = strlen(name) + 2, len = strlen(value);
	const char *open = strrchr(value, '<');

	if (!mail_header_has_addresses(name))
		return mail_needs_encoding(value) ? mail_encode_words(arena, value, len, column)
						  : arena_strdup(arena, value);
	if (open == NULL || open == value || open[-1] != ' ' || value[len - 1] != '>')
		return arena_strdup(arena, value);
	len = (size_t)(open - value) - 1;
	if (!mail_needs_encoding(arena_dup(arena, value, len)))
		return arena_strdup(arena, value);
	return arena_printf(arena, "%s %s", mail_encode_words(arena, value, len, column), open);
}

enum err
mail_add_header(struct mail *m, const char *name, const char *value, struct fault *f)
{
	assert(*name != '\0' && strpbrk(name, ": \r\n") == NULL && mail_is_ascii(name));
	if (m->header_count == MAIL_HEADERS_MAX)
		return fault_set(
		    f, ERR_INVALID, "more than %d headers in a mail", MAIL_HEADERS_MAX);
	if (strlen(value) > MAIL_WORDS_MAX || !mail_can_be_folded(name, value))
		return fault_set(
		    f, ERR_INVALID, "the header %s is longer than %d bytes", name, MAIL_WORDS_MAX);
	if (!mail_is_clean(value))
		return fault_set(f, ERR_INVALID, "a control byte in the header %s", name);
	if (u8_check((const uint8_t *)value, strlen(value)) != NULL)
		return fault_set(f, ERR_INVALID, "the header %s is not UTF-8", name);
	m->headers[m->header_count++] = (struct mail_header){
		.name = arena_strdup(m->arena, name),
		.value = mail_encode(m->arena, name, value),
		.words = arena_strdup(m->arena, value),
	};
	return ERR_OK;
}

const char *
mail_header_of(const struct mail *m, const char *name)
{
	for (size_t i = 0; i < m->header_count; i++)
		if (strcasecmp(m->headers[i].name, name) == 0)
			return m->headers[i].words;
	return NULL;
}

/* ---- before it leaves ---- */

bool
mail_needs_utf8(const struct mail *m)
{
	if (!mail_is_ascii(m->from) || !mail_is_ascii(m->to))
		return true;
	for (size_t i = 0; i < m->header_count; i++)
		if (!mail_is_ascii(m->headers[i].value))
			return true;
	return false;
}

static enum err
mail_check_part(const char *text, const char *what, struct fault *f)
{
	size_t len = strlen(text);

	if (len > MAIL_PART_MAX)
		return fault_set(f, ERR_TOO_LARGE, "the %s of a mail has more than %d bytes", what,
		    MAIL_PART_MAX);
	if (u8_check((const uint8_t *)text, len) != NULL)
		return fault_set(f, ERR_INVALID, "the %s of a mail is not UTF-8", what);
	return ERR_OK;
}

static enum err
mail_check_headers(const struct mail *m, struct fault *f)
{
	bool utf8 = !mail_is_ascii(m->from) || !mail_is_ascii(m->to);

	for (size_t i = 0; i < m->header_count; i++) {
		const struct mail_header *h = &m->headers[i];

		if (!mail_is_clean(h->name) || strpbrk(h->name, ": ") != NULL)
			return fault_set(f, ERR_INVALID, "a header of a mail has no proper name");
		if (!mail_is_clean(h->value))
			return fault_set(
			    f, ERR_INVALID, "a control byte in the header %s", h->name);
		if (!utf8 && !mail_is_ascii(h->value))
			return fault_set(f, ERR_INVALID,
			    "the header %s is not ASCII, and the mail's addresses are", h->name);
	}
	return ERR_OK;
}

enum err
mail_check(const struct mail *m, struct fault *f)
{
	if (m->from == NULL || m->to == NULL || m->text == NULL)
		return fault_set(f, ERR_INVALID, "a mail without sender, recipient or text");
	if (!mail_address_is_safe(m->from, true))
		return fault_set(f, ERR_INVALID, "the sender's address cannot be mailed from");
	if (!mail_address_is_safe(m->to, true))
		return fault_set(f, ERR_INVALID, "the recipient's address cannot be mailed to");
	if (mail_check_headers(m, f) != ERR_OK || mail_check_part(m->text, "text", f) != ERR_OK)
		return f->code;
	return m->html != NULL ? mail_check_part(m->html, "HTML", f) : ERR_OK;
}
