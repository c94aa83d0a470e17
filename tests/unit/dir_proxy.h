/* A relay in front of slapd that can swallow the answer to one kind of request (it is carried out,
 * and nobody hears), let something happen right before one, or be in its place where people sign in
 * and where TLS begins. One thread, one relay at a time. */
#ifndef USHERD_TESTS_DIR_PROXY_H
#define USHERD_TESTS_DIR_PROXY_H

#include <stdbool.h>

/* The tags of requests (RFC 4511 section 4.2 and on). */
enum proxy_request {
	PROXY_NONE = 0,
	PROXY_BIND = 0x60,
	PROXY_MODIFY = 0x66,
	PROXY_ADD = 0x68,
	PROXY_DELETE = 0x4a,
	PROXY_RENAME = 0x6c,
	PROXY_EXTENDED = 0x77
};

int proxy_start(int server_port); /* the port to connect to */
void proxy_stop(void);
/* The connection on which the `nth` such request from now on is made ends in place of the answer.
 */
void proxy_swallow(enum proxy_request request, int nth);
/* `happens` once, on the relay's thread, when the next such request has come and slapd has not got
 * it yet. */
void proxy_before(enum proxy_request request, void (*happens)(void));
/* From now on every bind but the service account's is told to be a success, whatever the password,
 * and "who am I" on that connection is answered with `who`. */
void proxy_say_yes(const char *who);
/* StartTLS on connections that are opened from now on is answered with this result; 0: it is told
 * to be a success, and nothing is encrypted. */
void proxy_strip_tls(int result);
bool proxy_saw(const char *words); /* in what clients have sent, as it came, so far */
int proxy_swallowed(void);	   /* how many answers so far */

#endif
