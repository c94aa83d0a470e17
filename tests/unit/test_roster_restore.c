/* What of a warm file is taken on trust: nothing. A page that does not add up drops the file; an
 * order that does not is made anew. Each file is made by a save, and then changed by somebody who
 * has the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "roster/roster_keep.h"
#include "roster_world.h"

enum { PEOPLE = 700, INVITATION = 30000, WAIT_MS = 10 * 1000, RECORDS_MAX = 400 };

struct box {
	char dir[64], path[96];
	struct seal *seal;
	struct roster_world w;
	struct loop_timer *timer;
	int64_t waited;
	uint64_t users;
	char fault[FAULT_TEXT_MAX];
};

static const char subject[] = "ldap://here/ dc=x";

static int
set_up(void **state)
{
	static const unsigned char key[32] = "a key";
	struct box *t = mem_alloc(sizeof(*t));

	snprintf(t->dir, sizeof(t->dir), "/tmp/usherd-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/roster.db", t->dir);
	t->seal = seal_new(key);
	*state = t;
	return 0;
}

static int
tear_down(void **state)
{
	struct box *t = *state;
	char command[96];

	seal_free(t->seal);
	snprintf(command, sizeof(command), "rm -rf %s", t->dir);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

static void
on_warm(void *arg, const void *cookie, size_t cookie_len, uint64_t users, const struct fault *f)
{
	struct box *t = arg;

	(void)cookie, (void)cookie_len;
	t->users = users;
	snprintf(t->fault, sizeof(t->fault), "%s", f->text);
	loop_stop(t->w.loop);
}

static void
box_open(struct box *t)
{
	const struct roster_conf conf = {
		.seal = t->seal, .warm_path = t->path, .warm_subject = subject
	};

	world_open_conf(&t->w, &conf);
	t->w.roster->keep_ms = 0;
	roster_warm_start(t->w.roster, on_warm, t);
	loop_run(t->w.loop);
}

static void
box_close(struct box *t)
{
	world_close(&t->w);
}

/* The file has the newest version, or it takes too long. */
static void
on_timer(void *arg)
{
	struct box *t = arg;
	struct roster_figures f;

	roster_figures(t->w.roster, &f);
	if (f.kept >= f.version || t->waited++ > WAIT_MS)
		loop_stop(t->w.loop);
	else
		loop_timer_set(t->timer, 1);
}

static void
apply(struct box *t, struct feed_batch *b)
{
	b->cookie = arena_strdup(b->arena, "cookie");
	b->cookie_len = strlen(b->cookie);
	world_apply(&t->w, b);
	t->timer = loop_timer_new(t->w.loop, on_timer, t);
	t->waited = 0;
	loop_timer_set(t->timer, 0);
	loop_run(t->w.loop);
	loop_timer_free(t->timer);
	assert_true(t->waited <= WAIT_MS);
}

/* Names with ties that end in, before and behind the bytes that a comparison begins with. */
static void
person(struct feed_batch *b, uint32_t i)
{
	static const char *const names[] = { "Ada", "Grace of the long name",
		"Maximiliane Friederike Charlotte", "B" };
	struct feed_user *u = world_user(b, i, world_text(b, "%s %u", names[i % 4], i * 7919 % 50));

	if (i % 3 != 0)
		u->mail = world_text(b, "person.number.%u@example.org", i * 104729 % 300);
	if (i % 5 != 0)
		u->phone = world_text(b, "+49 30 %u", i * 15485863 % 900);
	u->last_activity_at = i % 17;
	u->registered_at = i % 13;
	u->parent = i % 2 == 0 ? "ou=a,dc=x" : "ou=b,dc=x";
	world_id(50000 + i, u->invitation);
}

