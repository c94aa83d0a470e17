/* Which call fails: counting, and knowing a call by the stack that led to it. */
#include "failnth.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

struct failnth *failnth_control;

/* Set while this thread is in here: unwinding must not be counted. */
static _Thread_local bool inside __attribute__((tls_model("initial-exec")));

struct walk {
	struct failnth_stack *record; /* NULL: only the rest is wanted */
	uint32_t depth;
	uint64_t hash;
	bool is_through;	     /* an object that calls are counted through was met */
	bool is_ours, is_sanitizers; /* so was the program; the address sanitizer */
};

static void
frame_fill(struct failnth_frame *out, const struct dl_find_object *where, uint64_t offset)
{
	const char *name = where->dlfo_link_map->l_name;
	size_t len = strlen(name);

	out->offset = offset;
	memset(out->object, 0, sizeof(out->object));
	if (len >= sizeof(out->object))
		name += len - (sizeof(out->object) - 1);
	memcpy(out->object, name, strnlen(name, sizeof(out->object) - 1));
}

/* Addresses differ from process to process; offsets in an object do not, and its size names it. */
static _Unwind_Reason_Code
walk_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	uintptr_t pc = _Unwind_GetIP(context);
	struct dl_find_object where;
	const char *name;
	uint64_t offset;

	if (w->depth == FAILNTH_FRAMES || pc == 0 || _dl_find_object((void *)pc, &where) != 0)
		return _URC_END_OF_STACK;
	offset = pc - (uintptr_t)where.dlfo_map_start;
	w->hash ^= offset + ((uintptr_t)where.dlfo_map_end - (uintptr_t)where.dlfo_map_start);
	w->hash *= 0x9e3779b97f4a7c15U;
	w->hash ^= w->hash >> 29;
	name = where.dlfo_link_map->l_name;
	w->is_through = w->is_through || strstr(name, failnth_control->through) != NULL;
	w->is_ours = w->is_ours || name[0] == '\0';
	w->is_sanitizers = w->is_sanitizers || strstr(name, "libasan") != NULL;
	if (w->record != NULL)
		frame_fill(&w->record->frame[w->depth], &where, offset);
	w->depth++;
	return _URC_NO_REASON;
}

/* Whether nobody came here on this way before; from now on somebody has. A full table knows all. */
static bool
stack_is_new(uint64_t hash)
{
	uint64_t known;

	hash |= 1;
	for (uint64_t i = 0; i < FAILNTH_STACKS; i++) {
		_Atomic uint64_t *slot =
		    &failnth_control->stacks[((hash >> 16) + i) % FAILNTH_STACKS];

		known = 0;
		if (atomic_compare_exchange_strong(slot, &known, hash)) {
			atomic_store(
			    &failnth_control->newest, (uint64_t)(slot - failnth_control->stacks));
			return true;
		}
		if (known == hash)
			return false;
	}
	return false;
}

static void
stack_record(struct failnth_stack *out, const char *what)
{
	struct walk w = { .record = out };

	memset(out->what, 0, sizeof(out->what));
	memcpy(out->what, what, strnlen(what, sizeof(out->what) - 1));
	_Unwind_Backtrace(walk_frame, &w);
	out->depth = w.depth;
}

static bool
call_fires(struct failnth *c, const char *call)
{
	struct walk w = { .hash = 1 };

	_Unwind_Backtrace(walk_frame, &w);
	if (w.is_sanitizers && !w.is_ours)
		return false; /* what it needs for itself, it needs */
	if (atomic_load(&c->fired) > 0) {
		if (c->sticky)
			atomic_fetch_add(&c->fired, 1);
		return c->sticky != 0;
	}
	if (!w.is_through || (c->distinct != 0 && !stack_is_new(w.hash)) ||
	    atomic_fetch_add(&c->seen, 1) + 1 != c->nth)
		return false;
	stack_record(&c->fault, call);
	atomic_fetch_add(&c->fired, 1);
	return true;
}

bool
failnth_fires(enum failnth_kind kind, const char *call)
{
	bool fires;

	if (failnth_control == NULL || inside || atomic_load(&failnth_control->kind) != kind)
		return false;
	inside = true;
	fires = call_fires(failnth_control, call);
	inside = false;
	return fires;
}

/* The daemon leaves no core. On return it dies of the same signal, which is the default again. */
static void
crash_record(int signo)
{
	inside = true;
	stack_record(&failnth_control->crash, signo == SIGABRT ? "SIGABRT" : "SIGSEGV");
}

/* By system calls: this runs before the C library is complete, and open() is one of ours. */
__attribute__((constructor)) static void
failnth_map(void)
{
	const struct sigaction crash = { .sa_handler = crash_record,
		.sa_flags = (int)SA_RESETHAND };
	const char *path = getenv("USHERD_FAILNTH");
	void *p;
	long fd;

	if (path == NULL)
		return;
	fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return;
	p = (void *)syscall(
	    SYS_mmap, NULL, sizeof(struct failnth), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
	syscall(SYS_close, fd);
	if (p == MAP_FAILED)
		return;
	failnth_control = p;
	sigaction(SIGSEGV, &crash, NULL);
	sigaction(SIGABRT, &crash, NULL);
}
