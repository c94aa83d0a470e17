/* One connection: options, TLS, bind.
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

	c->turned_away = 0;
	c->points = failpoints_of(ping_points);
	answered = dir_wire_search(c, &s, deadline, &r, &found) == WIRE_ANSWERED;
	ldap_msgfree(found);
	dir_reply_release(&r);
	return answered && c->turned_away == 0;
}

/* One from before an outage is not trusted either: what lies between us and the server may have
 * forgotten it, and then it is silent for ever while new ones work. */
bool
dir_conn_is_stale(const struct dir_conn *c)
{
	return conn_poll(c, POLLIN | POLLRDHUP, 0) ||
	       dir_server_outages(c->dir, c->server) != c->outages;
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
		return dir_conn_failed(c, "connect", rc, f);
	w = dir_wire_wait(c, id, deadline, &r, NULL);
	if (w != WIRE_ANSWERED || r.code != LDAP_SUCCESS)
		code = dir_conn_bad_answer(c, "StartTLS", &r, w, f);
	dir_reply_release(&r);
	if (code == ERR_OK && (rc = ldap_install_tls(c->ld)) != LDAP_SUCCESS)
		code = dir_conn_failed(c, "TLS handshake", rc, f);
	return code;
}

static int
conn_send_bind(struct dir_conn *c, struct dir_login *as, int64_t deadline, int *id)
{
	struct berval password = { strlen(as->password), (char *)(uintptr_t)as->password };
	bool external = as->dn == NULL || as->dn[0] == '\0';
	LDAPControl *controls[] = { NULL, NULL };
	int rc = LDAP_SUCCESS;

	if (as->is_person)
		rc = ldap_create_passwordpolicy_control(c->ld, &controls[0]);
	while (rc == LDAP_SUCCESS) {
		as->sent = true;
		rc = ldap_sasl_bind(c->ld, external ? NULL : as->dn,
		    external ? "EXTERNAL" : LDAP_SASL_SIMPLE, &password, controls, NULL, id);
		if (rc != LDAP_X_CONNECTING)
			break;
		as->sent = false;
		rc = conn_poll(c, POLLOUT, deadline - dir_now()) ? LDAP_SUCCESS : LDAP_X_CONNECTING;
	}
	ldap_control_free(controls[0]);
	return rc;
}

/* A person's password is hashed by the server, which may have many to hash: that may take as long
 * as an operation. */
static enum err
conn_bind(struct dir_conn *c, struct dir_login *as, int64_t connected_by, int64_t deadline,
    struct fault *f)
{
	struct dir_reply r = { .policy = -1 };
	enum err code = ERR_OK;
	int id, rc = LDAP_SERVER_DOWN;
	enum wire w;

	c->points = failpoints_of(bind_points);
	if (dir_now() >= connected_by)
		return fault_set(f, ERR_UNAVAILABLE, "%s: no connection in time",
		    c->dir->servers[c->server].uri);
	if (!failpoint_before(c->points))
		rc = conn_send_bind(c, as, connected_by, &id);
	if (rc != LDAP_SUCCESS)
		return dir_conn_failed(c, "connect", rc, f);
	w = dir_wire_wait(c, id, as->is_person ? deadline : connected_by, &r, NULL);
	if (w == WIRE_ANSWERED) {
		as->result = r.code;
		as->policy = r.policy;
	}
	if (w != WIRE_ANSWERED || r.code != LDAP_SUCCESS)
		code = dir_conn_bad_answer(c, "bind", &r, w, f);
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
dir_conn_open_as(
    struct dir_conn *c, size_t server, struct dir_login *as, int64_t deadline, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *uri = c->dir->servers[server].uri;
	int64_t left = deadline - dir_now(), connect_ms = conf->connect_timeout_ms, connected_by;
	enum err code;
	bool start_tls;
	int rc;

	dir_conn_close(c);
	c->server = server;
	as->result = as->policy = -1;
	as->sent = false;
	if (left <= 0)
		return fault_set(f, ERR_UNAVAILABLE, "%s: no time left to connect", uri);
	if (left < connect_ms)
		connect_ms = left;
	connected_by = dir_now() + connect_ms;
	rc = ldap_initialize(&c->ld, uri);
	if (rc != LDAP_SUCCESS)
		return fault_set(f, ERR_MISCONFIGURED, "%s: %s", uri, ldap_err2string(rc));
	start_tls = conf->tls == DIR_TLS_START && uri_has_scheme(uri, "ldap:");
	code = dir_conn_set_options(
	    c->ld, conf, connect_ms, start_tls || uri_has_scheme(uri, "ldaps:"), f);
	if (code == ERR_OK && start_tls)
		code = conn_start_tls(c, connected_by, f);
	if (code == ERR_OK)
		code = conn_bind(c, as, connected_by, deadline, f);
	if (code != ERR_OK)
		dir_conn_close(c);
	return code;
}

enum err
dir_conn_open(struct dir_conn *c, size_t server, int64_t deadline, int *bound, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	struct dir_login as = { .dn = conf->bind_dn, .password = "", .result = -1 };
	enum err code;

	if (conf->bind_password != NULL)
		as.password = secret_bytes(conf->bind_password);
	dir_conn_close(c);
	c->server = server; /* whoever judges the failure judges this one */
	c->outages = dir_server_outages(c->dir, server);
	code = dir_server_enter(c->dir, server, deadline, f);
	if (code == ERR_OK) {
		code = dir_conn_open_as(c, server, &as, deadline, f);
		dir_server_leave(c->dir, server, code, as.result, f);
	} else if (code == ERR_MISCONFIGURED)
		as.result = LDAP_INVALID_CREDENTIALS;
	if (bound != NULL)
		*bound = as.result;
	if (code != ERR_OK)
		return code;
	code = dir_conn_check_identity(c, deadline, f);
	if (code == ERR_OK)
		conn_read_features(c, deadline);
	if (code == ERR_OK && c->ld == NULL)
		code = fault_set(
		    f, ERR_UNAVAILABLE, "%s: the connection was lost", conf->uris[server]);
	if (code != ERR_OK)
		dir_conn_close(c);
	return code;
}
