/* The event loop: libevent behind a few words, and the one door through which threads come back.
 *
 * Everything here belongs to the thread that calls loop_run(), except the two loop_post. Callbacks
 * run on that thread, never from inside the call that arranged them. */
#ifndef USHERD_LOOP_LOOP_H
#define USHERD_LOOP_LOOP_H

#include <stdint.h>

struct event_base;
struct loop;
struct loop_timer;
struct loop_signal;

typedef void loop_cb(void *arg);

/* libevent's, as it runs: "2.1.12-stable". */
const char *loop_library_version(void);

/* NULL when the system refuses descriptors. Freed after everything that was built on it. */
struct loop *loop_new(void);
void loop_free(struct loop *l);

/* Runs until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* For modules that wrap another part of libevent (http). */
struct event_base *loop_base(struct loop *l);

/* Runs `cb` once on the next turn of the loop, before the loop waits again. Cannot be cancelled:
 * the owner of `arg` keeps it alive, or uses a timer. */
void loop_defer(struct loop *l, loop_cb *cb, void *arg);

/* From any thread: run `cb` on the loop, in the order of posting. Posts still waiting when the loop
 * is freed are run by loop_free(), so that what they carry is never leaked. */
void loop_post(struct loop *l, loop_cb *cb, void *arg);

/* The same, before all that loop_post() brought, which gets a share of every turn all the same: for
 * what somebody waits for at a screen, and what takes no longer than it must, while the store
 * answers hundreds of operations at once. */
void loop_post_first(struct loop *l, loop_cb *cb, void *arg);

/* A timer that is idle until set. Setting again replaces the moment; each setting fires once.
 * Milliseconds of monotonic time, not negative. Freeing NULL is fine, also from its own callback.
 */
struct loop_timer *loop_timer_new(struct loop *l, loop_cb *cb, void *arg);
void loop_timer_set(struct loop_timer *t, int64_t ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Calls `cb` on the loop for every delivery of `signo` until freed. */
struct loop_signal *loop_signal_new(struct loop *l, int signo, loop_cb *cb, void *arg);
void loop_signal_free(struct loop_signal *s);

#endif
