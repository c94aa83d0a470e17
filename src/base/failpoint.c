#include "base/failpoint.h"

#ifdef USHERD_FAILPOINTS

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* Made by the linker around what FAILPOINTS() puts into the section. */
extern struct failpoints *__start_failpoints[], *__stop_failpoints[];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards every pair's `at` */

static const char *const sides[] = { "before", "after" };
static const char *const actions[] = {
	[FAILPOINT_OFF] = "off",
	[FAILPOINT_KILL] = "kill",
	[FAILPOINT_STOP] = "stop",
	[FAILPOINT_DELAY] = "delay",
	[FAILPOINT_ERROR] = "error",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- acting ---- */

static void
failpoint_sleep(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		continue;
}

/* What to do now; the point counts down. */
static enum failpoint_action
failpoint_take(struct failpoint *p, long *delay_ms)
{
	enum failpoint_action action;

	pthread_mutex_lock(&lock);
	p->passed++;
	action = p->left != 0 ? p->action : FAILPOINT_OFF;
	*delay_ms = p->delay_ms;
	if (action != FAILPOINT_OFF) {
		p->acted++;
		if (p->left > 0)
			p->left--;
	}
	pthread_mutex_unlock(&lock);
	return action;
}

static bool
failpoint_meet(struct failpoint *p)
{
	long delay_ms;

	switch (failpoint_take(p, &delay_ms)) {
	case FAILPOINT_OFF:
		return false;
	case FAILPOINT_KILL:
		kill(getpid(), SIGKILL);
		pause(); /* no step further while it is on its way */
		return false;
	case FAILPOINT_STOP:
		kill(getpid(), SIGSTOP);
		return false;
	case FAILPOINT_DELAY:
		failpoint_sleep(delay_ms);
		return false;
	case FAILPOINT_ERROR:
		return true;
	}
	return false;
}

bool
failpoint_before(struct failpoints *p)
{
	return p != NULL && failpoint_meet(&p->at[0]);
}

bool
failpoint_after(struct failpoints *p)
{
	return p != NULL && failpoint_meet(&p->at[1]);
}

/* ---- finding ---- */

/* The pair of this name, NULL when there is none. */
static struct failpoints *
failpoint_find(const char *name, size_t len)
{
	/* cppcheck-suppress comparePointers ; the linker makes one array of them */
	for (struct failpoints **p = __start_failpoints; p < __stop_failpoints; p++)
		if (strlen((*p)->name) == len && memcmp((*p)->name, name, len) == 0)
			return *p;
	return NULL;
}

struct failpoints *
failpoint_pair(const char *prefix, const char *name)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%s.%s", prefix, name);
	struct failpoints *p = n > 0 ? failpoint_find(text, (size_t)n) : NULL;

	if (p == NULL) {
		fprintf(stderr, "usherd: there are no failpoints %s\n", text);
		abort();
	}
	return p;
}

/* "dir.add.before" of `len` bytes. */
static struct failpoint *
failpoint_by_text(const char *text, size_t len)
{
	for (size_t side = 0; side < COUNT(sides); side++) {
		size_t end = strlen(sides[side]) + 1;
		struct failpoints *p;

		if (len <= end || text[len - end] != '.' ||
		    memcmp(text + len - end + 1, sides[side], end - 1) != 0)
			continue;
		p = failpoint_find(text, len - end);
		return p != NULL ? &p->at[side] : NULL;
	}
	return NULL;
}

/* ---- setting ---- */

/* A number behind `mark` at *at, which moves on; `otherwise` when there is no mark. */
static bool
failpoint_read_number(const char **at, char mark, long otherwise, long *out)
{
	char *end;

	*out = otherwise;
	if (**at != mark)
		return true;
	*out = strtol(*at + 1, &end, 10);
	if (end == *at + 1 || *out < 0)
		return false;
	*at = end;
	return true;
}

