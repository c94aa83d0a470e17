/* Reads tests/data/framings.txt, which the system tests read too. */
#ifndef USHERD_TESTS_HTTP_FRAMINGS_H
#define USHERD_TESTS_HTTP_FRAMINGS_H

#include <stdbool.h>
#include <stddef.h>

struct framing {
	char name[64];
	int status;
	bool by_guard; /* else the parser of the request target refuses */
	char *bytes;
	size_t len;
};

/* Calls `each` for every line; returns how many there were. */
size_t framings_each(void (*each)(const struct framing *f, void *arg), void *arg);

#endif
