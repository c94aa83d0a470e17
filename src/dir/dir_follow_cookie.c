/* Cookies: whether one is ours, and whether the server can go on from it.
 *
 * What is handed on carries a tag in front, made of the cookie and of what it belongs to (servers,
 * account, base, filter, attributes). A server cannot be relied on to notice that a cookie is none:
 * slapd 2.5.13 answers several kinds of garbage with everything and the end of a delete phase,
 * which says that nobody is gone.
 *
 * An OpenLDAP cookie holds the server's change numbers (CSN), one for each server id, so it is good
 * on every provider of the same data (tried with two: made on one, the other told of a deletion);
 * one that lags behind is followed from nothing, which slapd would ask for too. One with a
 * CSN newer than the server's own is of a database that was restored from a backup since; so it is
 * looked at here, each time a session begins. slapd refuses it too (result 53) when it looks. Once
 * new changes have passed the old ones no CSN tells; for that there are witnesses. */
#include "dir/dir_follow_private.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

enum { COOKIE_AT = FOLLOW_TAG_SIZE + sizeof(struct follow_witnesses) };
enum { CSN_SID_AT = 30, CSN_SID_LEN = 3, CSNS_MAX = 64 };

void
dir_follow_cookie_subject(const struct dir_conf *conf, unsigned char subject[FOLLOW_SUBJECT_SIZE])
{
	struct arena *arena = arena_new(0);
	const char *text = dir_follow_subject(conf, arena);

	crypto_generichash(
	    subject, FOLLOW_SUBJECT_SIZE, (const unsigned char *)text, strlen(text), NULL, 0);
	arena_free(arena);
}

static void
cookie_tag(const unsigned char *subject, const void *content, size_t len, unsigned char *tag)
{
	crypto_generichash(tag, FOLLOW_TAG_SIZE, content, len, subject, FOLLOW_SUBJECT_SIZE);
}

const void *
dir_follow_cookie_pack(const unsigned char subject[FOLLOW_SUBJECT_SIZE],
    const struct follow_witnesses *w, const void *cookie, size_t len, struct arena *arena,
    size_t *packed_len)
{
	unsigned char *packed = arena_alloc(arena, COOKIE_AT + len);

	memcpy(packed + FOLLOW_TAG_SIZE, w, sizeof(*w));
	memcpy(packed + COOKIE_AT, cookie, len);
	cookie_tag(subject, packed + FOLLOW_TAG_SIZE, sizeof(*w) + len, packed);
	*packed_len = COOKIE_AT + len;
	return packed;
}

void
dir_follow_cookie_unpack(const unsigned char subject[FOLLOW_SUBJECT_SIZE], const void *packed,
    size_t len, struct follow_cookie *out, struct follow_witnesses *w)
{
	const unsigned char *bytes = packed;
	unsigned char tag[FOLLOW_TAG_SIZE];

	out->len = 0;
	if (len <= COOKIE_AT || len - COOKIE_AT > FOLLOW_COOKIE_MAX)
		return;
	cookie_tag(subject, bytes + FOLLOW_TAG_SIZE, len - FOLLOW_TAG_SIZE, tag);
	if (memcmp(tag, packed, FOLLOW_TAG_SIZE) != 0)
		return;
	memcpy(w, bytes + FOLLOW_TAG_SIZE, sizeof(*w));
	if (w->changed_count > FOLLOW_CHANGED || w->deleted_count > FOLLOW_DELETED)
		return;
	out->len = len - COOKIE_AT;
	memcpy(out->data, bytes + COOKIE_AT, out->len);
}

/* "20261126133334.320373Z#000000#000#000000": compared as text within one server id. */
bool
dir_follow_csn_is_valid(const char *csn, size_t len)
{
	static const char form[] = "dddddddddddddd.ddddddZ#xxxxxx#xxx#xxxxxx";

	if (len != FOLLOW_CSN_LEN)
		return false;
	for (size_t i = 0; i < FOLLOW_CSN_LEN; i++) {
		int c = (unsigned char)csn[i];

		if ((form[i] == 'd' && !isdigit(c)) || (form[i] == 'x' && !isxdigit(c)) ||
		    (form[i] != 'd' && form[i] != 'x' && csn[i] != form[i]))
			return false;
	}
	return true;
}

