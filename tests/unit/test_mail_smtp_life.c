/* Connections that were idle, servers that are slow, and mailers that are left in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <cmocka.h>

#include "base/clock.h"
#include "smtp_rig.h"

/* ---- a name server that keeps silent ---- */

static sem_t lookup_begun, lookup_answered;

/* Stands before the one of libc, for libcurl too. */
int
getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (node != NULL && strcmp(node, "silent.example") == 0) {
		sem_post(&lookup_begun);
		sem_wait(&lookup_answered);
		sem_post(&lookup_answered);
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, out);
}

/* ---- connections that were idle ---- */

static void
a_connection_that_the_server_closed_meanwhile_costs_nothing(void **state)
{
	static const struct {
		const char *words;
		bool drops, starttls;
	} table[] = {
		{ NULL, true, false },
		{ NULL, true, true },
		{ "421 4.4.2 you were idle", false, false },
		{ "421 4.4.2 you were idle", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smtp_world w = { .rig = { .idle_words = table[i].words,
					    .idle_drops = table[i].drops,
					    .starttls = table[i].starttls,
					    .auth = table[i].starttls } };

		smtp_world_start(&w);
		smtp_world_mailer(&w);
		for (int k = 1; k <= 4; k++) {
			assert_int_equal(
			    smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
			if (k % 2 == 0) /* else the mail and the news of the end may cross */
				smtp_rig_wait_open(&w.rig, 0);
		}
		assert_int_equal(w.rig.opened, 4);
		assert_int_equal(w.rig.mails, 4);
		smtp_world_stop(&w);
	}
}

/* As if a router had forgotten it; but a server that is new and silent is away. */
static void
a_connection_that_is_silent_after_a_while_is_replaced_once(void **state)
{
	struct smtp_world w = { 0 };

	(void)state;
	smtp_world_start(&w);
	smtp_world_mailer(&w);
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
	smtp_rig_set(&w.rig, (struct smtp_fault){ AT_MAIL, HOW_HANGS, NULL, 1 });
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
	assert_int_equal(w.rig.opened, 2);
	smtp_rig_set(&w.rig, (struct smtp_fault){ AT_MAIL, HOW_HANGS, NULL, 0 });
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_AWAY);
	assert_int_equal(w.rig.opened, 3);
	smtp_world_stop(&w);
}

static void
a_connection_may_be_older_than_a_transfer_may_take(void **state)
{
	struct smtp_world w = { 0 };

	(void)state;
	smtp_world_start(&w);
	w.conf.transfer_ms = 2000;
	smtp_world_mailer(&w);
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
	smtp_world_turn(&w, 2200);
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
	assert_int_equal(w.rig.opened, 1);
	smtp_world_stop(&w);
}

/* libcurl alone would take it for the answer to the next MAIL, and so on from there. */
static void
an_answer_that_comes_too_late_is_not_the_next_mails(void **state)
{
	struct smtp_world w = { 0 };

	(void)state;
	smtp_world_start(&w);
	w.conf.transfer_ms = 2000;
	smtp_world_mailer(&w);
	smtp_rig_set(&w.rig, (struct smtp_fault){ AT_END, HOW_TRICKLES, NULL, 1 });
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_UNKNOWN);
	assert_int_equal(smtp_world_carry(&w, "eve@example.com").outcome, MAIL_SENT);
	assert_int_equal(w.rig.opened, 2);
	assert_int_equal(smtp_rig_count(&w.rig, "(mail)"), 2);
	smtp_world_stop(&w);
}

/* ---- time ---- */

static void
nobody_listens(void **state)
{
	struct smtp_world w = { 0 };
	struct told t;

	(void)state;
	smtp_world_start(&w);
	w.conf.port = 1;
	smtp_world_mailer(&w);
	t = smtp_world_carry(&w, "ada@example.com");
	assert_int_equal(t.outcome, MAIL_AWAY);
	assert_int_equal(t.code, 0);
	assert_non_null(strstr(t.reply, "connect"));
	smtp_world_stop(&w);
}

