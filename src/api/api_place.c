/* GET /api/v1/org-units and /api/v1/groups: what the list knows of them, with the numbers of
 * people. While it is loading the directory itself is asked, so that people can be invited from the
 * first second on; it knows neither numbers nor ids. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api_user.h"
#include "base/mem.h"

static const char api_no_counts[] = ",\"counts\":null,\"total\":null,\"total_below\":null";

static int
api_compare_dns(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* The DN of the listed place above `dn`, as it is spelled there; NULL when it is not in the list.
 */
static const char *
api_parent_of(const char *dn, const char *const *sorted, size_t count)
{
	const char *above = reach_above(dn);
	const char *const *found = NULL;

	if (above != NULL && count > 0)
		found = bsearch(&above, sorted, count, sizeof(*sorted), api_compare_dns);
	return found != NULL ? *found : NULL;
}

static void
api_add_words(struct api_json *j, struct arena *arena, const char *dn, const char *name,
    const char *description)
{
	api_json_add_word(j, "{\"dn\":");
	api_json_add_string(j, api_clean(arena, dn));
	api_json_add_word(j, ",\"name\":");
	api_json_add_string(j, api_clean(arena, name));
	api_json_add_word(j, ",\"description\":");
	api_json_add_string(j, api_clean(arena, description));
}

static void
api_add_id(struct api_json *j, const unsigned char id[FEED_ID_SIZE])
{
	static const unsigned char none[FEED_ID_SIZE];
	char text[ID_SIZE];

	feed_id_text(id, text);
	api_json_add_word(j, ",\"id\":");
	api_json_add_string(j, memcmp(id, none, FEED_ID_SIZE) != 0 ? text : NULL);
}

/* People are invited into the base of people and below it; the list follows more than that. */
static bool
api_is_for_people(const struct api_call *c, const char *normal)
{
	return c->api->people_base == NULL || reach_is_within(normal, c->api->people_base);
}

/* ---- as the directory says them ---- */

static void
api_reply_places(
    struct api_call *c, const struct dir_place *places, size_t count, bool with_parents)
{
	const struct dir_place **shown = mem_array(count, sizeof(*shown));
	const char **sorted = mem_array(count, sizeof(*sorted));
	struct arena *arena = http_arena(c->x);
	struct api_json j = { .data = NULL };
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (api_reaches(c->reach, http_arena(c->x), places[i].dn))
			shown[kept++] = &places[i];
	for (size_t i = 0; i < kept; i++)
		sorted[i] = shown[i]->dn;
	if (with_parents && kept > 0)
		qsort(sorted, kept, sizeof(*sorted), api_compare_dns);
	api_json_add_word(&j, "{\"items\":[");
	for (size_t i = 0; i < kept; i++) {
		const struct dir_place *p = shown[i];

		api_json_add_word(&j, i > 0 ? "," : "");
		api_add_words(&j, arena, p->dn, p->name, p->description);
		if (with_parents) {
			api_json_add_word(&j, ",\"parent\":");
			api_json_add_string(
			    &j, api_clean(arena, api_parent_of(p->dn, sorted, kept)));
			api_json_add_word(&j, api_no_counts);
		} else
			api_json_add_word(&j, ",\"members\":null");
		api_json_add_word(&j, ",\"id\":null}");
	}
	api_json_add_word(&j, "]}");
	free(sorted);
	free(shown);
	api_reply_take(c->x, 200, &j);
}

static void
api_finish_places(struct api_call *c, enum err code, const struct dir_place *places, size_t count,
    const struct fault *f, bool with_parents)
{
	/* More places than the directory module lists: nothing that the client could send smaller.
	 */
	if (code == ERR_TOO_LARGE)
		code = ERR_MISCONFIGURED;
	if (code != ERR_OK)
		api_reply_error(c->x, code, NULL, f);
	else
		api_reply_places(c, places, count, with_parents);
}

static void
api_on_org_units(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f)
{
	api_finish_places(arg, code, places, count, f, true);
}

static void
api_on_groups(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f)
{
	api_finish_places(arg, code, places, count, f, false);
}

/* ---- as the list knows them ---- */

/* A list under construction. */
struct api_known {
	struct api_call *call;
	const struct reach *counted; /* whose users the caller may see; NULL: everybody */
	struct api_json json;
};

