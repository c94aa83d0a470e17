/* The proof that a hash of ours is a hash on the server too.
 *
 * A server without the scheme takes "{ARGON2}$argon2id$..." for a clear-text password: then the
 * printed hash would be the working password of everybody we add. So an entry with a random
 * password is added, bound as with the password (must work) and with the printed hash (must not),
 * and deleted.
 */
#include "dir/dir_private.h"

#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"

FAILPOINTS(proof_add_points, "dir.proof_add", "adding the entry of the self-test");
FAILPOINTS(proof_delete_points, "dir.proof_delete", "taking the entry of the self-test away");

enum { PROBE_OPS = 2, PROBE_MEMORY = 19456 * 1024, PROBE_PASSWORD = 24 };

struct proof_entry {
	char password[ENCODE_BASE64_SIZE(PROBE_PASSWORD)];
	char hash[crypto_pwhash_STRBYTES + 16];
	const char *dn;
	LDAPMod **mods;
};

/* One name per host: what an earlier run left behind is found without a search, and two hosts that
 * prove at once do not meet. */
static const char *
proof_name(struct arena *arena)
{
	char host[256] = "", hex[17];
	unsigned char digest[crypto_generichash_BYTES_MIN];

	gethostname(host, sizeof(host) - 1);
	crypto_generichash(
	    digest, sizeof(digest), (const unsigned char *)host, strlen(host), NULL, 0);
	encode_hex(digest, 8, hex);
	return arena_printf(arena, "usherd-self-test-%s", hex);
}

