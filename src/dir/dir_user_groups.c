/* Which groups one person is in. A membership is a value of the group's entry, so each change is a
 * request of its own; all of them can be repeated, and whoever asks sees by the result what came of
 * it. They are joined first, and none is left when one of them refuses, so that whoever goes from
 * one group to another is never in neither. */
#include "dir/dir_user_private.h"

#include <string.h>

struct memberships {
	struct user_job job; /* first */
	struct dir_names join, leave;
	struct dir_names joining, leaving; /* those that are not so yet */
	const char *tag, *groups_tag;
};

/* Whatever was sent before may have been carried out, and what was not comes with a repetition. */
static enum err
memberships_unfinished(enum err code, struct fault *f)
{
	struct fault why = *f;

	if (code != ERR_UNAVAILABLE && code != ERR_BUSY)
		return code;
	return fault_set(f, ERR_UNKNOWN, "%s", why.text);
}

static bool
memberships_have(const struct user_entry *now, const char *group)
{
	for (size_t i = 0; i < now->person.group_count; i++)
		if (dir_dn_equal(now->person.groups[i], group))
			return true;
	return false;
}

/* What is so already costs a repetition nothing, so that each of them comes further than the one
 * before, however many there are. */
static void
memberships_spare(struct memberships *m)
{
	const struct user_entry *now = &m->job.now;
	bool whole = now->person.group_count == now->user.group_count;
	size_t join = 0, leave = 0;

	for (size_t i = 0; i < m->join.count; i++)
		if (!memberships_have(now, m->join.dn[i]))
			m->joining.dn[join++] = m->join.dn[i];
	for (size_t i = 0; i < m->leave.count; i++)
		if (!whole || memberships_have(now, m->leave.dn[i]))
			m->leaving.dn[leave++] = m->leave.dn[i];
	m->joining.count = join;
	m->leaving.count = leave;
}

static enum err
memberships_write(struct dir_job *job, struct dir_conn *c, struct fault *refused, struct fault *f)
{
	struct memberships *m = job->value;
	const char *dn = m->job.now.user.dn;
	struct fault left = { .text = "" };
	size_t count;
	enum err code;

	job->sent = true;
	memberships_spare(m);
	code = dir_groups_join(job, c, dn, &m->joining, f);
	*refused = *f;
	if (code == ERR_OK)
		code = dir_groups_end_placeholders(job, c, &m->joining, f);
	if (code == ERR_OK && refused->text[0] != '\0' && m->leaving.count > 0)
		fault_set(&left, ERR_OK, "so none was left");
	else if (code == ERR_OK) {
		code = dir_groups_leave(job, c, dn, &m->leaving, &count, f);
		left = *f;
	}
	if (code != ERR_OK)
		return code;
	if (refused->text[0] == '\0')
		*refused = left;
	else if (left.text[0] != '\0')
		fault_set(refused, ERR_OK, "%.250s; %.250s",
		    arena_strdup(job->arena, refused->text), left.text);
	return ERR_OK;
}

static enum err
memberships_check_version(const struct memberships *m, struct fault *f)
{
	const struct dir_user *now = &m->job.now.user;

	if ((m->tag != NULL && strcmp(m->tag, now->tag) != 0) ||
	    (m->groups_tag != NULL && strcmp(m->groups_tag, now->groups_tag) != 0))
		return fault_set(
		    f, ERR_CONFLICT, "%s or its groups have been changed meanwhile", now->dn);
	return ERR_OK;
}

static enum err
memberships_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct memberships *m = job->value;
	const char *base = c->dir->conf.people_base;
	struct fault refused = { .text = "" };
	enum err code = dir_user_read(job, c, m->job.uuid, base, &m->job.now, f);

	if (code == ERR_OK)
		code = memberships_check_version(m, f);
	if (code != ERR_OK)
		return code;
	code = memberships_write(job, c, &refused, f);
	if (code == ERR_OK)
		code = dir_user_read(job, c, m->job.uuid, base, &m->job.now, f);
	if (code != ERR_OK)
		return memberships_unfinished(code, f);
	*f = refused;
	return ERR_OK;
}

static void
memberships_keep(struct dir_names *out, const char *const *names, size_t count, struct arena *arena)
{
	out->dn = arena_alloc(arena, (count + 1) * sizeof(*out->dn));
	for (; out->count < count; out->count++)
		out->dn[out->count] = arena_strdup(arena, names[out->count]);
}

static enum err
memberships_check(const struct dir *d, const struct memberships *m, struct fault *f)
{
	const struct dir_names *both[] = { &m->join, &m->leave };

	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++)
		for (size_t j = 0; j < both[i]->count; j++)
			if (!dir_dn_is_below(both[i]->dn[j], d->conf.search_base, false))
				return fault_set(f, ERR_REFUSED, "%s is not below %s",
				    both[i]->dn[j], d->conf.search_base);
	return dir_uuid_check(m->job.uuid, f);
}

struct dir_op *
dir_user_set_groups(struct dir *d, const char *entry_uuid, const struct dir_memberships *wanted,
    dir_user_cb *cb, void *arg)
{
	struct dir_job *job = dir_user_job_new(
	    d, memberships_perform, entry_uuid, sizeof(struct memberships), cb, arg);
	struct memberships *m = job->value;

	memberships_keep(&m->join, wanted->join, wanted->join_count, job->arena);
	memberships_keep(&m->leave, wanted->leave, wanted->leave_count, job->arena);
	memberships_keep(&m->joining, wanted->join, wanted->join_count, job->arena);
	memberships_keep(&m->leaving, wanted->leave, wanted->leave_count, job->arena);
	m->tag = arena_strdup(job->arena, wanted->tag);
	m->groups_tag = arena_strdup(job->arena, wanted->groups_tag);
	job->writes = true;
	return dir_job_start(job, memberships_check(d, m, &job->fault));
}
