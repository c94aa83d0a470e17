/* The follower as an object: its thread, and the loop's side of it.
 *
 * A post holds the object until it has run, so that dir_follow_free() need not wait for the loop:
 * what runs afterwards finds `freed` and tells nobody.
 */
#include "dir/dir_follow_private.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/id.h"
#include "base/mem.h"

enum {
	PAUSE_FIRST_MS = 200,
	PAUSE_MAX_MS = 30000,
	CALM_MS = 10000,
	PAUSE_MEND_MS = 30000, /* somebody has to mend something on the server */
	PAUSE_MEND_MAX_MS = 600000
};

struct follow_post {
	struct dir_follow *fw;
	struct feed_batch *batch; /* NULL: a state */
	enum dir_follow_state state;
	char text[FAULT_TEXT_MAX];
};

static void
follow_unlink(struct dir_follow *fw)
{
	if (atomic_fetch_sub(&fw->links, 1) != 1)
		return;
	close(fw->wake);
	free(fw);
}

static void
follow_wake(struct dir_follow *fw)
{
	uint64_t one = 1;

	/* A counter that is full wakes as well. */
	if (write(fw->wake, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN);
}

/* On the loop. */
static void
follow_on_post(void *arg)
{
	struct follow_post *p = arg;
	struct dir_follow *fw = p->fw;
	const struct dir_follow_conf *conf = &fw->conf;

	if (fw->freed)
		feed_batch_free(p->batch);
	else if (p->batch == NULL)
		conf->on_state(conf->arg, p->state, p->text);
	else
		conf->on_batch(conf->arg, p->batch);
	free(p);
	follow_unlink(fw);
}

static void
follow_post(struct dir_follow *fw, struct follow_post *p)
{
	p->fw = fw;
	atomic_fetch_add(&fw->links, 1);
	loop_post(fw->loop, follow_on_post, p);
}

bool
dir_follow_is_interrupted(const struct dir_follow *fw)
{
	return atomic_load(&fw->stopping);
}

bool
dir_follow_wait(struct dir_follow *fw, int fd, int64_t ms)
{
	struct pollfd p[] = { { .fd = fw->wake, .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };
	uint64_t count;

	if (ms > INT32_MAX)
		ms = INT32_MAX;
	if (poll(p, 2, (int)(ms > 0 ? ms : 0)) <= 0)
		return false;
	if (p[0].revents != 0 && read(fw->wake, &count, sizeof(count)) < 0)
		assert(errno == EAGAIN);
	return p[1].revents != 0;
}

void
dir_follow_say(struct dir_follow *fw, enum dir_follow_state state, const char *text)
{
	struct follow_post *p;

	if (fw->state_told && fw->state == state && strcmp(fw->text, text) == 0)
		return;
	fw->state_told = true;
	fw->state = state;
	memmove(fw->text, text, strnlen(text, sizeof(fw->text) - 1) + 1);
	fw->text[sizeof(fw->text) - 1] = '\0';
	p = mem_alloc(sizeof(*p));
	p->state = state;
	memcpy(p->text, fw->text, sizeof(p->text));
	follow_post(fw, p);
}

void
dir_follow_hand_on(struct dir_follow *fw, struct feed_batch *b)
{
	struct follow_post *p;

	while (!dir_follow_is_interrupted(fw) && atomic_load(&fw->out) >= fw->conf.batches_out)
		dir_follow_wait(fw, -1, INT32_MAX);
	if (dir_follow_is_interrupted(fw)) {
		feed_batch_free(b);
		return;
	}
	p = mem_alloc(sizeof(*p));
	p->batch = b;
	atomic_fetch_add(&fw->out, 1);
	follow_post(fw, p);
}

/* ---- the thread ---- */

/* Until the pause is over, or the server that was lost is known to be away: then the end of its
 * outage is the better sign. */
static void
follow_pause(struct dir_follow *fw, int64_t ms)
{
	int64_t end = dir_now() + ms - random_below((uint32_t)(ms / 4 + 1)), now;
	unsigned outages = dir_server_outages(fw->dir, fw->conn.server);

	while ((now = dir_now()) < end && !dir_follow_is_interrupted(fw) &&
	       dir_server_outages(fw->dir, fw->conn.server) == outages)
		dir_follow_wait(fw, -1, end - now < FOLLOW_LOOK_MS ? end - now : FOLLOW_LOOK_MS);
}

/* The pause after a session that ended so; -1: none. `*last` is the one before. */
static int64_t
follow_next_pause(enum follow_end end, int64_t *last)
{
	bool mend = end == FOLLOW_CUT_SHORT || end == FOLLOW_REFUSED;
	int64_t first = mend ? PAUSE_MEND_MS : PAUSE_FIRST_MS;
	int64_t most = mend ? PAUSE_MEND_MAX_MS : PAUSE_MAX_MS;

	if (end != FOLLOW_LOST && !mend)
		return -1;
	*last = *last * 2 < first ? first : *last * 2 > most ? most : *last * 2;
	return *last;
}

/* One connection, from its beginning to its end. */
static enum follow_end
follow_session(struct dir_follow *fw)
{
	enum follow_end end = dir_follow_open(fw);

	if (end == FOLLOW_GOES_ON)
		end = fw->conn.sync ? dir_follow_sync(fw) : FOLLOW_CANNOT_PUSH;
	if (end == FOLLOW_CANNOT_PUSH) {
		dir_follow_break(fw, false);
		end = dir_follow_poll(fw);
	}
	dir_follow_flush_held(fw);
	dir_follow_break(fw, end == FOLLOW_CUT_SHORT);
	dir_follow_flush(fw);
	dir_follow_close(fw);
	dir_check_memory();
	return end;
}

static void *
follow_main(void *arg)
{
	struct dir_follow *fw = arg;
	int64_t pause = 0;

	while (!atomic_load(&fw->stopping)) {
		enum follow_end end;
		int64_t ms;

		fw->settled_at = 0;
		end = follow_session(fw);
		/* A server that ends each session soon is not refreshed from without pause. */
		if (fw->settled_at != 0 && dir_now() - fw->settled_at >= CALM_MS)
			pause = 0;
		if (end == FOLLOW_NOT_RESUMED) {
			dir_follow_forget_cookie(fw);
			end = fw->settled_at == 0 ? FOLLOW_INTERRUPTED : FOLLOW_LOST;
		}
		if (end == FOLLOW_COMPARE)
			dir_follow_forget_cookie(fw);
		if (end == FOLLOW_INTERRUPTED || end == FOLLOW_COMPARE)
			continue;
		dir_follow_say(fw, end == FOLLOW_CUT_SHORT ? DIR_FOLLOW_CUT_SHORT : DIR_FOLLOW_AWAY,
		    fw->fault.text);
		ms = follow_next_pause(end, &pause);
		if (ms >= 0)
			follow_pause(fw, ms);
	}
	return NULL;
}

/* ---- the loop's side ---- */

struct dir_follow *
dir_follow_new(
    struct loop *l, const struct dir_follow_conf *conf, const void *cookie, size_t cookie_len)
{
	struct dir_follow *fw = mem_alloc(sizeof(*fw));
	struct arena *arena = arena_new(0);
	sigset_t all, old;

	fw->loop = l;
	fw->conf = *conf;
	fw->dir = conf->dir;
	fw->conn.dir = conf->dir;
	fw->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fw->wake < 0)
		mem_exhausted();
	fw->socket = -1;
	pthread_mutex_init(&fw->lock, NULL);
	atomic_init(&fw->links, 1);
	dir_follow_cookie_subject(&conf->dir->conf, fw->subject);
	if (cookie != NULL)
		dir_follow_cookie_unpack(
		    fw->subject, cookie, cookie_len, &fw->cookie, &fw->witnesses);
	fw->compare_at = dir_now() + FOLLOW_COMPARE_MS;
	fw->filter = mem_dup_string(dir_follow_filter(&conf->dir->conf, arena));
	arena_free(arena);
	dir_follow_reader_init(&fw->reader, &conf->dir->conf);
	sigfillset(&all); /* as in work.c: they belong to the loop */
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&fw->thread, NULL, follow_main, fw) != 0)
		mem_exhausted();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_setname_np(fw->thread, "dir-follow");
	return fw;
}

