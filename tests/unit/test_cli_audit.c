/* usherctl's commands about the audit trail, erasing and sessions, against a server of this process
 * that answers one request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "../fakes/fake_api_cli.h"
#include "../fakes/fake_api_server.h"

#define RECORD_ID "01890a5d-ac96-774b-bcce-b30209900020"
#define USER_ID	  "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define HASH	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

#define RECORD(name, erased)                                                                       \
	"{\"id\":\"" RECORD_ID "\",\"at\":\"T0\",\"event\":\"person_changed\","                    \
	"\"subject\":{\"type\":\"user\",\"id\":\"" USER_ID "\"},\"state\":null,"                   \
	"\"actor\":\"uid:0\",\"person\":null,\"org_unit\":\"ou=A,dc=x\",\"source\":null,"          \
	"\"request_id\":\"R\",\"detail\":{\"fields\":[\"mail\"]},\"personal\":" name               \
	",\"erased\":" erased "}"
#define PAGE(record, next) "{\"items\":[" record "],\"next_cursor\":" next "}"

static void
records_are_a_line_each(void **state)
{
	(void)state;
	server_start(200, PAGE(RECORD("{\"name\":\"Ada \\u001b\"}", "false"), "\"" RECORD_ID "\""));
	assert_int_equal(
	    run("--socket", server.path, "audit", "list", "--from", "2026-11-26", "--event",
		"person_changed", "--about", USER_ID, "--order", "oldest", "--limit", "7", NULL),
	    CLI_OK);
	server_stop();
	assert_true(
	    server_was_asked("GET /api/v1/audit?from=2026-11-26&event=person_changed&about=" USER_ID
			     "&order=oldest&limit=7 "));
	assert_non_null(
	    strstr(out_text, "T0  person_changed  user     " USER_ID "  Ada \xef\xbf\xbd"
			     "  uid:0"));
	assert_string_equal(err_text, "there are more; --all lists them too\n");
}

static void
what_was_erased_says_so(void **state)
{
	(void)state;
	server_start(200, PAGE(RECORD("null", "true"), "null"));
	assert_int_equal(run("--socket", server.path, "audit", "list", NULL), CLI_OK);
	server_stop();
	assert_non_null(strstr(out_text, "(erased)"));
	assert_string_equal(err_text, "");
}

static void
an_export_is_a_record_a_line(void **state)
{
	(void)state;
	server_start(200, PAGE(RECORD("{\"name\":\"a\\u001bb\"}", "false"), "null"));
	assert_int_equal(
	    run("--socket", server.path, "audit", "export", "--actor", "uid:0", NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("GET /api/v1/audit?actor=uid%3A0&order=oldest&limit=200 "));
	assert_string_equal(out_text, RECORD("{\"name\":\"a\\u001Bb\"}", "false") "\n");
}

static void
what_lacks_records_says_so_and_fails(void **state)
{
	static const char page[] = "{\"items\":[" RECORD("null", "false") "],\"next_cursor\":null,"
									  "\"damaged\":true}";
	static const char *const commands[] = { "export", "list" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		server_start(200, page);
		assert_int_equal(
		    run("--socket", server.path, "audit", commands[i], NULL), CLI_FAILED);
		server_stop();
		assert_non_null(strstr(out_text, USER_ID));
		assert_non_null(strstr(err_text, "records are missing that cannot be read"));
	}
}

/* RFC 4180 section 2; and nothing that a spreadsheet would work out. */
static void
a_cell_of_an_export_is_quoted_and_no_formula(void **state)
{
	static const char titles[] =
	    "id,at,event,subject,subject_id,state,actor,person,org_unit,source,request_id,detail,"
	    "personal,erased\r\n";

	(void)state;
	server_start(200,
	    PAGE("{\"id\":\"=1+1\",\"at\":\"+T\",\"event\":\"-e\",\"subject\":{\"type\":\"@t\","
		 "\"id\":\"a,b\"},\"state\":\"say \\\"so\\\"\",\"actor\":\"=\\\"x\\\",1\","
		 "\"person\":null,\"org_unit\":\"ou=A\",\"source\":\"::1\",\"request_id\":\"\","
		 "\"detail\":{\"n\":1},\"personal\":{\"name\":\"=cmd\"},\"erased\":false}",
		"null"));
	assert_int_equal(
	    run("--socket", server.path, "audit", "export", "--format", "csv", NULL), CLI_OK);
	server_stop();
	assert_memory_equal(out_text, titles, sizeof(titles) - 1);
	assert_string_equal(out_text + sizeof(titles) - 1,
	    "'=1+1,'+T,'-e,'@t,\"a,b\",\"say \"\"so\"\"\",\"'=\"\"x\"\",1\",,ou=A,::1,,"
	    "\"{\"\"n\"\":1}\",\"{\"\"name\"\":\"\"=cmd\"\"}\",no\r\n");
}

