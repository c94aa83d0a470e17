/* Which server takes the operations, and for how long one that failed is left alone.
 *
 * A pause is ended by a probe alone (a connection and a bind on a thread of their own), so a dead
 * server costs the operations nothing. Pauses double from 0.2 s. While an outage is younger than
 * ten minutes they stay short enough that service resumes within two seconds; after that they grow
 * to 30 s. A server that fails again soon after a pause is still the same outage.
 *
 * The prober keeps its connection and asks a server that works for a sign of life every second, so
 * that the end of an idle server is noticed too.
 */
#include "dir/dir_private.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/id.h"
#include "base/mem.h"

enum {
	PAUSE_FIRST_MS = 200,
	PAUSE_MAX_MS = 1300, /* with jitter and the connect below 2 s */
	PAUSE_LONG_MAX_MS = 30000,
	PAUSE_CREDENTIALS_MS = 30000, /* a server may lock an account that tries often */
	OUTAGE_LONG_MS = 600000,
	CALM_MS = 10000,	/* a server that worked this long begins with a short pause again */
	WATCH_MS = 1000,	/* between two signs of life */
	PROOF_AGAIN_MS = 30000, /* after an answer that somebody has to mend */
	PROOF_SOON_MS = 1000,	/* after no answer */
	PROBE_MIN_MS = 2000,	/* a proof hashes and binds: give it time */
};

size_t
dir_server_first(const struct dir *d)
{
	size_t i = 0;

	while (i < d->conf.uri_count && d->servers[i].state != SERVER_WORKS)
		i++;
	return i;
}

enum err
dir_server_choose(struct dir *d, size_t *server, struct fault *f)
{
	enum err code = ERR_UNAVAILABLE;
	const struct fault *why = NULL;
	size_t first;

	pthread_mutex_lock(&d->lock);
	first = dir_server_first(d);
	if (first < d->conf.uri_count) {
		*server = first;
		code = ERR_OK;
	}
	for (size_t i = 0; i < d->conf.uri_count && why == NULL; i++)
		if (d->servers[i].state == SERVER_PAUSED)
			why = &d->servers[i].fault;
	if (code != ERR_OK && f != NULL) {
		if (why != NULL)
			*f = *why;
		else
			fault_set(f, code, "no directory server has been reached yet");
		code = f->code;
	}
	pthread_mutex_unlock(&d->lock);
	return code;
}

bool
dir_server_is_unknown(struct dir *d)
{
	bool untried = false, works = false;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->conf.uri_count; i++) {
		untried = untried || d->servers[i].state == SERVER_UNTRIED;
		works = works || d->servers[i].state == SERVER_WORKS;
	}
	pthread_mutex_unlock(&d->lock);
	return untried && !works;
}

/* Half of the pause is chance, so that many daemons do not come back in step. */
static int64_t
server_jitter(int64_t ms)
{
	return ms * 3 / 4 + random_below((uint32_t)(ms / 4 + 1));
}

/* Under the lock. */
static void
server_pause(struct dir_server *s, const struct fault *f)
{
	int64_t now = dir_now(), max;

	if (s->state == SERVER_WORKS && now - s->works_since >= CALM_MS)
		s->pause_ms = s->failing_since = 0;
	if (s->failing_since == 0)
		s->failing_since = now;
	max = now - s->failing_since < OUTAGE_LONG_MS ? PAUSE_MAX_MS : PAUSE_LONG_MAX_MS;
	s->pause_ms = s->pause_ms == 0 ? PAUSE_FIRST_MS : s->pause_ms * 2;
	if (s->pause_ms > max)
		s->pause_ms = max;
	s->state = SERVER_PAUSED;
	s->outages++;
	s->fault = *f;
	s->failed_at = now;
	s->next_probe = now + server_jitter(s->pause_ms);
	if (f->code == ERR_MISCONFIGURED)
		s->next_probe = now + PAUSE_CREDENTIALS_MS;
}

void
dir_server_failed(struct dir *d, size_t server, const struct fault *f)
{
	pthread_mutex_lock(&d->lock);
	/* Several workers notice one failure: only the first of them starts the pause. */
	if (d->servers[server].state == SERVER_WORKS) {
		server_pause(&d->servers[server], f);
		atomic_fetch_add(&d->changes, 1);
	}
	pthread_mutex_unlock(&d->lock);
}

unsigned
dir_server_outages(struct dir *d, size_t server)
{
	unsigned outages;

	pthread_mutex_lock(&d->lock);
	outages = d->servers[server].outages;
	pthread_mutex_unlock(&d->lock);
	return outages;
}

enum err
dir_server_enter(struct dir *d, size_t server, int64_t deadline, struct fault *f)
{
	struct dir_server *s = &d->servers[server];
	struct timespec until = { .tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000 };
	enum err code = ERR_OK;
	unsigned failed;
	int rc = 0;

	pthread_mutex_lock(&d->lock);
	failed = s->openings_failed;
	while (s->opening && rc == 0)
		rc = pthread_cond_timedwait(&d->opened, &d->lock, &until);
	if (failed != s->openings_failed) {
		*f = s->opening_fault;
		code = f->code;
	} else if (s->opening)
		code = fault_set(f, ERR_UNAVAILABLE, "%s: no connection in time", s->uri);
	else if (dir_now() < s->refused_until) {
		*f = s->refusal;
		code = f->code;
	} else
		s->opening = true;
	pthread_mutex_unlock(&d->lock);
	return code;
}