static void
fill(struct box *t)
{
	struct feed_batch *b = feed_batch_new(FEED_STORE, FEED_CHANGES);

	world_invitation(b, INVITATION, "Invited");
	world_apply(&t->w, b);
	b = world_begin(FEED_DIRECTORY);
	for (uint32_t i = 1; i <= PEOPLE; i++) {
		if (b->count == FEED_BATCH_ITEMS) {
			world_feed(&t->w, b);
			b = world_changes();
		}
		person(b, i);
	}
	world_apply(&t->w, b);
	b = feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_COMPLETE);
	b->absent_is_gone = true;
	apply(t, b);
}

/* Every order has everybody once, ascending; every id is found. */
static void
expect_sound(struct box *t, size_t users)
{
	struct roster_version *v = version_hold(t->w.roster);

	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++) {
		struct roster_position at = order_begin(v, s);
		uint32_t row, last = ROSTER_ROW_NONE;
		size_t count = 0;

		for (; (row = order_next(v, s, &at)) != ROSTER_ROW_NONE; last = row, count++) {
			assert_true(row_is_live(v, row));
			if (count > 0 && order_compare(v, s, last, row) >= 0)
				fail_msg("%s: row %u before %u", roster_sort_name(s), last, row);
			assert_int_equal(ids_find(&t->w.roster->writer->rows,
					     version_page(v, row)->id[row % ROSTER_PAGE_ROWS]),
			    row);
		}
		assert_int_equal(count, users);
	}
	version_release_soon(t->w.roster, v);
}

/* ---- the file in somebody else's hands ---- */

struct hands {
	struct warm_record records[RECORDS_MAX];
	size_t count;
};

static bool
hands_take(void *arg, const struct warm_record *record)
{
	struct hands *h = arg;

	assert_true(h->count < RECORDS_MAX);
	h->records[h->count] = *record;
	h->records[h->count++].data = mem_dup(record->data, record->len);
	return true;
}

/* The first record of a kind whose number is `number` or more. */
static struct warm_record *
hands_find(struct hands *h, enum warm_kind kind, uint32_t number)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->records[i].kind == kind && record_id_number(&h->records[i]) >= number)
			return &h->records[i];
	fail_msg("there is no record of kind %d", (int)kind);
	return NULL;
}

static struct warm *
hands_open(struct box *t)
{
	struct fault f = { .text = "" };
	struct warm *warm = warm_open(t->path, subject, t->seal, &f);

	assert_non_null(warm);
	assert_string_equal(f.text, "");
	return warm;
}

static void
hands_load(struct warm *warm, struct hands *h)
{
	char cookie[FEED_COOKIE_MAX];
	struct fault f;
	size_t len;

	h->count = 0;
	assert_true(warm_load(warm, hands_take, h, cookie, &len, &f));
	assert_true(len > 0);
}

static void
hands_free(struct hands *h)
{
	for (size_t i = 0; i < h->count; i++)
		free((void *)(uintptr_t)h->records[i].data);
}

typedef void change(struct hands *h);

static void
change_file(struct box *t, change *how)
{
	struct warm *warm = hands_open(t);
	struct hands h;
	struct fault f;

	hands_load(warm, &h);
	how(&h);
	assert_true(warm_reset(warm, &f));
	assert_true(warm_save(warm, h.records, h.count, "cookie", 6, &f));
	warm_close(warm);
	hands_free(&h);
}

static size_t
count_kind(struct box *t, enum warm_kind kind)
{
	struct warm *warm = hands_open(t);
	struct hands h;
	size_t count = 0;

	hands_load(warm, &h);
	for (size_t i = 0; i < h.count; i++)
		count += h.records[i].kind == kind;
	warm_close(warm);
	hands_free(&h);
	return count;
}

/* ---- orders ---- */

static uint32_t *
order_of(struct hands *h, unsigned order, uint32_t *rows)
{
	struct warm_record *record = hands_find(h, WARM_ORDER, order * RECORD_PARTS_MAX);
	struct order_head *head = (void *)(uintptr_t)record->data;

	assert_int_equal(head->rows, PEOPLE);
	*rows = head->rows;
	return (uint32_t *)(head + 1);
}

