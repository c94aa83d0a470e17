#include "conf/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <ini.h>

#include "base/mem.h"
#include "conf/conf_private.h"

enum {
	CONF_LINE_MAX = 4096,
	CONF_VALUE_MAX = CONF_LINE_MAX - 64, /* a dump's line, "name = value", fits as well */
	INI_OUT_OF_MEMORY = -2
};

/* What libinih's callbacks need: it counts lines only for itself, so the reader counts them here.
 */
struct conf_reading {
	struct conf *conf;
	struct conf_errors *errors;
	FILE *file;
	int line;
	int header;	     /* the line of the last [section] */
	int unknown_section; /* the last header that was complained about */
	int *lines;	     /* one for each key, 0: not seen yet */
	struct conf_role_reading role;
};

static __attribute__((format(printf, 4, 0))) void
conf_add_error(struct conf_errors *errors, const char *path, int line, const char *fmt, va_list ap)
{
	struct fault *f;
	char text[FAULT_TEXT_MAX];

	if (errors->count == CONF_ERRORS_MAX)
		return;
	f = &errors->items[errors->count++];
	vsnprintf(text, sizeof(text), fmt, ap);
	if (line > 0)
		fault_set(f, ERR_INVALID, "%s:%d: %s", path, line, text);
	else
		fault_set(f, ERR_INVALID, "%s: %s", path, text);
}

void
conf_error(struct conf_errors *errors, const char *path, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_add_error(errors, path, line, fmt, ap);
	va_end(ap);
}

void
conf_complain_role(struct conf_errors *errors, const struct conf *c, const struct conf_role *role,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_add_error(errors, c->path, role->line, fmt, ap);
	va_end(ap);
}

static const struct conf_key *
conf_find(const struct conf_key *keys, size_t count, const char *section, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

void
conf_complain(struct conf_errors *errors, const struct conf *c, const char *section,
    const char *name, const char *fmt, ...)
{
	const struct conf_key *key = conf_find(conf_keys, conf_key_count, section, name);
	va_list ap;

	assert(key != NULL);
	va_start(ap, fmt);
	conf_add_error(errors, c->path, c->lines[key - conf_keys], fmt, ap);
	va_end(ap);
}

/* The number of single edits between two names (Levenshtein), for the nearest known one. */
static size_t
conf_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[64];

	if (la >= 64 || lb >= 64)
		return 64;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

static bool
conf_section_exists(const char *section)
{
	for (size_t i = 0; i < conf_key_count; i++)
		if (strcmp(conf_keys[i].section, section) == 0)
			return true;
	return false;
}

static const char *
conf_nearest(const struct conf_key *keys, size_t count, const char *section, const char *name)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t d, la = strlen(keys[i].name), lb = strlen(name);

		/* As many edits at least as the lengths differ. */
		if (strcmp(keys[i].section, section) != 0 || (la > lb ? la - lb : lb - la) >= best)
			continue;
		d = conf_distance(keys[i].name, name);
		if (d < best) {
			best = d;
			nearest = keys[i].name;
		}
	}
	return nearest;
}

/* A line that begins a section ends that of a role, and may begin another. */
static void
conf_on_header(struct conf_reading *r, const char *line)
{
	const char *section = line + strspn(line, " \t") + 1;
	const char *end = strchr(section, ']');
	const size_t len = strlen(CONF_ROLE_SECTION);

	r->header = r->line;
	conf_role_end(&r->role, r->conf, r->errors);
	if (end != NULL && strncmp(section, CONF_ROLE_SECTION, len) == 0)
		conf_role_begin(&r->role,
		    arena_dup(r->conf->arena, section + len, (size_t)(end - section) - len),
		    r->line);
}

/* What editors of some systems begin a file with says nothing, and must not hide a header. */
static void
conf_skip_bom(char *line, size_t len)
{
	static const char bom[] = "\xef\xbb\xbf";
	const size_t size = sizeof(bom) - 1;

	if (strncmp(line, bom, size) == 0)
		memmove(line, line + size, len - size + 1);
}

/* A line that cannot be taken is an error, and an empty one to libinih. */
static char *
conf_read_line(char *out, int size, void *arg)
{
	struct conf_reading *r = arg;
	const size_t most = (size_t)size - 2; /* the line's end and the zero byte */
	bool has_zero = false;
	size_t len = 0;
	int c = EOF;

	while (c != '\n' && (c = getc(r->file)) != EOF) {
		has_zero = has_zero || c == '\0';
		if (len <= most)
			out[len] = (char)c;
		len++;
	}
	if (len == 0)
		return NULL;
	r->line++;
	if (len - (c == '\n') > most)
		conf_error(
		    r->errors, r->conf->path, r->line, "the line is longer than %zu bytes", most);
	else if (has_zero)
		conf_error(r->errors, r->conf->path, r->line, "the line has a zero byte");
	else {
		out[len] = '\0';
		if (r->line == 1)
			conf_skip_bom(out, len);
		if (out[strspn(out, " \t")] == '[')
			conf_on_header(r, out);
		return out;
	}
	out[0] = '\0';
	return out;
}

/* What values of a section are for: the keys of that name in a table, their places in `base`, and
 * the lines that set them. */
struct conf_target {
	const struct conf_key *keys;
	size_t count;
	const char *section;
	void *base;
	int *lines;
};

