/* An invitation that is still being written: it is told what flow_issue would say, and nothing
 * comes of it. */
#include <stdio.h>
#include <string.h>

#include "../fakes/fake_follow.h"
#include "../fakes/fake_roster.h"
#include "mail_world.h"
#include "reach_world.h"

#define HOUR_MS (3600 * 1000)

static struct {
	struct world *world;
	bool is_complete; /* the next questions are */
	enum err code;
	char uid[PERSON_UID_MAX + 1]; /* "": none */
	char words[FAULT_TEXT_MAX];
	size_t error_count, answers;
	struct {
		char field[32], code[32];
	} errors[FIELD_ERRORS_MAX];
} said;

static void
on_said(void *arg, enum err code, const char *uid, const struct field_errors *errors,
    const struct fault *f)
{
	(void)arg;
	said.answers++;
	said.code = code;
	said.error_count = errors->count;
	snprintf(said.uid, sizeof(said.uid), "%s", uid != NULL ? uid : "");
	snprintf(said.words, sizeof(said.words), "%s", f != NULL ? f->text : "");
	for (size_t i = 0; i < errors->count; i++) {
		snprintf(said.errors[i].field, 32, "%s", errors->items[i].field);
		snprintf(said.errors[i].code, 32, "%s", errors->items[i].code);
	}
	world_stop_waiting(said.world);
}

static enum err
ask_so(struct world *w, const struct issue_spec *spec)
{
	said.world = w;
	said.answers = 0;
	flow_preflight_start(w->flow, spec, said.is_complete, &w->caller, on_said, NULL);
	assert_int_equal(said.answers, 0); /* never before the starting call has returned */
	world_wait(w);
	assert_int_equal(said.answers, 1);
	return said.code;
}

/* What is said of the field, "" when nothing is. */
static const char *
said_of(const char *field)
{
	for (size_t i = 0; i < said.error_count; i++)
		if (strcmp(said.errors[i].field, field) == 0)
			return said.errors[i].code;
	return "";
}

/* The answer is ERR_OK; the number of errors. */
static size_t
ask(struct world *w, const struct person *p)
{
	struct issue_spec spec = { .person = *p };

	assert_int_equal(ask_so(w, &spec), ERR_OK);
	return said.error_count;
}

static size_t
ask_one(struct world *w, enum person_field field, const char *value)
{
	struct person p = { .group_count = 0 };

	p.value[field] = value;
	return ask(w, &p);
}

/* ---- what is there is checked, what is missing is not ---- */

static void
nothing_yet_is_no_error_and_nobody_is_asked(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	const struct person nothing = { .group_count = 0 };

	(void)state;
	fake_dir_fail(w->dir, 1, FAKE_REFUSE, ERR_UNAVAILABLE);
	assert_int_equal(ask(w, &nothing), 0);
	assert_string_equal(said.uid, "");
	assert_int_equal(ask_one(w, PERSON_GIVEN_NAME, " "), 0);
	assert_int_equal(ask_one(w, PERSON_POSITION, "Poet"), 0);
	assert_int_equal(ask_one(w, PERSON_MAIL, "no address"), 1);
	assert_string_equal(said_of("mail"), "invalid");
	assert_false(fake_dir_failed(w->dir));
	world_free(w);
}

static void
the_uid_is_said_as_soon_as_the_names_are_there(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = { .value = { [PERSON_GIVEN_NAME] = "Ada" } };

	(void)state;
	assert_int_equal(ask(w, &p), 0);
	assert_string_equal(said.uid, "");
	p.value[PERSON_FAMILY_NAME] = "Love\x01lace";
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said.uid, "");
	p.value[PERSON_FAMILY_NAME] = "Lovelace";
	assert_int_equal(ask(w, &p), 0);
	assert_string_equal(said.uid, "ada.lovelace");
	p.value[PERSON_UID] = " countess";
	assert_int_equal(ask(w, &p), 0);
	assert_string_equal(said.uid, "countess");
	p.value[PERSON_UID] = "root";
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said_of("uid"), "reserved");
	assert_string_equal(said.uid, ""); /* not the one that nobody wants */
	world_free(w);
}

