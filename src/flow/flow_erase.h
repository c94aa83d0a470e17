/* Erasing what is kept of a person who is gone (flow_erase.c). Promises and threads as in flow.h.
 */
#ifndef USHERD_FLOW_FLOW_ERASE_H
#define USHERD_FLOW_FLOW_ERASE_H

#include "flow/flow.h"

/* `who`: an entryUUID, an invitation's id, a uid or a mail address; a personal address when nobody
 * is known by it otherwise. What is found leads on by its ids and uids, never by an address.
 *
 * Their audit records lose what is about them, mails and webhook messages about them are dropped,
 * what was kept for a restore is destroyed, finished invitations go with the logs of their mails,
 * and API tokens of theirs and where they signed in from are forgotten. Repeating it is harmless.
 *
 * ERR_NOT_FOUND: nothing is known. ERR_CONFLICT: they are a user, or invited; or it is the personal
 * address of several people. ERR_BUSY: something about them is under way; in a moment it is not.
 * ERR_TOO_LARGE: it leads to more names and ids than one person has: an id is needed. With these
 * nothing is erased, but for what was queued with ERR_BUSY. ERR_UNAVAILABLE: whether they are there
 * cannot be told, or the store failed in the middle: ask again. */
struct flow_erased {
	uint64_t records, mails, messages, trash, invitations, sources;
	const char *const *ids; /* by which the person was known here */
	size_t id_count;
};
typedef void flow_erased_cb(
    void *arg, enum err code, const struct flow_erased *erased, const struct fault *f);
void flow_erase_start(struct flow *f, const char *who, const struct flow_caller *caller,
    flow_erased_cb *cb, void *arg);

#endif
