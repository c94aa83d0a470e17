/* Shared by the files of dir alone.
 *
 * Threads: the loop's thread owns struct dir, its lists of jobs and the asker. Workers touch the
 * configuration (never written), the servers' states (under `lock`), their own struct dir_conn, and
 * the job they were given. A job's `phase` is the one thing both sides write: whoever moves it
 * first wins.
 */
#ifndef USHERD_DIR_PRIVATE_H
#define USHERD_DIR_PRIVATE_H

#include <ldap.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/failpoint.h"
#include "base/list.h"
#include "dir/dir.h"
#include "loop/work.h"

enum {
	DIR_PLACES_MAX = 10000,
	DIR_NAMES_MAX = 64,	 /* bytes of a server-given attribute name that we keep */
	DIR_FILTER_MAX = 262144, /* bytes of a filter: 256 terms of the longest values */
	DIR_VALUE_MAX = 4096,	 /* bytes of a value from the server */
	/* Bytes of the entries of one answer: an eighth of an arena's limit, so that what is made
	 * of them always fits. */
	DIR_ANSWER_MAX = 8 << 20,
	DIR_MESSAGE_MAX = 2 * DIR_ANSWER_MAX, /* what a server may make libldap ask memory for */
};

/* ---- servers and their pauses (dir_server.c) */

enum server_state {
	SERVER_UNTRIED,
	SERVER_WORKS,
	SERVER_PAUSED, /* only a probe ends a pause */
};

enum proof { PROOF_NONE, PROOF_DONE, PROOF_FAILED };

/* ---- a connection (dir_conn.c): one thread's, to one server */

enum { DIR_TURNED_MAX = 128 };

struct dir_conn {
	struct dir *dir;
	LDAP *ld;	  /* NULL: closed */
	size_t server;	  /* of dir->servers, meaningful while ld is set */
	unsigned outages; /* of the server when this was opened */
	bool post_read;	  /* the server knows RFC 4527 */
	bool sync, paged; /* it knows RFC 4533, RFC 2696 */
	bool assertion;	  /* it knows RFC 4528 */
	int turned_away;  /* the code of an answer that was "busy" or "unavailable"; 0: none was */
	char turned_words[DIR_TURNED_MAX]; /* what it said with it, when that names nobody */
	/* Around the next request and its answer, in test builds; else NULL. */
	struct failpoints *points;
};

struct dir_server {
	const char *uri;
	enum server_state state;
	int64_t next_probe; /* monotonic ms, as all times here */
	int64_t pause_ms, failing_since, works_since;
	int64_t failed_at; /* when `fault` was heard; 0: never */
	unsigned outages;  /* pauses that have begun */
	bool probing;
	enum proof proof; /* does it know the password scheme? argon2 mode only */
	int64_t next_proof, proof_failed_at;
	bool opening; /* somebody connects and binds */
	unsigned openings_failed;
	int64_t refused_until;
	struct fault fault, proof_fault, refusal, opening_fault;
	struct dir_conn watch; /* the prober's: not under the lock, one probe runs at a time */
};

/* What became of one request on the wire. */
enum wire {
	WIRE_ANSWERED, /* there is a result code */
	WIRE_LOST, /* no answer: connection gone, or the deadline passed. The connection is closed
		    */
	WIRE_REFUSED, /* libldap would not even encode it: nothing was sent */
};

/* A final result with the server's own words. */
struct dir_reply {
	int code;	  /* LDAP_SUCCESS... */
	char *diagnostic; /* never NULL */
	int policy;	  /* ppolicy error, -1: none told */
	char *entry_uuid; /* from the post-read control, or NULL */
	bool timed_out;	  /* with WIRE_LOST */
};

/* As ourselves. A server that refused our credentials is not asked again for 30 s, whoever asks.
 * `*bound` (may be NULL): the bind's result, -1 when there was none. */
enum err dir_conn_open(
    struct dir_conn *c, size_t server, int64_t deadline, int *bound, struct fault *f);

/* Who binds, and what became of it. */
struct dir_login {
	const char *dn; /* NULL or "": SASL EXTERNAL */
	const char *password;
	bool is_person; /* asks for the password policy's words, and waits as for an operation */
	int result;	/* out: the bind's, -1 when there was none */
	int policy;	/* out: ppolicy error, -1: none told */
	bool sent;	/* out: the password may have arrived */
};
/* Bind with the given name instead of our own; nothing is asked afterwards. */
enum err dir_conn_open_as(
    struct dir_conn *c, size_t server, struct dir_login *as, int64_t deadline, struct fault *f);
void dir_conn_close(struct dir_conn *c);

