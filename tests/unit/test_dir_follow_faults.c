/* Following a directory that refuses, forgets, cuts short, falls silent or cannot push. Whatever it
 * does, nobody disappears who is there, and nobody stays who is not. */
#include "follow_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dir/dir_follow_private.h"

enum { PEOPLE_COUNT = 600 };

static const struct follow_witnesses nobody;

static int
group_set_up(void **state)
{
	(void)state;
	rig_start_slapd(&rig, "--without cost");
	follow_add_people("p", PEOPLE_COUNT);
	return 0;
}

static int
set_up(void **state)
{
	rig_set_up(state);
	follower_default();
	return 0;
}

static int
tear_down(void **state)
{
	follower_stop();
	follower_forget();
	return rig_tear_down(state);
}

static void
open_again(void)
{
	rig_close(&rig);
	rig_open(&rig);
	follower_default();
}

static size_t
everybody(void)
{
	size_t count = 0;
	char dn[64];

	for (int i = 0; i < PEOPLE_COUNT; i++) {
		snprintf(dn, sizeof(dn), "uid=p%d," SALES, i);
		count += follower_find(dn) != NULL;
	}
	return count;
}

static void
learn_everybody(void)
{
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_int_equal(everybody(), PEOPLE_COUNT);
	follower_stop();
	follower_haunt();
}

static void
refresh_from(const void *cookie, size_t len)
{
	learn_everybody();
	assert_non_null(follower_find(GHOST));
	follower_start(cookie, len);
	follower_until_persisting();
	assert_null(follower_find(GHOST));
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_true(follower.absent_is_gone);
	assert_true(follower.cookie_len > 0);
	follower_stop();
}

static void
what_is_no_cookie_of_ours_ends_in_a_whole_refresh(void **state)
{
	static const char *const cookies[] = { "", "x", "garbage that is longer than a tag",
		"rid=000,csn=20010101000000.000000Z#000000#000#000000" };
	unsigned char large[FEED_COOKIE_MAX + 1] = { 1 }, ours[FEED_COOKIE_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++)
		refresh_from(cookies[i], strlen(cookies[i]));
	refresh_from(large, sizeof(large));
	len = follower.cookie_len;
	memcpy(ours, follower.cookie, len);
	for (size_t i = 0; i < len; i += 13) {
		ours[i] ^= 1;
		refresh_from(ours, len);
		ours[i] ^= 1;
	}
	refresh_from(ours, len - 1);
	/* Of the same servers, but of other entries. */
	rig.conf.attributes[PERSON_POSITION] = "employeeType";
	open_again();
	refresh_from(ours, len);
}

static const void *
pack(const char *cookie, struct arena *arena, size_t *len)
{
	unsigned char subject[FOLLOW_SUBJECT_SIZE];

	dir_follow_cookie_subject(&rig.conf, subject);
	return dir_follow_cookie_pack(subject, &nobody, cookie, strlen(cookie), arena, len);
}

static void
a_cookie_that_the_server_cannot_go_on_from_ends_in_a_whole_refresh(void **state)
{
	static const char *const cookies[] = { "garbage", "csn=", "rid=000,csn=nonsense",
		"rid=000,csn=20010101000000.000000Z#000000#000#000000", /* before all entries */
		"rid=001,sid=005,csn=20010101000000.000000Z#000000#005#000000", /* another's */
		"rid=000,csn=20990101000000.000000Z#000000#000#000000",		/* to come */
		"server:389#cn=usherd:dc=example#42" };
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		size_t len;
		const void *packed = pack(cookies[i], arena, &len);

		refresh_from(packed, len);
	}
	arena_free(arena);
}

/* The server itself says so: nobody looks into the cookies of an unknown kind of server. */
static void
a_cookie_that_the_server_refuses_ends_in_a_whole_refresh(void **state)
{
	static const char *const cookies[] = {
		"rid=000,csn=20990101000000.000000Z#000000#000#000000", "garbage"
	};
	struct arena *arena = arena_new(0);

	(void)state;
	rig.conf.profile = DIR_GENERIC;
	open_again();
	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		size_t len;
		const void *packed = pack(cookies[i], arena, &len);

		refresh_from(packed, len);
	}
	arena_free(arena);
}

static bool
is_cut_short(const void *arg)
{
	(void)arg;
	return follower.state == DIR_FOLLOW_CUT_SHORT;
}

