/* What the use cases share. Nobody outside src/flow includes this. */
#ifndef USHERD_FLOW_FLOW_PRIVATE_H
#define USHERD_FLOW_FLOW_PRIVATE_H

#include "base/list.h"
#include "flow/flow.h"
#include "invite/outbox.h"

enum {
	FLOW_TRIES = 5,		  /* of a change that somebody else was faster with */
	FLOW_CANDIDATES_MAX = 32, /* uids asked about at once */
	FLOW_BACKOFF_MIN_MS = 200,
	FLOW_BACKOFF_MAX_MS = 5000,
	/* A finished registration that was answered "in progress" is told as done this long. */
	FLOW_FOLLOW_MS = 3600 * 1000,
	/* A password waits in memory this long for a directory that is away. */
	FLOW_PATIENCE_MS = 3600 * 1000,
	/* An Add whose answer never came may reach a server as late as this after its claim was
	 * given back: something between us and the server may have kept it, or the server itself
	 * stood still. Until then the invitation keeps its name. */
	FLOW_LATE_MS = 120 * 1000
};

struct attempt;
struct change;
struct lane;
struct people_op;
struct people_resolver;
struct trash_sweeper;
struct resolver;
struct sweeper;
TAILQ_HEAD(attempt_list, attempt);
TAILQ_HEAD(change_list, change);
TAILQ_HEAD(people_list, people_op);
struct flow_mails;
struct flow_hooks;

/* Somebody's call that waits for the store, the directory or the mailer; all are ended when the
 * flow is freed. */
struct flow_task {
	TAILQ_ENTRY(flow_task) link;
	struct flow *flow;
	struct store_op *op;		     /* under way, or NULL */
	void (*release)(struct flow_task *); /* frees it whole */
};
TAILQ_HEAD(flow_task_list, flow_task);

/* A use case with a life of its own, which a flow has or has not. */
struct flow_guest {
	size_t (*under_way)(const struct flow_guest *guest);
	/* This person was suspended or deleted by us. */
	void (*end_person)(struct flow_guest *guest, const char *person);
	/* This person is known no more; what the store has of them is their caller's. */
	void (*forget)(struct flow_guest *guest, const char *person);
	void (*free)(struct flow_guest *guest);
};

struct flow {
	struct flow_conf conf;
	struct attempt_list attempts;
	size_t attempt_count;
	struct change_list changes; /* under way */
	struct resolver *resolver;
	struct sweeper *sweeper;
	/* The last org unit that was found to be a place for people, as it was written and in its
	 * normal form: parsing a DN twice was a tenth of an invitation's cost, and most name the
	 * same few. */
	char place_raw[PERSON_DN_MAX + 1], place_normal[PERSON_DN_MAX + 1];
	/* Since when nobody here has stopped waiting for something that may still be carried out:
	 * our start (the process before us may have been killed), or an attempt left behind. */
	int64_t quiet_since_mono_ms;
	int64_t left_at; /* the same moment by the wall clock */
	struct memory *memory;
	struct quota *quota;
	struct people_list people; /* changes of entries under way */
	struct people_resolver *people_resolver;
	struct trash_sweeper *trash_sweeper;
	struct sweeper *audit_sweeper;	/* NULL: the trail is kept for ever */
	struct people_op *admin_change; /* the one of an administrator whose turn it is, or NULL */
	/* What the process before us had sent may be on its way for a while from here on. */
	int64_t started_mono_ms;
	void (*tokens_ended)(void *arg, const char *created_by); /* may be NULL */
	void *tokens_ended_arg;
	void (*person_ended)(void *arg, const char *person, const char *reason); /* may be NULL */
	void *person_ended_arg;
	struct flow_mails *mails; /* NULL: there is no way to send */
	struct mail_sweeper *mail_sweeper;
	struct flow_hooks *hooks;
	struct lane *lanes[OUTBOX_QUEUE_COUNT]; /* of these; NULL: nothing is carried */
	struct flow_task_list tasks;
	struct flow_guest *sign_ins; /* NULL: nobody signs in here */
	size_t opening;		     /* of them: noting that a form was shown */
	bool sends_no_more;	     /* lanes begin nothing */
	bool draining;
	loop_cb *drained;
	void *drained_arg;
};

static inline int64_t
flow_now(const struct flow *f)
{
	return clock_wall_ms(f->conf.clock);
}

static inline struct person_rules
flow_rules(const struct flow *f)
{
	return (struct person_rules){
		.gender_required = f->conf.gender_required,
		.birthday_required = f->conf.birthday_required,
		.today = date_of(flow_now(f)),
	};
}

/* ---- flow.c ---- */

/* Something has ended: tell who waits for everything to end. */
void flow_check_drained(struct flow *f);

