/* A private slapd and a loop for the tests of dir. */
#ifndef USHERD_TESTS_DIR_RIG_H
#define USHERD_TESTS_DIR_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <cmocka.h>

#include "dir/dir.h"

struct rig {
	char folder[64];
	int port, ldaps_port;
	char url[64], ldaps_url[64], ca[96];
	char through[64]; /* rig_open_through() */
	struct secret *service_password;
	struct loop *loop;
	struct dir *dir;
	struct dir_conf conf;
	/* what the last callback said */
	bool answered;
	int answers;
	enum err code;
	struct fault fault;
	struct dir_answer answer;
	char group_dn[PERSON_GROUPS_MAX][128]; /* of it */
	char uuid[64], marker[64], taken[64];
	bool existed;
	bool up;
	int ups, downs;
	struct dir_check checks[DIR_CHECKS_MAX];
	size_t check_count;
	size_t place_count;
	char places[20][128];
	int64_t wait_ms; /* how long the last answer took */
};

#define BASE   "dc=example,dc=org"
#define PEOPLE "ou=people," BASE
#define SALES  "ou=sales," PEOPLE
#define ID_1   "018f3a52-0000-7000-8000-000000000001"
#define ID_2   "018f3a52-0000-7000-8000-000000000002"

extern struct rig rig; /* each program's only one */

/* cmocka's: slapd with recommended settings for all tests of a program, a directory for each. */
int rig_group_set_up(void **state);
int rig_group_tear_down(void **state);
int rig_set_up(void **state);
int rig_tear_down(void **state);

/* Exits with 77 and a reason when slapd is not installed. `options` for tests/rig/slapd.sh. */
void rig_start_slapd(struct rig *r, const char *options);
void rig_restart_slapd(struct rig *r);
void rig_stop_slapd(struct rig *r, bool kill);
void rig_signal_slapd(struct rig *r, int signo);
/* The running slapd starts again, with a slapo-retcode(5) item: what it shall answer to requests
 * for an entry below RETCODES. */
#define RETCODES "ou=doomed," PEOPLE
void rig_answer_with(struct rig *r, const char *item);
/* How often this stands in slapd's log (options "--log stats"). */
size_t rig_count_in_log(struct rig *r, const char *words);
void rig_remove(struct rig *r); /* stops slapd, frees dir and loop */

void rig_default_conf(struct rig *r);
void rig_open(struct rig *r); /* loop and dir_new(); asserts success */
void rig_close(struct rig *r);
/* Anew, with one thread and by way of a proxy at this port; it is up then. */
void rig_open_through(struct rig *r, int port);
void rig_run(struct rig *r); /* until an answer came; at most a minute */
bool rig_wait_up(struct rig *r, bool up, int64_t ms);
void rig_wait_downs(struct rig *r, int downs); /* so many, or more: it may be up again by then */
void rig_run_for(struct rig *r, int64_t ms);

struct person rig_person(const char *mail);
enum err rig_add(struct rig *r, const char *dn, const char *mail, const char *id, const char *hash);
enum err rig_password(struct rig *r, const char *dn, const char *password);
enum err rig_find(struct rig *r, const char *dn);
enum err rig_join(struct rig *r, const char *dn, const char *group);
enum err rig_ask(struct rig *r, const struct dir_question *q);

/* The answer `code` within `ms`. Who waits for something is late each time, who shares the machine
 * is not. */
#define RIG_AT_ONCE(r, ask, code, ms)                                                              \
	do {                                                                                       \
		int tries_ = 0;                                                                    \
                                                                                                   \
		do                                                                                 \
			assert_int_equal(ask, code);                                               \
		while ((r)->wait_ms >= (ms) && ++tries_ < 10);                                     \
		assert_true((r)->wait_ms < (ms));                                                  \
	} while (0)

/* The result code of a simple bind, made without the module under test. */
int rig_bind(struct rig *r, const char *dn, const char *password);
/* An LDIF change as the root DN. */
void rig_change(struct rig *r, const char *ldif);
/* A groupOfNames, which must have a member. */
void rig_add_group(struct rig *r, const char *dn, const char *cn, const char *member);
/* The values of one attribute, comma separated, in a static buffer; "" when none. */
const char *rig_values(struct rig *r, const char *dn, const char *attribute);

int rig_free_port(void);
/* A listener that accepts and never answers, or sends `bytes` and then nothing. Returns the port.
 */
int rig_silent_server(const void *bytes, size_t len);
void rig_silent_server_stop(void);

void rig_on_add(void *arg, enum err code, const struct dir_added *added, const struct fault *f);
void rig_on_done(void *arg, enum err code, const struct fault *f);
void rig_on_find(void *arg, enum err code, const struct dir_found *found, const struct fault *f);
void rig_on_ask(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f);
void rig_on_check(void *arg, enum err code, const struct dir_check *checks, size_t count);
void rig_on_places(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f);

#endif
