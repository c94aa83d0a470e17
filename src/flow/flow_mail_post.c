/* What is queued, and with what facts. The mails with a link take theirs from the invitation when
 * they leave; the others keep them, because the invitation forgets its person. */
#include "flow/mail_private.h"

#include <string.h>

#include "roster/roster.h"

enum { POST_NEWS_MS = 3 * 24 * 3600 * 1000 /* so long it makes sense to tell somebody */ };

void
mail_post_free(struct mail_post *p)
{
	for (size_t i = 0; i < p->post.item_count; i++)
		outbox_item_free(p->items[i]);
	*p = (struct mail_post){ .post = { .item_count = 0 } };
}

static struct outbox_item *
post_add(struct mail_post *p, struct outbox_item *item, const struct outbox_item *was)
{
	size_t i = p->post.item_count++;

	p->items[i] = item;
	p->post.items[i] = item;
	p->post.was[i] = was;
	return item;
}

/* ---- with a link ---- */

static struct outbox_item *
post_link(struct mail_post *p, const struct flow *f, const struct invitation *inv,
    enum outbox_kind kind, int64_t due)
{
	struct outbox_item *item = post_add(p, outbox_item_new(kind, inv->id, flow_now(f)), NULL);

	item->due = due;
	item->expires_at = invitation_end(inv);
	return item;
}

static void
post_first(
    struct mail_post *p, const struct flow *f, const struct invitation *inv, struct delivery *d)
{
	struct outbox_item *item = post_link(p, f, inv, OUTBOX_INVITATION, flow_now(f));

	memcpy(d->waiting, item->id, sizeof(d->waiting));
}

void
mail_post_issue(
    struct mail_post *p, const struct flow *f, const struct invitation *inv, struct delivery *d)
{
	post_first(p, f, inv, d);
	if (f->conf.mail->reminder)
		post_link(p, f, inv, OUTBOX_REMINDER,
		    inv->created_at + (inv->expires_at - inv->created_at) / 2);
	d->asked_at = flow_now(f);
	delivery_note(d, DELIVERY_QUEUED, OUTBOX_INVITATION, flow_now(f), NULL);
	p->post.delivery = d;
}

enum err
mail_post_again(struct mail_post *p, const struct flow *f, const struct invitation *inv,
    struct delivery *d, const struct outbox_item *waiting, struct fault *fault)
{
	const bool waits = waiting != NULL && waiting->owner[0] == '\0';

	if (!waits && store_outbox_count(f->conf.store, OUTBOX_MAILS) >= f->conf.mail->queue_max)
		return fault_set(fault, ERR_BUSY, "too many mails wait to be sent");
	d->asked_at = flow_now(f);
	p->post.delivery = d;
	if (waits) {
		struct outbox_item *item = post_add(p, outbox_item_copy(waiting), waiting);

		item->due = flow_now(f);
		item->slotted = false;
		item->unknown = 0;
	} else
		post_first(p, f, inv, d);
	delivery_note(d, DELIVERY_QUEUED, OUTBOX_INVITATION, flow_now(f), NULL);
	return ERR_OK;
}

/* ---- news ---- */

struct post_lookup {
	struct arena *arena;
	struct mail_inviter found;
};

static void
post_take_inviter(void *arg, size_t index, const struct roster_row *row)
{
	struct post_lookup *ctx = arg;

	(void)index;
	if (row->name.len > 0)
		ctx->found.name = arena_dup(ctx->arena, row->name.s, row->name.len);
	if (row->mail.len > 0)
		ctx->found.mail = arena_dup(ctx->arena, row->mail.s, row->mail.len);
}

struct mail_inviter
mail_inviter_of(const struct flow *f, const struct invitation *inv, struct arena *arena)
{
	static const char user[] = "user:";
	struct post_lookup ctx = { arena, { NULL, NULL } };
	unsigned char id[FEED_ID_SIZE];

	if (f->conf.roster != NULL && inv->created_by != NULL &&
	    strncmp(inv->created_by, user, strlen(user)) == 0 &&
	    feed_id_parse(inv->created_by + strlen(user), id))
		roster_find(f->conf.roster, id, post_take_inviter, &ctx);
	return ctx.found;
}

static struct outbox_item *
post_news(struct mail_post *p, const struct flow *f, const struct invitation *inv,
    enum outbox_kind kind, const char *to)
{
	struct outbox_item *item = post_add(p, outbox_item_new(kind, inv->id, flow_now(f)), NULL);

	item->expires_at = item->created_at + POST_NEWS_MS;
	outbox_set_text(item, &item->to, to);
	outbox_set_text(item, &item->name, inv->person.value[PERSON_DISPLAY_NAME]);
	outbox_set_text(item, &item->uid, inv->person.value[PERSON_UID]);
	return item;
}

static void
post_notice(
    struct mail_post *p, const struct flow *f, const struct invitation *inv, enum outbox_kind kind)
{
	struct arena *arena = arena_new(0);
	const char *to = mail_inviter_of(f, inv, arena).mail;

	if (to == NULL)
		to = f->conf.mail->notify;
	if (to != NULL && f->conf.mail->notices)
		post_news(p, f, inv, kind, to);
	arena_free(arena);
}

void
mail_post_finish(struct mail_post *p, struct flow *f, const struct invitation *inv)
{
	const char *to =
	    inv->personal_mail != NULL ? inv->personal_mail : inv->person.value[PERSON_MAIL];

	if (f->conf.mail == NULL)
		return;
	if (f->conf.mail->welcome && to != NULL) {
		struct outbox_item *item = post_news(p, f, inv, OUTBOX_WELCOME, to);

		outbox_set_text(item, &item->language, inv->person.value[PERSON_LANGUAGE]);
	}
	post_notice(p, f, inv, OUTBOX_COMPLETED);
}

void
mail_post_undeliverable(struct mail_post *p, struct flow *f, const struct invitation *inv)
{
	if (f->conf.mail != NULL)
		post_notice(p, f, inv, OUTBOX_UNDELIVERABLE);
}
