/* libcurl on the loop: its multi socket interface, driven by the loop's events and timers. Name
 * lookups run in libcurl's own threads. Whoever uses it sets up the easy handle; this file alone
 * knows the multi handle.
 *
 * For protocols that libcurl carries without blocking (HTTP). Its SMTP is not one of them: see
 * mail_smtp.c. */
#ifndef USHERD_LOOP_TRANSFER_H
#define USHERD_LOOP_TRANSFER_H

#include <stddef.h>
#include <stdint.h>
#include <curl/curl.h>

#include "base/err.h"
#include "loop/loop.h"

/* Makes libcurl ready, with memory that is wiped before it is freed. Before anything else of
 * libcurl is called; any number of times. transfers_new() does it too. */
void transfer_library_init(void);

/* libcurl's, as it runs: "8.5.0". */
const char *transfer_library_version(void);

struct transfers;
struct transfer;

/* Connections are kept for the next transfer; at most `connections` transfers are under way and so
 * many connections open, further transfers wait in the order of their start.
 * ERR_MISCONFIGURED: this libcurl would block (no AsynchDNS). */
enum err transfers_new(struct transfers **out, struct loop *l, size_t connections, struct fault *f);
void transfers_free(struct transfers *t); /* cancels what is under way; NULL is fine */

/* Start `easy`, which stays the caller's and is not touched by them until the callback, or
 * transfer_cancel(). All of it may take `timeout_ms` (above 0) from when its turn has come. The
 * callback runs once, from the loop, never from inside libcurl, so that it may clean the handle up,
 * start another transfer or free the transfers. CURLOPT_PRIVATE, _TIMEOUT_MS, _NOSIGNAL and
 * _QUICK_EXIT are set here. */
typedef void transfer_cb(void *arg, CURL *easy, CURLcode code);
struct transfer *transfer_start(
    struct transfers *t, CURL *easy, int64_t timeout_ms, transfer_cb *cb, void *arg);
/* Not from a callback of the handle (CURLOPT_WRITEFUNCTION ...): that one says so by its result. */
void transfer_cancel(struct transfer *t);

#endif
