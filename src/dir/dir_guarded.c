/* A name that a group holds before anybody has it. Whoever comes to stand there has what the group
 * gives, and nobody has given it to them: for the groups that matter such a name is taken. */
#include "dir/dir_guarded.h"

#include <string.h>

enum err
dir_guarded_find(
    struct dir_job *job, struct dir_conn *c, const char *dn, const char **group, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	bool *member, whole;
	enum err code;

	*group = NULL;
	if (conf->guarded_count == 0)
		return ERR_OK;
	member = arena_alloc(job->arena, conf->guarded_count * sizeof(*member));
	code = dir_groups_climb(
	    job, c, dn, conf->guarded_groups, conf->guarded_count, member, &whole, f);
	if (code == ERR_OK && !whole)
		*group = "a group too far up to look at";
	for (size_t i = 0; code == ERR_OK && i < conf->guarded_count; i++)
		if (member[i])
			*group = conf->guarded_groups[i];
	return code;
}

enum err
dir_guarded_check(
    struct dir_job *job, struct dir_conn *c, const char *field, const char *dn, struct fault *f)
{
	const char *group;
	enum err code = dir_guarded_find(job, c, dn, &group, f);

	if (code == ERR_OK && group != NULL)
		code = fault_set(f, ERR_EXISTS,
		    "%s: %s cannot be had: a role's group has it among its members already", field,
		    dn);
	return code;
}

/* The groups, whichever they are, that hold one of these names: hardly ever is there one. */
static enum err
guarded_any(struct dir_job *job, struct dir_conn *c, const struct dir_guarded_name *names,
    size_t count, bool *any, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	const struct dir_conf *conf = &c->dir->conf;
	const struct dir_term class = { "objectClass", conf->group_class };
	struct dir_term terms[GUARDED_TERMS];
	struct dir_search s = { conf->search_base, NULL, LDAP_SCOPE_SUBTREE, none, 0, 0 };
	struct arena *scratch = arena_new(0);
	LDAPMessage *found, *entry;
	enum err code;

	for (size_t i = 0; i < count; i++)
		terms[i] = (struct dir_term){ conf->group_member, names[i].dn };
	s.filter = dir_filter_also(scratch, &class, terms, count);
	code = dir_user_search(job, c, &s, "search for groups", &found, &entry, f);
	*any = code == ERR_OK && entry != NULL;
	ldap_msgfree(found);
	arena_free(scratch);
	return code;
}

enum err
dir_guarded_mark(struct dir_job *job, struct dir_conn *c, const struct dir_guarded_name *names,
    size_t count, struct fault *f)
{
	enum err code = ERR_OK;

	for (size_t from = 0; code == ERR_OK && from < count; from += GUARDED_TERMS) {
		size_t n = count - from < GUARDED_TERMS ? count - from : GUARDED_TERMS;
		bool any;

		code = guarded_any(job, c, &names[from], n, &any, f);
		for (size_t i = from; code == ERR_OK && any && i < from + n; i++) {
			const char *group;

			if (*names[i].taken)
				continue;
			code = dir_guarded_find(job, c, names[i].dn, &group, f);
			*names[i].taken = code == ERR_OK && group != NULL;
		}
	}
	return code;
}
