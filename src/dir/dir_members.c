/* Who else is in a group: for "the last administrator". */
#include "dir/dir_user_private.h"

#include <string.h>

enum { OTHERS_LOOKED_AT = 20, GROUPS_LOOKED_AT = 16 };

struct members {
	const char *group, *normal, *dn;
	bool is_member;
	size_t others, looked;
	const char *groups[GROUPS_LOOKED_AT]; /* it, and those in it that were met */
	size_t group_count;
};

static enum err
members_read(struct dir_job *job, struct dir_conn *c, const char *group, struct berval ***values,
    struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *const wanted[] = { conf->group_member, NULL };
	const struct dir_term class = { "objectClass", conf->group_class };
	struct dir_search s = { group, dir_filter_all(job->arena, &class, 1), LDAP_SCOPE_BASE,
		wanted, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "look at a group", &found, &entry, f);

	if (code == ERR_OK && entry == NULL)
		code = fault_set(f, ERR_NOT_FOUND, "%s is no %s", group, conf->group_class);
	if (code == ERR_OK)
		*values = dir_entry_values(c->ld, entry, conf->group_member, job->arena);
	ldap_msgfree(found);
	return code;
}

static void
members_add_group(struct members *m, const char *dn)
{
	for (size_t i = 0; i < m->group_count; i++)
		if (dir_dn_equal(m->groups[i], dn))
			return;
	if (m->group_count < GROUPS_LOOKED_AT)
		m->groups[m->group_count++] = dn;
}

/* Somebody who is not there, or is suspended, administers nothing; a group does by who is in it. */
static enum err
members_look_at(struct dir_job *job, struct dir_conn *c, const char *dn, struct fault *f)
{
	struct members *m = job->value;
	const struct dir_profile_facts *facts = dir_profile_of(c->dir->conf.profile);
	const char *const wanted[] = { "objectClass", facts->suspend_attribute, NULL };
	struct dir_search s = { dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	LDAPMessage *found, *entry;
	const char *locked = NULL;
	enum err code = dir_user_search(job, c, &s, "look at a member", &found, &entry, f);

	if (code == ERR_OK && entry != NULL && facts->suspend_attribute != NULL)
		locked = dir_entry_value(c->ld, entry, facts->suspend_attribute, job->arena);
	if (code == ERR_OK && entry != NULL &&
	    dir_entry_has(c->ld, entry, "objectClass", c->dir->conf.group_class))
		members_add_group(m, dn);
	else if (code == ERR_OK && entry != NULL &&
		 (locked == NULL || strcmp(locked, facts->suspend_value) != 0))
		m->others++;
	ldap_msgfree(found);
	return code == ERR_NOT_FOUND || code == ERR_INVALID ? ERR_OK : code;
}

static enum err
members_count(struct dir_job *job, struct dir_conn *c, const char *group, struct fault *f)
{
	struct members *m = job->value;
	struct berval **values = NULL;
	enum err code = members_read(job, c, group, &values, f);

	for (size_t i = 0; code == ERR_OK && values != NULL && values[i] != NULL; i++) {
		const char *dn = values[i]->bv_val;

		if (dir_dn_may_be_same(dn, m->dn)) {
			m->is_member = true;
			continue;
		}
		if (m->others > 0 || m->looked == OTHERS_LOOKED_AT || dir_dn_equal(dn, group))
			continue;
		m->looked++;
		code = members_look_at(job, c, dn, f);
	}
	return code;
}

/* Somebody who is in too many groups to look at may be in it, and is taken to be. */
static enum err
members_climb(struct dir_job *job, struct dir_conn *c, struct members *m, struct fault *f)
{
	bool whole;
	enum err code = dir_groups_climb(job, c, m->dn, &m->normal, 1, &m->is_member, &whole, f);

	if (code == ERR_OK && !whole)
		m->is_member = true;
	return code;
}

static enum err
members_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct members *m = job->value;
	enum err code;

	m->is_member = false;
	m->others = m->looked = 0;
	m->groups[0] = m->group;
	m->group_count = 1;
	code = members_count(job, c, m->group, f);
	for (size_t i = 1; code == ERR_OK && m->others == 0 && i < m->group_count; i++) {
		code = members_count(job, c, m->groups[i], f);
		if (code == ERR_NOT_FOUND) /* deleted meanwhile */
			code = ERR_OK;
	}
	if (code == ERR_OK && !m->is_member)
		code = members_climb(job, c, m, f);
	return code;
}

static void
members_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_members_cb *cb = (dir_members_cb *)(uintptr_t)job->cb;
	struct members *m = job->value;
	bool known = code == ERR_OK;

	cb(job->arg, code, known && m->is_member, known ? m->others : 0, f);
}

struct dir_op *
dir_group_members(struct dir *d, const char *group, const char *dn, dir_members_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, members_perform, members_answer, DIR_CB_KEEP(cb), arg);
	struct members *m = arena_alloc(job->arena, sizeof(*m));
	enum err code = ERR_OK;

	m->group = arena_strdup(job->arena, group);
	m->dn = arena_strdup(job->arena, dn);
	job->value = m;
	if (!dir_dn_normalise_long(group, job->arena, &m->normal) ||
	    !dir_dn_is_below(group, d->conf.search_base, false))
		code = fault_set(
		    &job->fault, ERR_NOT_FOUND, "%s is not below %s", group, d->conf.search_base);
	return dir_job_start(job, code);
}
