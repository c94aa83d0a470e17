/* The parts of flow_sign_in.h, flow_erase.h and flow_trail.h that api uses. They remember what they
 * were asked and answer, through loop_defer, what they were told to. A sign-in that succeeds has a
 * real session of `auth`. */
#ifndef USHERD_FAKE_API_ACCESS_H
#define USHERD_FAKE_API_ACCESS_H

#include "flow/flow_erase.h"
#include "flow/flow_sign_in.h"
#include "flow/flow_trail.h"

#define FAKE_ADMINS   "cn=admins,dc=example,dc=org"
#define FAKE_INVITERS "cn=inviters,dc=example,dc=org"
#define FAKE_PLACE    "ou=navy,ou=people,dc=example,dc=org"

struct fake_access {
	struct loop *loop;
	struct auth *auth;
	const struct clock *clock; /* that of auth */
	/* The next answers. */
	enum err code;
	const char *text; /* of the fault */
	int64_t wait_ms;
	bool member[2]; /* of FAKE_ADMINS and FAKE_INVITERS: who signs in */
	const struct audit_record *records;
	size_t record_count;
	const char *next;
	const struct audit_verdict *verdict;
	struct flow_erased erased;
	/* What was asked. */
	size_t calls, damage_count;
	char login[64], password[64], source[64], old_session[64], old_person[64], who[64];
	struct audit_query query;
	char words[8][64]; /* what its strings point to */
	struct audit_head known;
};

extern struct fake_access fake_access;

#endif
