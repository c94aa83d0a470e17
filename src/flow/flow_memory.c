/* Which password finished a registration: so that the same form sent again (a reload, a lost
 * answer) is told "done", and another password under the same attempt id is not. Only a keyed
 * digest is kept, its key dies with the process, and the newest MEMORY_MAX are remembered. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_private.h"

enum { MEMORY_MAX = 256 };

struct memory {
	unsigned char key[SECRET_DIGEST_SIZE];
	struct {
		char id[ID_SIZE];
		unsigned char digest[SECRET_DIGEST_SIZE];
	} items[MEMORY_MAX];
	size_t next;
};

struct memory *
flow_memory_new(void)
{
	struct memory *m = mem_alloc(sizeof(*m));

	random_fill(m->key, sizeof(m->key));
	return m;
}

void
flow_memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	secret_wipe(m, sizeof(*m));
	free(m);
}

void
flow_remember_done(struct flow *f, const char *invitation_id, const struct secret *password)
{
	struct memory *m = f->memory;
	size_t at = m->next++ % MEMORY_MAX;

	memcpy(m->items[at].id, invitation_id, ID_SIZE);
	secret_digest(password, m->key, m->items[at].digest);
}

bool
flow_was_done_with(const struct flow *f, const char *invitation_id, const struct secret *password)
{
	const struct memory *m = f->memory;
	unsigned char digest[SECRET_DIGEST_SIZE];

	if (password == NULL)
		return false;
	secret_digest(password, m->key, digest);
	for (size_t i = 0; i < MEMORY_MAX; i++)
		if (strcmp(m->items[i].id, invitation_id) == 0 &&
		    memcmp(m->items[i].digest, digest, sizeof(digest)) == 0)
			return true;
	return false;
}
