/* Who a connection is bound as, by the server's own word; and what went wrong on one. */
#include "dir/dir_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/mem.h"

FAILPOINTS(whoami_points, "dir.whoami", "asking who the bind made us");

enum err
dir_conn_failed(const struct dir_conn *c, const char *step, int rc, struct fault *f)
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

enum err
dir_conn_bad_answer(
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

enum err
dir_conn_whoami(struct dir_conn *c, int64_t deadline, char **who, int *result, struct fault *f)
{
	const char *uri = c->dir->servers[c->server].uri;
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *message = NULL;
	struct berval *name = NULL;
	enum err code = ERR_OK;
	enum wire w;
	int id, rc = LDAP_SERVER_DOWN;

	*who = NULL;
	*result = -1;
	c->points = failpoints_of(whoami_points);
	if (!failpoint_before(c->points))
		rc = ldap_whoami(c->ld, NULL, NULL, &id);
	if (rc != LDAP_SUCCESS)
		return dir_conn_failed(c, "who am I", rc, f);
	w = dir_wire_wait(c, id, deadline, &r, &message);
	if (w == WIRE_ANSWERED)
		*result = r.code;
	if (w != WIRE_ANSWERED || r.code != LDAP_SUCCESS)
		code = dir_conn_bad_answer(c, "who am I", &r, w, f);
	else if (ldap_parse_whoami(c->ld, message, &name) != LDAP_SUCCESS || name == NULL)
		code =
		    fault_set(f, ERR_MISCONFIGURED, "%s: the server does not say who we are", uri);
	else
		*who = mem_dup(name->bv_val, name->bv_len);
	ber_bvfree(name);
	ldap_msgfree(message);
	dir_reply_release(&r);
	return code;
}

/* Case beyond ASCII is folded too: a server may tell the name in its own normal form. */
bool
dir_conn_names(const char *who, const char *dn)
{
	struct arena *arena = arena_new(0);
	const char *a, *b;
	int differs = 1;
	bool same = strncmp(who, "dn:", 3) == 0 && dir_dn_normalise_long(who + 3, arena, &a) &&
		    dir_dn_normalise_long(dn, arena, &b) &&
		    u8_casecmp((const uint8_t *)a, strlen(a), (const uint8_t *)b, strlen(b), NULL,
			UNINORM_NFKD, &differs) == 0 &&
		    differs == 0;

	arena_free(arena);
	return same;
}

enum err
dir_conn_check_identity(struct dir_conn *c, int64_t deadline, struct fault *f)
{
	const char *uri = c->dir->servers[c->server].uri, *dn = c->dir->conf.bind_dn;
	char *who;
	int result;
	enum err code = dir_conn_whoami(c, deadline, &who, &result, f);

	/* An older server may lack the operation. */
	if (result == LDAP_PROTOCOL_ERROR && c->dir->conf.profile == DIR_GENERIC)
		code = ERR_OK;
	else if (code == ERR_OK && (who == NULL || who[0] == '\0'))
		code = fault_set(f, ERR_MISCONFIGURED, "%s: the bind left us anonymous", uri);
	else if (code == ERR_OK && dn != NULL && dn[0] != '\0' && !dir_conn_names(who, dn))
		code = fault_set(
		    f, ERR_MISCONFIGURED, "%s: bound as %s, the server says %s", uri, dn, who);
	free(who);
	return code;
}
