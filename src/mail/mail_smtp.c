/* Mails through libcurl's SMTP, on worker threads.
 *
 * Not on the loop: libcurl waits for the answer to the end of DATA, and for that to QUIT, in the
 * thread that calls it (lib/smtp.c, smtp_done() and smtp_disconnect(); 7.88 as well as 8.21). A
 * relay that thinks for a minute would stop everything, and mails would go one after the other.
 *
 * The password lives as long as the mailer, here and in libcurl, and is wiped when it is freed
 * (transfer_memory.c). What remains for a while are the buffers of TLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "base/mem.h"
#include "loop/transfer.h"
#include "mail/mail_smtp_private.h"

/* Mails have time; who looks at a page does not, and there may be more threads than processors. */
enum { SMTP_NICE = 10 };

struct smtp {
	struct mailer_crew crew;
	struct smtp_settings settings;
	struct smtp_worker **workers;
	size_t worker_count;
};

static void
smtp_release(struct smtp *s)
{
	for (size_t i = 0; i < s->worker_count; i++)
		smtp_worker_free(s->workers[i]);
	free(s->workers);
	free(s->settings.url);
	free(s->settings.ca_file);
	free(s->settings.user);
	secret_free(s->settings.password);
	free(s);
}

static void
smtp_free(struct mailer *m)
{
	struct smtp *s = (struct smtp *)m;

	for (size_t i = 0; i < s->worker_count; i++)
		smtp_worker_stop(s->workers[i]);
	mailer_crew_release(&s->crew);
	smtp_release(s);
}

static const struct mailer_ops smtp_ops = {
	.name = "smtp",
	.send = mailer_crew_send,
	.compose = mailer_crew_compose,
	.cancel = mailer_crew_cancel,
	.take_back = mailer_crew_take_back,
	.free = smtp_free,
};

static void *
smtp_on_thread(void *arg, size_t index)
{
	return ((struct smtp *)arg)->workers[index];
}

/* ---- settings ---- */

static bool
smtp_curl_speaks(const curl_version_info_data *v, const char *protocol)
{
	for (const char *const *p = v->protocols; *p != NULL; p++)
		if (strcmp(*p, protocol) == 0)
			return true;
	return false;
}

static enum err
smtp_check_curl(struct fault *f)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if (!smtp_curl_speaks(v, "smtp") || !smtp_curl_speaks(v, "smtps"))
		return fault_set(f, ERR_MISCONFIGURED, "libcurl %s lacks SMTP", v->version);
	if ((v->features & CURL_VERSION_SSL) == 0)
		return fault_set(f, ERR_MISCONFIGURED, "libcurl %s lacks TLS", v->version);
	if ((v->features & CURL_VERSION_ASYNCHDNS) == 0)
		return fault_set(f, ERR_MISCONFIGURED,
		    "libcurl %s waits for name lookups without end; one with AsynchDNS is needed",
		    v->version);
	return ERR_OK;
}

/* smtp://HOST:PORT/HELLO. NULL: some part of it is not possible. */
static char *
smtp_make_url(const struct mail_smtp_conf *conf)
{
	CURLU *u = curl_url();
	char host[256], port[16], *text = NULL, *url = NULL;

	if (u == NULL)
		mem_exhausted();
	snprintf(port, sizeof(port), "%d", conf->port);
	snprintf(host, sizeof(host), strchr(conf->host, ':') != NULL ? "[%s]" : "%s", conf->host);
	if (strlen(conf->host) < sizeof(host) - 2 &&
	    curl_url_set(u, CURLUPART_SCHEME, conf->tls == MAIL_TLS ? "smtps" : "smtp", 0) ==
		CURLUE_OK &&
	    curl_url_set(u, CURLUPART_HOST, host, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_PORT, port, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_PATH, conf->hello != NULL ? conf->hello : "",
		CURLU_URLENCODE) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
		url = mem_dup_string(text);
	curl_free(text);
	curl_url_cleanup(u);
	return url;
}

static enum err
smtp_set(struct smtp *s, const struct mail_smtp_conf *conf, struct fault *f)
{
	if (conf->user != NULL && conf->tls == MAIL_CLEAR)
		return fault_set(f, ERR_MISCONFIGURED,
		    "the password of the mail server would be sent in clear text: use TLS");
	if (conf->user != NULL && conf->password == NULL)
		return fault_set(
		    f, ERR_MISCONFIGURED, "there is a user for the mail server and no password");
	s->settings = (struct smtp_settings){
		.url = smtp_make_url(conf),
		.ca_file = mem_dup_string(conf->ca_file),
		.user = mem_dup_string(conf->user),
		.password = conf->user != NULL ? secret_dup(conf->password) : NULL,
		.tls = conf->tls,
		.connect_ms = conf->connect_ms,
		.reply_ms = conf->reply_ms,
		.transfer_ms = conf->transfer_ms,
	};
	if (s->settings.url == NULL)
		return fault_set(
		    f, ERR_MISCONFIGURED, "%s port %d is no mail server", conf->host, conf->port);
	s->workers = mem_array(conf->connections, sizeof(struct smtp_worker *));
	for (; s->worker_count < conf->connections; s->worker_count++)
		if (smtp_worker_new(&s->workers[s->worker_count], &s->settings, f) != ERR_OK)
			return f->code;
	return ERR_OK;
}

static enum err
smtp_new(struct mailer **out, const struct mail_smtp_conf *conf, bool probe, struct fault *f)
{
	struct smtp *s;

	transfer_library_init();
	if (smtp_check_curl(f) != ERR_OK)
		return f->code;
	s = mem_alloc(sizeof(*s));
	if (smtp_set(s, conf, f) != ERR_OK) {
		smtp_release(s);
		return f->code;
	}
	s->settings.probe = probe;
	mailer_crew_init(&s->crew, &smtp_ops, conf->loop,
	    &(struct work_pool_conf){
		.name = "mail",
		.threads = conf->connections,
		.queue_max = SIZE_MAX, /* bounded by who sends */
		.nice = SMTP_NICE,
		.thread_init = smtp_on_thread,
		.arg = s,
	    },
	    smtp_worker_carry);
	*out = &s->crew.base;
	return ERR_OK;
}

enum err
mail_smtp_new(struct mailer **out, const struct mail_smtp_conf *conf, struct fault *f)
{
	return smtp_new(out, conf, false, f);
}

enum err
mail_smtp_probe_new(struct mailer **out, const struct mail_smtp_conf *conf, struct fault *f)
{
	return smtp_new(out, conf, true, f);
}
