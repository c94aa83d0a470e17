/* The files that make.mjs made are such as the daemon serves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "web/console_private.h"

static void
the_shell_is_a_template_of_three_names(void **state)
{
	static const char *const names[] = { "assets", "language", "organisation", NULL };
	const struct template_source source = { .files = console_files,
		.file_count = console_file_count,
		.names = names,
		.has_scripts = true };
	struct template *t;
	struct fault f = { .text = "" };

	(void)state;
	if (template_parse(&t, &source, "index", &f) != ERR_OK)
		fail_msg("%s", f.text);
	template_free(t);
}

static void
every_file_but_the_shell_is_there_packed_too(void **state)
{
	(void)state;
	assert_true(console_file_count > 10);
	assert_int_equal(console_file("version")->len, 16);
	for (size_t i = 0; i < console_file_count; i++) {
		const char *name = console_files[i].name;
		const size_t len = strlen(name);
		char packed[128];

		if (strcmp(name, "index.html") == 0 || strcmp(name, "version") == 0 ||
		    strcmp(name + len - 3, ".gz") == 0)
			continue;
		assert_true(len + 4 <= sizeof(packed));
		strcpy(packed, name);
		strcat(packed, ".gz");
		if (console_file(packed) == NULL)
			fail_msg("%s", packed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shell_is_a_template_of_three_names),
		cmocka_unit_test(every_file_but_the_shell_is_there_packed_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
