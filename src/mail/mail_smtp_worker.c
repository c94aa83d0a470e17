/* One thread, one easy handle, one connection that is kept for the next mail. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mail/mail_smtp_private.h"

enum { SOCKETS_MAX = 8 }; /* libcurl tries an address of each family at once */

struct smtp_worker {
	const struct smtp_settings *settings;
	CURL *easy;
	char words[CURL_ERROR_SIZE]; /* libcurl's, of the last failure */
	struct smtp_dialogue dialogue;
	bool spoilt; /* the connection is not to be used again */

	pthread_mutex_t lock; /* guards what follows, for smtp_worker_stop() */
	bool stopping, busy;
	int sockets[SOCKETS_MAX]; /* -1: none */

	/* The mail that is carried, on its thread alone. */
	struct mailer_job *job;
	size_t offset; /* of its text */
	int64_t due;   /* monotonic ms: it must have ended */
	int64_t since; /* when `watched` began */
	enum smtp_phase watched;
	const char *refusal; /* why it is not even begun; NULL */
	enum mail_outcome refused_as;
};

/* ---- sockets: known, so that they can be shut from elsewhere ---- */

static bool
worker_is_stopping(struct smtp_worker *w)
{
	bool stopping;

	pthread_mutex_lock(&w->lock);
	stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	return stopping;
}

static void
worker_note_socket(struct smtp_worker *w, int old, int new)
{
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (w->sockets[i] == old) {
			w->sockets[i] = new;
			break;
		}
	pthread_mutex_unlock(&w->lock);
}

static void
worker_shut_locked(struct smtp_worker *w, int how)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (w->sockets[i] != -1)
			shutdown(w->sockets[i], how);
}

static void
worker_shut(struct smtp_worker *w, int how)
{
	pthread_mutex_lock(&w->lock);
	worker_shut_locked(w, how);
	pthread_mutex_unlock(&w->lock);
}

static void
worker_set_busy(struct smtp_worker *w, bool busy)
{
	pthread_mutex_lock(&w->lock);
	w->busy = busy;
	pthread_mutex_unlock(&w->lock);
}

static curl_socket_t
worker_on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct smtp_worker *w = arg;
	int fd;

	(void)purpose;
	if (worker_is_stopping(w))
		return CURL_SOCKET_BAD;
	fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	if (fd == -1)
		return CURL_SOCKET_BAD;
	smtp_dialogue_connect(&w->dialogue);
	worker_note_socket(w, -1, fd);
	return fd;
}

static int
worker_on_close(void *arg, curl_socket_t fd)
{
	worker_note_socket(arg, fd, -1);
	return close(fd);
}

/* ---- what libcurl tells ---- */

/* Passwords and links pass by here: only commands' verbs and the server's answers are looked at. */
static int
worker_on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *arg)
{
	struct smtp_worker *w = arg;

	(void)easy;
	if (type == CURLINFO_HEADER_IN)
		smtp_dialogue_received(&w->dialogue, data, len);
	else if (type == CURLINFO_HEADER_OUT) {
		smtp_dialogue_sent(&w->dialogue, data, len);
		/* Each line of a login has an answer of its own. */
		w->watched = w->dialogue.phase;
		w->since = clock_mono_ms(&clock_system);
		/* libcurl would wait for the answer to QUIT: up to two minutes for nothing. */
		if (w->dialogue.over)
			worker_shut(w, SHUT_RD);
	}
	return 0;
}

static int
worker_refuse(struct smtp_worker *w, enum mail_outcome as, const char *why)
{
	w->refused_as = as;
	w->refusal = why;
	return CURL_PREREQFUNC_ABORT;
}

/* The connection stands; MAIL has not been sent. libcurl goes on without AUTH when the server
 * offers none, and sends UTF-8 to servers that never offered to take it. */