static void
the_uid_is_the_one_that_the_invitation_then_gets(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	char mail[32], dn[64];

	(void)state;
	/* Some are in the directory, some are reserved, and they are more than one question has. */
	for (int i = 1; i <= 14; i++) {
		char uid[PERSON_UID_MAX + 1], number[8] = "";

		if (i > 1)
			snprintf(number, sizeof(number), "%d", i);
		snprintf(uid, sizeof(uid), "ada.lovelace%s", number);
		snprintf(mail, sizeof(mail), "ada%d@example.org", i);
		p.value[PERSON_MAIL] = mail;
		if (i % 3 == 0) {
			snprintf(dn, sizeof(dn), "uid=%s,dc=example", uid);
			fake_dir_add_foreign(w->dir, dn, uid, "x@example.org");
			continue;
		}
		assert_int_equal(ask(w, &p), 0);
		assert_string_equal(said.uid, uid);
		assert_string_equal(world_invite(w, &p).uid, uid);
	}
	world_free(w);
}

/* Each pause of somebody who types must not cost hundreds of questions. */
static void
of_a_name_that_all_have_no_uid_is_said(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	char mail[32];
	int made = 0;

	(void)state;
	do {
		snprintf(mail, sizeof(mail), "ada%d@example.org", made);
		p.value[PERSON_MAIL] = mail;
		assert_int_equal(ask(w, &p), 0);
		if (said.uid[0] == '\0')
			break;
		assert_string_equal(world_invite(w, &p).uid, said.uid);
	} while (++made < 300);
	assert_in_range(made, 100, 200);
	assert_int_equal(world_invite(w, &p).code, ERR_OK); /* it gets one all the same */
	world_free(w);
}

static void
everything_that_is_wrong_is_told_at_once(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = { .value = { [PERSON_GIVEN_NAME] = "A\x02",
				[PERSON_GENDER] = "blue",
				[PERSON_BIRTHDAY] = "1999-02-29",
				[PERSON_MAIL] = "x@example.org",
				[PERSON_PHONE] = "030",
				[PERSON_ORG_UNIT] = "engines",
				[PERSON_UID] = "x" },
		.groups = { "cn=missing,dc=example", "poets", "cn=poets,dc=example",
		    "cn=missing too,dc=example" },
		.group_count = 4 };
	struct issue_spec spec = { .person = p,
		.method = INVITATION_BY_EMAIL,
		.personal_mail = "a@b.org",
		.expires_in = 1 };

	(void)state;
	fake_dir_add_foreign(w->dir, "uid=x,dc=example", "x", "x@example.org");
	assert_int_equal(ask_so(w, &spec), ERR_OK);
	assert_string_equal(said_of("given_name"), "control_character");
	assert_string_equal(said_of("gender"), "unknown_value");
	assert_string_equal(said_of("birthday"), "not_a_date");
	assert_string_equal(said_of("mail"), "taken");
	assert_string_equal(said_of("phone"), "no_country_code");
	assert_string_equal(said_of("org_unit"), "invalid");
	assert_string_equal(said_of("uid"), "taken");
	assert_string_equal(said_of("groups[0]"), "not_found");
	assert_string_equal(said_of("groups[1]"), "invalid");
	assert_string_equal(said_of("groups[2]"), "");
	assert_string_equal(said_of("groups[3]"), "not_found");
	assert_string_equal(said_of("method"), "unavailable");
	assert_string_equal(said_of("expires_in"), "invalid");
	assert_int_equal(said.error_count, 12); /* each once */
	world_free(w);
}

/* Whoever is to correct one counts those that they sent. */
static void
groups_are_numbered_as_they_came_also_when_one_came_twice(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	static const char *const came[] = { "cn=poets,dc=example", " cn=poets,dc=example",
		"cn=poets,dc=example", "cn=missing,dc=example", "cn=missing,dc=example" };

	(void)state;
	p.group_count = sizeof(came) / sizeof(came[0]);
	memcpy(p.groups, came, sizeof(came));
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said_of("groups[3]"), "not_found");
	p.group_count = 3;
	assert_int_equal(ask(w, &p), 0);
	assert_int_equal(world_invite(w, &p).code, ERR_OK);
	world_free(w);
}

