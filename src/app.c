#include "app.h"

#include <grp.h>
#include <stdlib.h>

#include "app_private.h"
#include "base/mem.h"
#include "log/log.h"

/* ---- start ---- */

static void
app_fail(struct app *a, const struct fault *f)
{
	log_error("usherd cannot start", "reason", f->text);
	a->failed = true;
	loop_stop(a->loop);
}

static void
app_on_watchdog(void *arg)
{
	struct app *a = arg;

	app_notify("WATCHDOG=1");
	loop_timer_set(a->watchdog, app_watchdog_ms());
}

static void
app_on_tokens(void *arg)
{
	struct app *a = arg;
	struct fault f = { .text = "" };

	if (a->stopping)
		return;
	if (app_open_listeners(a, &f) != ERR_OK) {
		app_fail(a, &f);
		return;
	}
	a->feed = flow_feed_new(
	    a->flow, a->roster, a->conf->poll_interval * 1000, a->conf->activity_interval * 1000);
	flow_run(a->flow);
	if (app_watchdog_ms() > 0)
		app_on_watchdog(a);
	log_info("usherd is ready", "control", a->conf->listen_control, "public",
	    a->conf->listen_public, "socket", a->conf->listen_socket, "mail",
	    a->mailer == NULL	     ? "none"
	    : a->conf->relay != NULL ? a->conf->relay
				     : a->conf->spool);
	app_notify("READY=1");
}

static void
app_on_store(void *arg, enum err code, const struct fault *f)
{
	struct app *a = arg;

	if (code != ERR_OK) {
		log_error("the store cannot be used", "store", a->conf->store_path, "key_file",
		    a->conf->store_key_file);
		app_fail(a, f);
	} else if (!a->stopping) {
		app_start_audit(a);
		app_build_front(a, app_on_tokens);
	}
}

/* ---- build ---- */

static enum err
app_build_passwords(struct app *a, struct fault *f)
{
	struct passwd_conf passwd = { .threads = (size_t)a->conf->hash_threads,
		.queue_max = (size_t)a->conf->hash_queue,
		.passes = (unsigned long long)a->conf->argon2_passes,
		.memory = (size_t)a->conf->argon2_memory * 1024 };
	enum err code = blocklist_load(&a->blocklist, a->conf->blocklist_file, f);

	if (code == ERR_OK)
		a->passwd = passwd_new(a->loop, &passwd);
	return code;
}

static enum err
app_build_directory(struct app *a, struct fault *f)
{
	struct dir_conf dir;

	app_dir_conf(&dir, a->conf);
	return dir_new(&a->dir, a->loop, &dir, f);
}

static enum err
app_build_store(struct app *a, struct fault *f)
{
	enum err code = seal_load(&a->seal, a->conf->store_key_file, f);

	if (code == ERR_OK)
		code = kv_sqlite_open(&a->kv, a->loop, a->conf->store_path, f);
	if (code == ERR_OK)
		a->store = store_new(a->loop, a->kv, a->seal, &clock_system);
	return code;
}

static void
app_on_list_trouble(void *arg, const struct fault *f)
{
	(void)arg;
	log_warning("the people list cannot be kept: the next start reads it from the directory",
	    "reason", f->text);
}

static void
app_build_roster(struct app *a)
{
	struct dir_conf dir;
	struct roster_conf roster = { .loop = a->loop,
		.seal = a->seal,
		.warm_path = a->conf->warm_file,
		.trouble = app_on_list_trouble };

	app_dir_conf(&dir, a->conf);
	roster.warm_subject = dir_follow_subject(&dir, a->conf->arena);
	a->roster = roster_new(&roster);
}

