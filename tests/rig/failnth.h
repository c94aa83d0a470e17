/* A library for LD_PRELOAD that makes the Nth call fail: of memory, or of the store's files.
 *
 * A rig makes a file of sizeof(struct failnth) zero bytes, names it in USHERD_FAILNTH and maps it;
 * tests/rig/nthcall.py is its Python side and repeats the layout. Arming is writing `kind` last,
 * at any moment of the daemon's life. Nothing here allocates, and every thread may call at once. */
#ifndef USHERD_TESTS_FAILNTH_H
#define USHERD_TESTS_FAILNTH_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FAILNTH_FRAMES = 48,	  /* of a call stack, innermost first */
	FAILNTH_STACKS = 1 << 17, /* room for distinct stacks; a walk sees some thousands */
	FAILNTH_PREFIX_MAX = 256,
	FAILNTH_THROUGH_MAX = 32
};

enum failnth_kind {
	FAILNTH_OFF,
	FAILNTH_MEMORY, /* malloc and its kin: NULL and ENOMEM */
	FAILNTH_STORE,	/* calls on files below `prefix`: `error`, or a short write */
	FAILNTH_LYING	/* fsync and fdatasync of such files do nothing and say that they did */
};

/* Where a frame's code lies: addr2line -e OBJECT OFFSET. */
struct failnth_frame {
	uint64_t offset;
	char object[40]; /* the end of the path; "" is the program */
};

struct failnth_stack {
	char what[16]; /* the call that failed, or the signal */
	uint32_t depth, unused;
	struct failnth_frame frame[FAILNTH_FRAMES];
};

struct failnth {
	/* The rig's. */
	_Atomic uint32_t kind;
	uint32_t sticky;   /* every call after the Nth fails, too */
	uint32_t distinct; /* count only calls whose stack is not in `stacks`, and put it there */
	/* errno of a call on the store. ENOSPC spares what needs no room; 0 is a short write. */
	uint32_t error;
	/* Count only calls that come through an object of such a name, "libjansson"; "": all. */
	char through[FAILNTH_THROUGH_MAX];
	uint64_t nth; /* from 1; 0 lets nothing fail and only counts */
	/* The library's; the rig clears them before it arms. */
	_Atomic uint64_t seen, fired;
	_Atomic uint64_t
	    newest; /* of `stacks`: the one that came last, so that it can be taken out */
	struct failnth_stack fault, crash; /* the first call that failed; where the process died */
	/* What may be kept from one armed time, and from one process, to the next. */
	char prefix[FAILNTH_PREFIX_MAX];
	_Atomic uint64_t stacks[FAILNTH_STACKS];
};

/* NULL unless the environment names a file. */
extern struct failnth *failnth_control;

/* Whether this call is to fail. Counts it when `kind` is armed. `call`: its name. */
bool failnth_fires(enum failnth_kind kind, const char *call);

#endif
