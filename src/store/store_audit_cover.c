/* Parts of audit records that are gone, and what they may be gone for: an erasure of the person, or
 * the age of an address. Erasing goes by the same rules as verifying. */
#include "store/store_audit_private.h"

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"

/* ---- ids ---- */

/* The first that is not before it. */
static size_t
ids_place(const struct audit_ids *ids, const char *id)
{
	size_t low = 0, high = ids->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(ids->list[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
audit_ids_add(struct audit_ids *ids, const char *id, uint64_t revision)
{
	size_t at = ids_place(ids, id), len = strlen(id);
	struct audit_id *one;

	if (len == 0 || len >= ID_SIZE)
		return;
	if (at < ids->count && strcmp(ids->list[at].id, id) == 0) {
		if (ids->list[at].revision < revision)
			ids->list[at].revision = revision;
		return;
	}
	if (ids->count == ids->room) {
		ids->room = ids->room > 0 ? 2 * ids->room : 16;
		ids->list = mem_resize(ids->list, ids->room, sizeof(*ids->list));
	}
	one = &ids->list[at];
	memmove(one + 1, one, (ids->count - at) * sizeof(*one));
	ids->count++;
	memcpy(one->id, id, len + 1);
	one->revision = revision;
}

static bool
ids_has(const struct audit_ids *ids, const char *id, uint64_t after)
{
	size_t at = id != NULL ? ids_place(ids, id) : ids->count;

	return at < ids->count && strcmp(ids->list[at].id, id) == 0 &&
	       ids->list[at].revision > after;
}

void
audit_ids_release(struct audit_ids *ids)
{
	free(ids->list);
	*ids = (struct audit_ids){ .count = 0 };
}

/* ---- whose parts ---- */

/* An invited one, or one who tries to sign in: the record names nobody else. */
static bool
audit_is_by_subject(const struct audit_record *r)
{
	return r->person == NULL &&
	       (strcmp(r->actor, "person") == 0 || strcmp(r->actor, "nobody") == 0);
}

unsigned
audit_parts_of(const struct audit_ids *ids, const struct audit_record *r, uint64_t after)
{
	const char *named = strchr(r->actor, ':');
	bool is_subject = ids_has(ids, r->subject_id, after);
	bool acted = ids_has(ids, r->person, after) ||
		     (named != NULL && ids_has(ids, named + 1, after)) ||
		     (is_subject && audit_is_by_subject(r));

	return (is_subject ? 1U << AUDIT_PERSON : 0) | (acted ? 1U << AUDIT_SOURCE : 0);
}

void
audit_ids_of_erasure(struct audit_ids *ids, const struct audit_record *r, uint64_t revision)
{
	struct fault f;
	json_t *detail, *list, *id;
	size_t i;

	if (r->detail == NULL ||
	    (strcmp(r->event, "person_erasing") != 0 && strcmp(r->event, "person_erased") != 0))
		return;
	detail = json_read(r->detail, strlen(r->detail), &f);
	list = json_object_get(detail, "ids");
	json_array_foreach(list, i, id)
	{
		if (json_is_string(id))
			audit_ids_add(ids, json_string_value(id), revision);
	}
	json_decref(detail);
}

/* ---- parts that are gone ---- */

void
missing_add(struct audit_missing *m, const struct audit_record *r, uint64_t created, uint64_t block,
    unsigned parts)
{
	struct audit_gone *gone;

	if (m->arena == NULL)
		m->arena = arena_new(SIZE_MAX);
	if (m->count == m->room) {
		m->room = m->room > 0 ? 2 * m->room : 64;
		m->list = mem_resize(m->list, m->room, sizeof(*m->list));
	}
	gone = &m->list[m->count++];
	*gone = (struct audit_gone){ .created = created, .block = block, .parts = parts };
	memcpy(gone->r.id, r->id, ID_SIZE);
	gone->r.actor = arena_strdup(m->arena, r->actor);
	gone->r.person = arena_strdup(m->arena, r->person);
	gone->r.subject_id = arena_strdup(m->arena, r->subject_id);
}

void
missing_release(struct audit_missing *m)
{
	free(m->list);
	arena_free(m->arena);
	*m = (struct audit_missing){ .count = 0 };
}
