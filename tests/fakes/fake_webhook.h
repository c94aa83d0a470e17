/* Sending of webhook messages, in memory: it remembers what was sent and answers what the test
 * says, through the loop. It stands before the one of libwebhook when they are linked. */
#ifndef USHERD_FAKE_WEBHOOK_H
#define USHERD_FAKE_WEBHOOK_H

#include "base/id.h"
#include "webhook/webhook.h"

enum { FAKE_SENT_MAX = 256 };

struct fake_sent {
	char id[ID_SIZE], url[256], body[1024];
	int64_t at_s;
	unsigned secrets; /* how many signed */
	unsigned char secret[2][WEBHOOK_SECRET_SIZE];
};

struct fake_webhooks {
	struct loop *loop;
	/* The answer of every message from now on; its words are constant. */
	struct webhook_report report;
	bool silent; /* no answer comes at all: the message is under way until it is cancelled */
	const char *silent_url;		/* the same of this endpoint alone; NULL: of none */
	struct webhook_sending *newest; /* NULL: it has ended */
	/* Told at each sending, before its answer; NULL: nobody is. */
	void (*on_sent)(void *arg);
	void *arg;
	struct fake_sent sent[FAKE_SENT_MAX];
	size_t count, under_way, under_way_max;
};

struct webhooks *fake_webhooks_of(struct fake_webhooks *w);
/* The newest that is under way is answered after all. */
void fake_webhooks_answer(struct fake_webhooks *w);

#endif