static void
the_personal_address_may_come_later_and_is_checked_when_it_is_there(void **state)
{
	struct mail_world *m = mail_world_new();
	struct issue_spec spec = { .method = INVITATION_BY_EMAIL };

	(void)state;
	assert_int_equal(ask_so(m->w, &spec), ERR_OK);
	assert_int_equal(said.error_count, 0);
	spec.personal_mail = "";
	assert_int_equal(ask_so(m->w, &spec), ERR_OK);
	assert_int_equal(said.error_count, 0);
	spec.personal_mail = "ada";
	assert_int_equal(ask_so(m->w, &spec), ERR_OK);
	assert_int_equal(said.error_count, 1);
	assert_string_equal(said_of("personal_mail"), "invalid");
	spec.personal_mail = ADA_AT;
	assert_int_equal(ask_so(m->w, &spec), ERR_OK);
	assert_int_equal(said.error_count, 0);
	mail_world_free(m);
}

/* ---- what is complete ---- */

/* Somebody who is about to send it: nothing that it lacks may come later, and the rest is told
 * beside that. */
static void
of_what_is_complete_whatever_is_missing_is_told_too(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = { .value = { [PERSON_MAIL] = "x@example.org" },
		.groups = { "cn=missing,dc=example" },
		.group_count = 1 };
	struct issue_spec spec = { .person = p };

	(void)state;
	fake_dir_add_foreign(w->dir, "uid=x,dc=example", "x", "x@example.org");
	assert_int_equal(ask(w, &p), 2);
	said.is_complete = true;
	assert_int_equal(ask(w, &p), 7);
	assert_string_equal(said_of("given_name"), "required");
	assert_string_equal(said_of("family_name"), "required");
	assert_string_equal(said_of("gender"), "required");
	assert_string_equal(said_of("birthday"), "required");
	assert_string_equal(said_of("org_unit"), "required");
	assert_string_equal(said_of("mail"), "taken");
	assert_string_equal(said_of("groups[0]"), "not_found");
	p = world_ada;
	p.value[PERSON_MAIL] = NULL;
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said_of("mail"), "required");
	assert_int_equal(ask(w, &world_ada), 0);
	assert_string_equal(said.uid, "ada.lovelace");
	spec.person = world_ada;
	spec.method = INVITATION_BY_EMAIL;
	assert_int_equal(ask_so(w, &spec), ERR_OK);
	assert_string_equal(said_of("method"), "unavailable");
	said.is_complete = false;
	world_free(w);
}

static void
of_what_is_complete_a_personal_address_is_told(void **state)
{
	struct mail_world *m = mail_world_new();
	struct issue_spec spec = { .person = world_ada, .method = INVITATION_BY_EMAIL };

	(void)state;
	said.is_complete = true;
	assert_int_equal(ask_so(m->w, &spec), ERR_OK);
	assert_int_equal(said.error_count, 1);
	assert_string_equal(said_of("personal_mail"), "required");
	spec.personal_mail = ADA_AT;
	assert_int_equal(ask_so(m->w, &spec), ERR_OK);
	assert_int_equal(said.error_count, 0);
	said.is_complete = false;
	mail_world_free(m);
}

/* ---- clashes ---- */

static void
what_an_invitation_holds_is_taken_until_its_end(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	p.value[PERSON_UID] = "countess";
	p.value[PERSON_PHONE] = "+49 30 1234567";
	link = world_invite(w, &p);
	assert_int_equal(link.code, ERR_OK);
	w->now += HOUR_MS - 1;
	assert_int_equal(ask(w, &p), 3);
	assert_string_equal(said_of("mail"), "taken");
	assert_string_equal(said_of("phone"), "taken");
	assert_string_equal(said_of("uid"), "taken");
	assert_string_equal(said.uid, "countess");
	assert_int_equal(ask_one(w, PERSON_MAIL, "ADA@Example.org"), 1);
	w->now += 1;
	assert_int_equal(ask(w, &p), 0);
	assert_int_equal(world_invite(w, &p).code, ERR_OK);
	assert_int_equal(ask(w, &p), 3);
	world_free(w);
}

