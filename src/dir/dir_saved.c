/* Reading what dir_user_save.c writes. The bytes were sealed by us, but nothing here relies on it.
 */
#include "dir/dir_user_private.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

struct reader {
	const char *at;
	size_t left;
	bool failed;
	struct arena *arena;
};

static size_t
read_number(struct reader *r)
{
	uint32_t big;

	if (r->failed || r->left < SAVED_LENGTH_SIZE) {
		r->failed = true;
		return 0;
	}
	memcpy(&big, r->at, SAVED_LENGTH_SIZE);
	r->at += SAVED_LENGTH_SIZE;
	r->left -= SAVED_LENGTH_SIZE;
	return ntohl(big);
}

/* Whatever is counted has at least a length, so a count is bounded by what is left. */
static size_t
read_count(struct reader *r)
{
	size_t count = read_number(r);

	if (count > r->left / SAVED_LENGTH_SIZE)
		r->failed = true;
	return r->failed ? 0 : count;
}

static struct berval
read_run(struct reader *r)
{
	size_t len = read_number(r);
	struct berval run;

	if (len > r->left)
		r->failed = true;
	if (r->failed)
		len = 0;
	run = (struct berval){ len, (char *)(uintptr_t)r->at };
	r->at += len;
	r->left -= len;
	return run;
}

static const char *
read_text(struct reader *r)
{
	struct berval run = read_run(r);

	if (run.bv_len == 0 || memchr(run.bv_val, 0, run.bv_len) != NULL)
		r->failed = true;
	return arena_dup(r->arena, run.bv_val, run.bv_len);
}

static void
read_attribute(struct reader *r, struct saved_attribute *a)
{
	size_t count;

	a->name = read_text(r);
	count = read_count(r);
	a->values = arena_alloc(r->arena, (count + 1) * sizeof(struct berval *));
	for (size_t i = 0; i < count && !r->failed; i++) {
		a->values[i] = arena_alloc(r->arena, sizeof(struct berval));
		*a->values[i] = read_run(r);
	}
}

bool
dir_saved_parse(const struct secret *bytes, struct saved *s, struct arena *arena)
{
	struct reader r = { secret_bytes(bytes), secret_len(bytes), false, arena };

	if (r.left == 0 || r.at[0] != SAVED_VERSION)
		return false;
	r.at++;
	r.left--;
	s->dn = read_text(&r);
	s->attribute_count = read_count(&r);
	s->attributes = arena_alloc(arena, (s->attribute_count + 1) * sizeof(*s->attributes));
	for (size_t i = 0; i < s->attribute_count && !r.failed; i++)
		read_attribute(&r, &s->attributes[i]);
	s->groups.count = read_count(&r);
	s->groups.dn = arena_alloc(arena, (s->groups.count + 1) * sizeof(*s->groups.dn));
	for (size_t i = 0; i < s->groups.count && !r.failed; i++)
		s->groups.dn[i] = read_text(&r);
	return !r.failed && r.left == 0;
}

bool
dir_saved_has_password(const struct secret *saved)
{
	struct arena *arena = arena_new(0);
	struct saved s;
	bool has = false;

	if (dir_saved_parse(saved, &s, arena))
		for (size_t i = 0; i < s.attribute_count; i++)
			has = has || strcasecmp(s.attributes[i].name, "userPassword") == 0;
	arena_free(arena);
	return has;
}

static const char *
saved_value(const struct saved *s, const char *attribute, struct arena *arena)
{
	for (size_t i = 0; attribute != NULL && i < s->attribute_count; i++) {
		const struct saved_attribute *a = &s->attributes[i];

		if (strcasecmp(a->name, attribute) == 0 && a->values[0] != NULL)
			return arena_dup(arena, a->values[0]->bv_val, a->values[0]->bv_len);
	}
	return NULL;
}

bool
dir_saved_names(
    const struct dir *d, const struct secret *saved, struct arena *arena, struct person *names)
{
	static const enum person_field fields[] = { PERSON_UID, PERSON_MAIL, PERSON_PHONE,
		PERSON_DISPLAY_NAME, PERSON_GIVEN_NAME, PERSON_FAMILY_NAME };
	struct saved s;

	if (!dir_saved_parse(saved, &s, arena))
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		names->value[fields[i]] = saved_value(&s, d->conf.attributes[fields[i]], arena);
	return true;
}

bool
dir_saved_members(
    const struct secret *saved, struct arena *arena, const char *const **names, size_t *count)
{
	const char **list;
	struct saved s;

	if (!dir_saved_parse(saved, &s, arena))
		return false;
	list = arena_alloc(arena, (s.groups.count + 1) * sizeof(*list));
	list[0] = s.dn;
	for (size_t i = 0; i < s.groups.count; i++)
		list[i + 1] = s.groups.dn[i];
	*names = list;
	*count = s.groups.count + 1;
	return true;
}
