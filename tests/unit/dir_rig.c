#include "dir_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

struct rig rig;

static int64_t
now(void)
{
	return clock_mono_ms(&clock_system);
}

void
rig_default_conf(struct rig *r)
{
	r->conf = (struct dir_conf){
		.uris = { r->url },
		.uri_count = 1,
		.bind_dn = "cn=usherd," BASE,
		.bind_password = r->service_password,
		.search_base = BASE,
		.people_base = PEOPLE,
		.profile = DIR_OPENLDAP,
		.password_mode = DIR_PASSWORD_EXOP,
		.rdn_attribute = "uid",
		.object_classes = { "inetOrgPerson", "usherdPerson" },
		.object_class_count = 2,
		.attributes = { [PERSON_GIVEN_NAME] = "givenName",
		    [PERSON_FAMILY_NAME] = "sn",
		    [PERSON_DISPLAY_NAME] = "displayName",
		    [PERSON_GENDER] = "usherdGender",
		    [PERSON_BIRTHDAY] = "usherdBirthday",
		    [PERSON_MAIL] = "mail",
		    [PERSON_PHONE] = "mobile",
		    [PERSON_POSITION] = "title",
		    [PERSON_LANGUAGE] = "preferredLanguage",
		    [PERSON_UID] = "uid" },
		.marker_attribute = "usherdInvitationId",
		.group_class = "groupOfNames",
		.group_member = "member",
		.threads = 4,
		.queue_max = 256,
		.connect_timeout_ms = 3000,
		.op_timeout_ms = 5000,
	};
}

static void
on_state(void *arg, bool up, const struct fault *f)
{
	struct rig *r = arg;

	(void)f;
	r->up = up;
	if (up)
		r->ups++;
	else
		r->downs++;
	loop_stop(r->loop);
}

void
rig_open(struct rig *r)
{
	struct fault f = { .text = "" };
	enum err code;

	r->loop = loop_new();
	assert_non_null(r->loop);
	code = dir_new(&r->dir, r->loop, &r->conf, &f);
	if (code != ERR_OK)
		print_error("%s\n", f.text);
	assert_int_equal(code, ERR_OK);
	dir_on_state(r->dir, on_state, r);
}

void
rig_close(struct rig *r)
{
	dir_free(r->dir);
	r->dir = NULL;
	if (r->loop != NULL)
		loop_free(r->loop);
	r->loop = NULL;
}

static void
on_late(void *arg)
{
	*(bool *)arg = true;
}

struct stop {
	struct loop *loop;
	bool late;
};

static void
on_stop(void *arg)
{
	struct stop *s = arg;

	on_late(&s->late);
	loop_stop(s->loop);
}

static bool
run_until(struct rig *r, const bool *flag, bool wanted, int64_t ms)
{
	struct stop s = { r->loop, false };
	struct loop_timer *t = loop_timer_new(r->loop, on_stop, &s);

	loop_timer_set(t, ms);
	while (!s.late && (flag == NULL || *flag != wanted))
		loop_run(r->loop);
	loop_timer_free(t);
	return !s.late;
}

void
rig_run(struct rig *r)
{
	int64_t begin = now();

	assert_true(run_until(r, &r->answered, true, 60000));
	r->wait_ms = now() - begin;
}

bool
rig_wait_up(struct rig *r, bool up, int64_t ms)
{
	return run_until(r, &r->up, up, ms);
}

void
rig_open_through(struct rig *r, int port)
{
	rig_close(r);
	snprintf(r->through, sizeof(r->through), "ldap://127.0.0.1:%d", port);
	r->conf.uris[0] = r->through;
	r->conf.threads = 1;
	r->up = false;
	rig_open(r);
	assert_true(rig_wait_up(r, true, 20000));
}

void
rig_wait_downs(struct rig *r, int downs)
{
	int64_t begin = now();

	while (r->downs < downs) {
		assert_true(now() - begin < 20000);
		rig_run_for(r, 5);
	}
}

void
rig_run_for(struct rig *r, int64_t ms)
{
	run_until(r, NULL, true, ms);
}

static void
heard(struct rig *r, enum err code, const struct fault *f)
{
	r->answered = true;
	r->answers++;
	r->code = code;
	if (f != NULL)
		r->fault = *f;
	loop_stop(r->loop);
}

