/* News that nobody could be told in time goes, with the names and addresses it keeps: during a
 * pause that does not end, and when mails are not sent any more, no lane looks at it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "flow/sweeper_private.h"
#include "log/log.h"

enum {
	MAIL_SWEEP_EVERY_MS = 5 * 60 * 1000,
	MAIL_SWEEP_FIRST_MS = 2000,
	MAIL_SWEEP_PAUSE_MS = 250, /* between pages */
	MAIL_SWEEP_PAGE = 64
};

struct mail_sweeper {
	struct sweeper base; /* first */
	char *after;	     /* of the next page; NULL: a walk begins */
	struct outbox_item *late[MAIL_SWEEP_PAGE];
	size_t late_count;
};

static void mail_sweep_next(struct mail_sweeper *s);

static void
mail_sweep_on_removed(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct mail_sweeper *s = arg;
	struct outbox_item *item = s->late[--s->late_count];

	(void)revision;
	s->base.op = NULL;
	if (code == ERR_OK)
		log_info("a mail came too late and is dropped", "invitation", item->subject, "item",
		    item->id, "kind", outbox_kind_name(item->kind));
	else /* it is met again */
		log_debug("a mail that came too late could not be dropped now", "reason", f->text);
	outbox_item_free(item);
	mail_sweep_next(s);
}

static void
mail_sweep_next(struct mail_sweeper *s)
{
	if (s->late_count > 0)
		s->base.op =
		    store_outbox_remove(s->base.flow->conf.store, s->late[s->late_count - 1], NULL,
			NULL, INVITATION_EVENT_COUNT, NULL, 0, NULL, mail_sweep_on_removed, s);
	else
		loop_timer_set(
		    s->base.timer, s->after != NULL ? MAIL_SWEEP_PAUSE_MS : MAIL_SWEEP_EVERY_MS);
}

/* One that is being sent is left to who sends it; without a lane nobody does. */
static bool
mail_sweep_is_late(const struct mail_sweeper *s, const struct outbox_item *item)
{
	return !outbox_has_link(item->kind) && flow_now(s->base.flow) >= item->expires_at &&
	       (item->owner[0] == '\0' || s->base.flow->lanes[OUTBOX_MAILS] == NULL);
}

static void
mail_sweep_on_listed(void *arg, enum err code, struct outbox_item **list, size_t count,
    const char *next, const struct fault *f)
{
	struct mail_sweeper *s = arg;

	s->base.op = NULL;
	if (code != ERR_OK)
		log_debug("the queue could not be swept now", "reason", f->text);
	free(s->after);
	s->after = code == ERR_OK ? mem_dup_string(next) : NULL;
	for (size_t i = 0; code == ERR_OK && i < count; i++)
		if (mail_sweep_is_late(s, list[i])) {
			s->late[s->late_count++] = list[i];
			list[i] = NULL;
		}
	mail_sweep_next(s);
}

static void
mail_sweep_on_timer(void *arg)
{
	struct mail_sweeper *s = arg;

	s->base.op = store_outbox_list(s->base.flow->conf.store, OUTBOX_MAILS, s->after,
	    MAIL_SWEEP_PAGE, mail_sweep_on_listed, s);
}

struct mail_sweeper *
mail_sweeper_new(struct flow *f)
{
	return sweeper_new(
	    f, sizeof(struct mail_sweeper), mail_sweep_on_timer, MAIL_SWEEP_FIRST_MS);
}

void
mail_sweeper_free(struct mail_sweeper *s)
{
	if (s == NULL)
		return;
	while (s->late_count > 0)
		outbox_item_free(s->late[--s->late_count]);
	free(s->after);
	sweeper_free(&s->base);
}
