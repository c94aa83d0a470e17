#include "store/kv_sqlite_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { SQLITE_HEADER_SIZE = 100, LOCK_TEXT_MAX = 32 };

static const char recovery[] =
    "stop usherd, move the damaged files away, put a backup in their place, and start again";

bool
file_identity_of(const char *path, struct file_identity *out)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	*out = (struct file_identity){ st.st_dev, st.st_ino };
	return true;
}

bool
file_identity_equal(const struct file_identity *a, const struct file_identity *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

void
sqlite_file_remove_empty(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		unlink(path);
}

static enum err
file_fault(const char *doing, const char *path, struct fault *f)
{
	int e = errno;

	switch (e) {
	case EROFS:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EIO:
		return fault_set(f, ERR_UNAVAILABLE,
		    "cannot %s %s: %s; make the file system writable or free some space", doing,
		    path, strerror(e));
	case ENOENT:
		return fault_set(f, ERR_MISCONFIGURED, "cannot %s %s: its directory does not exist",
		    doing, path);
	default:
		return fault_set(f, ERR_MISCONFIGURED,
		    "cannot %s %s: %s; it must belong to the user that usherd runs as", doing, path,
		    strerror(e));
	}
}

/* ---- the lock ---- */

/* What the lock file says: the pid of its holder, or "" while no store was made yet. False when it
 * cannot be read: `text` is "" then, too. */
static bool
lock_read(int fd, char text[LOCK_TEXT_MAX])
{
	ssize_t n = pread(fd, text, LOCK_TEXT_MAX - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strspn(text, "0123456789")] = '\0';
	return n >= 0;
}

enum err
sqlite_file_lock(const char *path, int *out, struct fault *f)
{
	char lock[4096], pid[LOCK_TEXT_MAX];
	int fd;

	if (snprintf(lock, sizeof(lock), "%s.lock", path) >= (int)sizeof(lock))
		return fault_set(f, ERR_MISCONFIGURED, "the store's path is too long");
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return file_fault("open", lock, f);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		lock_read(fd, pid);
		close(fd);
		return fault_set(f, ERR_CONFLICT,
		    "%s is in use by another usherd, process %s: stop that one first", path,
		    pid[0] != '\0' ? pid : "not known yet");
	}
	*out = fd;
	return ERR_OK;
}

enum err
sqlite_file_mark(const char *path, int fd, struct fault *f)
{
	char pid[LOCK_TEXT_MAX];
	int len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

	/* Never empty in between: an empty lock file means that no store was made yet. */
	if (pwrite(fd, pid, (size_t)len, 0) != len || ftruncate(fd, len) != 0)
		return file_fault("write to the lock file of", path, f);
	return ERR_OK;
}

/* ---- what is there ---- */

static bool
file_exists(const char *path, const char *suffix)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return lstat(name, &st) == 0;
}

static uint32_t
header_number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The database header, SQLite's file format section 1.3: application id at 68, user version at 60.
 */
static enum err
header_check(const char *path, const unsigned char *h, struct fault *f)
{
	if (memcmp(h, "SQLite format 3", 16) != 0)
		return fault_set(f, ERR_CORRUPT, "%s is damaged or no store: %s", path, recovery);
	if (header_number(h + 68) != SQLITE_STORE_ID)
		return fault_set(f, ERR_CORRUPT,
		    "%s is a SQLite database, but not a store of usherd: check the path", path);
	if (header_number(h + 60) > SQLITE_STORE_VERSION)
		return fault_set(f, ERR_MISCONFIGURED,
		    "%s has version %u, made by a newer usherd; this one knows up to %d: install "
		    "the newer one again, or put back the copy from before",
		    path, header_number(h + 60), SQLITE_STORE_VERSION);
	return ERR_OK;
}

enum err
sqlite_file_check(const char *path, struct file_identity *out, struct fault *f)
{
	unsigned char header[SQLITE_HEADER_SIZE];
	struct stat st;
	enum err code;
	ssize_t n;
	int fd;

	/* Closed before SQLite opens the file: a later close would drop SQLite's own locks. */
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return file_fault("open", path, f);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fault_set(f, ERR_MISCONFIGURED, "%s is not a regular file", path);
	}
	n = pread(fd, header, sizeof(header), 0);
	if (n == -1)
		file_fault("read", path, f);
	close(fd);
	if (n == -1)
		return f->code;
	if (n != (ssize_t)sizeof(header))
		code = fault_set(f, ERR_CORRUPT, "%s is empty or cut short: %s", path, recovery);
	else
		code = header_check(path, header, f);
	if (code == ERR_OK)
		*out = (struct file_identity){ st.st_dev, st.st_ino };
	return code;
}

/* ---- the first start ---- */

static void
file_sync_directory(const char *path)
{
	char *name = mem_dup_string(path), *slash = strrchr(name, '/');
	int fd;

	if (slash == name)
		slash[1] = '\0';
	else if (slash != NULL)
		*slash = '\0';
	fd = open(slash != NULL ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1) {
		fsync(fd);
		close(fd);
	}
	free(name);
}

static void
file_remove_new(const char *name)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char path[4096];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", name, suffixes[i]);
		unlink(path);
	}
}

/* Made under another name and moved into place when it is whole: a crash in between leaves no empty
 * file that could be taken for a damaged store. */
static enum err
file_create(const char *path, struct fault *f)
{
	char name[4096];
	enum err code;
	int fd;

	snprintf(name, sizeof(name), "%s.new", path);
	file_remove_new(name);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return file_fault("make", name, f);
	close(fd);
	code = sqlite_db_create(name, f);
	if (code == ERR_OK && rename(name, path) != 0)
		code = file_fault("make", path, f);
	if (code != ERR_OK)
		file_remove_new(name);
	else
		file_sync_directory(path);
	return code;
}

enum err
sqlite_file_prepare(const char *path, int lock_fd, struct fault *f)
{
	char pid[LOCK_TEXT_MAX];

	if (file_exists(path, ""))
		return ERR_OK;
	if (!lock_read(lock_fd, pid))
		return file_fault("read the lock file of", path, f);
	if (file_exists(path, "-wal") || file_exists(path, "-journal"))
		return fault_set(f, ERR_CORRUPT,
		    "%s is missing, but its -wal file is there: put the store file back beside it, "
		    "or restore a backup after moving the -wal file away",
		    path);
	if (pid[0] != '\0')
		return fault_set(f, ERR_CORRUPT,
		    "%s is missing, but %s.lock says that there was a store: restore a backup, or "
		    "remove the .lock file to begin with an empty store",
		    path, path);
	return file_create(path, f);
}

enum err
sqlite_db_check_place(const struct sqlite_db *db, struct fault *f)
{
	struct file_identity now;

	/* SQLite itself looks for a moved file only without a WAL. */
	if (!file_identity_of(db->path, &now) || !file_identity_equal(&now, &db->file))
		return fault_set(f, ERR_UNAVAILABLE,
		    "%s was removed or replaced while in use: put it back, or restart usherd",
		    db->path);
	if (!file_identity_of(db->wal_path, &now) || !file_identity_equal(&now, &db->wal))
		return fault_set(f, ERR_UNAVAILABLE,
		    "%s was removed or replaced while in use: put it back, or restart usherd",
		    db->wal_path);
	return ERR_OK;
}

uint64_t
sqlite_db_bytes(const struct sqlite_db *db)
{
	const char *const paths[] = { db->path, db->wal_path };
	uint64_t bytes = 0;
	struct stat st;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (stat(paths[i], &st) == 0)
			bytes += (uint64_t)st.st_size;
	return bytes;
}
