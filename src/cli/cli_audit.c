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
