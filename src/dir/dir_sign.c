/* Signing in: the account that is meant, a bind with its password, its groups.
 *
 * The password travels on a connection that is opened for it and closed behind it, under the TLS
 * rules of all connections; everything else is asked by the service account. A wrong password is
 * the person's mistake: it says nothing about the server, nor about our own credentials. */
#include "dir/dir_sign.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "base/id.h"
#include "dir/dir_user_private.h"

/* ---- who is meant ---- */

struct find_account {
	const char *login;
	struct dir_account account;
};

/* The names by which somebody may call themselves. */
static size_t
account_terms(const struct dir_conf *conf, const char *login, struct dir_term terms[3])
{
	const char *uid = conf->attributes[PERSON_UID], *mail = conf->attributes[PERSON_MAIL];
	size_t n = 0;

	terms[n++] = (struct dir_term){ conf->rdn_attribute, login };
	if (uid != NULL && strcasecmp(uid, conf->rdn_attribute) != 0)
		terms[n++] = (struct dir_term){ uid, login };
	if (mail != NULL)
		terms[n++] = (struct dir_term){ mail, login };
	return n;
}

static enum err
account_read(struct dir_job *job, struct dir_conn *c, LDAPMessage *entry, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *uid = conf->attributes[PERSON_UID], *mail = conf->attributes[PERSON_MAIL];
	const char *display = conf->attributes[PERSON_DISPLAY_NAME];
	struct dir_account *a = &((struct find_account *)job->value)->account;
	const char *rdn;

	a->dn = dir_entry_dn(c->ld, entry, job->arena);
	a->entry_uuid = dir_entry_value(c->ld, entry, "entryUUID", job->arena);
	if (a->dn == NULL || !dir_dn_normalise_long(a->dn, job->arena, &a->normal_dn))
		return fault_set(f, ERR_NOT_FOUND, "an account whose DN cannot be taken");
	if (a->entry_uuid == NULL || !id_is_valid(a->entry_uuid))
		return fault_set(f, ERR_MISCONFIGURED,
		    "the service account cannot read the entryUUID of an account");
	if (!dir_dn_split(a->normal_dn, job->arena, &rdn, &a->org_unit))
		a->org_unit = NULL;
	a->uid = dir_entry_text(c->ld, entry, uid != NULL ? uid : conf->rdn_attribute, job->arena);
	if (display != NULL)
		a->name = dir_entry_text(c->ld, entry, display, job->arena);
	if (a->name == NULL)
		a->name = dir_entry_text(c->ld, entry, "cn", job->arena);
	if (mail != NULL)
		a->mail = dir_entry_text(c->ld, entry, mail, job->arena);
	return ERR_OK;
}

/* The only entry that is somebody; NULL: there is none, or another one. */
static LDAPMessage *
account_choose(struct dir_job *job, struct dir_conn *c, LDAPMessage *entry)
{
	LDAPMessage *chosen = NULL;

	for (; entry != NULL; entry = ldap_next_entry(c->ld, entry)) {
		const char *dn = dir_entry_dn(c->ld, entry, job->arena);

		if (dn == NULL || dir_user_is_nobody(c, entry, dn))
			continue;
		if (chosen != NULL)
			return NULL;
		chosen = entry;
	}
	return chosen;
}

static enum err
account_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const struct find_account *q = job->value;
	const struct dir_term person = { "objectClass", conf->object_classes[0] };
	const char *wanted[] = { "objectClass", "entryUUID", "cn", conf->rdn_attribute, NULL, NULL,
		NULL, NULL };
	struct dir_search s = { conf->search_base, NULL, LDAP_SCOPE_SUBTREE, wanted, 0, 0 };
	struct dir_term terms[3];
	LDAPMessage *found, *entry;
	size_t n = 4;
	enum err code;

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if ((i == PERSON_UID || i == PERSON_MAIL || i == PERSON_DISPLAY_NAME) &&
		    conf->attributes[i] != NULL)
			wanted[n++] = conf->attributes[i];
	s.filter =
	    dir_filter_also(job->arena, &person, terms, account_terms(conf, q->login, terms));
	code = dir_user_search(job, c, &s, "search for an account", &found, &entry, f);
	if (code == ERR_OK && (entry = account_choose(job, c, entry)) == NULL)
		code = fault_set(f, ERR_NOT_FOUND, "no account has this name, or several have");
	else if (code == ERR_OK)
		code = account_read(job, c, entry, f);
	ldap_msgfree(found);
	return code;
}

static void
account_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_account_cb *cb = (dir_account_cb *)(uintptr_t)job->cb;
	const struct find_account *q = job->value;

	cb(job->arg, code, code == ERR_OK ? &q->account : NULL, f);
}

