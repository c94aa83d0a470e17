/* What the use cases about people share: one operation on one entry, from the look at it to the
 * audit record. Nobody outside src/flow includes this.
 *
 * Steps in the order of events: looked (who is it, as they are now) > guarded (oneself, the last
 * administrator) > begun (the intent is stored) > acted (the directory) > settled (the audit
 * record, the intent is gone) > answered. A definite refusal of the directory drops the intent; an
 * answer that never came leaves it to the resolver, which resumes the same operation without a
 * caller. */
#ifndef USHERD_FLOW_PEOPLE_PRIVATE_H
#define USHERD_FLOW_PEOPLE_PRIVATE_H

#include "flow/flow_people.h"
#include "flow/flow_private.h"
#include "store/store_people.h"

struct people_op;
typedef void people_step(struct people_op *op);
typedef void people_answer(struct people_op *op, enum err code, const struct fault *f);

/* Every operation begins with this. */
struct people_op {
	TAILQ_ENTRY(people_op) link;
	struct flow *flow;
	struct arena *arena;	    /* every string here */
	struct field_errors errors; /* in the arena */
	struct store_op *store_op;  /* the wait under way, one of the two, or neither */
	struct dir_op *dir_op;
	struct loop_timer *later; /* for what must not be done in the starting call */
	people_step *at_last;	  /* then; NULL: the answer */
	people_answer *answer;	  /* runs the caller's callback; NULL: resumed, nobody waits */
	people_step *release;	  /* frees what a kind added, not the struct; may be NULL */
	people_step *next;	  /* after the wait under way */
	char id[ID_SIZE];	  /* who or what */
	struct flow_caller by;	  /* who asks; of a resumed one nobody, who reaches everything */
	int64_t started_mono_ms;
	bool resumed;	 /* from its intent */
	bool keeps_role; /* as people_guard_swap() says */
	/* looked at */
	bool in_roster, is_soft;  /* soft: a directory that is away is no error */
	const char *listed_place; /* where the roster has them, in one spelling; NULL: nowhere */
	struct dir_user user;	  /* dn NULL: none */
	struct person person;
	struct invitation *inv; /* it is an invitation */
	/* written down */
	struct store_intent intent;
	enum err code; /* to be answered when the intent is dropped, or later */
	struct fault fault;
};

/* flow_people.c. `size` bytes that begin with a people_op. `caller` NULL: resumed. */
struct people_op *people_new(struct flow *f, size_t size, enum store_intent_kind kind,
    const char *id, const struct flow_caller *caller, people_answer *answer);
/* The same from what was found written down. */
struct people_op *people_resume(struct flow *f, size_t size, const struct store_intent *intent);
/* The operation on this id that is past its beginning here, or NULL. */
struct people_op *people_op_of(struct flow *f, const char *id);
/* Answers and frees; nothing touches it afterwards. */
void people_finish(struct people_op *op, enum err code, const struct fault *f);
/* The same from inside the starting call. */
void people_finish_later(struct people_op *op, enum err code, const char *text);
void people_do_later(struct people_op *op, people_step *step);

/* Who is it? Afterwards user or inv is there, in the caller's reach, and the intent names where
 * they stand; ERR_NOT_FOUND (also: out of reach) and the like finish it. */
void people_look(struct people_op *op, people_step *next);
/* What else is done in the course of it is noted as the intent is. */
struct store_note people_note(const struct people_op *op);
/* flow_person_guard.c. Oneself and the last administrator are refused. `what`: "delete",
 * "suspend". */
void people_guard(struct people_op *op, const char *what, people_step *next);
/* Nobody is refused, as the role stays; it waits for its turn all the same. */
void people_guard_swap(struct people_op *op, people_step *next);
/* people_guard() of a resumed one whose entry is still there: others may have gone meanwhile. */
void people_guard_again(struct people_op *op, people_step *next);
/* flow_person_role.c. Somebody who has a role is refused to whoever is limited (ERR_DENIED, "role:
 * ..."), unless it is they themselves. */
