/* Who is it? The roster knows at once whether an id is a user or an invitation; what it does not
 * know, or not yet, the directory is asked about, and then the store. */
#include "flow/people_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- look ---- */

struct look_row {
	unsigned char id[FEED_ID_SIZE];
	bool is_invitation;
	struct arena *arena;
	const char *place; /* as the server spells it */
};

/* An entry has an RDN, an invitation has none. */
static void
look_render(void *arg, size_t index, const struct roster_row *row)
{
	struct look_row *r = arg;

	(void)index;
	memcpy(r->id, row->id, sizeof(r->id));
	r->is_invitation = row->rdn.len == 0;
	if (row->org_unit.len > 0)
		r->place = arena_dup(r->arena, row->org_unit.s, row->org_unit.len);
}

static void
look_not_found(struct people_op *op)
{
	struct fault own;

	fault_set(&own, ERR_NOT_FOUND, "nobody has this id");
	people_finish(op, ERR_NOT_FOUND, &own);
}

/* They are where the caller reaches: what the directory or the store says, and the list alone only
 * for what it alone can show. */
static void
look_found(struct people_op *op, const char *place, const char *owner)
{
	if (!flow_reaches(&op->by, place, owner)) {
		look_not_found(op);
		return;
	}
	op->intent.org_unit = place;
	op->next(op);
}

static void
look_on_invitation(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct people_op *op = arg;
	bool over = code == ERR_OK && ((*inv)->state == INVITATION_REVOKED ||
					  ((*inv)->state == INVITATION_DONE && !op->in_roster));

	op->store_op = NULL;
	if (code == ERR_NOT_FOUND || over)
		look_not_found(op);
	else if (code != ERR_OK)
		people_finish(op, code, f);
	else {
		op->inv = *inv;
		*inv = NULL;
		look_found(op, op->inv->person.value[PERSON_ORG_UNIT], op->inv->owner);
	}
}

static void
look_on_user(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_OK) {
		people_keep_user(op, user);
		look_found(op, flow_place_above(op->user.dn, op->arena), NULL);
	} else if (code == ERR_NOT_FOUND && !op->in_roster)
		op->store_op = store_load(op->flow->conf.store, op->id, look_on_invitation, op);
	else if (code == ERR_NOT_FOUND || (code == ERR_REFUSED && op->by.reach != NULL))
		look_not_found(op); /* what is nobody of ours is out of reach, too */
	else if (people_is_passing(code) && op->is_soft && op->in_roster)
		look_found(op, op->listed_place, NULL);
	else
		people_finish(op, code, f);
}

void
people_look(struct people_op *op, people_step *next)
{
	struct flow *f = op->flow;
	struct look_row row = { .arena = op->arena };
	unsigned char id[FEED_ID_SIZE];

	if (op->id[0] == '\0') {
		people_finish_later(op, ERR_NOT_FOUND, "nobody has this id");
		return;
	}
	op->next = next;
	op->in_roster = f->conf.roster != NULL && feed_id_parse(op->id, id) &&
			roster_find(f->conf.roster, id, look_render, &row);
	if (op->in_roster)
		feed_id_text(row.id, op->id); /* an invitation's id finds who came of it */
	if (row.place == NULL || !dir_dn_normalise(row.place, op->arena, &op->listed_place))
		op->listed_place = NULL;
	if (row.is_invitation)
		op->store_op = store_load(f->conf.store, op->id, look_on_invitation, op);
	else
		op->dir_op = dir_user_load(f->conf.dir, op->id, look_on_user, op);
}

/* ---- show ---- */

struct show {
	struct people_op op; /* first */
	flow_person_cb *cb;
	void *arg;
};

static void
show_answer(struct people_op *op, enum err code, const struct fault *f)
{
	struct show *s = (struct show *)op;
	const struct dir_user *user = op->user.dn != NULL ? &op->user : NULL;

	s->cb(s->arg, code, code == ERR_OK ? user : NULL, code == ERR_OK ? op->inv : NULL, NULL, f);
}

static void
show_found(struct people_op *op)
{
	people_finish(op, ERR_OK, NULL);
}

void
flow_person_show(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_person_cb *cb, void *arg)
{
	struct people_op *op =
	    people_new(f, sizeof(struct show), INTENT_KIND_COUNT, id, caller, show_answer);
	struct show *s = (struct show *)op;

	s->cb = cb;
	s->arg = arg;
	op->is_soft = true;
	people_look(op, show_found);
}
