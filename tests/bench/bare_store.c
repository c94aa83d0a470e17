/* What a durable invitation costs without usherd: a row and three indices in SQLite, WAL with
 * synchronous=FULL.
 *
 *   bare_store FILE COUNT BATCH
 *
 * FILE must not exist. Commits COUNT rows, BATCH in each transaction. Prints rows per second.
 */
#include <stdio.h>
#include <stdlib.h>

#include "durable.h"
#include "seconds.h"

int
main(int argc, char **argv)
{
	struct durable *store;
	long count, batch;
	double begun;

	if (argc != 4) {
		fprintf(stderr, "usage: bare_store FILE COUNT BATCH\n");
		return 2;
	}
	count = strtol(argv[2], NULL, 10);
	batch = strtol(argv[3], NULL, 10);
	if (count <= 0 || batch <= 0)
		return 2;
	store = durable_open(argv[1]);
	begun = seconds_now();
	for (long done = 0; done < count; done += batch)
		durable_commit(store, batch < count - done ? batch : count - done);
	printf("%.3f\n", (double)count / (seconds_now() - begun));
	durable_close(store);
	return 0;
}