void
rig_on_add(void *arg, enum err code, const struct dir_added *added, const struct fault *f)
{
	struct rig *r = arg;

	r->uuid[0] = r->taken[0] = '\0';
	if (added != NULL) {
		r->existed = added->existed;
		snprintf(r->uuid, sizeof(r->uuid), "%s",
		    added->entry_uuid != NULL ? added->entry_uuid : "");
		snprintf(r->taken, sizeof(r->taken), "%s", added->taken_attribute);
	}
	heard(r, code, f);
}

void
rig_on_done(void *arg, enum err code, const struct fault *f)
{
	heard(arg, code, f);
}

void
rig_on_find(void *arg, enum err code, const struct dir_found *found, const struct fault *f)
{
	struct rig *r = arg;

	r->uuid[0] = r->marker[0] = '\0';
	if (found != NULL && found->entry_uuid != NULL)
		snprintf(r->uuid, sizeof(r->uuid), "%s", found->entry_uuid);
	if (found != NULL && found->invitation_id != NULL)
		snprintf(r->marker, sizeof(r->marker), "%s", found->invitation_id);
	heard(r, code, f);
}

void
rig_on_ask(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct rig *r = arg;

	memset(&r->answer, 0, sizeof(r->answer));
	if (answer != NULL)
		r->answer = *answer;
	for (size_t i = 0; i < PERSON_GROUPS_MAX; i++) {
		const char *dn = r->answer.group_dn[i];

		snprintf(r->group_dn[i], sizeof(r->group_dn[i]), "%s", dn != NULL ? dn : "");
		r->answer.group_dn[i] = r->group_dn[i];
	}
	heard(r, code, f);
}

void
rig_on_check(void *arg, enum err code, const struct dir_check *checks, size_t count)
{
	struct rig *r = arg;

	memcpy(r->checks, checks, count * sizeof(*checks));
	r->check_count = count;
	heard(r, code, NULL);
}

void
rig_on_places(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f)
{
	struct rig *r = arg;

	r->place_count = count;
	for (size_t i = 0; i < count && i < 20; i++)
		snprintf(r->places[i], sizeof(r->places[i]), "%s|%s|%s", places[i].dn,
		    places[i].name, places[i].description != NULL ? places[i].description : "");
	heard(r, code, f);
}

struct person
rig_person(const char *mail)
{
	return (struct person){ .value = { [PERSON_GIVEN_NAME] = "Zoë",
				    [PERSON_FAMILY_NAME] = "Åkesson",
				    [PERSON_DISPLAY_NAME] = "Zoë Åkesson",
				    [PERSON_GENDER] = "female",
				    [PERSON_BIRTHDAY] = "1990-02-28",
				    [PERSON_MAIL] = mail,
				    [PERSON_PHONE] = "+46701234567",
				    [PERSON_POSITION] = "Buyer",
				    [PERSON_LANGUAGE] = "sv" } };
}

enum err
rig_add(struct rig *r, const char *dn, const char *mail, const char *id, const char *hash)
{
	struct person p = rig_person(mail);
	struct secret *s = hash != NULL ? secret_new(hash, strlen(hash)) : NULL;

	r->answered = false;
	dir_add_person(r->dir, dn, &p, id, s, rig_on_add, r);
	secret_free(s);
	assert_false(r->answered);
	rig_run(r);
	return r->code;
}

enum err
rig_password(struct rig *r, const char *dn, const char *password)
{
	struct secret *s = secret_new(password, strlen(password));

	r->answered = false;
	dir_set_password(r->dir, dn, s, rig_on_done, r);
	secret_free(s);
	assert_false(r->answered);
	rig_run(r);
	return r->code;
}

enum err
rig_find(struct rig *r, const char *dn)
{
	r->answered = false;
	dir_find(r->dir, dn, rig_on_find, r);
	assert_false(r->answered);
	rig_run(r);
	return r->code;
}

enum err
rig_join(struct rig *r, const char *dn, const char *group)
{
	r->answered = false;
	dir_join_groups(r->dir, dn, &group, 1, rig_on_done, r);
	rig_run(r);
	return r->code;
}

enum err
rig_ask(struct rig *r, const struct dir_question *q)
{
	r->answered = false;
	dir_ask(r->dir, q, rig_on_ask, r);
	assert_false(r->answered);
	rig_run(r);
	return r->code;
}

int
rig_group_set_up(void **state)
{
	(void)state;
	rig_start_slapd(&rig, "");
	return 0;
}

int
rig_group_tear_down(void **state)
{
	(void)state;
	rig_remove(&rig);
	return 0;
}

int
rig_set_up(void **state)
{
	(void)state;
	rig_default_conf(&rig);
	rig.up = false;
	rig_open(&rig);
	return 0;
}

int
rig_tear_down(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}
