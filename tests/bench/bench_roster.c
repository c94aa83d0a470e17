/* The roster alone, without a directory, beside what its work costs at least.
 *
 *   bench_roster ROWS
 *
 * ROWS is what generate.py --rows wrote. Feeds them; searches, in turns with a bare scan of the
 * same bytes (bare_scan.c); walks every order and takes pages at any place of it; changes single
 * rows. Prints one JSON object a line.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/mem.h"
#include "bench_people.h"
#include "bench_roster.h"
#include "seconds.h"

enum {
	BATCHES_OUT = 8, /* as the directory's feed has */
	BYTES_A_USER = 300,
	PAGE_MAX = 1 << 20,
	MEMORY_LARGE = 1 << 20
};

_Noreturn void
bench_die(const char *what)
{
	fprintf(stderr, "bench_roster: %s\n", what);
	exit(1);
}

/* ---- asking ---- */

struct ask {
	struct bench *b;
	double began;
};

static void
write_text(struct buf *out, const char *name, struct roster_text text)
{
	char copy[FEED_DN_MAX + 1];
	size_t len = text.len < FEED_DN_MAX ? text.len : FEED_DN_MAX;

	buf_add_string(out, name);
	if (text.len == 0) {
		buf_add_string(out, "null");
		return;
	}
	memcpy(copy, text.s, len);
	copy[len] = '\0';
	buf_add_json_string(out, copy);
}

/* Every member of an item, as the API shows it. */
static void
write_row(void *render, size_t index, const struct roster_row *row)
{
	struct buf *out = render;
	char id[ID_SIZE];

	feed_id_text(row->id, id);
	buf_add_string(out, index == 0 ? "{\"id\":\"" : ",{\"id\":\"");
	buf_add_string(out, id);
	buf_add_string(out, "\",\"status\":\"");
	buf_add_string(out, feed_status_name(row->status));
	write_text(out, "\",\"name\":", row->name);
	write_text(out, ",\"given_name\":", row->given_name);
	write_text(out, ",\"family_name\":", row->family_name);
	write_text(out, ",\"mail\":", row->mail);
	write_text(out, ",\"phone\":", row->phone);
	write_text(out, ",\"org_unit\":", row->org_unit);
	write_text(out, ",\"position\":", row->position);
	write_text(out, ",\"uid\":", row->uid);
	write_text(out, ",\"rdn\":", row->rdn);
	buf_printf(out, ",\"registered_at\":%lld,\"last_activity_at\":%lld}",
	    (long long)row->registered_at, (long long)row->last_activity_at);
}

static void
on_page(void *arg, enum err code, const struct roster_page *page, const struct fault *f)
{
	struct ask *ask = arg;
	struct bench *b = ask->b;

	b->ms = (seconds_now() - ask->began) * 1000;
	b->code = code;
	if (code != ERR_OK)
		bench_die(f->text);
	b->total = page->total;
	b->shown = page->rows;
	snprintf(
	    b->cursor, sizeof(b->cursor), "%s", page->next_cursor == NULL ? "" : page->next_cursor);
	loop_stop(b->loop);
}

void
bench_ask(struct bench *b, const struct roster_query *q)
{
	struct ask ask = { .b = b };

	buf_reset(&b->page);
	ask.began = seconds_now();
	roster_list_start(b->roster, q, write_row, NULL, &b->page, on_page, &ask);
	loop_run(b->loop);
}

/* ---- feeding ---- */

struct feeding {
	struct bench *b;
	struct bench_people people;
	struct bench_person person; /* read, and not yet fed */
	bool more;
	size_t out;
};

static void feeding_go_on(struct feeding *fd);

static void
feeding_on_applied(void *arg)
{
	struct feeding *fd = arg;

	fd->out--;
	feeding_go_on(fd);
	if (fd->out == 0)
		loop_stop(fd->b->loop);
}

