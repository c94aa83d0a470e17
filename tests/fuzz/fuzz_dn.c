/* Distinguished names: a name that was built reads back, by a plain reader of RFC 4514, as exactly
 * one new component with the value that went in, in front of the org unit. A normal form is one:
 * making it again changes nothing, and it names what the first spelling named. Two DNs that are
 * equal could also be the same, whichever is asked first.
 *
 * The input is three lines: a uid, an org unit, another DN. */
#include "fuzz.h"

#include <stdlib.h>
#include <strings.h>

#include "dir/dir_private.h"
#include "web/web_private.h"

enum { PARTS_MAX = 512, TEXT_MAX = 4096 };

struct part {
	char joint; /* before it: '\0' for the first, ',' or '+' */
	const char *type, *value;
};

struct parts {
	struct part item[PARTS_MAX];
	size_t count;
};

static const struct dir rig = {
	.conf = { .people_base = "ou=people,dc=example,dc=org", .rdn_attribute = "uid" },
};

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 4514 section 3, as libldap writes it: no space around a value, nothing quoted. */
static const char *
read_value(const char *at, struct arena *arena, struct part *out)
{
	char *value = arena_alloc(arena, strlen(at) + 1);
	size_t n = 0;

	assert(*at != ' ' && *at != '#');
	for (; *at != '\0' && *at != ',' && *at != '+'; at++) {
		assert(strchr("\";<>", *at) == NULL);
		if (*at != '\\') {
			value[n++] = *at;
		} else if (hex_of(at[1]) >= 0 && hex_of(at[2]) >= 0) {
			value[n++] = (char)(hex_of(at[1]) << 4 | hex_of(at[2]));
			at += 2;
		} else {
			assert(at[1] != '\0' && strchr(" \"#+,;<=>\\", at[1]) != NULL);
			value[n++] = *++at;
		}
	}
	assert(n == 0 || at[-1] != ' ' || at[-2] == '\\');
	out->value = value;
	return at;
}

static void
read_dn(const char *at, struct arena *arena, struct parts *out)
{
	char joint = '\0';

	for (out->count = 0;; joint = *at++) {
		struct part *p = &out->item[out->count++];
		size_t len = strcspn(at, "=,+\\ ");

		assert(out->count <= PARTS_MAX && len > 0 && at[len] == '=');
		p->joint = joint;
		p->type = arena_dup(arena, at, len);
		at = read_value(at + len + 1, arena, p);
		assert(*p->value != '\0');
		if (*at == '\0')
			return;
	}
}

static void
check_person(const char *uid, const char *org_unit, struct arena *arena)
{
	static struct parts built, base;
	const char *dn, *normal;
	struct fault f;

	if (dir_person_dn(&rig, uid, org_unit, arena, &dn, &f) != ERR_OK) {
		assert(f.code == ERR_INVALID);
		return;
	}
	assert(dir_dn_normalise(org_unit, arena, &normal));
	read_dn(dn, arena, &built);
	read_dn(normal, arena, &base);
	assert(built.count == base.count + 1);
	assert(strcmp(built.item[0].type, "uid") == 0 && strcmp(built.item[0].value, uid) == 0);
	for (size_t i = 0; i < base.count; i++) {
		assert(built.item[i + 1].joint == (i == 0 ? ',' : base.item[i].joint));
		assert(strcasecmp(built.item[i + 1].type, base.item[i].type) == 0);
		assert(strcmp(built.item[i + 1].value, base.item[i].value) == 0);
	}
	assert(dir_dn_is_below(dn, rig.conf.people_base, false));
	assert(dir_dn_is_below(dn, org_unit, false) && !dir_dn_equal(dn, org_unit));
	assert(strcmp(dir_dn_name(dn, arena), uid) == 0);
	assert(strcmp(web_text_of_dn(dn, arena), uid) == 0);
}

static void
check_normal(const char *dn, struct arena *arena)
{
	static struct parts parts;
	const char *normal, *again;

	if (!dir_dn_normalise(dn, arena, &normal)) {
		assert(dir_dn_may_be_same(dn, "ou=people"));
		return;
	}
	read_dn(normal, arena, &parts);
	assert(dir_dn_normalise(normal, arena, &again) && strcmp(normal, again) == 0);
	assert(dir_dn_equal(dn, normal) && dir_dn_may_be_same(dn, normal));
	assert(dir_dn_sort_key(dn, arena) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	const char *line[3] = { "", "", "" };

	if (len < TEXT_MAX)
		fuzz_split(data, len, '\n', arena, line, 3);
	check_person(line[0], line[1], arena);
	check_normal(line[1], arena);
	check_normal(line[2], arena);
	assert(dir_dn_may_be_same(line[1], line[2]) == dir_dn_may_be_same(line[2], line[1]));
	assert(dir_dn_equal(line[1], line[2]) == dir_dn_equal(line[2], line[1]));
	if (dir_dn_equal(line[1], line[2]))
		assert(dir_dn_may_be_same(line[1], line[2]));
	arena_free(arena);
	return 0;
}