/* The directory has her no more; the store keeps her names for a moment all the same. */
static void
what_a_registration_has_just_given_up_is_taken_until_it_may_be_reserved(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	p.value[PERSON_UID] = "countess";
	link = world_invite(w, &p);
	assert_int_equal(world_accept(w, &link.token, "correct horse staple", NULL).code, ERR_OK);
	fake_dir_remove_entries(w->dir);
	w->now += STORE_RELEASE_GRACE_MS - 1;
	assert_int_equal(ask(w, &p), 2);
	assert_string_equal(said_of("mail"), "taken");
	assert_string_equal(said_of("uid"), "taken");
	assert_int_equal(world_invite(w, &p).code, ERR_EXISTS);
	w->now += 1;
	assert_int_equal(ask(w, &p), 0);
	assert_int_equal(world_invite(w, &p).code, ERR_OK);
	world_free(w);
}

static void
what_an_account_has_is_taken(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);

	(void)state;
	fake_dir_add_foreign(w->dir, "uid=x,dc=example", "x", "x@example.org");
	assert_int_equal(ask_one(w, PERSON_MAIL, "x@example.org"), 1);
	assert_string_equal(said_of("mail"), "taken");
	assert_int_equal(ask_one(w, PERSON_UID, "x"), 1);
	assert_string_equal(said_of("uid"), "taken");
	assert_int_equal(ask_one(w, PERSON_UID, "y"), 0);
	world_free(w);
}

/* ---- nothing comes of it ---- */

static void
nothing_is_written_and_nothing_is_reserved(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link old = world_invite(w, &world_ada);
	size_t written;

	(void)state;
	w->now += HOUR_MS; /* who invites her again would write its end down */
	written = fake_kv_written(w->kv);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(w, &world_ada), 0);
	assert_int_equal(fake_kv_written(w->kv), written);
	assert_int_equal(fake_dir_adds(w->dir), 0);
	assert_int_equal(world_invite(w, &world_ada).code, ERR_OK);
	assert_int_equal(world_state(w, old.id), INVITATION_EXPIRED);
	world_free(w);
}

/* ---- no more is told than who invites would learn ---- */

static void
what_is_out_of_reach_is_not_there(void **state)
{
	struct world *w = limited_world_new();
	struct person p = { .value = { [PERSON_ORG_UNIT] = ENGINES },
		.groups = { "cn=readers,ou=poems,dc=example", POETS },
		.group_count = 2 };

	(void)state;
	assert_int_equal(ask(w, &p), 2);
	assert_string_equal(said_of("org_unit"), "not_found");
	assert_string_equal(said_of("groups[1]"), "not_found");
	p.value[PERSON_ORG_UNIT] = ODES;
	p.group_count = 1;
	assert_int_equal(ask(w, &p), 0);
	assert_int_equal(ask_one(w, PERSON_GIVEN_NAME, "Eve"), 0); /* nowhere yet */
	world_free(w);
}

/* Else whoever may invite in one corner could ask for every address of the organisation. */
static void
what_others_have_is_told_to_the_limited_where_they_could_invite_alone(void **state)
{
	struct world *w = limited_world_new();
	struct person p = { .value = { [PERSON_GIVEN_NAME] = "Ada",
				[PERSON_FAMILY_NAME] = "Lovelace",
				[PERSON_MAIL] = "x@example.org" } };
	const char **place = &p.value[PERSON_ORG_UNIT];

	(void)state;
	fake_dir_add_foreign(
	    w->dir, "uid=ada.lovelace,dc=example", "ada.lovelace", "x@example.org");
	assert_int_equal(ask(w, &p), 0);
	assert_string_equal(said.uid, "");
	*place = ENGINES;
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said_of("org_unit"), "not_found");
	assert_string_equal(said.uid, "");
	*place = "nonsense";
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said_of("org_unit"), "invalid");
	*place = ODES;
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said_of("mail"), "taken");
	assert_string_equal(said.uid, "ada.lovelace2");
	/* The same of what an invitation holds. */
	assert_int_equal(invite_at(w, ODES, "held@x.org").code, ERR_OK);
	assert_int_equal(ask_one(w, PERSON_MAIL, "held@x.org"), 0);
	p.value[PERSON_MAIL] = "held@x.org";
	assert_int_equal(ask(w, &p), 1);
	assert_string_equal(said_of("mail"), "taken");
	/* What was chosen is still told in its one spelling. */
	p.value[PERSON_UID] = " ada.lovelace ";
	*place = NULL;
	assert_int_equal(ask(w, &p), 0);
	assert_string_equal(said.uid, "ada.lovelace");
	world_free(w);
}

