/* One connection and one search at a time on it: what a server sends as it comes, and what its
 * final results mean. */
#include "dir/dir_follow_private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { READ_AHEAD = 64 << 10 };

/* The size limit is the client's own to raise in slapd's "limits", 389's nsSizeLimit; the account
 * is named so that the operator can paste it. */
static enum follow_end
judge_limit(struct dir_follow *fw, int code)
{
	const struct dir_conf *conf = &fw->dir->conf;
	const char *who =
	    conf->bind_dn != NULL && conf->bind_dn[0] != '\0' ? conf->bind_dn : "this account";

	if (code == LDAP_TIMELIMIT_EXCEEDED)
		fault_set(&fw->fault, ERR_MISCONFIGURED,
		    "the directory ends a search of %s for time after %zu entries: raise its "
		    "limit: "
		    "limits dn.exact=\"%s\" time=unlimited (olcLimits)",
		    who, fw->entries, who);
	else
		fault_set(&fw->fault, ERR_MISCONFIGURED,
		    "the directory ends a search of %s after %zu entries: raise its limit: "
		    "limits dn.exact=\"%s\" size=unlimited (olcLimits)",
		    who, fw->entries, who);
	return FOLLOW_CUT_SHORT;
}

/* Before anything was told of a search that began with a cookie any error may be the cookie's; the
 * codes are those that servers were seen to send for one at any time: slapd 53 for a newer one than
 * its own, 4096 for a stale one, 389 others. */
static bool
judge_is_about_cookie(const struct dir_follow *fw, int code)
{
	if (!fw->refreshing)
		return code == LDAP_SYNC_REFRESH_REQUIRED;
	if (!fw->resumed)
		return false;
	return !fw->begun || code == LDAP_SYNC_REFRESH_REQUIRED ||
	       code == LDAP_UNWILLING_TO_PERFORM || code == LDAP_PROTOCOL_ERROR ||
	       code == LDAP_OTHER;
}

static enum follow_end
judge_code(struct dir_follow *fw, const struct dir_reply *r)
{
	switch (r->code) {
	case LDAP_SUCCESS:
		return FOLLOW_DONE;
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		dir_error_of(fw->dir, r, "following the directory", &fw->fault);
		return FOLLOW_LOST;
	case LDAP_SIZELIMIT_EXCEEDED:
	case LDAP_ADMINLIMIT_EXCEEDED:
	case LDAP_TIMELIMIT_EXCEEDED:
		return judge_limit(fw, r->code);
	case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
		dir_error_of(fw->dir, r, "following the directory", &fw->fault);
		return FOLLOW_CANNOT_PUSH;
	default:
		dir_error_of(fw->dir, r, "following the directory", &fw->fault);
		if (judge_is_about_cookie(fw, r->code))
			return FOLLOW_NOT_RESUMED;
		return fw->fault.code == ERR_UNAVAILABLE ? FOLLOW_LOST : FOLLOW_REFUSED;
	}
}

static enum follow_end
follow_lost(struct dir_follow *fw, const char *why)
{
	fault_set(&fw->fault, ERR_UNAVAILABLE, "%s: %s", fw->dir->conf.uris[fw->conn.server], why);
	return FOLLOW_LOST;
}

enum follow_end
dir_follow_judge(struct dir_follow *fw, LDAPMessage *message, LDAPControl ***controls)
{
	struct dir_reply r = { .policy = -1 };
	char *words = NULL;
	enum follow_end end;
	char none[] = "";

	if (ldap_parse_result(fw->conn.ld, message, &r.code, NULL, &words, NULL, controls, 0) !=
	    LDAP_SUCCESS) {
		dir_check_memory();
		return follow_lost(fw, "a final result that cannot be read");
	}
	r.diagnostic = words != NULL ? words : none;
	end = judge_code(fw, &r);
	ldap_memfree(words);
	return end;
}

/* Behind each message: what is due does not wait until the server pauses. */
static void
receive_hand_on_what_is_due(struct dir_follow *fw)
{
	int64_t now = dir_now();

	if (fw->held != NULL && now >= fw->held_due)
		dir_follow_flush_held(fw);
	else if (!fw->refreshing && fw->batch != NULL && now >= fw->batch_due)
		dir_follow_flush(fw);
}

/* Behind a refresh, whoever is heard has told all that there was. */
static void
receive_hear(struct dir_follow *fw)
{
	fw->heard_at = dir_now();
	if (!fw->refreshing && fw->state == DIR_FOLLOW_PERSISTING)
		dir_follow_note_current(fw, fw->heard_at);
}

/* A firewall may have forgotten the connection, which then looks idle for ever: after an outage of
 * the server this is likely, and nothing but a sign of life tells. */
static enum follow_end
receive_ask(struct dir_follow *fw)
{
	unsigned outages = dir_server_outages(fw->dir, fw->conn.server);

	if (!dir_conn_ping(&fw->conn, dir_now() + fw->dir->conf.op_timeout_ms))
		return follow_lost(fw, "no sign of life");
	fw->conn.outages = outages;
	receive_hear(fw);
	return FOLLOW_GOES_ON; /* its answer may have brought others along */
}