static uint64_t
api_sum(const uint64_t count[FEED_STATUS_COUNT])
{
	uint64_t sum = 0;

	for (int i = 0; i < FEED_STATUS_COUNT; i++)
		sum += count[i];
	return sum;
}

static void
api_add_org_unit(struct api_known *known, const struct roster_place *p, const char *parent)
{
	struct api_json *j = &known->json;

	api_add_words(j, http_arena(known->call->x), p->dn, p->name, p->description);
	api_json_add_word(j, ",\"parent\":");
	api_json_add_string(j, parent);
	if (reach_covers_place(known->counted, p->normal)) {
		api_json_add_word(j, ",\"counts\":");
		api_json_add_counts(j, p->count);
		api_json_add_word(j, ",\"total\":");
		api_json_add_number(j, api_sum(p->count));
		api_json_add_word(j, ",\"total_below\":");
		api_json_add_number(j, api_sum(p->count_below));
	} else
		api_json_add_word(j, api_no_counts);
	api_add_id(j, p->id);
	api_json_add_word(j, "}");
}

static void
api_on_known_org_units(void *arg, const struct roster_place *places, size_t count)
{
	struct api_known *known = arg;
	const struct api_call *c = known->call;
	bool *shown = mem_array(count, sizeof(*shown));
	const char *comma = "";

	for (size_t i = 0; i < count; i++) {
		size_t above = places[i].parent;
		bool has_parent = above < i && shown[above];

		shown[i] = api_is_for_people(c, places[i].normal) &&
			   reach_covers_place(c->reach, places[i].normal);
		if (!shown[i])
			continue;
		api_json_add_word(&known->json, comma);
		api_add_org_unit(known, &places[i],
		    has_parent ? api_clean(http_arena(c->x), places[above].dn) : NULL);
		comma = ",";
	}
	free(shown);
}

static void
api_on_known_groups(void *arg, const struct roster_group *groups, size_t count)
{
	struct api_known *known = arg;
	struct api_json *j = &known->json;
	struct arena *arena = http_arena(known->call->x);
	const char *comma = "";

	for (size_t i = 0; i < count; i++) {
		if (!reach_covers_place(known->call->reach, groups[i].normal))
			continue;
		api_json_add_word(j, comma);
		comma = ",";
		api_add_words(j, arena, groups[i].dn, groups[i].name, groups[i].description);
		/* They may stand anywhere. */
		if (reach_is_everything(known->counted)) {
			api_json_add_word(j, ",\"members\":");
			api_json_add_number(j, groups[i].members);
		} else
			api_json_add_word(j, ",\"members\":null");
		api_add_id(j, groups[i].id);
		api_json_add_word(j, "}");
	}
}

static void
api_known_begin(struct api_known *known, struct api_call *c)
{
	size_t quota;

	*known = (struct api_known){ .call = c };
	known->counted = auth_reach(&c->who, AUTH_USERS_READ, http_arena(c->x), &quota);
	api_json_add_word(&known->json, "{\"items\":[");
}

static void
api_known_end(struct api_known *known)
{
	api_json_add_word(&known->json, "]}");
	api_reply_take(known->call->x, 200, &known->json);
}

/* A list that was cut short may lack any place: then the directory is asked, which knows. */
static bool
api_list_is_whole(const struct api_call *c)
{
	struct roster_figures figures;

	roster_figures(c->api->conf.roster, &figures);
	return figures.state == ROSTER_COMPLETE;
}

enum err
api_org_units(struct api_call *c, struct fault *f)
{
	struct api_known known;

	(void)f;
	api_known_begin(&known, c);
	if (api_list_is_whole(c) &&
	    roster_places(c->api->conf.roster, api_on_known_org_units, &known)) {
		api_known_end(&known);
		return ERR_OK;
	}
	free(known.json.data);
	http_hold(c->x);
	flow_org_units_start(c->api->conf.flow, api_on_org_units, c);
	return ERR_OK;
}

enum err
api_groups(struct api_call *c, struct fault *f)
{
	struct api_known known;

	(void)f;
	api_known_begin(&known, c);
	if (api_list_is_whole(c) &&
	    roster_groups(c->api->conf.roster, api_on_known_groups, &known)) {
		api_known_end(&known);
		return ERR_OK;
	}
	free(known.json.data);
	http_hold(c->x);
	flow_groups_start(c->api->conf.flow, api_on_groups, c);
	return ERR_OK;
}
