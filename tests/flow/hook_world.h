/* Webhooks in the small world of people_world.h: the real store and flows, a receiver that is a
 * fake. Each call waits for its answer. */
#ifndef USHERD_TESTS_HOOK_WORLD_H
#define USHERD_TESTS_HOOK_WORLD_H

#include "../fakes/fake_webhook.h"
#include "flow/flow_mail.h"
#include "flow/outbox_private.h"
#include "people_world.h"

enum { ALL_TYPES = (1 << HOOK_TYPE_COUNT) - 1, SECOND_MS = 1000, DAY_MS = 86400 * 1000 };

/* These outlive a crash of the world. */
extern struct fake_webhooks hook_receiver;
extern struct flow_hook_conf hook_conf;

struct world *hook_world_new(void);
/* What the receiver answers from now on. */
void hook_answers(enum webhook_outcome outcome, int status, const char *words);

/* ---- calls ---- */

/* The last answer. */
struct hook_answer {
	enum err code;
	struct hook hook;
	char secret[128], fields[256]; /* "" when there is none; names with a space behind each */
};
extern struct hook_answer hook_answer;

enum err hook_create_so(struct world *w, struct hook_spec spec);
void hook_create(struct world *w, unsigned types, char id[ID_SIZE]);
enum err hook_change(struct world *w, const char *id, struct hook_spec spec);
void hook_enable(struct world *w, const char *id, bool enabled);
enum err hook_rotate(struct world *w, const char *id, int64_t overlap_s);
enum err hook_delete(struct world *w, const char *id);
enum err hook_test(struct world *w, const char *id);
enum err hook_drop(struct world *w, const char *message);
enum err hook_replay(struct world *w, const char *id, const char *message);

/* ---- what is there ---- */

struct hook_message {
	char id[ID_SIZE], type[64], outcome[16], last[128];
	unsigned attempts;
};
extern struct hook_message hook_messages[64];
extern size_t hook_message_count;

/* All of an endpoint, page by page. */
void hook_list(struct world *w, const char *hook, size_t limit);
size_t hook_sent_of_type(const char *type);

/* ---- time ---- */

/* So many were sent, and no more. */
void hook_until_sent(struct world *w, size_t count);
/* Everything that can be done now was done, and so many messages still wait. */
void hook_until_waiting(struct world *w, size_t count);
/* Time goes by, and the queue is looked at. */
void hook_pass(struct world *w, int64_t ms);
/* For world_until(). Nothing is being done, and nothing is due; time goes by until nothing waits.
 */
bool hook_is_idle(struct world *w, void *arg);
bool hook_is_done_in_time(struct world *w, void *arg);

#endif
