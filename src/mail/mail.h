/* Mails: what one is made of, how it is composed from templates, and how it leaves. The only room
 * that speaks SMTP, through libcurl. */
#ifndef USHERD_MAIL_MAIL_H
#define USHERD_MAIL_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "loop/loop.h"

enum {
	MAIL_ADDRESS_MAX = 254, /* bytes, RFC 5321 section 4.5.3.1.3 less the brackets */
	MAIL_WORDS_MAX = 998,	/* bytes of a header's value before it is encoded */
	MAIL_HEADERS_MAX = 16,
	MAIL_PART_MAX = 64 * 1024, /* bytes of one part */
	MAIL_REPLY_SIZE = 512
};

/* ---- addresses ---- */

/* An addr-spec as it may stand in MAIL FROM, RCPT TO and a header: a dot-atom, "@", a domain of A-
 * labels (RFC 5891), ASCII alone unless `utf8_local` (then the server must speak SMTPUTF8, RFC
 * 6531). No CR, LF, NUL or other control byte ever passes: libcurl 7.88 hands them through to the
 * wire (reliability.md finding 11). */
bool mail_address_is_safe(const char *address, bool utf8_local);
bool mail_is_ascii(const char *text);
/* What is behind the last "@". */
const char *mail_domain_of(const char *address);
/* `"Words" <address>` for a header: words quoted or, when they need encoding (RFC 2047), left for
 * mail_add_header() to do. NULL or empty words: the address alone. */
const char *mail_mailbox(struct arena *arena, const char *words, const char *address);

/* ---- one mail ---- */

struct mail_header {
	const char *name;
	const char *value; /* as it goes out: encoded; lines are folded at its spaces then */
	const char *words; /* as it was given */
};

/* A plain value; everything lives in `arena`. */
struct mail {
	struct arena *arena;
	const char *from, *to; /* envelope: MAIL FROM and RCPT TO */
	struct mail_header headers[MAIL_HEADERS_MAX];
	size_t header_count;
	const char *text, *html; /* UTF-8; html NULL: a mail of one part */
};
struct mail *mail_new(void);
struct mail *mail_copy(const struct mail *m);
void mail_free(struct mail *m); /* wipes what it holds: a link stands in it. NULL is fine */
/* ERR_INVALID: a control byte in the value, or bad UTF-8 (T12), too long, or too many. Words that
 * are not ASCII, or that would be taken for encoded ones, become encoded-words of at most 75
 * characters, split at whole characters; in a header of addresses (From, To, ...), those before the
 * "<" alone. MIME-Version and Content-Type are not given: they follow from the parts. */
enum err mail_add_header(struct mail *m, const char *name, const char *value, struct fault *f);
/* As it was given. NULL: it has none. */
const char *mail_header_of(const struct mail *m, const char *name);
/* The third layer of T12, run by every mailer before anything leaves: addresses are safe, headers
 * have no control bytes, and are ASCII unless an address of the envelope is not; parts are UTF-8
 * and not too long. ERR_INVALID or ERR_TOO_LARGE. */
enum err mail_check(const struct mail *m, struct fault *f);
/* The whole message as RFC 5322 wants it, lines ending in CRLF, without the dots of SMTP. Wipe it:
 * a link stands in it. NULL: what mail_check() says. */
struct secret *mail_text(const struct mail *m, struct fault *f);

/* ---- mailers ---- */

enum mail_outcome {
	MAIL_SENT,     /* a 2xx to the end of DATA, and by nothing else (ecosystem.md finding 9) */
	MAIL_DEFERRED, /* 4xx, cut or silent from RCPT on: surely not taken, later */
	MAIL_REFUSED,  /* 5xx to RCPT or DATA: surely not taken, for good */
	MAIL_UNKNOWN, /* cut or silent between DATA's 354 and the answer to the mail (finding 12) */
	MAIL_AWAY,    /* no connection, 4xx or cut before RCPT: it is not this mail's fault */
	MAIL_BROKEN   /* TLS or AUTH failed, 5xx before RCPT, or no mail could be made of what is
			 set: an operator must act. Never in clear text */
};
const char *mail_outcome_name(enum mail_outcome o);

struct mail_report {
	enum mail_outcome outcome;
	int code;	   /* the server's, or 0 */
	const char *reply; /* its words in one line, or ours when it said none; never NULL */
};

struct mailer;
struct mail_templates;
struct mail_sender;
struct mail_facts;
/* A mailer's own begins with it. */
struct mail_sending {
	struct mailer *mailer; /* set by mailer_send() and mailer_compose() */
};
typedef void mail_sent_cb(void *arg, const struct mail_report *report);