void flow_task_begin(struct flow *f, struct flow_task *t, void (*release)(struct flow_task *));
/* It is over: its callback may run, even one that frees the flow, and then its own release. */
void flow_task_unlink(struct flow_task *t);
void flow_tasks_free(struct flow *f);

/* ---- flow_caller.c: who asks, for as long as a use case takes ---- */

struct flow_caller flow_caller_copy(const struct flow_caller *by, struct arena *arena);
/* Nobody's: the daemon's own doings. */
struct flow_caller flow_caller_own(const char *name);
/* Something at or directly in `place` (one spelling; NULL: nowhere), made by `owner` (NULL or "":
 * nobody who is known). */
bool flow_reaches(const struct flow_caller *by, const char *place, const char *owner);
bool flow_reaches_invitation(const struct flow_caller *by, const struct invitation *inv);
/* ERR_NOT_FOUND when it is out of reach. */
enum err flow_check_reach(
    const struct flow_caller *by, const struct invitation *inv, struct fault *f);
/* The one spelling of the DN above this one, in `arena`; NULL: there is none. */
const char *flow_place_above(const char *dn, struct arena *arena);

/* ---- flow_quota.c: open invitations by who made them ---- */

struct quota;
struct quota *quota_new(void);
void quota_free(struct quota *q);
/* All that are open are about to be told, and were. */
void quota_begin(struct quota *q);
void quota_ready(struct quota *q);
/* As the store has it now; `owner` "" or NULL: it is not open, or nobody's. */
void quota_tell(struct quota *q, const char *id, const char *owner);
/* One more may be made. ERR_REFUSED: there are `max` (0: any number may be). ERR_UNAVAILABLE: how
 * many there are is not known yet. */
enum err quota_check(const struct quota *q, const char *owner, size_t max, struct fault *f);
/* The same, and it is being made: it counts from now on, until it was told of or released. */
enum err quota_hold(
    struct quota *q, const char *id, const char *owner, size_t max, struct fault *f);
void quota_release(struct quota *q, const char *id); /* nothing came of it */
/* The ids behind `after` (NULL: all) of those that this person has made, ascending, in `arena`;
 * some may be no more, or not yet. False: which they are is not known yet. */
bool quota_list(const struct quota *q, const char *owner, const char *after, struct arena *arena,
    const char (**ids)[ID_SIZE], size_t *count);

/* ---- flow_audit.c: what the audit keeps of people, as JSON in `arena` ---- */

/* Given and family name when there is no display name; NULL: none of them. */
const char *audit_name(const struct person *p, struct arena *arena);
/* {"name","uid"} and, given, "dn". */
const char *audit_of_person(const struct person *p, const char *dn, struct arena *arena);
/* {"name","uid","mail","personal_mail","position","phone"} */
const char *audit_of_issue(const struct invitation *inv, struct arena *arena);
/* {"method","expires_at","groups"}: for a record's detail, as is the next one. */
const char *audit_of_grant(const struct invitation *inv, struct arena *arena);
/* {"groups"}, and what went wrong with them (NULL: nothing). */
const char *audit_of_groups(const struct person *p, const char *shortcoming, struct arena *arena);
/* {"name","uid","changes":{FIELD:{"before","after"}}}: `after[i]` NULL: left alone, "": removed. */
const char *audit_of_change(
    const struct person *before, const char *const after[PERSON_FIELD_COUNT], struct arena *arena);
/* {"fields":[NAME]}, and of groups {"groups_before","groups"}; `groups` NULL: they stayed. For a
 * record's detail; NULL: nothing changed. */
struct audit_groups {
	const char *before[2 * PERSON_GROUPS_MAX], *after[2 * PERSON_GROUPS_MAX];
	size_t before_count, after_count;
};
const char *audit_of_fields(
    const bool changed[PERSON_FIELD_COUNT], const struct audit_groups *groups, struct arena *arena);
/* The same of a personal address. */
const char *audit_of_readdress(
    const struct invitation *before, const char *after, struct arena *arena);
/* Of audit_of_change() the fields that are `changed`, and no others. */
const char *audit_of_these(
    const char *personal, const bool changed[PERSON_FIELD_COUNT], struct arena *arena);

/* ---- flow_change.c: load, mutate, save; again when somebody was faster ---- */

/* Changes the loaded invitation. ERR_OK: save it. ERR_USED...: give up with that code. Called again
 * on a fresh copy after a conflict, so it must not keep anything but what `ctx` owns. */
typedef enum err flow_mutate(
    struct flow *f, struct invitation *inv, void *ctx, struct fault *fault);

