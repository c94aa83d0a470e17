#include "cli/cli_audit.h"

void
cli_add_audit_path(struct cli *c, struct buf *path, const char *order, const char *limit)
{
	static const char *const names[] = { "from", "to", "event", "actor", "about", "subject",
		"request" };

	buf_add_string(path, "/api/v1/audit");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cli_add_query(path, names[i], cli_value(&c->values, names[i]));
	cli_add_query(path, "order", order);
	cli_add_query(path, "limit", limit);
}

enum cli_exit
cli_say_damaged(struct cli *c, enum cli_exit code)
{
	fprintf(c->err,
	    "usherctl: records are missing that cannot be read: \"usherctl audit verify\" and "
	    "the daemon's log name them\n");
	return code == CLI_OK ? CLI_FAILED : code;
}