/* Something that a directory could have as a name. */
static bool
login_is_text(const char *login)
{
	size_t len = strlen(login);

	if (len > DIR_LOGIN_MAX || strspn(login, " ") == len)
		return false;
	for (const char *p = login; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return u8_check((const uint8_t *)login, len) == NULL;
}

struct dir_op *
dir_find_account(struct dir *d, const char *login, dir_account_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, account_perform, account_answer, DIR_CB_KEEP(cb), arg);
	struct find_account *q = arena_alloc(job->arena, sizeof(*q));
	enum err code = ERR_OK;

	job->value = q;
	job->pool = d->signers;
	if (login_is_text(login))
		q->login = arena_strdup(job->arena, login);
	else
		code = fault_set(&job->fault, ERR_NOT_FOUND, "this is no account's name");
	return dir_job_start(job, code);
}

/* ---- whether it is them, and what they are in. The words are for a log, which names nobody. ----
 */

struct sign {
	const char *dn, *uuid;	 /* `uuid` NULL: of nobody */
	struct secret *password; /* NULL: nobody signs in, one is only looked at */
	struct dir_names names;	 /* of dir_look_at_names() alone */
	const char **groups;
	size_t count;
	bool *member;
};

/* Why the server does not let this person in; NULL: that is not what it says. */
static const char *
sign_refusal(const struct dir_login *as)
{
	switch (as->policy) {
	case PP_accountLocked:
		return "the account is locked";
	case PP_passwordExpired:
		return "the password has expired";
	case PP_changeAfterReset:
		return "the password was reset and must be changed first";
	}
	switch (as->result) {
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_INAPPROPRIATE_AUTH:
		return "wrong password, or a locked account";
	case LDAP_UNWILLING_TO_PERFORM: /* 389 Directory Server: inactivated */
	case LDAP_CONSTRAINT_VIOLATION: /* and locked by its policy */
	case LDAP_INSUFFICIENT_ACCESS:
	case LDAP_INVALID_DN_SYNTAX:
		return "the server does not let the account in";
	}
	return NULL;
}

static enum err
sign_prove(struct dir_job *job, struct dir_conn *own, size_t server, struct fault *f)
{
	const struct sign *q = job->value;
	struct dir_login as = {
		.dn = q->dn, .password = secret_bytes(q->password), .is_person = true
	};
	enum err code = dir_conn_open_as(own, server, &as, job->op.deadline, f);
	const char *refusal = sign_refusal(&as);
	char *who = NULL;
	int result;

	if (refusal != NULL && code != ERR_OK)
		return fault_set(
		    f, ERR_UNAUTHENTICATED, "%s (%s)", refusal, ldap_err2string(as.result));
	if (refusal != NULL)
		return fault_set(f, ERR_UNAUTHENTICATED, "%s", refusal);
	/* It may have been counted as a failure. */
	if (code != ERR_OK && as.sent && as.result < 0)
		f->code = code = ERR_UNKNOWN;
	if (code == ERR_OK)
		code = dir_conn_whoami(own, job->op.deadline, &who, &result, f);
	if (code == ERR_OK && (q->uuid == NULL || !dir_conn_names(who, q->dn)))
		code = fault_set(f, ERR_UNAUTHENTICATED,
		    "the server said yes, and takes the account for %s",
		    who[0] != '\0' ? "somebody else" : "nobody");
	free(who);
	return code;
}

/* As the service account sees it: it is still this entry, and nobody has suspended it. A server may
 * ignore the mark that we suspend by. */
static enum err
sign_look(struct dir_job *job, struct dir_conn *c, struct user_entry *e, struct fault *f)
{
	const struct sign *q = job->value;
	enum err code = dir_user_find(job, c, q->uuid, c->dir->conf.search_base, e, f);

	if (code == ERR_REFUSED)
		f->code = code = ERR_NOT_FOUND;
	if (code == ERR_OK && e->user.suspended)
		code = fault_set(f, ERR_NOT_FOUND, "the account is suspended");
	return code;
}

static bool
sign_is_in_none(const struct sign *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->member[i])
			return false;
	return true;
}

/* Groups are asked by the name that was read before: whoever was renamed meanwhile seems to be in
 * none. */
static enum err
sign_reach(struct dir_job *job, struct dir_conn *c, const char *dn, struct fault *f)
{
	struct sign *q = job->value;
	struct user_entry again;
	enum err code = dir_groups_reach(job, c, dn, q->groups, q->count, q->member, f);

	if (code == ERR_OK && sign_is_in_none(q))
		code = sign_look(job, c, &again, f);
	else
		return code;
	if (code == ERR_OK && strcmp(again.user.dn, dn) != 0)
		code = fault_set(f, ERR_UNAVAILABLE, "the account has another name meanwhile");
	return code;
}

