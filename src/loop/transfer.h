/* libcurl on the loop: its multi socket interface, driven by the loop's events and timers. Name
 * lookups run in libcurl's own threads. Whoever uses it sets up the easy handle; this file alone
 * knows the multi handle. */
#ifndef USHERD_LOOP_TRANSFER_H
#define USHERD_LOOP_TRANSFER_H

#include <stddef.h>
#include <curl/curl.h>

#include "base/err.h"
#include "loop/loop.h"

struct transfers;
struct transfer;

/* Connections are kept for the next transfer; at most `connections` are open at once, further
 * transfers wait for one. ERR_MISCONFIGURED: this libcurl would block (no AsynchDNS). */
enum err transfers_new(struct transfers **out, struct loop *l, size_t connections, struct fault *f);
void transfers_free(struct transfers *t); /* cancels what is under way; NULL is fine */

/* Start `easy`, which stays the caller's and is not touched by them until the callback, or
 * transfer_cancel(). The callback runs once, from the loop, never from inside libcurl, so that it
 * may clean the handle up or start another transfer. A handle without CURLOPT_TIMEOUT_MS is a
 * mistake of ours (assert-like: every wait has a deadline). */
typedef void transfer_cb(void *arg, CURL *easy, CURLcode code);
struct transfer *transfer_start(struct transfers *t, CURL *easy, transfer_cb *cb, void *arg);
void transfer_cancel(struct transfer *t);

/* Forget idle connections: what is set on the next handle (a new CA file) shall count. */
void transfers_drop_idle(struct transfers *t);

#endif
