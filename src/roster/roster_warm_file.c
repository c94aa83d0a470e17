/* The warm file before SQLite sees it. */
#include "roster/roster_warm_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/mem.h"

/* Where in the file's first 100 bytes what stands (sqlite.org/fileformat2.html section 1.3). */
enum {
	HEADER_SIZE = 100,
	HEADER_PAGE_SIZE = 16,
	HEADER_WRITE_VERSION = 18, /* 2: there is a write-ahead log */
	HEADER_PAGES = 28,
	HEADER_USER_VERSION = 60,
	HEADER_APPLICATION_ID = 68
};

static char *
file_beside(const char *path, const char *suffix)
{
	const size_t size = strlen(path) + strlen(suffix) + 1;
	char *name = mem_alloc(size);

	snprintf(name, size, "%s%s", path, suffix);
	return name;
}

/* The log's size; -1: it is missing. The log is made before the file says that it has one, and not
 * removed while it says so: one that is missing was perhaps copied into the file in half. One
 * beside a file that says it has none means nothing. */
static off_t
file_log_size(const char *path, bool has_log)
{
	char *name = file_beside(path, "-wal");
	struct stat st = { .st_size = 0 };
	off_t size = 0;

	if (!has_log)
		unlink(name);
	else
		size = lstat(name, &st) == 0 ? st.st_size : -1;
	free(name);
	return size;
}

static uint32_t
header_number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* SQLite itself would take a last page that is there in part. */
static bool
file_has_all_pages(const unsigned char *header, off_t size)
{
	const uint32_t page_size =
	    (uint32_t)header[HEADER_PAGE_SIZE] << 8 | header[HEADER_PAGE_SIZE + 1];

	return (uint64_t)size >= (uint64_t)header_number(header + HEADER_PAGES) * page_size;
}

static enum err
file_unfit(const char *path, const char *why, struct fault *f)
{
	return fault_set(f, ERR_CORRUPT, "%s: %s", path, why);
}

static enum err
file_check_header(
    const char *path, const unsigned char *header, size_t len, off_t size, struct fault *f)
{
	static const char magic[16] = "SQLite format 3";
	off_t log_size;

	if (len == 0)
		return file_unfit(path, "it is empty", f);
	if (memcmp(header, magic, len < sizeof(magic) ? len : sizeof(magic)) != 0)
		return file_unfit(path, "it is not a database", f);
	if (len < HEADER_SIZE)
		return file_unfit(path, "it is cut off", f);
	if (header_number(header + HEADER_APPLICATION_ID) != WARM_FILE_ID)
		return file_unfit(path, "it is another program's database", f);
	if (header_number(header + HEADER_USER_VERSION) > WARM_FORMAT)
		return file_unfit(path, "a newer usherd has written it", f);
	if (header_number(header + HEADER_USER_VERSION) != WARM_FORMAT)
		return file_unfit(path, "its format is not known", f);
	log_size = file_log_size(path, header[HEADER_WRITE_VERSION] != 1);
	if (log_size == 0 && !file_has_all_pages(header, size))
		return file_unfit(path, "it is cut off", f);
	if (log_size < 0)
		return file_unfit(path, "its write-ahead log is missing", f);
	return ERR_OK;
}

/* Non-blocking: somebody may have put a pipe there. */
enum err
warm_file_check(const char *path, struct fault *f)
{
	unsigned char header[HEADER_SIZE];
	struct stat st;
	ssize_t len;
	int fd;

	if (lstat(path, &st) != 0 && errno == ENOENT)
		return ERR_NOT_FOUND;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 && (errno == ELOOP || errno == ENOTDIR))
		return fault_set(f, ERR_MISCONFIGURED, "%s: %s", path,
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (fd == -1)
		return file_unfit(path, strerror(errno), f);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fault_set(f, ERR_MISCONFIGURED, "%s: it is not a regular file", path);
	}
	if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) != 0) {
		close(fd);
		return file_unfit(path, "it belongs to somebody else", f);
	}
	len = pread(fd, header, sizeof(header), 0);
	close(fd);
	if (len < 0)
		return file_unfit(path, strerror(errno), f);
	return file_check_header(path, header, (size_t)len, st.st_size, f);
}

/* SQLite gives its files beside this one the same mode. */
enum err
warm_file_make(const char *path, struct fault *f)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1 || fchmod(fd, 0600) != 0) {
		fault_set(f, ERR_UNAVAILABLE, "cannot make %s: %s", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return ERR_UNAVAILABLE;
	}
	close(fd);
	return ERR_OK;
}

/* The file itself goes last: without it nothing beside it means anything. */
void
warm_file_remove(const char *path)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal", "" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *name = file_beside(path, suffixes[i]);

		unlink(name);
		free(name);
	}
}

char *
warm_file_heir(const char *path)
{
	return file_beside(path, ".new");
}

/* A process that dies in between leaves the old file with its log, or the new one, which says that
 * it has none, and beside which that log means nothing. */
enum err
warm_file_move(const char *from, const char *to, struct fault *f)
{
	char *journal = file_beside(to, "-journal"), *log = file_beside(to, "-wal");
	enum err code = ERR_OK;

	unlink(journal); /* of the old file, and done with: the new one is not to be undone by it */
	if (rename(from, to) == 0)
		unlink(log);
	else
		code = fault_set(
		    f, ERR_UNAVAILABLE, "cannot rename %s to %s: %s", from, to, strerror(errno));
	free(journal);
	free(log);
	return code;
}

bool
warm_file_make_log(const char *path)
{
	char *name = file_beside(path, "-wal");
	bool made = warm_file_make(name, NULL) == ERR_OK;

	free(name);
	return made;
}
