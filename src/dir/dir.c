#include "dir/dir_private.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	TICK_MS = 200, /* how often deadlines are looked at while anything is under way */
	LOOKERS = 2    /* one that waits for a server that is away does not hold up the next */
};

int64_t
dir_now(void)
{
	return clock_mono_ms(&clock_system);
}

/* An address, not something that merely begins like one. */
static bool
host_is_loopback(const char *host)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       strcmp(host, "[::1]") == 0;
}

static enum err
dir_check_uri(const struct dir_conf *conf, const char *uri, struct fault *f)
{
	LDAPURLDesc *url = NULL;
	enum err code = ERR_OK;
	bool external = conf->bind_dn == NULL || conf->bind_dn[0] == '\0';

	if (strpbrk(uri, " ,") != NULL || ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS) {
		dir_check_memory();
		return fault_set(f, ERR_MISCONFIGURED, "not one LDAP URI: %s", uri);
	}
	if (external && strcasecmp(url->lud_scheme, "ldapi") != 0)
		code = fault_set(
		    f, ERR_MISCONFIGURED, "%s: without a bind DN only ldapi:// works", uri);
	else if (strcasecmp(url->lud_scheme, "ldap") == 0 && conf->tls == DIR_TLS_NONE &&
		 !conf->allow_clear_text &&
		 !host_is_loopback(url->lud_host != NULL ? url->lud_host : ""))
		code = fault_set(f, ERR_MISCONFIGURED,
		    "%s: passwords would travel in clear text; use StartTLS or ldaps://, or set "
		    "allow_clear_text",
		    uri);
	ldap_free_urldesc(url);
	return code;
}

static enum err
dir_check_dn(const char *what, const char *dn, struct fault *f)
{
	struct arena *arena = arena_new(0);
	const char *normal;
	enum err code = ERR_OK;

	if (dn == NULL || !dir_dn_normalise(dn, arena, &normal))
		code =
		    fault_set(f, ERR_MISCONFIGURED, "%s is no DN: %s", what, dn != NULL ? dn : "");
	arena_free(arena);
	return code;
}

static enum err
dir_check_names(const struct dir_conf *conf, struct fault *f)
{
	const char *const fixed[] = { conf->rdn_attribute, conf->marker_attribute,
		conf->group_class, conf->group_member };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (fixed[i] == NULL || !dir_attribute_is_valid(fixed[i]))
			return fault_set(f, ERR_MISCONFIGURED,
			    "an attribute or object class has no valid name: %s",
			    fixed[i] != NULL ? fixed[i] : "(none)");
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if (conf->attributes[i] != NULL && !dir_attribute_is_valid(conf->attributes[i]))
			return fault_set(
			    f, ERR_MISCONFIGURED, "not an attribute name: %s", conf->attributes[i]);
	if (conf->object_class_count == 0 || conf->object_class_count > DIR_CLASSES_MAX)
		return fault_set(f, ERR_MISCONFIGURED, "no object class for new entries");
	for (size_t i = 0; i < conf->object_class_count; i++)
		if (!dir_attribute_is_valid(conf->object_classes[i]))
			return fault_set(f, ERR_MISCONFIGURED, "not an object class: %s",
			    conf->object_classes[i]);
	return ERR_OK;
}

enum err
dir_conf_check(const struct dir_conf *conf, struct fault *f)
{
	bool external = conf->bind_dn == NULL || conf->bind_dn[0] == '\0';

	if (conf->uri_count == 0 || conf->uri_count > DIR_URIS_MAX)
		return fault_set(f, ERR_MISCONFIGURED, "no directory server is named");
	for (size_t i = 0; i < conf->uri_count; i++)
		if (dir_check_uri(conf, conf->uris[i], f) != ERR_OK)
			return f->code;
	if (dir_check_dn("search_base", conf->search_base, f) != ERR_OK ||
	    dir_check_dn("people_base", conf->people_base, f) != ERR_OK ||
	    (!external && dir_check_dn("bind_dn", conf->bind_dn, f) != ERR_OK))
		return f->code;
	if (!dir_dn_is_below(conf->people_base, conf->search_base, true))
		return fault_set(f, ERR_MISCONFIGURED, "people_base %s is not below search_base %s",
		    conf->people_base, conf->search_base);
	/* A name with an empty password binds as nobody and looks like success (RFC 4513
	 * section 5.1.2). */
	if (!external &&
	    (conf->bind_password == NULL || secret_len(conf->bind_password) == 0 ||
		strlen(secret_bytes(conf->bind_password)) != secret_len(conf->bind_password)))
		return fault_set(
		    f, ERR_MISCONFIGURED, "the bind password is empty or holds a zero byte");
	if (conf->threads == 0 || conf->queue_max == 0 || conf->connect_timeout_ms <= 0 ||
	    conf->op_timeout_ms <= 0)
		return fault_set(
		    f, ERR_MISCONFIGURED, "threads, queue and time-outs must be above 0");
	return dir_check_names(conf, f);
}

/* On each worker. */
static void *
dir_thread_init(void *arg, size_t index)
{
	struct dir_conn *c = mem_alloc(sizeof(*c));

	(void)index;
	c->dir = arg;
	return c;
}

static void
dir_thread_exit(void *context)
{
	dir_conn_close(context);
	free(context);
}

