/* The facts of a mail, from its invitation or from what its item kept. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"

/* The value of a DN's first RDN (RFC 4514): what people call an org unit. */
static const char *
compose_place_name(struct arena *arena, const char *dn)
{
	const char *from = dn != NULL ? strchr(dn, '=') : NULL;
	char *name, *out;

	if (from == NULL)
		return NULL;
	name = out = arena_strdup(arena, ++from);
	for (; *from != '\0' && *from != ',' && *from != '+'; from++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *high, *low;

		if (*from == '\\' && from[1] != '\0') {
			high = strchr(digits, *++from);
			low = from[1] != '\0' ? strchr(digits, from[1]) : NULL;
			if (high != NULL && low != NULL) {
				*out++ = (char)((high - digits) % 16 * 16 + (low - digits) % 16);
				from++;
				continue;
			}
		}
		*out++ = *from;
	}
	*out = '\0';
	return name;
}

/* The words of a DELIVERY_DEFERRED without what plan_until() said behind them. */
static const char *
compose_deferred(struct arena *arena, const char *detail)
{
	const char *at = detail, *end = NULL;

	while ((at = strstr(at, MAIL_AGAIN_AT)) != NULL)
		end = at++;
	return end != NULL ? arena_dup(arena, detail, (size_t)(end - detail)) : detail;
}

/* Why the address could not be reached: the last that a mail system said of it. Whoever gets to
 * read this is none of the administrators who drop mails. */
static const char *
compose_reason(struct arena *arena, const struct delivery *d)
{
	for (size_t i = d != NULL ? d->log_count : 0; i > 0; i--) {
		const struct delivery_entry *e = &d->log[i - 1];

		if (e->detail == NULL)
			continue;
		if (e->event == DELIVERY_BOUNCED)
			return e->detail;
		if (e->kind == OUTBOX_KIND_COUNT || !outbox_has_link(e->kind))
			continue;
		if (e->event == DELIVERY_REFUSED)
			return e->detail;
		if (e->event == DELIVERY_DEFERRED)
			return compose_deferred(arena, e->detail);
	}
	return NULL;
}

static char *
compose_link(const struct mail_trip *t)
{
	const char *base = t->mails->conf->public_url;
	size_t base_len = strlen(base), len = secret_len(t->token);
	static const char path[] = "/join/";
	char *link = mem_alloc(base_len + sizeof(path) + len);

	memcpy(link, base, base_len);
	memcpy(link + base_len, path, sizeof(path));
	memcpy(link + base_len + sizeof(path) - 1, secret_bytes(t->token), len + 1);
	return link;
}

/* By what everybody sees: the sweeper may not have been there yet. */
static bool
compose_is_over(const struct mail_trip *t)
{
	if (t->inv == NULL)
		return true;
	switch (invitation_seen(t->inv, flow_now(t->mails->flow))) {
	case INVITATION_DONE:
	case INVITATION_EXPIRED:
	case INVITATION_REVOKED:
		return true;
	default:
		return false;
	}
}

/* What an invitation knows; little when it is over, and nothing when it is forgotten. */
static void
compose_from_invitation(struct mail_trip *t, struct mail_facts *facts)
{
	const struct invitation *inv = t->inv;
	const struct person *p = &inv->person;

	facts->given_name = p->value[PERSON_GIVEN_NAME];
	facts->inviter = mail_inviter_of(t->mails->flow, inv, t->arena).name;
	facts->position = p->value[PERSON_POSITION];
	facts->org_unit = compose_place_name(t->arena, p->value[PERSON_ORG_UNIT]);
	facts->expires_at = invitation_end(inv);
	if (!outbox_has_link(t->trip->item->kind))
		return;
	facts->language = p->value[PERSON_LANGUAGE];
	facts->name = p->value[PERSON_DISPLAY_NAME];
	facts->uid = p->value[PERSON_UID];
}

struct mail_sending *
mail_trip_send(struct mail_trip *t, mail_sent_cb *cb)
{
	const struct flow_mail_conf *conf = t->mails->conf;
	const struct outbox_item *item = t->trip->item;
	struct mail_facts facts = { .kind = outbox_kind_name(item->kind),
		.language = item->language,
		.invitation = item->subject,
		.item = item->id,
		.attempt = item->attempts + 1,
		.to = t->to,
		.name = item->name,
		.uid = item->uid,
		.reason = compose_reason(t->arena, t->delivery),
		.now = flow_now(t->mails->flow) };
	char *link = outbox_has_link(item->kind) ? compose_link(t) : NULL;
	struct mail_sending *sending;

	facts.over = compose_is_over(t);
	if (t->inv != NULL)
		compose_from_invitation(t, &facts);
	facts.link = link;
	sending = mailer_compose(conf->mailer, conf->templates, &conf->sender, &facts, cb, t);
	if (link != NULL)
		secret_wipe(link, strlen(link));
	free(link);
	secret_free(t->token); /* the mailer's alone from now on */
	t->token = NULL;
	return sending;
}