static void
who_may_invite_nobody_more_is_told_so_and_nothing_else(void **state)
{
	struct world *w = limited_world_new();
	struct roster r = { .loop = w->loop };
	struct issue_spec spec = { .person = { .value = { [PERSON_MAIL] = "a@x.org" } } };
	struct flow_feed *feed;

	(void)state;
	w->caller = (struct flow_caller){ .name = "user:g", .entry = GRACE, .quota = 1 };
	assert_int_equal(ask_so(w, &spec), ERR_UNAVAILABLE); /* it is not known yet */
	feed = flow_feed_new(w->flow, &r, 5000, 5000);
	do
		assert_in_range(ask_so(w, &spec), ERR_OK, ERR_UNAVAILABLE);
	while (said.code != ERR_OK);
	assert_int_equal(invite_at(w, ODES, "a@x.org").code, ERR_OK);
	assert_int_equal(ask_so(w, &spec), ERR_REFUSED);
	assert_memory_equal(said.words, "quota: ", 7);
	assert_int_equal(said.error_count, 0);
	w->caller.quota = 2; /* and asking did not count */
	assert_int_equal(ask_so(w, &spec), ERR_OK);
	assert_string_equal(said_of("mail"), "taken");
	assert_int_equal(invite_at(w, ODES, "b@x.org").code, ERR_OK);
	flow_feed_free(feed);
	world_free(w);
}

static void
nobody_is_told_of_a_role_while_the_groups_are_not_known(void **state)
{
	static const char *const roles[] = { ADMINS };
	struct world *w = people_world_new();
	struct roster r = { .loop = w->loop, .loading = true };
	struct issue_spec spec = { .person = { .groups = { ADMINS }, .group_count = 1 } };

	(void)state;
	w->conf.roster = &r;
	w->conf.role_groups = roles;
	w->conf.role_group_count = 1;
	world_crash(w);
	assert_int_equal(ask_so(w, &spec), ERR_OK);
	assert_string_equal(said_of("groups[0]"), "not_allowed");
	spec.person.groups[0] = POETS;
	assert_int_equal(ask_so(w, &spec), ERR_UNAVAILABLE);
	r.loading = false;
	assert_int_equal(ask_so(w, &spec), ERR_OK);
	assert_int_equal(said.error_count, 0);
	world_free(w);
}

/* ---- one at a time ---- */

static struct {
	struct world *world;
	size_t answers;
	enum err codes[4];
} heard;

static void
on_heard(void *arg, enum err code, const char *uid, const struct field_errors *errors,
    const struct fault *f)
{
	(void)uid, (void)errors, (void)f;
	heard.answers++;
	*(enum err *)arg = code;
	world_stop_waiting(heard.world);
}

static bool
has_held(struct world *w, void *arg)
{
	(void)arg;
	return fake_kv_has_held(w->kv);
}

static void
start(struct world *w, int nth, const struct flow_caller *by)
{
	const struct issue_spec spec = { .person = world_ada };

	flow_preflight_start(w->flow, &spec, false, by, on_heard, &heard.codes[nth]);
}