static void
change_nothing(struct hands *h)
{
	(void)h;
}

static const unsigned orders[] = { ROSTER_BY_NAME, ROSTER_BY_MAIL, ROSTER_BY_PHONE, ORDER_BY_ID };

#define EACH_ORDER(i) (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)

static void
change_swap(struct hands *h)
{
	for
		EACH_ORDER(i)
		{
			uint32_t count, *rows = order_of(h, orders[i], &count),
					first = rows[100 + i];

			rows[100 + i] = rows[101 + i];
			rows[101 + i] = first;
		}
}

static void
change_reverse(struct hands *h)
{
	for
		EACH_ORDER(i)
		{
			uint32_t count, *rows = order_of(h, orders[i], &count);

			for (uint32_t a = 0, b = count - 1; a < b; a++, b--) {
				uint32_t row = rows[a];

				rows[a] = rows[b];
				rows[b] = row;
			}
		}
}

/* No permutation: some twice, some not at all, some that are nobody. */
static void
change_repeat(struct hands *h)
{
	for
		EACH_ORDER(i)
		{
			uint32_t count, *rows = order_of(h, orders[i], &count);

			rows[3] = rows[2];
			rows[count - 1] = rows[0];
			rows[7] = UINT32_MAX;
			rows[8] = PEOPLE + 60;
			rows[9] = 1 << 24;
		}
}

static void
change_all_one(struct hands *h)
{
	for
		EACH_ORDER(i)
		{
			uint32_t count, *rows = order_of(h, orders[i], &count);

			for (uint32_t a = 0; a < count; a++)
				rows[a] = 5;
		}
}

/* The orders of one for another. */
static void
change_names(struct hands *h)
{
	uint32_t count, *name = order_of(h, ROSTER_BY_NAME, &count);
	uint32_t *mail = order_of(h, ROSTER_BY_MAIL, &count);

	memcpy(name, mail, count * sizeof(*name));
	memcpy(order_of(h, ORDER_BY_ID, &count), mail, count * sizeof(*name));
}

static void
change_take_out(struct hands *h)
{
	size_t count = 0;

	for (size_t i = 0; i < h->count; i++)
		if (h->records[i].kind == WARM_ORDER)
			free((void *)(uintptr_t)h->records[i].data);
		else
			h->records[count++] = h->records[i];
	h->count = count;
}

static void
orders_that_are_damaged_are_made_anew(void **state)
{
	static change *const changes[] = { change_nothing, change_swap, change_reverse,
		change_repeat, change_all_one, change_names, change_take_out };
	struct box *t = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		box_open(t);
		fill(t);
		box_close(t);
		change_file(t, changes[i]);

		box_open(t);
		assert_string_equal(t->fault, "");
		assert_int_equal(t->users, PEOPLE);
		expect_sound(t, PEOPLE);
		box_close(t);
		unlink(t->path);
	}
}

/* ---- records that do not add up ---- */

static struct page_head *
page_of(struct hands *h, uint32_t page)
{
	return (void *)(uintptr_t)hands_find(h, WARM_PAGE, page)->data;
}

static void
change_format(struct hands *h)
{
	page_of(h, 1)->format++;
}

static void
change_cut(struct hands *h)
{
	hands_find(h, WARM_PAGE, 1)->len--;
}

static void
change_cut_short(struct hands *h)
{
	hands_find(h, WARM_PAGE, 1)->len = 40;
}

static void
change_text_len(struct hands *h)
{
	page_of(h, 0)->text_len--;
	page_of(h, 0)->data_len++;
}

static void
change_row_len(struct hands *h)
{
	page_of(h, 0)->text_lens[3]++;
}

static void
change_row_without_data(struct hands *h)
{
	struct page_head *p = page_of(h, 0);

	p->data_lens[4] = (uint16_t)(p->data_lens[4] + p->data_lens[3]);
	p->data_lens[3] = 0;
}

