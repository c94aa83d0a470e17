/* A server of this process on a unix socket, which answers one request with what it was given. */
#ifndef USHERD_FAKE_API_SERVER_H
#define USHERD_FAKE_API_SERVER_H

#include <pthread.h>
#include <stdbool.h>

struct server {
	char dir[64], path[96]; /* the socket is `path` */
	int fd;
	pthread_t thread;
	char answer[4096]; /* HTTP, whole */
	char request[8192];
	void (*meanwhile)(void); /* called before it answers; NULL: nothing */
};

extern struct server server;

void server_start(int status, const char *body);
void server_stop(void);
/* What was asked, once it has stopped. */
const char *server_body(void);
bool server_was_asked(const char *begin);

#endif
