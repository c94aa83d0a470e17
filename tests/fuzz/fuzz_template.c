/* A template that is taken writes no value unescaped. Hostile values are put into every name; in
 * what is rendered, each of them is spelled in references, and stands where a browser sees text or
 * a quoted attribute: never in a tag, a comment, a script, an attribute that is code; and none that
 * names a scheme of its own stands where an address may begin with one.
 *
 * The input is up to three files, each ended by a form feed; the first is rendered. They may
 * include each other as a, b and c, and the pages that usherd carries. */
/* With: fuzz/html.c */
#include "fuzz.h"

#include <stdlib.h>

#include "html.h"
#include "web/web_private.h"

/* No template may hold a tilde, so that every MARK that comes out was a value. */
#define MARK	"K~7"
#define HOSTILE "javascript:" MARK "<'\">&" MARK "//"
#define WRITTEN MARK "&lt;&#39;&#34;&gt;&amp;" MARK "//"

enum { INPUT_MAX = 16384, OUTPUT_MAX = 1 << 18, FILES_MAX = 3, ROUNDS = 3 };

static const char *const lists[] = { "errors", "fields", "options", "summary", NULL };

static bool
is_list(const char *name)
{
	for (size_t i = 0; lists[i] != NULL; i++)
		if (strcmp(lists[i], name) == 0)
			return true;
	return false;
}

/* All names, none, and every other: what stands in a section is there and is not. */
static struct template_model *
model_of(int round, const char *const *names, struct arena *arena)
{
	struct template_model *m = template_model_new(arena), *item;

	for (size_t i = 0; names[i] != NULL; i++) {
		const char *name = names[i];

		if (round == 2 || (round == 1 && i % 2 == 0))
			continue;
		if (is_list(name)) {
			item = template_model_add_item(m, name);
			template_model_set_text(item, "value", HOSTILE);
			template_model_set_flag(template_model_add_item(m, name), "selected", true);
		} else if (strncmp(name, "is_", 3) == 0)
			template_model_set_flag(m, name, true);
		else
			template_model_set_text(m, name, HOSTILE);
	}
	return m;
}

struct search {
	const char *end;
};

static bool
is_address(const char *attribute)
{
	return strcmp(attribute, "href") == 0 || strcmp(attribute, "src") == 0 ||
	       strcmp(attribute, "action") == 0;
}

/* Could it be the scheme, or the end of it, that comes next in an address? */
static bool
may_be_scheme(const char *value, const char *at)
{
	while (value < at && strchr(":/?#", *value) == NULL)
		value++;
	return value == at;
}

/* At each byte; those where a value of ours begins count. */
static void
check_byte(void *arg, const char *at, const struct html_at *where)
{
	static const char scheme[] = "javascript:" MARK;
	const struct search *s = arg;
	size_t left = (size_t)(s->end - at);

	if (left >= sizeof(scheme) - 1 && memcmp(at, scheme, sizeof(scheme) - 1) == 0) {
		assert(where->place == HTML_TEXT || where->place == HTML_QUOTED);
		if (where->place == HTML_QUOTED) {
			assert(strncmp(where->attribute, "on", 2) != 0);
			assert(strcmp(where->attribute, "style") != 0);
			assert(!is_address(where->attribute) || !may_be_scheme(where->value, at));
		}
	}
}

static void
check_output(const struct buf *out)
{
	struct search s = { .end = out->data + out->len };

	for (const char *at = out->data; (at = strstr(at, MARK)) != NULL; at += sizeof(WRITTEN) - 1)
		assert(strncmp(at, WRITTEN, sizeof(WRITTEN) - 1) == 0);
	html_read(out->data, out->len, check_byte, &s);
}

static size_t
read_files(const char *text, size_t len, struct embed_file *files)
{
	static const char *const names[FILES_MAX] = { "a.html", "b.html", "c.html" };
	size_t count = 0;

	while (count < FILES_MAX) {
		const char *to = memchr(text, '\f', len);
		size_t size = to != NULL ? (size_t)(to - text) : len;

		files[count] = (struct embed_file){ names[count], text, size };
		count++;
		if (to == NULL)
			break;
		text += size + 1;
		len -= size + 1;
	}
	memcpy(files + count, web_files, web_file_count * sizeof(*files));
	return count + web_file_count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct embed_file files[FILES_MAX + 16];
	struct template_source source = { .files = files, .has_scripts = true };
	struct template *t = NULL;
	struct arena *arena;
	struct fault f;
	struct buf out;

	assert(web_file_count <= 16);
	if (len == 0 || len > INPUT_MAX || memchr(data, '~', len) != NULL ||
	    memchr(data, '\0', len) != NULL)
		return -1;
	arena = arena_new(0);
	source.names = web_page_names(arena);
	source.file_count = read_files((const char *)data, len, files);
	if (template_parse(&t, &source, "a", &f) != ERR_OK) {
		assert(t == NULL && f.code == ERR_INVALID && strstr(f.text, ": ") != NULL);
		arena_free(arena);
		return 0;
	}
	buf_init(&out, OUTPUT_MAX);
	for (int round = 0; round < ROUNDS; round++) {
		buf_reset(&out);
		template_render(t, model_of(round, source.names, arena), &out);
		if (!buf_failed(&out) && out.len > 0)
			check_output(&out);
	}
	buf_release(&out);
	arena_free(arena);
	template_free(t);
	return 0;
}
