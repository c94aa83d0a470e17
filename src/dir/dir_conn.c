/* One connection: options, TLS, bind, and the proof that we are who we say.
 *
 * libldap's connect is only half asynchronous: with CONNECT_ASYNC the socket is non-blocking (so
 * that half a PDU cannot hold us), the TLS handshake still blocks, but NETWORK_TIMEOUT then ends
 * it. Name lookup blocks for as long as the system's resolver likes: the loop tells the caller at
 * the deadline without us (dir_job.c).
 */
#include "dir/dir_private.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"

FAILPOINTS(ping_points, "dir.ping", "asking an idle server for a sign of life");
FAILPOINTS(bind_points, "dir.bind", "the bind of a connection");
FAILPOINTS(whoami_points, "dir.whoami", "asking who the bind made us");

#define SYSTEM_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 10, KEEPALIVE_PROBES = 3 };

static struct timeval
timeval_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* Everything is set on the handle, so that no ldap.conf, ldaprc or LDAP* variable decides. */
static bool
conn_set_tls(LDAP *ld, const struct dir_conf *conf)
{
	int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
	int minimum = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const char *ca = conf->ca_file;

	if (ca == NULL && access(SYSTEM_CA_FILE, R_OK) == 0)
		ca = SYSTEM_CA_FILE;
	return (ca == NULL || ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca) == 0) &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTDIR, NULL) == 0 &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0 &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &minimum) == 0 &&
	       /* Last: until then the options belong to no context and would have no effect. */
	       ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) == 0;
}

static bool
conn_bound_messages(LDAP *ld)
{
	ber_len_t most = DIR_MESSAGE_MAX;
	Sockbuf *sb = NULL;

	return ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == 0 && sb != NULL &&
	       ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1;
}

enum err
dir_conn_set_options(
    LDAP *ld, const struct dir_conf *conf, int64_t connect_ms, bool tls, struct fault *f)
{
	struct timeval network = timeval_of(connect_ms),
		       operation = timeval_of(conf->op_timeout_ms);
	unsigned user_timeout = (unsigned)conf->op_timeout_ms;
	bool ok = true;
	const struct {
		int option;
		int value;
	} numbers[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3 },
		{ LDAP_OPT_DEREF, LDAP_DEREF_NEVER },
		{ LDAP_OPT_SIZELIMIT, LDAP_NO_LIMIT },
		{ LDAP_OPT_TIMELIMIT, LDAP_NO_LIMIT },
		{ LDAP_OPT_X_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S },
		{ LDAP_OPT_X_KEEPALIVE_INTERVAL, KEEPALIVE_INTERVAL_S },
		{ LDAP_OPT_X_KEEPALIVE_PROBES, KEEPALIVE_PROBES },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		ok = ok && ldap_set_option(ld, numbers[i].option, &numbers[i].value) == 0;
	ok = ok && conn_bound_messages(ld) &&
	     ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
	     ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_ON) == 0 &&
	     ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON) == 0 &&
	     ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &network) == 0 &&
	     ldap_set_option(ld, LDAP_OPT_TIMEOUT, &operation) == 0 &&
	     ldap_set_option(ld, LDAP_OPT_TCP_USER_TIMEOUT, &user_timeout) == 0;
	if (!ok)
		return fault_set(f, ERR_INTERNAL, "libldap refused an option");
	if (tls && !conn_set_tls(ld, conf))
		return fault_set(f, ERR_MISCONFIGURED,
		    "TLS cannot be set up; is the CA file %s readable?",
		    conf->ca_file != NULL ? conf->ca_file : SYSTEM_CA_FILE);
	return ERR_OK;
}

void
dir_conn_close(struct dir_conn *c)
{
	c->points = NULL;
	if (c->ld == NULL)
		return;
	dir_check_memory(); /* what was only half made is not taken apart without a crash */
	ldap_unbind_ext(c->ld, NULL, NULL);
	c->ld = NULL;
}

static bool
conn_poll(const struct dir_conn *c, short events, int64_t ms)
{
	struct pollfd p = { .fd = -1, .events = events };

	if (ldap_get_option(c->ld, LDAP_OPT_DESC, &p.fd) != 0 || p.fd < 0)
		return false;
	return poll(&p, 1, (int)(ms > 0 ? ms : 0)) > 0;
}

bool
dir_conn_ping(struct dir_conn *c, int64_t deadline)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct dir_search s = { "", "(objectClass=*)", LDAP_SCOPE_BASE, none, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL;
	bool answered;

	c->turned_away = false;
	c->points = failpoints_of(ping_points);
	answered = dir_wire_search(c, &s, deadline, &r, &found) == WIRE_ANSWERED;
	ldap_msgfree(found);
	dir_reply_release(&r);
	return answered && !c->turned_away;
}

/* One from before an outage is not trusted either: what lies between us and the server may have
 * forgotten it, and then it is silent for ever while new ones work. */
bool
dir_conn_is_stale(const struct dir_conn *c)
{
	return conn_poll(c, POLLIN | POLLRDHUP, 0) ||
	       dir_server_outages(c->dir, c->server) != c->outages;
}