static int
worker_on_ready(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct smtp_worker *w = arg;

	(void)peer, (void)local, (void)peer_port, (void)local_port;
	if (w->settings->user != NULL && !w->dialogue.authenticated)
		return worker_refuse(
		    w, MAIL_BROKEN, "the server offers no way to sign in that is known here");
	if (mail_needs_utf8(w->job->mail) && !w->dialogue.offers_utf8)
		return worker_refuse(w, MAIL_REFUSED,
		    "the mail server takes no addresses that are not ASCII (no SMTPUTF8)");
	if (w->settings->probe)
		return worker_refuse(w, MAIL_SENT, "ready for mails");
	return CURL_PREREQFUNC_OK;
}

/* How long a phase may take. The answer to the mail has the time of the whole mail: who hangs up
 * early gets it delivered twice (RFC 5321 section 4.5.3.2.6: 10 minutes). */
static int64_t
worker_limit_of(const struct smtp_worker *w, enum smtp_phase phase)
{
	if (phase == SMTP_CONNECT || phase == SMTP_HANDSHAKE)
		return w->settings->connect_ms;
	return phase == SMTP_BODY ? INT64_MAX : w->settings->reply_ms;
}

/* TCP is there, and TLS where it comes first: the server has the word. */
static bool
worker_is_connected(const struct smtp_worker *w)
{
	curl_off_t us = 0;

	curl_easy_getinfo(w->easy,
	    w->settings->tls == MAIL_TLS ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T,
	    &us);
	return us > 0;
}

/* At least once a second, whatever libcurl waits for. Not 0: end it. */
static int
worker_on_progress(void *arg, curl_off_t in_all, curl_off_t in, curl_off_t out_all, curl_off_t out)
{
	struct smtp_worker *w = arg;
	int64_t now = clock_mono_ms(&clock_system);

	(void)in_all, (void)in, (void)out_all, (void)out;
	if (w->dialogue.phase == SMTP_CONNECT && worker_is_connected(w))
		w->dialogue.phase = SMTP_GREETING;
	if (w->watched != w->dialogue.phase) {
		w->watched = w->dialogue.phase;
		w->since = now;
	}
	return worker_is_stopping(w) || atomic_load(&w->job->cancelled) || now > w->due ||
	       now - w->since > worker_limit_of(w, w->watched);
}

static size_t
worker_on_read(char *out, size_t size, size_t count, void *arg)
{
	struct smtp_worker *w = arg;
	size_t left = secret_len(w->job->text) - w->offset, len = size * count;

	len = len < left ? len : left;
	memcpy(out, secret_bytes(w->job->text) + w->offset, len);
	w->offset += len;
	return len;
}

static size_t
worker_on_write(char *data, size_t size, size_t count, void *arg)
{
	(void)data, (void)arg;
	return size * count;
}

/* ---- the handle ---- */

/* An option that was not taken can turn a mail into another command (VRFY), and that into a
 * success: no mail goes out with a single one missing. */
static bool
worker_set_connection(struct smtp_worker *w)
{
	const struct smtp_settings *s = w->settings;
	CURL *c = w->easy;

	return curl_easy_setopt(c, CURLOPT_URL, s->url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_USE_SSL,
		   (long)(s->tls == MAIL_CLEAR ? CURLUSESSL_NONE : CURLUSESSL_ALL)) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       (s->ca_file == NULL ||
		   (curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK)) &&
	       (s->user == NULL || (curl_easy_setopt(c, CURLOPT_USERNAME, s->user) == CURLE_OK &&
				       curl_easy_setopt(c, CURLOPT_PASSWORD,
					   secret_bytes(s->password)) == CURLE_OK)) &&
	       /* libcurl's own cover all until MAIL, and each answer: see worker_limit_of(). */
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)s->transfer_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT,
		   (long)((s->transfer_ms + 999) / 1000)) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 1L) == CURLE_OK &&
	       /* It is allocated, and wiped, for every mail: three times 64 KB by default. */
	       curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 16L * 1024) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

static bool
worker_set_callbacks(struct smtp_worker *w)
{
	CURL *c = w->easy;

	return curl_easy_setopt(c, CURLOPT_ERRORBUFFER, w->words) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, worker_on_debug) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DEBUGDATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, worker_on_open) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, worker_on_close) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, worker_on_ready) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PREREQDATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, worker_on_progress) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFODATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_READFUNCTION, worker_on_read) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_READDATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, worker_on_write) == CURLE_OK;
}