/* `title` is the section as it stands in the file. */
static void
conf_take_value(struct conf_reading *r, const struct conf_target *t, const char *title,
    const char *name, const char *value)
{
	const struct conf_key *key = conf_find(t->keys, t->count, t->section, name);
	struct fault f;

	if (key == NULL) {
		conf_error(r->errors, r->conf->path, r->line,
		    "unknown key \"%s\" in [%s]; did you mean \"%s\"?", name, title,
		    conf_nearest(t->keys, t->count, t->section, name));
		return;
	}
	if (t->lines[key - t->keys] > 0)
		conf_error(
		    r->errors, r->conf->path, r->line, "\"%s\" is set twice in [%s]", name, title);
	else if (strlen(value) > CONF_VALUE_MAX)
		conf_error(r->errors, r->conf->path, r->line, "%s: longer than %d bytes", name,
		    CONF_VALUE_MAX);
	else if (conf_set(r->conf->arena, t->base, key, value, &f) != ERR_OK)
		conf_error(r->errors, r->conf->path, r->line, "%s: \"%s\" %s", name, value, f.text);
	t->lines[key - t->keys] = r->line;
}

static int
conf_on_value(void *arg, const char *section, const char *name, const char *value)
{
	struct conf_reading *r = arg;
	const struct conf_target role = { conf_role_keys, CONF_ROLE_KEYS, "role", &r->role,
		r->role.lines };
	const struct conf_target other = { conf_keys, conf_key_count, section, r->conf, r->lines };

	if (r->role.open) {
		conf_take_value(r, &role, section, name, value);
		conf_role_took(&r->role, r->conf, r->line, r->errors);
	} else if (conf_section_exists(section))
		conf_take_value(r, &other, section, name, value);
	else {
		if (r->unknown_section != r->header)
			conf_error(
			    r->errors, r->conf->path, r->header, "unknown section [%s]", section);
		r->unknown_section = r->header;
	}
	return 1;
}

/* Debian's libinih reads its limits from these variables: long lines for DNs, a value ends with its
 * line, and a ';' inside a value is part of it. */
static void
conf_set_up_ini(void)
{
	ini_use_stack = false;
	ini_max_line = CONF_LINE_MAX;
	ini_initial_alloc = CONF_LINE_MAX;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
}

static void
conf_set_standards(struct conf *c)
{
	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *key = &conf_keys[i];
		struct fault f = { .text = "" };

		if (key->standard != NULL && strcmp(key->standard, "!") != 0 &&
		    conf_set(c->arena, c, key, key->standard, &f) != ERR_OK)
			abort(); /* the table contradicts itself */
	}
}

struct conf *
conf_load(const char *path, struct conf_errors *errors)
{
	struct conf_reading r = { .errors = errors, .unknown_section = -1 };
	struct conf *c = mem_alloc(sizeof(*c));
	int bad;

	errors->count = 0;
	c->arena = arena_new(0);
	c->path = arena_strdup(c->arena, path);
	c->lines = r.lines = arena_alloc(c->arena, conf_key_count * sizeof(*r.lines));
	conf_set_standards(c);
	r.conf = c;
	r.file = fopen(path, "re");
	if (r.file == NULL) {
		conf_error(errors, path, 0, "cannot be read: %s", strerror(errno));
		goto out;
	}
	conf_set_up_ini();
	bad = ini_parse_stream(conf_read_line, &r, conf_on_value, &r);
	if (bad == INI_OUT_OF_MEMORY)
		mem_exhausted();
	if (bad > 0)
		conf_error(errors, path, bad, "neither a [section] nor \"key = value\"");
	if (ferror(r.file))
		conf_error(errors, path, r.line, "cannot be read beyond this line");
	fclose(r.file);
	conf_role_end(&r.role, c, errors);
	for (size_t i = 0; i < conf_key_count; i++)
		if (r.lines[i] == 0 && conf_keys[i].standard != NULL &&
		    strcmp(conf_keys[i].standard, "!") == 0)
			conf_error(errors, path, 0, "\"%s\" in [%s] must be set", conf_keys[i].name,
			    conf_keys[i].section);
	if (errors->count == 0)
		conf_check(c, errors);
out:
	if (errors->count == 0)
		return c;
	conf_free(c);
	return NULL;
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	secret_free(c->bind_password);
	secret_free(c->mail_password);
	arena_free(c->arena);
	free(c);
}

void
conf_dump(const struct conf *c, FILE *out)
{
	struct arena *arena = arena_new(0);
	const char *section = "";

	for (size_t i = 0; i < conf_key_count; i++) {
		const char *value = conf_value_text(c, &conf_keys[i], arena);

		if (strcmp(section, conf_keys[i].section) != 0) {
			section = conf_keys[i].section;
			fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", section);
		}
		/* Nothing where something is the standard was asked for. */
		fprintf(out, "%s%s = %s\n",
		    *value == '\0' && conf_keys[i].standard == NULL ? "# " : "", conf_keys[i].name,
		    value);
	}
	for (size_t i = 0; i < c->role_count; i++)
		fprintf(out, "\n%s", conf_role_text(&c->roles[i], arena));
	arena_free(arena);
}

/* One that is new or gone changed its key, which is told by itself. */
static bool
conf_secret_differs(const struct secret *a, const struct secret *b)
{
	return a != NULL && b != NULL && !secret_equal(a, b);
}

void
conf_restart_keys(const struct conf *running, const struct conf *fresh,
    void (*changed)(void *arg, const char *key), void *arg)
{
	struct arena *arena = arena_new(0);

	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (key->live)
			continue;
		if (strcmp(conf_value_text(running, key, arena),
			conf_value_text(fresh, key, arena)) != 0)
			changed(arg, arena_printf(arena, "%s.%s", key->section, key->name));
	}
	conf_role_differences(running, fresh, arena, changed, arg);
	if (conf_secret_differs(running->bind_password, fresh->bind_password))
		changed(arg, "directory.bind_password_file (its content)");
	if (conf_secret_differs(running->mail_password, fresh->mail_password))
		changed(arg, "mail.password_file (its content)");
	arena_free(arena);
}
