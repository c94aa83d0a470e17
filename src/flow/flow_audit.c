/* What the audit keeps of people: names, and values before and after. It is a part of a record that
 * can be erased alone, so all of it goes here and none of it into a record's detail. Passwords,
 * tokens and hashes are in nothing that is handed to these functions. */
#include <string.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "flow/flow_private.h"

enum { AUDIT_TEXT_MAX = 64 * 1024 };

const char *
audit_name(const struct person *p, struct arena *arena)
{
	const char *given = p->value[PERSON_GIVEN_NAME], *family = p->value[PERSON_FAMILY_NAME];

	if (p->value[PERSON_DISPLAY_NAME] != NULL)
		return arena_strdup(arena, p->value[PERSON_DISPLAY_NAME]);
	if (given != NULL && family != NULL)
		return arena_printf(arena, "%s %s", given, family);
	return arena_strdup(arena, given != NULL ? given : family);
}

/* ---- writing ---- */

static void
audit_add_comma(struct buf *b)
{
	if (b->len > 0 && b->data[b->len - 1] != '{')
		buf_add_char(b, ',');
}

/* A server's words may be anything. */
static void
audit_add_value(struct buf *b, const char *value, struct arena *arena)
{
	buf_add_json_string(b, utf8_clean(arena, value));
}

static void
audit_add(struct buf *b, const char *name, const char *value, struct arena *arena)
{
	if (value == NULL)
		return;
	audit_add_comma(b);
	buf_printf(b, "\"%s\":", name);
	audit_add_value(b, value, arena);
}

static void
audit_add_change(
    struct buf *b, const char *name, const char *before, const char *after, struct arena *arena)
{
	audit_add_comma(b);
	buf_printf(b, "\"%s\":{\"before\":", name);
	audit_add_value(b, before, arena);
	buf_add_string(b, ",\"after\":");
	audit_add_value(b, after != NULL && *after != '\0' ? after : NULL, arena);
	buf_add_char(b, '}');
}

static void
audit_begin(struct buf *b, const struct person *p, struct arena *arena)
{
	buf_init_secret(b, AUDIT_TEXT_MAX);
	buf_add_char(b, '{');
	audit_add(b, "name", audit_name(p, arena), arena);
	audit_add(b, "uid", p->value[PERSON_UID], arena);
}

/* Values are bounded by the rules of persons and by what a directory shows of an entry; should they
 * cross the bound all the same, the record is worth more than they are. */
static const char *
audit_end(struct buf *b, struct arena *arena)
{
	const char *text;

	buf_add_char(b, '}');
	text = buf_failed(b) ? NULL : arena_strdup(arena, b->data);
	buf_release(b);
	return text;
}

const char *
audit_of_person(const struct person *p, const char *dn, struct arena *arena)
{
	struct buf b;

	audit_begin(&b, p, arena);
	audit_add(&b, "dn", dn, arena);
	return audit_end(&b, arena);
}

const char *
audit_of_issue(const struct invitation *inv, struct arena *arena)
{
	struct buf b;

	audit_begin(&b, &inv->person, arena);
	audit_add(&b, "mail", inv->person.value[PERSON_MAIL], arena);
	audit_add(&b, "personal_mail", inv->personal_mail, arena);
	audit_add(&b, "position", inv->person.value[PERSON_POSITION], arena);
	audit_add(&b, "phone", inv->person.value[PERSON_PHONE], arena);
	return audit_end(&b, arena);
}

const char *
audit_of_change(
    const struct person *before, const char *const after[PERSON_FIELD_COUNT], struct arena *arena)
{
	struct buf b;

	audit_begin(&b, before, arena);
	audit_add_comma(&b);
	buf_add_string(&b, "\"changes\":{");
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		if (after[i] != NULL)
			audit_add_change(&b, person_field_name((enum person_field)i),
			    before->value[i], after[i], arena);
	buf_add_char(&b, '}');
	return audit_end(&b, arena);
}

const char *
audit_of_readdress(const struct invitation *before, const char *after, struct arena *arena)
{
	struct buf b;

	audit_begin(&b, &before->person, arena);
	audit_add_comma(&b);
	buf_add_string(&b, "\"changes\":{");
	audit_add_change(&b, "personal_mail", before->personal_mail, after, arena);
	buf_add_char(&b, '}');
	return audit_end(&b, arena);
}

/* ---- what was given away, which is no personal data ---- */

static void
audit_add_list(
    struct buf *b, const char *name, const char *const *list, size_t count, struct arena *arena)
{
	audit_add_comma(b);
	buf_printf(b, "\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		audit_add_value(b, list[i], arena);
	}
	buf_add_char(b, ']');
}

