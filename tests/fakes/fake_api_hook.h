/* The part of flow_mail.h about webhooks that api uses. It remembers what it was asked and answers,
 * through loop_defer, what it was told to. Apart from fake_api_flow.h: it has a state of its own.
 */
#ifndef USHERD_FAKE_API_HOOK_H
#define USHERD_FAKE_API_HOOK_H

#include "flow/flow_mail.h"

#define FAKE_HOOK_ID	"01890a5d-ac96-774b-bcce-b30209900010"
#define FAKE_MESSAGE_ID "01890a5d-ac96-774b-bcce-b30209900011"

struct fake_hooks {
	struct loop *loop;
	/* The next answers. */
	enum err code;
	struct field_errors errors;
	struct hook hook; /* the only one, and that of every answer */
	size_t count;	  /* 0: there is none */
	struct flow_hook_health health;
	const struct hooked *messages;
	size_t message_count;
	const char *next;
	/* What was asked. */
	size_t calls;
	struct hook_spec spec;
	char name[128], url[128]; /* the spec's */
	char id[ID_SIZE], message[ID_SIZE], caller[64], after[256];
	int64_t overlap_s;
	size_t limit;
};
extern struct fake_hooks fake_hooks;

/* As new, with one endpoint. */
void fake_hooks_reset(struct loop *l);

#endif
