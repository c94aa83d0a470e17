#include "smtp_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <time.h>

#include "base/mem.h"

enum { TRANSCRIPT_MAX = 16 << 20, ALARM_MS = 30 * 1000, TRICKLE_MS = 200 };

/* ---- certificates ---- */

#define NAMES "DNS:localhost,IP:127.0.0.1"

static void
make_pair(const char *cert_file, const char *key_file, const char *alternatives)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternatives);
	FILE *out;

	X509_set_version(cert, X509_VERSION_3);
	X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_ASC, (const unsigned char *)"rig", -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, names, -1);
	X509_sign(cert, key, EVP_sha256());
	out = fopen(cert_file, "w");
	PEM_write_X509(out, cert);
	fclose(out);
	out = fopen(key_file, "w");
	PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	fclose(out);
	X509_EXTENSION_free(names);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
rig_make_tls(struct smtp_rig *r)
{
	char key_file[64];

	snprintf(r->ca_file, sizeof(r->ca_file), "%s/ca.crt", r->folder);
	snprintf(key_file, sizeof(key_file), "%s/ca.key", r->folder);
	make_pair(r->ca_file, key_file, r->names != NULL ? r->names : NAMES);
	r->ctx = SSL_CTX_new(TLS_server_method());
	assert(SSL_CTX_use_certificate_chain_file(r->ctx, r->ca_file) == 1);
	assert(SSL_CTX_use_PrivateKey_file(r->ctx, key_file, SSL_FILETYPE_PEM) == 1);
	unlink(key_file);
}

void
smtp_rig_other_ca(struct smtp_rig *r, char path[64])
{
	char key_file[64];

	snprintf(path, 64, "%s/other.crt", r->folder);
	snprintf(key_file, sizeof(key_file), "%s/other.key", r->folder);
	make_pair(path, key_file, NAMES);
	unlink(key_file);
}

/* ---- bytes ---- */

static ssize_t
connection_recv(struct smtp_connection *c, void *out, size_t max)
{
	if (c->ssl != NULL)
		return SSL_read(c->ssl, out, (int)max);
	return recv(c->fd, out, max, 0);
}

