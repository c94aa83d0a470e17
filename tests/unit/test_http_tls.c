/* TLS: versions, ALPN, rotation, and that the guard sees what is inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <cmocka.h>
#include <event2/buffer.h>

#include "base/clock.h"
#include "http/http_private.h"
#include "http_rig.h"

static char reply[8192];
static char dir[] = "/tmp/http-tls-XXXXXX";

/* A self-signed pair; `name` tells one from the other. */
static void
make_pair(const char *name, char *cert_file, char *key_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	FILE *out;

	snprintf(cert_file, 64, "%s/%s.crt", dir, name);
	snprintf(key_file, 64, "%s/%s.key", dir, name);
	X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	out = fopen(cert_file, "w");
	PEM_write_X509(out, cert);
	fclose(out);
	out = fopen(key_file, "w");
	PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	fclose(out);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* NULL: the handshake failed. */
static SSL *
tls_connect(int port, int version, const char *alpn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_cipher_list(ctx, "ALL");
	if (version != 0) {
		SSL_CTX_set_min_proto_version(ctx, version);
		SSL_CTX_set_max_proto_version(ctx, version);
	}
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (alpn != NULL)
		SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
	SSL_set_fd(ssl, client_connect(port));
	if (SSL_connect(ssl) == 1)
		return ssl;
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	return NULL;
}

static void
tls_close(SSL *ssl)
{
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
}

/* Header and body come in records of their own. */
static int
tls_ask(SSL *ssl, const char *text)
{
	size_t len = 0;
	const char *end = NULL;

	assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), strlen(text));
	while (end == NULL || strlen(end + 4) < (size_t)atol(strstr(reply, "Length: ") + 8)) {
		int n = SSL_read(ssl, reply + len, (int)(sizeof(reply) - 1 - len));

		if (n <= 0)
			return 0;
		len += (size_t)n;
		reply[len] = '\0';
		end = strstr(reply, "\r\n\r\n");
	}
	return client_status_of(reply);
}

static void
tls_subject(SSL *ssl, char *out, int size)
{
	X509 *cert = SSL_get1_peer_certificate(ssl);

	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, out, size);
	X509_free(cert);
}

struct rotation {
	const char *cert, *key;
	enum err code;
	struct fault fault;
};

static void
rotate(struct rig *r, void *arg)
{
	struct rotation *rotation = arg;

	rotation->code =
	    http_server_set_tls(r->server, rotation->cert, rotation->key, &rotation->fault);
}