static void
a_silent_name_server_keeps_neither_a_mail_nor_the_mailer(void **state)
{
	struct mail *m = smtp_world_mail("ada@example.com");
	struct smtp_world w = { 0 };
	struct told t;
	int64_t begun;

	(void)state;
	sem_init(&lookup_begun, 0, 0);
	sem_init(&lookup_answered, 0, 0);
	smtp_world_start(&w);
	w.conf.host = "silent.example";
	smtp_world_mailer(&w);
	t = smtp_world_carry(&w, "ada@example.com"); /* until connect_ms */
	assert_int_equal(t.outcome, MAIL_AWAY);
	sem_wait(&lookup_begun);
	smtp_world_send(&w, m, &t);
	sem_wait(&lookup_begun);
	begun = clock_mono_ms(&clock_system);
	mailer_free(w.mailer);
	w.mailer = NULL;
	assert_in_range(clock_mono_ms(&clock_system) - begun, 0, 20000);
	sem_post(&lookup_answered);
	mail_free(m);
	smtp_world_stop(&w);
}

/* Each answer is in time, and all of them together are not. */
static void
a_slow_server_does_not_outlive_the_time_of_a_transfer(void **state)
{
	static const struct {
		enum smtp_at at;
		enum mail_outcome outcome;
	} table[] = {
		{ AT_GREETING, MAIL_AWAY },
		{ AT_EHLO, MAIL_AWAY },
		{ AT_RCPT, MAIL_DEFERRED },
		{ AT_BODY, MAIL_UNKNOWN },
		{ AT_END, MAIL_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smtp_world w = { .rig = { .small_window = true } };
		int64_t begun = clock_mono_ms(&clock_system);

		smtp_world_start(&w);
		w.conf.reply_ms = 20000;
		w.conf.transfer_ms = 2000;
		smtp_world_mailer(&w);
		smtp_rig_set(&w.rig, (struct smtp_fault){ table[i].at, HOW_TRICKLES, NULL, 0 });
		assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, table[i].outcome);
		assert_in_range(clock_mono_ms(&clock_system) - begun, 1900, 15000);
		smtp_world_stop(&w);
	}
}

/* RFC 5321 section 4.5.3.2.6: who hangs up early gets it delivered twice. */
static void
the_answer_to_the_mail_may_take_longer_than_others(void **state)
{
	static const struct {
		enum smtp_at at;
		enum mail_outcome outcome;
	} table[] = {
		{ AT_GREETING, MAIL_AWAY },
		{ AT_MAIL, MAIL_AWAY },
		{ AT_RCPT, MAIL_DEFERRED },
		{ AT_END, MAIL_SENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smtp_world w = { 0 };

		smtp_world_start(&w);
		w.conf.connect_ms = w.conf.reply_ms = 1500;
		w.conf.transfer_ms = 20000;
		smtp_world_mailer(&w);
		smtp_rig_set(&w.rig, (struct smtp_fault){ table[i].at, HOW_TRICKLES,
					 "250 2.0.0 taken after a while", 0 });
		assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, table[i].outcome);
		smtp_world_stop(&w);
	}
}

static void
other_mails_go_on_beside_a_silent_one(void **state)
{
	struct smtp_world w = { 0 };
	struct mail *m = smtp_world_mail("ada@example.com");
	struct told slow, quick[20];

	(void)state;
	smtp_world_start(&w);
	w.conf.connections = 2;
	smtp_world_mailer(&w);
	smtp_rig_set(&w.rig, (struct smtp_fault){ AT_END, HOW_HANGS, NULL, 1 });
	smtp_world_send(&w, m, &slow);
	smtp_rig_wait_hit(&w.rig);
	for (size_t i = 0; i < 20; i++)
		smtp_world_send(&w, m, &quick[i]);
	w.waiting--; /* not for the slow one */
	smtp_world_wait(&w);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(quick[i].outcome, MAIL_SENT);
	assert_false(slow.told);
	w.waiting = 1;
	smtp_world_wait(&w);
	assert_int_equal(slow.outcome, MAIL_UNKNOWN);
	mail_free(m);
	smtp_world_stop(&w);
}

/* ---- left in the middle ---- */

static void
a_mail_can_be_cancelled_at_every_step_and_the_next_one_goes(void **state)
{
	struct mail *m = smtp_world_mail("ada@example.com");

	(void)state;
	for (int at = AT_GREETING; at <= AT_END; at++) {
		struct smtp_world w = { .rig = { .starttls = true, .auth = true } };
		struct mail_sending *s;
		struct told t, waits;

		if (at == AT_BODY)
			continue;
		smtp_world_start(&w);
		w.conf.connect_ms = w.conf.reply_ms = w.conf.transfer_ms = 60 * 1000;
		smtp_world_mailer(&w);
		smtp_rig_set(&w.rig, (struct smtp_fault){ (enum smtp_at)at, HOW_HANGS, NULL, 1 });
		s = smtp_world_send(&w, m, &t);
		smtp_rig_wait_hit(&w.rig);
		mailer_cancel(smtp_world_send(&w, m, &waits));
		mailer_cancel(s);
		w.waiting = 0;
		assert_int_equal(smtp_world_carry(&w, "eve@example.com").outcome, MAIL_SENT);
		assert_false(t.told);
		assert_false(waits.told);
		smtp_world_stop(&w);
	}
	mail_free(m);
}