#define COUNTS "\"records\":12,\"blocks\":3,\"unnamed\":0,\"erased\":1,\"sources_ended\":0,"
#define HEAD   "\"first\":null,\"head\":{\"number\":3,\"hash\":\"" HASH "\"},"

static void
a_sound_trail_tells_its_head(void **state)
{
	(void)state;
	server_start(200, "{\"sound\":true," COUNTS HEAD "\"fault_count\":0,\"faults\":[]}");
	assert_int_equal(
	    run("--socket", server.path, "audit", "verify", "--head", "2:" HASH, NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("GET /api/v1/audit/verification?number=2&hash=" HASH " "));
	assert_string_equal(out_text, "sound: 12 records in 3 blocks\nhead 3:" HASH "\n");
}

static void
a_trail_that_is_not_sound_fails_and_tells_every_fault(void **state)
{
	static const char answer[] =
	    "{\"sound\":false," COUNTS HEAD "\"fault_count\":4,\"faults\":["
	    "{\"record\":null,\"block\":2,\"detail\":\"another hash\"},"
	    "{\"record\":\"" RECORD_ID "\",\"block\":3,\"detail\":\"changed\"},"
	    "{\"record\":\"" RECORD_ID "\",\"block\":null,\"detail\":\"in no block\"}]}";

	(void)state;
	server_start(200, answer);
	assert_int_equal(run("--socket", server.path, "audit", "verify", NULL), CLI_FAILED);
	server_stop();
	assert_true(server_was_asked("GET /api/v1/audit/verification "));
	assert_string_equal(out_text,
	    "NOT SOUND: 12 records in 3 blocks\nhead 3:" HASH "\nblock 2: another hash\n"
	    "block 3: record " RECORD_ID ": changed\nrecord " RECORD_ID ": in no block\n"
	    "and 1 more\n");
	server_start(200, answer);
	assert_int_equal(
	    run("--socket", server.path, "-o", "json", "audit", "verify", NULL), CLI_FAILED);
	server_stop();
	assert_non_null(strstr(out_text, "\"sound\": false"));
}

static void
a_line_that_makes_no_sense_asks_nobody(void **state)
{
	static char long_head[200];

	(void)state;
	memset(long_head, '1', sizeof(long_head) - 1);
	long_head[10] = ':';
	assert_int_equal(run("audit", "export", "--format", "xml", NULL), CLI_USAGE);
	assert_int_equal(run("audit", "verify", "--head", "12", NULL), CLI_USAGE);
	assert_int_equal(run("audit", "verify", "--head", long_head, NULL), CLI_USAGE);
	assert_int_equal(run("erase", NULL), CLI_USAGE);
	assert_int_equal(run("erase", "", NULL), CLI_USAGE);
}

static void
erasing_tells_what_is_gone(void **state)
{
	(void)state;
	server_start(200, "{\"ids\":[\"" USER_ID "\"],\"audit_records\":3,\"mails\":0,"
			  "\"webhook_messages\":0,\"trash\":1,\"invitations\":1,\"sources\":2}");
	assert_int_equal(run("--socket", server.path, "erase", "ada@example.org", NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("POST /api/v1/erasures "));
	assert_string_equal(server_body(), "{\"person\":\"ada@example.org\"}");
	assert_non_null(strstr(out_text, "audit_records     3\n"));
	server_start(409, "{\"detail\":\"they are a user\"}");
	assert_int_equal(run("--socket", server.path, "erase", "ada", NULL), CLI_CONFLICT);
	server_stop();
}

/* The daemon does not stop when nobody waits any more: "unknown" would be the answer to all of it.
 */
static void
what_reads_the_whole_trail_is_waited_for(void **state)
{
	(void)state;
	assert_true(cmd_erase.patience_ms >= 3600 * 1000);
	assert_true(cmd_audit_verify.patience_ms >= 3600 * 1000);
}

static void
who_one_is_can_be_asked(void **state)
{
	(void)state;
	server_start(200, "{\"kind\":\"peer\",\"actor\":\"uid:0\",\"id\":null,\"scopes\":[\"mail\","
			  "\"tokens\"],\"read_only\":false}");
	assert_int_equal(run("--socket", server.path, "session", "show", NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("GET /api/v1/session "));
	assert_string_equal(out_text, "kind    peer\nactor   uid:0\nscopes  mail, tokens\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_a_line_each),
		cmocka_unit_test(what_was_erased_says_so),
		cmocka_unit_test(an_export_is_a_record_a_line),
		cmocka_unit_test(what_lacks_records_says_so_and_fails),
		cmocka_unit_test(a_cell_of_an_export_is_quoted_and_no_formula),
		cmocka_unit_test(a_sound_trail_tells_its_head),
		cmocka_unit_test(a_trail_that_is_not_sound_fails_and_tells_every_fault),
		cmocka_unit_test(a_line_that_makes_no_sense_asks_nobody),
		cmocka_unit_test(erasing_tells_what_is_gone),
		cmocka_unit_test(what_reads_the_whole_trail_is_waited_for),
		cmocka_unit_test(who_one_is_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
