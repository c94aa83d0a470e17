/* The loop and its worker threads keep the promise that every operation of every port makes. */
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <event2/event.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "loop/work.h"

struct seen {
	struct loop *loop;
	char order[16];
	size_t count;
};

struct mark {
	struct seen *seen;
	char letter;
};

static void
note(void *arg)
{
	struct mark *m = arg;

	m->seen->order[m->seen->count++] = m->letter;
}

static void
stop(void *arg)
{
	loop_stop(((struct seen *)arg)->loop);
}

static void
deferred_calls_run_in_order_and_after_their_caller(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct mark a = { &seen, 'a' }, b = { &seen, 'b' };

	(void)state;
	loop_defer(seen.loop, note, &a);
	loop_defer(seen.loop, note, &b);
	assert_int_equal(seen.count, 0);
	loop_defer(seen.loop, stop, &seen);
	loop_run(seen.loop);
	assert_string_equal(seen.order, "ab");
	loop_free(seen.loop);
}

static void
timers_fire_once_for_each_setting(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct mark a = { &seen, 'a' }, b = { &seen, 'b' };
	struct loop_timer *first = loop_timer_new(seen.loop, note, &a);
	struct loop_timer *stopped = loop_timer_new(seen.loop, note, &b);
	struct loop_timer *last = loop_timer_new(seen.loop, stop, &seen);

	(void)state;
	loop_timer_set(first, 0);
	loop_timer_set(first, 1);
	loop_timer_set(stopped, 0);
	loop_timer_stop(stopped);
	loop_timer_set(last, 20);
	loop_run(seen.loop);
	assert_string_equal(seen.order, "a");
	loop_timer_free(first);
	loop_timer_free(stopped);
	loop_timer_free(last);
	loop_timer_free(NULL);
	loop_free(seen.loop);
}

static void *
post_from_thread(void *arg)
{
	struct mark *marks = arg;

	for (size_t i = 0; i < 10; i++)
		loop_post(marks[i].seen->loop, note, &marks[i]);
	loop_post(marks[0].seen->loop, stop, marks[0].seen);
	return NULL;
}

static void
posts_of_a_thread_arrive_in_their_order(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct mark marks[10];
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		marks[i] = (struct mark){ &seen, (char)('0' + i) };
	pthread_create(&thread, NULL, post_from_thread, marks);
	loop_run(seen.loop);
	pthread_join(thread, NULL);
	assert_string_equal(seen.order, "0123456789");
	loop_free(seen.loop);
}

/* Posts that take long, and a socket that has something to read all the time. */
struct busy {
	struct loop *loop;
	size_t posts, reads;
	size_t in_a_row, most; /* posts without a read */
};

enum { POSTS = 200 };

static void
work_a_while(void *arg)
{
	struct busy *b = arg;
	clock_t end = clock() + CLOCKS_PER_SEC / 10000;

	while (clock() < end)
		;
	if (++b->in_a_row > b->most)
		b->most = b->in_a_row;
	if (++b->posts == POSTS)
		loop_stop(b->loop);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct busy *b = arg;

	(void)fd, (void)what;
	b->reads++;
	b->in_a_row = 0;
}

static void
assert_a_socket_is_looked_at(void (*post)(struct loop *l, loop_cb *cb, void *arg))
{
	struct busy busy = { .loop = loop_new() };
	struct event *readable;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	readable =
	    event_new(loop_base(busy.loop), fds[0], EV_READ | EV_PERSIST, on_readable, &busy);
	event_add(readable, NULL);
	for (int i = 0; i < POSTS; i++)
		post(busy.loop, work_a_while, &busy);
	loop_run(busy.loop);
	assert_int_equal(busy.posts, POSTS);
	assert_true(busy.reads > POSTS / 20);
	assert_true(busy.most < 20);
	event_free(readable);
	close(fds[0]);
	close(fds[1]);
	loop_free(busy.loop);
}

static void
many_posts_at_once_do_not_keep_a_socket_waiting(void **state)
{
	(void)state;
	assert_a_socket_is_looked_at(loop_post);
}

static void
many_that_hurry_do_not_keep_a_socket_waiting(void **state)
{
	(void)state;
	assert_a_socket_is_looked_at(loop_post_first);
}

static void
posts_that_were_left_for_another_turn_are_run_when_the_loop_is_freed(void **state)
{
	struct busy busy = { .loop = loop_new() };

	(void)state;
	for (int i = 0; i < POSTS; i++)
		(i % 2 == 0 ? loop_post : loop_post_first)(busy.loop, work_a_while, &busy);
	event_base_loop(loop_base(busy.loop), EVLOOP_ONCE);
	assert_true(busy.posts < POSTS);
	loop_free(busy.loop);
	assert_int_equal(busy.posts, POSTS);
}

