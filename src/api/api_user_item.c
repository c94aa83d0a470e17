/* One person as /users shows them: the row of the list, in the directory's own words where it gave
 * them, and what only the directory knows. */
#include <string.h>

#include "api/api_user.h"

/* A row under construction: the roster's, then what is known better. */
struct api_item {
	const struct api_person *person;
	struct arena *arena;
	struct api_json *json;
};

static struct roster_text
api_text_of(struct arena *arena, const char *s)
{
	const char *clean = api_clean(arena, s);

	return (struct roster_text){ clean, clean != NULL ? strlen(clean) : 0 };
}

static void
api_row_take_person(struct roster_row *row, struct arena *arena, const struct person *p)
{
	const char *const *v = p->value;

	row->given_name = api_text_of(arena, v[PERSON_GIVEN_NAME]);
	row->family_name = api_text_of(arena, v[PERSON_FAMILY_NAME]);
	row->mail = api_text_of(arena, v[PERSON_MAIL]);
	row->phone = api_text_of(arena, v[PERSON_PHONE]);
	row->position = api_text_of(arena, v[PERSON_POSITION]);
	row->uid = api_text_of(arena, v[PERSON_UID]);
	if (v[PERSON_DISPLAY_NAME] != NULL)
		row->name = api_text_of(arena, v[PERSON_DISPLAY_NAME]);
	if (row->name.len > 0)
		return;
	row->name = row->uid;
	if (v[PERSON_GIVEN_NAME] != NULL && v[PERSON_FAMILY_NAME] != NULL)
		row->name = api_text_of(arena,
		    arena_printf(arena, "%s %s", v[PERSON_GIVEN_NAME], v[PERSON_FAMILY_NAME]));
}

static void
api_row_take_dn(struct roster_row *row, struct arena *arena, const char *dn)
{
	struct roster_text whole = api_text_of(arena, dn);
	const char *above = reach_above(whole.s);

	row->rdn_type = (struct roster_text){ .s = NULL };
	row->rdn = whole;
	row->org_unit = (struct roster_text){ .s = NULL };
	if (above == NULL)
		return;
	row->org_unit = (struct roster_text){ above, strlen(above) };
	row->rdn.len = (size_t)(above - whole.s);
	while (row->rdn.len > 0 && row->rdn.s[row->rdn.len - 1] != ',')
		row->rdn.len--;
	row->rdn.len -= row->rdn.len > 0;
}

static void
api_row_take_user(struct roster_row *row, struct arena *arena, const struct dir_user *u)
{
	feed_id_parse(u->entry_uuid, row->id);
	row->status = u->suspended ? FEED_SUSPENDED : FEED_ACTIVE;
	api_row_take_person(row, arena, u->person);
	api_row_take_dn(row, arena, u->dn);
	row->has_invitation =
	    u->invitation_id != NULL && feed_id_parse(u->invitation_id, row->invitation);
	row->registered_at = u->registered_at;
	row->last_activity_at = u->last_activity_at;
}

static void
api_row_take_invitation(
    struct roster_row *row, struct arena *arena, const struct invitation *inv, int64_t now)
{
	enum invitation_state seen = invitation_seen(inv, now);

	feed_id_parse(inv->id, row->id);
	row->status = FEED_PENDING;
	if (seen == INVITATION_EXPIRED)
		row->status = FEED_EXPIRED;
	else if (seen == INVITATION_PENDING && inv->undeliverable)
		row->status = FEED_UNDELIVERABLE;
	api_row_take_person(row, arena, &inv->person);
	row->org_unit = api_text_of(arena, inv->person.value[PERSON_ORG_UNIT]);
	row->has_invitation = true;
	memcpy(row->invitation, row->id, sizeof(row->invitation));
	row->invited_at = inv->created_at / 1000;
}

static void
api_add_field(struct api_item *item, const struct person *p, enum person_field field)
{
	const char *value = p != NULL ? api_clean(item->arena, p->value[field]) : NULL;

	api_json_add_word(item->json, ",\"");
	api_json_add_word(item->json, person_field_name(field));
	api_json_add_word(item->json, "\":");
	api_json_add_string(item->json, value);
}

