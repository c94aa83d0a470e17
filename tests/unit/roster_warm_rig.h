/* A warm file in a directory of its own, and saves whose parts know of each other: save number n
 * writes n into its cookie and into every record, so that a mixture of two shows. */
#ifndef USHERD_TESTS_ROSTER_WARM_RIG_H
#define USHERD_TESTS_ROSTER_WARM_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/resource.h>

#include "roster/roster_private.h"

enum { RIG_RECORDS = 300, RIG_PLACES = 10, RIG_GROUPS = 20, RIG_VALUE = 200 };

struct warm_rig {
	char dir[64], path[96];
	struct seal *seal, *other_seal;
	struct warm *w;
	struct fault f;
};

/* What a load has told. */
struct loaded {
	size_t count[WARM_GROUP + 1];
	enum warm_kind last;
	bool out_of_order, foreign;
	int save; /* the number that all records have; -1: several */
	char cookie[FEED_COOKIE_MAX + 1];
	size_t cookie_len, stop_after; /* stop_after 0: never */
};

/* cmocka's: `*state` is the rig, with nothing open. */
int warm_set_up(void **state);
int warm_tear_down(void **state);

void warm_must_open(struct warm_rig *r);
void warm_shut(struct warm_rig *r);
/* Saves all records as save number n; false as warm_save(). */
bool warm_save_number(struct warm_rig *r, int n);
void warm_id(size_t i, unsigned char id[FEED_ID_SIZE]);
enum warm_kind warm_kind_of(size_t i);
bool warm_load_all(struct warm_rig *r, struct loaded *l);
/* Open, load, close: save number n, complete and in order. */
void warm_expect(struct warm_rig *r, int n);
/* The file, or with a suffix the one beside it; valid until the next call. */
char *warm_at(const struct warm_rig *r, const char *suffix);
/* Runs SQL on the file, which must not be open. */
void warm_sql(const struct warm_rig *r, const char *sql);
char *warm_read_file(const char *name, size_t *len);
/* For all files of the process: the disk is full then. RLIM_INFINITY: no longer. */
void warm_let_files_grow_to(rlim_t bytes);
void warm_write_file(const char *name, const char *data, size_t len);

#endif
