/* A store in a file of its own, and the file as bytes. */
#ifndef USHERD_TESTS_SQLITE_WORLD_H
#define USHERD_TESTS_SQLITE_WORLD_H

#include "kv_call.h"

enum { PAGE = 4096, FILE_MAX = 1 << 20 };

struct world {
	struct loop *loop;
	struct kv *kv;
	char *dir, path[128];
	struct fault fault;
};

/* cmocka's: `*state` is the world, with no store open. */
int sqlite_set_up(void **state);
int sqlite_tear_down(void **state);

enum err open_store(struct world *w);
void must_open(struct world *w);
void close_store(struct world *w);

/* The store's file, or with "-wal" and the like one beside it; valid until the next call. */
char *file_at(const struct world *w, const char *suffix);
size_t file_read(const char *name, char *out, size_t size);
void file_write(const char *name, const char *data, size_t len);

#endif