void people_spare_roles(struct people_op *op, people_step *next);
/* The same of whatever is, or is in, one of these. */
void people_spare_roles_of(
    struct people_op *op, const char *const *names, size_t count, people_step *next);
void people_begin(
    struct people_op *op, const struct secret *saved, uint64_t trash_revision, people_step *next);
/* The directory answered with an error: the intent is dropped and the error told, or it is left to
 * the resolver and ERR_UNKNOWN is told. */
void people_refused(struct people_op *op, enum err code, const struct fault *f);
/* It changed nothing: no record, and ERR_OK is told. */
void people_drop(struct people_op *op);
/* A look afterwards failed: nobody may ever be let look (ERR_REFUSED), else it is left. */
void people_give_up_or_leave(struct people_op *op, enum err code, const struct fault *f);
/* It is left to the resolver. */
void people_leave(struct people_op *op, const struct fault *f);
/* The audit record with `detail` (JSON or NULL). */
void people_settle(struct people_op *op, const char *detail, people_step *next);
/* The directory has deleted or suspended whom the intent is about: what they may do ends now. */
void people_end_rights(struct people_op *op);
const char *const *people_keep_list(const char *const *list, size_t count, struct arena *arena);
/* A copy that lives as long as the operation. */
void people_keep_user(struct people_op *op, const struct dir_user *user);
/* The version that may be changed: the one that was asked for, and for a caller whose rights are
 * limited the one that was seen to be in reach; NULL: any. */
const char *people_tag(const struct people_op *op, const char *wanted);
/* Whoever asked for it does not reach everything, and somebody at `dn` is not where they were when
 * they were seen to be in reach. Also of what was written down and is resumed. */
bool people_has_left(const struct people_op *op, const char *dn);
/* "mail: ..." at the beginning of a fault of dir names a field: an error of it, with `code`;
 * `otherwise` when none is named. */
void people_add_named(
    struct people_op *op, const struct fault *f, const char *code, const char *otherwise);
static inline bool
people_is_passing(enum err code)
{
	return code == ERR_UNAVAILABLE || code == ERR_UNKNOWN || code == ERR_BUSY;
}

/* What was told "in progress" is not given up because the directory is away, or because our rights
 * are amiss for a while. */
static inline bool
people_may_pass(enum err code)
{
	return people_is_passing(code) || code == ERR_MISCONFIGURED;
}

/* flow_people_resolve.c */
struct people_resolver;
struct people_resolver *flow_people_resolver_new(struct flow *f);
void flow_people_resolver_free(struct people_resolver *r);
void flow_people_resolver_wake(struct people_resolver *r, int64_t ms);
/* The change of this entry was left behind here and now. */
void flow_people_note_left(struct people_resolver *r, const char *id);
/* One that it had resumed has ended. */
void flow_people_resolved(struct people_resolver *r, enum err code);
void flow_people_free(struct flow *f);

/* flow_person_revoke.c: to the answer. */
void person_remove_invitation(struct people_op *op);

/* Carry on with what is written down, each in its own file. */
void person_change_resume(struct flow *f, const struct store_intent *intent);
void person_suspend_resume(struct flow *f, const struct store_intent *intent);
void person_remove_resume(struct flow *f, const struct store_intent *intent);
void person_restore_resume(struct flow *f, const struct store_intent *intent);
void org_unit_resume(struct flow *f, const struct store_intent *intent);

/* flow_trash.c: what is kept of deleted users goes when its time is over. Those that an older
 * version kept get their place in the list meanwhile. */
struct trash_sweeper;
struct trash_sweeper *flow_trash_sweeper_new(struct flow *f);
void flow_trash_sweeper_free(struct trash_sweeper *s);
/* As whoever looks at what is kept is shown them, in `arena`: cut, and without what cannot be. */
struct trash_names flow_trash_names(const struct person *p, struct arena *arena);

#endif