static void *
post_some_first_from_thread(void *arg)
{
	struct mark *marks = arg;

	for (size_t i = 0; i < 10; i++)
		(i % 2 == 0 ? loop_post : loop_post_first)(marks[i].seen->loop, note, &marks[i]);
	return NULL;
}

static void
post_both(struct seen *seen)
{
	struct mark marks[10];
	pthread_t thread;

	*seen = (struct seen){ .loop = loop_new() };
	for (size_t i = 0; i < 10; i++)
		marks[i] = (struct mark){ seen, (char)('0' + i) };
	pthread_create(&thread, NULL, post_some_first_from_thread, marks);
	pthread_join(thread, NULL);
	loop_post(seen->loop, stop, seen);
	loop_run(seen->loop);
	loop_free(seen->loop);
}

static void
assert_ordered(const struct seen *seen, char first)
{
	for (size_t i = 0; i < seen->count; i++)
		if ((seen->order[i] - first) % 2 == 0) {
			assert_int_equal(seen->order[i], first);
			first += 2;
		}
}

/* Its time may be over before its work is, on a machine that has other things to do. */
static void
what_hurries_comes_first_and_in_its_order(void **state)
{
	enum { TRIES = 50 };
	struct seen seen;
	int tries = 0;

	(void)state;
	do {
		post_both(&seen);
		assert_int_equal(seen.count, 10);
		assert_int_equal(seen.order[0], '1');
		assert_ordered(&seen, '1');
		assert_ordered(&seen, '0');
		assert_true(++tries < TRIES);
	} while (strcmp(seen.order, "1357902468") != 0);
}

/* ---- something hurries all the time ---- */

enum { SHORT_US = 20, LONG_US = 300, LEAST_US = 50 };

