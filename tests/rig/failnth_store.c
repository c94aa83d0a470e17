/* The system calls on the store's files. They are made directly: nobody between us and the kernel
 * is missed, not even the sanitizer. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "failnth.h"

enum { DESCRIPTORS = 1 << 16 };
static atomic_bool is_store[DESCRIPTORS];

static bool
is_below_prefix(const char *path)
{
	const struct failnth *c = failnth_control;

	return c != NULL && c->prefix[0] != '\0' &&
	       strncmp(path, c->prefix, strlen(c->prefix)) == 0;
}

static bool
is_stores(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && atomic_load(&is_store[fd]);
}

/* `needs_room`: a full disk lets only these fail. With errno set when it is to fail. */
static bool
store_fails(const char *call, bool needs_room)
{
	const struct failnth *c = failnth_control;

	if (c->error == 0 || (c->error == ENOSPC && !needs_room) ||
	    !failnth_fires(FAILNTH_STORE, call))
		return false;
	errno = (int)c->error;
	return true;
}

/* How much of a write of `len` bytes is done: all of it, or one half when short writes are armed.
 */
static size_t
write_length(const char *call, size_t len)
{
	if (failnth_control->error != 0 || len < 2 || !failnth_fires(FAILNTH_STORE, call))
		return len;
	return len / 2;
}

static bool
is_lying(void)
{
	return atomic_load(&failnth_control->kind) == FAILNTH_LYING;
}

static int
store_open(const char *path, int flags, mode_t mode)
{
	bool ours = is_below_prefix(path);
	long fd;

	if (ours && store_fails("open", (flags & O_CREAT) != 0))
		return -1;
	fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (fd >= 0 && fd < DESCRIPTORS)
		atomic_store(&is_store[fd], ours);
	return (int)fd;
}

/* Whether or not there is a third argument, reading one is harmless here. */
int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return store_open(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return store_open(path, flags, mode);
}

int
close(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		atomic_store(&is_store[fd], false);
	return (int)syscall(SYS_close, fd);
}

ssize_t
read(int fd, void *buf, size_t len)
{
	if (is_stores(fd) && store_fails("read", false))
		return -1;
	return syscall(SYS_read, fd, buf, len);
}

ssize_t
pread64(int fd, void *buf, size_t len, off_t at)
{
	if (is_stores(fd) && store_fails("pread", false))
		return -1;
	return syscall(SYS_pread64, fd, buf, len, at);
}

ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
	return pread64(fd, buf, len, at);
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	if (is_stores(fd)) {
		if (store_fails("write", true))
			return -1;
		len = write_length("write", len);
	}
	return syscall(SYS_write, fd, buf, len);
}

ssize_t
pwrite64(int fd, const void *buf, size_t len, off_t at)
{
	if (is_stores(fd)) {
		if (store_fails("pwrite", true))
			return -1;
		len = write_length("pwrite", len);
	}
	return syscall(SYS_pwrite64, fd, buf, len, at);
}

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return pwrite64(fd, buf, len, at);
}

int
fsync(int fd)
{
	if (is_stores(fd)) {
		if (is_lying())
			return 0;
		if (store_fails("fsync", false))
			return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	if (is_stores(fd)) {
		if (is_lying())
			return 0;
		if (store_fails("fdatasync", false))
			return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate64(int fd, off_t len)
{
	if (is_stores(fd) && store_fails("ftruncate", true))
		return -1;
	return (int)syscall(SYS_ftruncate, fd, len);
}

int
ftruncate(int fd, off_t len)
{
	return ftruncate64(fd, len);
}

int
unlink(const char *path)
{
	if (is_below_prefix(path) && store_fails("unlink", false))
		return -1;
	return (int)syscall(SYS_unlink, path);
}

int
rename(const char *from, const char *to)
{
	if (is_below_prefix(to) && store_fails("rename", true))
		return -1;
	return (int)syscall(SYS_rename, from, to);
}

void *
mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (is_stores(fd) && store_fails("mmap", false))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}

void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap64(at, len, prot, flags, fd, offset);
}
