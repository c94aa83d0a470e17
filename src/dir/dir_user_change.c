/* Change a profile, move an entry. LDAP has no request for both at once: what can be known to fail
 * is asked first, then the values are written, and the move comes last. */
#include "dir/dir_user_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dir/dir_guarded.h"

FAILPOINTS(change_points, "dir.user.change", "changing the profile of an entry");
FAILPOINTS(move_points, "dir.user.move", "moving an entry to another org unit");

struct change {
	struct user_job job; /* first */
	const char *value[PERSON_FIELD_COUNT], *tag;
	const char *rdn, *parent, *target; /* parent NULL: it stays where it is */
	LDAPMod **mods;			   /* NULL: no value changes */
};

/* Only what has changed can be taken. */
static enum err
change_look_for_taken(
    struct dir_job *job, struct dir_conn *c, enum person_field field, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct change *ch = job->value;
	const char *value = ch->value[field], *old = ch->job.now.person.value[field];
	const struct dir_term term = { c->dir->conf.attributes[field], value };
	struct dir_search s = { c->dir->conf.search_base, NULL, LDAP_SCOPE_SUBTREE, none, 0, 0 };
	LDAPMessage *found, *entry;
	enum err code;

	if (value == NULL || value[0] == '\0' || (old != NULL && strcmp(old, value) == 0))
		return ERR_OK;
	s.filter = dir_filter_all(job->arena, &term, 1);
	code = dir_user_search(job, c, &s, person_field_name(field), &found, &entry, f);
	for (; code == ERR_OK && entry != NULL; entry = ldap_next_entry(c->ld, entry)) {
		const char *dn = dir_entry_dn(c->ld, entry, job->arena);

		if (dn == NULL || !dir_dn_equal(dn, ch->job.now.user.dn))
			code = fault_set(f, ERR_EXISTS, "%s: %s has it", person_field_name(field),
			    dn != NULL ? dn : "another entry");
	}
	ldap_msgfree(found);
	return code;
}

/* Is there something at `dn` that matches? */
static enum err
change_look_at(struct dir_job *job, struct dir_conn *c, const char *dn, const char *class,
    bool *there, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	const struct dir_term term = { "objectClass", class };
	struct dir_search s = { dn, "(objectClass=*)", LDAP_SCOPE_BASE, none, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code;

	if (class != NULL)
		s.filter = dir_filter_all(job->arena, &term, 1);
	code = dir_user_search(job, c, &s, "org_unit", &found, &entry, f);
	*there = code == ERR_OK && entry != NULL;
	ldap_msgfree(found);
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static enum err
change_look_for_place(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct change *ch = job->value;
	const char *dn = ch->job.now.user.dn, *wanted = ch->value[PERSON_ORG_UNIT], *parent;
	bool base, there;
	enum err code;

	ch->parent = NULL;
	if (wanted == NULL)
		return ERR_OK;
	if (!dir_dn_split(dn, job->arena, &ch->rdn, &parent) || parent == NULL)
		return fault_set(f, ERR_REFUSED, "org_unit: %s cannot be moved", dn);
	if (dir_dn_equal(parent, wanted))
		return ERR_OK;
	base = dir_dn_equal(wanted, c->dir->conf.people_base);
	code = change_look_at(job, c, wanted, base ? NULL : "organizationalUnit", &there, f);
	if (code == ERR_OK && !there)
		code = fault_set(f, ERR_INVALID, "org_unit: %s does not exist", wanted);
	if (code != ERR_OK)
		return code;
	ch->target = arena_printf(job->arena, "%s,%s", ch->rdn, wanted);
	code = change_look_at(job, c, ch->target, NULL, &there, f);
	if (code == ERR_OK && there)
		code =
		    fault_set(f, ERR_EXISTS, "org_unit: there is an entry %s already", ch->target);
	if (code == ERR_OK)
		code = dir_guarded_check(job, c, "org_unit", ch->target, f);
	ch->parent = wanted;
	return code;
}

/* Everything that is only read; all of it on the server that will be asked to write. */
static enum err
change_prepare(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct change *ch = job->value;
	const struct dir_conf *conf = &c->dir->conf;
	enum err code = dir_user_find(job, c, ch->job.uuid, conf->people_base, &ch->job.now, f);

	if (code == ERR_OK && ch->tag != NULL && strcmp(ch->tag, ch->job.now.user.tag) != 0)
		code = fault_set(
		    f, ERR_CONFLICT, "%s has been changed meanwhile", ch->job.now.user.dn);
	if (code == ERR_OK)
		code = dir_user_mods(conf, &ch->job.now, ch->value, job->arena, &ch->mods, f);
	if (code == ERR_OK)
		code = change_look_for_place(job, c, f);
	if (code == ERR_OK)
		code = change_look_for_taken(job, c, PERSON_MAIL, f);
	if (code == ERR_OK)
		code = change_look_for_taken(job, c, PERSON_PHONE, f);
	return code;
}

static enum err
change_write(
    struct dir_job *job, struct dir_conn *c, const char *condition, int *result, struct fault *f)
{
	struct change *ch = job->value;
	struct dir_reply r = { .policy = -1 };
	const char *field = NULL;
	char doing[FAULT_TEXT_MAX];
	enum err code;
	enum wire w;

	job->sent = true;
	c->points = failpoints_of(change_points);
	w = dir_wire_modify(c, ch->job.now.user.dn, ch->mods, condition, job->op.deadline, &r);
	*result = r.code;
	if (w == WIRE_ANSWERED)
		field = dir_error_field(&c->dir->conf, &r, job->arena);
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "change: %s", r.diagnostic);
	else {
		snprintf(doing, sizeof(doing), "%s%schange of %.200s", field != NULL ? field : "",
		    field != NULL ? ": " : "", ch->job.now.user.dn);
		code = dir_error_of(c->dir, &r, doing, f);
	}
	dir_reply_release(&r);
	return code;
}

static enum err
change_move(
    struct dir_job *job, struct dir_conn *c, const char *condition, int *result, struct fault *f)
{
	struct change *ch = job->value;
	const struct dir_rename to = { .rdn = ch->rdn, .parent = ch->parent };
	struct dir_reply r = { .policy = -1 };
	enum err code;
	enum wire w;

	job->sent = true;
	c->points = failpoints_of(move_points);
	w = dir_wire_rename(c, ch->job.now.user.dn, &to, condition, job->op.deadline, &r);
	*result = r.code;
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "move: %s", r.diagnostic);
	else
		code = dir_error_of(c->dir, &r, "org_unit: move", f);
	dir_reply_release(&r);
	return code;
}

