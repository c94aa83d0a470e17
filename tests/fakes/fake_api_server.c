#include "fake_api_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

struct server server;

/* Reads a request to the end of its body. */
static void
server_read(int fd)
{
	size_t used = 0, body = 0;
	const char *end, *length;

	for (;;) {
		ssize_t n = read(fd, server.request + used, sizeof(server.request) - 1 - used);

		if (n <= 0)
			return;
		used += (size_t)n;
		server.request[used] = '\0';
		end = strstr(server.request, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strcasestr(server.request, "content-length: ");
		body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
		if (strlen(end + 4) >= body)
			return;
	}
}

static void *
server_main(void *arg)
{
	int fd = accept(server.fd, NULL, NULL);

	(void)arg;
	if (fd == -1)
		return NULL;
	server_read(fd);
	if (server.meanwhile != NULL)
		server.meanwhile();
	if (write(fd, server.answer, strlen(server.answer)) == -1)
		abort();
	close(fd);
	return NULL;
}

void
server_start(int status, const char *body)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	strcpy(server.dir, "/tmp/usherctl-test-XXXXXX");
	assert_non_null(mkdtemp(server.dir));
	snprintf(server.path, sizeof(server.path), "%s/s", server.dir);
	memcpy(sun.sun_path, server.path, strlen(server.path) + 1);
	server.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(server.fd, 1), 0);
	snprintf(server.answer, sizeof(server.answer),
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nLocation: http://localhost/x\r\n"
	    "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
	    status, strlen(body), body);
	server.request[0] = '\0';
	assert_int_equal(pthread_create(&server.thread, NULL, server_main, NULL), 0);
}

void
server_stop(void)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	unlink(server.path);
	rmdir(server.dir);
}

const char *
server_body(void)
{
	const char *end = strstr(server.request, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

bool
server_was_asked(const char *begin)
{
	return strncmp(server.request, begin, strlen(begin)) == 0;
}
