/* Delete an entry, then end its memberships: access ends first. */
#include "dir/dir_user_private.h"

#include <string.h>

FAILPOINTS(remove_points, "dir.user.remove", "deleting the entry of a user");

struct removal {
	const char *dn, *uuid, *tag; /* tag NULL: whichever version */
	const char *csn;	     /* of that version, or NULL */
	struct dir_removed removed;
};

/* The entry of our UUID is elsewhere: what was to end has not ended. */
static enum err
removal_look_elsewhere(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct removal *m = job->value;
	struct dir_search s = { c->dir->conf.search_base,
		dir_user_condition(m->uuid, NULL, job->arena), LDAP_SCOPE_SUBTREE, none, 0, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "search for an entryUUID", &found, &entry, f);

	if (code == ERR_OK && entry != NULL) {
		const char *dn = dir_entry_dn(c->ld, entry, job->arena);

		code = fault_set(f, ERR_CONFLICT, "%s has moved to %s", m->dn,
		    dn != NULL ? dn : "another place");
	}
	ldap_msgfree(found);
	return code;
}

/* `*there`: our entry stands at the DN. */
static enum err
removal_look(struct dir_job *job, struct dir_conn *c, bool *there, struct fault *f)
{
	static const char *const wanted[] = { "entryUUID", "objectClass", NULL };
	struct removal *m = job->value;
	struct dir_search s = { m->dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	LDAPMessage *found, *entry;
	const char *uuid;
	enum err code = dir_user_search(job, c, &s, "look at an entry", &found, &entry, f);

	*there = false;
	if (code == ERR_OK) {
		uuid = entry != NULL ? dir_entry_value(c->ld, entry, wanted[0], job->arena) : NULL;
		if (uuid == NULL)
			code =
			    fault_set(f, ERR_MISCONFIGURED, "%s exists but may not be read", m->dn);
		else if (strcmp(uuid, m->uuid) != 0)
			code = fault_set(f, ERR_CONFLICT, "another entry stands at %s", m->dn);
		else if (dir_user_is_nobody(c, entry, m->dn))
			code = fault_set(f, ERR_REFUSED, "%s is not a person", m->dn);
		*there = code == ERR_OK;
	}
	ldap_msgfree(found);
	return code == ERR_NOT_FOUND ? removal_look_elsewhere(job, c, f) : code;
}

/* The tag may be made of more than entryCSN, so the entry is read as those who were given it had
 * it. */
static enum err
removal_check_version(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct removal *m = job->value;
	struct user_entry now;
	enum err code = dir_user_find(job, c, m->uuid, c->dir->conf.people_base, &now, f);

	m->csn = code == ERR_OK ? now.csn : NULL;
	if (code == ERR_NOT_FOUND || (code == ERR_OK && (strcmp(now.user.tag, m->tag) != 0 ||
							    !dir_dn_equal(now.user.dn, m->dn))))
		code = fault_set(f, ERR_CONFLICT, "%s has been changed meanwhile", m->dn);
	return code;
}

static enum err
removal_delete(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct removal *m = job->value;
	struct dir_reply r = { .policy = -1 };
	enum err code;
	enum wire w;

	job->sent = true;
	c->points = failpoints_of(remove_points);
	w = dir_wire_delete(
	    c, m->dn, dir_user_condition(m->uuid, m->csn, job->arena), job->op.deadline, &r);
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "delete: %s", r.diagnostic);
	else
		code = dir_error_of(c->dir, &r, "delete", f);
	dir_reply_release(&r);
	m->removed.was_there = code == ERR_OK;
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static enum err
removal_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct removal *m = job->value;
	struct dir_names before, after;
	size_t refused = 0;
	bool there;
	enum err code = removal_look(job, c, &there, f);

	/* slapo-refint may be faster than we are: what it ends has ended all the same. */
	if (code == ERR_OK)
		code = dir_groups_of(job, c, m->dn, &before, f);
	if (code == ERR_OK && there && m->tag != NULL)
		code = removal_check_version(job, c, f);
	if (code == ERR_OK && there)
		code = removal_delete(job, c, f);
	if (code == ERR_OK)
		code = dir_groups_of(job, c, m->dn, &after, f);
	if (code != ERR_OK)
		return code;
	job->sent = job->sent || after.count > 0;
	code = dir_groups_leave(job, c, m->dn, &after, &refused, f);
	m->removed.groups_left = before.count > after.count ? before.count : after.count;
	m->removed.groups_left -= refused;
	return code;
}

static void
removal_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_removed_cb *cb = (dir_removed_cb *)(uintptr_t)job->cb;
	struct removal *m = job->value;

	cb(job->arg, code, code == ERR_OK ? &m->removed : NULL, f);
}

static enum err
removal_check(const struct dir *d, const struct removal *m, struct fault *f)
{
	if (!dir_dn_is_below(m->dn, d->conf.people_base, false))
		return fault_set(f, ERR_REFUSED, "%s is not below %s", m->dn, d->conf.people_base);
	if (dir_uuid_check(m->uuid, f) != ERR_OK)
		return fault_set(f, ERR_INVALID, "%s is no entryUUID", m->uuid);
	return ERR_OK;
}

struct dir_op *
dir_user_remove(struct dir *d, const char *dn, const char *entry_uuid, const char *tag,
    dir_removed_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, removal_perform, removal_answer, DIR_CB_KEEP(cb), arg);
	struct removal *m = arena_alloc(job->arena, sizeof(*m));

	m->dn = arena_strdup(job->arena, dn);
	m->uuid = arena_strdup(job->arena, entry_uuid);
	m->tag = arena_strdup(job->arena, tag);
	job->writes = true;
	job->value = m;
	return dir_job_start(job, removal_check(d, m, &job->fault));
}