static void
a_size_limit_takes_nobody_away_and_is_named(void **state)
{
	(void)state;
	learn_everybody();
	rig_close(&rig);
	follow_edit_slapd("/^limits /d");
	rig_open(&rig);
	follower_default();
	follower_start(NULL, 0);
	follower_until(is_cut_short, NULL);
	assert_int_equal(follower.complete, 0);
	assert_int_equal(follower.broken, 1);
	assert_true(follower.cut_by_limit);
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_non_null(follower_find(GHOST));
	assert_non_null(strstr(follower.text, "after 500 entries"));
	assert_non_null(strstr(follower.text, "limits dn.exact=\"cn=usherd," BASE "\" size="));
	follower_stop();
	follow_edit_slapd("/^overlay unique/i limits dn.exact=\"cn=usherd," BASE
			  "\" size=unlimited time=unlimited");
}

static bool
is_refreshing(const void *arg)
{
	(void)arg;
	return follower.refreshing;
}

static bool
is_broken(const void *arg)
{
	return follower.broken >= *(const int *)arg;
}

static void
a_server_that_stops_amid_a_message_is_noticed(void **state)
{
	static const int one = 1;
	static char url[64];
	/* Enough for bind and root DSE, and some of the entries. */
	int port = follow_proxy_start(rig.port, 40001);

	(void)state;
	learn_everybody();
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", port);
	rig.conf.uris[0] = url;
	rig.conf.op_timeout_ms = 700;
	open_again();
	follower_start(NULL, 0);
	follower_until(is_refreshing, NULL);
	follower_until(is_broken, &one);
	assert_false(follower.cut_by_limit);
	assert_int_equal(follower.complete, 0);
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_non_null(follower_find(GHOST));
	follow_proxy_release();
	follower_until_persisting();
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_null(follower_find(GHOST));
	follower_stop();
	rig_close(&rig);
	follow_proxy_stop();
}

static void
a_follower_is_freed_at_once_while_half_a_message_is_there(void **state)
{
	static char url[64];
	int port = follow_proxy_start(rig.port, 40001);

	(void)state;
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", port);
	rig.conf.uris[0] = url;
	rig.conf.op_timeout_ms = 15000;
	open_again();
	follower_start(NULL, 0);
	follower_until(is_refreshing, NULL);
	rig_run_for(&rig, 200);
	follower_stop(); /* the program's time limit would notice a wait of op_timeout_ms */
	assert_int_equal(follower.complete, 0);
	rig_close(&rig);
	follow_proxy_stop();
}

/* The question for the server's change numbers is never answered. */
static void
a_follower_is_freed_at_once_while_it_waits_for_an_answer(void **state)
{
	static char url[64];
	struct arena *arena = arena_new(0);
	int port = follow_proxy_start(rig.port, SIZE_MAX);
	const void *packed;
	size_t len;

	(void)state;
	follow_proxy_stop_at("contextCSN");
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", port);
	rig.conf.uris[0] = url;
	rig.conf.op_timeout_ms = 600000;
	open_again();
	packed = pack("rid=000,csn=20010101000000.000000Z#000000#000#000000", arena, &len);
	follower_start(packed, len);
	arena_free(arena);
	while (!follow_proxy_has_stopped())
		rig_run_for(&rig, 10);
	follower_stop(); /* the program's time limit would notice a wait of op_timeout_ms */
	assert_int_equal(follower.begun, 0);
	rig_close(&rig);
	follow_proxy_stop();
}

static bool
is_current_since(const void *arg)
{
	return dir_follow_current_at(follower.fw) >= *(const int64_t *)arg;
}

static void
a_connection_that_did_not_outlive_an_outage_is_given_up_soon(void **state)
{
	static char url[64];
	int port = follow_proxy_start(rig.port, SIZE_MAX);
	int64_t began_at = dir_now(), forgot_at;

	(void)state;
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", port);
	rig.conf.uris[0] = url;
	rig.conf.op_timeout_ms = 700;
	open_again();
	follower_start(NULL, 0);
	assert_int_equal(dir_follow_current_at(follower.fw), 0);
	follower_until_persisting();
	follower_until(is_current_since, &began_at);
	follow_proxy_forget();
	forgot_at = dir_now();
	assert_true(rig_wait_up(&rig, false, 15000));
	/* What the list is worth is what it was worth then. */
	assert_true(dir_follow_current_at(follower.fw) <= forgot_at);
	rig_change(&rig, "dn: uid=meanwhile," SALES
			 "\nchangetype: add\nobjectClass: inetOrgPerson\ncn: M\nsn: M\n");
	follow_proxy_release();
	follower_until_found("uid=meanwhile," SALES);
	forgot_at++;
	follower_until(is_current_since, &forgot_at);
	follower_stop();
	rig_close(&rig);
	follow_proxy_stop();
}

