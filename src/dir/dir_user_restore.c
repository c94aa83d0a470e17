/* Add an entry again as it was, and its memberships. */
#include "dir/dir_user_private.h"

#include <string.h>
#include <strings.h>

#include "dir/dir_guarded.h"

FAILPOINTS(restore_points, "dir.user.restore", "adding a deleted entry again");

struct restore {
	struct user_job job; /* first */
	struct secret *bytes;
	struct saved saved;
	const struct reach *within;
	size_t left_out; /* groups that it does not cover */
};

static LDAPMod **
restore_mods(const struct saved *s, struct arena *arena)
{
	LDAPMod **mods = arena_alloc(arena, (s->attribute_count + 1) * sizeof(LDAPMod *));

	for (size_t i = 0; i < s->attribute_count; i++) {
		mods[i] = arena_alloc(arena, sizeof(LDAPMod));
		mods[i]->mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES;
		mods[i]->mod_type = (char *)(uintptr_t)s->attributes[i].name;
		mods[i]->mod_bvalues = s->attributes[i].values;
	}
	return mods;
}

static bool
values_hold(struct berval **values, const struct berval *wanted)
{
	for (size_t i = 0; values != NULL && values[i] != NULL; i++)
		if (values[i]->bv_len == wanted->bv_len &&
		    memcmp(values[i]->bv_val, wanted->bv_val, wanted->bv_len) == 0)
			return true;
	return false;
}

/* Every saved value is there. A password is only compared where it can be read. */
static bool
restore_is_ours(struct dir_conn *c, LDAPMessage *entry, const struct saved *s)
{
	bool same = true;

	for (size_t i = 0; i < s->attribute_count && same; i++) {
		const struct saved_attribute *a = &s->attributes[i];
		struct berval **values = ldap_get_values_len(c->ld, entry, a->name);
		bool hidden = values == NULL && strcasecmp(a->name, "userPassword") == 0;

		for (size_t j = 0; a->values[j] != NULL && !hidden && same; j++)
			same = values_hold(values, a->values[j]);
		for (size_t j = 0; values != NULL && values[j] != NULL; j++)
			secret_wipe(values[j]->bv_val, values[j]->bv_len);
		ldap_value_free_len(values);
	}
	return same;
}

/* The message has the hash of the password, and its memory is not ours. This is the last look at
 * it: reading in place ends each run by writing behind it. */
static void
restore_wipe(struct dir_conn *c, LDAPMessage *entry)
{
	struct berval dn, name, *values;
	BerElement *ber = NULL;

	if (entry == NULL || ldap_get_dn_ber(c->ld, entry, &ber, &dn) != LDAP_SUCCESS)
		return;
	while (ldap_get_attribute_ber(c->ld, entry, ber, &name, &values) == LDAP_SUCCESS &&
	       name.bv_val != NULL) {
		for (size_t i = 0; values != NULL && values[i].bv_val != NULL; i++)
			secret_wipe(values[i].bv_val, values[i].bv_len);
		ber_memfree(values);
	}
	ber_free(ber, 0);
}

/* The entry stands, whatever became of the rest: who hears of a refusal would think that it does
 * not. Asked again, we find it and go on. */
static enum err
restore_is_not_over(enum err code, struct fault *f)
{
	struct fault why = *f;

	if (code == ERR_OK || code == ERR_UNKNOWN)
		return code;
	return fault_set(f, ERR_UNKNOWN, "the entry is there, but: %.400s", why.text);
}

/* What stands at the DN: ours, from a try whose answer was lost? ERR_NOT_FOUND: nothing. */
static enum err
restore_meet(struct dir_job *job, struct dir_conn *c, const char **uuid, struct fault *f)
{
	const char *const wanted[] = { LDAP_ALL_USER_ATTRIBUTES, "entryUUID",
		dir_profile_of(c->dir->conf.profile)->suspend_attribute, NULL };
	struct restore *o = job->value;
	struct dir_search s = { o->saved.dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code;

	code = dir_user_search(job, c, &s, "look at the entry that is there", &found, &entry, f);
	if (code == ERR_OK && (entry == NULL || !restore_is_ours(c, entry, &o->saved)))
		code = fault_set(f, ERR_EXISTS, "uid: %s is taken meanwhile", o->saved.dn);
	else if (code == ERR_OK)
		*uuid = dir_entry_value(c->ld, entry, "entryUUID", job->arena);
	else if (code != ERR_NOT_FOUND) /* It may be ours, so nothing was refused. */
		code = restore_is_not_over(code, f);
	restore_wipe(c, entry);
	ldap_msgfree(found);
	return code;
}

static enum err
restore_add(struct dir_job *job, struct dir_conn *c, const char **uuid, struct fault *f)
{
	struct restore *o = job->value;
	struct dir_reply r = { .policy = -1 };
	const char *field;
	enum err code;
	enum wire w;

	job->sent = true;
	c->points = failpoints_of(restore_points);
	w = dir_wire_add(c, o->saved.dn, restore_mods(&o->saved, job->arena), job->op.deadline, &r);
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "add: %s", r.diagnostic);
	else if (r.code == LDAP_ALREADY_EXISTS)
		code = restore_meet(job, c, uuid, f) != ERR_NOT_FOUND
			   ? f->code
			   : fault_set(f, ERR_UNAVAILABLE, "%s was there and is gone; try again",
				 o->saved.dn);
	else {
		field = dir_error_field(&c->dir->conf, &r, job->arena);
		code = dir_error_of_restore(c->dir, &r,
		    arena_printf(job->arena, "%s%sadd of what was saved",
			field != NULL ? field : "", field != NULL ? ": " : ""),
		    f);
	}
	if (code == ERR_NOT_FOUND)
		code = fault_set(f, code, "the org unit of %s is gone", o->saved.dn);
	if (code == ERR_OK && r.entry_uuid != NULL)
		*uuid = arena_strdup(job->arena, r.entry_uuid);
	dir_reply_release(&r);
	return code;
}

