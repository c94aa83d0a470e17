/* Points at which a test can end the world. Compiled in by `configure --enable-failpoints` alone;
 *in any other build a point is the constant false, and a pair that is kept somewhere a NULL.
 *
 * They come in pairs, one right before and one right after an effect that others can see: a commit,
 * an LDAP request, an answer. A module registers a pair where the effect is, by that effect's name:
 *
 *	FAILPOINTS(add_points, "dir.add", "the Add of a person");
 *	...
 *	if (failpoint_before(failpoints_of(add_points)))
 *		return ...;	as if the effect had failed and not taken place
 *	w = add(...);
 *	if (failpoint_after(failpoints_of(add_points)))
 *		w = ...;	as if it had taken place and nobody were told
 *
 * The points of that pair are "dir.add.before" and "dir.add.after". What they do is set by name, by
 * the environment (FAILPOINT_VARIABLE) or while the process runs: see failpoint_set().
 *
 * All functions may be called from any thread. A delay lasts in the thread that meets the point; in
 * the loop's thread it stalls the whole process, as a busy machine would. */
#ifndef USHERD_BASE_FAILPOINT_H
#define USHERD_BASE_FAILPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct buf;
struct failpoints;

#ifdef USHERD_FAILPOINTS

#define FAILPOINT_MARK	   " (with failpoints: for tests alone)"
#define FAILPOINT_VARIABLE "USHERD_FAILPOINTS"

enum failpoint_action {
	FAILPOINT_OFF,
	FAILPOINT_KILL,	 /* SIGKILL to ourselves */
	FAILPOINT_STOP,	 /* SIGSTOP to ourselves: all threads, until SIGCONT */
	FAILPOINT_DELAY, /* this thread sleeps */
	FAILPOINT_ERROR	 /* the point returns true */
};

struct failpoint {
	enum failpoint_action action;
	long delay_ms;
	long left;		     /* times it still acts; -1: always */
	unsigned long passed, acted; /* since the start */
};

struct failpoints {
	const char *name, *effect;
	struct failpoint at[2]; /* before, after */
};

/* Every pair is found through its pointer in a section of its own, which the linker puts together:
 * nobody keeps a list. */
#define FAILPOINTS(variable, name, effect)                                                         \
	static struct failpoints variable = { name, effect, { { 0 }, { 0 } } };                    \
	static struct failpoints *const variable##_entry                                           \
	    __attribute__((used, section("failpoints"))) = &variable

/* The pair as a value that can be kept: NULL where there are no failpoints. */
#define failpoints_of(variable) (&(variable))

/* True: behave as if the effect had failed. A NULL pair never does anything. */
bool failpoint_before(struct failpoints *p);
bool failpoint_after(struct failpoints *p);

/* The pair called PREFIX.NAME; it must exist. */
struct failpoints *failpoint_pair(const char *prefix, const char *name);

/* "POINT=ACTION[:MS][*TIMES]", several separated by ";". ACTION: off, kill, stop, delay (with :MS),
 * error. TIMES: how often it acts, 1 when not given, 0 for always. ERR_INVALID says what is wrong;
 * what stands before that is set. */
enum err failpoint_set(const char *text, struct fault *f);
void failpoint_set_from_environment(void); /* a mistake ends the process */

/* Two lines a pair: point, effect; in the order of the names. */
void failpoint_list(struct buf *out);
/* The same as JSON, with what is set and how often each was passed and has acted. */
void failpoint_report(struct buf *out);

#else

#define FAILPOINTS(variable, name, effect) _Static_assert(1, "")
#define failpoints_of(variable)		   NULL
#define FAILPOINT_MARK			   ""

static inline bool
failpoint_before(const struct failpoints *p)
{
	(void)p;
	return false;
}

static inline bool
failpoint_after(const struct failpoints *p)
{
	(void)p;
	return false;
}

static inline struct failpoints *
failpoint_pair(const char *prefix, const char *name)
{
	(void)prefix, (void)name;
	return NULL;
}

#endif

#endif
