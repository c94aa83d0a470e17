/* What the guard lets through can be read in one way only: the verdict is the same however the
 * bytes were cut; a plain reader that splits at line ends finds, in each message that passed, a
 * known method, one Host, a body of exactly the announced length and nothing that a lenient parser
 * could take for a line, a field or a length of its own; and a target that is then taken is a clean
 * path.
 *
 * The first byte says how large the pieces are. */
#include "fuzz.h"

#include <stdlib.h>
#include <strings.h>

#include "http/http_guard.h"
#include "http/http_private.h"

enum { HEADER_BYTES = 512, HEADER_FIELDS = 8, BODY_BYTES = 64, MESSAGES_MAX = 64 };

struct outcome {
	enum http_guard_phase phase;
	int status;
	const char *detail;
	size_t count, ends[MESSAGES_MAX]; /* of the messages, in bytes of the stream */
};

static void
feed(const uint8_t *data, size_t len, size_t piece, struct outcome *o)
{
	const struct http_guard_limits limits = { HEADER_BYTES, HEADER_FIELDS, BODY_BYTES };
	struct http_guard g;
	size_t at = 0;

	memset(o, 0, sizeof(*o));
	http_guard_init(&g, &limits);
	while (at < len && o->count < MESSAGES_MAX) {
		size_t end = len - at < piece ? len - at : piece;
		enum http_guard_verdict verdict;
		size_t used = http_guard_feed(&g, data + at, end, &verdict);

		assert((verdict == HTTP_GUARD_REFUSED) == (g.phase == HTTP_GUARD_OVER));
		if (verdict == HTTP_GUARD_REFUSED)
			break;
		assert(used > 0 && used <= end);
		assert(verdict == HTTP_GUARD_MESSAGE || used == end);
		at += used;
		if (verdict == HTTP_GUARD_MESSAGE)
			o->ends[o->count++] = at;
	}
	o->phase = g.phase;
	if (g.phase == HTTP_GUARD_OVER) {
		o->status = g.status;
		o->detail = g.detail;
	}
}

/* The request line up to its CR LF: METHOD SP TARGET SP VERSION. The target is read as well. */
static void
check_request_line(const char *line, size_t len, struct arena *arena)
{
	static const char *const methods[] = { "GET", "POST", "HEAD", "PUT", "PATCH", "DELETE",
		"OPTIONS" };
	char *copy = arena_dup(arena, line, len), *target = strchr(copy, ' '), *version;
	struct http_request r = { .path = NULL };
	struct fault f;
	size_t known = 0;

	assert(target != NULL);
	*target++ = '\0';
	version = strchr(target, ' ');
	assert(version != NULL && version + 9 == copy + len);
	*version++ = '\0';
	while (known < 7 && strcmp(methods[known], copy) != 0)
		known++;
	assert(known < 7 && target[0] == '/' && target[1] != '/');
	assert(strcmp(version, "HTTP/1.0") == 0 || strcmp(version, "HTTP/1.1") == 0);
	if (http_parse_target(&r, arena, target, &f) != ERR_OK) {
		assert(f.code == ERR_INVALID && f.text[0] != '\0');
		return;
	}
	assert(r.path[0] == '/');
	for (const char *p = r.path; *p != '\0'; p++) {
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
		if (*p == '/') {
			size_t segment = strcspn(p + 1, "/");

			assert(segment == 0 || segment > 2 || strspn(p + 1, ".") < segment);
		}
	}
}

/* One field line without its CR LF; its name and value are told apart by the first colon. */
static void
check_field(const char *line, size_t len, size_t *hosts, size_t *lengths, unsigned long *length)
{
	const char *colon = memchr(line, ':', len), *value = colon + 1;
	size_t name_len = colon != NULL ? (size_t)(colon - line) : 0, rest = len - name_len - 1;
	char *end;

	assert(colon != NULL && name_len > 0);
	for (size_t i = 0; i < name_len; i++)
		assert(line[i] > ' ' && line[i] < 0x7f &&
		       strchr("\"(),/;<=>?@[\\]{}", line[i]) == NULL);
	for (size_t i = 0; i < rest; i++)
		assert((unsigned char)value[i] >= ' ' && value[i] != 0x7f);
	assert(name_len != 17 || strncasecmp(line, "transfer-encoding", 17) != 0);
	if (name_len == 4 && strncasecmp(line, "host", 4) == 0) {
		(*hosts)++;
		assert(rest > strspn(value, " "));
		assert(memchr(value, ',', rest) == NULL && memchr(value, '@', rest) == NULL);
	}
	if (name_len == 14 && strncasecmp(line, "content-length", 14) == 0) {
		size_t spaces = strspn(value, " "), digits = strspn(value + spaces, "0123456789");

		(*lengths)++;
		assert(
		    digits > 0 && spaces + digits + strspn(value + spaces + digits, " ") == rest);
		*length = strtoul(value + spaces, &end, 10);
	}
}

static void
check_message(const char *text, size_t len, struct arena *arena)
{
	const char *at = text, *to;
	size_t hosts = 0, lengths = 0, fields = 0;
	unsigned long length = 0;

	for (;; at = to + 2) {
		to = memchr(at, '\r', len - (size_t)(at - text));
		assert(to != NULL && to + 2 <= text + len && to[1] == '\n');
		assert(memchr(at, '\n', (size_t)(to - at)) == NULL);
		assert(memchr(at, '\0', (size_t)(to - at)) == NULL);
		if (at == text)
			check_request_line(at, (size_t)(to - at), arena);
		else if (to == at)
			break;
		else if (++fields <= HEADER_FIELDS)
			check_field(at, (size_t)(to - at), &hosts, &lengths, &length);
	}
	at = to + 2;
	assert(fields <= HEADER_FIELDS && (size_t)(at - text) <= HEADER_BYTES);
	assert(hosts == 1 && lengths <= 1);
	assert(length == len - (size_t)(at - text) && length <= BODY_BYTES);
	assert(length == 0 || strncmp(text, "HEAD ", 5) != 0);
	assert(lengths == 1 || text[0] != 'P');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct outcome whole, cut;
	struct arena *arena;
	size_t begin = 0;

	if (len == 0)
		return -1;
	feed(data + 1, len - 1, len, &whole);
	feed(data + 1, len - 1, 1 + data[0] % 16u, &cut);
	assert(whole.phase == cut.phase && whole.status == cut.status);
	assert(whole.detail == cut.detail && whole.count == cut.count);
	arena = arena_new(0);
	for (size_t i = 0; i < whole.count; i++) {
		size_t size = whole.ends[i] - begin;

		assert(whole.ends[i] == cut.ends[i]);
		check_message(arena_dup(arena, data + 1 + begin, size), size, arena);
		begin = whole.ends[i];
	}
	arena_free(arena);
	return 0;
}