static bool
connection_send(struct smtp_connection *c, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = c->ssl != NULL ? SSL_write(c->ssl, data, (int)len)
					   : send(c->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
connection_say(struct smtp_connection *c, const char *words)
{
	char line[2048];
	int len = snprintf(line, sizeof(line), "%s\r\n", words);

	return connection_send(c, line, (size_t)len);
}

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static bool
connection_trickle(struct smtp_connection *c, const char *words)
{
	for (; *words != '\0'; words++) {
		if (!connection_send(c, words, 1))
			return false;
		pause_ms(TRICKLE_MS);
	}
	return connection_send(c, "\r\n", 2);
}

/* -1: it is closed. */
static int
connection_byte(struct smtp_connection *c)
{
	if (c->in_at == c->in_len) {
		ssize_t n = connection_recv(c, c->in, sizeof(c->in));

		if (n <= 0)
			return -1;
		c->in_len = (size_t)n;
		c->in_at = 0;
	}
	return (unsigned char)c->in[c->in_at++];
}

/* Until CRLF, which is taken off; a bare CR or LF stays visible. -1: it is closed. */
static ssize_t
connection_line(struct smtp_connection *c, char *out, size_t max)
{
	size_t len = 0;

	for (int ch; (ch = connection_byte(c)) != -1;) {
		assert(len + 1 < max);
		out[len++] = (char)ch;
		out[len] = '\0';
		if (len >= 2 && out[len - 2] == '\r' && ch == '\n') {
			out[len - 2] = '\0';
			return (ssize_t)len - 2;
		}
	}
	return -1;
}

/* ---- misbehaving ---- */

/* What the test wants here; counts it. */
static struct smtp_fault
rig_fault_at(struct smtp_rig *r, enum smtp_at at)
{
	struct smtp_fault f = { .how = HOW_PROPERLY };

	pthread_mutex_lock(&r->lock);
	if (r->fault.how != HOW_PROPERLY && r->fault.at == at &&
	    (r->fault.times == 0 || r->hits < r->fault.times)) {
		f = r->fault;
		r->hits++;
		pthread_cond_broadcast(&r->changed);
	}
	pthread_mutex_unlock(&r->lock);
	return f;
}

static void
connection_wait_for_end(struct smtp_connection *c)
{
	while (connection_byte(c) != -1)
		;
}

/* The proper answer is `words`. false: the connection is over. `good`: it was given. */
static bool
connection_answer(struct smtp_connection *c, enum smtp_at at, const char *words, bool *good)
{
	struct smtp_fault f = rig_fault_at(c->rig, at);

	*good = f.how == HOW_PROPERLY || f.how == HOW_TRICKLES;
	pthread_mutex_lock(&c->rig->lock);
	c->rig->mails += *good && at == AT_END; /* before the client hears of it */
	pthread_mutex_unlock(&c->rig->lock);
	switch (f.how) {
	case HOW_SAYS:
		return connection_say(c, f.words);
	case HOW_SAYS_DROPS:
		connection_say(c, f.words);
		return false;
	case HOW_DROPS:
		return false;
	case HOW_HANGS:
		connection_wait_for_end(c);
		return false;
	case HOW_TRICKLES:
		return connection_trickle(c, words);
	default:
		return connection_say(c, words);
	}
}

/* ---- the dialogue ---- */

static void
rig_note(struct smtp_rig *r, const char *line)
{
	pthread_mutex_lock(&r->lock);
	buf_add_string(&r->transcript, line);
	buf_add_char(&r->transcript, '\n');
	pthread_mutex_unlock(&r->lock);
}

static bool
connection_tls(struct smtp_connection *c)
{
	struct smtp_fault f = rig_fault_at(c->rig, AT_HANDSHAKE);

	if (f.how == HOW_HANGS)
		connection_wait_for_end(c);
	if (f.how != HOW_PROPERLY)
		return false;
	c->ssl = SSL_new(c->rig->ctx);
	SSL_set_fd(c->ssl, c->fd);
	c->in_len = c->in_at = 0;
	return SSL_accept(c->ssl) == 1;
}

static bool
connection_hello(struct smtp_connection *c, bool *good)
{
	struct smtp_rig *r = c->rig;
	char words[512];

	snprintf(words, sizeof(words), "250-rig\r\n250-8BITMIME\r\n%s%s%s250 SIZE 10000000",
	    r->starttls && c->ssl == NULL ? "250-STARTTLS\r\n" : "",
	    r->auth && c->ssl != NULL ? "250-AUTH PLAIN LOGIN\r\n" : "",
	    r->utf8 ? "250-SMTPUTF8\r\n" : "");
	return connection_answer(c, AT_EHLO, words, good);
}

/* The password of "usherd" is "correct horse". */
static bool
connection_auth(struct smtp_connection *c, const char *line, bool *good)
{
	static const char right[] = "AUTH PLAIN AHVzaGVyZABjb3JyZWN0IGhvcnNl";
	char more[1024];

	if (strcmp(line, "AUTH PLAIN") == 0) {
		if (!connection_say(c, "334 ") || connection_line(c, more, sizeof(more)) < 0)
			return false;
		rig_note(c->rig, "(secret)");
		return connection_answer(c, AT_AUTH,
		    strcmp(more, right + 11) == 0 ? "235 welcome" : "535 5.7.8 no", good);
	}
	return connection_answer(
	    c, AT_AUTH, strcmp(line, right) == 0 ? "235 welcome" : "535 5.7.8 no", good);
}

static bool
connection_body(struct smtp_connection *c)
{
	struct smtp_fault f = rig_fault_at(c->rig, AT_BODY);
	char line[4096];
	struct buf body;
	ssize_t len;

	if (f.how == HOW_DROPS)
		return false;
	buf_init(&body, TRANSCRIPT_MAX);
	while (f.how == HOW_TRICKLES && !c->rig->stopping && connection_byte(c) != -1)
		pause_ms(TRICKLE_MS);
	while ((len = connection_line(c, line, sizeof(line))) >= 0 && strcmp(line, ".") != 0) {
		buf_add(&body, line + (line[0] == '.'), (size_t)(len - (line[0] == '.')));
		buf_add_string(&body, "\r\n");
	}
	pthread_mutex_lock(&c->rig->lock);
	if (len >= 0) {
		buf_release(&c->rig->body);
		c->rig->body = body;
		buf_init(&body, TRANSCRIPT_MAX);
	}
	pthread_mutex_unlock(&c->rig->lock);
	buf_release(&body);
	if (len >= 0)
		rig_note(c->rig, "(mail)");
	return len >= 0;
}

static bool
connection_data(struct smtp_connection *c)
{
	struct smtp_rig *r = c->rig;
	bool good;

	if (!connection_answer(c, AT_DATA, "354 go on", &good))
		return false;
	if (!good)
		return true;
	if (!connection_body(c) || !connection_answer(c, AT_END, "250 2.0.0 queued as 17", &good))
		return false;
	if (r->idle_words != NULL)
		connection_say(c, r->idle_words);
	return r->idle_words == NULL && !r->idle_drops;
}

/* One command; false: the end. */
static bool
connection_command(struct smtp_connection *c, const char *line)
{
	bool good;

	if (strncmp(line, "AUTH ", 5) == 0) {
		rig_note(c->rig, "AUTH (secret)");
		return connection_auth(c, line, &good);
	}
	rig_note(c->rig, line);
	if (strncmp(line, "EHLO ", 5) == 0)
		return connection_hello(c, &good);
	if (strncmp(line, "HELO ", 5) == 0)
		return connection_say(c, "250 rig");
	if (strcmp(line, "STARTTLS") == 0)
		return connection_answer(c, AT_STARTTLS, "220 go on", &good) &&
		       (!good || connection_tls(c));
	if (strncmp(line, "MAIL FROM:", 10) == 0)
		return connection_answer(c, AT_MAIL, "250 2.1.0 fine", &good);
	if (strncmp(line, "RCPT TO:", 8) == 0)
		return connection_answer(c, AT_RCPT, "250 2.1.5 fine", &good);
	if (strcmp(line, "DATA") == 0)
		return connection_data(c);
	if (strcmp(line, "QUIT") == 0) {
		connection_answer(c, AT_QUIT, "221 bye", &good);
		return false;
	}
	return connection_say(c, "500 what?");
}

static void *
connection_main(void *arg)
{
	struct smtp_connection *c = arg;
	char line[4096];
	bool good;

	if ((!c->rig->tls || connection_tls(c)) &&
	    connection_answer(c, AT_GREETING, "220 rig ESMTP", &good))
		while (connection_line(c, line, sizeof(line)) >= 0 && connection_command(c, line))
			;
	if (c->ssl != NULL)
		SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	pthread_mutex_lock(&c->rig->lock);
	close(c->fd);
	c->fd = -1;
	c->rig->open--;
	pthread_cond_broadcast(&c->rig->changed);
	pthread_mutex_unlock(&c->rig->lock);
	return NULL;
}

static void *
rig_main(void *arg)
{
	struct smtp_rig *r = arg;
	int fd;

	while ((fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		struct smtp_connection *c;

		pthread_mutex_lock(&r->lock);
		assert(r->opened < RIG_CONNECTIONS_MAX);
		c = &r->connections[r->opened++];
		r->open++;
		*c = (struct smtp_connection){ .rig = r, .fd = fd };
		pthread_create(&c->thread, NULL, connection_main, c);
		pthread_cond_broadcast(&r->changed);
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

/* ---- the rig ---- */

void
smtp_rig_start(struct smtp_rig *r)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);

	snprintf(r->folder, sizeof(r->folder), "/tmp/smtp-rig-XXXXXX");
	if (mkdtemp(r->folder) == NULL)
		abort();
	if (r->tls || r->starttls)
		rig_make_tls(r);
	buf_init(&r->transcript, TRANSCRIPT_MAX);
	buf_init(&r->body, TRANSCRIPT_MAX);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->small_window)
		setsockopt(r->listener, SOL_SOCKET, SO_RCVBUF, &(int){ 4096 }, sizeof(int));
	if (bind(r->listener, (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    listen(r->listener, 64) != 0 ||
	    getsockname(r->listener, (struct sockaddr *)&sin, &len) != 0)
		abort();
	r->port = ntohs(sin.sin_port);
	pthread_create(&r->thread, NULL, rig_main, r);
}

void
smtp_rig_stop(struct smtp_rig *r)
{
	char command[64];

	r->stopping = true;
	shutdown(r->listener, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->listener);
	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->opened; i++)
		if (r->connections[i].fd != -1)
			shutdown(r->connections[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&r->lock);
	for (int i = 0; i < r->opened; i++)
		pthread_join(r->connections[i].thread, NULL);
	buf_release(&r->transcript);
	buf_release(&r->body);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	SSL_CTX_free(r->ctx);
	snprintf(command, sizeof(command), "rm -r %s", r->folder);
	if (system(command) != 0)
		abort();
}

void
smtp_rig_set(struct smtp_rig *r, struct smtp_fault fault)
{
	pthread_mutex_lock(&r->lock);
	r->fault = fault;
	r->hits = 0;
	pthread_mutex_unlock(&r->lock);
}

static void
rig_wait(struct smtp_rig *r)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ALARM_MS / 1000;
	if (pthread_cond_timedwait(&r->changed, &r->lock, &end) != 0)
		abort();
}

void
smtp_rig_wait_hit(struct smtp_rig *r)
{
	pthread_mutex_lock(&r->lock);
	while (r->hits == 0)
		rig_wait(r);
	pthread_mutex_unlock(&r->lock);
}

void
smtp_rig_wait_open(struct smtp_rig *r, int count)
{
	pthread_mutex_lock(&r->lock);
	while (r->open != count)
		rig_wait(r);
	pthread_mutex_unlock(&r->lock);
}

int
smtp_rig_count(struct smtp_rig *r, const char *verb)
{
	int count = 0;

	pthread_mutex_lock(&r->lock);
	for (const char *p = r->transcript.data; p != NULL && *p != '\0';) {
		count += strncmp(p, verb, strlen(verb)) == 0;
		p = strchr(p, '\n');
		p = p != NULL ? p + 1 : NULL;
	}
	pthread_mutex_unlock(&r->lock);
	return count;
}