static bool
is_away(const void *arg)
{
	(void)arg;
	return follower.state == DIR_FOLLOW_AWAY && follower.text[0] != '\0';
}

static bool
is_complete(const void *arg)
{
	return follower.complete >= *(const int *)arg;
}

/* The one that is asked first; until its probe has come back it is passed over. */
static void
until_the_first_server_works(void)
{
	size_t server = 1;

	while (dir_server_choose(rig.dir, &server, NULL) != ERR_OK || server != 0)
		rig_run_for(&rig, 10);
}

/* Two servers: one behind a proxy, and the same without it, which is asked next. */
static void
start_behind_a_proxy(int64_t doubt_ms)
{
	static char url[64];
	int port = follow_proxy_start(rig.port, SIZE_MAX);

	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", port);
	rig.conf.uris[0] = url;
	rig.conf.uris[1] = rig.url;
	rig.conf.uri_count = 2;
	open_again();
	until_the_first_server_works();
	follower.conf.doubt_ms = doubt_ms;
	follower_start(NULL, 0);
	follower_until_persisting();
}

static void
the_next_server_goes_on_from_the_cookie_of_the_one_that_is_gone(void **state)
{
	static const int two = 2;

	(void)state;
	start_behind_a_proxy(30000);
	assert_int_equal(everybody(), PEOPLE_COUNT);
	follower.told = 0;
	follow_proxy_stop();
	follower_until(is_complete, &two);
	follower_until_persisting();
	assert_in_range(follower.told, 0, 3);
	rig_change(&rig, "dn: uid=second," SALES
			 "\nchangetype: add\nobjectClass: inetOrgPerson\ncn: S\nsn: S\n");
	follower_until_found("uid=second," SALES);
}

/* The database of the stopped slapd is put aside, or back. */
static void
move_database(bool back)
{
	char command[400];
	const char *from = back ? "kept" : "data", *to = back ? "data" : "kept";

	rig_stop_slapd(&rig, false);
	snprintf(command, sizeof(command), "cd %s && rm -rf %s && cp -a --sparse=always %s %s",
	    rig.folder, to, from, to);
	assert_int_equal(system(command), 0);
	rig_restart_slapd(&rig);
}

static void
change_p1(const char *name)
{
	char ldif[256];

	snprintf(ldif, sizeof(ldif),
	    "dn: uid=p1," SALES "\nchangetype: modify\nreplace: displayName\n"
	    "displayName: %s\n",
	    name);
	rig_change(&rig, ldif);
	follower_until_name("uid=p1," SALES, name);
}

/* The daemon's own bind is such a write: slapd's contextCSN has passed the cookie's. */
static void
a_restored_database_that_was_written_to_since_is_read_anew(void **state)
{
	(void)state;
	follower_start(NULL, 0);
	follower_until_persisting();
	change_p1("Before");
	move_database(false);
	rig_change(&rig,
	    "dn: uid=lost," SALES "\nchangetype: add\nobjectClass: inetOrgPerson\ncn: L\nsn: L\n");
	rig_change(&rig, "dn: uid=p2," SALES "\nchangetype: delete\n");
	change_p1("Lost");
	follower_until_found("uid=lost," SALES);
	follower_until_lost("uid=p2," SALES);
	move_database(true);
	rig_change(&rig,
	    "dn: uid=since," SALES "\nchangetype: add\nobjectClass: inetOrgPerson\ncn: S\nsn: S\n");
	follower_until_found("uid=since," SALES);
	follower_until_lost("uid=lost," SALES);
	follower_until_found("uid=p2," SALES);
	follower_until_name("uid=p1," SALES, "Before");
	assert_int_equal(everybody(), PEOPLE_COUNT);
}