/* The CSNs of "rid=000,csn=A;B"; 0 when it is no cookie of slapd's. */
static size_t
cookie_csns(const char *text, const char *csns[CSNS_MAX])
{
	const char *at = strstr(text, "csn=");
	size_t count = 0;

	if (at == NULL || (at != text && at[-1] != ','))
		return 0;
	for (at += strlen("csn=");; at++) {
		size_t len = strcspn(at, ";,");

		if (count == CSNS_MAX || !dir_follow_csn_is_valid(at, len))
			return 0;
		csns[count++] = at;
		at += len;
		if (*at != ';')
			return count;
	}
}

static bool
csn_is_known(const char *csn, struct berval *const *server)
{
	for (; *server != NULL; server++)
		if (dir_follow_csn_is_valid((*server)->bv_val, (*server)->bv_len) &&
		    memcmp(csn + CSN_SID_AT, (*server)->bv_val + CSN_SID_AT, CSN_SID_LEN) == 0 &&
		    memcmp(csn, (*server)->bv_val, FOLLOW_CSN_LEN) <= 0)
			return true;
	return false;
}

/* contextCSN of the database, which stands in its topmost entry: search_base or one above. NULL:
 * it cannot be read. */
static struct berval **
server_csns(struct dir_follow *fw)
{
	static const char *const wanted[] = { "contextCSN", NULL };
	const char *dn = fw->dir->conf.search_base;
	struct berval **values = NULL;
	int64_t deadline = dir_now() + fw->dir->conf.op_timeout_ms;

	while (values == NULL && *dn != '\0' && fw->conn.ld != NULL) {
		struct dir_search s = { dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
		struct dir_reply r = { .policy = -1 };
		LDAPMessage *found = NULL, *entry = NULL;
		size_t rdn = dir_follow_rdn_len(dn, strlen(dn));

		if (dir_wire_search(&fw->conn, &s, deadline, &r, &found) == WIRE_ANSWERED)
			entry = ldap_first_entry(fw->conn.ld, found);
		if (entry != NULL)
			values = ldap_get_values_len(fw->conn.ld, entry, wanted[0]);
		ldap_msgfree(found);
		dir_reply_release(&r);
		if (entry == NULL)
			break;
		dn += dn[rdn] == ',' ? rdn + 1 : rdn;
	}
	return values;
}

bool
dir_follow_cookie_newest(const struct follow_cookie *c, char newest[FOLLOW_CSN_LEN])
{
	const char *csns[CSNS_MAX];
	struct arena *arena = arena_new(0);
	size_t count = cookie_csns(arena_dup(arena, c->data, c->len), csns);

	for (size_t i = 0; i < count; i++)
		if (i == 0 || memcmp(csns[i], newest, FOLLOW_CSN_LEN) > 0)
			memcpy(newest, csns[i], FOLLOW_CSN_LEN);
	arena_free(arena);
	return count > 0;
}

bool
dir_follow_cookie_fits(struct dir_follow *fw)
{
	const char *csns[CSNS_MAX], *text;
	struct arena *arena = arena_new(0);
	struct berval **server;
	size_t count, known = 0;

	text = arena_dup(arena, fw->cookie.data, fw->cookie.len);
	if (fw->dir->conf.profile != DIR_OPENLDAP && strstr(text, "csn=") == NULL) {
		arena_free(arena);
		return true; /* another kind of server, whose words are its own */
	}
	count = cookie_csns(text, csns);
	server = count > 0 ? server_csns(fw) : NULL;
	while (server != NULL && known < count && csn_is_known(csns[known], server))
		known++;
	arena_free(arena);
	if (server != NULL)
		ldap_value_free_len(server);
	return count > 0 && (server == NULL || known == count);
}