struct mailer_ops {
	const char *name; /* "smtp", "spool" */
	struct mail_sending *(*send)(
	    struct mailer *, const struct mail *, mail_sent_cb *cb, void *arg);
	struct mail_sending *(*compose)(struct mailer *, const struct mail_templates *,
	    const struct mail_sender *, const struct mail_facts *, mail_sent_cb *cb, void *arg);
	void (*cancel)(struct mail_sending *);
	bool (*take_back)(struct mail_sending *);
	void (*free)(struct mailer *);
};
struct mailer {
	const struct mailer_ops *ops;
};

/* Starts to send a copy of it. The callback runs exactly once, never before this has returned,
 * never after mailer_cancel(), and within the sum of the deadlines. What mail_check() refuses comes
 * to what mailer_blames() says. A mail that was cancelled may have been sent. */
struct mail_sending *mailer_send(
    struct mailer *m, const struct mail *mail, mail_sent_cb *cb, void *arg);
/* The same with the mail that mail_compose() makes of the facts, which are copied: on the thread
 * that sends it, for composing takes longer than all else that the loop does for a mail. What
 * composing refuses comes to what mailer_blames() says. Templates and sender outlive the mailer. */
struct mail_sending *mailer_compose(struct mailer *m, const struct mail_templates *t,
    const struct mail_sender *sender, const struct mail_facts *facts, mail_sent_cb *cb, void *arg);
void mailer_cancel(struct mail_sending *s);
/* True: it waited or was being made, it is cancelled, and it was surely not sent. False: nothing
 * has changed. */
bool mailer_take_back(struct mail_sending *s);
/* What it comes to that no mail to `to` could be made: MAIL_REFUSED if the address is why. Else
 * MAIL_BROKEN: a slip in our settings must not make an invitation undeliverable. */
enum mail_outcome mailer_blames(const char *to);
void mailer_free(struct mailer *m); /* cancels what is under way; NULL is fine */

enum mail_tls { MAIL_STARTTLS, MAIL_TLS, MAIL_CLEAR };

/* Strings are copied. */
struct mail_smtp_conf {
	struct loop *loop;
	const char *host; /* a name, or an address; IPv6 without brackets */
	int port;
	const char *hello;   /* EHLO's argument; NULL: the machine's name */
	enum mail_tls tls;   /* MAIL_STARTTLS: required, not tried */
	const char *ca_file; /* NULL: the system's */
	const char *user;    /* NULL: no AUTH */
	const struct secret *password;
	size_t connections;  /* at most so many, reused */
	int64_t connect_ms;  /* name, TCP; TLS after STARTTLS once more */
	int64_t reply_ms;    /* each answer of the server, its banner too; not that to the mail: */
	int64_t transfer_ms; /* one mail in all */
};
/* Each connection has a thread: libcurl's SMTP waits in the one that calls it (mail_smtp.c).
 * ERR_MISCONFIGURED: libcurl lacks SMTP, TLS or a resolver that does not block (AsynchDNS); a user
 * with MAIL_CLEAR: no password goes in clear text; a host or port that is none. */
enum err mail_smtp_new(struct mailer **out, const struct mail_smtp_conf *conf, struct fault *f);
/* One that sends nothing, to try a configuration: each mail ends where MAIL FROM would be said.
 * What it is told as sent is what the server let come that far: connection, greeting, TLS, AUTH. */
enum err mail_smtp_probe_new(
    struct mailer **out, const struct mail_smtp_conf *conf, struct fault *f);

/* Instead of a server, a folder with a file a mail: NAME.eml, written under another name and then
 * renamed, mode 0600, "X-Envelope-From" and "X-Envelope-To" in front. On a worker thread, for the
 * disk may be slow. ERR_MISCONFIGURED: the folder cannot be written. */
enum err mail_spool_new(
    struct mailer **out, struct loop *loop, const char *folder, struct fault *f);

/* ---- composing ---- */

/* All templates, parsed and checked: LANGUAGE/KIND.txt ("Subject: ..." in its first line, an empty
 * one, then the text) and LANGUAGE/KIND.html for each kind; head.html and foot.html, beside them or
 * for all languages, are for the latter to include. Those that are part of the program are complete
 * in English, German and Vietnamese; files of the folder stand before them, one by one. */
struct mail_templates;
enum { MAIL_LANGUAGES_MAX = 32, MAIL_ERRORS_MAX = 32 };
struct mail_template_errors {
	struct fault items[MAIL_ERRORS_MAX]; /* each begins with "FILE:LINE: " */
	size_t count;
};
/* `folder`: NULL: none. NULL comes back with at least one error in `errors`. A value that its kind
 * does not have, an unknown file name, a text without its HTML, a missing subject are errors; a
 * default language without texts is not (mail_templates_speak()). */
struct mail_templates *mail_templates_load(
    const char *folder, const char *default_language, struct mail_template_errors *errors);
void mail_templates_free(struct mail_templates *t);
/* The tags of the languages that have texts of an invitation. They live as long as `t`. */
size_t mail_templates_languages(
    const struct mail_templates *t, const char *tags[MAIL_LANGUAGES_MAX]);
