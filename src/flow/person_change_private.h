/* Changes of a profile: what the start of one and its end share. Nobody else includes this. */
#ifndef USHERD_FLOW_PERSON_CHANGE_PRIVATE_H
#define USHERD_FLOW_PERSON_CHANGE_PRIVATE_H

#include "flow/people_private.h"

/* What became of the values that were written down. */
enum change_values {
	CHANGE_VALUES_OPEN, /* it shows by what the entry has now */
	CHANGE_VALUES_SAME, /* nothing had to be written */
	CHANGE_VALUES_DONE
};

struct change_person {
	struct people_op op; /* first */
	const char *given[PERSON_FIELD_COUNT], *tag, *groups_tag;
	const char *const *given_groups; /* NULL: they stay */
	size_t given_group_count;
	bool clash; /* only names are in the way */
	int tries;  /* versions that were gone when the change came */
	enum change_values values;
	/* groups: those that are new, and where each stood in what came */
	struct flow_groups joining;
	const char *leaving[PERSON_GROUPS_MAX];
	size_t looked_at; /* of the new ones: whether they give a role */
	people_step *checked;
	const bool *roles_before; /* of the role groups: which they are in, when it is oneself */
	char groups_seen[DIR_GROUPS_TAG_SIZE]; /* those that all of this was decided by */
	bool grouped;			       /* they are done with */
	bool groups_all_told;		       /* none of them refused */
	bool groups_left_alone;		       /* what is so of them now is others' doing */
	flow_person_cb *cb;
	void *arg;
};

static inline struct change_person *
change_of(struct people_op *op)
{
	return (struct change_person *)op;
}

/* flow_person_change.c. Again, when the version that was looked at is no more. */
void person_change_looked(struct people_op *op);

/* flow_person_change_act.c: to the answer. */
void person_change_begin(struct people_op *op);
/* An error of this field, which says nothing of whose the value is. */
void person_change_taken(struct people_op *op, enum person_field field);
bool person_change_differs(struct people_op *op, int field, const char *new);
/* How they are now is known: it is settled. */
void person_change_seen(struct people_op *op);

/* flow_person_groups.c. What is to be joined and left, in the intent; errors are added. */
void person_groups_plan(struct people_op *op);
bool person_groups_any(const struct people_op *op);
/* What they are in, in one spelling. One that has none is not to be had here either: it stays. */
size_t person_groups_present(struct people_op *op, const char *out[PERSON_GROUPS_MAX]);
/* What is to be joined has the server's names now: what they are in already is neither joined nor
 * left. */
void person_groups_are_called(struct people_op *op);
/* All of it is so now. */
bool person_groups_are_so(struct people_op *op);
/* Errors with the fault's words of those that were not joined; of none: of all of them. */
void person_groups_name_refused(struct people_op *op);
/* For the audit: what of it is so. NULL: nothing. */
const struct audit_groups *person_groups_carried_out(struct people_op *op);

/* flow_person_groups_check.c. May who asked do that? Otherwise it is answered; of a resumed one it
 * goes on without. */
void person_groups_check(struct people_op *op, people_step *next);

#endif
