/* What the commands about the audit trail share. */
#ifndef USHERD_CLI_CLI_AUDIT_H
#define USHERD_CLI_CLI_AUDIT_H

#include "cli/cli.h"

/* The first entries of their option tables. */
#define CLI_AUDIT_FILTERS                                                                          \
	{ .name = "from", .value = "TIME", .help = "since a day, 2026-11-26, or a moment" },       \
	    { .name = "to", .value = "TIME", .help = "up to the end of a day, or a moment" },      \
	    { .name = "event", .value = "NAME", .help = "such as signed_in or person_changed" },   \
	    { .name = "actor", .value = "NAME", .help = "as in user:UUID, token:ID, uid:0" },      \
	    { .name = "about", .value = "ID", .help = "whom it is about, or who did it" },         \
	    { .name = "subject", .value = "TYPE", .help = "such as user or invitation" },          \
	{                                                                                          \
		.name = "request", .value = "ID", .help = "of one request: X-Request-Id"           \
	}

/* The path of the list with these options in its query. */
void cli_add_audit_path(struct cli *c, struct buf *path, const char *order, const char *limit);
/* Tells that records are missing because they cannot be read; CLI_FAILED, or what failed before. */
enum cli_exit cli_say_damaged(struct cli *c, enum cli_exit code);

#endif
