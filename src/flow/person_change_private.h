/* Changes of a profile: what the start of one and its end share. Nobody else includes this. */
#ifndef USHERD_FLOW_PERSON_CHANGE_PRIVATE_H
#define USHERD_FLOW_PERSON_CHANGE_PRIVATE_H

#include "flow/people_private.h"

struct change_person {
	struct people_op op; /* first */
	const char *given[PERSON_FIELD_COUNT], *tag;
	bool clash; /* only names are in the way */
	int tries;  /* versions that were gone when the change came */
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

#endif
