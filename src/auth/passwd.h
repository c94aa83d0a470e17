/* Hashing of passwords with argon2id (RFC 9106) in a bounded pool: 31 ms and 19 MiB each at the
 * default, so never on the loop, never more than the pool's threads at once. */
#ifndef USHERD_AUTH_PASSWD_H
#define USHERD_AUTH_PASSWD_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "loop/loop.h"

struct passwd;
struct passwd_op;

struct passwd_conf {
	size_t threads, queue_max;
	unsigned long long passes; /* t, default 2 */
	size_t memory;		   /* bytes, default 19456 KiB */
};

struct passwd *passwd_new(struct loop *l, const struct passwd_conf *conf);
void passwd_free(struct passwd *p);

/* `hash` is the userPassword value "{ARGON2}$argon2id$..." as a secret that lives until the
 * callback returns. ERR_BUSY: the queue is full, told to the callback. ERR_UNAVAILABLE: no memory
 * for one hash. */
typedef void passwd_cb(void *arg, enum err code, const struct secret *hash, const struct fault *f);
struct passwd_op *passwd_hash(
    struct passwd *p, const struct secret *password, passwd_cb *cb, void *arg);
void passwd_cancel(struct passwd_op *op);

#endif