struct share {
	struct busy busy;
	int64_t since; /* the last one that hurried was done */
	size_t short_of;
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
pass_time(int64_t us)
{
	int64_t end = now_us() + us;

	while (now_us() < end)
		;
}

static void
work_shortly(void *arg)
{
	struct share *s = arg;

	pass_time(SHORT_US);
	if (++s->busy.in_a_row > s->busy.most)
		s->busy.most = s->busy.in_a_row;
	if (++s->busy.posts == POSTS)
		loop_stop(s->busy.loop);
}

/* It is never done. */
static void
hurry_again(void *arg)
{
	struct share *s = arg;

	if (s->busy.reads++ > 0 && s->busy.posts < POSTS)
		s->short_of += now_us() - s->since < LEAST_US;
	s->busy.in_a_row = 0;
	if (s->busy.posts < POSTS)
		loop_post_first(s->busy.loop, hurry_again, s);
	pass_time(LONG_US);
	s->since = now_us();
}

static void
what_hurries_leaves_others_their_share_of_every_turn(void **state)
{
	struct share s = { .busy.loop = loop_new() };

	(void)state;
	for (int i = 0; i < POSTS; i++)
		loop_post(s.busy.loop, work_shortly, &s);
	loop_post_first(s.busy.loop, hurry_again, &s);
	loop_run(s.busy.loop);
	assert_int_equal(s.busy.posts, POSTS);
	assert_int_equal(s.short_of, 0);
	assert_in_range(s.busy.most, 1, (LEAST_US + SHORT_US - 1) / SHORT_US);
	assert_true(s.busy.reads >= POSTS / s.busy.most);
	loop_free(s.busy.loop);
}

static void
a_signal_is_a_callback(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct loop_signal *s = loop_signal_new(seen.loop, SIGUSR1, stop, &seen);

	(void)state;
	raise(SIGUSR1);
	loop_run(seen.loop);
	loop_signal_free(s);
	loop_free(seen.loop);
}

/* ---- work ---- */

struct job {
	struct seen *seen;
	sem_t *gate; /* waited for, when there is one */
	int in, out;
	int *released;
};

static void
job_run(void *job, void *context)
{
	struct job *j = job;

	if (j->gate != NULL)
		sem_wait(j->gate);
	j->out = j->in * 2 + *(int *)context;
}

static void
job_done(void *job)
{
	struct job *j = job;

	j->seen->order[j->seen->count++] = (char)('0' + j->out);
	loop_stop(j->seen->loop);
}

static void
job_release(void *job)
{
	struct job *j = job;

	++*j->released;
	free(j);
}

static void *
context_new(void *arg, size_t index)
{
	int *context = mem_alloc(sizeof(*context));

	(void)index;
	*context = *(int *)arg;
	return context;
}

static struct job *
job_new(struct seen *seen, sem_t *gate, int in, int *released)
{
	struct job *j = mem_alloc(sizeof(*j));

	*j = (struct job){ seen, gate, in, 0, released };
	return j;
}

static int one = 1;

static struct work_pool *
pool_new(struct seen *seen, size_t queue_max)
{
	struct work_pool_conf conf = { .name = "test",
		.threads = 1,
		.queue_max = queue_max,
		.thread_init = context_new,
		.thread_exit = free,
		.arg = &one };

	return work_pool_new(seen->loop, &conf);
}

static void
a_job_is_run_with_its_threads_context_and_released_once(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct work_pool *p = pool_new(&seen, 4);
	int released = 0;

	(void)state;
	assert_non_null(
	    work_start(p, job_run, job_done, job_release, job_new(&seen, NULL, 3, &released)));
	assert_int_equal(seen.count, 0);
	loop_run(seen.loop);
	assert_string_equal(seen.order, "7");
	assert_int_equal(released, 1);
	work_pool_free(p);
	loop_free(seen.loop);
}

static void
a_full_queue_takes_nothing(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct work_pool *p = pool_new(&seen, 1);
	struct job *refused;
	int released = 0;
	sem_t gate;

	(void)state;
	sem_init(&gate, 0, 0);
	/* The first runs and waits at the gate; once it has left the queue, one more fills it. */
	work_start(p, job_run, job_done, job_release, job_new(&seen, &gate, 1, &released));
	while (work_pool_waiting(p) > 0)
		sched_yield();
	assert_non_null(
	    work_start(p, job_run, job_done, job_release, job_new(&seen, &gate, 1, &released)));
	refused = job_new(&seen, &gate, 1, &released);
	assert_null(work_start(p, job_run, job_done, job_release, refused));
	free(refused);
	sem_post(&gate);
	sem_post(&gate);
	while (seen.count < 2)
		loop_run(seen.loop);
	assert_int_equal(released, 2);
	work_pool_free(p);
	loop_free(seen.loop);
	sem_destroy(&gate);
}

static void
a_cancelled_job_is_never_reported_and_still_released(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct work_pool *p = pool_new(&seen, 4);
	int released = 0;

	(void)state;
	work_cancel(
	    work_start(p, job_run, job_done, job_release, job_new(&seen, NULL, 3, &released)));
	work_start(p, job_run, job_done, job_release, job_new(&seen, NULL, 4, &released));
	while (seen.count == 0)
		loop_run(seen.loop);
	assert_string_equal(seen.order, "9");
	assert_int_equal(released, 2);
	work_pool_free(p);
	loop_free(seen.loop);
}

static void
a_pool_that_is_freed_leaks_no_job(void **state)
{
	struct seen seen = { .loop = loop_new() };
	struct work_pool *p = pool_new(&seen, 8);
	int released = 0;
	sem_t gate;

	(void)state;
	sem_init(&gate, 0, 1);
	for (int i = 0; i < 4; i++)
		work_start(p, job_run, job_done, job_release,
		    job_new(&seen, i == 0 ? &gate : NULL, 1, &released));
	work_pool_free(p);
	loop_free(seen.loop);
	assert_int_equal(released, 4);
	sem_destroy(&gate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deferred_calls_run_in_order_and_after_their_caller),
		cmocka_unit_test(timers_fire_once_for_each_setting),
		cmocka_unit_test(posts_of_a_thread_arrive_in_their_order),
		cmocka_unit_test(many_posts_at_once_do_not_keep_a_socket_waiting),
		cmocka_unit_test(many_that_hurry_do_not_keep_a_socket_waiting),
		cmocka_unit_test(
		    posts_that_were_left_for_another_turn_are_run_when_the_loop_is_freed),
		cmocka_unit_test(what_hurries_comes_first_and_in_its_order),
		cmocka_unit_test(what_hurries_leaves_others_their_share_of_every_turn),
		cmocka_unit_test(a_signal_is_a_callback),
		cmocka_unit_test(a_job_is_run_with_its_threads_context_and_released_once),
		cmocka_unit_test(a_full_queue_takes_nothing),
		cmocka_unit_test(a_cancelled_job_is_never_reported_and_still_released),
		cmocka_unit_test(a_pool_that_is_freed_leaks_no_job),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
