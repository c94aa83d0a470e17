/* One message, one POST. What came of it is read from the status, or, without one, from how far the
 * request got: libcurl says when it is about to write (PREREQFUNCTION), and from then on nobody
 * knows what the other side has.
 *
 * Nothing that a receiver answers but its status and Retry-After matters: its headers and body are
 * read up to a bound, because a connection can be kept only when they are, and dropped. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "loop/transfer.h"
#include "webhook/webhook.h"

enum {
	ANSWER_HEADERS_MAX = 64 * 1024, /* bytes, of all header lines */
	ANSWER_BODY_MAX = 4 * 1024,
	WORDS_SIZE = CURL_ERROR_SIZE + 64,
	RETRY_AFTER_MAX_S = 24 * 3600
};

struct webhooks {
	struct webhook_conf conf;
	struct transfers *transfers;
	TAILQ_HEAD(sending_list, webhook_sending) sendings;
};

struct webhook_sending {
	TAILQ_ENTRY(webhook_sending) link;
	struct webhooks *webhooks;
	struct transfer *transfer; /* NULL: it is not sent, and `later` says so */
	struct loop_timer *later;
	CURL *easy;
	struct curl_slist *headers;
	int64_t began_mono_ms;
	size_t header_bytes, body_bytes;
	bool written; /* the request may have reached the other side */
	/* Of the host's addresses, one at least was tried, was refused. */
	bool tried, refused;
	char error[CURL_ERROR_SIZE], words[WORDS_SIZE];
	webhook_sent_cb *cb;
	void *arg;
};

enum err
webhooks_new(struct webhooks **out, const struct webhook_conf *conf, struct fault *f)
{
	struct webhooks *w;
	struct transfers *t;
	enum err code;

	if (conf->ca_file != NULL && access(conf->ca_file, R_OK) != 0)
		return fault_set(f, ERR_MISCONFIGURED,
		    "[webhook] ca_file: \"%s\" cannot be read: %m", conf->ca_file);
	code = transfers_new(&t, conf->loop, conf->connections, f);
	if (code != ERR_OK)
		return code;
	w = mem_alloc(sizeof(*w));
	w->conf = *conf;
	w->transfers = t;
	TAILQ_INIT(&w->sendings);
	*out = w;
	return ERR_OK;
}

static void
sending_free(struct webhook_sending *s)
{
	loop_timer_free(s->later);
	curl_easy_cleanup(s->easy);
	curl_slist_free_all(s->headers);
	free(s);
}

void
webhook_cancel(struct webhook_sending *s)
{
	if (s->transfer != NULL)
		transfer_cancel(s->transfer);
	TAILQ_REMOVE(&s->webhooks->sendings, s, link);
	sending_free(s);
}

void
webhooks_free(struct webhooks *w)
{
	struct webhook_sending *s, *next;

	if (w == NULL)
		return;
	LIST_EACH_SAFE(s, &w->sendings, link, next)
	webhook_cancel(s);
	transfers_free(w->transfers);
	free(w);
}

/* ---- what came of it ---- */

static enum webhook_outcome
outcome_of_status(long status)
{
	if (status >= 200 && status <= 299)
		return WEBHOOK_DELIVERED;
	return status == 410 ? WEBHOOK_GONE : WEBHOOK_FAILED;
}