/* RFC 4532: who the server takes us for ("" when for nobody), freed by the caller; NULL but with
 * ERR_OK. `*result`: the answer's, -1 when there was none. (dir_identity.c) */
enum err dir_conn_whoami(
    struct dir_conn *c, int64_t deadline, char **who, int *result, struct fault *f);
bool dir_conn_names(const char *who, const char *dn); /* is it "dn:" and this DN? */
/* Is the name that the server gave us the one we bound with? A server, or something in its place,
 * that says yes to everything must not be believed. */
enum err dir_conn_check_identity(struct dir_conn *c, int64_t deadline, struct fault *f);
/* The words for a failure of libldap, and for an answer that is no success. */
enum err dir_conn_failed(const struct dir_conn *c, const char *step, int rc, struct fault *f);
enum err dir_conn_bad_answer(
    struct dir_conn *c, const char *step, struct dir_reply *r, enum wire w, struct fault *f);

/* A question that costs the server nothing. False: no answer in time, or it was turned away. */
bool dir_conn_ping(struct dir_conn *c, int64_t deadline);

/* Something came in, or the end of the stream, although we asked nothing: not fit for a write. */
bool dir_conn_is_stale(const struct dir_conn *c);
/* `tls`: make a TLS context too (reading the system's CA file takes milliseconds). */
enum err dir_conn_set_options(
    LDAP *ld, const struct dir_conf *conf, int64_t connect_ms, bool tls, struct fault *f);

/* ---- requests (dir_wire.c). `reply` is released by the caller, whatever comes back. */

void dir_reply_release(struct dir_reply *r);
/* Entries of more than DIR_ANSWER_MAX bytes are thrown away: LDAP_RESULTS_TOO_LARGE. */
enum wire dir_wire_wait(
    struct dir_conn *c, int id, int64_t deadline, struct dir_reply *r, LDAPMessage **entries);

struct dir_search {
	const char *base, *filter;
	int scope;
	const char *const *attributes; /* NULL-terminated */
	int size_limit;
	int id; /* out: message id */
};
/* Send only; several can be under way on one connection. */
enum wire dir_wire_send_search(struct dir_conn *c, struct dir_search *s);
enum wire dir_wire_search(struct dir_conn *c, struct dir_search *s, int64_t deadline,
    struct dir_reply *r, LDAPMessage **entries);
enum wire dir_wire_add(
    struct dir_conn *c, const char *dn, LDAPMod **mods, int64_t deadline, struct dir_reply *r);
/* `only_if`: a filter that the entry must match (RFC 4528), else LDAP_ASSERTION_FAILED; NULL: no
 * condition. A server that does not know the control carries the request out all the same. */
enum wire dir_wire_modify(struct dir_conn *c, const char *dn, LDAPMod **mods, const char *only_if,
    int64_t deadline, struct dir_reply *r);
enum wire dir_wire_delete(
    struct dir_conn *c, const char *dn, const char *only_if, int64_t deadline, struct dir_reply *r);
struct dir_rename {
	const char *rdn;    /* the new one */
	const char *parent; /* NULL: where it is */
	bool drops_old;	    /* values of the old RDN go */
};
enum wire dir_wire_rename(struct dir_conn *c, const char *dn, const struct dir_rename *to,
    const char *only_if, int64_t deadline, struct dir_reply *r);
enum wire dir_wire_password(struct dir_conn *c, const char *dn, const struct secret *password,
    int64_t deadline, struct dir_reply *r);

/* The first value of an attribute, in `arena`, or NULL. One longer than DIR_VALUE_MAX counts as
 * none. */
const char *dir_entry_value(
    LDAP *ld, LDAPMessage *entry, const char *attribute, struct arena *arena);
/* The same of words for people: UTF-8, cut at the last whole character within DIR_VALUE_MAX. */
const char *dir_entry_text(
    LDAP *ld, LDAPMessage *entry, const char *attribute, struct arena *arena);

/* ---- jobs (dir_job.c) */

enum phase { PHASE_WAITING, PHASE_RUNNING, PHASE_SENT, PHASE_ABANDONED };

struct dir_op {
	TAILQ_ENTRY(dir_op) link;
	struct dir *dir; /* NULL once dir_free() ran */
	bool is_ask;	 /* a question of dir_ask.c, else a struct dir_job */
	int64_t deadline;
};
TAILQ_HEAD(dir_op_list, dir_op);

struct dir_job;
typedef enum err dir_job_perform(struct dir_job *job, struct dir_conn *c, struct fault *f);