static void
tls_speaks_modern_versions_and_http_1_1_only(void **state)
{
	struct http_limits limits = rig_limits();
	char cert[64], key[64];
	const unsigned char *chosen;
	unsigned chosen_len;
	struct rig r;
	SSL *ssl;

	(void)state;
	make_pair("one", cert, key);
	rig_start(&r, &limits, cert, key);
	assert_null(tls_connect(r.port, TLS1_1_VERSION, NULL));
	assert_null(tls_connect(r.port, 0, "\x02h2"));
	ssl = tls_connect(r.port, TLS1_2_VERSION, NULL);
	assert_non_null(ssl);
	assert_int_equal(tls_ask(ssl, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	tls_close(ssl);
	ssl = tls_connect(r.port, TLS1_3_VERSION, "\x02h2\x08http/1.1");
	assert_non_null(ssl);
	SSL_get0_alpn_selected(ssl, &chosen, &chosen_len);
	assert_memory_equal(chosen, "http/1.1", 8);
	assert_int_equal(tls_ask(ssl, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_non_null(strstr(reply, "\r\nStrict-Transport-Security: max-age=31536000\r\n"));
	/* The guard sees what was inside. */
	assert_int_equal(tls_ask(ssl, "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
	assert_non_null(strstr(reply, "\r\nStrict-Transport-Security: max-age=31536000\r\n"));
	assert_int_equal(SSL_read(ssl, reply, sizeof(reply)), 0);
	assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_ZERO_RETURN);
	tls_close(ssl);
	rig_stop(&r);
}

static void
a_large_reply_passes_through_tls(void **state)
{
	static const char text[] = "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	struct http_limits limits = rig_limits();
	char cert[64], key[64];
	size_t total = 0;
	struct rig r;
	SSL *ssl;
	int n;

	(void)state;
	make_pair("one", cert, key);
	rig_start(&r, &limits, cert, key);
	ssl = tls_connect(r.port, 0, NULL);
	SSL_write(ssl, text, sizeof(text) - 1);
	while ((n = SSL_read(ssl, reply, sizeof(reply))) > 0)
		total += (size_t)n;
	assert_true(total > RIG_BIG);
	tls_close(ssl);
	rig_stop(&r);
}

static sem_t stream_closed;

static void
stream_on_closed(void *arg)
{
	(void)arg;
	sem_post(&stream_closed);
}

static enum err
stream_begin(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_stream_conf conf = {
		.type = "text/event-stream", .beat = "x", .beat_ms = 5, .closed = stream_on_closed
	};
	struct http_stream *s = http_stream_start(x, &conf);

	(void)ctx, (void)f;
	assert_true(http_stream_send(s, "begun", 5));
	return ERR_OK;
}

/* With word of it and without. */
static void
a_stream_passes_through_tls_until_its_client_leaves(void **state)
{
	static const char text[] = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_limits limits = rig_limits();
	char cert[64], key[64];
	struct rig r;

	(void)state;
	alarm(60);
	sem_init(&stream_closed, 0, 0);
	make_pair("one", cert, key);
	rig_start(&r, &limits, cert, key);
	r.on_stream = stream_begin;
	for (int says_goodbye = 0; says_goodbye < 2; says_goodbye++) {
		SSL *ssl = tls_connect(r.port, 0, NULL);
		size_t len = 0;

		assert_non_null(ssl);
		SSL_write(ssl, text, sizeof(text) - 1);
		for (reply[0] = '\0';
		     strstr(reply, "5\r\nbegun\r\n1\r\nx\r\n1\r\nx\r\n") == NULL;) {
			int n = SSL_read(ssl, reply + len, (int)(sizeof(reply) - 1 - len));

			assert_true(n > 0);
			len += (size_t)n;
			reply[len] = '\0';
		}
		if (says_goodbye)
			SSL_shutdown(ssl);
		tls_close(ssl);
		sem_wait(&stream_closed);
	}
	rig_stop(&r);
	sem_destroy(&stream_closed);
}

/* ---- one connection that sends on and on ---- */

static void
see_input(struct rig *r, void *arg)
{
	const struct http_conn *c = TAILQ_FIRST(&r->server->conns);

	*(size_t *)arg = c != NULL ? evbuffer_get_length(bufferevent_get_input(c->bev)) : 0;
}

/* A BIO is either kind of connection; it does not block. */
static BIO *
flood_open(int port, bool tls)
{
	SSL *ssl = tls ? tls_connect(port, 0, NULL) : NULL;
	int fd = tls ? SSL_get_fd(ssl) : client_connect(port);
	BIO *bio = tls ? BIO_new(BIO_f_ssl()) : BIO_new_socket(fd, BIO_NOCLOSE);

	if (tls) {
		SSL_set_mode(
		    ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		BIO_set_ssl(bio, ssl, BIO_CLOSE);
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return bio;
}

/* All of `text` is sent, all answers are read; gives the most that the server kept unread. */
static size_t
flood_run(BIO *bio, struct rig *r, const char *text, size_t len, int answers)
{
	struct pollfd p = { .fd = (int)BIO_get_fd(bio, NULL) };
	size_t sent = 0, input, most = 0;

	while (r->accesses < answers) {
		int n = sent < len ? BIO_write(bio, text + sent, (int)(len - sent)) : 0;

		sent += n > 0 ? (size_t)n : 0;
		while (BIO_read(bio, reply, sizeof(reply)) > 0)
			;
		p.events = sent < len ? POLLIN | POLLOUT : POLLIN;
		if (r->accesses < answers && poll(&p, 1, 5000) != 1)
			fail_msg("%d answers", (int)r->accesses);
		rig_call(r, see_input, &input);
		most = input > most ? input : most;
	}
	return most;
}

static void
a_client_that_only_sends_fills_no_memory_and_gets_all_its_answers(void **state)
{
	static const char request[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
	enum { COUNT = 4000, LEN = sizeof(request) - 1, LIMIT = 4096, RECORD = 16384 };
	static char text[COUNT * LEN];
	struct http_limits limits = rig_limits();
	char cert[64], key[64];

	(void)state;
	for (int i = 0; i < COUNT; i++)
		memcpy(text + i * LEN, request, LEN);
	limits.header_bytes = limits.body_bytes = LIMIT;
	make_pair("one", cert, key);
	for (int tls = 0; tls < 2; tls++) {
		struct rig r;
		BIO *bio;
		size_t most;

		rig_start(&r, &limits, tls ? cert : NULL, tls ? key : NULL);
		bio = flood_open(r.port, tls);
		most = flood_run(bio, &r, text, sizeof(text), COUNT);
		/* A record is decrypted as a whole. */
		assert_in_range(most, LIMIT, 2 * LIMIT + (tls ? RECORD : 0));
		close((int)BIO_get_fd(bio, NULL));
		BIO_free_all(bio);
		rig_stop(&r);
	}
}

static void
a_rotated_certificate_serves_new_connections_and_drops_none(void **state)
{
	struct http_limits limits = rig_limits();
	char cert[64], key[64], cert2[64], key2[64], name[16];
	struct rotation rotation = { .cert = cert2, .key = key };
	struct rig r;
	SSL *old, *new;

	(void)state;
	make_pair("one", cert, key);
	make_pair("two", cert2, key2);
	rig_start(&r, &limits, cert, key);
	old = tls_connect(r.port, 0, NULL);
	assert_int_equal(tls_ask(old, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	rig_call(&r, rotate, &rotation);
	assert_int_equal(rotation.code, ERR_MISCONFIGURED);
	assert_non_null(strstr(rotation.fault.text, key));
	rotation.cert = "/nonexistent.crt";
	rig_call(&r, rotate, &rotation);
	assert_int_equal(rotation.code, ERR_MISCONFIGURED);
	assert_non_null(strstr(rotation.fault.text, "/nonexistent.crt"));
	rotation = (struct rotation){ .cert = cert2, .key = key2 };
	rig_call(&r, rotate, &rotation);
	assert_int_equal(rotation.code, ERR_OK);
	new = tls_connect(r.port, 0, NULL);
	tls_subject(new, name, sizeof(name));
	assert_string_equal(name, "two");
	assert_int_equal(tls_ask(new, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_int_equal(tls_ask(old, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	tls_close(old);
	tls_close(new);
	rig_stop(&r);
}

static void
a_silent_tls_client_is_dropped_at_the_header_deadline(void **state)
{
	struct http_limits limits = rig_limits();
	char cert[64], key[64];
	int64_t begin = clock_mono_ms(&clock_system);
	struct rig r;
	SSL *ssl;
	int fd;

	(void)state;
	make_pair("one", cert, key);
	limits.header_ms = 2000;
	limits.idle_ms = 20000;
	rig_start(&r, &limits, cert, key);
	ssl = tls_connect(r.port, 0, NULL);
	fd = client_connect(r.port);
	assert_int_equal(client_read_all(fd, reply, sizeof(reply)), 0);
	assert_in_range(clock_mono_ms(&clock_system) - begin, 1900, 9000);
	usleep(100000); /* the one that did shake hands may idle */
	assert_int_equal(tls_ask(ssl, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	tls_close(ssl);
	close(fd);
	rig_stop(&r);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = { "one.crt", "one.key", "two.crt", "two.key" };
	char path[64];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_speaks_modern_versions_and_http_1_1_only),
		cmocka_unit_test(a_large_reply_passes_through_tls),
		cmocka_unit_test(a_stream_passes_through_tls_until_its_client_leaves),
		cmocka_unit_test(a_client_that_only_sends_fills_no_memory_and_gets_all_its_answers),
		cmocka_unit_test(a_rotated_certificate_serves_new_connections_and_drops_none),
		cmocka_unit_test(a_silent_tls_client_is_dropped_at_the_header_deadline),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
