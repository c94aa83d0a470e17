/* The shell: made once for each language, packed once, and named by its content. */
#include "web/console_private.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"

enum {
	SHELL_MAX = 256 * 1024,
	GZIP_BITS = 16 + MAX_WBITS, /* a gzip stream (RFC 1952), as inflateInit2() has it */
	GZIP_MEMORY = 8
};

/* As strict as the console works with: nothing inline, no other host, no worker, no form that is
 * sent by itself, and no text that becomes script. */
static const char shell_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; worker-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri "
    "'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static void
shell_pack(const struct console_page *plain, struct console_page *packed)
{
	z_stream z = { .next_in = (Bytef *)plain->bytes, .avail_in = (uInt)plain->len };
	size_t size;
	int code;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_BITS, GZIP_MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK)
		mem_exhausted();
	size = deflateBound(&z, plain->len);
	packed->bytes = mem_alloc(size);
	z.next_out = (Bytef *)packed->bytes;
	z.avail_out = (uInt)size;
	code = deflate(&z, Z_FINISH);
	assert(code == Z_STREAM_END); /* deflateBound() promised that it fits */
	packed->len = size - z.avail_out;
	packed->is_packed = true;
	packed->language = plain->language;
	deflateEnd(&z);
	http_make_etag(packed->bytes, packed->len, packed->tag);
}

static void
shell_render(const struct template *t, const struct template_model *m, struct console_page *page)
{
	struct buf b;

	buf_init(&b, SHELL_MAX);
	template_render(t, m, &b);
	assert(!buf_failed(&b));
	page->bytes = mem_alloc(b.len);
	memcpy(page->bytes, b.data, b.len);
	page->len = b.len;
	buf_release(&b);
	http_make_etag(page->bytes, page->len, page->tag);
}

/* The template is part of the program: one that does not parse is our own mistake. */
static void
shell_parse(struct template **out)
{
	static const char *const names[] = { "assets", "language", "organisation", NULL };
	const struct template_source source = { .files = console_files,
		.file_count = console_file_count,
		.names = names,
		.has_scripts = true };
	enum err code = template_parse(out, &source, "index", NULL);

	assert(code == ERR_OK);
	(void)code;
}

void
console_shell_make(struct console *c, const char *organisation)
{
	struct arena *arena = arena_new(0);
	struct template_model *m = template_model_new(arena);
	struct template *t;

	shell_parse(&t);
	template_model_set_text(m, "organisation", organisation);
	template_model_set_text(m, "assets", arena_printf(arena, "/assets/%s", c->version->text));
	for (size_t i = 0; i < WEB_LANGUAGES; i++) {
		template_model_set_text(m, "language", web_language_tags[i]);
		c->plain[i].language = web_language_tags[i];
		shell_render(t, m, &c->plain[i]);
		shell_pack(&c->plain[i], &c->packed[i]);
	}
	template_free(t);
	arena_free(arena);
}

/* ---- sending ---- */

/* The representation that is asked for, with the header fields of each. */
static const struct console_page *
shell_choose(struct http_exchange *x, const struct console *c)
{
	const struct http_request *r = http_request_of(x);
	size_t language = http_language(r, web_language_tags, WEB_LANGUAGES);

	if (language == WEB_LANGUAGES)
		language = c->language;
	web_add_headers(x, shell_policy);
	http_add_header(x, "Cache-Control", "no-cache");
	http_add_header(x, "Vary", "Accept-Encoding, Accept-Language");
	return http_accepts_gzip(r) ? &c->packed[language] : &c->plain[language];
}

static void
shell_send(struct http_exchange *x, const struct console_page *page, int status)
{
	http_add_header(x, "Content-Language", page->language);
	if (page->is_packed)
		http_add_header(x, "Content-Encoding", "gzip");
	http_reply(x, status, "text/html; charset=utf-8", page->bytes, page->len);
}

enum err
console_shell_get(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct console *c = ctx;
	const struct console_page *page = shell_choose(x, c);

	(void)f;
	http_add_header(x, "ETag", page->tag);
	if (http_has_etag(http_request_of(x), page->tag))
		http_reply(x, 304, NULL, NULL, 0);
	else
		shell_send(x, page, 200);
	return ERR_OK;
}

static bool
shell_is_wanted(const struct http_request *r)
{
	return r->listener == HTTP_CONTROL && (r->method == HTTP_GET || r->method == HTTP_HEAD) &&
	       strncmp(r->path, "/api/", 5) != 0 && strncmp(r->path, "/join/", 6) != 0 &&
	       http_accepts_rather(r, "text/html", "application/json") &&
	       !http_accepts_rather(r, "application/json", "text/html");
}

bool
console_page_missing(struct http_exchange *x, const struct console *c)
{
	if (!shell_is_wanted(http_request_of(x)))
		return false;
	shell_send(x, shell_choose(x, c), 404);
	return true;
}
