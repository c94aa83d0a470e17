/* What the files of the SMTP mailer share. */
#ifndef USHERD_MAIL_MAIL_SMTP_PRIVATE_H
#define USHERD_MAIL_MAIL_SMTP_PRIVATE_H

#include <curl/curl.h>

#include "mail/mailer_private.h"

/* ---- what was said: mail_smtp_dialogue.c ---- */

/* The command that was sent last. */
enum smtp_phase {
	SMTP_CONNECT,  /* none: a connection is being made */
	SMTP_GREETING, /* none: the server speaks first */
	SMTP_HELLO,    /* EHLO or HELO */
	SMTP_STARTTLS,
	SMTP_HANDSHAKE, /* TLS, after the 220 to STARTTLS */
	SMTP_AUTH,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BODY /* the mail itself, after the 354 to DATA */
};
const char *smtp_phase_name(enum smtp_phase p);

/* libcurl tells of each command and each line of an answer. */
struct smtp_dialogue {
	enum smtp_phase phase;
	int code;		     /* of the whole answer to the last command; 0: none came */
	char reply[MAIL_REPLY_SIZE]; /* its words; lines are joined by a space */
	bool partial;		     /* more lines of it are to come */
	bool over;		     /* QUIT was sent: what comes then is about nothing */
	bool offers_utf8;	     /* as said last: in clear text it counts for nothing */
	bool authenticated;	     /* both are of the connection */
};
void smtp_dialogue_begin(struct smtp_dialogue *d); /* a mail, maybe on the same connection */
void smtp_dialogue_connect(struct smtp_dialogue *d);
void smtp_dialogue_sent(struct smtp_dialogue *d, const char *data, size_t len);
void smtp_dialogue_received(struct smtp_dialogue *d, const char *line, size_t len);

/* ---- what follows from it: mail_smtp_outcome.c ---- */

enum mail_outcome smtp_outcome(const struct smtp_dialogue *d, CURLcode code);
/* The mail was not begun on a connection that had been idle: the server had closed it. */
bool smtp_was_stale(const struct smtp_dialogue *d, CURLcode code);

/* ---- one thread with one connection: mail_smtp_worker.c ---- */

struct smtp_worker;
struct smtp_settings {
	char *url, *ca_file, *user;
	struct secret *password;
	enum mail_tls tls;
	bool probe; /* no mail is begun */
	int64_t connect_ms, reply_ms, transfer_ms;
};
enum err smtp_worker_new(
    struct smtp_worker **out, const struct smtp_settings *settings, struct fault *f);
/* From any thread: what is under way ends soon, and nothing is begun again. */
void smtp_worker_stop(struct smtp_worker *w);
void smtp_worker_free(struct smtp_worker *w);
void smtp_worker_carry(struct mailer_job *j, void *worker);

#endif
