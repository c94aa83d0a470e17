/* Who is meant? What the caller named leads to ids, these to the names that are kept with them, and
 * uids to further ids: an invitation and the user who came of it, say. Names change hands: one that
 * somebody in the directory has today, and that nobody named here, leads no further. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dir/dir_user.h"
#include "flow/erase_private.h"
#include "roster/roster.h"

const struct erase_known *
erase_find(const struct erase_set *s, const char *text)
{
	for (size_t i = 0; text != NULL && i < s->count; i++)
		if (s->items[i].checked && !s->items[i].spared &&
		    strcasecmp(s->items[i].text, text) == 0)
			return &s->items[i];
	return NULL;
}

struct erase_known *
erase_add(struct erasure *e, struct erase_set *s, const char *text, const struct erase_known *by)
{
	struct erase_known *k;

	if (text == NULL || text[0] == '\0')
		return NULL;
	for (size_t i = 0; i < s->count; i++)
		if (strcasecmp(s->items[i].text, text) == 0)
			return &s->items[i];
	if (s->count == ERASE_KNOWN_MAX) {
		s->is_full = true;
		return NULL;
	}
	k = &s->items[s->count++];
	*k = (struct erase_known){ .text = arena_strdup(e->arena, text),
		.asked = by == NULL || (s == &e->ids && by->asked) };
	return k;
}

/* ---- is somebody there? ---- */

static void find_check(struct erasure *e);

/* One has been looked up: who is there is left alone, unless the caller meant just them. */
static void
find_checked(struct erasure *e, struct erase_known *k, bool is_there)
{
	k->checked = true;
	k->spared = is_there && !k->asked;
	if (is_there && k->asked)
		erase_finish(e, ERR_CONFLICT, "this is a user: delete the user first");
	else
		find_check(e);
}

static void
find_on_user(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct erasure *e = arg;

	(void)user;
	e->dir_op = NULL;
	if (code == ERR_OK || code == ERR_NOT_FOUND)
		find_checked(e, &e->ids.items[e->at], code == ERR_OK);
	else
		erase_finish(e, code, f->text);
}

static void
find_on_name(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct erasure *e = arg;

	e->dir_op = NULL;
	if (code == ERR_OK)
		find_checked(e, &e->names.items[e->at], answer->uid_taken[0] || answer->mail_taken);
	else
		erase_finish(e, code, f->text);
}

/* An invitation's id finds the user who came of it, who has an RDN. */
static void
find_render(void *arg, size_t index, const struct roster_row *row)
{
	(void)index;
	*(bool *)arg = row->rdn.len > 0;
}

static bool
find_is_listed(const struct erasure *e, const char *id)
{
	struct roster *r = e->task.flow->conf.roster;
	unsigned char bytes[FEED_ID_SIZE];
	bool is_user = false;

	return r != NULL && feed_id_parse(id, bytes) &&
	       roster_find(r, bytes, find_render, &is_user) && is_user;
}

/* The next that was not looked up; false: all were. */
static bool
find_unchecked(struct erasure *e, const struct erase_set *s)
{
	for (e->at = 0; e->at < s->count; e->at++)
		if (!s->items[e->at].checked)
			return true;
	return false;
}

/* Look again: what was found last may lead on. */
static void
find_look(struct erasure *e)
{
	if (e->round++ == ERASE_ROUNDS)
		erase_finish(
		    e, ERR_TOO_LARGE, "this leads from name to name without an end: use an id");
	else
		erase_walk(e, find_check);
}

static void
find_round(struct erasure *e)
{
	const size_t before = e->ids.count + e->names.count;

	if (e->ids.is_full || e->names.is_full)
		erase_finish(e, ERR_TOO_LARGE, "too many people have had this name: use an id");
	else if (e->is_shared)
		erase_finish(
		    e, ERR_CONFLICT, "this is the personal address of several people: use an id");
	else if (before > e->seen) {
		e->seen = before;
		find_look(e);
	} else if (e->is_known)
		e->next(e);
	else if (!e->by_address && strchr(e->who, '@') != NULL) {
		e->by_address = true;
		find_look(e);
	} else
		erase_finish(e, ERR_NOT_FOUND, "nothing is known of such a person");
}

static void
find_check(struct erasure *e)
{
	struct dir *d = e->task.flow->conf.dir;
	const char *text;

	if (find_unchecked(e, &e->ids)) {
		text = e->ids.items[e->at].text;
		if (find_is_listed(e, text))
			find_checked(e, &e->ids.items[e->at], true);
		else
			e->dir_op = dir_user_load(d, text, find_on_user, e);
	} else if (find_unchecked(e, &e->names)) {
		const struct dir_question q = { .uids = { e->names.items[e->at].text },
			.uid_count = 1,
			.mail = e->names.items[e->at].text };

		e->dir_op = dir_ask(d, &q, find_on_name, e);
	} else
		find_round(e);
}

void
erase_identify(struct erasure *e, erase_step *next)
{
	unsigned char id[FEED_ID_SIZE];
	char text[ID_SIZE];

	e->next = next;
	if (feed_id_parse(e->who, id)) {
		feed_id_text(id, text);
		erase_add(e, &e->ids, text, NULL);
	} else
		erase_add(e, &e->names, e->who, NULL);
	find_check(e);
}
