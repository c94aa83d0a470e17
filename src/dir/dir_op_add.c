/* Add a person; meet an entry of an earlier attempt; set a password. */
#include "dir/dir_private.h"

#include <string.h>

#include "base/id.h"
#include "dir/dir_guarded.h"

FAILPOINTS(add_points, "dir.add", "the Add of a person");
FAILPOINTS(look_points, "dir.adopt_look", "looking at an entry that was there before");
FAILPOINTS(adopt_points, "dir.adopt", "bringing our own earlier entry up to date");
FAILPOINTS(password_points, "dir.password", "setting a password");

struct add {
	struct person person;
	struct dir_entry entry;
	struct secret *hash;
	struct dir_added added;
};

static enum err
add_doing(enum err code, struct fault *f, const char *dn)
{
	if (code == ERR_NOT_FOUND)
		return fault_set(f, code, "the org unit of %s is gone", dn);
	return code;
}

/* What stands at the DN: `*marker` is whose it is. ERR_NOT_FOUND: nothing. */
static enum err
add_look(struct dir_job *job, struct dir_conn *c, const char **marker, struct fault *f)
{
	struct add *a = job->value;
	const char *const wanted[] = { c->dir->conf.marker_attribute, "entryUUID", NULL };
	struct dir_search s = { a->entry.dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL, *entry;
	enum err code;

	*marker = NULL;
	job->sent = false;
	c->points = failpoints_of(look_points);
	if (dir_wire_search(c, &s, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, "look at the entry that is there", f);
	if (code == ERR_OK && (entry = ldap_first_entry(c->ld, found)) != NULL) {
		*marker = dir_entry_value(c->ld, entry, c->dir->conf.marker_attribute, job->arena);
		a->added.entry_uuid = dir_entry_value(c->ld, entry, "entryUUID", job->arena);
	}
	ldap_msgfree(found);
	dir_reply_release(&r);
	return code;
}

static enum err
add_bring_up_to_date(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct add *a = job->value;
	struct dir_reply r = { .policy = -1 };
	enum err code;

	job->sent = true;
	c->points = failpoints_of(adopt_points);
	if (dir_wire_modify(c, a->entry.dn,
		dir_entry_for_replace(&c->dir->conf, &a->entry, job->arena), NULL, job->op.deadline,
		&r) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, "change of the entry of an earlier attempt", f);
	dir_reply_release(&r);
	a->added.existed = code == ERR_OK;
	return code;
}

/* Something stands at the DN. Ours, from an attempt whose answer was lost, or somebody's? Nothing
 * has been changed by this attempt until the modify goes out. */
static enum err
add_adopt(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct add *a = job->value;
	const char *marker;
	enum err code = add_look(job, c, &marker, f);

	if (code != ERR_OK)
		return code;
	if (marker == NULL || strcasecmp(marker, a->entry.invitation_id) != 0) {
		a->added.taken_attribute = c->dir->conf.rdn_attribute;
		return fault_set(f, ERR_EXISTS, "%s is somebody else's", a->entry.dn);
	}
	return add_bring_up_to_date(job, c, f);
}

static enum err
add_send(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct add *a = job->value;
	LDAPMod **mods = dir_entry_for_add(&c->dir->conf, &a->entry, job->arena);
	struct dir_reply r = { .policy = -1 };
	enum wire w;
	enum err code;

	job->sent = true;
	c->points = failpoints_of(add_points);
	w = dir_wire_add(c, a->entry.dn, mods, job->op.deadline, &r);
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "add: %s", r.diagnostic);
	else if (r.code != LDAP_ALREADY_EXISTS)
		code = add_doing(dir_error_of(c->dir, &r, "add", f), f, a->entry.dn);
	else if ((code = add_adopt(job, c, f)) == ERR_NOT_FOUND)
		code = fault_set(
		    f, ERR_UNAVAILABLE, "%s was there and is gone; try again", a->entry.dn);
	if (w == WIRE_ANSWERED && dir_error_is_uniqueness(&r))
		a->added.taken_attribute = dir_error_taken(&r, job->arena);
	if (code == ERR_OK && !a->added.existed && r.entry_uuid != NULL)
		a->added.entry_uuid = arena_strdup(job->arena, r.entry_uuid);
	dir_reply_release(&r);
	return code;
}

/* An entry of ours that stands there already may have been made a member since; nobody else may
 * come to stand where a group gives rights. */
static enum err
add_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct add *a = job->value;
	const char *group;
	enum err code = ERR_OK;

	if (a->hash != NULL)
		code = dir_server_proof(c->dir, c->server, f);
	if (code == ERR_OK)
		code = dir_guarded_find(job, c, a->entry.dn, &group, f);
	if (code != ERR_OK)
		return code;
	if (group == NULL)
		return add_send(job, c, f);
	code = add_adopt(job, c, f);
	if (code == ERR_NOT_FOUND) {
		a->added.taken_attribute = c->dir->conf.rdn_attribute;
		code = fault_set(f, ERR_EXISTS,
		    "%s is nobody yet, and as a member of %s already it would have a role",
		    a->entry.dn, group);
	}
	return code;
}

static void
add_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_add_cb *cb = (dir_add_cb *)(uintptr_t)job->cb;
	struct add *a = job->value;
	bool told = code == ERR_OK || code == ERR_EXISTS;

	cb(job->arg, code, told ? &a->added : NULL, f);
}