/* Until something can be read. */
static enum follow_end
receive_wait(struct dir_follow *fw)
{
	int64_t now = dir_now(), silence = FOLLOW_SILENCE_MS, due;
	int fd = -1;

	if (fw->refreshing)
		silence = FOLLOW_REFRESH_SILENCE_OPS * fw->dir->conf.op_timeout_ms;
	else {
		dir_follow_flush(fw);
		dir_follow_flush_cookie(fw);
		now = dir_now(); /* that may have waited for the roster */
		if (now >= fw->compare_at)
			return FOLLOW_COMPARE;
	}
	if (fw->held != NULL && now >= fw->held_due)
		dir_follow_flush_held(fw);
	if (now - fw->heard_at >= silence ||
	    dir_server_outages(fw->dir, fw->conn.server) != fw->conn.outages)
		return receive_ask(fw);
	due = fw->heard_at + silence;
	if (now + FOLLOW_TRUST_MS < due)
		due = now + FOLLOW_TRUST_MS;
	if (fw->held != NULL && fw->held_due < due)
		due = fw->held_due;
	if (!fw->refreshing && fw->compare_at < due)
		due = fw->compare_at;
	if (ldap_get_option(fw->conn.ld, LDAP_OPT_DESC, &fd) != LDAP_SUCCESS || fd < 0)
		return follow_lost(fw, "the connection was lost");
	if (dir_follow_wait(fw, fd, due - now))
		receive_hear(fw);
	return FOLLOW_GOES_ON;
}

enum follow_end
dir_follow_receive(struct dir_follow *fw, int id, follow_take *take, void *arg)
{
	enum follow_end end = FOLLOW_GOES_ON;

	fw->heard_at = dir_now();
	while (end == FOLLOW_GOES_ON) {
		/* The socket does not block (dir_conn.c), so half a message does not either; and
		 * what came with an earlier one is inside libldap, where poll() cannot see it. */
		struct timeval now = { 0, 0 };
		LDAPMessage *message = NULL;
		int type;

		if (dir_follow_is_interrupted(fw))
			return FOLLOW_INTERRUPTED;
		type = ldap_result(fw->conn.ld, id, LDAP_MSG_ONE, &now, &message);
		if (type > 0) {
			end = take(fw, message, type, arg);
			receive_hear(fw);
			receive_hand_on_what_is_due(fw);
		} else if (type == 0)
			end = receive_wait(fw);
		else
			end = follow_lost(fw, "the connection was lost");
		ldap_msgfree(message);
	}
	return end;
}

int
dir_follow_search(struct dir_follow *fw, const char *filter, LDAPControl **controls)
{
	char **wanted = (char **)(uintptr_t)fw->reader.wanted;
	int id = -1;
	int rc = ldap_search_ext(fw->conn.ld, fw->dir->conf.search_base, LDAP_SCOPE_SUBTREE, filter,
	    wanted, 0, controls, NULL, NULL, LDAP_NO_LIMIT, &id);

	if (rc == LDAP_SUCCESS)
		return id;
	dir_check_memory();
	fault_set(&fw->fault, ERR_UNAVAILABLE, "%s: a search cannot be sent: %s",
	    fw->dir->conf.uris[fw->conn.server], ldap_err2string(rc));
	return -1;
}

/* libldap reads a message's header and its rest, each with a call to the kernel, and asks first
 * whether it may: three calls for each of a million entries. With a buffer below it they are few.
 */
static void
follow_read_ahead(LDAP *ld)
{
	static int size = READ_AHEAD; /* liblber takes no const */
	Sockbuf *sb = NULL;

	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_SUCCESS && sb != NULL)
		ber_sockbuf_add_io(sb, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_PROVIDER, &size);
}

/* A copy of the descriptor, which libldap may close and the system give to somebody else at any
 * time: whoever frees the follower ends every wait on the connection by it. False: too late. */
static bool
follow_lend_socket(struct dir_follow *fw)
{
	bool goes_on;
	int fd = -1;

	pthread_mutex_lock(&fw->lock);
	goes_on = !atomic_load(&fw->stopping);
	if (goes_on && ldap_get_option(fw->conn.ld, LDAP_OPT_DESC, &fd) == LDAP_SUCCESS && fd >= 0)
		fw->socket = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&fw->lock);
	return goes_on;
}

enum follow_end
dir_follow_open(struct dir_follow *fw)
{
	struct dir *d = fw->dir;
	int64_t ms =
	    d->conf.op_timeout_ms < FOLLOW_OPEN_MS ? d->conf.op_timeout_ms : FOLLOW_OPEN_MS;
	int64_t deadline = dir_now() + ms;
	size_t server;

	/* Which of them works is known to the probes: their verdict is waited for, not repeated. */
	if (dir_server_choose(d, &server, &fw->fault) != ERR_OK) {
		dir_follow_say(fw, DIR_FOLLOW_AWAY, fw->fault.text);
		dir_follow_wait(fw, -1, FOLLOW_LOOK_MS);
		return FOLLOW_INTERRUPTED;
	}
	if (dir_conn_open(&fw->conn, server, deadline, NULL, &fw->fault) != ERR_OK) {
		dir_server_failed(d, server, &fw->fault);
		dir_follow_say(fw, DIR_FOLLOW_AWAY, fw->fault.text);
		return FOLLOW_INTERRUPTED;
	}
	follow_read_ahead(fw->conn.ld);
	return follow_lend_socket(fw) ? FOLLOW_GOES_ON : FOLLOW_INTERRUPTED;
}

void
dir_follow_close(struct dir_follow *fw)
{
	pthread_mutex_lock(&fw->lock);
	if (fw->socket >= 0)
		close(fw->socket);
	fw->socket = -1;
	pthread_mutex_unlock(&fw->lock);
	dir_conn_close(&fw->conn);
}
