/* Runs usherctl inside a test. */
#ifndef USHERD_FAKE_API_CLI_H
#define USHERD_FAKE_API_CLI_H

#include <stddef.h>

#include "cli/cli.h"

/* What the last run printed. */
extern char *out_text, *err_text;
extern size_t out_len, err_len;

/* Runs the program on the words behind its name, up to NULL. */
enum cli_exit run(const char *first, ...);
int forget_output(void **state); /* for cmocka */

#endif
