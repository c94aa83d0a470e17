#include "loop/transfer.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <event2/event.h>

#include "base/list.h"
#include "base/mem.h"

enum transfer_state { TRANSFER_WAITS, TRANSFER_RUNS, TRANSFER_ENDED };

struct transfer {
	TAILQ_ENTRY(transfer) link;
	struct transfers *owner;
	enum transfer_state state; /* says which list it stands in */
	CURL *easy;
	CURLcode code;
	transfer_cb *cb;
	void *arg;
};

TAILQ_HEAD(transfer_list, transfer);

/* A socket of libcurl that the loop watches. */
struct watch {
	TAILQ_ENTRY(watch) link;
	struct transfers *owner;
	struct event *event;
};

TAILQ_HEAD(watch_list, watch);

struct transfers {
	struct loop *loop;
	CURLM *multi;
	size_t connections, running;
	struct transfer_list lists[TRANSFER_ENDED + 1];
	struct watch_list watches;
	struct loop_timer *timeout; /* libcurl's one timer */
	struct loop_timer *turn;    /* something waits for the next turn of the loop */
	bool inside;		    /* libcurl is running, and so may be a callback of a handle */
};

/* ---- lists ---- */

static void
transfer_enter(struct transfer *x, enum transfer_state state)
{
	struct transfers *t = x->owner;

	TAILQ_REMOVE(&t->lists[x->state], x, link);
	x->state = state;
	TAILQ_INSERT_TAIL(&t->lists[state], x, link); /* a macro: it names the element twice */
}

/* Out of libcurl's hands. A connection that was left in the middle is closed by it. */
static void
transfer_detach(struct transfer *x)
{
	struct transfers *t = x->owner;

	assert(!t->inside);
	t->inside = true;
	if (curl_multi_remove_handle(t->multi, x->easy) != CURLM_OK)
		abort();
	t->inside = false;
	t->running--;
}

/* What libcurl says is done is told on a turn of its own. */
static void
transfers_collect(struct transfers *t)
{
	struct transfer *x;
	char *private;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(t->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private) != CURLE_OK)
			abort();
		x = (struct transfer *)(void *)private;
		x->code = m->data.result;
		transfer_detach(x);
		transfer_enter(x, TRANSFER_ENDED);
	}
	if (!TAILQ_EMPTY(&t->lists[TRANSFER_ENDED]))
		loop_timer_set(t->turn, 0);
}

static void
transfers_act(struct transfers *t, curl_socket_t fd, int what)
{
	int running;

	assert(!t->inside);
	t->inside = true;
	if (curl_multi_socket_action(t->multi, fd, what, &running) != CURLM_OK)
		abort();
	t->inside = false;
	transfers_collect(t);
}

/* ---- what libcurl wants to wait for ---- */

