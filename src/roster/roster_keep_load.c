/* The warm file is read at the start, before anything is fed. */
#include <stdlib.h>

#include "base/mem.h"
#include "roster/roster_writer.h"

struct warm_start {
	roster_warm_cb *cb;
	void *arg;
	struct warm *warm;
	struct roster_writer *w;
	struct order_hints hints;
	uint64_t users, records, singles; /* of the records, single rows are counted apart */
	size_t cookie_len;
	unsigned char cookie[FEED_COOKIE_MAX];
	struct fault fault;
};

/* ---- on the loop ---- */

static void
warm_arrive(struct roster *r, void *arg)
{
	struct warm_start *s = arg;

	if (r == NULL) {
		warm_close(s->warm);
	} else {
		if (r->keep != NULL)
			keep_begin(r->keep, s->warm);
		s->cb(s->arg, s->cookie, s->cookie_len, s->users, &s->fault);
	}
	free(s);
}

/* ---- on the writer's thread ---- */

static bool
warm_take(void *arg, const struct warm_record *record)
{
	struct warm_start *s = arg;

	if (record->kind == WARM_USER)
		s->singles++;
	else
		s->records++;
	switch (record->kind) {
	case WARM_PLACE:
		return record_read_place(s->w, record);
	case WARM_GROUP:
		return record_read_group(s->w, record);
	case WARM_PAGE:
		s->hints.pages++;
		return record_read_page(s->w, record);
	case WARM_USER:
		return record_read_user(s->w, record, &s->hints);
	case WARM_ORDER:
		return record_read_order(s->w, record, &s->hints);
	}
	return false;
}

/* Nothing that came of the file stays. */
static void
warm_undo(struct roster_writer *w)
{
	rows_forget(w);
	entries_forget(w);
	w->places_emptied = true;
}

/* False: there is nothing to begin with. */
static bool
warm_fill(struct roster_writer *w, struct warm_start *s)
{
	bool read;

	s->w = w;
	read = warm_load(s->warm, warm_take, s, s->cookie, &s->cookie_len, &s->fault);
	places_restored(w);
	/* Without a cookie it is the part of a save that was interrupted. */
	if (read && s->cookie_len > 0) {
		read = rows_restored(w, &s->hints);
		if (read)
			return true;
		fault_set(
		    &s->fault, ERR_CORRUPT, "%s: its rows do not add up", w->r->conf.warm_path);
	}
	if (!read && s->fault.text[0] == '\0')
		fault_set(&s->fault, ERR_CORRUPT, "the warm file is of another version");
	s->cookie_len = 0;
	warm_undo(w);
	if (!warm_reset(s->warm, &s->fault)) {
		warm_close(s->warm);
		s->warm = NULL;
	}
	return false;
}

static void
hints_free(struct roster *r, struct order_hints *hints)
{
	for (unsigned s = 0; s <= ORDER_BY_ID; s++)
		block_free(r, hints->order[s].rows);
	block_free(r, hints->changed.rows);
	*hints = (struct order_hints){ 0 };
}

static void
warm_read(struct roster_writer *w, struct warm_start *s)
{
	const struct roster_conf *conf = &w->r->conf;
	bool filled;

	s->warm = warm_open(conf->warm_path, conf->warm_subject, conf->seal, &s->fault);
	filled = s->warm != NULL && warm_fill(w, s);
	hints_free(w->r, &s->hints);
	if (!filled)
		return;
	s->users = w->live;
	keep_restored(w->r->keep, w, s->cookie, s->cookie_len, s->records, s->singles);
	w->ended = true;
	w->bulk = false;
	w->draft->state = ROSTER_COMPLETE;
	w->dirty = true;
	roster_publish(w);
}

static void
warm_run(struct roster_writer *w, void *arg)
{
	struct warm_start *s = arg;

	if (w->r->keep != NULL)
		warm_read(w, s);
	roster_post(w->r, warm_arrive, s);
}

void
roster_warm_start(struct roster *r, roster_warm_cb *cb, void *arg)
{
	struct warm_start *s = mem_alloc(sizeof(*s));

	s->cb = cb;
	s->arg = arg;
	roster_write(r, warm_run, s);
}