/* Whoever types on has no use for the answer before, wherever that was. */
static void
a_newer_question_of_the_same_caller_ends_the_older(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	const struct flow_caller other = { .name = "other" };

	(void)state;
	memset(&heard, 0, sizeof(heard));
	heard.world = w;
	for (int i = 0; i < 3; i++)
		start(w, i, &w->caller);
	start(w, 3, &other);
	assert_int_equal(heard.answers, 0); /* never before the starting call has returned */
	while (heard.answers < 4)
		world_wait(w);
	assert_int_equal(heard.codes[0], ERR_THROTTLED);
	assert_int_equal(heard.codes[1], ERR_THROTTLED);
	assert_int_equal(heard.codes[2], ERR_OK);
	assert_int_equal(heard.codes[3], ERR_OK);
	/* The store is asked, and does not answer. */
	heard.answers = 0;
	fake_kv_hold(w->kv);
	start(w, 0, &w->caller);
	assert_true(world_until(w, has_held, NULL));
	start(w, 1, &w->caller);
	while (heard.answers < 2)
		world_wait(w);
	assert_int_equal(heard.codes[0], ERR_THROTTLED);
	assert_int_equal(heard.codes[1], ERR_OK);
	world_free(w);
}

/* ---- what fails ---- */

static void
who_cannot_be_asked_is_an_error_and_no_clash(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct issue_spec spec = { .person = world_ada };

	(void)state;
	fake_dir_fail(w->dir, 1, FAKE_REFUSE, ERR_UNAVAILABLE);
	assert_int_equal(ask_so(w, &spec), ERR_UNAVAILABLE);
	assert_string_equal(said.uid, "");
	assert_int_equal(ask_so(w, &spec), ERR_OK);
	world_free(w);
}

/* The daemon ends wherever it is: whoever asked hears nothing, and nothing is left. */
static void
it_can_be_left_anywhere(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct issue_spec spec = { .person = world_ada };
	const struct issue_spec nothing = { .expires_in = 0 };

	(void)state;
	said.world = w;
	said.answers = 0;
	flow_preflight_start(w->flow, &nothing, false, &w->caller, on_said, NULL);
	flow_preflight_start(w->flow, &spec, false, &w->caller, on_said, NULL); /* the directory */
	world_crash(w);
	world_invite(w, &world_ada);
	fake_kv_hold(w->kv); /* the store's answer about the names */
	flow_preflight_start(w->flow, &spec, false, &w->caller, on_said, NULL);
	while (!fake_kv_has_held(w->kv)) {
		loop_defer(w->loop, (loop_cb *)loop_stop, w->loop);
		loop_run(w->loop);
	}
	world_crash(w);
	assert_int_equal(said.answers, 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_yet_is_no_error_and_nobody_is_asked),
		cmocka_unit_test(the_uid_is_said_as_soon_as_the_names_are_there),
		cmocka_unit_test(the_uid_is_the_one_that_the_invitation_then_gets),
		cmocka_unit_test(of_a_name_that_all_have_no_uid_is_said),
		cmocka_unit_test(everything_that_is_wrong_is_told_at_once),
		cmocka_unit_test(groups_are_numbered_as_they_came_also_when_one_came_twice),
		cmocka_unit_test(
		    the_personal_address_may_come_later_and_is_checked_when_it_is_there),
		cmocka_unit_test(of_what_is_complete_whatever_is_missing_is_told_too),
		cmocka_unit_test(of_what_is_complete_a_personal_address_is_told),
		cmocka_unit_test(what_an_invitation_holds_is_taken_until_its_end),
		cmocka_unit_test(
		    what_a_registration_has_just_given_up_is_taken_until_it_may_be_reserved),
		cmocka_unit_test(what_an_account_has_is_taken),
		cmocka_unit_test(nothing_is_written_and_nothing_is_reserved),
		cmocka_unit_test(what_is_out_of_reach_is_not_there),
		cmocka_unit_test(
		    what_others_have_is_told_to_the_limited_where_they_could_invite_alone),
		cmocka_unit_test(who_may_invite_nobody_more_is_told_so_and_nothing_else),
		cmocka_unit_test(nobody_is_told_of_a_role_while_the_groups_are_not_known),
		cmocka_unit_test(a_newer_question_of_the_same_caller_ends_the_older),
		cmocka_unit_test(who_cannot_be_asked_is_an_error_and_no_clash),
		cmocka_unit_test(it_can_be_left_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
