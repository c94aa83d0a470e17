/* Pages of every order at any place, and single changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/mem.h"
#include "bench_people.h"
#include "bench_roster.h"

enum { PAGES = 2000, CHANGES = 500, PAGE_ROWS = 50 };

#define PAGE_BOUND 0.5 /* ms */

struct cursors {
	char (*text)[ROSTER_CURSOR_MAX + 1];
	size_t count, room;
};

/* From the first to the last, as fast as it goes: every row must come by. */
static void
walk(struct bench *b, enum roster_sort sort, bool descending, struct cursors *c)
{
	struct roster_query q = {
		.sort = sort, .descending = descending, .limit = ROSTER_LIMIT_MAX
	};
	uint64_t seen = 0;

	c->count = 0;
	do {
		q.cursor = c->count == 0 ? NULL : c->text[c->count - 1];
		bench_ask(b, &q);
		seen += b->shown;
		if (c->count == c->room) {
			c->room = c->room == 0 ? 1024 : c->room * 2;
			c->text = mem_resize(c->text, c->room, sizeof(*c->text));
		}
		if (b->cursor[0] != '\0')
			memcpy(c->text[c->count++], b->cursor, sizeof(b->cursor));
	} while (b->cursor[0] != '\0');
	if (seen != b->total)
		bench_die("a walk does not show everybody");
}

static void
pages_of(struct bench *b, enum roster_sort sort, bool descending, struct cursors *c)
{
	struct roster_query q = { .sort = sort, .descending = descending, .limit = PAGE_ROWS };
	struct figures ms = { 0 };
	char metric[128];
	size_t bytes;

	walk(b, sort, descending, c);
	for (int i = 0; i < PAGES; i++) {
		uint32_t at = randombytes_uniform((uint32_t)c->count + 1);

		q.cursor = at == c->count ? NULL : c->text[at];
		bench_ask(b, &q);
		figures_add(&ms, b->ms);
	}
	bytes = b->page.len;
	snprintf(metric, sizeof(metric), "page of 50 by %s%s, any cursor, %zu bytes of JSON",
	    roster_sort_name(sort), descending ? " descending" : "", bytes);
	figures_bound("roster", metric, "ms", &ms, PAGE_BOUND);
	figures_free(&ms);
}

void
bench_pages(struct bench *b)
{
	struct cursors c = { .count = 0 };

	for (int sort = 0; sort < ROSTER_SORT_COUNT; sort++) {
		pages_of(b, (enum roster_sort)sort, false, &c);
		pages_of(b, (enum roster_sort)sort, true, &c);
	}
	free(c.text);
}

static void
keep_name(void *render, size_t index, const struct roster_row *row)
{
	(void)index;
	snprintf(render, FEED_TEXT_MAX + 1, "%.*s", (int)row->name.len, row->name.s);
}

/* Whoever asks now must see the change. */
static void
must_be_called(struct bench *b, const unsigned char *id, const char *name)
{
	char found[FEED_TEXT_MAX + 1] = "";

	if (!roster_find(b->roster, id, keep_name, found) || strcmp(found, name) != 0)
		bench_die("a change is not seen when it is said to be applied");
}

/* One person at a time, known and changed: until new queries see it. */
void
bench_changes(struct bench *b)
{
	struct figures ms = { 0 };
	struct bench_people people;
	struct bench_person person;

	bench_people_open(&people, b->rows);
	for (int i = 0; i < CHANGES && bench_people_next(&people, &person); i++) {
		struct feed_batch *batch = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);
		unsigned char id[FEED_ID_SIZE];

		feed_id_parse(person.value[BENCH_ID], id);
		person.value[BENCH_NAME] = i % 2 == 0 ? "Zoë Changed" : "Aaron Changed";
		bench_person_feed(&person, batch);
		figures_add(&ms, bench_feed(b, batch));
		must_be_called(b, id, person.value[BENCH_NAME]);
	}
	bench_people_close(&people);
	figures_bound("roster", "a change of one name until queries see it", "ms", &ms, 1);
	figures_free(&ms);
}