static void
watch_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	transfers_act(w->owner, fd,
	    ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
		((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static void
watch_free(struct watch *w)
{
	TAILQ_REMOVE(&w->owner->watches, w, link);
	event_free(w->event);
	free(w);
}

static struct watch *
watch_new(struct transfers *t, curl_socket_t fd)
{
	struct watch *w = mem_alloc(sizeof(*w));

	w->owner = t;
	w->event = event_new(loop_base(t->loop), fd, 0, watch_on_ready, w);
	TAILQ_INSERT_TAIL(&t->watches, w, link);
	curl_multi_assign(t->multi, fd, w);
	return w;
}

static int
transfers_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct transfers *t = arg;
	struct watch *w = socket_arg;
	short events = EV_PERSIST;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			watch_free(w);
		return 0;
	}
	if (w == NULL)
		w = watch_new(t, fd);
	if ((what & CURL_POLL_IN) != 0)
		events |= EV_READ;
	if ((what & CURL_POLL_OUT) != 0)
		events |= EV_WRITE;
	event_del(w->event);
	event_assign(w->event, loop_base(t->loop), fd, events, watch_on_ready, w);
	event_add(w->event, NULL);
	return 0;
}

static int
transfers_on_timeout(CURLM *multi, long ms, void *arg)
{
	struct transfers *t = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(t->timeout);
	else
		loop_timer_set(t->timeout, ms);
	return 0;
}

static void
transfers_on_timer(void *arg)
{
	transfers_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- beginning and end of one ---- */

static void
transfers_begin_waiting(struct transfers *t)
{
	struct transfer *x;
	CURLMcode code;

	while (
	    t->running < t->connections && (x = TAILQ_FIRST(&t->lists[TRANSFER_WAITS])) != NULL) {
		transfer_enter(x, TRANSFER_RUNS);
		t->running++;
		t->inside = true;
		code = curl_multi_add_handle(t->multi, x->easy);
		t->inside = false;
		if (code == CURLM_OUT_OF_MEMORY)
			mem_exhausted();
		assert(code == CURLM_OK); /* else it is being used twice */
	}
}

/* One callback a turn: it may end any of the others, or all of this. */
static void
transfers_on_turn(void *arg)
{
	struct transfers *t = arg;
	struct transfer *x;
	struct transfer told;

	transfers_begin_waiting(t);
	x = TAILQ_FIRST(&t->lists[TRANSFER_ENDED]);
	if (x == NULL)
		return;
	TAILQ_REMOVE(&t->lists[TRANSFER_ENDED], x, link);
	if (!TAILQ_EMPTY(&t->lists[TRANSFER_ENDED]))
		loop_timer_set(t->turn, 0);
	told = *x;
	free(x);
	told.cb(told.arg, told.easy, told.code);
}

static void
transfer_set(CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY)
		mem_exhausted();
	assert(code == CURLE_OK);
}

struct transfer *
transfer_start(struct transfers *t, CURL *easy, int64_t timeout_ms, transfer_cb *cb, void *arg)
{
	struct transfer *x = mem_alloc(sizeof(*x));

	assert(timeout_ms > 0 && timeout_ms <= INT_MAX);
	*x = (struct transfer){
		.owner = t, .state = TRANSFER_WAITS, .easy = easy, .cb = cb, .arg = arg
	};
	transfer_set(curl_easy_setopt(easy, CURLOPT_PRIVATE, x));
	transfer_set(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms));
	transfer_set(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
	/* Else a transfer that ends during a name lookup waits for the thread that looks up: all of
	 * the loop would stand still until the name server answers. */
	transfer_set(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
	TAILQ_INSERT_TAIL(&t->lists[TRANSFER_WAITS], x, link);
	loop_timer_set(t->turn, 0);
	return x;
}

void
transfer_cancel(struct transfer *x)
{
	struct transfers *t = x->owner;

	if (x->state == TRANSFER_RUNS)
		transfer_detach(x);
	TAILQ_REMOVE(&t->lists[x->state], x, link);
	free(x);
	if (!TAILQ_EMPTY(&t->lists[TRANSFER_WAITS]))
		loop_timer_set(t->turn, 0);
}

/* ---- all of them ---- */

const char *
transfer_library_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

static void
transfers_set(CURLMcode code)
{
	if (code == CURLM_OUT_OF_MEMORY)
		mem_exhausted();
	assert(code == CURLM_OK);
}

enum err
transfers_new(struct transfers **out, struct loop *l, size_t connections, struct fault *f)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	struct transfers *t;

	assert(connections > 0 && connections <= INT_MAX);
	transfer_library_init();
	if ((v->features & CURL_VERSION_ASYNCHDNS) == 0)
		return fault_set(f, ERR_MISCONFIGURED,
		    "libcurl %s waits for name lookups; one with AsynchDNS is needed", v->version);
	t = mem_alloc(sizeof(*t));
	t->loop = l;
	t->connections = connections;
	for (size_t i = 0; i < sizeof(t->lists) / sizeof(t->lists[0]); i++)
		TAILQ_INIT(&t->lists[i]);
	TAILQ_INIT(&t->watches);
	t->timeout = loop_timer_new(l, transfers_on_timer, t);
	t->turn = loop_timer_new(l, transfers_on_turn, t);
	t->multi = curl_multi_init();
	if (t->multi == NULL)
		mem_exhausted();
	transfers_set(curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, transfers_on_socket));
	transfers_set(curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t));
	transfers_set(curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, transfers_on_timeout));
	transfers_set(curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t));
	transfers_set(curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)connections));
	transfers_set(
	    curl_multi_setopt(t->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections));
	*out = t;
	return ERR_OK;
}

void
transfers_free(struct transfers *t)
{
	struct transfer *x, *next_x;
	struct watch *w, *next_w;

	if (t == NULL)
		return;
	assert(!t->inside);
	for (size_t i = 0; i < sizeof(t->lists) / sizeof(t->lists[0]); i++)
		LIST_EACH_SAFE(x, &t->lists[i], link, next_x)
	transfer_cancel(x);
	/* Whatever libcurl still has to say while it closes idle connections is about these. */
	transfers_set(curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, NULL));
	transfers_set(curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, NULL));
	LIST_EACH_SAFE(w, &t->watches, link, next_w)
	watch_free(w);
	curl_multi_cleanup(t->multi);
	loop_timer_free(t->timeout);
	loop_timer_free(t->turn);
	free(t);
}