void
dir_server_leave(struct dir *d, size_t server, enum err code, int bound, const struct fault *f)
{
	struct dir_server *s = &d->servers[server];

	pthread_mutex_lock(&d->lock);
	s->opening = false;
	if (code != ERR_OK) {
		s->openings_failed++;
		s->opening_fault = *f;
		s->opening_fault.code = code;
	}
	if (bound == LDAP_INVALID_CREDENTIALS) {
		s->refusal = *f;
		s->refused_until = dir_now() + PAUSE_CREDENTIALS_MS;
	}
	pthread_cond_broadcast(&d->opened);
	pthread_mutex_unlock(&d->lock);
}

enum err
dir_server_proof(struct dir *d, size_t server, struct fault *f)
{
	enum err code = ERR_OK;

	pthread_mutex_lock(&d->lock);
	if (d->servers[server].proof != PROOF_DONE) {
		*f = d->servers[server].proof_fault;
		if (f->code != ERR_UNAVAILABLE)
			f->code = ERR_MISCONFIGURED;
		code = f->code;
	}
	pthread_mutex_unlock(&d->lock);
	return code;
}

void
dir_server_set_proof(struct dir *d, size_t server, enum err code, const struct fault *f)
{
	struct dir_server *s = &d->servers[server];

	pthread_mutex_lock(&d->lock);
	if (code == ERR_OK)
		s->proof = PROOF_DONE;
	else if (s->proof != PROOF_DONE) {
		s->proof = PROOF_FAILED;
		s->proof_fault = *f;
		s->proof_failed_at = dir_now();
		/* Without the proof nobody is added: what was only slow or cut off is tried again
		 * within the seconds in which service has to resume. */
		s->next_proof =
		    dir_now() + (code == ERR_UNAVAILABLE ? PROOF_SOON_MS : PROOF_AGAIN_MS);
	}
	pthread_mutex_unlock(&d->lock);
}

struct probe {
	struct dir *dir;
	size_t server;
};

static bool
probe_wants_proof(struct dir *d, size_t server)
{
	const struct dir_server *s = &d->servers[server];
	bool wanted;

	pthread_mutex_lock(&d->lock);
	wanted = d->conf.password_mode == DIR_PASSWORD_ARGON2 && s->proof != PROOF_DONE &&
		 s->next_proof <= dir_now();
	pthread_mutex_unlock(&d->lock);
	return wanted;
}

/* The end of a pause takes a fresh connection and a bind: one that stands proves neither. */
static enum err
probe_ask(struct dir *d, size_t server, bool works, struct fault *f)
{
	struct dir_conn *c = &d->servers[server].watch;
	int64_t deadline = dir_now() + d->conf.connect_timeout_ms;

	if (works && c->ld != NULL && !dir_conn_is_stale(c)) {
		if (dir_conn_ping(c, deadline))
			return ERR_OK;
		if (c->turned_away != 0 || dir_now() >= deadline)
			return fault_set(
			    f, ERR_UNAVAILABLE, "%s: no sign of life", d->servers[server].uri);
	}
	return dir_conn_open(c, server, deadline, NULL, f);
}

/* Under the lock. A pause that began during the probe is not ended by it. */
static void
probe_judge(struct dir_server *s, bool worked, enum err code, const struct fault *f)
{
	bool paused_meanwhile = worked && s->state == SERVER_PAUSED;

	if (paused_meanwhile)
		return;
	if (code != ERR_OK) {
		server_pause(s, f);
		return;
	}
	if (!worked)
		s->works_since = dir_now();
	s->state = SERVER_WORKS;
	s->next_probe = dir_now() + WATCH_MS;
}

/* On the probes' thread. The server counts as working only after its proof was tried: nobody is
 * told "misconfigured" merely for being early. */
static void
probe_run(void *job, void *context)
{
	struct probe *p = job;
	struct dir *d = p->dir;
	struct dir_server *s = &d->servers[p->server];
	struct fault f = { .code = ERR_OK };
	int64_t proof_ms =
	    d->conf.op_timeout_ms > PROBE_MIN_MS ? d->conf.op_timeout_ms : PROBE_MIN_MS;
	bool worked;
	enum err code;

	(void)context;
	pthread_mutex_lock(&d->lock);
	worked = s->state == SERVER_WORKS;
	pthread_mutex_unlock(&d->lock);
	code = probe_ask(d, p->server, worked, &f);
	if (code == ERR_OK && probe_wants_proof(d, p->server)) {
		enum err proof = dir_proof_run(d, p->server, dir_now() + proof_ms, &f);

		dir_server_set_proof(d, p->server, proof, &f);
	}
	dir_check_memory();
	pthread_mutex_lock(&d->lock);
	s->probing = false;
	probe_judge(s, worked, code, &f);
	pthread_mutex_unlock(&d->lock);
}

static void
probe_done(void *job)
{
	struct probe *p = job;

	p->dir->probe_work[p->server] = NULL;
	dir_watch(p->dir, 0);
}

void
dir_server_start_probes(struct dir *d, int64_t now)
{
	for (size_t i = 0; i < d->conf.uri_count; i++) {
		struct dir_server *s = &d->servers[i];
		struct probe *p;
		bool due;

		pthread_mutex_lock(&d->lock);
		due = !s->probing && s->next_probe <= now;
		s->probing = s->probing || due;
		pthread_mutex_unlock(&d->lock);
		if (!due)
			continue;
		p = mem_alloc(sizeof(*p));
		*p = (struct probe){ d, i };
		d->probe_work[i] = work_start(d->probes, probe_run, probe_done, free, p);
		assert(d->probe_work[i] != NULL); /* the queue has a place for each server */
	}
}

int64_t
dir_server_next_probe(struct dir *d, int64_t now)
{
	int64_t next = INT64_MAX;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->conf.uri_count; i++)
		if (!d->servers[i].probing && d->servers[i].next_probe < next)
			next = d->servers[i].next_probe;
	pthread_mutex_unlock(&d->lock);
	if (next == INT64_MAX)
		return -1;
	return next > now ? next - now : 0;
}
