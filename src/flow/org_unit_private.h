/* Org units: what the start of a change and its end share. Nobody else includes this. */
#ifndef USHERD_FLOW_ORG_UNIT_PRIVATE_H
#define USHERD_FLOW_ORG_UNIT_PRIVATE_H

#include "flow/people_private.h"

struct unit {
	struct people_op op; /* first */
	const char *dn;	     /* of the answer */
	/* As it was seen before the change, for the audit; not of one that was carried out before
	 * it was resumed. */
	bool is_seen;
	const char *name, *description;
	flow_org_unit_cb *cb;
	void *arg;
};

/* flow_org_unit_act.c: to the answer. */
void unit_begin(struct people_op *op);
void unit_keep_values(struct people_op *op, const struct dir_org_unit *unit);
bool unit_differs(const char *wanted, const char *is);

/* flow_org_unit_rules.c. ERR_NOT_FOUND: out of reach; ERR_DENIED: the caller's rights begin with
 * it. */
enum err org_unit_check_reach(const struct people_op *op, const char *normal_dn, struct fault *f);
/* ERR_REFUSED ("role_place: ..."): a role is for it or something below it, or a group that gives
 * one is below it. */
enum err org_unit_check_roles(const struct people_op *op, const char *normal_dn, struct fault *f);
/* ERR_CONFLICT: somebody is invited at or below op->id; ERR_UNAVAILABLE: that is not known yet. */
enum err org_unit_check_invited(const struct people_op *op, struct fault *f);

#endif
