/* The way of a mail: queued with its invitation, claimed with a fresh token, sent, settled. */
#include <stdio.h>
#include <string.h>

#include "flow/outbox_private.h"
#include "mail_world.h"

#define PASSWORD "correct horse staple"

static void
an_invitation_by_mail_reaches_its_person_who_registers_with_it(void **state)
{
	struct mail_world *m = mail_world_new();
	struct token_hash token;

	(void)state;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	assert_int_equal(m->inv->token_count, 0);
	mail_world_await(m, 1);
	assert_string_equal(m->mailer->mails[0]->to, ADA_AT);
	mail_world_await_queue(m, 0);
	mail_world_look(m, m->inv->id);
	assert_int_equal(m->inv->token_count, 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_QUEUED), 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 1);
	assert_int_equal(m->log->log_count, 2);
	assert_string_equal(m->log->waiting, "");
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	assert_true(mail_world_token(m, 0, &token));
	assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
	mail_world_free(m);
}

static void
without_a_way_to_send_the_method_is_refused(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->w->conf.mail = NULL;
	mail_world_crash(m);
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_INVALID);
	assert_string_equal(m->field, "method");
	assert_string_equal(m->field_code, "unavailable");
	mail_world_free(m);
}

static void
an_address_that_is_none_is_refused_by_name(void **state)
{
	static const char *const bad[] = { NULL, "", "ada", "ada@", "@home.example",
		"ada@home.example\r\nBcc: eve@evil.example", "ada@home.example,eve@evil.example",
		"ada <ada@home.example>", "\xc3\xa4" "da@home.example", "ada@home.example\n" };
	struct mail_world *m = mail_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (i == 9) /* white space around it goes */
			continue;
		assert_int_equal(mail_world_invite(m, bad[i]), ERR_INVALID);
		assert_string_equal(m->field, "personal_mail");
	}
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 0);
	mail_world_free(m);
}

static void
beyond_its_bound_the_queue_takes_no_more(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.queue_max = 0;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_BUSY);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 0);
	mail_world_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invitation_by_mail_reaches_its_person_who_registers_with_it),
		cmocka_unit_test(without_a_way_to_send_the_method_is_refused),
		cmocka_unit_test(an_address_that_is_none_is_refused_by_name),
		cmocka_unit_test(beyond_its_bound_the_queue_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
