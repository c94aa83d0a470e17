/* Look at one entry; make an entry a member of groups. */
#include "dir/dir_private.h"

#include <stdio.h>
#include <string.h>

FAILPOINTS(find_points, "dir.find", "looking a pinned DN up");
FAILPOINTS(group_points, "dir.group", "making an entry the member of a group");

struct find {
	const char *dn;
	struct dir_found found;
};

static enum err
find_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct find *q = job->value;
	const char *const wanted[] = { c->dir->conf.marker_attribute, "entryUUID", NULL };
	struct dir_search s = { q->dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL, *entry = NULL;
	enum err code;

	c->points = failpoints_of(find_points);
	if (dir_wire_search(c, &s, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, q->dn, f);
	if (code == ERR_OK && (entry = ldap_first_entry(c->ld, found)) == NULL)
		code = fault_set(f, ERR_MISCONFIGURED, "%s exists but may not be read", q->dn);
	if (code == ERR_OK) {
		q->found.invitation_id =
		    dir_entry_value(c->ld, entry, c->dir->conf.marker_attribute, job->arena);
		q->found.entry_uuid = dir_entry_value(c->ld, entry, "entryUUID", job->arena);
	}
	ldap_msgfree(found);
	dir_reply_release(&r);
	return code;
}

static void
find_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_find_cb *cb = (dir_find_cb *)(uintptr_t)job->cb;
	struct find *q = job->value;

	cb(job->arg, code, code == ERR_OK ? &q->found : NULL, f);
}

struct dir_op *
dir_find(struct dir *d, const char *dn, dir_find_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, find_perform, find_answer, DIR_CB_KEEP(cb), arg);
	struct find *q = arena_alloc(job->arena, sizeof(*q));

	q->dn = arena_strdup(job->arena, dn);
	job->value = q;
	return dir_job_start(job, ERR_OK);
}

struct join {
	const char *dn, *groups[PERSON_GROUPS_MAX];
	size_t count;
};

/* Neither said yes nor no: the caller may ask for everything again. */
static bool
join_is_passing(enum err code)
{
	return code == ERR_UNAVAILABLE || code == ERR_UNKNOWN || code == ERR_BUSY;
}

/* `why` of a refusal: a few words in static memory. */
static enum err
join_one(
    struct dir_job *job, struct dir_conn *c, const char *group, const char **why, struct fault *f)
{
	struct join *j = job->value;
	struct berval value = { strlen(j->dn), (char *)(uintptr_t)j->dn };
	struct berval *values[] = { &value, NULL };
	LDAPMod mod = { LDAP_MOD_ADD | LDAP_MOD_BVALUES,
		(char *)(uintptr_t)c->dir->conf.group_member, { .modv_bvals = values } };
	LDAPMod *mods[] = { &mod, NULL };
	struct dir_reply r = { .policy = -1 };
	enum err code;
	enum wire w;

	c->points = failpoints_of(group_points);
	w = dir_wire_modify(c, group, mods, job->op.deadline, &r);
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "%s", r.diagnostic);
	else if (r.code == LDAP_TYPE_OR_VALUE_EXISTS)
		code = ERR_OK;
	else
		code = dir_error_of(c->dir, &r, "join a group", f);
	*why = ldap_err2string(r.code);
	dir_reply_release(&r);
	return code;
}

/* Adds a refused group to the text, or counts it when there is no room. */
static void
join_note(struct fault *refused, size_t *unnamed, const char *group, const char *why)
{
	const size_t spare = sizeof("; and 1234 more");
	size_t used = strlen(refused->text), room = sizeof(refused->text) - spare - used;
	int n = snprintf(NULL, 0, "; %s (%s)", group, why);

	if (*unnamed > 0 || n < 0 || (size_t)n >= room)
		(*unnamed)++;
	else
		snprintf(refused->text + used, room, "%s%s (%s)", used == 0 ? "not joined: " : "; ",
		    group, why);
}

static enum err
join_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct join *j = job->value;
	struct fault refused = { .code = ERR_OK };
	size_t unnamed = 0, used;

	job->sent = j->count > 0;
	for (size_t i = 0; i < j->count; i++) {
		const char *why;
		enum err code = join_one(job, c, j->groups[i], &why, f);

		if (join_is_passing(code))
			return code;
		if (code != ERR_OK)
			join_note(&refused, &unnamed, j->groups[i], why);
	}
	used = strlen(refused.text);
	if (unnamed > 0)
		snprintf(refused.text + used, sizeof(refused.text) - used, "%s%zu more",
		    used == 0 ? "not joined: " : "; and ", unnamed);
	*f = refused;
	return ERR_OK;
}

static void
join_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_done_cb *cb = (dir_done_cb *)(uintptr_t)job->cb;

	cb(job->arg, code, f);
}

struct dir_op *
dir_join_groups(struct dir *d, const char *dn, const char *const *groups, size_t group_count,
    dir_done_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, join_perform, join_answer, DIR_CB_KEEP(cb), arg);
	struct join *j = arena_alloc(job->arena, sizeof(*j));
	enum err code = ERR_OK;

	j->dn = arena_strdup(job->arena, dn);
	if (group_count > PERSON_GROUPS_MAX)
		code = fault_set(&job->fault, ERR_TOO_LARGE, "too many groups");
	else
		for (size_t i = 0; i < group_count; i++)
			j->groups[j->count++] = arena_strdup(job->arena, groups[i]);
	job->writes = true;
	job->value = j;
	return dir_job_start(job, code);
}
