#include "fake_follow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct dir_follow *fake_follow;

struct dir_follow *
dir_follow_new(
    struct loop *l, const struct dir_follow_conf *conf, const void *cookie, size_t cookie_len)
{
	(void)l;
	assert(fake_follow == NULL);
	fake_follow = mem_alloc(sizeof(*fake_follow));
	fake_follow->conf = *conf;
	assert(cookie_len < sizeof(fake_follow->cookie));
	if (cookie != NULL)
		memcpy(fake_follow->cookie, cookie, cookie_len);
	return fake_follow;
}

void
dir_follow_free(struct dir_follow *fw)
{
	free(fw);
	fake_follow = NULL;
}

void
dir_follow_applied(struct dir_follow *fw)
{
	fw->applied++;
}

int64_t
dir_follow_current_at(const struct dir_follow *fw)
{
	return fw->current_at;
}
