#include "sqlite_world.h"

#include <signal.h>
#include <unistd.h>

enum err
open_store(struct world *w)
{
	w->kv = NULL;
	return kv_sqlite_open(&w->kv, w->loop, w->path, &w->fault);
}

void
must_open(struct world *w)
{
	if (open_store(w) != ERR_OK)
		fail_msg("%s", w->fault.text);
}

void
close_store(struct world *w)
{
	kv_close(w->kv);
	w->kv = NULL;
}

int
sqlite_set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	alarm(60);
	signal(SIGXFSZ, SIG_IGN);
	w->dir = temp_make();
	snprintf(w->path, sizeof(w->path), "%s/store.db", w->dir);
	w->loop = loop_new();
	*state = w;
	return 0;
}

int
sqlite_tear_down(void **state)
{
	struct world *w = *state;

	kv_close(w->kv);
	loop_free(w->loop);
	temp_remove(w->dir);
	free(w);
	return 0;
}

char *
file_at(const struct world *w, const char *suffix)
{
	static char name[160];

	snprintf(name, sizeof(name), "%s%s", w->path, suffix);
	return name;
}

size_t
file_read(const char *name, char *out, size_t size)
{
	FILE *in = fopen(name, "r");
	size_t n;

	if (in == NULL)
		return 0;
	n = fread(out, 1, size, in);
	fclose(in);
	return n;
}

void
file_write(const char *name, const char *data, size_t len)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
	fclose(out);
}
