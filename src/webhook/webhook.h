/* Webhook messages over HTTP, signed as Standard Webhooks 1.0.0 says. Through libcurl on the loop;
 * no redirect is followed, and an address of a private network is refused when the connection is
 * made (not when the name is looked up: a name may change its mind), unless that is allowed. */
#ifndef USHERD_WEBHOOK_WEBHOOK_H
#define USHERD_WEBHOOK_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/secret.h"
#include "loop/loop.h"

enum { WEBHOOK_SECRET_SIZE = 32 /* bytes; the standard allows 24 to 64 */ };

/* "v1,BASE64": HMAC-SHA256 over ID.TIMESTAMP.BODY. */
#define WEBHOOK_SIGNATURE_SIZE 48
void webhook_sign(const unsigned char *secret, size_t secret_len, const char *id, int64_t at_s,
    const char *body, size_t len, char out[WEBHOOK_SIGNATURE_SIZE]);
/* "whsec_BASE64", as receivers' libraries take it. The caller owns it. */
struct secret *webhook_secret_text(const unsigned char secret[WEBHOOK_SECRET_SIZE]);

/* Loopback, link-local, private, shared, multicast, reserved, documentation, and their
 * IPv4-in-IPv6 forms (RFC 6890). */
bool webhook_address_is_private(const struct sockaddr *address);

/* https://, or http:// when `clear_text`; printable ASCII (an internationalised name in its A-label
 * form), a host, no user, no fragment, at most 2048 bytes. A literal private address is refused
 * here already unless `allow_private`. ERR_INVALID: why. */
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
	int64_t retry_after_ms; /* of 429 and 503, at most a day; 0: none, or longer */
	const char *words;	/* one line; never NULL */
};

struct webhooks;
struct webhook_sending;
/* Borrowed until webhooks_free(). */
struct webhook_conf {
	struct loop *loop;
	size_t connections;
	int64_t timeout_ms; /* connect and answer, in all */
	bool allow_private, clear_text;
	const char *ca_file; /* NULL: the system's */
	const char *user_agent;
};
/* ERR_MISCONFIGURED: as transfers_new(), or the CA file cannot be read. */
enum err webhooks_new(struct webhooks **out, const struct webhook_conf *conf, struct fault *f);
void webhooks_free(struct webhooks *w); /* cancels what is under way; NULL is fine */

/* Borrowed for the call. */
struct webhook_message {
	const char *url, *id, *body;
	size_t len;
	int64_t at_s;			 /* seconds since 1970, of this attempt */
	const unsigned char *secrets[2]; /* of WEBHOOK_SECRET_SIZE; the second NULL: none */
};
/* One attempt, with a deadline; callback promise as everywhere. */
typedef void webhook_sent_cb(void *arg, const struct webhook_report *report);
struct webhook_sending *webhook_send(
    struct webhooks *w, const struct webhook_message *m, webhook_sent_cb *cb, void *arg);
void webhook_cancel(struct webhook_sending *s);

#endif
