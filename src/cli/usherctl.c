#include <locale.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/cli.h"

int
main(int argc, char **argv)
{
	enum cli_exit code;

	setlocale(LC_CTYPE, "");
	json_use_mem();
	code = cli_main(argc, argv, stdout, stderr);
	/* A token that did not reach its file is lost: say so. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "usherctl: the output could not be written\n");
		return CLI_FAILED;
	}
	return code;
}