static void
feeding_hand(struct feeding *fd, struct feed_batch *batch)
{
	fd->out++;
	roster_feed_take(fd->b->roster, batch, feeding_on_applied, fd);
}

static void
feeding_go_on(struct feeding *fd)
{
	while (fd->more && fd->out < BATCHES_OUT) {
		struct feed_batch *batch = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);

		while (fd->more && bench_person_feed(&fd->person, batch))
			fd->more = bench_people_next(&fd->people, &fd->person);
		if (!fd->more) {
			batch->step = FEED_REFRESH_COMPLETE;
			batch->absent_is_gone = true;
		}
		feeding_hand(fd, batch);
	}
}

/* An empty refresh, of the store's invitations, and one with all people. */
static void
feed_everybody(struct bench *b)
{
	struct feeding fd = { .b = b };
	struct feed_batch *store;

	feeding_hand(&fd, feed_batch_new(FEED_STORE, FEED_REFRESH_BEGINS));
	store = feed_batch_new(FEED_STORE, FEED_REFRESH_COMPLETE);
	store->absent_is_gone = true;
	feeding_hand(&fd, store);
	bench_people_open(&fd.people, b->rows);
	fd.more = bench_people_next(&fd.people, &fd.person);
	feeding_hand(&fd, feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_BEGINS));
	feeding_go_on(&fd);
	loop_run(b->loop);
	bench_people_close(&fd.people);
}

double
bench_feed(struct bench *b, struct feed_batch *batch)
{
	struct feeding fd = { .b = b };
	double began = seconds_now();

	feeding_hand(&fd, batch);
	loop_run(b->loop);
	return (seconds_now() - began) * 1000;
}

/* ---- all of it ---- */

static void
scan_everybody(struct bench *b)
{
	struct bench_people people;
	struct bench_person person;
	char text[BENCH_TEXT_MAX];

	bench_people_open(&people, b->rows);
	while (bench_people_next(&people, &person))
		bare_scan_add(&b->bare, text, bench_person_text(&person, text));
	bench_people_close(&people);
	bare_scan_finish(&b->bare);
}

static void
measure_memory(struct bench *b, double before)
{
	struct roster_figures figures;
	double users = 0;

	malloc_trim(0);
	roster_figures(b->roster, &figures);
	for (int i = 0; i < FEED_STATUS_COUNT; i++)
		users += (double)figures.count[i];
	if (users == 0)
		bench_die("the roster is empty");
	figures_report(
	    "roster", "memory a user", (figures_memory() - before) / users, "bytes", BYTES_A_USER);
	figures_report("roster", "memory a user, by its own account", (double)figures.bytes / users,
	    "bytes", BYTES_A_USER);
}

int
main(int argc, char **argv)
{
	static const unsigned char key[32] = { 1 };
	struct bench b = { .loop = loop_new() };
	struct seal *seal;
	double before, began;

	if (argc != 2 || sodium_init() < 0) {
		fprintf(stderr, "usage: bench_roster ROWS\n");
		return 2;
	}
	mallopt(M_MMAP_THRESHOLD, MEMORY_LARGE); /* as main.c does, and for its reason */
	mallopt(M_TRIM_THRESHOLD, MEMORY_LARGE);
	b.rows = argv[1];
	seal = seal_new(key);
	buf_init(&b.page, PAGE_MAX);
	b.roster = roster_new(&(struct roster_conf){ .loop = b.loop, .seal = seal });
	before = figures_memory();
	began = seconds_now();
	feed_everybody(&b);
	figures_report("roster", "fed, reading the rows included", seconds_now() - began, "s", 0);
	measure_memory(&b, before);
	scan_everybody(&b);
	bench_searches(&b);
	bench_pages(&b);
	bench_changes(&b);
	roster_free(b.roster);
	bare_scan_free(&b.bare);
	buf_release(&b.page);
	seal_free(seal);
	loop_free(b.loop);
	return 0;
}