static enum err
proof_make(struct dir *d, struct proof_entry *e, struct arena *arena, struct fault *f)
{
	static const struct person nobody = { .value = { [PERSON_FAMILY_NAME] = "self-test" } };
	unsigned char random[PROBE_PASSWORD];
	char id[ID_SIZE];
	struct secret *hash;
	struct dir_entry entry = { .person = &nobody };

	random_fill(random, sizeof(random));
	encode_base64(random, sizeof(random), e->password);
	secret_wipe(random, sizeof(random));
	memcpy(e->hash, "{ARGON2}", 8);
	if (crypto_pwhash_str_alg(e->hash + 8, e->password, strlen(e->password), PROBE_OPS,
		PROBE_MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fault_set(f, ERR_UNAVAILABLE, "no memory to hash a password");
	entry.uid = proof_name(arena);
	id_make(clock_wall_ms(&clock_system), id);
	entry.invitation_id = arena_strdup(arena, id);
	if (dir_person_dn(d, entry.uid, d->conf.people_base, arena, &e->dn, f) != ERR_OK)
		return f->code;
	hash = secret_new(arena_strdup(arena, e->hash), strlen(e->hash));
	entry.dn = e->dn;
	entry.password_hash = hash;
	e->mods = dir_entry_for_add(&d->conf, &entry, arena);
	/* The attributes point into the secret: they move to the arena's copy. */
	for (size_t i = 0; e->mods[i] != NULL; i++)
		if (strcmp(e->mods[i]->mod_type, "userPassword") == 0)
			e->mods[i]->mod_bvalues[0]->bv_val = e->hash;
	secret_free(hash);
	return ERR_OK;
}

static enum err
proof_add(struct dir_conn *c, struct proof_entry *e, int64_t deadline, struct fault *f)
{
	struct dir_reply r = { .policy = -1 };
	enum err code = ERR_UNAVAILABLE;

	for (int tries = 0; tries < 2; tries++) {
		enum wire w;

		c->points = failpoints_of(proof_add_points);
		w = dir_wire_add(c, e->dn, e->mods, deadline, &r);
		if (w != WIRE_ANSWERED)
			code = fault_set(f, ERR_UNAVAILABLE, "self-test: %s", r.diagnostic);
		else
			code = dir_error_of(
			    c->dir, &r, "self-test: add of an entry with a hashed password", f);
		dir_reply_release(&r);
		if (w != WIRE_ANSWERED || code != ERR_EXISTS || tries > 0)
			break;
		w = dir_wire_delete(
		    c, e->dn, NULL, deadline, &r); /* left by a run that was cut short */
		dir_reply_release(&r);
		if (w != WIRE_ANSWERED)
			break;
	}
	return code;
}

/* The result of a bind as the new entry; -1 when there was none. */
static int
proof_bind(struct dir *d, size_t server, const char *dn, const char *password, int64_t deadline,
    struct fault *f)
{
	struct dir_conn c = { .dir = d };
	struct dir_login as = { .dn = dn, .password = password };

	dir_conn_open_as(&c, server, &as, deadline, f);
	dir_conn_close(&c);
	return as.result;
}

static enum err
proof_judge(struct dir *d, size_t server, struct proof_entry *e, int64_t deadline, struct fault *f)
{
	struct fault why = { .code = ERR_OK };
	const char *const fakes[] = { e->hash, e->hash + 8 };

	for (size_t i = 0; i < 2; i++)
		switch (proof_bind(d, server, e->dn, fakes[i], deadline, &why)) {
		case LDAP_INVALID_CREDENTIALS:
			break;
		case LDAP_SUCCESS:
			return fault_set(f, ERR_MISCONFIGURED,
			    "self-test: the server does not know {ARGON2} and takes the printed "
			    "hash as the "
			    "password; load its argon2 module or use password mode exop");
		default:
			return fault_set(f, ERR_UNAVAILABLE, "self-test: %.300s", why.text);
		}
	switch (proof_bind(d, server, e->dn, e->password, deadline, &why)) {
	case LDAP_SUCCESS:
		return ERR_OK;
	case LDAP_INVALID_CREDENTIALS:
		return fault_set(f, ERR_MISCONFIGURED,
		    "self-test: the server does not accept the password of an {ARGON2} hash; load "
		    "its argon2 "
		    "module or use password mode exop");
	default:
		return fault_set(f, ERR_UNAVAILABLE, "self-test: %.300s", why.text);
	}
}

/* An entry that stays would be somebody's account: when the answer to its deletion is lost, it is
 * deleted once more over another connection; when that fails too, the proof has, and is given
 * again. */
static enum err
proof_delete(struct dir_conn *c, size_t server, const char *dn, int64_t deadline, struct fault *f)
{
	struct dir_reply r = { .policy = -1 };
	enum err code = ERR_OK;
	enum wire w = WIRE_LOST;

	for (int tries = 0; tries < 2 && code == ERR_OK && w != WIRE_ANSWERED; tries++) {
		if (c->ld == NULL)
			code = dir_conn_open(c, server, deadline, NULL, f);
		if (code != ERR_OK)
			break;
		c->points = failpoints_of(proof_delete_points);
		w = dir_wire_delete(c, dn, NULL, deadline, &r);
		if (w == WIRE_ANSWERED && r.code != LDAP_NO_SUCH_OBJECT)
			code = dir_error_of(c->dir, &r, "self-test: delete of its entry", f);
		dir_reply_release(&r);
	}
	if (code == ERR_OK && w != WIRE_ANSWERED)
		code = fault_set(f, ERR_UNAVAILABLE, "self-test: its entry %s was not deleted", dn);
	return code;
}

enum err
dir_proof_run(struct dir *d, size_t server, int64_t deadline, struct fault *f)
{
	struct arena *arena = arena_new(0);
	struct dir_conn c = { .dir = d };
	struct proof_entry e = { .dn = NULL };
	struct fault own = { .text = "" };
	enum err code = proof_make(d, &e, arena, f), deleted;

	if (code == ERR_OK)
		code = dir_conn_open(&c, server, deadline, NULL, f);
	if (code == ERR_OK) {
		code = proof_add(&c, &e, deadline, f);
		if (code == ERR_OK)
			code = proof_judge(d, server, &e, deadline, f);
		/* Also when the answer to the add was lost; and it has time of its own. */
		deleted = proof_delete(&c, server, e.dn, dir_now() + d->conf.op_timeout_ms, &own);
		if (code == ERR_OK && deleted != ERR_OK)
			code = fault_set(f, deleted, "%s", own.text);
	}
	dir_conn_close(&c);
	secret_wipe(&e, sizeof(e));
	arena_free(arena);
	return code;
}
