#include <stdio.h>

#include "app.h"
#include "loop/loop.h"

struct check_run {
	struct loop *loop;
	bool ok;
};

static void
check_on_done(void *arg, enum err code, const struct dir_check *checks, size_t count)
{
	struct check_run *run = arg;

	run->ok = code == ERR_OK;
	for (size_t i = 0; i < count; i++) {
		printf("%-14s %-6s %s\n", checks[i].name, checks[i].ok ? "ok" : "FAILED",
		    checks[i].text);
		run->ok = run->ok && checks[i].ok;
	}
	if (count == 0)
		printf("%-14s %-6s %s\n", "connect", "FAILED", err_name(code));
	loop_stop(run->loop);
}

bool
app_check_online(const struct conf *c)
{
	struct check_run run = { .loop = loop_new() };
	struct dir_conf dir_conf;
	struct dir *d = NULL;
	struct fault f = { .text = "" };

	if (run.loop == NULL)
		return false;
	app_dir_conf(&dir_conf, c);
	if (dir_new(&d, run.loop, &dir_conf, &f) != ERR_OK)
		printf("%-14s %-6s %s\n", "directory", "FAILED", f.text);
	else {
		dir_self_test(d, check_on_done, &run);
		loop_run(run.loop);
	}
	dir_free(d);
	loop_free(run.loop);
	return run.ok;
}
