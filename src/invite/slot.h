/* When a mail may leave: the next free slot under the rate of all mails and under that of its
 * domain. A slot that was given out is taken, whether it is used or not. Pure: the caller's clock;
 * one thread. Memory is bounded, however many mails and domains there are. */
#ifndef USHERD_INVITE_SLOT_H
#define USHERD_INVITE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SLOT_DOMAINS_MAX = 4096, /* of more, those whose slots end first are forgotten */
	SLOT_AHEAD_S = 6 * 3600	 /* slots are given out so far ahead, at least */
};

struct slots;

/* Mails a minute, in all and to each domain; 0: unbounded. */
struct slots *slots_new(size_t rate, size_t domain_rate);
void slots_free(struct slots *s); /* NULL is fine */

/* Take the next slot of a mail to `domain` (in whatever case). True: it is taken; `*at` is the wall
 * time in ms from which the mail may leave, 0 when that is now. False: all are taken as far ahead
 * as they are given out; ask again at `*at`. Slots are spaced evenly but for what belongs to one
 * second; of two domains the fast one is not held up by the slow one. A clock that was set back by
 * more than a minute makes all slots free again. */
bool slot_take(struct slots *s, const char *domain, int64_t now, int64_t *at);
/* The same unless it is later than `latest` (wall ms): then false, and nothing is taken. */
bool slot_take_by(struct slots *s, const char *domain, int64_t now, int64_t latest, int64_t *at);

#endif
