/* RFC 4533's values as bytes: what is read, and that nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dir/dir_sync.h"

#define UUID_1                                                                                     \
	"\x04\x10"                                                                                 \
	"0123456789abcdef"
#define UUID_2                                                                                     \
	"\x04\x10"                                                                                 \
	"ABCDEFGHIJKLMNOP"

struct row {
	const char *bytes;
	size_t len;
};
#define ROW(s)                                                                                     \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

/* In memory of exactly that size, so that a sanitizer sees a byte too many being read. */
static uint8_t *
exact(const struct row *r)
{
	uint8_t *copy = malloc(r->len > 0 ? r->len : 1);

	assert_non_null(copy);
	memcpy(copy, r->bytes, r->len);
	return copy;
}

static void
a_request_asks_to_persist_and_names_its_cookie(void **state)
{
	struct buf out;
	char cookie[300];

	(void)state;
	buf_init(&out, 1024);
	dir_sync_request_encode(&out, NULL, 0);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "\x30\x03\x0a\x01\x03", 5);
	buf_reset(&out);
	dir_sync_request_encode(&out, "abc", 3);
	assert_int_equal(out.len, 10);
	assert_memory_equal(out.data,
	    "\x30\x08\x0a\x01\x03\x04\x03"
	    "abc",
	    10);
	buf_reset(&out);
	memset(cookie, 'c', sizeof(cookie));
	dir_sync_request_encode(&out, cookie, sizeof(cookie));
	assert_memory_equal(out.data,
	    "\x30\x82\x01\x33\x0a\x01\x03\x04\x82\x01\x2c"
	    "ccc",
	    14);
	assert_int_equal(out.len, 4 + 3 + 4 + 300);
	buf_release(&out);
}

static void
the_state_of_an_entry_is_read(void **state)
{
	static const struct {
		struct row row;
		uint32_t state;
		const char *cookie;
	} rows[] = {
		{ ROW("\x30\x15\x0a\x01\x00" UUID_1), SYNC_PRESENT, NULL },
		{ ROW("\x30\x15\x0a\x01\x01" UUID_1), SYNC_ADD, NULL },
		{ ROW("\x30\x19\x0a\x01\x02" UUID_1 "\x04\x02zz"), SYNC_MODIFY, "zz" },
		{ ROW("\x30\x17\x0a\x01\x03" UUID_1 "\x04\x00"), SYNC_DELETE, "" },
		{ ROW("\x30\x81\x15\x0a\x01\x01" UUID_1), SYNC_ADD, NULL },  /* a longer length */
		{ ROW("\x30\x17\x0a\x03\x01\x00\x00" UUID_1), 65536, NULL }, /* a state to come */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *bytes = exact(&rows[i].row);
		struct sync_entry e;

		assert_true(dir_sync_entry_decode(bytes, rows[i].row.len, &e));
		assert_int_equal(e.state, rows[i].state);
		assert_memory_equal(e.id, "0123456789abcdef", 16);
		assert_int_equal(e.cookie.data != NULL, rows[i].cookie != NULL);
		if (rows[i].cookie != NULL) {
			assert_int_equal(e.cookie.len, strlen(rows[i].cookie));
			assert_memory_equal(e.cookie.data, rows[i].cookie, e.cookie.len);
		}
		free(bytes);
	}
}

static void
what_is_no_state_of_an_entry_is_refused(void **state)
{
	static const struct row rows[] = {
		ROW(""), ROW("\x30"), ROW("\x30\x80\x0a\x01\x01" UUID_1 "\0\0"), /* indefinite */
		ROW("\x30\x85\0\0\0\0\x15\x0a\x01\x01" UUID_1),			 /* length of 5 */
		ROW("\x30\x84\xff\xff\xff\xff\x0a\x01\x01" UUID_1),		 /* 4 GiB */
		ROW("\x30\x16\x0a\x01\x01" UUID_1),				 /* too long */
		ROW("\x30\x14\x0a\x01\x01" UUID_1),				 /* too short */
		ROW("\x31\x15\x0a\x01\x01" UUID_1),				 /* another tag */
		ROW("\x30\x15\x02\x01\x01" UUID_1),				 /* INTEGER */
		ROW("\x30\x14\x0a\x00" UUID_1),					 /* no state */
		ROW("\x30\x15\x0a\x01\xff" UUID_1),				 /* -1 */
		ROW("\x30\x19\x0a\x05\x01\x00\x00\x00\x00" UUID_1),		 /* 5 octets */
		ROW("\x30\x14\x0a\x01\x01\x04\x0f"
		    "0123456789abcde"), /* 15 octets */
		ROW("\x30\x16\x0a\x01\x01\x04\x11"
		    "0123456789abcdefg"),			       /* 17 octets */
		ROW("\x30\x03\x0a\x01\x01"),			       /* no id */
		ROW("\x30\x15\x0a\x01\x01" UUID_1 "x"),		       /* behind it */
		ROW("\x30\x17\x0a\x01\x01" UUID_1 "\x05\x00"),	       /* a NULL inside */
		ROW("\x30\x19\x0a\x01\x01" UUID_1 "\x04\x03zz"),       /* cookie cut */
		ROW("\x30\x19\x0a\x01\x01" UUID_1 "\x04\x00\x04\x00"), /* two cookies */
	};
	struct sync_entry e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *bytes = exact(&rows[i]);

		assert_false(dir_sync_entry_decode(bytes, rows[i].len, &e));
		free(bytes);
	}
}