/* Room on a reader's stack is as large as a row may be, and no larger. */
static void
change_row_too_long(struct hands *h)
{
	struct page_head *p = page_of(h, 0);
	uint32_t sum = 0;

	for (unsigned i = 0; i < 40; i++) {
		sum += p->text_lens[i];
		p->text_lens[i] = 0;
	}
	assert_true(sum > ROSTER_TEXT_MAX);
	p->text_lens[0] = (uint16_t)sum;
}

static unsigned char *
data_of(struct page_head *p, unsigned row)
{
	unsigned char *data = (unsigned char *)(p + 1) + p->text_len;

	for (unsigned i = 0; i < row; i++)
		data += p->data_lens[i];
	return data;
}

/* Flags that say what is not there. */
static void
change_marker_alone(struct hands *h)
{
	struct page_head *p = page_of(h, 0);

	assert_int_equal(*data_of(p, 3) & 1, 1);
	p->data_lens[4] = (uint16_t)(p->data_lens[4] + p->data_lens[3] - 1);
	p->data_lens[3] = 1;
}

static void
change_into_invitation(struct hands *h)
{
	*data_of(page_of(h, 0), 3) |= 2;
}

static void
change_flag(struct hands *h)
{
	*data_of(page_of(h, 0), 3) |= 128;
}

/* The name, behind flags and marker. */
static void
change_string_longer(struct hands *h)
{
	data_of(page_of(h, 0), 3)[1 + FEED_ID_SIZE]++;
}

static void
change_string_far(struct hands *h)
{
	memset(data_of(page_of(h, 0), 3) + 1 + FEED_ID_SIZE, 0xff, 2);
}

static void
change_string_end(struct hands *h)
{
	struct page_head *p = page_of(h, 0);

	p->data_lens[3]--;
	p->data_lens[4]++;
}

static void
change_text_none(struct hands *h)
{
	struct page_head *p = page_of(h, 0);

	p->text_lens[4] = (uint16_t)(p->text_lens[4] + p->text_lens[3]);
	p->text_lens[3] = 0;
}

static void
change_text_moved(struct hands *h)
{
	struct page_head *p = page_of(h, 0);

	p->text_lens[3]--;
	p->text_lens[4]++;
}

static void
change_text_parts(struct hands *h)
{
	struct page_head *p = page_of(h, 0);
	char *text = (char *)(p + 1), *end;

	for (unsigned i = 0; i < 3; i++)
		text += p->text_lens[i];
	end = text + p->text_lens[3];
	while ((text = memchr(text, '\n', (size_t)(end - 1 - text))) != NULL)
		*text = ' ';
}

static void
change_count(struct hands *h)
{
	page_of(h, 0)->rows--;
}

static void
change_dead_row(struct hands *h)
{
	page_of(h, 0)->live[0] &= ~UINT64_C(4);
	page_of(h, 0)->rows--;
}

static void
change_status(struct hands *h)
{
	page_of(h, 0)->status[9] = FEED_STATUS_COUNT;
}

static void
change_place(struct hands *h)
{
	page_of(h, 0)->place[9] = 12345;
}

static void
change_twice(struct hands *h)
{
	memcpy(page_of(h, 0)->id[9], page_of(h, 1)->id[17], FEED_ID_SIZE);
}

static void
change_page_number(struct hands *h)
{
	struct warm_record *record = hands_find(h, WARM_PAGE, 2);

	record_number_id(3, record->id);
}

static void
change_order_len(struct hands *h)
{
	struct order_head *head = (void *)(uintptr_t)hands_find(h, WARM_ORDER, 0)->data;

	head->rows++;
}

/* More rows than there are numbers. */
static void
change_order_longer(struct hands *h)
{
	struct warm_record *record = hands_find(h, WARM_ORDER, 0);
	struct order_head *head = (void *)(uintptr_t)record->data;
	size_t add = PEOPLE;

	head = mem_resize(head, 1, record->len + add * sizeof(uint32_t));
	memset((char *)head + record->len, 0, add * sizeof(uint32_t));
	head->rows += (uint32_t)add;
	record->len += add * sizeof(uint32_t);
	record->data = head;
}

