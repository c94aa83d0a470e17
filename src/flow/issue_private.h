/* The check of an invitation, which is one for whoever makes it (flow_issue.c) and for whoever is
 * still writing it (flow_issue_preflight.c), so that both are told the same:
 *
 *   flow_issue_check.c   what the rules say, before anybody is asked
 *   flow_issue_ask.c     what the directory is asked, and what its answer says
 *
 * What the store has reserved is each one's own: the one reserves, the other only looks. */
#ifndef USHERD_FLOW_ISSUE_PRIVATE_H
#define USHERD_FLOW_ISSUE_PRIVATE_H

#include "flow/flow_private.h"

struct issue_check {
	struct flow *flow;
	struct arena *arena; /* of all but the invitation */
	struct flow_caller by;
	struct invitation *inv; /* as it would be made; a draft's has only what is in order */
	bool is_draft;		/* nothing comes of it: all is looked at, whatever is wrong */
	bool is_partial;	/* what is missing may come */
	struct field_errors errors;
	bool invalid; /* something breaks a rule */
	bool clash;   /* a name is taken: 409 unless something is invalid */
	bool blind;   /* where its groups lead is not known */
	struct flow_groups groups;
	struct flow_names names;
	bool free_uid[FLOW_CANDIDATES_MAX];
};

/* ---- flow_issue_check.c ---- */

enum issue_purpose {
	ISSUE_TO_MAKE,
	ISSUE_TO_LOOK,	/* a draft, in which nothing is missing */
	ISSUE_TO_WRITE, /* one that is still being written */
};
/* The invitation, and what the rules say of it. */
void issue_check_begin(struct issue_check *c, struct flow *flow, const struct issue_spec *spec,
    const struct flow_caller *caller, enum issue_purpose purpose);
void issue_check_end(struct issue_check *c);
/* What role each group gives, by the name that it has now; an error of each that gives one. */
void issue_check_roles(struct issue_check *c);
/* What the field errors amount to. Taken names alone are a conflict; with anything else wrong, all
 * of it is invalid input. */
enum err issue_verdict(const struct issue_check *c);
/* ERR_UNAVAILABLE when it is blind. */
enum err issue_check_sight(const struct issue_check *c, struct fault *f);
bool issue_has_error(const struct issue_check *c, const char *field);
void issue_taken(struct issue_check *c, enum person_field field);

/* ---- flow_issue_ask.c ---- */

/* A uid was chosen, or can be made. */
bool issue_has_uid(const struct issue_check *c);
/* The uids to ask about: the chosen one, or the next candidates. False, and an error on "uid":
 * every candidate is taken. */
bool issue_ask_uids(struct issue_check *c, struct dir_question *q);
/* All else that the directory knows of. */
void issue_ask_rest(const struct issue_check *c, struct dir_question *q);
/* What the answer says of the uids, and of all else that was asked. */
void issue_read_uids(struct issue_check *c, const struct dir_answer *a);
void issue_read_rest(struct issue_check *c, const struct dir_answer *a);
/* Take the next candidate that the directory does not have, or the uid that was chosen. False:
 * there is none left of those that were asked about. */
bool issue_pick_uid(struct issue_check *c);

#endif