static enum err
conn_failed(const struct dir_conn *c, const char *step, int rc, struct fault *f)
{
	char *detail = NULL;

	ldap_get_option(c->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	/* What libldap on GnuTLS makes of a chain that it cannot verify: it asks GnuTLS for the
	 * words of its own -1. */
	if (detail != NULL && strcmp(detail, "(unknown error code)") == 0) {
		ldap_memfree(detail);
		detail = ldap_strdup("the server's certificate is not trusted; see ca_file");
	}
	fault_set(f, ERR_UNAVAILABLE, "%s: %s failed: %s%s%s", c->dir->servers[c->server].uri, step,
	    ldap_err2string(rc), detail != NULL && detail[0] != '\0' ? ": " : "",
	    detail != NULL ? detail : "");
	ldap_memfree(detail);
	return ERR_UNAVAILABLE;
}

static enum err
conn_bad_answer(
    struct dir_conn *c, const char *step, struct dir_reply *r, enum wire w, struct fault *f)
{
	const char *uri = c->dir->servers[c->server].uri;
	char doing[FAULT_TEXT_MAX];
	enum err code;

	snprintf(doing, sizeof(doing), "%.200s: %s", uri, step);
	if (w == WIRE_ANSWERED)
		code = dir_error_of(c->dir, r, doing, f);
	else
		code = fault_set(f, ERR_UNAVAILABLE, "%s: %s", doing, r->diagnostic);
	return code;
}

static bool
uri_has_scheme(const char *uri, const char *scheme)
{
	return strncasecmp(uri, scheme, strlen(scheme)) == 0;
}

/* RFC 4511 section 4.14. Nothing has been said yet that is worth hiding. */
static enum err
conn_start_tls(struct dir_conn *c, int64_t deadline, struct fault *f)
{
	struct dir_reply r = { .policy = -1 };
	enum err code = ERR_OK;
	enum wire w;
	int id, rc;

	while ((rc = ldap_start_tls(c->ld, NULL, NULL, &id)) == LDAP_X_CONNECTING)
		if (!conn_poll(c, POLLOUT, deadline - dir_now()))
			return fault_set(f, ERR_UNAVAILABLE, "%s: no connection in time",
			    c->dir->servers[c->server].uri);
	if (rc != LDAP_SUCCESS)
		return conn_failed(c, "connect", rc, f);
	w = dir_wire_wait(c, id, deadline, &r, NULL);
	if (w != WIRE_ANSWERED || r.code != LDAP_SUCCESS)
		code = conn_bad_answer(c, "StartTLS", &r, w, f);
	dir_reply_release(&r);
	if (code == ERR_OK && (rc = ldap_install_tls(c->ld)) != LDAP_SUCCESS)
		code = conn_failed(c, "TLS handshake", rc, f);
	return code;
}

static int
conn_send_bind(
    struct dir_conn *c, const char *dn, struct berval *password, int64_t deadline, int *id)
{
	bool external = dn == NULL || dn[0] == '\0';
	int rc;

	for (;;) {
		rc = external
			 ? ldap_sasl_bind(c->ld, NULL, "EXTERNAL", password, NULL, NULL, id)
			 : ldap_sasl_bind(c->ld, dn, LDAP_SASL_SIMPLE, password, NULL, NULL, id);
		if (rc != LDAP_X_CONNECTING || !conn_poll(c, POLLOUT, deadline - dir_now()))
			return rc;
	}
}

/* Is the name that the server gave us the one we bound with? A server, or something in its place,
 * that says yes to everything must not be believed (RFC 4532). */
static enum err
conn_check_identity(struct dir_conn *c, int64_t deadline, struct fault *f)
{
	const char *uri = c->dir->servers[c->server].uri, *dn = c->dir->conf.bind_dn;
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *message = NULL;
	struct berval *name = NULL;
	enum err code = ERR_OK;
	enum wire w;
	char *who;
	int id, rc = LDAP_SERVER_DOWN;

	c->points = failpoints_of(whoami_points);
	if (!failpoint_before(c->points))
		rc = ldap_whoami(c->ld, NULL, NULL, &id);

	if (rc != LDAP_SUCCESS)
		return conn_failed(c, "who am I", rc, f);
	w = dir_wire_wait(c, id, deadline, &r, &message);
	if (w != WIRE_ANSWERED || r.code != LDAP_SUCCESS)
		code = conn_bad_answer(c, "who am I", &r, w, f);
	if (code != ERR_OK)
		goto out;
	if (ldap_parse_whoami(c->ld, message, &name) != LDAP_SUCCESS || name == NULL) {
		code =
		    fault_set(f, ERR_MISCONFIGURED, "%s: the server does not say who we are", uri);
		goto out;
	}
	who = mem_dup(name->bv_val, name->bv_len);
	if (who[0] == '\0')
		code = fault_set(f, ERR_MISCONFIGURED, "%s: the bind left us anonymous", uri);
	else if (dn != NULL && dn[0] != '\0' &&
		 (strncmp(who, "dn:", 3) != 0 || !dir_dn_equal(who + 3, dn)))
		code = fault_set(
		    f, ERR_MISCONFIGURED, "%s: bound as %s, the server says %s", uri, dn, who);
	free(who);
out:
	/* An older server may lack the operation. */
	if (w == WIRE_ANSWERED && r.code == LDAP_PROTOCOL_ERROR &&
	    c->dir->conf.profile == DIR_GENERIC)
		code = ERR_OK;
	ber_bvfree(name);
	ldap_msgfree(message);
	dir_reply_release(&r);
	return code;
}

static void
conn_read_features(struct dir_conn *c, int64_t deadline)
{
	static const char *const wanted[] = { "supportedControl", NULL };
	struct dir_search s = { "", "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL, *entry;
	struct berval **values = NULL;

	c->post_read = c->sync = c->paged = c->assertion = false;
	if (dir_wire_search(c, &s, deadline, &r, &found) == WIRE_ANSWERED &&
	    (entry = ldap_first_entry(c->ld, found)) != NULL)
		values = ldap_get_values_len(c->ld, entry, "supportedControl");
	for (size_t i = 0; values != NULL && values[i] != NULL; i++) {
		const char *oid = values[i]->bv_val;

		c->post_read = c->post_read || strcmp(oid, LDAP_CONTROL_POST_READ) == 0;
		c->sync = c->sync || strcmp(oid, LDAP_CONTROL_SYNC) == 0;
		c->paged = c->paged || strcmp(oid, LDAP_CONTROL_PAGEDRESULTS) == 0;
		c->assertion = c->assertion || strcmp(oid, LDAP_CONTROL_ASSERT) == 0;
	}
	ldap_value_free_len(values);
	ldap_msgfree(found);
	dir_reply_release(&r);
}

enum err
dir_conn_open_as(struct dir_conn *c, size_t server, const char *dn, const char *password,
    int64_t deadline, int *result, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *uri = c->dir->servers[server].uri;
	struct berval secret = { strlen(password), (char *)(uintptr_t)password };
	struct dir_reply r = { .policy = -1 };
	int64_t left = deadline - dir_now(), connect_ms = conf->connect_timeout_ms;
	enum err code;
	enum wire w;
	bool start_tls;
	int id, rc;

	dir_conn_close(c);
	c->server = server;
	if (left <= 0)
		return fault_set(f, ERR_UNAVAILABLE, "%s: no time left to connect", uri);
	if (left < connect_ms)
		connect_ms = left;
	deadline = dir_now() + connect_ms;
	rc = ldap_initialize(&c->ld, uri);
	if (rc != LDAP_SUCCESS)
		return fault_set(f, ERR_MISCONFIGURED, "%s: %s", uri, ldap_err2string(rc));
	start_tls = conf->tls == DIR_TLS_START && uri_has_scheme(uri, "ldap:");
	code = dir_conn_set_options(
	    c->ld, conf, connect_ms, start_tls || uri_has_scheme(uri, "ldaps:"), f);
	if (code == ERR_OK && start_tls)
		code = conn_start_tls(c, deadline, f);
	if (code != ERR_OK)
		goto out;
	c->points = failpoints_of(bind_points);
	rc = failpoint_before(c->points) ? LDAP_SERVER_DOWN
					 : conn_send_bind(c, dn, &secret, deadline, &id);
	if (rc != LDAP_SUCCESS) {
		code = conn_failed(c, "connect", rc, f);
		goto out;
	}
	w = dir_wire_wait(c, id, deadline, &r, NULL);
	if (w == WIRE_ANSWERED)
		*result = r.code;
	if (w != WIRE_ANSWERED || r.code != LDAP_SUCCESS)
		code = conn_bad_answer(c, "bind", &r, w, f);
out:
	dir_reply_release(&r);
	if (code != ERR_OK)
		dir_conn_close(c);
	return code;
}

enum err
dir_conn_open(struct dir_conn *c, size_t server, int64_t deadline, int *bound, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *password = conf->bind_password != NULL ? secret_bytes(conf->bind_password) : "";
	int result = -1;
	enum err code;

	dir_conn_close(c);
	c->server = server; /* whoever judges the failure judges this one */
	c->outages = dir_server_outages(c->dir, server);
	code = dir_server_enter(c->dir, server, deadline, f);
	if (code == ERR_OK) {
		code = dir_conn_open_as(c, server, conf->bind_dn, password, deadline, &result, f);
		dir_server_leave(c->dir, server, code, result, f);
	} else if (code == ERR_MISCONFIGURED)
		result = LDAP_INVALID_CREDENTIALS;
	if (bound != NULL)
		*bound = result;
	if (code != ERR_OK)
		return code;
	code = conn_check_identity(c, deadline, f);
	if (code == ERR_OK)
		conn_read_features(c, deadline);
	if (code == ERR_OK && c->ld == NULL)
		code = fault_set(
		    f, ERR_UNAVAILABLE, "%s: the connection was lost", conf->uris[server]);
	if (code != ERR_OK)
		dir_conn_close(c);
	return code;
}
