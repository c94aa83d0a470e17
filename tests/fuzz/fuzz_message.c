/* Whatever people and templates put into a mail: what is taken becomes a message of exactly the
 * headers that were asked for, in lines that SMTP carries, and reads back as it was given. What is
 * not taken is refused before it leaves.
 *
 * The input is, separated by bytes 0xff: recipient, name, subject, text, HTML (absent: none). */
#include "fuzz.h"

#include <stdlib.h>
#include <sodium.h>

#include "base/secret.h"
#include "mail/mail.h"

enum { FIELDS = 5, LINE_MAX_BYTES = 998 };

struct text {
	const char *at, *end;
};

/* The next line without its CRLF; the message ends in one. */
static size_t
next_line(struct text *t, const char **line)
{
	const char *end = memchr(t->at, '\n', (size_t)(t->end - t->at));
	size_t len;

	assert(end != NULL && end > t->at && end[-1] == '\r');
	len = (size_t)(end - 1 - t->at);
	assert(len <= LINE_MAX_BYTES && memchr(t->at, '\r', len) == NULL);
	assert(memchr(t->at, '\0', len) == NULL);
	*line = t->at;
	t->at = end + 1;
	return len;
}

static void
skip_line(struct text *t, size_t expected)
{
	const char *line;
	size_t len = next_line(t, &line);

	assert(len == expected);
}

/* Encoded-words back to what they say; others as they stand. */
static void
decode_words(const char *value, size_t len, char *out)
{
	bool encoded = false;

	for (size_t i = 0; i < len;) {
		size_t word = 0, decoded;

		while (i + word < len && value[i + word] != ' ')
			word++;
		if (word > 12 && memcmp(value + i, "=?utf-8?B?", 10) == 0) {
			assert(word <= 75);
			if (encoded) /* the space between two of them means nothing */
				out--;
			assert(
			    sodium_base642bin((unsigned char *)out, word, value + i + 10, word - 12,
				NULL, &decoded, NULL, sodium_base64_VARIANT_ORIGINAL) == 0);
			out += decoded;
			encoded = true;
		} else {
			memcpy(out, value + i, word);
			out += word;
			encoded = false;
		}
		i += word;
		if (i < len)
			*out++ = value[i++];
	}
	*out = '\0';
}

static const char *
unfold(struct text *t, struct arena *arena, const char *name)
{
	const char *line, *value;
	size_t len = next_line(t, &line);

	assert(len > strlen(name) + 1 && memcmp(line, name, strlen(name)) == 0);
	assert(line[strlen(name)] == ':' && line[strlen(name) + 1] == ' ');
	value = arena_dup(arena, line + strlen(name) + 2, len - strlen(name) - 2);
	while (t->at < t->end && *t->at == ' ') {
		len = next_line(t, &line);
		assert(len > 1 && line[1] != ' ');
		value = arena_printf(arena, "%s%.*s", value, (int)len, line);
	}
	return value;
}

static void
check_header(struct text *t, struct arena *arena, const char *name, const char *words)
{
	const char *value = unfold(t, arena, name);
	char *decoded = arena_alloc(arena, strlen(value) + 1);

	decode_words(value, strlen(value), decoded);
	assert(strcmp(decoded, words) == 0);
}

/* A line of quoted-printable onto `out`; true: it goes on in the next. */
static bool
unquote(const char *line, size_t len, char **out)
{
	assert(len <= 76 && (len == 0 || (line[len - 1] != ' ' && line[len - 1] != '\t')));
	for (size_t i = 0; i < len; i++) {
		if (line[i] != '=') {
			*(*out)++ = line[i];
			continue;
		}
		if (i + 1 == len)
			return true;
		assert(i + 2 < len && fuzz_hex_byte(line + i + 1) >= 0);
		*(*out)++ = (char)fuzz_hex_byte(line + i + 1);
		i += 2;
	}
	return false;
}

/* The part up to the boundary is `text`, whose lines may end in either way. */
static void
check_part(
    struct text *t, struct arena *arena, const char *type, const char *boundary, const char *text)
{
	const char *kind = unfold(t, arena, "Content-Type"), *how, *line;
	char *decoded = arena_alloc(arena, (size_t)(t->end - t->at)), *out = decoded;
	char *plain = arena_alloc(arena, strlen(text) + 1), *to = plain;
	bool quoted;
	size_t len;

	assert(strcmp(kind, arena_printf(arena, "%s; charset=utf-8", type)) == 0);
	how = unfold(t, arena, "Content-Transfer-Encoding");
	quoted = strcmp(how, "quoted-printable") == 0;
	assert(quoted || strcmp(how, "7bit") == 0);
	skip_line(t, 0);
	while (len = next_line(t, &line),
	    len < strlen(boundary) || memcmp(line, boundary, strlen(boundary)) != 0) {
		if (quoted && unquote(line, len, &out))
			continue;
		if (!quoted) {
			memcpy(out, line, len);
			out += len;
		}
		*out++ = '\n';
	}
	assert(out > decoded); /* the last line end belongs to the boundary */
	out[-1] = '\0';
	for (; *text != '\0'; text++)
		if (*text != '\r' || text[1] != '\n')
			*to++ = *text;
	assert(strcmp(decoded, plain) == 0);
}

static void
check_message(const struct mail *m, const struct secret *message, struct arena *arena)
{
	struct text t = { secret_bytes(message), secret_bytes(message) + secret_len(message) };
	const char *type, *boundary;

	for (size_t i = 0; i < m->header_count; i++)
		check_header(&t, arena, m->headers[i].name, m->headers[i].words);
	check_header(&t, arena, "MIME-Version", "1.0");
	if (m->html == NULL)
		return;
	type = unfold(&t, arena, "Content-Type");
	assert(strncmp(type, "multipart/alternative; boundary=\"", 33) == 0);
	boundary = arena_printf(arena, "--%.*s", (int)strcspn(type + 33, "\""), type + 33);
	skip_line(&t, 0);
	skip_line(&t, strlen(boundary));
	check_part(&t, arena, "text/plain", boundary, m->text);
	check_part(&t, arena, "text/html", boundary, m->html);
	assert(t.at == t.end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *fields[FIELDS] = { "", "", "", "", NULL };
	struct arena *arena = arena_new(0);
	struct mail *m = mail_new();
	struct secret *message;
	struct fault f;

	if (len < (size_t)MAIL_PART_MAX * 2)
		fuzz_split(data, len, (char)0xff, arena, fields, FIELDS);
	m->from = "usherd@example.org";
	m->to = arena_strdup(m->arena, fields[0]);
	m->text = arena_strdup(m->arena, fields[3]);
	m->html = arena_strdup(m->arena, fields[4]);
	mail_add_header(m, "From", m->from, &f);
	mail_add_header(m, "To", mail_mailbox(m->arena, fields[1], "ada@example.org"), &f);
	mail_add_header(m, "Subject", fields[2], &f);
	message = mail_text(m, &f);
	assert((message != NULL) == (mail_check(m, &f) == ERR_OK));
	if (message != NULL) {
		assert(mail_address_is_safe(m->to, true));
		assert(strpbrk(m->to, "\r\n <>,;\"") == NULL);
		check_message(m, message, arena);
	}
	secret_free(message);
	mail_free(m);
	arena_free(arena);
	return 0;
}