static bool
failpoint_read_action(const char *text, struct failpoint *out)
{
	size_t len = strcspn(text, ":*;");

	for (size_t i = 0; i < COUNT(actions); i++) {
		const char *at = text + len;

		if (strlen(actions[i]) != len || memcmp(actions[i], text, len) != 0)
			continue;
		out->action = (enum failpoint_action)i;
		if (!failpoint_read_number(&at, ':', 0, &out->delay_ms) ||
		    !failpoint_read_number(&at, '*', 1, &out->left))
			return false;
		if (out->left == 0)
			out->left = -1;
		return *at == '\0' && (out->action == FAILPOINT_DELAY) == (out->delay_ms > 0);
	}
	return false;
}

static enum err
failpoint_set_one(const char *text, struct fault *f)
{
	size_t len = strcspn(text, "=");
	struct failpoint *p = failpoint_by_text(text, len), wanted = { 0 };

	if (p == NULL)
		return fault_set(f, ERR_INVALID, "there is no failpoint \"%.*s\"", (int)len, text);
	if (text[len] != '=' || !failpoint_read_action(text + len + 1, &wanted))
		return fault_set(f, ERR_INVALID,
		    "\"%s\" is not POINT=off|kill|stop|error|delay:MS, perhaps with *TIMES", text);
	pthread_mutex_lock(&lock);
	p->action = wanted.action;
	p->delay_ms = wanted.delay_ms;
	p->left = wanted.left;
	pthread_mutex_unlock(&lock);
	return ERR_OK;
}

enum err
failpoint_set(const char *text, struct fault *f)
{
	char *copy = mem_dup_string(text), *rest = copy, *one;
	enum err code = ERR_OK;

	while (code == ERR_OK && (one = strsep(&rest, ";")) != NULL)
		if (*one != '\0')
			code = failpoint_set_one(one, f);
	free(copy);
	return code;
}

void
failpoint_set_from_environment(void)
{
	const char *text = getenv(FAILPOINT_VARIABLE);
	struct fault f = { .text = "" };

	if (text == NULL || failpoint_set(text, &f) == ERR_OK)
		return;
	fprintf(stderr, "usherd: %s: %s\n", FAILPOINT_VARIABLE, f.text);
	exit(EXIT_FAILURE);
}

/* ---- telling ---- */

static int
failpoint_compare(const void *a, const void *b)
{
	return strcmp(
	    (*(struct failpoints *const *)a)->name, (*(struct failpoints *const *)b)->name);
}

/* Calls `tell` for every point, in the order of the names. */
static void
failpoint_each(
    void (*tell)(struct buf *out, const struct failpoints *pair, size_t side), struct buf *out)
{
	/* cppcheck-suppress comparePointers ; as above */
	size_t count = (size_t)(__stop_failpoints - __start_failpoints);
	struct failpoints **sorted = mem_array(count, sizeof(*sorted));

	memcpy(sorted, __start_failpoints, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), failpoint_compare);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		for (size_t side = 0; side < COUNT(sides); side++)
			tell(out, sorted[i], side);
	pthread_mutex_unlock(&lock);
	free(sorted);
}

static void
failpoint_tell_line(struct buf *out, const struct failpoints *pair, size_t side)
{
	buf_printf(out, "%s.%s\t%s\n", pair->name, sides[side], pair->effect);
}

static void
failpoint_tell_json(struct buf *out, const struct failpoints *pair, size_t side)
{
	const struct failpoint *p = &pair->at[side];

	buf_printf(out, "%s{\"point\":\"%s.%s\",\"action\":\"%s\",\"passed\":%lu,\"acted\":%lu}",
	    out->data[out->len - 1] == '[' ? "" : ",", pair->name, sides[side],
	    actions[p->left != 0 ? p->action : FAILPOINT_OFF], p->passed, p->acted);
}

void
failpoint_list(struct buf *out)
{
	failpoint_each(failpoint_tell_line, out);
}

void
failpoint_report(struct buf *out)
{
	buf_add_char(out, '[');
	failpoint_each(failpoint_tell_json, out);
	buf_add_char(out, ']');
}

#else

/* ISO C wants a translation unit to hold something. */
typedef int failpoint_is_left_out;

#endif