/* There are texts of an invitation in that language, or in what its tag is short for. */
bool mail_templates_speak(const struct mail_templates *t, const char *language);

/* What the sender is, the same for all mails. Borrowed for the life of whoever keeps it. */
struct mail_sender {
	const char *organisation;
	const char *from;      /* address */
	const char *from_name; /* NULL: the organisation */
	const char *reply_to;  /* address or NULL */
	const char *bounces;   /* address that VERP builds on, or NULL: return to `from`, no VERP */
	const char *id_domain; /* of Message-ID */
	const char *sign_in_url, *help_contact; /* NULL: none */
	unsigned char verp_key[32];
};

/* The facts of one mail. Borrowed for the call. NULL: absent. */
struct mail_facts {
	const char *kind;	/* outbox_kind_name() */
	const char *language;	/* BCP 47 */
	const char *invitation; /* id */
	const char *item;	/* id of the queue's item: mails of one item are one thread */
	unsigned attempt;
	const char *to;
	const char *name; /* of the person the mail is about */
	const char *given_name;
	const char *uid;
	const char *inviter;		 /* shown name of who invited; NULL: nobody's */
	const char *position, *org_unit; /* shown names */
	const char *link;		 /* the whole URL */
	const char *reason;		 /* why it was undeliverable */
	bool over;			 /* the invitation has ended: nothing can be sent again */
	int64_t expires_at;		 /* wall ms; 0: none */
	int64_t now;			 /* wall ms */
};
struct mail_facts mail_facts_copy(const struct mail_facts *facts, struct arena *arena);
/* The mail: From, To, Reply-To, Subject, Date, Message-ID (stable per attempt:
 * <INVITATION.ITEM.ATTEMPT.TAG@domain>), References (<INVITATION.ITEM.TAG@domain>), Auto-Submitted
 * (RFC 3834), X-Auto-Response-Suppress, Content-Language; Return-Path by VERP. The tags are keyed:
 * whoever knows an invitation's id cannot make up a report about it. A notice to the inviter names
 * the invitation in neither id nor return path: what becomes of it says nothing about the invited
 * person. Values of people are broken up so that no mail program makes a link of them, in both
 * parts (T13); the link is the one URL beside the sign-in page. ERR_INVALID: no such kind, or an
 * unsafe address; ERR_TOO_LARGE. Words of people never make it fail: they are cut. */
enum err mail_compose(struct mail **out, const struct mail_templates *t,
    const struct mail_sender *sender, const struct mail_facts *facts, struct fault *f);

/* ---- bounces ---- */

/* LOCAL+b-INVITATION-TAG@DOMAIN, both in lower-case base32: survives being folded to one case, and
 * the tag is keyed, so that nobody can make one up; it also tells whom the mail was to. Without an
 * address for bounces: `from`; with a LOCAL of more than 18 bytes, which has no room for the rest:
 * the address as it is. Bounces lead to their invitation by Message-ID alone then. */
const char *mail_verp_address(struct arena *arena, const struct mail_sender *sender,
    const char *invitation, const char *recipient);
struct mail_verp {
	char invitation[40];
	uint32_t recipient; /* mail_verp_recipient() of whom the mail was to */
};
/* False: it is none of ours, and `out` is untouched. */
bool mail_verp_parse(
    struct mail_verp *out, const struct mail_sender *sender, const char *address, size_t len);
/* A keyed hash of the address: the same for the same one, in whatever case. */
uint32_t mail_verp_recipient(const struct mail_sender *sender, const char *address);

enum mail_dsn_action { MAIL_DSN_FAILED, MAIL_DSN_DELAYED, MAIL_DSN_OTHER };
struct mail_dsn {
	enum mail_dsn_action action; /* the worst of its recipients */
	const char *status;	     /* "5.1.1", or NULL */
	const char *diagnostic;	     /* in one line, or NULL */
	char invitation[40];	     /* attributed by a VERP address or our Message-ID */
	/* A late report about an address that was replaced since is no news of the new one. */
	bool knows_recipient;  /* by a VERP address: */
	uint32_t to_recipient; /* mail_verp_recipient() of whom the mail was to */
	const char *to;	       /* what the header of the mail that it returns says, or NULL */
	/* Whom status and diagnostic are about, as the report says; NULL: it does not. */
	const char *final_recipient, *original_recipient;
};
/* Read a whole message that is a delivery status notification (RFC 3464). `recipient`: the address
 * that it was delivered to, or NULL: that of its own headers. ERR_INVALID: it is none; the text
 * says what is missing. ERR_NOT_FOUND: of no mail of ours. Bounded work, any input. */
enum err mail_dsn_parse(struct mail_dsn *out, const struct mail_sender *sender, const char *message,
    size_t len, const char *recipient, struct arena *arena, struct fault *f);

#endif
