#include "fake_api_roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fake_query {
	struct fake_roster *roster;
	roster_render *render;
	void (*release)(void *render_arg);
	void *render_arg;
	roster_page_cb *cb;
	void *arg;
};

struct roster *
fake_roster_of(struct fake_roster *r)
{
	return (struct roster *)r;
}

static const char *const sorts[] = { "name", "mail", "phone", "org_unit", "status", "registered_at",
	"last_activity_at" };

const char *
roster_sort_name(enum roster_sort s)
{
	return sorts[s];
}

enum roster_sort
roster_sort_by_name(const char *name)
{
	size_t i = 0;

	while (i < ROSTER_SORT_COUNT && strcmp(sorts[i], name) != 0)
		i++;
	return (enum roster_sort)i;
}

static const char *
fake_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from != NULL ? from : "");
	return from != NULL ? to : NULL;
}

static void
fake_roster_answer(void *arg)
{
	struct fake_query *q = arg;
	struct fake_roster *r = q->roster;
	struct fault f = { .text = "" };

	if (r->code == ERR_OK) {
		for (size_t i = 0; i < r->row_count; i++)
			q->render(q->render_arg, i, &r->rows[i]);
		q->cb(q->arg, ERR_OK, &r->page, &f);
	} else {
		fault_set(&f, r->code, "%s", r->text);
		q->cb(q->arg, r->code, NULL, &f);
	}
	q->release(q->render_arg);
	r->released++;
	free(q);
}

void
roster_list_start(struct roster *roster, const struct roster_query *q, roster_render *render,
    void (*release)(void *render_arg), void *render_arg, roster_page_cb *cb, void *arg)
{
	struct fake_roster *r = (struct fake_roster *)roster;
	struct fake_query query = { r, render, release, render_arg, cb, arg };

	r->queries++;
	r->query = *q;
	r->query.q = fake_copy(r->q, sizeof(r->q), q->q);
	r->query.org_unit = fake_copy(r->org_unit, sizeof(r->org_unit), q->org_unit);
	r->query.cursor = fake_copy(r->cursor, sizeof(r->cursor), q->cursor);
	loop_defer(r->loop, fake_roster_answer, mem_dup(&query, sizeof(query)));
}

bool
roster_find(struct roster *roster, const unsigned char id[FEED_ID_SIZE], roster_render *render,
    void *render_arg)
{
	struct fake_roster *r = (struct fake_roster *)roster;

	memcpy(r->id, id, FEED_ID_SIZE);
	if (r->loading || r->found == NULL)
		return false;
	render(render_arg, 0, r->found);
	return true;
}

bool
roster_places(struct roster *roster, roster_places_cb *cb, void *arg)
{
	struct fake_roster *r = (struct fake_roster *)roster;

	if (!r->loading)
		cb(arg, r->places, r->place_count);
	return !r->loading;
}

bool
roster_groups(struct roster *roster, roster_groups_cb *cb, void *arg)
{
	struct fake_roster *r = (struct fake_roster *)roster;

	if (!r->loading)
		cb(arg, r->groups, r->group_count);
	return !r->loading;
}

bool
roster_member_of(struct roster *roster, const char *normal_dn, const char *const *groups,
    size_t count, bool *member)
{
	const struct fake_roster *r = (const struct fake_roster *)roster;

	(void)normal_dn, (void)groups;
	for (size_t i = 0; i < count; i++)
		member[i] = r->member;
	return !r->loading;
}

void
roster_figures(struct roster *roster, struct roster_figures *out)
{
	const struct fake_roster *r = (struct fake_roster *)roster;

	*out = (struct roster_figures){ .version = r->version };
	out->state = r->loading	    ? ROSTER_LOADING
		     : r->cut_short ? ROSTER_INCOMPLETE
				    : ROSTER_COMPLETE;
}

void
roster_on_change(struct roster *roster, roster_event_cb *cb, void *arg)
{
	struct fake_roster *r = (struct fake_roster *)roster;

	r->on_change = cb;
	r->on_change_arg = arg;
}
