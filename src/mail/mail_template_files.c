/* The files of templates: those that are part of the program, and those of a folder in front of
 * them. A file that no mail would ever be made of is an error, because whoever wrote it believes
 * otherwise. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistr.h>

#include "base/mem.h"
#include "mail/compose_private.h"

enum { TAG_MAX = 35, FILES_MAX = 512 /* of one folder, and in all */ };

struct mail_file_reader {
	struct mail_file_set *set;
	struct arena *arena;
	struct mail_template_errors *errors;
};

void
mail_template_errors_add(struct mail_template_errors *errors, const char *fmt, ...)
{
	char text[FAULT_TEXT_MAX];
	struct fault *f;
	va_list ap;

	if (errors->count == MAIL_ERRORS_MAX)
		return;
	f = &errors->items[errors->count];
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fault_set(f, ERR_INVALID, "%s", text);
	/* What is wrong with an included file is found by each that includes it. */
	for (size_t i = 0; i < errors->count; i++)
		if (strcmp(errors->items[i].text, f->text) == 0)
			return;
	errors->count++;
}

static void
mail_file_set_add(
    struct mail_file_reader *r, const char *name, const char *path, const char *text, size_t len)
{
	struct mail_file_set *set = r->set;

	set->files[set->count] = (struct embed_file){ .name = name, .text = text, .len = len };
	set->paths[set->count++] = path;
}

static size_t
mail_file_line(const char *text, const char *at)
{
	size_t line = 1;

	for (; text < at; text++)
		if (*text == '\n')
			line++;
	return line;
}

/* The first byte that has no place in a template, or NULL. */
static const char *
mail_file_find_bad(const char *text, size_t len)
{
	const char *bad = (const char *)u8_check((const uint8_t *)text, len);

	for (size_t i = 0; i < len && text + i != bad; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') ||
		    text[i] == 0x7f)
			return text + i;
	return bad;
}

/* Without the byte order mark and the carriage returns that some editors write. */
static size_t
mail_file_plain(char *text, size_t len)
{
	size_t from = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, to = 0;

	for (; from < len; from++)
		if (text[from] != '\r' || from + 1 == len || text[from + 1] != '\n')
			text[to++] = text[from];
	text[to] = '\0';
	return to;
}

/* At most `max` bytes; -1: errno says why not. */
static ssize_t
mail_file_slurp(const char *path, char *out, size_t max)
{
	FILE *file = fopen(path, "re");
	size_t len;
	int failed;

	if (file == NULL)
		return -1;
	len = fread(out, 1, max, file);
	failed = ferror(file) ? errno : 0;
	fclose(file);
	errno = failed;
	return failed != 0 ? -1 : (ssize_t)len;
}

static void
mail_file_read(struct mail_file_reader *r, const char *name, const char *path)
{
	char *text = mem_alloc(MAIL_PART_MAX + 2);
	ssize_t len = mail_file_slurp(path, text, MAIL_PART_MAX + 1);
	const char *bad;

	if (len < 0)
		mail_template_errors_add(r->errors, "%s:1: %s", path, strerror(errno));
	else if (len > MAIL_PART_MAX)
		mail_template_errors_add(
		    r->errors, "%s:1: longer than %d bytes", path, MAIL_PART_MAX);
	else {
		len = (ssize_t)mail_file_plain(text, (size_t)len);
		bad = mail_file_find_bad(text, (size_t)len);
		if (bad != NULL)
			mail_template_errors_add(r->errors,
			    "%s:%zu: a control character, or a byte that is not UTF-8", path,
			    mail_file_line(text, bad));
		else
			mail_file_set_add(
			    r, name, path, arena_dup(r->arena, text, (size_t)len), (size_t)len);
	}
	free(text);
}

/* ---- names ---- */

static bool
mail_file_is_frame(const char *name)
{
	return strcmp(name, "head.html") == 0 || strcmp(name, "foot.html") == 0;
}

static bool
mail_file_is_of_kind(const char *name)
{
	size_t len = strcspn(name, ".");

	return mail_kind_by_name(name, len) != MAIL_KIND_COUNT &&
	       (strcmp(name + len, ".txt") == 0 || strcmp(name + len, ".html") == 0);
}