static void
change_order_number(struct hands *h)
{
	record_number_id((ORDER_BY_ID + 1) * RECORD_PARTS_MAX, hands_find(h, WARM_ORDER, 0)->id);
}

static void
add_user(struct hands *h, uint32_t row, struct user_head head, size_t len)
{
	struct warm_record *record = &h->records[h->count++];
	unsigned char *data = mem_alloc(sizeof(head) + 64);

	assert_true(h->count <= RECORDS_MAX);
	head.format = RECORD_FORMAT;
	memcpy(data, &head, sizeof(head));
	*record = (struct warm_record){ .kind = WARM_USER, .data = data, .len = len };
	record_number_id(row, record->id);
}

static void
change_add_short(struct hands *h)
{
	add_user(h, 5, (struct user_head){ .is_there = 0 }, sizeof(struct user_head) - 1);
}

static void
change_add_longer(struct hands *h)
{
	add_user(h, 5, (struct user_head){ .is_there = 0 }, sizeof(struct user_head) + 1);
}

static void
change_add_without_data(struct hands *h)
{
	add_user(h, 5, (struct user_head){ .is_there = 1 }, sizeof(struct user_head));
}

/* A number that may be, and not so far behind three pages. */
static void
change_add_behind(struct hands *h)
{
	struct user_head head = { .is_there = 1, .text_len = 3, .data_len = 9 };
	char *data;

	head.place = ROSTER_ROW_NONE;
	add_user(h, (1 << 20) + 6 * ROSTER_PAGE_ROWS, head, sizeof(head) + 12);
	data = (char *)(uintptr_t)h->records[h->count - 1].data;
	memcpy(data + sizeof(head), "\n\n\n", 3); /* no flags, eight empty strings */
}

static void
change_add_marker_alone(struct hands *h)
{
	struct user_head head = { .is_there = 1, .text_len = 3, .data_len = 1 };
	char *data;

	head.place = ROSTER_ROW_NONE;
	add_user(h, 5, head, sizeof(head) + 4);
	data = (char *)(uintptr_t)h->records[h->count - 1].data;
	memcpy(data + sizeof(head), "\n\n\n\1", 4);
}

static void
change_add_far_away(struct hands *h)
{
	add_user(h, UINT32_MAX - 1, (struct user_head){ .is_there = 0 }, sizeof(struct user_head));
}

static void
records_that_do_not_add_up_drop_the_file(void **state)
{
	static const struct {
		const char *name;
		change *how;
	} changes[] = {
		{ "format", change_format },
		{ "cut", change_cut },
		{ "cut short", change_cut_short },
		{ "text length", change_text_len },
		{ "length of a row", change_row_len },
		{ "a row without data", change_row_without_data },
		{ "a row too long", change_row_too_long },
		{ "count", change_count },
		{ "a row that is not there", change_dead_row },
		{ "status", change_status },
		{ "place", change_place },
		{ "an id twice", change_twice },
		{ "a page's number", change_page_number },
		{ "length of an order", change_order_len },
		{ "an order's number", change_order_number },
		{ "a user cut", change_add_short },
		{ "a user and more", change_add_longer },
		{ "a user without data", change_add_without_data },
		{ "a user far away", change_add_far_away },
		{ "a user behind all pages", change_add_behind },
		{ "an order that is longer", change_order_longer },
		{ "a user's marker alone", change_add_marker_alone },
		{ "a marker alone", change_marker_alone },
		{ "an invitation", change_into_invitation },
		{ "a flag", change_flag },
		{ "a string and more", change_string_longer },
		{ "a string far too long", change_string_far },
		{ "the end of the strings", change_string_end },
		{ "a row without text", change_text_none },
		{ "text of the one before", change_text_moved },
		{ "parts of the text", change_text_parts },
	};
	struct box *t = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		box_open(t);
		if (t->users == 0)
			fill(t);
		box_close(t);
		change_file(t, changes[i].how);

		box_open(t);
		if (t->users != 0 || t->fault[0] == '\0')
			fail_msg(
			    "%s: %u users, \"%s\"", changes[i].name, (unsigned)t->users, t->fault);
		fill(t);
		expect_sound(t, PEOPLE + 1);
		box_close(t);

		box_open(t);
		assert_string_equal(t->fault, "");
		assert_int_equal(t->users, PEOPLE);
		box_close(t);
	}
}

