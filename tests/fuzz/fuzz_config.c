/* The configuration: a file is taken whole, and then what conf_dump() writes of it is taken as well
 * and says the same; or it is refused, and every reason begins with the file's name, and a line's
 * number when a line is at fault.
 *
 * The file is a memory file under a name that stays, and so is a password's: SECRET below. */
#include "fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

enum { CONFIG_FD = 200, DUMP_FD = 201, SECRET_FD = 202, FILE_MAX = 65536 };
#define CONFIG "/proc/self/fd/200"
#define DUMP   "/proc/self/fd/201"
#define SECRET "/proc/self/fd/202"

static void
open_at(int fd, const char *name)
{
	int made = memfd_create(name, MFD_CLOEXEC);

	assert(made >= 0 && dup2(made, fd) == fd && fchmod(fd, 0600) == 0);
	close(made);
}

static void
fill(int fd, const void *data, size_t len)
{
	assert(ftruncate(fd, 0) == 0 && pwrite(fd, data, len, 0) == (ssize_t)len);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	open_at(CONFIG_FD, "config");
	open_at(DUMP_FD, "dump");
	open_at(SECRET_FD, "secret");
	fill(SECRET_FD, "opensesame\n", 11);
	return 0;
}

/* "FILE: " or "FILE:LINE: ", with a line that the file has. */
static void
check_error(const struct fault *f, const char *path, size_t lines)
{
	const char *at = f->text + strlen(path);
	unsigned long line;
	char *end;

	assert(f->code == ERR_INVALID && strncmp(f->text, path, strlen(path)) == 0 && *at == ':');
	if (isdigit((unsigned char)at[1])) {
		line = strtoul(at + 1, &end, 10);
		assert(line >= 1 && line <= lines);
		at = end;
	}
	assert(at[0] == ':' && at[1] == ' ' && at[2] != '\0');
}

static char *
dump(const struct conf *c, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	assert(out != NULL);
	conf_dump(c, out);
	assert(fclose(out) == 0);
	return text;
}

static void
check_taken(struct conf *c)
{
	struct conf_errors errors;
	size_t len, len_again;
	char *text = dump(c, &len), *again;
	struct conf *loaded;

	fill(DUMP_FD, text, len);
	loaded = conf_load(DUMP, &errors);
	assert(loaded != NULL && errors.count == 0);
	again = dump(loaded, &len_again);
	assert(len == len_again && memcmp(text, again, len) == 0);
	conf_free(loaded);
	free(text);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct conf_errors errors;
	size_t lines = 1;
	struct conf *c;

	if (len > FILE_MAX)
		return -1;
	for (size_t i = 0; i < len; i++)
		lines += data[i] == '\n';
	fill(CONFIG_FD, data, len);
	c = conf_load(CONFIG, &errors);
	assert((c == NULL) == (errors.count > 0));
	for (size_t i = 0; i < errors.count; i++)
		check_error(&errors.items[i], CONFIG, lines);
	if (c != NULL)
		check_taken(c);
	conf_free(c);
	return 0;
}
