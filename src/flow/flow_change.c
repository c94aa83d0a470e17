/* One change of one invitation: load, mutate, save; on a conflict all of it again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_private.h"

struct change {
	TAILQ_ENTRY(change) link;
	struct flow *flow;
	struct store_op *op; /* always one */
	char id[ID_SIZE];
	struct flow_change_spec spec;
	struct flow_caller by;
	struct arena *arena;
	flow_changed_cb *cb;
	struct invitation *before, *after;
	int tries;
};

static void change_load(struct change *c);

static void
change_free(struct change *c)
{
	TAILQ_REMOVE(&c->flow->changes, c, link);
	invitation_free(c->before);
	invitation_free(c->after);
	arena_free(c->arena);
	free(c);
}

void
flow_changes_free(struct flow *f)
{
	struct change *c, *next;

	LIST_EACH_SAFE(c, &f->changes, link, next)
	{
		store_cancel(c->op);
		if (c->spec.abandon != NULL)
			c->spec.abandon(c->spec.ctx);
		change_free(c);
	}
}

static void
change_finish(struct change *c, enum err code, const struct fault *f)
{
	flow_changed_cb *cb = c->cb;
	void *ctx = c->spec.ctx;
	struct invitation *after = c->after;

	c->after = NULL;
	change_free(c);
	cb(ctx, code, after, f);
	invitation_free(after);
}

static void
change_on_saved(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct change *c = arg;

	if (code == ERR_CONFLICT && ++c->tries < FLOW_TRIES) {
		change_load(c);
		return;
	}
	if (code == ERR_OK)
		c->after->revision = revision;
	change_finish(c, code, f);
}

static void
change_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct change *c = arg;
	struct store_note note = flow_note(&c->by);
	struct fault fault = { .text = "" };

	if (code == ERR_OK) {
		code = flow_check_reach(&c->by, *inv, &fault);
		f = &fault;
	}
	if (code != ERR_OK) {
		change_finish(c, code, f);
		return;
	}
	invitation_free(c->before);
	invitation_free(c->after);
	c->before = *inv;
	*inv = NULL;
	c->after = invitation_copy(c->before);
	code = c->spec.mutate(c->flow, c->after, c->spec.ctx, &fault);
	if (code != ERR_OK) {
		change_finish(c, code, &fault);
		return;
	}
	note.org_unit = c->before->person.value[PERSON_ORG_UNIT];
	note.personal = audit_of_person(&c->before->person, NULL, c->arena);
	c->op = store_save(
	    c->flow->conf.store, c->before, c->after, c->spec.event, &note, change_on_saved, c);
}

static void
change_load(struct change *c)
{
	c->op = store_load(c->flow->conf.store, c->id, change_on_loaded, c);
}

void
flow_change_start(struct flow *f, const struct flow_change_spec *spec, flow_changed_cb *cb)
{
	struct change *c = mem_alloc(sizeof(*c));

	c->flow = f;
	c->spec = *spec;
	memcpy(c->id, spec->id, strnlen(spec->id, ID_SIZE - 1));
	c->arena = arena_new(0);
	c->by = flow_caller_copy(spec->by, c->arena);
	c->cb = cb;
	TAILQ_INSERT_TAIL(&f->changes, c, link);
	change_load(c);
}
