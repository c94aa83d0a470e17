/* Intents and what is kept of deleted users, as JSON. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"

static const char *const intent_events[INTENT_KIND_COUNT] = {
	[INTENT_USER_CHANGE] = "user_changed",
	[INTENT_USER_SUSPEND] = "user_suspended",
	[INTENT_USER_RESUME] = "user_resumed",
	[INTENT_USER_REMOVE] = "user_removed",
	[INTENT_USER_RESTORE] = "user_restored",
	[INTENT_ORG_UNIT_ADD] = "org_unit_added",
	[INTENT_ORG_UNIT_CHANGE] = "org_unit_changed",
	[INTENT_ORG_UNIT_DELETE] = "org_unit_deleted",
};

const char *
store_intent_event(enum store_intent_kind kind)
{
	return intent_events[kind];
}

static void
people_write_text(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(b, ",\"%s\":", name);
	buf_add_json_string(b, value);
}

static void
people_write_list(struct buf *b, const char *name, const char *const *list, size_t count)
{
	if (count == 0)
		return;
	buf_printf(b, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		buf_add_json_string(b, list[i]);
	}
	buf_add_char(b, ']');
}

void
record_write_intent(struct buf *b, const struct store_intent *i)
{
	buf_printf(b, "{\"v\":1,\"event\":\"%s\",\"at\":%" PRId64 ",\"until\":%" PRId64,
	    intent_events[i->kind], i->at, i->restorable_until);
	people_write_text(b, "actor", i->actor);
	people_write_text(b, "request", i->request_id);
	people_write_text(b, "source", i->source);
	people_write_text(b, "person", i->person);
	people_write_text(b, "org_unit", i->org_unit);
	people_write_text(b, "personal", i->personal);
	people_write_text(b, "dn", i->dn);
	people_write_text(b, "tag", i->tag);
	people_write_text(b, "name", i->name);
	people_write_text(b, "description", i->description);
	for (int f = 0; f < PERSON_FIELD_COUNT; f++) {
		char name[64];

		snprintf(name, sizeof(name), "new_%s", person_field_name((enum person_field)f));
		people_write_text(b, name, i->value[f]);
	}
	people_write_list(b, "join", i->join, i->join_count);
	people_write_list(b, "leave", i->leave, i->leave_count);
	if (i->of_admin)
		buf_add_string(b, ",\"admin\":true");
	if (i->gives_roles)
		buf_add_string(b, ",\"roles\":true");
	if (i->is_limited)
		buf_add_string(b, ",\"limited\":true");
	buf_add_char(b, '}');
}

void
record_write_trash(struct buf *b, const struct store_trash *t)
{
	buf_printf(b, "{\"v\":1,\"at\":%" PRId64 ",\"until\":%" PRId64 ",\"parts\":%zu", t->at,
	    t->restorable_until, t->parts);
	people_write_text(b, "id", t->id);
	people_write_text(b, "by", t->by);
	people_write_text(b, "dn", t->dn);
	people_write_text(b, "listed", t->listed[0] != '\0' ? t->listed : NULL);
	people_write_text(b, "names", t->names);
	buf_add_char(b, '}');
}

static const char *
people_read_text(const json_t *root, const char *name, struct arena *arena)
{
	return arena_strdup(arena, json_string_of(root, name));
}

static int64_t
people_read_number(const json_t *root, const char *name)
{
	return json_integer_value(json_object_get(root, name));
}

/* Of texts, and of no more than there can be. */
static bool
people_read_list(const json_t *root, const char *name, struct arena *arena,
    const char *const **list, size_t *count)
{
	const json_t *array = json_object_get(root, name);
	const char **out;

	*list = NULL;
	*count = 0;
	if (array == NULL)
		return true;
	if (!json_is_array(array) || json_array_size(array) > PERSON_GROUPS_MAX)
		return false;
	out = arena_alloc(arena, (json_array_size(array) + 1) * sizeof(*out));
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (text == NULL)
			return false;
		out[i] = arena_strdup(arena, text);
	}
	*list = out;
	*count = json_array_size(array);
	return true;
}