/* ---- single rows ---- */

static void
change_some(struct box *t, uint32_t from, uint32_t count)
{
	struct feed_batch *b = world_changes();

	for (uint32_t i = from; i < from + count; i++) {
		person(b, i);
		b->items[b->count - 1].user.name = world_text(b, "Changed %u", i % 7);
	}
	apply(t, b);
}

static void
rows_that_changed_stand_where_they_belong(void **state)
{
	struct box *t = *state;
	struct feed_batch *b;

	box_open(t);
	fill(t);
	box_close(t);
	for (uint32_t round = 0; round < 3; round++) {
		box_open(t);
		assert_string_equal(t->fault, "");
		change_some(t, 20 + 30 * round, 40);
		change_some(t, PEOPLE + 1 + 5 * round, 5); /* new ones */
		b = world_changes();
		world_item(b, FEED_GONE, 300 + round);
		world_item(b, FEED_GONE, 1 + round); /* its number is used again */
		person(b, 1 + round);
		apply(t, b);
		box_close(t);

		box_open(t);
		assert_string_equal(t->fault, "");
		assert_int_equal(t->users, PEOPLE + 5 * (round + 1) - (round + 1));
		expect_sound(t, t->users);
		box_close(t);
		assert_true(count_kind(t, WARM_USER) > 40);
	}
}

/* A quarter of all and more: the hints are of no use, and everything is right all the same. */
static void
orders_of_which_little_is_left_are_made_anew(void **state)
{
	struct box *t = *state;

	box_open(t);
	fill(t);
	box_close(t);
	for (uint32_t from = 1; from < PEOPLE; from += 50) {
		box_open(t);
		change_some(t, from, 50);
		expect_sound(t, from + 49 > PEOPLE ? from + 49 : PEOPLE);
		box_close(t);
	}
}

static size_t
files_rows(struct box *t)
{
	size_t rows;

	box_close(t);
	rows = count_kind(t, WARM_USER);
	box_open(t);
	t->w.roster->keep_changes = 10;
	return rows;
}

static void
too_many_single_rows_become_pages_again(void **state)
{
	enum { BOUND = PEOPLE / 8 + 10 };
	struct box *t = *state;
	size_t most = 0, before = 0, rows;
	bool shrank = false;

	box_open(t);
	fill(t);
	assert_int_equal(files_rows(t), 0);
	for (uint32_t i = 0; i < 12; i++) {
		change_some(t, 1 + 30 * i, 15);
		change_some(t, 16 + 30 * i, 15);
		rows = files_rows(t);
		most = rows > most ? rows : most;
		shrank = shrank || rows < before;
		before = rows;
	}
	assert_true(shrank);
	assert_in_range(most, 60, BOUND);
	assert_int_equal(t->users, PEOPLE);
	expect_sound(t, PEOPLE);
	box_close(t);
}

