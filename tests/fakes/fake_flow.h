/* The use cases of a registration, answering what a test asks for, always on the next turn of the
 * loop. */
#ifndef USHERD_TESTS_FAKE_FLOW_H
#define USHERD_TESTS_FAKE_FLOW_H

#include "flow/flow.h"

struct flow {
	struct loop *loop;
	enum err view_code;
	struct accept_view view; /* for every token but an unknown one */
	enum err accept_code;
	const char *uid;
	struct field_errors *errors; /* with ERR_INVALID */
	size_t password_min;
	/* What the last call said. */
	int views, accepts, opened;
	struct token_hash token;
	char attempt[INVITATION_ATTEMPT_SIZE]; /* "" for NULL */
	char password[SECRET_MAX + 1];
	char value[PERSON_FIELD_COUNT][256];
	bool has_value[PERSON_FIELD_COUNT];
};

#endif
