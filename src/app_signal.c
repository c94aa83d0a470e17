#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "app_private.h"
#include "log/log.h"

/* ---- stop ---- */

static void
app_on_part_stopped(void *arg)
{
	struct app *a = arg;

	if (--a->parts_left == 0)
		app_end_audit(a);
}

static void
app_on_http_drained(void *arg)
{
	struct app *a = arg;

	flow_drain(a->flow, app_on_part_stopped, a);
}

/* Not a clean end but a safe one: what was acknowledged is on disk, and a thread may hang in the
 * system's resolver or on a dead disk for longer than anybody waits. */
static void
app_on_overdue(void *arg)
{
	struct app *a = arg;

	log_warning("stopped before all work was finished", "registrations",
	    log_number((int64_t)flow_attempts(a->flow)));
	_exit(EXIT_SUCCESS);
}

/* No further mail leaves. New connections are refused at once and running requests finish; then the
 * registrations. What is not finished in time is parked in the store, and the resolver of the next
 * start settles it.
 * Beside that the people list is kept for the next start. */
static void
app_on_stop(void *arg)
{
	struct app *a = arg;

	if (a->stopping) {
		loop_stop(a->loop);
		return;
	}
	a->stopping = true;
	log_info("usherd is stopping");
	app_notify("STOPPING=1");
	if (a->http == NULL) { /* not even started */
		loop_stop(a->loop);
		return;
	}
	flow_stop_sending(a->flow);
	a->parts_left = 2;
	loop_timer_set(a->stop_timer, APP_STOP_MS);
	roster_save_last(a->roster, APP_KEEP_MS, app_on_part_stopped, a);
	http_server_drain(a->http, app_on_http_drained, a);
}

/* ---- reload ---- */

static void
app_on_restart_key(void *arg, const char *key)
{
	(void)arg;
	log_warning("a changed setting waits for a restart", "key", key);
}

static enum err
app_set_tls(struct app *a, const struct conf *c, struct fault *f)
{
	if (c->tls_certificate == NULL || a->conf->tls_certificate == NULL)
		return ERR_OK; /* switching TLS on or off is a restart */
	return http_server_set_tls(a->http, c->tls_certificate, c->tls_key, f);
}

/* Whole or nothing: the certificate, the one part that can fail, goes first. */
static void
app_on_reload(void *arg)
{
	struct app *a = arg;
	struct conf_errors errors;
	struct conf *fresh;
	struct fault f = { .text = "" };
	enum log_level level;

	if (a->http == NULL)
		return; /* the file was read a moment ago */
	fresh = app_load_conf(a->conf->path, &errors);
	if (fresh == NULL) {
		for (size_t i = 0; i < errors.count; i++)
			log_error("the new configuration is refused, the old one stays", "reason",
			    errors.items[i].text);
		return;
	}
	if (app_set_tls(a, fresh, &f) != ERR_OK)
		log_error("the new configuration is refused, the old one stays", "reason", f.text);
	else {
		if (log_level_by_name(fresh->log_level, &level))
			log_set_level(level);
		flow_set_limits(a->flow, (size_t)fresh->min_length, fresh->lifetime);
		conf_restart_keys(a->conf, fresh, app_on_restart_key, a);
		log_info("the configuration was reloaded");
	}
	conf_free(fresh);
}

void
app_watch_signals(struct app *a)
{
	a->on_term = loop_signal_new(a->loop, SIGTERM, app_on_stop, a);
	a->on_int = loop_signal_new(a->loop, SIGINT, app_on_stop, a);
	a->on_hup = loop_signal_new(a->loop, SIGHUP, app_on_reload, a);
	a->stop_timer = loop_timer_new(a->loop, app_on_overdue, a);
}

void
app_unwatch_signals(struct app *a)
{
	loop_timer_free(a->stop_timer);
	loop_signal_free(a->on_hup);
	loop_signal_free(a->on_int);
	loop_signal_free(a->on_term);
}
