/* Who can be restored, as a caller sees it. */
#include <stdio.h>
#include <string.h>

#include "reach_world.h"

enum { LOOKED_AT = 1000 /* by one page: TRASH_LOOK_MAX */ };

/* The last page. */
static struct {
	struct world *w;
	enum err code;
	size_t count;
	struct flow_deleted items[8];
	char text[4][128], next[STORE_CURSOR_SIZE];
} page;

static void
on_page(void *arg, enum err code, const struct flow_deleted *list, size_t count, const char *next,
    const struct fault *f)
{
	(void)arg, (void)f;
	page.code = code;
	page.count = count;
	for (size_t i = 0; i < count && i < 8; i++)
		page.items[i] = list[i];
	if (count > 0) { /* the strings of the first */
		snprintf(page.text[0], sizeof(page.text[0]), "%s", list[0].mail);
		snprintf(page.text[1], sizeof(page.text[1]), "%s", list[0].uid);
		snprintf(page.text[2], sizeof(page.text[2]), "%s", list[0].org_unit);
		snprintf(page.text[3], sizeof(page.text[3]), "%s", list[0].by);
	}
	snprintf(page.next, sizeof(page.next), "%s", next != NULL ? next : "");
	world_stop_waiting(page.w);
}

static size_t
read_page(struct world *w, const char *cursor, size_t limit)
{
	page.w = w;
	flow_trash_list(w->flow, cursor, limit, &w->caller, on_page, NULL);
	world_wait(w);
	return page.count;
}

static struct world *
trash_world_new(void)
{
	struct world *w = limited_world_new();

	w->caller.reach = NULL;
	return w;
}

static void
whoever_was_deleted_is_in_it_until_they_are_back(void **state)
{
	struct world *w = trash_world_new();

	(void)state;
	assert_int_equal(read_page(w, NULL, 50), 0);
	assert_int_equal(page.code, ERR_OK);
	assert_int_equal(people_remove(w, EVE), ERR_OK);
	w->now++;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(read_page(w, NULL, 50), 2);
	assert_string_equal(page.items[0].id, ADA);
	assert_string_equal(page.items[1].id, EVE);
	assert_string_equal(page.text[0], "ada@x.org");
	assert_string_equal(page.text[1], "ada");
	assert_string_equal(page.text[2], ENGINES);
	assert_string_equal(page.text[3], "uid:0");
	assert_int_equal(page.items[0].deleted_at, w->now);
	assert_int_equal(page.items[0].restorable_until, people.removed.restorable_until);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	assert_int_equal(read_page(w, NULL, 50), 1);
	assert_string_equal(page.items[0].id, EVE);
	assert_string_equal(page.next, "");
	world_free(w);
}