struct flow_change_spec {
	const char *id;
	enum invitation_event event;
	flow_mutate *mutate;
	void *ctx; /* outlives the change */
	void (*abandon)(
	    void *ctx); /* instead of the callback when the flow is freed; may be NULL */
	/* Copied. What is out of its reach is ERR_NOT_FOUND. */
	const struct flow_caller *by;
};

/* ERR_OK: `inv` is the stored version. Otherwise it is what was loaded, or NULL. */
typedef void flow_changed_cb(
    void *ctx, enum err code, const struct invitation *inv, const struct fault *f);
void flow_change_start(struct flow *f, const struct flow_change_spec *spec, flow_changed_cb *cb);
void flow_changes_free(struct flow *f);

/* ---- flow_administer.c ---- */

/* Why nothing can be changed about an invitation now: by the state that everybody sees. */
enum err flow_refusal(struct flow *flow, const struct invitation *inv, struct fault *f);

/* ---- flow_groups.c: groups that somebody is to be in, invited or there already ---- */

/* In one spelling, each once, where it came first; `at` has where each stood in what came. What the
 * server ignores is more than what makes two spellings one here: before anything is made of them
 * they are asked about. */
struct flow_groups {
	const char *dn[PERSON_GROUPS_MAX];
	size_t at[PERSON_GROUPS_MAX], count;
};
/* Those of `list` (at most PERSON_GROUPS_MAX) that have no error yet, in `arena`. */
void flow_groups_read(struct flow_groups *out, const char *const *list, size_t count,
    struct arena *arena, struct field_errors *errors);
/* What the answer to a question about exactly these says. What is out of reach is answered like
 * what is not there, and was asked about all the same. False: one is missing, and has an error.
 * The others are called what the server calls them from now on, in `arena`, each of them once. */
bool flow_groups_are_there(struct flow_groups *groups, const struct dir_answer *a,
    const struct flow_caller *by, const char *owner, struct arena *arena,
    struct field_errors *errors);
/* DNs in one spelling, but for the case of letters. */
bool flow_names_have(const char *const *names, size_t count, const char *dn);
/* "groups[2]", as a field is named in errors. */
const char *flow_group_name(struct arena *arena, size_t i);
bool flow_has_error(const struct field_errors *errors, const char *field);

/* ---- flow_issue_check.c ---- */

/* The org unit in its one spelling, in `arena`; NULL after adding an error of "org_unit". */
const char *flow_check_place(
    struct flow *f, const char *raw, struct arena *arena, struct field_errors *errors);

/* ---- flow_names.c: candidates of a uid ---- */

struct flow_names {
	char uid[FLOW_CANDIDATES_MAX][PERSON_UID_MAX + 1];
	size_t count;
	size_t next;   /* candidates before this one are spent */
	unsigned last; /* the highest number tried; 0: none yet */
};
/* Replaces the candidates by the next ones, more of them each time. False when there are no more.
 */
bool flow_names_more(struct flow_names *n, const char *template, const struct person *p);

/* ---- flow_memory.c: which password finished a registration, for a while ---- */

struct memory *flow_memory_new(void);
void flow_memory_free(struct memory *m);
void flow_remember_done(struct flow *f, const char *invitation_id, const struct secret *password);
/* Whether this process finished it with this password lately. A NULL password never did. */
bool flow_was_done_with(
    const struct flow *f, const char *invitation_id, const struct secret *password);

/* ---- flow_accept.c ---- */

/* The attempt under way for this invitation, or NULL. */
struct attempt *flow_attempt_of(struct flow *f, const char *invitation_id);
bool flow_attempt_was_told_later(const struct attempt *a);
void flow_attempts_hurry(struct flow *f);
void flow_attempts_free(struct flow *f);

/* ---- flow_resolve.c, flow_expire.c ---- */

/* Nothing that was sent and left behind can still be on its way. */
bool flow_is_quiet(const struct flow *f);
struct resolver *flow_resolver_new(struct flow *f);
void flow_resolver_wake(struct resolver *r); /* something may have become resolvable */
void flow_resolver_free(struct resolver *r);

/* flow_audit_sweep.c. NULL: nothing is to be swept. */
struct sweeper *flow_audit_sweeper_new(struct flow *f);

struct sweeper *flow_sweeper_new(struct flow *f);
/* Store that this one is past its end; nobody waits for it. `by`: who met it so, whether or not it
 * is in their reach. */
void flow_expire(struct flow *f, const struct invitation *inv, const struct flow_caller *by);
/* The same if it is past its end, and told when that is done. ERR_CONFLICT: it is not, or no
 * longer. `abandon` (NULL: nothing to free) instead of the callback when the flow is freed. */
void flow_expire_start(struct flow *f, const char *id, const struct flow_caller *by,
    flow_changed_cb *cb, void (*abandon)(void *ctx), void *ctx);

#endif
