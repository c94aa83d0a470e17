/* The use cases of mails and webhooks. Codes and promises as in flow.h. */
#ifndef USHERD_FLOW_FLOW_MAIL_H
#define USHERD_FLOW_FLOW_MAIL_H

#include "flow/flow.h"
#include "invite/outbox.h"
#include "mail/mail.h"
#include "store/store_outbox.h"
#include "webhook/webhook.h"

/* Part of flow_conf (`mail`; NULL: there is no way to send, and the method "email" is refused).
 * Borrowed until flow_free(). */
struct flow_mail_conf {
	struct mailer *mailer;
	const struct mail_templates *templates;
	struct mail_sender sender;
	const char *public_url; /* links are built from it alone */
	const char *notify; /* where notices for inviters without an address go; NULL: nowhere */
	size_t in_flight;   /* mails at once: the mailer's connections */
	size_t rate, domain_rate; /* a minute; 0: unbounded */
	size_t queue_max;	  /* further ones are refused: ERR_BUSY */
	int64_t resend_s;	  /* cool-down between two requests for the same invitation */
	bool reminder, welcome, notices;
};

/* And of webhooks (`hooks`; never NULL in the daemon). */
struct flow_hook_conf {
	struct webhooks *webhooks;
	bool allow_private, clear_text;
	size_t in_flight;
	int64_t kept_s; /* delivered and failed messages are kept for replay */
};

/* ---- one invitation ---- */

/* An invitation and what became of its mails, for whoever shows it. `d` is never NULL with ERR_OK.
 */
typedef void flow_details_cb(void *arg, enum err code, const struct invitation *inv,
    const struct delivery *d, const struct fault *f);
void flow_details_start(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_details_cb *cb, void *arg);

/* Mail the link again, with a fresh token. `void_links`: those that are out end at once. ERR_OK: a
 * mail is queued that leaves after this, a new one or one that waited already; one that is being
 * sent is none. ERR_THROTTLED: `retry_after_s` until the cool-down's end. ERR_REFUSED: its method
 * is not email, or there is no mail. Else as flow_change_cb. */
typedef void flow_resend_cb(void *arg, enum err code, const struct invitation *inv,
    const struct delivery *d, int64_t retry_after_s, const struct fault *f);
void flow_resend_start(struct flow *f, const char *id, bool void_links,
    const struct flow_caller *caller, flow_resend_cb *cb, void *arg);

/* Another personal address (old links end at once, a mail goes to the new one; one handed over as a
 * link becomes one by mail), another end. ERR_INVALID: `errors`. */
struct amend_spec {
	const char *personal_mail; /* NULL: left alone */
	int64_t expires_in;	   /* seconds from now; 0: left alone */
	/* The version that is meant to be changed; 0: whichever it is now. ERR_CONFLICT with `inv`
	 * of another revision, or without one: it is another one now. */
	uint64_t revision;
};
typedef void flow_amend_cb(void *arg, enum err code, const struct invitation *inv,
    const struct delivery *d, const struct field_errors *errors, const struct fault *f);
void flow_amend_start(struct flow *f, const char *id, const struct amend_spec *spec,
    const struct flow_caller *caller, flow_amend_cb *cb, void *arg);

/* The form of an open invitation was shown: noted once. Nobody waits for it. */
void flow_note_opened(struct flow *f, const struct invitation *inv);

/* A report of a mail system. ERR_NOT_FOUND: of no invitation of ours. `action`: what it said. */
typedef void flow_bounce_cb(
    void *arg, enum err code, const struct mail_dsn *dsn, const struct fault *f);
void flow_bounce_start(struct flow *f, const char *message, size_t len, const char *recipient,
    const struct flow_caller *caller, flow_bounce_cb *cb, void *arg);

/* ---- the queue ---- */

struct flow_mail_status {
	size_t waiting; /* items in the queue */
	size_t in_flight;
	int64_t oldest_at;    /* wall ms of the oldest item that was due and still waits; 0: none */
	bool paused;	      /* the relay is away or broken */
	int64_t paused_until; /* wall ms */
	const char *reason;   /* of the pause; borrowed until the loop turns */
	bool broken;	      /* an operator must act (TLS, AUTH) */
	/* Since this process began, wall ms, 0: none yet. `failure`: how the last attempt ended
	 * that failed for a reason of the relay's, in its words, also of one that is over; NULL;
	 * borrowed as above; "[address]" stands for the recipient. Refusals of one mail are in its
	 * invitation's timeline. */
	int64_t sent_at, failed_at;
	const char *failure;
};
void flow_mail_status(const struct flow *f, struct flow_mail_status *out);

