/* The writer of the people list, compared with another reader of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <jansson.h>

#include "api/api_user.h"

enum { ROUNDS = 20000, TEXT_MAX = 64 };

static unsigned long seed = 20261126;

static unsigned
chance(unsigned below)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(seed >> 33) % below;
}

/* One character of those that writers get wrong. */
static size_t
make_character(unsigned char *out)
{
	unsigned c;

	switch (chance(6)) {
	case 0:
		c = chance(0x20);
		break;
	case 1:
		c = (unsigned char)"\"\\/\x7f<&'\x01"[chance(8)];
		break;
	case 2:
		c = 0x80 + chance(0x780);
		break;
	case 3:
		c = 0x10000 + chance(0x100000);
		break;
	case 4:
		c = chance(2) != 0 ? 0x800 + chance(0xd800 - 0x800) : 0xe000 + chance(0x2000);
		break;
	default:
		c = 0x20 + chance(0x5f);
		break;
	}
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xc0 | c >> 6);
		out[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xe0 | c >> 12);
		out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | c >> 18);
	out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

static struct roster_text
make_text(unsigned char out[4 * TEXT_MAX])
{
	size_t len = 0;

	for (unsigned n = chance(TEXT_MAX); n > 0; n--)
		len += make_character(out + len);
	return (struct roster_text){ (const char *)out, len };
}

static void
assert_text(const json_t *object, const char *name, struct roster_text wanted)
{
	const json_t *v = json_object_get(object, name);

	assert_non_null(v);
	assert_int_equal(json_is_null(v), wanted.len == 0);
	assert_int_equal(json_string_length(v), wanted.len);
	if (wanted.len > 0)
		assert_memory_equal(json_string_value(v), wanted.s, wanted.len);
}

static void
what_is_written_is_read_as_it_was(void **state)
{
	unsigned char text[8][4 * TEXT_MAX];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct roster_row row = { .status = FEED_ACTIVE };
		struct roster_text *const texts[] = { &row.name, &row.given_name, &row.family_name,
			&row.mail, &row.phone, &row.position, &row.uid, &row.org_unit };
		static const char *const names[] = { "name", "given_name", "family_name", "mail",
			"phone", "position", "uid", "org_unit" };
		struct api_json j = { .data = NULL };
		json_t *object;

		for (int i = 0; i < 8; i++)
			*texts[i] = make_text(text[i]);
		api_json_add_row(&j, &row);
		api_json_add_word(&j, "}");
		object = json_loadb(j.data, j.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		assert_non_null(object);
		for (int i = 0; i < 8; i++)
			assert_text(object, names[i], *texts[i]);
		assert_int_equal(json_object_size(object), 15);
		json_decref(object);
		free(j.data);
	}
}

static void
a_dn_is_put_together_from_its_parts(void **state)
{
	static const struct {
		const char *type, *rdn, *org_unit, *dn;
	} rows[] = {
		{ "uid=", "ada", "ou=A,dc=org", "\"dn\":\"uid=ada,ou=A,dc=org\"" },
		{ "", "cn=a\\,b+sn=c", "dc=org", "\"dn\":\"cn=a\\\\,b+sn=c,dc=org\"" },
		{ "uid=", "ada", "", "\"dn\":\"uid=ada\"" },
		{ "", "", "ou=A,dc=org", "\"dn\":null" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct roster_row row = { .rdn_type = { rows[i].type, strlen(rows[i].type) },
			.rdn = { rows[i].rdn, strlen(rows[i].rdn) },
			.org_unit = { rows[i].org_unit, strlen(rows[i].org_unit) } };
		struct api_json j = { .data = NULL };

		api_json_add_row(&j, &row);
		api_json_add(&j, "", 1);
		assert_non_null(strstr(j.data, rows[i].dn));
		free(j.data);
	}
}

static void
assert_time(int64_t seconds)
{
	struct api_json j = { .data = NULL };
	time_t t = (time_t)seconds;
	char wanted[64];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(wanted, sizeof(wanted), "\"%Y-%m-%dT%H:%M:%SZ\"", &tm);
	api_json_add_time(&j, seconds);
	api_json_add(&j, "", 1);
	assert_string_equal(j.data, wanted);
	free(j.data);
}

static void
a_moment_is_what_the_c_library_says(void **state)
{
	static const int64_t nothing[] = { 0, -1, INT64_MIN, (int64_t)UINT32_MAX + 1, INT64_MAX };

	(void)state;
	for (int64_t day = 0; day <= UINT32_MAX / 86400; day++) {
		assert_time(day * 86400 + (day == 0));
		assert_time(day * 86400 + 86399 > UINT32_MAX ? UINT32_MAX : day * 86400 + 86399);
	}
	for (int i = 0; i < ROUNDS; i++)
		assert_time(1 + (int64_t)chance(0x7fffffff) * 2);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		struct api_json j = { .data = NULL };

		api_json_add_time(&j, nothing[i]);
		assert_int_equal(j.len, 4);
		assert_memory_equal(j.data, "null", 4);
		free(j.data);
	}
}

static void
a_number_is_written_in_full(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = { { 0, "0" }, { 7, "7" }, { 1000000, "1000000" },
		{ UINT64_MAX, "18446744073709551615" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_json j = { .data = NULL };

		api_json_add_number(&j, rows[i].n);
		assert_int_equal(j.len, strlen(rows[i].text));
		assert_memory_equal(j.data, rows[i].text, j.len);
		free(j.data);
	}
}

static void
a_moment_of_a_query_is_a_day_or_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		bool end;
		int64_t seconds; /* 0: refused */
	} rows[] = {
		{ "2001-09-09", false, 999993600 },
		{ "2001-09-09", true, 1000080000 },
		{ "2001-09-09T01:46:40Z", false, 1000000000 },
		{ "2001-09-09T01:46:40Z", true, 1000000000 },
		{ "2001-09-09t01:46:40.123456z", false, 1000000000 },
		{ "2001-09-09T03:46:40+02:00", false, 1000000000 },
		{ "2001-09-09T03:46:40 02:00", false, 1000000000 },
		{ "2001-09-08T20:16:40-05:30", false, 1000000000 },
		{ "2000-02-29", false, 951782400 },
		{ "1970-01-01", false, 1 },
		{ "1900-01-01", false, 1 },
		{ "2001-02-29", false, 0 },
		{ "2001-9-9", false, 0 },
		{ "", false, 0 },
		{ "yesterday", false, 0 },
		{ "2001-09-09T", false, 0 },
		{ "2001-09-09T01:46:40", false, 0 },
		{ "2001-09-09T24:00:00Z", false, 0 },
		{ "2001-09-09T01:60:00Z", false, 0 },
		{ "2001-09-09T01:46:40.Z", false, 0 },
		{ "2001-09-09T01:46:40+2:00", false, 0 },
		{ "2001-09-09T01:46:40+24:00", false, 0 },
		{ "2001-09-09T01:46:40Zx", false, 0 },
		{ "2001-09-09 01:46:40Z", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t seconds = 0;

		assert_int_equal(
		    api_read_moment(rows[i].text, rows[i].end, &seconds), rows[i].seconds != 0);
		assert_int_equal(seconds, rows[i].seconds);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_as_it_was),
		cmocka_unit_test(a_dn_is_put_together_from_its_parts),
		cmocka_unit_test(a_moment_is_what_the_c_library_says),
		cmocka_unit_test(a_number_is_written_in_full),
		cmocka_unit_test(a_moment_of_a_query_is_a_day_or_rfc_3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
