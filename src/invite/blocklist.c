#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "invite/password_private.h"

enum { BLOCKLIST_LINE_MAX = 256, BLOCKLIST_LINES_MAX = 1000000 };

/* Room for the longest file allowed; a list of a million usual words takes some 50 MB. */
#define BLOCKLIST_ARENA_MAX ((size_t)4 << 30)

struct blocklist {
	struct arena *arena;
	const char **words; /* folded, sorted, each once */
	size_t count, room;
};

struct blocklist_word {
	const uint8_t *bytes;
	size_t len;
};

static int
blocklist_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
blocklist_compare_key(const void *key, const void *element)
{
	const struct blocklist_word *k = key;
	const char *word = *(const char *const *)element;
	int order = strncmp((const char *)k->bytes, word, k->len);

	return order != 0 ? order : -(word[k->len] != '\0');
}

bool
blocklist_has(const struct blocklist *b, const uint8_t *word, size_t len)
{
	const struct blocklist_word key = { word, len };

	return b->count > 0 && bsearch(&key, b->words, b->count, sizeof(b->words[0]),
				   blocklist_compare_key) != NULL;
}

static bool
blocklist_add(struct blocklist *b, const char *word, size_t len)
{
	struct password_folded folded;

	if (!password_fold(word, len, &folded))
		return false;
	if (b->count == b->room) {
		b->room = b->room > 0 ? 2 * b->room : 1024;
		b->words = mem_resize(b->words, b->room, sizeof(b->words[0]));
	}
	b->words[b->count++] = arena_dup(b->arena, folded.bytes, folded.len);
	return true;
}

/* One line without its end; ERR_OK also for a comment or an empty one. */
static enum err
blocklist_read_line(
    struct blocklist *b, char *line, bool last, const char *path, size_t number, struct fault *f)
{
	size_t len = strlen(line);

	/* fgets() stops at its room; a zero byte hides the line's end. */
	if (len > 0 && line[len - 1] == '\n')
		len--;
	else if (!last)
		return fault_set(f, ERR_MISCONFIGURED,
		    "%s:%zu: the line is longer than %d bytes or has a zero byte", path, number,
		    BLOCKLIST_LINE_MAX);
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len > BLOCKLIST_LINE_MAX)
		return fault_set(f, ERR_MISCONFIGURED, "%s:%zu: the line is longer than %d bytes",
		    path, number, BLOCKLIST_LINE_MAX);
	if (number > BLOCKLIST_LINES_MAX)
		return fault_set(f, ERR_MISCONFIGURED, "%s:%zu: more than %d lines", path, number,
		    BLOCKLIST_LINES_MAX);
	if (len == 0 || line[0] == '#')
		return ERR_OK;
	if (!blocklist_add(b, line, len))
		return fault_set(f, ERR_MISCONFIGURED, "%s:%zu: not UTF-8", path, number);
	return ERR_OK;
}

static enum err
blocklist_read(struct blocklist *b, FILE *file, const char *path, struct fault *f)
{
	char line[BLOCKLIST_LINE_MAX + sizeof("\r\n")];
	enum err code = ERR_OK;

	for (size_t number = 1; code == ERR_OK; number++) {
		if (fgets(line, sizeof(line), file) == NULL)
			break;
		code = blocklist_read_line(b, line, feof(file) != 0, path, number, f);
	}
	if (code == ERR_OK && ferror(file))
		code = fault_set(
		    f, ERR_MISCONFIGURED, "%s: cannot be read: %s", path, strerror(errno));
	return code;
}

static void
blocklist_sort(struct blocklist *b)
{
	size_t kept = 0;

	if (b->count == 0)
		return;
	qsort(b->words, b->count, sizeof(b->words[0]), blocklist_compare);
	for (size_t i = 1; i < b->count; i++)
		if (strcmp(b->words[kept], b->words[i]) != 0)
			b->words[++kept] = b->words[i];
	b->count = kept + 1;
}

enum err
blocklist_load(struct blocklist **out, const char *path, struct fault *f)
{
	struct blocklist *b = mem_alloc(sizeof(*b));
	enum err code = ERR_OK;
	FILE *file = NULL;

	b->arena = arena_new(BLOCKLIST_ARENA_MAX);
	if (path != NULL) {
		file = fopen(path, "re");
		if (file == NULL) {
			code = fault_set(f, ERR_MISCONFIGURED, "%s: cannot be opened: %s", path,
			    strerror(errno));
			goto out;
		}
		code = blocklist_read(b, file, path, f);
		if (code != ERR_OK)
			goto out;
		blocklist_sort(b);
	}
	*out = b;
	b = NULL;
out:
	if (file != NULL)
		fclose(file);
	blocklist_free(b);
	return code;
}

void
blocklist_free(struct blocklist *b)
{
	if (b == NULL)
		return;
	arena_free(b->arena);
	free(b->words);
	free(b);
}

size_t
blocklist_count(const struct blocklist *b)
{
	return b->count;
}
