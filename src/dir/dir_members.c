/* Who else is in a group: for "the last administrator". */
#include "dir/dir_user_private.h"

#include <string.h>

enum { OTHERS_LOOKED_AT = 20 };

struct members {
	const char *group, *dn;
	bool is_member;
	size_t others;
};

static enum err
members_read(struct dir_job *job, struct dir_conn *c, struct berval ***values, struct fault *f)
{
	struct members *m = job->value;
	const struct dir_conf *conf = &c->dir->conf;
	const char *const wanted[] = { conf->group_member, NULL };
	const struct dir_term class = { "objectClass", conf->group_class };
	struct dir_search s = { m->group, dir_filter_all(job->arena, &class, 1), LDAP_SCOPE_BASE,
		wanted, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "look at a group", &found, &entry, f);

	if (code == ERR_OK && entry == NULL)
		code = fault_set(f, ERR_NOT_FOUND, "%s is no %s", m->group, conf->group_class);
	if (code == ERR_OK)
		*values = dir_entry_values(c->ld, entry, conf->group_member, job->arena);
	ldap_msgfree(found);
	return code;
}

/* Somebody who is not there, or is suspended, administers nothing. */
static enum err
members_look_at(
    struct dir_job *job, struct dir_conn *c, const char *dn, bool *able, struct fault *f)
{
	const struct dir_profile_facts *facts = dir_profile_of(c->dir->conf.profile);
	const char *const wanted[] = {
		facts->suspend_attribute != NULL ? facts->suspend_attribute : LDAP_NO_ATTRS, NULL
	};
	struct dir_search s = { dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	LDAPMessage *found, *entry;
	const char *locked = NULL;
	enum err code = dir_user_search(job, c, &s, "look at a member", &found, &entry, f);

	if (code == ERR_OK && entry != NULL && facts->suspend_attribute != NULL)
		locked = dir_entry_value(c->ld, entry, facts->suspend_attribute, job->arena);
	*able = code == ERR_OK && entry != NULL &&
		(locked == NULL || strcmp(locked, facts->suspend_value) != 0);
	ldap_msgfree(found);
	return code == ERR_NOT_FOUND || code == ERR_INVALID ? ERR_OK : code;
}

static enum err
members_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct members *m = job->value;
	struct berval **values = NULL;
	enum err code = members_read(job, c, &values, f);
	size_t looked = 0;

	m->is_member = false;
	m->others = 0;
	for (size_t i = 0; code == ERR_OK && values != NULL && values[i] != NULL; i++) {
		const char *dn = values[i]->bv_val;
		bool able;

		if (dir_dn_may_be_same(dn, m->dn)) {
			m->is_member = true;
			continue;
		}
		if (m->others > 0 || looked == OTHERS_LOOKED_AT || dir_dn_equal(dn, m->group))
			continue;
		looked++;
		code = members_look_at(job, c, dn, &able, f);
		m->others += code == ERR_OK && able;
	}
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
	if (!dir_dn_is_below(group, d->conf.search_base, false))
		code = fault_set(
		    &job->fault, ERR_NOT_FOUND, "%s is not below %s", group, d->conf.search_base);
	return dir_job_start(job, code);
}