static void
audit_add_groups(struct buf *b, const struct person *p, struct arena *arena)
{
	audit_add_list(b, "groups", p->groups, p->group_count, arena);
}

/* How much of groups is told: all of them before and after, or those that were joined and left. */
enum audit_extent { AUDIT_ALL, AUDIT_DIFFERENCE, AUDIT_NAMES_ONLY };

static bool
audit_has(const char *const *list, size_t count, const char *dn)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], dn) == 0)
			return true;
	return false;
}

/* Of `list` those that are not in `other`. */
static void
audit_add_difference(struct buf *b, const char *name, const char *const *list, size_t count,
    const char *const *other, size_t other_count, struct arena *arena)
{
	const char **only = arena_alloc(arena, (count + 1) * sizeof(*only));
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (!audit_has(other, other_count, list[i]))
			only[n++] = list[i];
	audit_add_list(b, name, only, n, arena);
}

static const char *
audit_write_fields(const char *const *names, size_t count, const struct audit_groups *g,
    enum audit_extent extent, struct arena *arena)
{
	struct buf b;

	buf_init(&b, AUDIT_TEXT_MAX);
	buf_add_char(&b, '{');
	audit_add_list(&b, "fields", names, count, arena);
	if (g != NULL && extent == AUDIT_ALL) {
		audit_add_list(&b, "groups_before", g->before, g->before_count, arena);
		audit_add_list(&b, "groups", g->after, g->after_count, arena);
	} else if (g != NULL && extent == AUDIT_DIFFERENCE) {
		audit_add_difference(&b, "groups_before", g->before, g->before_count, g->after,
		    g->after_count, arena);
		audit_add_difference(
		    &b, "groups", g->after, g->after_count, g->before, g->before_count, arena);
	}
	return audit_end(&b, arena);
}

/* Very many very long names: those that stay are worth less than those that changed, and all of
 * them less than the record. */
const char *
audit_of_fields(
    const bool changed[PERSON_FIELD_COUNT], const struct audit_groups *groups, struct arena *arena)
{
	const char *names[PERSON_FIELD_COUNT + 1], *text = NULL;
	size_t count = 0;

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		if (changed[i])
			names[count++] = person_field_name((enum person_field)i);
	if (groups != NULL)
		names[count++] = "groups";
	if (count == 0)
		return NULL;
	for (int x = AUDIT_ALL; text == NULL && x <= AUDIT_NAMES_ONLY; x++)
		text = audit_write_fields(names, count, groups, (enum audit_extent)x, arena);
	return text;
}

const char *
audit_of_grant(const struct invitation *inv, struct arena *arena)
{
	char until[CLOCK_TEXT_SIZE];
	struct buf b;

	buf_init(&b, AUDIT_TEXT_MAX);
	buf_add_char(&b, '{');
	audit_add(&b, "method", inv->method == INVITATION_BY_EMAIL ? "email" : "link", arena);
	audit_add(&b, "expires_at", clock_format(inv->expires_at, until), arena);
	audit_add_groups(&b, &inv->person, arena);
	return audit_end(&b, arena);
}

const char *
audit_of_groups(const struct person *p, const char *shortcoming, struct arena *arena)
{
	struct buf b;

	buf_init(&b, AUDIT_TEXT_MAX);
	buf_add_char(&b, '{');
	audit_add(&b, "shortcoming", shortcoming, arena);
	audit_add_groups(&b, p, arena);
	return audit_end(&b, arena);
}

/* ---- of a change of which not all came about ---- */

const char *
audit_of_these(const char *personal, const bool changed[PERSON_FIELD_COUNT], struct arena *arena)
{
	struct fault ignored;
	json_t *root = personal != NULL ? json_read(personal, strlen(personal), &ignored) : NULL;
	const json_t *changes = json_object_get(root, "changes");
	struct buf b;

	buf_init_secret(&b, AUDIT_TEXT_MAX);
	buf_add_char(&b, '{');
	audit_add(&b, "name", json_string_of(root, "name"), arena);
	audit_add(&b, "uid", json_string_of(root, "uid"), arena);
	audit_add_comma(&b);
	buf_add_string(&b, "\"changes\":{");
	for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
		const char *field = person_field_name((enum person_field)i);
		const json_t *change = json_object_get(changes, field);

		if (changed[i] && change != NULL)
			audit_add_change(&b, field, json_string_of(change, "before"),
			    json_string_of(change, "after"), arena);
	}
	buf_add_char(&b, '}');
	json_decref(root);
	return audit_end(&b, arena);
}
