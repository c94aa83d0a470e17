/* A mail server on threads of its own that misbehaves where the test says, and remembers all it was
 * told. And a mailer on a loop of the test's. */
#ifndef USHERD_TESTS_SMTP_RIG_H
#define USHERD_TESTS_SMTP_RIG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "loop/loop.h"
#include "mail/mail.h"

/* Before the answer to what the server misbehaves. */
enum smtp_at {
	AT_GREETING,
	AT_EHLO,
	AT_STARTTLS,
	AT_HANDSHAKE,
	AT_AUTH,
	AT_MAIL,
	AT_RCPT,
	AT_DATA,
	AT_BODY, /* between 354 and the mail */
	AT_END,	 /* the mail has arrived */
	AT_QUIT,
	AT_COUNT
};

enum smtp_how {
	HOW_PROPERLY,
	HOW_SAYS,	/* `words` instead */
	HOW_SAYS_DROPS, /* `words`, and the connection is closed */
	HOW_DROPS,	/* the connection is closed */
	HOW_HANGS,	/* silence until the client goes */
	HOW_TRICKLES	/* a byte of the answer, or of the mail, each 100 ms */
};

struct smtp_fault {
	enum smtp_at at;
	enum smtp_how how;
	const char *words; /* without CRLF at its end */
	int times;	   /* 0: always */
};

enum { RIG_CONNECTIONS_MAX = 64 };

struct smtp_connection {
	struct smtp_rig *rig;
	pthread_t thread;
	int fd; /* -1: closed */
	SSL *ssl;
	char in[4096];
	size_t in_len, in_at;
};

struct smtp_rig {
	/* Before smtp_rig_start(). */
	bool starttls, tls, auth, utf8, small_window;
	const char *idle_words; /* said and closed after a mail, NULL: nothing is */
	const char *names;	/* in the certificate; NULL: those it is reached by */
	bool idle_drops;	/* closed after a mail without a word */

	int port;
	char folder[32], ca_file[64];
	SSL_CTX *ctx;
	int listener;
	pthread_t thread;
	atomic_bool stopping;

	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t changed;
	struct smtp_fault fault;
	struct buf transcript;	       /* every command, a line each; "(mail)" for one */
	struct buf body;	       /* of the last mail, dots taken off */
	int mails, opened, open, hits; /* hits: of the fault */
	struct smtp_connection connections[RIG_CONNECTIONS_MAX];
};

void smtp_rig_start(struct smtp_rig *r);
void smtp_rig_stop(struct smtp_rig *r);
void smtp_rig_set(struct smtp_rig *r, struct smtp_fault fault); /* hits begin at 0 */
void smtp_rig_wait_hit(struct smtp_rig *r);			/* the fault was reached */
void smtp_rig_wait_open(struct smtp_rig *r, int count);		/* so many connections are open */
int smtp_rig_count(struct smtp_rig *r, const char *verb);	/* commands that begin with it */
/* A certificate of nobody that the server knows. */
void smtp_rig_other_ca(struct smtp_rig *r, char path[64]);

/* ---- the client ---- */

struct told {
	bool told;
	enum mail_outcome outcome;
	int code;
	char reply[MAIL_REPLY_SIZE];
	struct smtp_world *world;
};

struct smtp_world {
	struct smtp_rig rig;
	struct loop *loop;
	struct mailer *mailer;
	struct mail_smtp_conf conf; /* may be changed before smtp_world_mailer() */
	struct secret *password;
	struct loop_timer *alarm;
	int waiting;
};

/* The rig's options are set by the caller before; clear text unless starttls or tls. */
void smtp_world_start(struct smtp_world *w);
void smtp_world_mailer(struct smtp_world *w);
void smtp_world_stop(struct smtp_world *w);
struct mail *smtp_world_mail(const char *to);
struct mail_sending *smtp_world_send(struct smtp_world *w, const struct mail *m, struct told *t);
void smtp_world_wait(struct smtp_world *w);			    /* until all are told */
struct told smtp_world_carry(struct smtp_world *w, const char *to); /* one mail, and wait */
void smtp_world_turn(struct smtp_world *w, int64_t ms);

#endif
