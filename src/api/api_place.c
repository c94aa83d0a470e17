/* /api/v1/org-units and /api/v1/groups */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api_private.h"
#include "base/mem.h"

/* What stands behind the first comma that is not escaped (RFC 4514), or NULL: the DN of the entry
 * above. */
static const char *
api_above(const char *dn)
{
	for (; *dn != '\0'; dn++) {
		if (*dn == '\\' && dn[1] != '\0')
			dn++;
		else if (*dn == ',')
			return dn + 1 + strspn(dn + 1, " ");
	}
	return NULL;
}

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
	const char *above = api_above(dn);
	const char *const *found = NULL;

	if (above != NULL && count > 0)
		found = bsearch(&above, sorted, count, sizeof(*sorted), api_compare_dns);
	return found != NULL ? *found : NULL;
}

static void
api_add_place(struct buf *b, struct arena *arena, const struct dir_place *p)
{
	buf_add_string(b, "{\"dn\":");
	buf_add_json_string(b, api_clean(arena, p->dn));
	buf_add_string(b, ",\"name\":");
	buf_add_json_string(b, api_clean(arena, p->name));
	buf_add_string(b, ",\"description\":");
	buf_add_json_string(b, api_clean(arena, p->description));
}

static void
api_reply_places(
    struct api_call *c, const struct dir_place *places, size_t count, bool with_parents)
{
	const char **sorted = mem_array(count, sizeof(*sorted));
	struct arena *arena = http_arena(c->x);
	struct buf b;

	for (size_t i = 0; i < count; i++)
		sorted[i] = places[i].dn;
	if (with_parents && count > 0)
		qsort(sorted, count, sizeof(*sorted), api_compare_dns);
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_place(&b, arena, &places[i]);
		if (with_parents) {
			buf_add_string(&b, ",\"parent\":");
			buf_add_json_string(
			    &b, api_clean(arena, api_parent_of(places[i].dn, sorted, count)));
		}
		buf_add_char(&b, '}');
	}
	buf_add_string(&b, "]}");
	free(sorted);
	api_reply_json(c->x, 200, &b);
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

enum err
api_org_units(struct api_call *c, struct fault *f)
{
	(void)f;
	http_hold(c->x);
	flow_org_units_start(c->api->conf.flow, api_on_org_units, c);
	return ERR_OK;
}

enum err
api_groups(struct api_call *c, struct fault *f)
{
	(void)f;
	http_hold(c->x);
	flow_groups_start(c->api->conf.flow, api_on_groups, c);
	return ERR_OK;
}
