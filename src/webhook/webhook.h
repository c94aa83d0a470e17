/* Webhook messages over HTTP, signed as Standard Webhooks 1.0.0 says. Through libcurl on the loop;
 * no redirect is followed, and an address of a private network is refused when the connection is
 * made (not when the name is looked up: a name may change its mind), unless that is allowed. */
#ifndef USHERD_WEBHOOK_WEBHOOK_H
#define USHERD_WEBHOOK_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "loop/loop.h"

enum { WEBHOOK_SECRET_SIZE = 32 /* bytes; "whsec_" and base64 in text */ };

/* "v1,BASE64": HMAC-SHA256 over ID.TIMESTAMP.BODY. */
#define WEBHOOK_SIGNATURE_SIZE 48
void webhook_sign(const unsigned char secret[WEBHOOK_SECRET_SIZE], const char *id, int64_t at_s,
    const char *body, size_t len, char out[WEBHOOK_SIGNATURE_SIZE]);
/* "whsec_..." and back; false: it is none, or of another length. */
const char *webhook_secret_text(
    struct arena *arena, const unsigned char secret[WEBHOOK_SECRET_SIZE]);

/* Loopback, link-local, private, shared, multicast, reserved, documentation, and their
 * IPv4-in-IPv6 forms (RFC 6890). */
bool webhook_address_is_private(const struct sockaddr *address);

/* https://, or http:// when `clear_text`; a host, no user, no fragment, at most 2048 bytes. A
 * literal private address is refused here already unless `allow_private`. */
enum err webhook_check_url(const char *url, bool clear_text, bool allow_private, struct fault *f);

enum webhook_outcome {
	WEBHOOK_DELIVERED, /* 2xx */
	WEBHOOK_FAILED,	   /* another status, or surely not sent */
	WEBHOOK_GONE,	   /* 410: the endpoint wants no more */
	WEBHOOK_UNKNOWN	   /* sent, and no answer */
};
struct webhook_report {
	enum webhook_outcome outcome;
	int status; /* 0: none came */
	int64_t ms;
	int64_t retry_after_ms; /* of 429 and 503; 0: none */
	const char *words;	/* one line; never NULL */
};

struct webhooks;
struct webhook_sending;
struct webhook_conf {
	struct loop *loop;
	size_t connections;
	int64_t timeout_ms; /* connect and answer, in all */
	bool allow_private, clear_text;
	const char *ca_file; /* NULL: the system's */
	const char *user_agent;
};
enum err webhooks_new(struct webhooks **out, const struct webhook_conf *conf, struct fault *f);
void webhooks_free(struct webhooks *w);

struct webhook_message {
	const char *url, *id, *body;
	size_t len;
	int64_t at_s;			 /* seconds since 1970, of this attempt */
	const unsigned char *secrets[2]; /* the second NULL: none */
};
typedef void webhook_sent_cb(void *arg, const struct webhook_report *report);
struct webhook_sending *webhook_send(
    struct webhooks *w, const struct webhook_message *m, webhook_sent_cb *cb, void *arg);
void webhook_cancel(struct webhook_sending *s);

#endif