static void
the_end_of_a_search_is_read(void **state)
{
	static const struct {
		struct row row;
		bool ok, deletes;
		const char *cookie;
	} rows[] = {
		{ ROW("\x30\x00"), true, false, NULL },
		{ ROW("\x30\x03\x01\x01\xff"), true, true, NULL },
		{ ROW("\x30\x03\x01\x01\x00"), true, false, NULL },
		{ ROW("\x30\x06\x04\x01k\x01\x01\xff"), true, true, "k" },
		{ ROW("\x30\x03\x01\x01\x01"), false, false, NULL }, /* RFC 4511 5.1 */
		{ ROW("\x30\x04\x01\x02\xff\xff"), false, false, NULL },
		{ ROW("\x30\x06\x01\x01\xff\x04\x01k"), false, false, NULL }, /* the other order */
		{ ROW("\x30\x02\x01\x00"), false, false, NULL },
		{ ROW(""), false, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *bytes = exact(&rows[i].row);
		struct sync_done d;

		assert_int_equal(dir_sync_done_decode(bytes, rows[i].row.len, &d), rows[i].ok);
		if (rows[i].ok) {
			assert_int_equal(d.refresh_deletes, rows[i].deletes);
			assert_int_equal(d.cookie.data != NULL, rows[i].cookie != NULL);
		}
		free(bytes);
	}
}

static void
the_four_messages_amid_a_search_are_read(void **state)
{
	static const struct {
		struct row row;
		enum sync_info_kind kind;
		bool done, deletes;
		const char *cookie;
		size_t ids;
	} rows[] = {
		{ ROW("\x80\x02zz"), SYNC_NEW_COOKIE, false, false, "zz", 0 },
		{ ROW("\x80\x00"), SYNC_NEW_COOKIE, false, false, "", 0 },
		{ ROW("\xa1\x00"), SYNC_REFRESH_DELETE, true, false, NULL, 0 },
		{ ROW("\xa1\x03\x01\x01\x00"), SYNC_REFRESH_DELETE, false, false, NULL, 0 },
		{ ROW("\xa1\x02\x04\x00"), SYNC_REFRESH_DELETE, true, false, "", 0 },
		{ ROW("\xa2\x06\x04\x01k\x01\x01\xff"), SYNC_REFRESH_PRESENT, true, false, "k", 0 },
		{ ROW("\xa3\x02\x31\x00"), SYNC_ID_SET, false, false, NULL, 0 },
		{ ROW("\xa3\x14\x31\x12" UUID_1), SYNC_ID_SET, false, false, NULL, 1 },
		{ ROW("\xa3\x2c\x04\x01k\x01\x01\xff\x31\x24" UUID_1 UUID_2), SYNC_ID_SET, false,
		    true, "k", 2 },
		{ ROW("\xa4\x02\x31\x00"), SYNC_INFO_UNKNOWN, false, false, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *bytes = exact(&rows[i].row);
		struct sync_info info;
		const uint8_t *id;
		size_t ids = 0;

		assert_true(dir_sync_info_decode(bytes, rows[i].row.len, &info));
		assert_int_equal(info.kind, rows[i].kind);
		assert_int_equal(info.refresh_done, rows[i].done);
		assert_int_equal(info.refresh_deletes, rows[i].deletes);
		assert_int_equal(info.cookie.data != NULL, rows[i].cookie != NULL);
		for (; (id = dir_sync_next_id(&info.ids)) != NULL; ids++)
			assert_memory_equal(
			    id, ids == 0 ? "0123456789abcdef" : "ABCDEFGHIJKLMNOP", 16);
		assert_int_equal(ids, rows[i].ids);
		free(bytes);
	}
}

static void
what_is_no_message_amid_a_search_is_refused(void **state)
{
	static const struct row rows[] = {
		ROW(""), ROW("\x80"), ROW("\x80\x03zz"), ROW("\x80\x01zz"),
		ROW("\xa1\x03\x01\x01\x7f"), ROW("\xa1\x04\x01\x01\xff\x00"),
		ROW("\xa2\x02\x05\x00"), ROW("\xa3\x00"), /* no set */
		ROW("\xa3\x14\x30\x12" UUID_1),		  /* SEQUENCE OF */
		ROW("\xa3\x13\x31\x11\x04\x0f"
		    "0123456789abcde"),			   /* 15 octets */
		ROW("\xa3\x15\x31\x13" UUID_1 "\x04"),	   /* half an id */
		ROW("\xa3\x14\x31\x13" UUID_1),		   /* the set is longer */
		ROW("\xa3\x16\x31\x12" UUID_1 "\x31\x00"), /* two sets */
		ROW("\xa4\x80\x00\x00"),		   /* indefinite */
	};
	struct sync_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *bytes = exact(&rows[i]);

		assert_false(dir_sync_info_decode(bytes, rows[i].len, &info));
		free(bytes);
	}
}

static void
every_truncation_of_a_message_is_refused(void **state)
{
	static const struct row whole = ROW("\xa3\x2c\x04\x01k\x01\x01\xff\x31\x24" UUID_1 UUID_2);

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		const struct row part = { whole.bytes, len };
		uint8_t *bytes = exact(&part);
		struct sync_info info;

		assert_false(dir_sync_info_decode(bytes, len, &info));
		free(bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_asks_to_persist_and_names_its_cookie),
		cmocka_unit_test(the_state_of_an_entry_is_read),
		cmocka_unit_test(what_is_no_state_of_an_entry_is_refused),
		cmocka_unit_test(the_end_of_a_search_is_read),
		cmocka_unit_test(the_four_messages_amid_a_search_are_read),
		cmocka_unit_test(what_is_no_message_amid_a_search_is_refused),
		cmocka_unit_test(every_truncation_of_a_message_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