static void
app_build_flow(struct app *a)
{
	const struct conf *c = a->conf;
	const char **groups = arena_alloc(c->arena, APP_ROLE_GROUPS_MAX * sizeof(*groups));
	struct dir_conf dir;
	struct flow_conf flow = { .loop = a->loop,
		.store = a->store,
		.dir = a->dir,
		.roster = a->roster,
		.passwd = a->passwd,
		.hooks = &a->hook_conf,
		.clock = &clock_system,
		.blocklist = a->blocklist,
		.mail = app_mail_flow_conf(a),
		.uid_template = c->uid_template,
		.admin_group = c->admin_group,
		.gender_required = c->gender_required,
		.birthday_required = c->birthday_required,
		.password_min = (size_t)c->min_length,
		.lifetime_s = c->lifetime,
		.retention_s = c->retention,
		.expired_kept_s = c->expired_kept,
		.restorable_s = c->restorable,
		.audit_kept_s = c->audit_retention,
		.audit_sources_s = c->audit_sources,
		.attempts_max = (size_t)c->registrations,
		.answer_ms = APP_ANSWER_MS };

	app_dir_conf(&dir, c);
	flow.password_mode = dir.password_mode;
	flow.role_groups = groups;
	flow.role_group_count = app_role_groups(c, groups);
	flow.role_place_count = app_role_places(c, &flow.role_places);
	a->flow = flow_new(&flow);
}

static enum err
app_find_group(struct app *a, struct fault *f)
{
	struct group *g;

	a->socket_gid = (gid_t)-1;
	if (a->conf->socket_group == NULL)
		return ERR_OK;
	g = getgrnam(a->conf->socket_group);
	if (g == NULL)
		return fault_set(f, ERR_MISCONFIGURED, "socket_group: there is no group \"%s\"",
		    a->conf->socket_group);
	a->socket_gid = g->gr_gid;
	return ERR_OK;
}

/* The store comes last: a start that fails for any other reason leaves no trace in it. */
enum err
app_new_take(struct app **out, struct conf *conf, struct fault *f)
{
	struct app *a = mem_alloc(sizeof(*a));
	enum log_level level = LOG_INFO;
	enum err code;

	a->conf = conf;
	a->started_at = clock_wall_ms(&clock_system);
	TAILQ_INIT(&a->looks);
	if (log_level_by_name(conf->log_level, &level))
		log_set_level(level);
	a->loop = loop_new();
	if (a->loop == NULL) {
		conf_free(conf);
		free(a);
		return fault_set(f, ERR_UNAVAILABLE, "the system gives no event loop");
	}
	app_watch_signals(a);
	a->watchdog = loop_timer_new(a->loop, app_on_watchdog, a);
	code = app_find_group(a, f);
	if (code == ERR_OK)
		code = app_build_passwords(a, f);
	if (code == ERR_OK)
		code = app_build_directory(a, f);
	if (code == ERR_OK)
		code = app_build_webhooks(a, f);
	if (code == ERR_OK)
		code = app_build_mail(a, f);
	if (code == ERR_OK)
		code = app_build_store(a, f);
	if (code != ERR_OK) {
		app_free(a);
		return code;
	}
	app_build_roster(a);
	app_build_flow(a);
	*out = a;
	return ERR_OK;
}

bool
app_run(struct app *a)
{
	if (!a->stopping) {
		store_prepare(a->store, app_on_store, a);
		loop_run(a->loop);
	}
	if (!a->failed)
		log_info(
		    "usherd has stopped", "log_lines_dropped", log_number((int64_t)log_dropped()));
	return !a->failed;
}

void
app_free(struct app *a)
{
	if (a == NULL)
		return;
	app_free_front(a);
	roster_free(a->roster);
	flow_feed_free(a->feed);
	flow_free(a->flow);
	app_free_access(a);
	webhooks_free(a->webhooks);
	app_free_mail(a);
	app_free_audit(a);
	store_free(a->store);
	if (a->kv != NULL)
		kv_close(a->kv);
	seal_free(a->seal);
	dir_free(a->dir);
	passwd_free(a->passwd);
	blocklist_free(a->blocklist);
	loop_timer_free(a->watchdog);
	app_unwatch_signals(a);
	loop_free(a->loop);
	conf_free(a->conf);
	free(a);
}