struct dir_job {
	struct dir_op op;  /* first: a job is an op */
	struct work *work; /* NULL while it is held or refused */
	_Atomic int phase;
	bool answered;		/* or cancelled: the caller has heard, or wants to hear no more */
	bool writes;		/* never sent twice */
	struct work_pool *pool; /* with connections of its own; NULL: the operations' */
	struct work_pool
	    *aside; /* opens its own connections and runs there, beside the operations */
	bool sent;  /* worker: a write is out whose effect may be there */
	dir_job_perform *perform; /* on a worker */
	void (*answer)(struct dir_job *job, enum err code, const struct fault *f);
	void (*release)(struct dir_job *job); /* may be NULL: frees what is not in the arena */
	void *cb, *arg;			      /* the caller's; `cb` is cast back by `answer` */
	struct arena *arena;
	void *value; /* the operation's own, in the arena */
	enum err code;
	struct fault fault;
};

/* A function pointer in a `void *`, as POSIX allows; C alone does not. */
#define DIR_CB_KEEP(cb) ((void *)(uintptr_t)(cb))

struct dir_job *dir_job_new(struct dir *d, dir_job_perform *perform,
    void (*answer)(struct dir_job *, enum err, const struct fault *), void *cb, void *arg);
/* Queue it; or refuse it when `code` is not ERR_OK: then `job->fault` has the words. */
struct dir_op *dir_job_start(struct dir_job *job, enum err code);
void dir_job_cancel(struct dir_job *job);
void dir_jobs_release_held(struct dir *d); /* the servers' states became known */
void dir_jobs_expire(struct dir *d, int64_t now);
void dir_jobs_drop(struct dir *d); /* dir_free(): nobody hears any more */

/* To be asked right before the first request that matters goes out. False: the caller was told
 * already that it will not happen. */
bool dir_job_may_send(struct dir_job *job);

/* The verdict on a request that got no answer. */
enum err dir_job_lost(struct dir_job *job, const struct dir_reply *r, struct fault *f);

/* ---- the instance (dir.c) */

struct asker;

struct dir {
	struct loop *loop;
	const struct dir_conf conf;
	struct work_pool *pool;	   /* operations: each thread has its connection */
	struct work_pool *signers; /* people who sign in: they hold up no other operation */
	struct work_pool *probes;  /* a server that is away holds up nobody here */
	struct work_pool *checks;  /* self-tests */
	struct work_pool *lookers; /* ask every server */
	struct loop_timer *watch;  /* announces states, starts probes, ends what is overdue */
	struct dir_op_list live, held;
	struct asker *asker;
	dir_state_cb *on_state;
	void *on_state_arg;
	struct work *probe_work[DIR_URIS_MAX]; /* NULL: none under way */
	int announced;			       /* -1: nothing yet, 0: down, 1: up */
	int64_t watch_due;		       /* monotonic ms; INT64_MAX: not armed */
	_Atomic unsigned changes;	       /* of the servers' states, counted by workers */
	unsigned changes_seen;
	pthread_cond_t opened; /* with `lock`: a server's `opening` has ended */
	pthread_mutex_t lock;  /* guards what follows */
	struct dir_server servers[DIR_URIS_MAX];
};

void dir_watch(struct dir *d, int64_t ms); /* look again within `ms` */
int64_t dir_now(void);

/* The first that works; their number: none does. With d->lock held. */
size_t dir_server_first(const struct dir *d);
/* The server that takes the operations now. ERR_UNAVAILABLE (or ERR_MISCONFIGURED) with the reason
 * why none. */
enum err dir_server_choose(struct dir *d, size_t *server, struct fault *f);
bool dir_server_is_unknown(struct dir *d); /* no verdict on any server yet */
void dir_server_failed(struct dir *d, size_t server, const struct fault *f);
unsigned dir_server_outages(struct dir *d, size_t server);
/* Connections to one server are opened one after the other, between these two, so that credentials
 * that have become wrong are tried once and not by every thread: a server may lock the account. */
enum err dir_server_enter(struct dir *d, size_t server, int64_t deadline, struct fault *f);
/* `code` is what became of the opening. Who waited for one that failed has its answer too: each
 * repeating the same dead connect would cost the others their fail-over. */
void dir_server_leave(
    struct dir *d, size_t server, enum err code, int bound, const struct fault *f);
void dir_server_start_probes(struct dir *d, int64_t now);
int64_t dir_server_next_probe(struct dir *d, int64_t now); /* ms; -1: none */
enum err dir_server_proof(struct dir *d, size_t server, struct fault *f);
void dir_server_set_proof(struct dir *d, size_t server, enum err code, const struct fault *f);

/* ---- names, filters, entries, errors */