/* A refusal that means: it is not where we found it. */
static bool
change_missed(int result)
{
	return result == LDAP_NO_SUCH_OBJECT || result == LDAP_ASSERTION_FAILED;
}

/* The values are written and the move is not. That is told with the entry as it is. */
static enum err
change_tell_half(struct dir_job *job, struct dir_conn *c, enum err code, struct fault *f)
{
	struct change *ch = job->value;
	struct fault why = *f, unread;

	if (code == ERR_UNKNOWN)
		return code;
	ch->job.tell = dir_user_read(job, c, ch->job.uuid, c->dir->conf.people_base, &ch->job.now,
			   &unread) == ERR_OK;
	return fault_set(f, code, "%.300s; the other changes are done", why.text);
}

static enum err
change_memberships(
    struct dir_job *job, struct dir_conn *c, const struct dir_names *groups, struct fault *f)
{
	struct change *ch = job->value;
	struct fault refused = { .text = "" };
	enum err code =
	    dir_groups_rename(job, c, ch->job.now.user.dn, ch->target, groups, &refused);

	if (code != ERR_OK)
		*f = refused;
	if (code == ERR_OK)
		code =
		    dir_user_read(job, c, ch->job.uuid, c->dir->conf.people_base, &ch->job.now, f);
	if (code == ERR_OK)
		*f = refused;
	return code;
}

static enum err
change_once(struct dir_job *job, struct dir_conn *c, int *result, struct fault *f)
{
	struct change *ch = job->value;
	const char *base = c->dir->conf.people_base;
	const char *anyhow = dir_user_condition(ch->job.uuid, NULL, job->arena), *condition;
	struct dir_names groups = { .count = 0 };
	enum err code = change_prepare(job, c, f);

	condition = ch->tag != NULL && ch->job.now.csn != NULL
			? dir_user_condition(ch->job.uuid, ch->job.now.csn, job->arena)
			: anyhow;
	if (code == ERR_OK && ch->parent != NULL)
		code = dir_groups_of(job, c, ch->job.now.user.dn, &groups, f);
	if (code == ERR_OK && !c->assertion)
		code = dir_user_recheck(job, c, &ch->job, base, f);
	if (code == ERR_OK && ch->mods != NULL)
		code = change_write(job, c, condition, result, f);
	if (code != ERR_OK)
		return code;
	if (ch->parent == NULL)
		return dir_user_read(job, c, ch->job.uuid, base, &ch->job.now, f);
	code = change_move(job, c, ch->mods != NULL ? anyhow : condition, result, f);
	if (code == ERR_OK)
		return change_memberships(job, c, &groups, f);
	if (code == ERR_NOT_FOUND)
		code = fault_set(f, ERR_INVALID, "org_unit: %s does not exist", ch->parent);
	return ch->mods != NULL ? change_tell_half(job, c, code, f) : code;
}

/* Whoever does not insist on a version is served where the entry has gone meanwhile. */
static enum err
change_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct change *ch = job->value;
	int result = LDAP_SUCCESS;
	enum err code = change_once(job, c, &result, f);

	if (code != ERR_OK && change_missed(result) && ch->tag == NULL && !ch->job.tell)
		code = change_once(job, c, &result, f);
	return code;
}

static enum err
change_check(const struct dir *d, struct change *ch, struct arena *arena, struct fault *f)
{
	const char *unit = ch->value[PERSON_ORG_UNIT];

	if (dir_uuid_check(ch->job.uuid, f) != ERR_OK)
		return f->code;
	if (unit == NULL)
		return ERR_OK;
	if (!dir_dn_normalise(unit, arena, &ch->value[PERSON_ORG_UNIT]))
		return fault_set(f, ERR_INVALID, "org_unit: %s is no DN", unit);
	if (!dir_dn_is_below(unit, d->conf.people_base, true))
		return fault_set(
		    f, ERR_INVALID, "org_unit: %s is not below %s", unit, d->conf.people_base);
	return ERR_OK;
}

struct dir_op *
dir_user_change(struct dir *d, const char *entry_uuid, const struct dir_user_change *change,
    dir_user_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_user_job_new(d, change_perform, entry_uuid, sizeof(struct change), cb, arg);
	struct change *ch = job->value;

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		ch->value[i] = arena_strdup(job->arena, change->value[i]);
	ch->tag = arena_strdup(job->arena, change->tag);
	job->writes = true;
	return dir_job_start(job, change_check(d, ch, job->arena, &job->fault));
}
