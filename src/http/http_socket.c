/* Listening sockets: TCP on a numeric address, and the unix socket with its file. */
#include "http/http_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <event2/util.h>

#include "base/mem.h"

enum { BACKLOG = 512 };

static enum err
socket_fault(struct fault *f, const char *address, const char *what, int code)
{
	enum err e = code == EADDRINUSE ? ERR_CONFLICT : ERR_MISCONFIGURED;

	return fault_set(f, e, "cannot %s %s: %s", what, address, strerror(code));
}

/* "127.0.0.1:8460" or "[::1]:8460". libevent reads the address; it would take port 0 for a mistake.
 */
static bool
socket_parse(const char *address, struct sockaddr_storage *ss, int *len)
{
	const char *colon = strrchr(address, ':');
	const size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
	const long port = digits > 0 && digits <= 5 ? strtol(colon + 1, NULL, 10) : 65536;
	char host[INET6_ADDRSTRLEN + 2];

	*len = sizeof(*ss);
	memset(ss, 0, sizeof(*ss));
	if (port > 65535 || colon[1 + digits] != '\0' || (size_t)(colon - address) >= sizeof(host))
		return false;
	memcpy(host, address, (size_t)(colon - address));
	host[colon - address] = '\0';
	if (evutil_parse_sockaddr_port(host, (struct sockaddr *)ss, len) != 0)
		return false;
	if (ss->ss_family == AF_INET)
		((struct sockaddr_in *)ss)->sin_port = htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)ss)->sin6_port = htons((uint16_t)port);
	return ss->ss_family == AF_INET ? strchr(host, ':') == NULL : host[0] == '[';
}

static int
socket_bound_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return 0;
	return ntohs(ss.ss_family == AF_INET ? ((struct sockaddr_in *)&ss)->sin_port
					     : ((struct sockaddr_in6 *)&ss)->sin6_port);
}

static bool
socket_set(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on)) == 0;
}

int
http_socket_open_tcp(const char *address, int *port, struct fault *f)
{
	struct sockaddr_storage ss;
	int len, fd;

	if (!socket_parse(address, &ss, &len)) {
		fault_set(f, ERR_MISCONFIGURED, "%s is not an address with a port", address);
		return -1;
	}
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Accepted sockets inherit TCP_NODELAY on Linux. */
	if (fd == -1 || !socket_set(fd, SOL_SOCKET, SO_REUSEADDR) ||
	    !socket_set(fd, IPPROTO_TCP, TCP_NODELAY) ||
	    (ss.ss_family == AF_INET6 && !socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY)) ||
	    bind(fd, (struct sockaddr *)&ss, (socklen_t)len) != 0 || listen(fd, BACKLOG) != 0) {
		socket_fault(f, address, "listen on", errno);
		if (fd != -1)
			close(fd);
		return -1;
	}
	*port = socket_bound_port(fd);
	return fd;
}

/* ERR_OK when nothing, or only the file of a dead instance, is in the way; that file is removed. */
static enum err
socket_clear_stale(const struct sockaddr_un *sun, struct fault *f)
{
	struct stat st;
	int fd, code;

	if (lstat(sun->sun_path, &st) != 0)
		return errno == ENOENT ? ERR_OK : socket_fault(f, sun->sun_path, "look at", errno);
	if (!S_ISSOCK(st.st_mode))
		return fault_set(
		    f, ERR_MISCONFIGURED, "%s exists and is not a socket", sun->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return socket_fault(f, sun->sun_path, "probe", errno);
	/* EAGAIN: somebody listens and has a full queue. */
	code = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ? 0 : errno;
	close(fd);
	if (code != ECONNREFUSED)
		return fault_set(f, ERR_CONFLICT, "another process listens on %s", sun->sun_path);
	if (unlink(sun->sun_path) != 0)
		return socket_fault(f, sun->sun_path, "remove", errno);
	return ERR_OK;
}

/* Nobody can connect before listen(), and by then the file is as private as it has to be. Linux
 * takes the mode of the file from the socket itself (less the umask), so no umask is changed under
 * other threads. */
static enum err
socket_bind_unix(int fd, const struct sockaddr_un *sun, const struct http_listen *l,
    struct http_listener *made, struct fault *f)
{
	const char *path = sun->sun_path;
	struct stat st;

	if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) != 0)
		return socket_fault(f, path, "bind", errno);
	made->path = mem_dup_string(path);
	if (lstat(path, &st) != 0)
		return socket_fault(f, path, "look at", errno);
	made->dev = st.st_dev;
	made->ino = st.st_ino;
	if (l->group != (gid_t)-1 && lchown(path, (uid_t)-1, l->group) != 0)
		return socket_fault(f, path, "change the group of", errno);
	/* A name can be exchanged under us; what it then leads to keeps its mode. */
	if (fchmodat(AT_FDCWD, path, l->mode, AT_SYMLINK_NOFOLLOW) != 0)
		return socket_fault(f, path, "change the mode of", errno);
	if (listen(fd, BACKLOG) != 0)
		return socket_fault(f, path, "listen on", errno);
	return ERR_OK;
}

int
http_socket_open_unix(const struct http_listen *l, struct http_listener *made, struct fault *f)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(l->address);
	int fd;

	if (len == 0 || len >= sizeof(sun.sun_path)) {
		fault_set(f, ERR_MISCONFIGURED, "the path of a unix socket has 1 to %zu bytes: %s",
		    sizeof(sun.sun_path) - 1, l->address);
		return -1;
	}
	memcpy(sun.sun_path, l->address, len);
	if (socket_clear_stale(&sun, f) != ERR_OK)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		socket_fault(f, l->address, "listen on", errno);
		return -1;
	}
	if (socket_bind_unix(fd, &sun, l, made, f) != ERR_OK) {
		close(fd);
		return -1;
	}
	return fd;
}