static bool
worker_set_mail(struct smtp_worker *w, struct curl_slist *to, int64_t left_ms, bool fresh)
{
	CURL *c = w->easy;

	return curl_easy_setopt(c, CURLOPT_MAIL_FROM, w->job->mail->from) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
	       curl_easy_setopt(
		   c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)secret_len(w->job->text)) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)left_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, (long)fresh) == CURLE_OK;
}

enum err
smtp_worker_new(struct smtp_worker **out, const struct smtp_settings *settings, struct fault *f)
{
	struct smtp_worker *w = mem_alloc(sizeof(*w));

	w->settings = settings;
	pthread_mutex_init(&w->lock, NULL);
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		w->sockets[i] = -1;
	w->easy = curl_easy_init();
	if (w->easy == NULL)
		mem_exhausted();
	if (!worker_set_connection(w) || !worker_set_callbacks(w)) {
		smtp_worker_free(w);
		return fault_set(
		    f, ERR_MISCONFIGURED, "this libcurl lacks something that mails need");
	}
	*out = w;
	return ERR_OK;
}

void
smtp_worker_stop(struct smtp_worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	if (w->busy) /* else QUIT is still to be said */
		worker_shut_locked(w, SHUT_RDWR);
	pthread_mutex_unlock(&w->lock);
}

/* The connection is left with a QUIT, whose answer nobody waits for. */
void
smtp_worker_free(struct smtp_worker *w)
{
	if (w == NULL)
		return;
	worker_shut(w, SHUT_RD);
	curl_easy_cleanup(w->easy);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* ---- one mail ---- */

static CURLcode
worker_perform(struct smtp_worker *w, bool fresh)
{
	int64_t now = clock_mono_ms(&clock_system);
	struct curl_slist *to = curl_slist_append(NULL, w->job->mail->to);
	CURLcode code = CURLE_FAILED_INIT;

	if (to == NULL)
		mem_exhausted();
	w->offset = 0;
	w->refusal = NULL;
	w->words[0] = '\0';
	w->watched = SMTP_CONNECT;
	w->since = now;
	smtp_dialogue_begin(&w->dialogue);
	if (worker_set_mail(w, to, now < w->due ? w->due - now : 1, fresh))
		code = curl_easy_perform(w->easy);
	/* libcurl keeps a connection where the answer to a mail did not come in time, and would
	 * take it for the answer to the next one's MAIL. */
	w->spoilt = code != CURLE_OK;
	if (w->spoilt)
		worker_shut(w, SHUT_RDWR);
	curl_easy_setopt(w->easy, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(to);
	return code;
}

/* Where nothing was answered, the words are ours. */
static void
worker_report(struct smtp_worker *w, CURLcode code)
{
	const struct smtp_dialogue *d = &w->dialogue;
	enum mail_outcome outcome = smtp_outcome(d, code);
	const char *why = w->words[0] != '\0' ? w->words : curl_easy_strerror(code);
	char words[MAIL_REPLY_SIZE];

	if (w->refusal != NULL) {
		mailer_report(w->job, w->refused_as, 0, w->refusal);
		return;
	}
	/* A good answer to a command is no reason why the mail did not go on. */
	if (d->code / 100 > 3 || outcome == MAIL_SENT) {
		mailer_report(w->job, outcome, d->code, d->reply);
		return;
	}
	if (code == CURLE_ABORTED_BY_CALLBACK)
		why = "it took too long";
	snprintf(words, sizeof(words), "%s: %s", smtp_phase_name(d->phase), why);
	mailer_report(w->job, outcome, 0, words);
}

void
smtp_worker_carry(struct mailer_job *j, void *worker)
{
	struct smtp_worker *w = worker;
	long connects = 0;
	CURLcode code;

	worker_set_busy(w, true);
	w->job = j;
	w->due = clock_mono_ms(&clock_system) + w->settings->transfer_ms;
	code = worker_perform(w, w->spoilt);
	curl_easy_getinfo(w->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (connects == 0 && smtp_was_stale(&w->dialogue, code) && w->refusal == NULL)
		code = worker_perform(w, true);
	worker_report(w, code);
	worker_set_busy(w, false);
}