static bool
is_cookie_told(const void *arg)
{
	(void)arg;
	return follower.cookie_len > 0;
}

static void
write_something(void)
{
	rig_change(&rig, "dn: ou=north," SALES "\nchangetype: modify\nreplace: description\n"
			 "description: told\n");
}

/* One that came after this. */
static void
follower_until_cookie(void)
{
	follower.cookie_len = 0;
	write_something();
	follower_until(is_cookie_told, NULL);
}

static void
a_deletion_that_was_undone_while_we_were_away_is_noticed(void **state)
{
	(void)state;
	move_database(false);
	follower_start(NULL, 0);
	follower_until_persisting();
	rig_change(&rig, "dn: uid=p3," SALES "\nchangetype: delete\n");
	follower_until_lost("uid=p3," SALES);
	follower_until_cookie();
	follower_stop();
	move_database(true);
	follower_start(follower.cookie, follower.cookie_len);
	follower_until_persisting();
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_true(follower.absent_is_gone);
}

/* Of whom we have never heard: no witness tells, so everybody is compared a while later. */
static void
a_deletion_from_before_the_refresh_that_was_undone_is_noticed(void **state)
{
	static const int two = 2;

	(void)state;
	move_database(false);
	rig_change(&rig, "dn: uid=p4," SALES "\nchangetype: delete\n");
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_int_equal(everybody(), PEOPLE_COUNT - 1);
	assert_true(follower.cookie_len > 0);
	follower_stop();
	move_database(true);
	write_something();
	follower.conf.doubt_ms = 200;
	follower_start(follower.cookie, follower.cookie_len);
	follower_until(is_complete, &two);
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_int_equal(follower.broken, 0);
	follower_stop();
	/* Once is enough: a change that was seen meanwhile proves the rest. */
	follower_start(NULL, 0);
	follower_until_persisting();
	change_p1("Proof");
	follower_until_cookie();
	follower_stop();
	follower_start(follower.cookie, follower.cookie_len);
	follower_until_persisting();
	rig_run_for(&rig, 600);
	assert_int_equal(follower.complete, 1);
	assert_false(follower.absent_is_gone);
}

/* A slapd that is killed right after a deletion may come back without it and without its change
 * number; nothing that it says then tells so. */
static void
who_is_in_no_directory_any_more_is_gone_a_while_after_a_lost_connection(void **state)
{
	static const int two = 2;

	(void)state;
	start_behind_a_proxy(200);
	follower_until_cookie();
	follower_haunt();
	follow_proxy_stop();
	follower_until(is_complete, &two);
	assert_false(follower.absent_is_gone); /* the next server went on from the cookie */
	assert_non_null(follower_find(GHOST));
	follower_until_lost(GHOST);
	assert_int_equal(everybody(), PEOPLE_COUNT);
}

static void
without_the_right_to_entry_csn_everybody_is_read_again_and_told_so(void **state)
{
	(void)state;
	rig_close(&rig);
	follow_edit_slapd("/^access to attrs=pwdHistory/i access to attrs=entryCSN by * none");
	rig_open(&rig);
	follower_default();
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_non_null(strstr(follower.text, "entryCSN"));
	follower_stop();
	follower_start(follower.cookie, follower.cookie_len);
	follower_until_persisting();
	assert_true(follower.absent_is_gone);
	assert_true(follower.told >= PEOPLE_COUNT);
	follower_stop();
	rig_close(&rig);
	follow_edit_slapd("/^access to attrs=entryCSN/d");
	rig_open(&rig);
}

static void
no_server_is_told_with_the_reason_and_no_password(void **state)
{
	static char url[64];
	struct secret *wrong = secret_new("a wrong password", 16);

	(void)state;
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", rig_free_port());
	rig.conf.uris[0] = url;
	open_again();
	follower_start(NULL, 0);
	follower_until(is_away, NULL);
	follower_stop();
	rig.conf.uris[0] = rig.url;
	rig.conf.bind_password = wrong;
	open_again();
	follower_start(NULL, 0);
	rig_wait_up(&rig, true, 1000);
	follower_until(is_away, NULL);
	assert_null(strstr(follower.text, "a wrong password"));
	assert_int_equal(follower.begun, 0);
	follower_stop();
	rig_close(&rig);
	secret_free(wrong);
}

