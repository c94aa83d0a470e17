/* A log line is one line, whatever its values hold. */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "log/log.h"

static int saved, ends[2];
static char text[8192];

static int
catch_stderr(void **state)
{
	(void)state;
	saved = dup(STDERR_FILENO);
	return pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) != -1 ? 0 : -1;
}

static int
release_stderr(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static const char *
read_back(void)
{
	ssize_t len = read(ends[0], text, sizeof(text) - 1);

	assert_true(len > 0);
	text[len] = '\0';
	return text;
}

static void
values_cannot_forge_lines_or_fields(void **state)
{
	(void)state;
	log_info("a person came", "name", "x\nlevel=error msg=\"forged\" a=b", "empty", "", "none",
	    NULL, "plain", "word");
	read_back();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_non_null(strstr(text,
	    " level=info msg=\"a person came\" name=\"x\\u000alevel=error msg=\\\"forged\\\" "
	    "a=b\" empty=\"\" plain=word\n"));
	assert_null(strstr(text, "none"));
}

static void
what_is_below_the_level_is_not_written(void **state)
{
	(void)state;
	log_debug("not this");
	log_warning("but this", "n", log_number(-5));
	read_back();
	assert_null(strstr(text, "not this"));
	assert_non_null(strstr(text, "level=warning msg=\"but this\" n=-5\n"));
}

static void
an_overlong_value_is_cut_and_the_line_ends(void **state)
{
	static char big[20000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	log_info("big", "a", big, "b", big, "c", big, "d", big, "e", "last");
	read_back();
	assert_true(strlen(text) <= 4096);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_non_null(strstr(text, " e=last\n"));
}

static void
a_sink_that_is_full_loses_lines_and_never_blocks(void **state)
{
	char junk[65536];
	uint64_t before = log_dropped();

	(void)state;
	for (int i = 0; i < 4096 && log_dropped() == before; i++)
		log_info(
		    "filling the pipe with a line of some length so that it is full soon enough");
	assert_true(log_dropped() > before);
	while (read(ends[0], junk, sizeof(junk)) == (ssize_t)sizeof(junk))
		;
	log_info("taken again");
	read_back();
	assert_non_null(strstr(text, "taken again"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    values_cannot_forge_lines_or_fields, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(
		    what_is_below_the_level_is_not_written, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(
		    an_overlong_value_is_cut_and_the_line_ends, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(
		    a_sink_that_is_full_loses_lines_and_never_blocks, catch_stderr, release_stderr),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
