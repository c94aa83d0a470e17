#include "fake_api_cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 32 };

char *out_text, *err_text;
size_t out_len, err_len;

enum cli_exit
run(const char *first, ...)
{
	char *argv[ARGS_MAX] = { strdup("usherctl") };
	FILE *out, *err;
	enum cli_exit code;
	int argc = 1;
	va_list ap;

	free(out_text);
	free(err_text);
	out = open_memstream(&out_text, &out_len);
	err = open_memstream(&err_text, &err_len);
	va_start(ap, first);
	for (const char *word = first; word != NULL; word = va_arg(ap, const char *))
		argv[argc++] = strdup(word);
	va_end(ap);
	code = cli_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	while (argc > 0)
		free(argv[--argc]);
	return code;
}

int
forget_output(void **state)
{
	(void)state;
	free(out_text);
	free(err_text);
	return 0;
}
