/* Without a warm file. */
#include "roster/roster_writer.h"

struct roster_keep *
keep_new(struct roster *r)
{
	(void)r;
	return NULL;
}

void
keep_free(struct roster_keep *k)
{
	(void)k;
}

void
keep_take_changes(struct roster_keep *k, struct roster_writer *w)
{
	(void)k, (void)w;
}

void
keep_poke(struct roster_keep *k)
{
	(void)k;
}