static void
a_reference_to_another_server_is_left_alone_and_told(void **state)
{
	(void)state;
	rig_change(&rig, "dn: ou=elsewhere," BASE "\nchangetype: add\nobjectClass: referral\n"
			 "objectClass: extensibleObject\nou: elsewhere\n"
			 "ref: ldap://127.0.0.1:1/ou=elsewhere," BASE "\n");
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_non_null(strstr(follower.text, "refers to other servers"));
}

static bool
is_told(const void *arg)
{
	return strstr(follower.text, arg) != NULL;
}

static void
entries_that_cannot_be_shown_are_counted(void **state)
{
	static const char odd[] = "ou=line\\0Aend," BASE;
	char ldif[512];

	(void)state;
	snprintf(ldif, sizeof(ldif),
	    "dn: %s\nchangetype: add\nobjectClass: organizationalUnit\n\n"
	    "dn: uid=odd,%s\nchangetype: add\nobjectClass: inetOrgPerson\ncn: O\nsn: O\n",
	    odd, odd);
	rig_change(&rig, ldif);
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_non_null(strstr(follower.text, "2 entries are left out"));
	snprintf(ldif, sizeof(ldif),
	    "dn: uid=more,%s\nchangetype: add\nobjectClass: inetOrgPerson\ncn: M\nsn: M\n", odd);
	rig_change(&rig, ldif);
	follower_until(is_told, "3 entries are left out");
	snprintf(ldif, sizeof(ldif),
	    "dn: uid=more,%s\nchangetype: delete\n\ndn: uid=odd,%s\nchangetype: modrdn\n"
	    "newrdn: uid=odd\ndeleteoldrdn: 0\nnewsuperior: " SALES "\n",
	    odd, odd);
	rig_change(&rig, ldif);
	follower_until(is_told, "1 entries are left out");
	follower_until_found("uid=odd," SALES);
	snprintf(ldif, sizeof(ldif),
	    "dn: %s\nchangetype: delete\n\ndn: uid=odd," SALES "\nchangetype: delete\n", odd);
	rig_change(&rig, ldif);
	follower_until_lost("uid=odd," SALES);
	assert_null(strstr(follower.text, "left out"));
}

/* Longer than what anybody is invited with (PERSON_DN_MAX). */
static void
a_person_deep_in_the_tree_is_shown(void **state)
{
	char place[FEED_DN_MAX] = BASE, longer[FEED_DN_MAX], name[201];
	struct buf ldif, undo;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	buf_init(&ldif, 1 << 20);
	for (int i = 0; i < 7; i++) {
		snprintf(longer, sizeof(longer), "ou=%s,%.*s", name, 4000, place);
		memcpy(place, longer, sizeof(place));
		buf_printf(
		    &ldif, "dn: %s\nchangetype: add\nobjectClass: organizationalUnit\n\n", place);
	}
	buf_printf(&ldif,
	    "dn: uid=deep,%s\nchangetype: add\nobjectClass: inetOrgPerson\ncn: D\nsn: D\n", place);
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
	follower_start(NULL, 0);
	follower_until_persisting();
	snprintf(longer, sizeof(longer), "uid=deep,%.4000s", place);
	assert_non_null(follower_find(longer));
	assert_string_equal(follower_find(place)->name, name);
	buf_init(&undo, 1 << 20);
	buf_printf(&undo, "dn: %s\nchangetype: delete\n\n", longer);
	for (const char *at = place; strcmp(at, BASE) != 0; at = strchr(at, ',') + 1)
		buf_printf(&undo, "dn: %s\nchangetype: delete\n\n", at);
	rig_change(&rig, undo.data);
	buf_release(&undo);
}

static bool
is_polling(const void *arg)
{
	(void)arg;
	return follower.state == DIR_FOLLOW_POLLING;
}