/* Tells the owner when the directory came or went. True when it did: then `d` may be gone. */
static bool
dir_announce(struct dir *d)
{
	struct fault f = { .code = ERR_OK };
	size_t server;
	int up = dir_server_choose(d, &server, &f) == ERR_OK;

	if (up == d->announced || dir_server_is_unknown(d))
		return false;
	d->announced = up;
	if (d->on_state == NULL)
		return false;
	dir_watch(d, 0);
	d->on_state(d->on_state_arg, up, &f);
	return true;
}

static void
dir_on_watch(void *arg)
{
	struct dir *d = arg;
	int64_t now = dir_now(), next;

	d->watch_due = INT64_MAX;
	d->changes_seen = atomic_load(&d->changes);
	dir_server_start_probes(d, now);
	dir_jobs_release_held(d);
	next = dir_server_next_probe(d, now);
	if (next >= 0)
		dir_watch(d, next);
	if (!TAILQ_EMPTY(&d->live) || !TAILQ_EMPTY(&d->held) || !dir_asker_is_idle(d->asker))
		dir_watch(d, TICK_MS);
	/* Each of these may run one callback, so each is followed by another look rather than by
	 * more code. */
	if (dir_announce(d) || dir_asker_expire(d->asker, now))
		return;
	dir_jobs_expire(d, now);
}

void
dir_watch(struct dir *d, int64_t ms)
{
	int64_t due = dir_now() + ms;

	if (due >= d->watch_due)
		return;
	d->watch_due = due;
	loop_timer_set(d->watch, ms);
}

static struct work_pool *
dir_pool(struct dir *d, const char *name, size_t threads, size_t queue_max, bool connections)
{
	struct work_pool_conf conf = { .name = name, .threads = threads, .queue_max = queue_max };

	if (connections) {
		conf.thread_init = dir_thread_init;
		conf.thread_exit = dir_thread_exit;
		conf.arg = d;
	}
	return work_pool_new(d->loop, &conf);
}

enum err
dir_new(struct dir **out, struct loop *l, const struct dir_conf *conf, struct fault *f)
{
	LDAPAPIInfo info = { .ldapai_info_version = LDAP_API_INFO_VERSION };
	pthread_condattr_t monotonic;
	struct dir *d;

	if (dir_conf_check(conf, f) != ERR_OK)
		return f->code;
	/* libldap initialises itself on first use, which two threads must not do at once. */
	if (ldap_get_option(NULL, LDAP_OPT_API_INFO, &info) != LDAP_SUCCESS) {
		dir_check_memory();
		return fault_set(f, ERR_INTERNAL, "libldap does not start");
	}
	ldap_memfree(info.ldapai_vendor_name);
	ber_memvfree((void **)info.ldapai_extensions);
	d = mem_alloc(sizeof(*d));
	memcpy((struct dir_conf *)(uintptr_t)&d->conf, conf, sizeof(*conf));
	d->loop = l;
	d->announced = -1;
	d->watch_due = INT64_MAX;
	TAILQ_INIT(&d->live);
	TAILQ_INIT(&d->held);
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&d->opened, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (size_t i = 0; i < conf->uri_count; i++) {
		d->servers[i].uri = conf->uris[i];
		d->servers[i].watch.dir = d;
	}
	d->watch = loop_timer_new(l, dir_on_watch, d);
	d->asker = dir_asker_new(d);
	d->pool = dir_pool(d, "dir", conf->threads, conf->queue_max, true);
	d->signers = dir_pool(d, "dir-sign", conf->threads, conf->queue_max, true);
	d->probes = dir_pool(d, "dir-probe", conf->uri_count, conf->uri_count, false);
	d->checks = dir_pool(d, "dir-check", 1, 4, false);
	d->lookers = dir_pool(d, "dir-look", LOOKERS, conf->queue_max, false);
	dir_server_start_probes(d, dir_now());
	*out = d;
	return ERR_OK;
}

void
dir_free(struct dir *d)
{
	if (d == NULL)
		return;
	loop_timer_free(d->watch);
	dir_asker_free(d->asker);
	dir_jobs_drop(d);
	for (size_t i = 0; i < d->conf.uri_count; i++)
		if (d->probe_work[i] != NULL)
			work_cancel(d->probe_work[i]);
	work_pool_free(d->pool);
	work_pool_free(d->signers);
	work_pool_free(d->probes);
	work_pool_free(d->checks);
	work_pool_free(d->lookers);
	for (size_t i = 0; i < d->conf.uri_count; i++)
		dir_conn_close(&d->servers[i].watch);
	pthread_cond_destroy(&d->opened);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

void
dir_cancel(struct dir_op *op)
{
	if (op->is_ask)
		dir_ask_cancel(op);
	else
		dir_job_cancel((struct dir_job *)op);
}

void
dir_on_state(struct dir *d, dir_state_cb *cb, void *arg)
{
	d->on_state = cb;
	d->on_state_arg = arg;
	d->announced = -1;
	dir_watch(d, 0);
}

bool
dir_is_up(const struct dir *d, struct fault *f)
{
	size_t server;

	/* The lock is no part of what the caller can see change. */
	return dir_server_choose((struct dir *)(uintptr_t)d, &server, f) == ERR_OK;
}

int64_t
dir_settle_ms(const struct dir *d)
{
	return 2 * d->conf.op_timeout_ms;
}