static void
add_release(struct dir_job *job)
{
	struct add *a = job->value;

	secret_free(a->hash);
}

/* "{SCHEME}..." and nothing that could be taken for a clear-text password. */
static bool
hash_is_plausible(const struct secret *hash)
{
	const char *text = secret_bytes(hash), *end = strchr(text, '}');

	return text[0] == '{' && end != NULL && end > text + 1 && end[1] != '\0' &&
	       strlen(text) == secret_len(hash);
}

static enum err
add_check(const struct dir *d, const struct add *a, struct fault *f)
{
	bool argon2 = d->conf.password_mode == DIR_PASSWORD_ARGON2;
	struct arena *scratch = arena_new(0);
	const char *normal;
	bool below = dir_dn_normalise(a->entry.dn, scratch, &normal) &&
		     dir_dn_is_below(a->entry.dn, d->conf.people_base, false);

	arena_free(scratch);
	if (!below)
		return fault_set(
		    f, ERR_INVALID, "%s is not below %s", a->entry.dn, d->conf.people_base);
	if (!id_is_valid(a->entry.invitation_id))
		return fault_set(f, ERR_INVALID, "not an invitation's id");
	if (argon2 != (a->hash != NULL) || (argon2 && !hash_is_plausible(a->hash)))
		return fault_set(f, ERR_INVALID, "the password does not fit the password mode");
	return ERR_OK;
}

struct dir_op *
dir_add_person(struct dir *d, const char *dn, const struct person *p, const char *invitation_id,
    const struct secret *password_hash, dir_add_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, add_perform, add_answer, DIR_CB_KEEP(cb), arg);
	struct add *a = arena_alloc(job->arena, sizeof(*a));

	job->writes = true;
	job->value = a;
	job->release = add_release;
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		a->person.value[i] = arena_strdup(job->arena, p->value[i]);
	a->hash = password_hash != NULL ? secret_dup(password_hash) : NULL;
	a->added.taken_attribute = "";
	a->entry = (struct dir_entry){ .dn = arena_strdup(job->arena, dn),
		.uid = dir_dn_name(dn, job->arena),
		.invitation_id = arena_strdup(job->arena, invitation_id),
		.person = &a->person,
		.password_hash = a->hash };
	return dir_job_start(job, add_check(d, a, &job->fault));
}

struct password {
	const char *dn;
	struct secret *value;
};

static enum err
password_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct password *p = job->value;
	struct berval value = { secret_len(p->value), (char *)(uintptr_t)secret_bytes(p->value) };
	struct berval *values[] = { &value, NULL };
	char type[] = "userPassword";
	LDAPMod mod = { LDAP_MOD_REPLACE | LDAP_MOD_BVALUES, type, { .modv_bvals = values } };
	LDAPMod *mods[] = { &mod, NULL };
	bool argon2 = c->dir->conf.password_mode == DIR_PASSWORD_ARGON2;
	struct dir_reply r = { .policy = -1 };
	enum wire w;
	enum err code;

	if (argon2 && (code = dir_server_proof(c->dir, c->server, f)) != ERR_OK)
		return code;
	job->sent = true;
	c->points = failpoints_of(password_points);
	w = argon2 ? dir_wire_modify(c, p->dn, mods, NULL, job->op.deadline, &r)
		   : dir_wire_password(c, p->dn, p->value, job->op.deadline, &r);
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "password: %s", r.diagnostic);
	else
		code = dir_error_of_password(c->dir, &r, f);
	dir_reply_release(&r);
	return code;
}

static void
password_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_done_cb *cb = (dir_done_cb *)(uintptr_t)job->cb;

	cb(job->arg, code, f);
}

static void
password_release(struct dir_job *job)
{
	struct password *p = job->value;

	secret_free(p->value);
}

/* RFC 4513 section 5.1.2: an empty password is no password. The person reads the words of
 * ERR_INVALID. */
static enum err
password_check(const struct dir *d, const struct password *p, struct fault *f)
{
	const char *text = secret_bytes(p->value);

	if (text[strspn(text, " \t\r\n\v\f")] == '\0' || strlen(text) != secret_len(p->value))
		return fault_set(
		    f, ERR_INVALID, "The password is empty, all spaces, or holds a zero byte.");
	if (d->conf.password_mode == DIR_PASSWORD_ARGON2 && !hash_is_plausible(p->value))
		return fault_set(f, ERR_INTERNAL, "the password does not fit the password mode");
	if (!dir_dn_is_below(p->dn, d->conf.people_base, false))
		return fault_set(
		    f, ERR_MISCONFIGURED, "%s is not below %s", p->dn, d->conf.people_base);
	return ERR_OK;
}

struct dir_op *
dir_set_password(
    struct dir *d, const char *dn, const struct secret *value, dir_done_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_job_new(d, password_perform, password_answer, DIR_CB_KEEP(cb), arg);
	struct password *p = arena_alloc(job->arena, sizeof(*p));

	p->dn = arena_strdup(job->arena, dn);
	p->value = secret_dup(value);
	job->writes = true;
	job->value = p;
	job->release = password_release;
	return dir_job_start(job, password_check(d, p, &job->fault));
}
