/* Durable rows without usherd, for the bare loops: SQLite, WAL with synchronous=FULL. */
#ifndef USHERD_BENCH_DURABLE_H
#define USHERD_BENCH_DURABLE_H

struct durable;

/* `path` must not exist. Whatever fails ends the program. */
struct durable *durable_open(const char *path);
/* So many rows of an invitation's size, each in three indices, in one transaction. */
void durable_commit(struct durable *d, long rows);
void durable_close(struct durable *d);

#endif