/* Shaped as a language tag of BCP 47, as far as mails have use for one. */
static bool
mail_tag_is_valid(const char *tag)
{
	size_t len = 0, subtags = 0;

	if (strlen(tag) > TAG_MAX)
		return false;
	for (;; tag++) {
		bool letter = (*tag | 0x20) >= 'a' && (*tag | 0x20) <= 'z';

		if (letter || (subtags > 0 && *tag >= '0' && *tag <= '9')) {
			len++;
			continue;
		}
		if (len < (subtags == 0 ? 2 : 1) || len > 8 || (*tag != '-' && *tag != '\0'))
			return false;
		if (*tag == '\0')
			return true;
		len = 0;
		subtags++;
	}
}

/* As tags are usually written: "de", "zh-Hant", "pt-BR" (RFC 5646 section 2.1.1). */
static char *
mail_tag_usual(struct arena *arena, const char *tag)
{
	char *usual = arena_strdup(arena, tag);

	for (char *at = usual; *at != '\0';) {
		size_t len = strcspn(at, "-");

		for (size_t i = 0; i < len; i++) {
			bool capital = at != usual && (len == 2 || (len == 4 && i == 0));

			if ((at[i] | 0x20) >= 'a' && (at[i] | 0x20) <= 'z')
				at[i] = (char)(capital ? at[i] & ~0x20 : at[i] | 0x20);
		}
		at += len + (at[len] == '-');
	}
	return usual;
}

/* ---- folders ---- */

/* Hidden files are an editor's, or how a mounted volume is made of links. */
static int
mail_file_is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
mail_folder_file(struct mail_file_reader *r, const char *tag, const char *name, const char *path)
{
	if (tag == NULL && mail_file_is_frame(name))
		mail_file_read(r, arena_strdup(r->arena, name), path);
	else if (tag != NULL && (mail_file_is_frame(name) || mail_file_is_of_kind(name)))
		mail_file_read(r, arena_printf(r->arena, "%s/%s", tag, name), path);
	else if (tag != NULL)
		mail_template_errors_add(r->errors,
		    "%s:1: no mail is made of this file: it must be called invitation, reminder, "
		    "welcome, completed or undeliverable, with .txt or .html, or head.html or "
		    "foot.html",
		    path);
	else
		mail_template_errors_add(r->errors,
		    "%s:1: no mail is made of this file: templates are in a folder named by "
		    "their language, beside it only head.html and foot.html",
		    path);
}

static void mail_folder_read(struct mail_file_reader *r, const char *folder, const char *tag);

static void
mail_folder_entry(struct mail_file_reader *r, const char *folder, const char *tag, const char *name)
{
	const char *path = arena_printf(r->arena, "%s/%s", folder, name);
	struct stat st;

	if (stat(path, &st) != 0)
		mail_template_errors_add(r->errors, "%s:1: %s", path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		mail_folder_file(r, tag, name, path);
	else if (tag == NULL && mail_tag_is_valid(name))
		mail_folder_read(r, path, mail_tag_usual(r->arena, name));
	else
		mail_template_errors_add(
		    r->errors, "%s:1: this folder is not named by a language", path);
}

/* `tag` NULL: the folder of all. */
static void
mail_folder_read(struct mail_file_reader *r, const char *folder, const char *tag)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, mail_file_is_visible, alphasort);

	if (count < 0) {
		mail_template_errors_add(r->errors, "%s:1: %s", folder, strerror(errno));
		return;
	}
	if (r->set->count + (size_t)count > FILES_MAX)
		mail_template_errors_add(r->errors, "%s:1: too many files", folder);
	for (int i = 0; i < count; i++) {
		if (r->set->count + (size_t)count <= FILES_MAX)
			mail_folder_entry(r, folder, tag, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

void
mail_file_set_load(struct mail_file_set *out, const char *folder, struct arena *arena,
    struct mail_template_errors *errors)
{
	struct mail_file_reader r = { out, arena, errors };
	size_t max = FILES_MAX + mail_file_count;

	*out = (struct mail_file_set){ .files = arena_alloc(arena, max * sizeof(*out->files)),
		.paths = arena_alloc(arena, max * sizeof(*out->paths)) };
	if (folder != NULL)
		mail_folder_read(&r, folder, NULL);
	for (size_t i = 0; i < mail_file_count; i++)
		mail_file_set_add(
		    &r, mail_files[i].name, NULL, mail_files[i].text, mail_files[i].len);
}