static void
a_page_without_users_takes_no_room_in_the_file(void **state)
{
	struct box *t = *state;
	struct feed_batch *b = world_changes();
	struct warm *warm;
	struct hands h;

	box_open(t);
	fill(t);
	t->w.roster->keep_changes = 10;
	for (uint32_t i = 256; i < 512; i++) /* row 0 is the invitation's */
		world_item(b, FEED_GONE, i);
	apply(t, b);
	box_close(t);
	warm = hands_open(t);
	hands_load(warm, &h);
	assert_true(hands_find(&h, WARM_PAGE, 0)->len > sizeof(struct page_head));
	assert_int_equal(record_id_number(hands_find(&h, WARM_PAGE, 1)), 1);
	assert_int_equal(hands_find(&h, WARM_PAGE, 1)->len, offsetof(struct page_head, live));
	warm_close(warm);
	hands_free(&h);

	for (uint32_t round = 0; round < 2; round++) { /* rows of that page are used again */
		box_open(t);
		assert_string_equal(t->fault, "");
		assert_int_equal(t->users, PEOPLE - 256 + 5 * round);
		expect_sound(t, t->users);
		change_some(t, 300 + 5 * round, 5);
		box_close(t);
	}
}

static void
on_end(void *arg)
{
	loop_stop(arg);
}

/* Changes that would cross the limit, at the end: everything anew could take too long. */
static void
the_last_save_makes_nothing_anew_that_can_wait(void **state)
{
	struct box *t = *state;
	struct feed_batch *b = world_changes();

	box_open(t);
	fill(t);
	t->w.roster->keep_changes = 10;
	change_some(t, 1, 60);
	t->w.roster->keep_ms = 3600 * 1000;
	for (uint32_t i = 100; i < 180; i++)
		person(b, i);
	b->cookie = arena_strdup(b->arena, "the last");
	b->cookie_len = strlen(b->cookie);
	for (size_t i = 0; i < b->count; i++)
		b->items[i].user.name = "Late";
	world_apply(&t->w, b);
	roster_save_last(t->w.roster, WAIT_MS, on_end, t->w.loop);
	loop_run(t->w.loop);
	box_close(t);
	assert_in_range(count_kind(t, WARM_USER), 139, 141);

	box_open(t);
	assert_int_equal(t->users, PEOPLE);
	expect_sound(t, PEOPLE);
	t->w.roster->keep_changes = 10;
	change_some(t, 300, 1);
	box_close(t);
	assert_int_equal(count_kind(t, WARM_USER), 0);
}

static void
save_everything(struct box *t, struct warm *warm, const char *cookie, bool stops)
{
	struct roster_version *v = version_hold(t->w.roster);
	struct changes c = { .all = true, .cookie_len = strlen(cookie) };
	atomic_bool stopping = stops;
	struct fault f;

	memcpy(c.cookie, cookie, c.cookie_len);
	assert_int_equal(keep_save(t->w.roster, warm, v, &c, &stopping, &f), !stops);
	version_release_soon(t->w.roster, v);
}

static void
a_save_of_everything_that_is_stopped_leaves_the_file_there_was(void **state)
{
	struct box *t = *state;
	struct warm *warm;
	struct hands h;
	char cookie[FEED_COOKIE_MAX], other[112];
	size_t len;
	struct fault f;

	box_open(t);
	fill(t);
	snprintf(other, sizeof(other), "%s.other", t->path);
	warm = warm_open(other, subject, t->seal, &f);
	assert_non_null(warm);
	save_everything(t, warm, "first", false);
	save_everything(t, warm, "second", true);
	warm_close(warm);
	box_close(t);
	warm = warm_open(other, subject, t->seal, &f);
	assert_non_null(warm);
	assert_string_equal(f.text, "");
	h.count = 0;
	assert_true(warm_load(warm, hands_take, &h, cookie, &len, &f));
	assert_int_equal(len, 5);
	assert_memory_equal(cookie, "first", 5);
	assert_true(h.count > 7);
	warm_close(warm);
	hands_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(orders_that_are_damaged_are_made_anew),
		T(records_that_do_not_add_up_drop_the_file),
		T(rows_that_changed_stand_where_they_belong),
		T(orders_of_which_little_is_left_are_made_anew),
		T(too_many_single_rows_become_pages_again),
		T(a_page_without_users_takes_no_room_in_the_file),
		T(the_last_save_makes_nothing_anew_that_can_wait),
		T(a_save_of_everything_that_is_stopped_leaves_the_file_there_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
