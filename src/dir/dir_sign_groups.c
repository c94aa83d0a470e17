/* Upwards from one entry: the groups that name it, the groups that name those, level by level.
 * Every group is looked at once, so that a cycle ends. */
#include <string.h>

#include "base/casefold.h"
#include "dir/dir_sign.h"
#include "dir/dir_user_private.h"

enum { CLIMB_TERMS = 32 /* groups that one search asks about */ };

struct climb {
	struct dir_job *job;
	struct dir_conn *c;
	const char *const *asked;
	size_t count, left; /* how many of them it has not met yet */
	bool *member;
	/* The entry itself, then groups by levels; DNs in one spelling. */
	const char *seen[1 + DIR_NESTED_MAX];
	size_t seen_count;
	bool is_cut; /* it was in more groups than that */
};

static void
climb_count(struct climb *x, size_t i)
{
	if (!x->member[i]) {
		x->member[i] = true;
		x->left--;
	}
}

static void
climb_meet(struct climb *x, const char *normal)
{
	for (size_t i = 0; i < x->count; i++)
		if (casefold_equal(x->asked[i], normal))
			climb_count(x, i);
	for (size_t i = 0; i < x->seen_count; i++)
		if (casefold_equal(x->seen[i], normal))
			return;
	if (x->seen_count == sizeof(x->seen) / sizeof(x->seen[0]))
		x->is_cut = true;
	else
		x->seen[x->seen_count++] = arena_strdup(x->job->arena, normal);
}

/* The groups that name one of these. What is thrown away here would fill the job's arena. */
static enum err
climb_search(struct climb *x, const char *const *names, size_t count, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	const struct dir_conf *conf = &x->c->dir->conf;
	const struct dir_term group = { "objectClass", conf->group_class };
	struct dir_term terms[CLIMB_TERMS];
	struct arena *scratch = arena_new(0);
	struct dir_search s = { conf->search_base, NULL, LDAP_SCOPE_SUBTREE, none, 0, 0 };
	LDAPMessage *found, *entry;
	enum err code;

	for (size_t i = 0; i < count; i++)
		terms[i] = (struct dir_term){ conf->group_member, names[i] };
	s.filter = dir_filter_also(scratch, &group, terms, count);
	code = dir_user_search(x->job, x->c, &s, "search for groups", &found, &entry, f);
	for (; code == ERR_OK && entry != NULL; entry = ldap_next_entry(x->c->ld, entry)) {
		const char *dn = dir_entry_dn(x->c->ld, entry, scratch), *normal;

		if (dn != NULL && dir_dn_normalise_long(dn, scratch, &normal))
			climb_meet(x, normal);
	}
	ldap_msgfree(found);
	arena_free(scratch);
	return code;
}

static struct climb *
climb_new(
    struct dir_job *job, struct dir_conn *c, const char *const *groups, size_t count, bool *member)
{
	struct climb *x = arena_alloc(job->arena, sizeof(*x));

	*x = (struct climb){
		.job = job, .c = c, .asked = groups, .count = count, .left = count, .member = member
	};
	memset(member, 0, count * sizeof(*member));
	return x;
}

/* `whole`: nothing was left unlooked at that could be what was asked for. */
static enum err
climb_up(struct climb *x, bool *whole, struct fault *f)
{
	enum err code = ERR_OK;
	size_t from = 0;

	for (size_t level = 0; level < DIR_NESTING_MAX && from < x->seen_count; level++) {
		size_t to = x->seen_count;

		while (code == ERR_OK && x->left > 0 && from < to) {
			size_t n = to - from < CLIMB_TERMS ? to - from : CLIMB_TERMS;

			code = climb_search(x, &x->seen[from], n, f);
			from += n;
		}
		if (code != ERR_OK || x->left == 0)
			break;
	}
	*whole = x->left == 0 || (!x->is_cut && from == x->seen_count);
	return code;
}

/* What was not looked at may be what was asked for: that is no "no". */
static enum err
climb_verdict(enum err code, bool whole, struct fault *f)
{
	if (code == ERR_OK && !whole)
		code = fault_set(f, ERR_UNAVAILABLE, "somebody is in too many groups to look at");
	return code;
}

enum err
dir_groups_climb(struct dir_job *job, struct dir_conn *c, const char *dn, const char *const *groups,
    size_t count, bool *member, bool *whole, struct fault *f)
{
	struct climb *x = climb_new(job, c, groups, count, member);

	if (!dir_dn_normalise_long(dn, job->arena, &x->seen[0]))
		return fault_set(f, ERR_INVALID, "no group can name %s", dn);
	x->seen_count = 1;
	return climb_up(x, whole, f);
}

enum err
dir_groups_reach(struct dir_job *job, struct dir_conn *c, const char *dn, const char *const *groups,
    size_t count, bool *member, struct fault *f)
{
	bool whole = false;
	enum err code = dir_groups_climb(job, c, dn, groups, count, member, &whole, f);

	return climb_verdict(code, whole, f);
}

enum err
dir_groups_lead(struct dir_job *job, struct dir_conn *c, const struct dir_names *names,
    const char *const *groups, size_t count, bool *member, struct fault *f)
{
	struct climb *x = climb_new(job, c, groups, count, member);
	bool whole;
	enum err code;

	for (size_t i = 0; i < names->count; i++) {
		const char *normal;

		if (!dir_dn_normalise_long(names->dn[i], job->arena, &normal))
			return fault_set(f, ERR_INVALID, "no group can name %s", names->dn[i]);
		climb_meet(x, normal);
		/* Not all of these are spelled as the server does. */
		for (size_t k = 0; k < count; k++)
			if (dir_dn_may_be_same(groups[k], normal))
				climb_count(x, k);
	}
	code = climb_up(x, &whole, f);
	if (code == ERR_OK && !whole) /* which does not pass by itself */
		code = fault_set(f, ERR_TOO_LARGE, "they lead to too many groups to look at");
	return code;
}