/* Also for whoever finds it written down after a crash. */
static void
a_deletion_that_is_not_done_is_not_in_it(void **state)
{
	struct world *w = trash_world_new();

	(void)state;
	fake_dir_fail_named(w->dir, "remove", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
	assert_int_equal(people_keys(w, "trash/"), 1);
	assert_int_equal(read_page(w, NULL, 50), 0);
	people_settle_all(w, true);
	assert_int_equal(read_page(w, NULL, 50), 1);
	assert_string_equal(page.text[0], "ada@x.org");
	fake_dir_fail_named(w->dir, "restore", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_restore(w, ADA), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_int_equal(read_page(w, NULL, 50), 0);
	assert_int_equal(people_keys(w, "trash"), 0);
	world_free(w);
}

static void
when_its_time_is_over_nobody_sees_it_whether_it_was_swept_or_not(void **state)
{
	struct world *w = trash_world_new();

	(void)state;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	w->now = people.removed.restorable_until - 1;
	assert_int_equal(read_page(w, NULL, 50), 1);
	w->now++;
	assert_int_equal(read_page(w, NULL, 50), 0);
	assert_string_equal(page.next, "");
	world_free(w);
}

static void
out_of_reach_nobody_is_in_it(void **state)
{
	struct world *w = trash_world_new();

	(void)state;
	assert_int_equal(people_remove(w, EVE), ERR_OK);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	w->caller.reach = &within_poems;
	assert_int_equal(read_page(w, NULL, 50), 1);
	assert_string_equal(page.items[0].id, EVE);
	assert_string_equal(page.text[2], ODES);
	w->caller.reach = &own_only;
	assert_int_equal(read_page(w, NULL, 50), 0);
	world_free(w);
}

static void
delete_one(struct world *w, size_t number, const char *place)
{
	char dn[64], id[ID_SIZE], mail[32];

	w->now++;
	snprintf(dn, sizeof(dn), "uid=u%zu,%s", number, place);
	snprintf(id, sizeof(id), "e3333333-0000-4000-8000-%012zu", number);
	snprintf(mail, sizeof(mail), "u%zu@x.org", number);
	fake_dir_add_user(w->dir, dn, id, mail);
	assert_int_equal(people_remove(w, id), ERR_OK);
}

static void
delete_many(struct world *w, size_t count)
{
	for (size_t i = 0; i < count; i++)
		delete_one(w, i, i % 5 == 0 ? ODES : ENGINES);
}

static void
pages_are_full_whatever_lies_between(void **state)
{
	static const struct reach *const reaches[] = { NULL, &within_poems };
	static const size_t all[] = { 20, 4 };
	struct world *w = trash_world_new();

	(void)state;
	delete_many(w, 20);
	for (int i = 0; i < 2; i++) {
		int64_t last = w->now + 1;
		size_t seen = 0;

		w->caller.reach = reaches[i];
		page.next[0] = '\0';
		do {
			char cursor[STORE_CURSOR_SIZE];

			memcpy(cursor, page.next, sizeof(cursor));
			read_page(w, cursor[0] != '\0' ? cursor : NULL, 3);
			assert_int_equal(page.code, ERR_OK);
			assert_true(page.count == 3 || page.next[0] == '\0');
			for (size_t k = 0; k < page.count; k++) {
				assert_true(page.items[k].deleted_at < last);
				last = page.items[k].deleted_at;
			}
			seen += page.count;
		} while (page.next[0] != '\0');
		assert_int_equal(seen, all[i]);
	}
	world_free(w);
}

/* Nobody is made to wait until all of the list was looked at: an empty page leads on. */
static void
a_page_ends_when_it_has_looked_at_enough(void **state)
{
	struct world *w = trash_world_new();
	char cursor[STORE_CURSOR_SIZE];

	(void)state;
	delete_one(w, 0, ODES);
	for (size_t i = 1; i <= LOOKED_AT; i++)
		delete_one(w, i, ENGINES);
	w->caller.reach = &within_poems;
	assert_int_equal(read_page(w, NULL, 3), 0);
	assert_int_equal(page.code, ERR_OK);
	assert_true(page.next[0] != '\0');
	memcpy(cursor, page.next, sizeof(cursor));
	assert_int_equal(read_page(w, cursor, 3), 1);
	assert_string_equal(page.text[1], "u0");
	assert_string_equal(page.next, "");
	/* Whoever reaches all of it is shown the first page at once. */
	w->caller.reach = NULL;
	assert_int_equal(read_page(w, NULL, 3), 3);
	world_free(w);
}

/* Where a page ends may be somebody that the caller knows nothing of. */
static void
a_cursor_shows_no_id_and_is_ours(void **state)
{
	struct world *w = trash_world_new();

	(void)state;
	delete_many(w, 3);
	assert_int_equal(read_page(w, NULL, 1), 1);
	assert_true(page.next[0] != '\0' && !id_is_valid(page.next));
	read_page(w, ADA, 1);
	assert_int_equal(page.code, ERR_INVALID);
	page.next[3] = page.next[3] == 'A' ? 'B' : 'A';
	read_page(w, page.next, 1);
	assert_int_equal(page.code, ERR_INVALID);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_was_deleted_is_in_it_until_they_are_back),
		cmocka_unit_test(a_deletion_that_is_not_done_is_not_in_it),
		cmocka_unit_test(when_its_time_is_over_nobody_sees_it_whether_it_was_swept_or_not),
		cmocka_unit_test(out_of_reach_nobody_is_in_it),
		cmocka_unit_test(pages_are_full_whatever_lies_between),
		cmocka_unit_test(a_page_ends_when_it_has_looked_at_enough),
		cmocka_unit_test(a_cursor_shows_no_id_and_is_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
