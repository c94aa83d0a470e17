#include "fake_roster.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void
fake_roster_add(struct roster *r, const char *id, const char *user, bool is_invitation)
{
	assert(r->count < FAKE_ROSTER_ROWS);
	memcpy(r->rows[r->count].id, id, ID_SIZE);
	memcpy(r->rows[r->count].user, user, ID_SIZE);
	r->rows[r->count++].is_invitation = is_invitation;
}

const struct fake_fed *
fake_roster_last(const struct roster *r, const char *id)
{
	for (size_t i = r->fed_count; i > 0; i--)
		if (strcmp(r->fed[i - 1].id, id) == 0)
			return &r->fed[i - 1];
	return NULL;
}

bool
roster_find(
    struct roster *r, const unsigned char id[FEED_ID_SIZE], roster_render *render, void *render_arg)
{
	char text[ID_SIZE];

	feed_id_text(id, text);
	for (size_t i = 0; i < r->count; i++) {
		struct roster_row row = { .status = FEED_ACTIVE };

		if (strcmp(r->rows[i].id, text) != 0)
			continue;
		feed_id_parse(r->rows[i].user, row.id);
		if (!r->rows[i].is_invitation)
			row.rdn = (struct roster_text){ "x", 1 };
		if (r->rows[i].name != NULL)
			row.name = (struct roster_text){ r->rows[i].name, strlen(r->rows[i].name) };
		if (r->rows[i].mail != NULL)
			row.mail = (struct roster_text){ r->rows[i].mail, strlen(r->rows[i].mail) };
		if (r->rows[i].place != NULL)
			row.org_unit =
			    (struct roster_text){ r->rows[i].place, strlen(r->rows[i].place) };
		render(render_arg, 0, &row);
		return true;
	}
	return false;
}

bool
roster_leads_to(
    struct roster *r, const char *group, const char *const *roots, size_t count, bool *leads)
{
	*leads = r->nested != NULL && strcmp(group, r->nested) == 0;
	for (size_t i = 0; i < count; i++)
		*leads = *leads || strcmp(group, roots[i]) == 0;
	return *leads || !(r->loading || r->incomplete);
}

bool
roster_places(struct roster *r, roster_places_cb *cb, void *arg)
{
	struct roster_place place = { .parent = SIZE_MAX };

	if (r->loading)
		return false;
	feed_id_parse(r->unit, place.id);
	place.count_below[FEED_PENDING] = r->invited_there;
	cb(arg, &place, 1);
	return true;
}

void
roster_figures(struct roster *r, struct roster_figures *out)
{
	*out = (struct roster_figures){ .state = r->loading ? ROSTER_LOADING : ROSTER_COMPLETE };
}

static void
warm_fire(void *arg)
{
	struct roster *r = arg;
	struct fault f = { .text = "" };

	if (r->warm_fault != NULL)
		fault_set(&f, ERR_CORRUPT, "%s", r->warm_fault);
	r->warm(r->warm_arg, r->cookie, r->cookie != NULL ? strlen(r->cookie) : 0,
	    r->cookie != NULL ? 5 : 0, &f);
}

void
roster_warm_start(struct roster *r, roster_warm_cb *cb, void *arg)
{
	r->warm = cb;
	r->warm_arg = arg;
	loop_defer(r->loop, warm_fire, r);
}

void
roster_feed_take(struct roster *r, struct feed_batch *b, loop_cb *applied, void *arg)
{
	struct fake_fed fed = { b->source, b->step, b->count, b->absent_is_gone, .id = "" };

	assert(r->fed_count + b->count < FAKE_ROSTER_FED);
	for (size_t i = 0; i < b->count; i++) {
		const struct feed_item *item = &b->items[i];

		fed.kind = item->kind;
		fed.status = item->user.status;
		fed.becoming = item->user.becoming;
		feed_id_text(item->id, fed.id);
		snprintf(fed.name, sizeof(fed.name), "%s",
		    item->user.name != NULL ? item->user.name : "");
		snprintf(fed.mail, sizeof(fed.mail), "%s",
		    item->user.mail != NULL ? item->user.mail : "");
		if (i + 1 < b->count)
			r->fed[r->fed_count++] = fed;
	}
	r->fed[r->fed_count++] = fed;
	feed_batch_free(b);
	r->batches++;
	if (applied == NULL)
		return;
	if (!r->is_behind) {
		loop_defer(r->loop, applied, arg);
		return;
	}
	r->waiting++;
	r->applied = applied;
	r->applied_arg = arg;
}

void
fake_roster_catch_up(struct roster *r)
{
	r->is_behind = false;
	for (; r->waiting > 0; r->waiting--)
		loop_defer(r->loop, r->applied, r->applied_arg);
}