static enum store_intent_kind
people_read_kind(const json_t *root)
{
	const char *event = json_string_of(root, "event");
	int kind = 0;

	while (
	    kind < INTENT_KIND_COUNT && (event == NULL || strcmp(event, intent_events[kind]) != 0))
		kind++;
	return (enum store_intent_kind)kind;
}

enum err
record_read_intent(struct store_intent *out, const char *target, struct arena *arena,
    const char *text, size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct store_intent i = { .kind = INTENT_KIND_COUNT };
	bool lists;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "job/%s: %s", target, own.text);
	i.kind = people_read_kind(root);
	memcpy(i.target, target, ID_SIZE);
	i.at = people_read_number(root, "at");
	i.restorable_until = people_read_number(root, "until");
	i.actor = people_read_text(root, "actor", arena);
	i.request_id = people_read_text(root, "request", arena);
	i.source = people_read_text(root, "source", arena);
	i.person = people_read_text(root, "person", arena);
	i.org_unit = people_read_text(root, "org_unit", arena);
	i.personal = people_read_text(root, "personal", arena);
	i.dn = people_read_text(root, "dn", arena);
	i.tag = people_read_text(root, "tag", arena);
	i.name = people_read_text(root, "name", arena);
	i.description = people_read_text(root, "description", arena);
	i.of_admin = json_is_true(json_object_get(root, "admin"));
	i.is_limited = json_is_true(json_object_get(root, "limited"));
	i.gives_roles = json_is_true(json_object_get(root, "roles"));
	lists = people_read_list(root, "join", arena, &i.join, &i.join_count) &&
		people_read_list(root, "leave", arena, &i.leave, &i.leave_count);
	for (int p = 0; p < PERSON_FIELD_COUNT; p++)
		i.value[p] = people_read_text(root,
		    arena_printf(arena, "new_%s", person_field_name((enum person_field)p)), arena);
	json_decref(root);
	if (i.kind == INTENT_KIND_COUNT || i.actor == NULL || !lists)
		return fault_set(f, ERR_CORRUPT, "job/%s is not what we wrote", target);
	*out = i;
	return ERR_OK;
}

void
record_write_trash_names(struct buf *b, const struct trash_names *n)
{
	buf_add_string(b, "{\"v\":1");
	people_write_text(b, "name", n->name);
	people_write_text(b, "uid", n->uid);
	people_write_text(b, "mail", n->mail);
	buf_add_char(b, '}');
}

bool
record_read_trash_names(struct trash_names *out, struct arena *arena, const char *text, size_t len)
{
	struct fault ignored;
	json_t *root = record_parse(text, len, &ignored);

	if (root == NULL)
		return false;
	out->name = people_read_text(root, "name", arena);
	out->uid = people_read_text(root, "uid", arena);
	out->mail = people_read_text(root, "mail", arena);
	json_decref(root);
	return true;
}

static bool
people_read_id(const json_t *root, const char *name, char out[ID_SIZE])
{
	return record_copy_string(root, name, out, ID_SIZE) && id_is_valid(out);
}

/* Those of older versions name neither whose they are nor a place in the list. */
enum err
record_read_trash(struct store_trash *out, const char *key, struct arena *arena, const char *text,
    size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct store_trash t = { .parts = 0 };

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "%s: %s", key, own.text);
	t.at = people_read_number(root, "at");
	t.restorable_until = people_read_number(root, "until");
	t.parts = (size_t)people_read_number(root, "parts");
	t.by = people_read_text(root, "by", arena);
	t.dn = people_read_text(root, "dn", arena);
	t.names = people_read_text(root, "names", arena);
	if (!people_read_id(root, "id", t.id))
		t.id[0] = '\0';
	if (!people_read_id(root, "listed", t.listed))
		t.listed[0] = '\0';
	json_decref(root);
	if (t.parts == 0 || t.by == NULL || t.dn == NULL)
		return fault_set(f, ERR_CORRUPT, "%s is not what we wrote", key);
	*out = t;
	return ERR_OK;
}
