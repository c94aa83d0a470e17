/* GET /api/v1/users: a page of the people list. */
#include <stdlib.h>

#include "api/api_user.h"
#include "base/mem.h"

/* The answer under construction. Not of the exchange's arena: the roster's thread writes it, and
 * may still do so when the exchange is over. */
struct api_page {
	struct api_json json;
};

struct api_list {
	struct api_call *call;
	struct api_page *page;
};

static void
api_page_render(void *arg, size_t index, const struct roster_row *row)
{
	struct api_page *page = arg;

	if (index > 0)
		api_json_add(&page->json, ",", 1);
	api_json_add_row(&page->json, row);
	api_json_add(&page->json, "}", 1);
}

static void
api_page_release(void *arg)
{
	struct api_page *page = arg;

	free(page->json.data);
	free(page);
}

static void
api_on_page(void *arg, enum err code, const struct roster_page *page, const struct fault *f)
{
	struct api_list *list = arg;
	struct api_json *j = &list->page->json;

	if (code != ERR_OK) {
		api_reply_list_error(list->call->x, code, f);
		return;
	}
	api_json_add_word(j, "],\"total\":");
	api_json_add_number(j, page->total);
	api_json_add_word(j, ",\"counts\":");
	api_json_add_counts(j, page->count);
	api_json_add_word(j, ",\"next_cursor\":");
	api_json_add_string(j, page->next_cursor);
	api_json_add_word(j, "}");
	api_reply_take(list->call->x, 200, j);
}

enum err
api_user_list(struct api_call *c, struct fault *f)
{
	struct arena *arena = http_arena(c->x);
	struct api_list *list;
	struct field_errors errors;
	struct roster_query q;

	(void)f;
	field_errors_init(&errors, arena);
	if (!api_read_users_query(c->x, &q, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (!reach_places(c->reach, arena, &q.within, &q.within_count))
		q.within = NULL;
	list = arena_alloc(arena, sizeof(*list));
	list->call = c;
	list->page = mem_alloc(sizeof(*list->page));
	api_json_add_word(&list->page->json, "{\"items\":[");
	http_hold(c->x);
	roster_list_start(c->api->conf.roster, &q, api_page_render, api_page_release, list->page,
	    api_on_page, list);
	return ERR_OK;
}