/* They may quote the receiver (a certificate's name). */
static void
set_words(struct webhook_sending *s, const char *words)
{
	size_t len = strnlen(words, sizeof(s->words) - 1);

	memcpy(s->words, words, len);
	s->words[len] = '\0';
	for (char *p = s->words; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static void
set_status_words(struct webhook_sending *s, long status)
{
	char words[WORDS_SIZE];

	snprintf(words, sizeof(words), "HTTP %ld%s", status,
	    status >= 300 && status <= 399 ? " (redirects are not followed)" : "");
	set_words(s, words);
}

static void
set_error_words(struct webhook_sending *s, CURLcode code)
{
	if (s->refused && !s->tried)
		set_words(s, "its address is of a private network, which is not allowed");
	else
		set_words(s, s->error[0] != '\0' ? s->error : curl_easy_strerror(code));
}

/* Seconds or a date; libcurl has read both. Nobody may hold a message up for longer than a day. */
static int64_t
retry_after_ms(CURL *easy, long status)
{
	curl_off_t seconds = 0;

	if (status != 429 && status != 503)
		return 0;
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
	return seconds > 0 && seconds <= RETRY_AFTER_MAX_S ? (int64_t)seconds * 1000 : 0;
}

static void
on_transferred(void *arg, CURL *easy, CURLcode code)
{
	struct webhook_sending *s = arg;
	struct webhook_report r = { .words = s->words };
	long status = 0;

	TAILQ_REMOVE(&s->webhooks->sendings, s, link);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	r.ms = clock_mono_ms(&clock_system) - s->began_mono_ms;
	if (status >= 200) {
		r.outcome = outcome_of_status(status);
		r.status = (int)status;
		r.retry_after_ms = retry_after_ms(easy, status);
		set_status_words(s, status);
	} else {
		r.outcome = s->written ? WEBHOOK_UNKNOWN : WEBHOOK_FAILED;
		set_error_words(s, code);
	}
	s->cb(s->arg, &r);
	sending_free(s);
}

/* ---- the request ---- */

static size_t
on_header(char *data, size_t size, size_t count, void *arg)
{
	struct webhook_sending *s = arg;

	(void)data;
	s->header_bytes += size * count;
	return s->header_bytes <= ANSWER_HEADERS_MAX ? size * count : 0;
}

static size_t
on_body(char *data, size_t size, size_t count, void *arg)
{
	struct webhook_sending *s = arg;

	(void)data;
	s->body_bytes += size * count;
	return s->body_bytes <= ANSWER_BODY_MAX ? size * count : 0;
}

static int
on_about_to_write(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct webhook_sending *s = arg;

	(void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
	s->written = true;
	return CURL_PREREQFUNC_OK;
}

/* The address that is connected to is judged, whatever the name said a moment ago. */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct webhook_sending *s = arg;

	(void)purpose;
	if (!s->webhooks->conf.allow_private && webhook_address_is_private(&a->addr)) {
		s->refused = true;
		return CURL_SOCKET_BAD;
	}
	s->tried = true;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static void
add_header(struct webhook_sending *s, const char *line)
{
	struct curl_slist *longer = curl_slist_append(s->headers, line);

	if (longer == NULL)
		mem_exhausted();
	s->headers = longer;
}

static void
make_headers(struct webhook_sending *s, const struct webhook_message *m)
{
	char line[256], signature[WEBHOOK_SIGNATURE_SIZE];
	int len;

	snprintf(line, sizeof(line), "webhook-id: %s", m->id);
	add_header(s, line);
	snprintf(line, sizeof(line), "webhook-timestamp: %" PRId64, m->at_s);
	add_header(s, line);
	len = snprintf(line, sizeof(line), "webhook-signature:");
	for (size_t i = 0; i < 2 && m->secrets[i] != NULL; i++) {
		webhook_sign(
		    m->secrets[i], WEBHOOK_SECRET_SIZE, m->id, m->at_s, m->body, m->len, signature);
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %s", signature);
	}
	add_header(s, line);
	add_header(s, "Content-Type: application/json");
	add_header(s, "Expect:"); /* no waiting for "100 Continue" */
}

/* With one of these missing it could go to where it must not. */
static bool
set_bounds(struct webhook_sending *s)
{
	const struct webhook_conf *c = &s->webhooks->conf;
	CURL *e = s->easy;

	return curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, c->clear_text ? "http,https" : "https") ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, s) == CURLE_OK &&
	       /* One of the environment would connect for us, to addresses that we never see. */
	       curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       /* In place of the system's, which libcurl may know by a folder too. */
	       (c->ca_file == NULL ||
		   (curl_easy_setopt(e, CURLOPT_CAINFO, c->ca_file) == CURLE_OK &&
		       curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

/* How libcurl tells what came of it: without, an answer would be printed, or taken for none. */
static bool
set_callbacks(struct webhook_sending *s)
{
	CURL *e = s->easy;

	return curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_about_to_write) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PREREQDATA, s) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERDATA, s) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, s) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->error) == CURLE_OK;
}

static bool
set_request(struct webhook_sending *s, const struct webhook_message *m)
{
	const struct webhook_conf *c = &s->webhooks->conf;
	CURL *e = s->easy;

	make_headers(s, m);
	return curl_easy_setopt(e, CURLOPT_URL, m->url) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_USERAGENT, c->user_agent) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)m->len) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, m->body) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HTTPHEADER, s->headers) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)c->timeout_ms) == CURLE_OK &&
	       /* One message, one request: what HTTP/2 may have of it when a connection ends is
		* harder to tell. */
	       curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
}

static void
on_not_sent(void *arg)
{
	struct webhook_sending *s = arg;
	struct webhook_report r = { .outcome = WEBHOOK_FAILED,
		.words = "not sent: libcurl cannot be set up as it has to be" };

	TAILQ_REMOVE(&s->webhooks->sendings, s, link);
	s->cb(s->arg, &r);
	sending_free(s);
}

struct webhook_sending *
webhook_send(struct webhooks *w, const struct webhook_message *m, webhook_sent_cb *cb, void *arg)
{
	struct webhook_sending *s = mem_alloc(sizeof(*s));

	s->webhooks = w;
	s->cb = cb;
	s->arg = arg;
	s->began_mono_ms = clock_mono_ms(&clock_system);
	s->easy = curl_easy_init();
	if (s->easy == NULL)
		mem_exhausted();
	TAILQ_INSERT_TAIL(&w->sendings, s, link);
	if (set_bounds(s) && set_callbacks(s) && set_request(s, m)) {
		s->transfer =
		    transfer_start(w->transfers, s->easy, w->conf.timeout_ms, on_transferred, s);
		return s;
	}
	s->later = loop_timer_new(w->conf.loop, on_not_sent, s);
	loop_timer_set(s->later, 0);
	return s;
}