static void
api_add_groups(struct api_item *item, const struct person *p)
{
	const char *comma = "";

	api_json_add_word(item->json, ",\"groups\":");
	if (p == NULL) {
		api_json_add_word(item->json, "null");
		return;
	}
	api_json_add_word(item->json, "[");
	for (size_t i = 0; i < p->group_count; i++) {
		if (!api_reaches(item->person->reach, item->arena, p->groups[i]))
			continue;
		api_json_add_word(item->json, comma);
		api_json_add_string(item->json, api_clean(item->arena, p->groups[i]));
		comma = ",";
	}
	api_json_add_word(item->json, "]");
}

/* Names of attributes, which we chose. */
static void
api_add_details(struct api_item *item)
{
	const struct dir_user *u = item->person->user;
	const struct person *p = u != NULL		     ? u->person
				 : item->person->inv != NULL ? &item->person->inv->person
							     : NULL;

	api_add_field(item, p, PERSON_DISPLAY_NAME);
	api_add_field(item, p, PERSON_GENDER);
	api_add_field(item, p, PERSON_BIRTHDAY);
	api_add_field(item, p, PERSON_LANGUAGE);
	api_add_groups(item, p);
	api_json_add_word(item->json, ",\"last_activity_source\":");
	api_json_add_string(item->json, u != NULL ? u->last_activity_source : NULL);
	api_json_add_word(item->json, ",\"suspended_by\":");
	api_json_add_string(item->json, u != NULL ? u->suspended_by : NULL);
	api_json_add_word(item->json, ",\"detail\":");
	api_json_add_string(item->json, api_clean(item->arena, item->person->detail));
	api_json_add_word(item->json, p == NULL ? ",\"stale\":true}" : ",\"stale\":false}");
}

static void
api_item_render(void *arg, size_t index, const struct roster_row *known)
{
	struct api_item *item = arg;
	struct roster_row row = *known;

	(void)index;
	if (item->person->user != NULL)
		api_row_take_user(&row, item->arena, item->person->user);
	else if (item->person->inv != NULL)
		api_row_take_invitation(&row, item->arena, item->person->inv, item->person->now);
	api_json_add_row(item->json, &row);
	api_add_details(item);
}

bool
api_add_person_item(
    struct api_json *j, struct roster *r, struct arena *arena, const struct api_person *p)
{
	struct api_item item = { .person = p, .arena = arena, .json = j };
	struct roster_row nothing = { .status = FEED_PENDING };
	unsigned char id[FEED_ID_SIZE];

	if (feed_id_parse(p->id, id) && roster_find(r, id, api_item_render, &item))
		return true;
	if (p->user == NULL && p->inv == NULL)
		return false;
	api_item_render(&item, 0, &nothing); /* it is not in the list yet */
	return true;
}

/* A tag is the server's text; one that no ETag may hold (RFC 9110 section 8.8.3) is not shown. */
static bool
api_tag_is_plain(const char *tag)
{
	if (*tag == '\0')
		return false;
	for (const unsigned char *p = (const unsigned char *)tag; *p != '\0'; p++)
		if (*p <= 0x20 || *p == '"' || *p >= 0x7f)
			return false;
	return true;
}

void
api_reply_person(struct api_call *c, int status, const struct api_person *p)
{
	struct arena *arena = http_arena(c->x);
	struct api_json j = { .data = NULL };
	struct fault f;

	if (!api_add_person_item(&j, c->api->conf.roster, arena, p)) {
		fault_set(&f, ERR_UNAVAILABLE, "the directory is away and the list is not loaded");
		api_reply_error(c->x, ERR_UNAVAILABLE, NULL, &f);
		return;
	}
	if (p->user != NULL && api_tag_is_plain(p->user->tag))
		http_add_header(c->x, "ETag",
		    arena_printf(
			arena, "\"%s%c%s\"", p->user->tag, API_TAG_GROUPS, p->user->groups_tag));
	api_reply_take(c->x, status, &j);
}