/* As store_outbox_list(). */
void flow_queue_list_start(struct flow *f, enum outbox_queue queue, const char *after, size_t limit,
    store_outbox_cb *cb, void *arg);
/* Due now, and a pause ends. ERR_CONFLICT: it is being sent. */
typedef void flow_item_cb(void *arg, enum err code, const struct fault *f);
void flow_queue_retry_start(struct flow *f, enum outbox_queue queue, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg);
/* A pause ends. */
void flow_queue_retry_all(
    struct flow *f, enum outbox_queue queue, const struct flow_caller *caller);
/* Never to be sent; the invitation stays open. Also one that cannot be read. ERR_CONFLICT: it is
 * being sent. */
void flow_queue_drop_start(struct flow *f, enum outbox_queue queue, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg);

/* A mail of this kind with made-up facts, composed alone or sent too (to `to`; NULL: made up as
 * well). ERR_NOT_FOUND: no such kind. ERR_INVALID: `to` is no address. ERR_MISCONFIGURED: a mail of
 * this kind cannot be made. Without mail: ERR_REFUSED. One that is sent takes its turn among all
 * others, as the rates say. ERR_BUSY: FLOW_MAIL_TESTS are under way, or its turn is not soon. */
enum { FLOW_MAIL_TESTS = 2 };
enum err flow_mail_preview(struct flow *f, const char *kind, const char *language, const char *to,
    struct mail **out, struct fault *fault);
typedef void flow_mail_test_cb(
    void *arg, enum err code, const struct mail_report *report, const struct fault *f);
void flow_mail_test_start(struct flow *f, const char *kind, const char *language, const char *to,
    const struct flow_caller *caller, flow_mail_test_cb *cb, void *arg);

/* ---- webhooks ---- */

struct hook_spec {
	const char *name, *url; /* NULL on a change: left alone */
	unsigned types;		/* 0 on a change: left alone */
	int enabled;		/* -1: left alone */
	/* What is wrong with the types, found by who read their names: told with the rest. NULL or
	 * empty: nothing. */
	const struct field_errors *type_errors;
};
/* `secret`: its text, only of a new endpoint and of a rotation. ERR_INVALID: `errors`. ERR_REFUSED:
 * there are HOOK_MAX already. */
typedef void flow_hook_cb(void *arg, enum err code, const struct hook *h,
    const struct secret *secret, const struct field_errors *errors, const struct fault *f);
void flow_hook_create_start(struct flow *f, const struct hook_spec *spec,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg);
void flow_hook_change_start(struct flow *f, const char *id, const struct hook_spec *spec,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg);
/* A new secret; the old one signs too for `overlap_s` (0: no longer, nor does one before it; at
 * most FLOW_HOOK_OVERLAP_MAX_S, else ERR_INVALID). ERR_CONFLICT: one before it still signs, and
 * there is room for one. */
enum { FLOW_HOOK_OVERLAP_MAX_S = 30 * 86400 };
void flow_hook_rotate_start(struct flow *f, const char *id, int64_t overlap_s,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg);
void flow_hook_delete_start(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_item_cb *cb, void *arg);
size_t flow_hook_count(const struct flow *f);
const struct hook *flow_hook_at(const struct flow *f, size_t index);
const struct hook *flow_hook_by_id(const struct flow *f, const char *id);

/* How an endpoint has been since this process began. */
struct flow_hook_health {
	int64_t delivered_at;  /* wall ms of the last delivery; 0: none yet */
	int64_t failing_since; /* of the first attempt that failed since; 0: none did */
	int64_t paused_until;  /* nobody answers there: nothing is sent before; 0: no pause */
	const char *last;      /* of the last attempt that failed since; NULL; borrowed */
};
void flow_hook_health(const struct flow *f, const char *id, struct flow_hook_health *out);

/* A message of no event ("usherd.test"), to see whether the endpoint takes it; queued like all. */
void flow_hook_test_start(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_item_cb *cb, void *arg);
/* Messages of an endpoint: first those that wait (outcome NULL), by when they are due, then those
 * that were delivered or given up. `after`: what `next` said. A page may have fewer than `limit`,
 * or none, and there are more as long as `next` is not NULL. */
void flow_hooked_list_start(struct flow *f, const char *hook, const char *after, size_t limit,
    store_hooked_cb *cb, void *arg);
/* Send it again, or now when it waits; under its own id. ERR_CONFLICT: it is being sent. */
void flow_hooked_replay_start(struct flow *f, const char *hook, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg);

#endif