/* A server without RFC 4527 does not say which UUID the new entry has. */
static enum err
restore_find_uuid(struct dir_job *job, struct dir_conn *c, const char **uuid, struct fault *f)
{
	static const char *const wanted[] = { "entryUUID", NULL };
	struct restore *o = job->value;
	struct dir_search s = { o->saved.dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "look at the new entry", &found, &entry, f);

	if (code == ERR_OK && entry != NULL)
		*uuid = dir_entry_value(c->ld, entry, wanted[0], job->arena);
	ldap_msgfree(found);
	if (code == ERR_OK && *uuid == NULL)
		code = fault_set(f, ERR_MISCONFIGURED, "%s shows no entryUUID", o->saved.dn);
	return code;
}

/* Everything that comes after the entry. */
static enum err
restore_rest(struct dir_job *job, struct dir_conn *c, const char *uuid, struct fault *f)
{
	struct restore *o = job->value;
	struct fault refused = { .text = "" };
	enum err code = ERR_OK;

	if (uuid == NULL)
		code = restore_find_uuid(job, c, &uuid, f);
	if (code == ERR_OK) {
		code = dir_groups_join(job, c, o->saved.dn, &o->saved.groups, f);
		refused = *f;
	}
	if (code == ERR_OK)
		code = dir_groups_end_placeholders(job, c, &o->saved.groups, f);
	if (code == ERR_OK)
		code = dir_user_read(job, c, uuid, c->dir->conf.people_base, &o->job.now, f);
	if (code == ERR_OK && o->left_out > 0 && refused.text[0] == '\0')
		fault_set(&refused, ERR_OK, "%zu groups are out of reach", o->left_out);
	if (code == ERR_OK)
		*f = refused;
	return code;
}

/* A name that leads to a role is not given again. The entry of an earlier try that has it may have
 * been made a member since. */
static enum err
restore_begin(struct dir_job *job, struct dir_conn *c, const char **uuid, struct fault *f)
{
	struct restore *o = job->value;
	struct fault met;
	enum err code = dir_guarded_check(job, c, "uid", o->saved.dn, f);

	if (code == ERR_OK)
		return restore_add(job, c, uuid, f);
	if (code != ERR_EXISTS || (code = restore_meet(job, c, uuid, &met)) == ERR_NOT_FOUND)
		return f->code;
	*f = met;
	return code;
}

static enum err
restore_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	const char *uuid = NULL;
	enum err code = restore_begin(job, c, &uuid, f);

	return code == ERR_OK ? restore_is_not_over(restore_rest(job, c, uuid, f), f) : code;
}

static void
restore_release(struct dir_job *job)
{
	struct restore *o = job->value;

	secret_free(o->bytes);
}

static void
restore_leave_out(struct restore *o, struct arena *arena)
{
	struct dir_names *groups = &o->saved.groups;
	size_t kept = 0;

	for (size_t i = 0; i < groups->count; i++) {
		const char *normal;

		if (dir_dn_normalise_long(groups->dn[i], arena, &normal) &&
		    reach_covers(o->within, normal, NULL))
			groups->dn[kept++] = groups->dn[i];
	}
	o->left_out = groups->count - kept;
	groups->count = kept;
}

static enum err
restore_check(const struct dir *d, struct restore *o, struct arena *arena, struct fault *f)
{
	if (!dir_saved_parse(o->bytes, &o->saved, arena))
		return fault_set(f, ERR_CORRUPT, "what was saved of an entry cannot be read");
	if (!dir_dn_is_below(o->saved.dn, d->conf.people_base, false))
		return fault_set(
		    f, ERR_REFUSED, "%s is not below %s", o->saved.dn, d->conf.people_base);
	if (o->within != NULL)
		restore_leave_out(o, arena);
	return ERR_OK;
}

struct dir_op *
dir_user_restore(struct dir *d, const struct secret *saved, const struct reach *within,
    dir_user_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_user_job_new(d, restore_perform, NULL, sizeof(struct restore), cb, arg);
	struct restore *o = job->value;

	o->bytes = secret_dup(saved);
	o->within = reach_copy(within, job->arena);
	job->release = restore_release;
	job->writes = true;
	return dir_job_start(job, restore_check(d, o, job->arena, &job->fault));
}
