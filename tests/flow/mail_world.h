/* The world with a way to send mails, on real templates: what leaves, and what stays. */
#ifndef USHERD_TESTS_MAIL_WORLD_H
#define USHERD_TESTS_MAIL_WORLD_H

#include "world.h"

#include "../fakes/fake_mailer.h"
#include "../fakes/fake_roster.h"
#include "flow/flow_mail.h"

struct mail_world {
	struct world *w;
	struct fake_mailer *mailer;
	struct flow_mail_conf conf; /* may be changed before mail_world_crash() */
	struct roster roster;
	const char *created_by; /* of invitations; NULL: "test" */
	/* The last answer of a verb. */
	enum err code;
	int64_t retry_after_s;
	char field[32], field_code[32];
	struct invitation *inv;
	struct delivery *log;
};

struct mail_world *mail_world_new(void);
void mail_world_free(struct mail_world *m);
/* kill -9 and start again; mails that were under way may have been sent. */
void mail_world_crash(struct mail_world *m);

#define ADA_AT "ada@home.example"

/* Invite Ada by mail to `address`; w->inv is the invitation. */
enum err mail_world_invite(struct mail_world *m, const char *address);
/* The same to ADA_AT, whose language is this. */
enum err mail_world_invite_in(struct mail_world *m, const char *language);
/* The n-th of many people, all at one domain. */
enum err mail_world_invite_nth(struct mail_world *m, unsigned n);
enum err mail_world_resend(struct mail_world *m, const char *id, bool void_links);
enum err mail_world_amend(
    struct mail_world *m, const char *id, const char *address, int64_t expires_in);
/* Load m->inv and m->log. */
void mail_world_look(struct mail_world *m, const char *id);
enum err mail_world_retry(struct mail_world *m, const char *item);
enum err mail_world_drop(struct mail_world *m, const char *item);

/* Time goes by, and the queue is looked at. */
void mail_world_pass(struct mail_world *m, int64_t ms);
struct flow_mail_status mail_world_status(struct mail_world *m);
/* Until `count` mails were given to the mailer; fails the test otherwise. */
void mail_world_await(struct mail_world *m, size_t count);
/* Until nothing is under way any more. */
void mail_world_rest(struct mail_world *m);
/* Until the queue has so many items, and nothing is under way. */
void mail_world_await_queue(struct mail_world *m, size_t items);

/* The token in the n-th mail's link; false: it has none. */
bool mail_world_token(struct mail_world *m, size_t n, struct token_hash *out);
/* Whether these words stand in the n-th mail's text. */
bool mail_world_says(struct mail_world *m, size_t n, const char *words);
/* What somebody with the n-th mail would see. */
enum accept_view_state mail_world_view(struct mail_world *m, size_t n);
/* How many entries of this event the log has (look first). */
size_t mail_world_logged(const struct mail_world *m, enum delivery_event event);
/* How many of the invitation's history (look first). */
size_t mail_world_happened(const struct mail_world *m, enum invitation_event event);
/* The log of the invitation's mails cannot be read any more. */
void mail_world_damage_log(struct mail_world *m, const char *id);
/* The invitation, which is final, is forgotten with its log. */
void mail_world_forget_invitation(struct mail_world *m, const char *id);
/* How many audit records have these words. */
size_t mail_world_audits(struct mail_world *m, const char *words);
/* The first item of the queue, or NULL; the caller frees it. */
struct outbox_item *mail_world_item(struct mail_world *m);

#endif
