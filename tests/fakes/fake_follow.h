/* A directory that is followed, in the hands of a test. */
#ifndef USHERD_TESTS_FAKE_FOLLOW_H
#define USHERD_TESTS_FAKE_FOLLOW_H

#include "dir/dir_follow.h"

/* The one that there is; NULL: none. */
extern struct dir_follow *fake_follow;

struct dir_follow {
	struct dir_follow_conf conf;
	char cookie[64]; /* it was started with; "": none */
	size_t applied;
	int64_t current_at;
};

#endif