void
dir_follow_free(struct dir_follow *fw)
{
	if (fw == NULL)
		return;
	fw->freed = true;
	atomic_store(&fw->stopping, true);
	follow_wake(fw);
	/* Or from a wait for an answer, inside libldap. */
	pthread_mutex_lock(&fw->lock);
	if (fw->socket >= 0)
		shutdown(fw->socket, SHUT_RDWR);
	pthread_mutex_unlock(&fw->lock);
	pthread_join(fw->thread, NULL);
	pthread_mutex_destroy(&fw->lock);
	feed_batch_free(fw->batch);
	feed_batch_free(fw->held);
	dir_follow_ids_clear(&fw->gone);
	dir_follow_forget_notes(fw);
	dir_follow_reader_release(&fw->reader);
	free(fw->filter);
	follow_unlink(fw);
}

void
dir_follow_applied(struct dir_follow *fw)
{
	size_t before = atomic_fetch_sub(&fw->out, 1);

	assert(before > 0);
	if (before >= fw->conf.batches_out)
		follow_wake(fw);
}

void
dir_follow_note_current(struct dir_follow *fw, int64_t at)
{
	atomic_store(&fw->current_at, at);
}

int64_t
dir_follow_current_at(const struct dir_follow *fw)
{
	return atomic_load(&fw->current_at);
}

const char *
dir_follow_filter(const struct dir_conf *conf, struct arena *arena)
{
	const struct dir_term classes[] = { { "objectClass", conf->object_classes[0] },
		{ "objectClass", "organizationalUnit" }, { "objectClass", conf->group_class } };
	const char *text = NULL;
	struct buf filter;

	buf_init(&filter, DIR_FILTER_MAX);
	if (dir_filter_any(&filter, classes, sizeof(classes) / sizeof(classes[0])))
		text = arena_dup(arena, filter.data, filter.len);
	buf_release(&filter);
	assert(text != NULL); /* dir_conf_check() has seen the names */
	return text;
}

/* The account belongs to it: another one may see other entries. */
const char *
dir_follow_subject(const struct dir_conf *conf, struct arena *arena)
{
	struct follow_reader *reader = mem_alloc(sizeof(*reader));
	struct buf line;
	const char *text;

	dir_follow_reader_init(reader, conf);
	buf_init(&line, DIR_FILTER_MAX);
	for (size_t i = 0; i < conf->uri_count; i++)
		buf_printf(&line, "%s ", conf->uris[i]);
	buf_printf(&line, "as %s below %s %s", conf->bind_dn != NULL ? conf->bind_dn : "",
	    conf->search_base, dir_follow_filter(conf, arena));
	for (size_t i = 0; i < reader->attribute_count; i++)
		buf_printf(&line, " %s", reader->wanted[i]);
	assert(!buf_failed(&line));
	text = arena_dup(arena, line.data, line.len);
	buf_release(&line);
	dir_follow_reader_release(reader);
	free(reader);
	return text;
}