static void
a_mailer_that_is_freed_leaves_at_once_at_every_step(void **state)
{
	struct mail *m = smtp_world_mail("ada@example.com");

	(void)state;
	for (int at = AT_GREETING; at <= AT_END; at++) {
		struct smtp_world w = { .rig = { .starttls = true, .auth = true } };
		struct told told[4];
		int64_t begun;

		if (at == AT_BODY)
			continue;
		smtp_world_start(&w);
		w.conf.connections = 2;
		w.conf.connect_ms = w.conf.reply_ms = w.conf.transfer_ms = 60 * 1000;
		smtp_world_mailer(&w);
		smtp_rig_set(&w.rig, (struct smtp_fault){ (enum smtp_at)at, HOW_HANGS, NULL, 0 });
		for (size_t i = 0; i < 4; i++)
			smtp_world_send(&w, m, &told[i]);
		smtp_rig_wait_hit(&w.rig);
		begun = clock_mono_ms(&clock_system);
		mailer_free(w.mailer);
		w.mailer = NULL;
		assert_in_range(clock_mono_ms(&clock_system) - begun, 0, 20000);
		smtp_world_turn(&w, 10);
		for (size_t i = 0; i < 4; i++)
			assert_false(told[i].told);
		smtp_world_stop(&w);
	}
	mail_free(m);
}

/* libcurl alone would wait two minutes for the answer to QUIT. */
static void
a_server_that_is_silent_to_quit_keeps_nobody(void **state)
{
	struct smtp_world w = { .rig = { .starttls = true } };
	int64_t begun;

	(void)state;
	smtp_world_start(&w);
	smtp_world_mailer(&w);
	smtp_rig_set(&w.rig, (struct smtp_fault){ AT_QUIT, HOW_HANGS, NULL, 0 });
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
	begun = clock_mono_ms(&clock_system);
	mailer_free(w.mailer);
	w.mailer = NULL;
	assert_in_range(clock_mono_ms(&clock_system) - begun, 0, 20000);
	smtp_world_stop(&w);
}

static void
free_mailer_on_told(void *arg, const struct mail_report *report)
{
	struct smtp_world *w = arg;

	assert_int_equal(report->outcome, MAIL_SENT);
	mailer_free(w->mailer);
	w->mailer = NULL;
	loop_stop(w->loop);
}

static void
a_callback_may_free_the_mailer(void **state)
{
	struct smtp_world w = { 0 };
	struct mail *m = smtp_world_mail("ada@example.com");

	(void)state;
	smtp_world_start(&w);
	w.conf.connections = 3;
	smtp_world_mailer(&w);
	for (size_t i = 0; i < 6; i++)
		mailer_send(w.mailer, m, free_mailer_on_told, &w);
	mail_free(m);
	loop_run(w.loop);
	smtp_world_turn(&w, 10);
	assert_null(w.mailer);
	smtp_world_stop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_that_the_server_closed_meanwhile_costs_nothing),
		cmocka_unit_test(a_connection_that_is_silent_after_a_while_is_replaced_once),
		cmocka_unit_test(a_connection_may_be_older_than_a_transfer_may_take),
		cmocka_unit_test(an_answer_that_comes_too_late_is_not_the_next_mails),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_silent_name_server_keeps_neither_a_mail_nor_the_mailer),
		cmocka_unit_test(a_slow_server_does_not_outlive_the_time_of_a_transfer),
		cmocka_unit_test(the_answer_to_the_mail_may_take_longer_than_others),
		cmocka_unit_test(other_mails_go_on_beside_a_silent_one),
		cmocka_unit_test(a_mail_can_be_cancelled_at_every_step_and_the_next_one_goes),
		cmocka_unit_test(a_mailer_that_is_freed_leaves_at_once_at_every_step),
		cmocka_unit_test(a_server_that_is_silent_to_quit_keeps_nobody),
		cmocka_unit_test(a_callback_may_free_the_mailer),
	};

	return cmocka_run_group_tests_name("mail_smtp_life", tests, NULL, NULL);
}