struct dir_term {
	const char *attribute, *value;
};
/* "(a=v)", or "(|(a=v)(b=w))" for several, appended to `out`. False: no term, an empty value, bad
 * UTF-8. */
bool dir_filter_any(struct buf *out, const struct dir_term *terms, size_t count);
/* The same with "(&". The text is in `arena`; NULL instead of false. */
const char *dir_filter_all(struct arena *arena, const struct dir_term *terms, size_t count);
/* "(&(a=v)(|(b=w)(c=x)))": `also` and any of the terms. In `arena`; NULL instead of false. */
const char *dir_filter_also(
    struct arena *arena, const struct dir_term *also, const struct dir_term *terms, size_t count);
bool dir_attribute_is_valid(const char *name);

/* The one name of a type that is called by its OID or a longer name, never longer than that. NULL:
 * we know of no other name. (dir_dn_type.c) */
const char *dir_dn_type(const char *name, size_t len);
bool dir_dn_equal(const char *a, const char *b);
bool dir_dn_is_below(const char *dn, const char *base, bool or_equal);
/* A key that sorts parents before their children, siblings by name. NULL: no DN. */
const char *dir_dn_sort_key(const char *dn, struct arena *arena);
/* dir_dn_normalise() for what a directory has: up to FEED_DN_MAX, not PERSON_DN_MAX. */
bool dir_dn_normalise_long(const char *dn, struct arena *arena, const char **normal);
const char *dir_dn_name(const char *dn, struct arena *arena); /* the first RDN's value */
/* The first RDN and what is above it (NULL when nothing is). False: no DN. */
bool dir_dn_split(const char *dn, struct arena *arena, const char **rdn, const char **parent);
/* Whether `value` (RFC 4514, unescaped) of `attribute` is in the first RDN. */
bool dir_dn_is_named_by(const char *dn, const char *attribute, const char *value);
/* "ATTRIBUTE=VALUE,PARENT", escaped. NULL: the value cannot stand in a DN, or the parent is none.
 */
const char *dir_dn_child(
    const char *attribute, const char *value, const char *parent, struct arena *arena);

struct dir_entry {
	const char *dn, *uid, *invitation_id;
	const struct person *person;
	const struct secret *password_hash;
};
LDAPMod **dir_entry_for_add(
    const struct dir_conf *conf, const struct dir_entry *e, struct arena *arena);
LDAPMod **dir_entry_for_replace(
    const struct dir_conf *conf, const struct dir_entry *e, struct arena *arena);

/* The one translation of a result code. `doing`: "add of uid=x,...": begins the fault's text. */
enum err dir_error_of(
    const struct dir *d, const struct dir_reply *r, const char *doing, struct fault *f);
/* The same for a password's change, with what dir_set_password() promises. `f` is not NULL. */
enum err dir_error_of_password(const struct dir *d, const struct dir_reply *r, struct fault *f);
/* The same for a change that suspends, and for an Add of what was saved. `f` is not NULL. */
enum err dir_error_of_suspend(
    const struct dir *d, const struct dir_reply *r, const char *doing, struct fault *f);
enum err dir_error_of_restore(
    const struct dir *d, const struct dir_reply *r, const char *doing, struct fault *f);
/* The server's own words when they name no entry, as no text does that holds neither a DN nor a
 * mail address; else "". */
const char *dir_error_plain_words(const struct dir_reply *r);
/* The attribute that a uniqueness refusal names, "" when it names none. */
const char *dir_error_taken(const struct dir_reply *r, struct arena *arena);
/* The name of the field whose fault a refusal is: "mail: value #0 invalid per syntax", "non-unique
 * attributes found with (|(mail=...". NULL: of none. */
const char *dir_error_field(
    const struct dir_conf *conf, const struct dir_reply *r, struct arena *arena);
bool dir_error_is_uniqueness(const struct dir_reply *r);
/* After a failure of libldap, and before what it found is believed. For want of memory it tells of
 * a malformed DN, an absent value, a lost connection; but it also leaves a mark, and then this call
 * ends the process as mem.h says. There is one mark for the process: a mistake of another kind in
 * another thread may overwrite it. Any thread. */
void dir_check_memory(void);

/* ---- checks, questions */

/* Prove on `server` that a hash of ours is a hash there too. */
enum err dir_proof_run(struct dir *d, size_t server, int64_t deadline, struct fault *f);

struct asker *dir_asker_new(struct dir *d);
void dir_asker_free(struct asker *a);
void dir_ask_cancel(struct dir_op *op);
/* True when a callback ran: then the directory may be gone. */
bool dir_asker_expire(struct asker *a, int64_t now);
bool dir_asker_is_idle(const struct asker *a);

#endif