static void
poll_a_while(void)
{
	static const char cookie[] = "rid=000,csn=20010101000000.000000Z#000000#000#000000";
	struct arena *arena = arena_new(0);
	size_t len;
	const void *packed = pack(cookie, arena, &len);
	int64_t began_at = dir_now();

	follower.conf.poll_ms = 200;
	follower.conf.compare_ms = 2500;
	follower_haunt();
	follower_start(packed, len);
	arena_free(arena);
	follower_until(is_polling, NULL);
	assert_true(dir_follow_current_at(follower.fw) >= began_at);
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_null(follower_find(GHOST));
	assert_int_equal(follower.cookie_len, 0);
	assert_non_null(strstr(follower.text, "cannot push"));
	rig_change(&rig, "dn: uid=polled," SALES
			 "\nchangetype: add\nobjectClass: inetOrgPerson\ncn: P\nsn: P\n");
	follower_until_found("uid=polled," SALES);
	began_at = dir_now();
	follower_until(is_current_since, &began_at); /* the next poll */
	rig_change(&rig, "dn: uid=polled," SALES "\nchangetype: modrdn\nnewrdn: uid=moved\n"
			 "deleteoldrdn: 1\n");
	follower_until_found("uid=moved," SALES);
	rig_change(&rig, "dn: uid=moved," SALES "\nchangetype: delete\n");
	follower_until_lost("uid=moved," SALES);
	assert_int_equal(follower.broken, 0);
	follower_stop();
	follower_forget();
}

/* The overlay is gone: result 12. Then its module too: the server does not offer the control. */
static void
a_server_that_cannot_push_is_polled(void **state)
{
	(void)state;
	rig_close(&rig);
	follow_edit_slapd("/^overlay syncprov/d;/^syncprov/d");
	rig_open(&rig);
	follower_default();
	poll_a_while();
	rig_close(&rig);
	follow_edit_slapd("/^moduleload syncprov/d");
	rig_open(&rig);
	follower_default();
	poll_a_while();
}

/* Last: slapd stays without its limits. */
static void
a_size_limit_takes_nobody_away_from_a_poll_either(void **state)
{
	(void)state;
	follower_start(NULL, 0);
	follower_until(is_polling, NULL);
	follower_stop();
	follower_haunt();
	rig_close(&rig);
	/* Paged searches have a limit of their own (size.prtotal). */
	follow_edit_slapd("s/^limits .*/limits * size=500 size.prtotal=500/");
	rig_open(&rig);
	follower_default();
	follower_start(NULL, 0);
	follower_until(is_cut_short, NULL);
	assert_int_equal(follower.complete, 0);
	assert_int_equal(follower.broken, 1);
	assert_true(follower.cut_by_limit);
	assert_int_equal(everybody(), PEOPLE_COUNT);
	assert_non_null(follower_find(GHOST));
}

#define FAULT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT_TEST(what_is_no_cookie_of_ours_ends_in_a_whole_refresh),
		FAULT_TEST(a_cookie_that_the_server_cannot_go_on_from_ends_in_a_whole_refresh),
		FAULT_TEST(a_cookie_that_the_server_refuses_ends_in_a_whole_refresh),
		FAULT_TEST(a_size_limit_takes_nobody_away_and_is_named),
		FAULT_TEST(a_server_that_stops_amid_a_message_is_noticed),
		FAULT_TEST(a_follower_is_freed_at_once_while_half_a_message_is_there),
		FAULT_TEST(a_follower_is_freed_at_once_while_it_waits_for_an_answer),
		FAULT_TEST(a_connection_that_did_not_outlive_an_outage_is_given_up_soon),
		FAULT_TEST(the_next_server_goes_on_from_the_cookie_of_the_one_that_is_gone),
		FAULT_TEST(a_restored_database_that_was_written_to_since_is_read_anew),
		FAULT_TEST(a_deletion_that_was_undone_while_we_were_away_is_noticed),
		FAULT_TEST(a_deletion_from_before_the_refresh_that_was_undone_is_noticed),
		FAULT_TEST(who_is_in_no_directory_any_more_is_gone_a_while_after_a_lost_connection),
		FAULT_TEST(without_the_right_to_entry_csn_everybody_is_read_again_and_told_so),
		FAULT_TEST(no_server_is_told_with_the_reason_and_no_password),
		FAULT_TEST(a_reference_to_another_server_is_left_alone_and_told),
		FAULT_TEST(entries_that_cannot_be_shown_are_counted),
		FAULT_TEST(a_person_deep_in_the_tree_is_shown),
		FAULT_TEST(a_server_that_cannot_push_is_polled),
		FAULT_TEST(a_size_limit_takes_nobody_away_from_a_poll_either),
	};

	return cmocka_run_group_tests_name("faults", tests, group_set_up, rig_group_tear_down);
}
