/* Shared by console*.c: the files that the program carries, and what is made of them at the start.
 */
#ifndef USHERD_WEB_CONSOLE_PRIVATE_H
#define USHERD_WEB_CONSOLE_PRIVATE_H

#include "base/arena.h"
#include "base/embed.h"
#include "http/http.h"
#include "web/console.h"
#include "web/web_private.h"

/* What src/console/make.mjs made: index.html, `version`, and modules and more with a .gz beside
 * each. */
extern const struct embed_file console_files[];
extern const size_t console_file_count;

/* NULL: there is none. */
const struct embed_file *console_file(const char *name);

/* One representation of the shell. */
struct console_page {
	char *bytes;
	size_t len;
	char tag[HTTP_ETAG_SIZE]; /* its strong ETag */
	const char *language;
	bool is_packed;
};

struct console {
	const struct embed_file *version;
	enum web_language language;
	struct console_page plain[WEB_LANGUAGES], packed[WEB_LANGUAGES];
};

/* console_shell.c: fills plain and packed, which console_free() frees. */
void console_shell_make(struct console *c, const char *organisation);
http_handler console_shell_get;

/* console_asset.c */
http_handler console_asset_get;

#endif
