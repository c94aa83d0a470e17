/* TLS 1.2 and 1.3 by OpenSSL. A connection keeps the context it began with, so that a rotation of
 * the certificate drops nobody. */
#include "http/http_private.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <event2/bufferevent_ssl.h>

/* Forward secrecy and authenticated encryption only; TLS 1.3 knows nothing else. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL";

/* RFC 7301 section 3.2: a client that names protocols but not ours is told so. */
static int
tls_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
    unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl, (void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static enum err
tls_fault(struct fault *f, const char *file, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	fault_set(f, ERR_MISCONFIGURED, "%s: %s: %s", file, what,
	    reason != NULL ? reason : "not readable");
	ERR_clear_error();
	return ERR_MISCONFIGURED;
}

/* No passphrase is ever asked for on the terminal. */
static int
tls_on_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static enum err
tls_load(SSL_CTX *ctx, const char *cert_file, const char *key_file, struct fault *f)
{
	SSL_CTX_set_default_passwd_cb(ctx, tls_on_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1)
		return tls_fault(f, cert_file, "no usable certificate chain");
	if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1)
		return tls_fault(f, key_file, "no usable private key");
	if (SSL_CTX_check_private_key(ctx) != 1)
		return tls_fault(f, key_file, "does not belong to the certificate");
	return ERR_OK;
}

/* Without tickets and session cache nothing outlives a connection's keys; every handshake is a full
 * one. */
static SSL_CTX *
tls_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, ciphers);
	SSL_CTX_set_options(
	    ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(ctx, tls_on_alpn, NULL);
	return ctx;
}

const char *
http_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

enum err
http_server_set_tls(
    struct http_server *s, const char *cert_file, const char *key_file, struct fault *f)
{
	SSL_CTX *ctx = tls_context();
	struct fault own = { .code = ERR_OK };

	f = f != NULL ? f : &own;
	if (ctx == NULL)
		return tls_fault(f, cert_file, "OpenSSL refuses");
	if (tls_load(ctx, cert_file, key_file, f) != ERR_OK) {
		SSL_CTX_free(ctx);
		return f->code;
	}
	SSL_CTX_free(s->tls);
	s->tls = ctx;
	return ERR_OK;
}

struct bufferevent *
http_tls_bufferevent(struct http_server *s, struct event_base *base)
{
	SSL *ssl = SSL_new(s->tls);
	struct bufferevent *bev;

	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(
	    base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	/* Many clients close without close_notify; messages say themselves where they end. */
	if (bev != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

bool
http_tls_is_greeted(struct bufferevent *bev)
{
	return SSL_is_init_finished(bufferevent_openssl_get_ssl(bev));
}

void
http_tls_say_goodbye(struct bufferevent *bev)
{
	SSL_shutdown(bufferevent_openssl_get_ssl(bev));
	ERR_clear_error();
}