static enum err
sign_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct sign *q = job->value;
	struct dir_conn own = { .dir = c->dir };
	struct user_entry e;
	enum err code = sign_prove(job, &own, c->server, f);

	dir_conn_close(&own);
	if (code != ERR_OK)
		return code;
	code = sign_look(job, c, &e, f);
	if (code == ERR_NOT_FOUND)
		return f->code = ERR_UNAUTHENTICATED;
	if (code == ERR_OK && strcmp(e.user.dn, q->dn) != 0)
		return fault_set(f, ERR_UNAUTHENTICATED, "the account has another name meanwhile");
	if (code == ERR_OK)
		code = sign_reach(job, c, e.user.dn, f);
	return code == ERR_NOT_FOUND ? (f->code = ERR_UNAUTHENTICATED) : code;
}

static enum err
look_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct user_entry e;
	enum err code = sign_look(job, c, &e, f);

	return code == ERR_OK ? sign_reach(job, c, e.user.dn, f) : code;
}

static enum err
names_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct sign *q = job->value;

	return dir_groups_lead(job, c, &q->names, q->groups, q->count, q->member, f);
}

static void
sign_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_sign_cb *cb = (dir_sign_cb *)(uintptr_t)job->cb;
	const struct sign *q = job->value;

	cb(job->arg, code, code == ERR_OK ? q->member : NULL, f);
}

static void
sign_release(struct dir_job *job)
{
	secret_free(((struct sign *)job->value)->password);
}

static struct dir_job *
sign_job_new(struct dir *d, dir_job_perform *perform, const char *const *groups, size_t count,
    dir_sign_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, perform, sign_answer, DIR_CB_KEEP(cb), arg);
	struct sign *q = arena_alloc(job->arena, sizeof(*q));

	assert(count <= DIR_ROOTS_MAX);
	q->groups = arena_alloc(job->arena, (count + 1) * sizeof(*q->groups));
	q->member = arena_alloc(job->arena, count + 1);
	for (q->count = 0; q->count < count; q->count++)
		q->groups[q->count] = arena_strdup(job->arena, groups[q->count]);
	job->value = q;
	job->release = sign_release;
	return job;
}

/* Where a bind meets nobody, so that no failure counts against anybody. */
static const char *
sign_nobody(const struct dir_conf *conf, struct arena *arena)
{
	unsigned char random[12];
	char hex[2 * sizeof(random) + 1];
	const char *dn;

	random_fill(random, sizeof(random));
	encode_hex(random, sizeof(random), hex);
	dn = dir_dn_child(conf->rdn_attribute, hex, conf->people_base, arena);
	assert(dn != NULL); /* dir_conf_check() has seen both names */
	return dn;
}

/* Servers take a name with an empty password for an anonymous bind that succeeds, and some strip
 * white space first; what stops at a zero byte has tried another password. */
static bool
password_is_one(const struct secret *password)
{
	const char *bytes = secret_bytes(password);
	size_t len = secret_len(password);

	return strlen(bytes) == len && strspn(bytes, " \t\n\v\f\r") < len;
}

/* A bind that fails is counted by the server: it is never repeated, like a write. */
struct dir_op *
dir_sign_in(struct dir *d, const struct dir_account *account, const struct secret *password,
    const char *const *groups, size_t count, dir_sign_cb *cb, void *arg)
{
	struct dir_job *job = sign_job_new(d, sign_perform, groups, count, cb, arg);
	struct sign *q = job->value;

	job->writes = true;
	job->pool = d->signers; /* whoever is only looked at does not wait behind guesses */
	q->password = secret_dup(password);
	if (account != NULL) {
		q->dn = arena_strdup(job->arena, account->dn);
		q->uuid = arena_strdup(job->arena, account->entry_uuid);
	} else
		q->dn = sign_nobody(&d->conf, job->arena);
	return dir_job_start(
	    job, password_is_one(password)
		     ? ERR_OK
		     : fault_set(&job->fault, ERR_INVALID,
			   "the password is empty, all white space, or holds a zero byte"));
}

struct dir_op *
dir_look_at_account(struct dir *d, const char *entry_uuid, const char *const *groups, size_t count,
    dir_sign_cb *cb, void *arg)
{
	struct dir_job *job = sign_job_new(d, look_perform, groups, count, cb, arg);
	struct sign *q = job->value;

	q->uuid = arena_strdup(job->arena, entry_uuid);
	return dir_job_start(job, dir_uuid_check(entry_uuid, &job->fault));
}

struct dir_op *
dir_look_at_names(struct dir *d, const char *const *names, size_t name_count,
    const char *const *groups, size_t count, dir_sign_cb *cb, void *arg)
{
	struct dir_job *job = sign_job_new(d, names_perform, groups, count, cb, arg);
	struct dir_names *own = &((struct sign *)job->value)->names;

	own->dn = arena_alloc(job->arena, (name_count + 1) * sizeof(*own->dn));
	for (own->count = 0; own->count < name_count; own->count++)
		own->dn[own->count] = arena_strdup(job->arena, names[own->count]);
	return dir_job_start(job, ERR_OK);
}
