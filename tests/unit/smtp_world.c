#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtp_rig.h"

enum { ALARM_MS = 30 * 1000 };

static void
world_on_alarm(void *arg)
{
	(void)arg;
	fprintf(stderr, "what the test waits for does not come\n");
	abort();
}

void
smtp_world_start(struct smtp_world *w)
{
	signal(SIGPIPE, SIG_IGN); /* as the daemon does; OpenSSL writes without MSG_NOSIGNAL */
	smtp_rig_start(&w->rig);
	w->loop = loop_new();
	w->alarm = loop_timer_new(w->loop, world_on_alarm, w);
	w->password = secret_new("correct horse", 13);
	w->conf = (struct mail_smtp_conf){
		.loop = w->loop,
		.host = "127.0.0.1",
		.port = w->rig.port,
		.hello = "tests.example",
		.tls = w->rig.starttls ? MAIL_STARTTLS
		       : w->rig.tls    ? MAIL_TLS
				       : MAIL_CLEAR,
		.ca_file = w->rig.ctx != NULL ? w->rig.ca_file : NULL,
		.user = w->rig.auth ? "usherd" : NULL,
		.password = w->password,
		.connections = 1,
		.connect_ms = 2000,
		.reply_ms = 2000,
		.transfer_ms = 6000,
	};
}

void
smtp_world_mailer(struct smtp_world *w)
{
	struct fault f;

	if (mail_smtp_new(&w->mailer, &w->conf, &f) != ERR_OK) {
		fprintf(stderr, "%s\n", f.text);
		abort();
	}
}

void
smtp_world_stop(struct smtp_world *w)
{
	mailer_free(w->mailer);
	loop_timer_free(w->alarm);
	loop_free(w->loop);
	secret_free(w->password);
	smtp_rig_stop(&w->rig);
}

struct mail *
smtp_world_mail(const char *to)
{
	struct mail *m = mail_new();
	struct fault f;

	m->from = "usherd+b-1@example.org";
	m->to = arena_strdup(m->arena, to);
	m->text = arena_strdup(m->arena, "Hello\n.\n..\nhttps://a.example/i/t0k3n\n");
	m->html = arena_strdup(m->arena, "<p>Hello</p>\n");
	mail_add_header(m, "From", "\"Usher\" <usherd@example.org>", &f);
	mail_add_header(m, "To", to, &f);
	mail_add_header(m, "Subject", "Gr\xc3\xbc\xc3\x9f Gott", &f);
	return m;
}

static void
world_on_told(void *arg, const struct mail_report *report)
{
	struct told *t = arg;

	assert(!t->told);
	t->told = true;
	t->outcome = report->outcome;
	t->code = report->code;
	snprintf(t->reply, sizeof(t->reply), "%s", report->reply);
	if (--t->world->waiting == 0)
		loop_stop(t->world->loop);
}

struct mail_sending *
smtp_world_send(struct smtp_world *w, const struct mail *m, struct told *t)
{
	*t = (struct told){ .world = w };
	w->waiting++;
	return mailer_send(w->mailer, m, world_on_told, t);
}

void
smtp_world_wait(struct smtp_world *w)
{
	if (w->waiting == 0)
		return;
	loop_timer_set(w->alarm, ALARM_MS);
	loop_run(w->loop);
	loop_timer_stop(w->alarm);
	/* What the server noted of these mails is there for the test to read. */
	pthread_mutex_lock(&w->rig.lock);
	pthread_mutex_unlock(&w->rig.lock);
}

struct told
smtp_world_carry(struct smtp_world *w, const char *to)
{
	struct mail *m = smtp_world_mail(to);
	struct told t;

	smtp_world_send(w, m, &t);
	mail_free(m);
	assert(!t.told);
	smtp_world_wait(w);
	assert(t.told);
	return t;
}

static void
world_stop_loop(void *arg)
{
	loop_stop(((struct smtp_world *)arg)->loop);
}

void
smtp_world_turn(struct smtp_world *w, int64_t ms)
{
	struct loop_timer *t = loop_timer_new(w->loop, world_stop_loop, w);

	loop_timer_set(t, ms);
	loop_run(w->loop);
	loop_timer_free(t);
}
