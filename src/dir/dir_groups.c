/* Memberships: whose they are, joining, leaving, following a new name. */
#include "dir/dir_user_private.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

FAILPOINTS(join_points, "dir.group", "making an entry the member of a group");
FAILPOINTS(leave_points, "dir.user.groups", "taking an entry out of a group");

/* slapo-refint works behind the answer. What we may not change it may have changed meanwhile. */
enum { REFINT_TRIES = 6, REFINT_MS = 10 };

/* Groups that refused, in the words of a fault. */
struct refused {
	struct fault text;
	const char *what;
	size_t count, unnamed;
};

/* Neither said yes nor no: the caller may ask for everything again. */
static bool
groups_is_passing(enum err code)
{
	return code == ERR_UNAVAILABLE || code == ERR_UNKNOWN || code == ERR_BUSY;
}

/* Adds a refused group to the text, or counts it when there is no room. */
static void
refused_note(struct refused *x, const char *group, const char *why)
{
	const size_t spare = sizeof("; and 1234 more");
	size_t used = strlen(x->text.text), room = sizeof(x->text.text) - spare - used;
	int n = snprintf(NULL, 0, "; %s (%s)", group, why);

	x->count++;
	if (x->unnamed > 0 || n < 0 || (size_t)n + strlen(x->what) >= room)
		x->unnamed++;
	else
		snprintf(
		    x->text.text + used, room, "%s%s (%s)", used == 0 ? x->what : "; ", group, why);
}

static enum err
refused_end(struct refused *x, struct fault *f)
{
	size_t used = strlen(x->text.text);

	if (x->unnamed > 0)
		snprintf(x->text.text + used, sizeof(x->text.text) - used, "%s%zu more",
		    used == 0 ? x->what : "; and ", x->unnamed);
	*f = x->text;
	return ERR_OK;
}

/* One change of a group's members: `out` goes, `in` comes; either may be NULL. */
struct membership {
	const char *out, *in;
	struct berval out_value, in_value, *outs[2], *ins[2];
	LDAPMod mods[2], *list[3];
};

static void
membership_make(struct membership *m, const char *attribute, const char *out, const char *in)
{
	size_t n = 0;

	*m = (struct membership){ .out = out, .in = in };
	if (in != NULL) {
		m->in_value = (struct berval){ strlen(in), (char *)(uintptr_t)in };
		m->ins[0] = &m->in_value;
		m->mods[n] = (LDAPMod){ LDAP_MOD_ADD | LDAP_MOD_BVALUES,
			(char *)(uintptr_t)attribute, { .modv_bvals = m->ins } };
		m->list[n] = &m->mods[n];
		n++;
	}
	if (out != NULL) {
		m->out_value = (struct berval){ strlen(out), (char *)(uintptr_t)out };
		m->outs[0] = &m->out_value;
		m->mods[n] = (LDAPMod){ LDAP_MOD_DELETE | LDAP_MOD_BVALUES,
			(char *)(uintptr_t)attribute, { .modv_bvals = m->outs } };
		m->list[n] = &m->mods[n];
	}
}

/* `*result`: the server's code. ERR_OK: the group's members are what they shall be. */
static enum err
group_modify(struct dir_job *job, struct dir_conn *c, const char *group, const char *out,
    const char *in, int *result, struct fault *f)
{
	struct failpoints *join = failpoints_of(join_points), *leave = failpoints_of(leave_points);
	struct dir_reply r = { .policy = -1 };
	struct membership m;
	enum err code;
	enum wire w;

	membership_make(&m, c->dir->conf.group_member, out, in);
	c->points = out != NULL ? leave : join;
	w = dir_wire_modify(c, group, m.list, NULL, job->op.deadline, &r);
	*result = r.code;
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "%s", r.diagnostic);
	else if ((r.code == LDAP_TYPE_OR_VALUE_EXISTS && in != NULL) ||
		 (r.code == LDAP_NO_SUCH_ATTRIBUTE && out != NULL))
		code = ERR_OK;
	else
		code = dir_error_of(c->dir, &r, "change of a group", f);
	dir_reply_release(&r);
	return code;
}

enum err
dir_groups_of(struct dir_job *job, struct dir_conn *c, const char *dn, struct dir_names *groups,
    struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	const struct dir_term terms[] = { { "objectClass", conf->group_class },
		{ conf->group_member, dn } };
	struct dir_search s = { conf->search_base, dir_filter_all(job->arena, terms, 2),
		LDAP_SCOPE_SUBTREE, none, 0, 0 };
	LDAPMessage *found, *entry;
	enum err code;
	size_t most;

	*groups = (struct dir_names){ .count = 0 };
	if (s.filter == NULL)
		return fault_set(f, ERR_INVALID, "no group can name %s", dn);
	code = dir_user_search(job, c, &s, "search for groups", &found, &entry, f);
	if (code == ERR_OK) {
		most = (size_t)ldap_count_entries(c->ld, found);
		groups->dn = arena_alloc(job->arena, (most + 1) * sizeof(*groups->dn));
		for (; entry != NULL; entry = ldap_next_entry(c->ld, entry)) {
			const char *name = dir_entry_dn(c->ld, entry, job->arena);

			if (name != NULL)
				groups->dn[groups->count++] = name;
		}
	}
	ldap_msgfree(found);
	return code;
}

enum err
dir_groups_join(struct dir_job *job, struct dir_conn *c, const char *dn,
    const struct dir_names *groups, struct fault *f)
{
	struct refused refused = { .what = "not joined: " };

	for (size_t i = 0; i < groups->count; i++) {
		int result;
		enum err code = group_modify(job, c, groups->dn[i], NULL, dn, &result, f);

		if (groups_is_passing(code))
			return code;
		if (code != ERR_OK)
			refused_note(&refused, groups->dn[i], ldap_err2string(result));
	}
	return refused_end(&refused, f);
}

/* groupOfNames must have a member (RFC 4519 section 3.5). */
static enum err
group_leave(struct dir_job *job, struct dir_conn *c, const char *group, const char *dn, int *result,
    struct fault *f)
{
	enum err code = group_modify(job, c, group, dn, NULL, result, f);

	if (code != ERR_OK && *result == LDAP_OBJECT_CLASS_VIOLATION)
		code = group_modify(job, c, group, dn, group, result, f);
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

/* Groups that refused to let `dn` go, and what each of them answered. */
struct held {
	struct dir_names groups;
	int *results;
	const char *dn;
};

static void
held_init(struct held *h, const char *dn, const struct dir_names *groups, struct arena *arena)
{
	*h = (struct held){ .dn = dn };
	h->groups.dn = arena_alloc(arena, (groups->count + 1) * sizeof(*h->groups.dn));
	h->results = arena_alloc(arena, (groups->count + 1) * sizeof(*h->results));
}

static void
held_add(struct held *h, const char *group, int result)
{
	h->results[h->groups.count] = result;
	h->groups.dn[h->groups.count++] = group;
}

/* Only those that name it still are kept. */
static enum err
held_look(struct dir_job *job, struct dir_conn *c, struct held *h, struct fault *f)
{
	struct dir_names naming;
	size_t kept = 0;
	enum err code = dir_groups_of(job, c, h->dn, &naming, f);

	for (size_t i = 0; code == ERR_OK && i < h->groups.count; i++)
		for (size_t j = 0; j < naming.count; j++) {
			if (strcmp(h->groups.dn[i], naming.dn[j]) != 0)
				continue;
			h->groups.dn[kept] = h->groups.dn[i];
			h->results[kept++] = h->results[i];
			break;
		}
	if (code == ERR_OK)
		h->groups.count = kept;
	return code;
}

/* Is the name out of them all the same? The server may be about to take it out itself, so they are
 * looked at a few times, all of them together: however many they are, the wait is the same. */
static enum err
held_judge(
    struct dir_job *job, struct dir_conn *c, struct held *h, struct refused *x, struct fault *f)
{
	for (int i = 0; i < REFINT_TRIES && h->groups.count > 0; i++) {
		enum err code;

		if (i > 0)
			poll(NULL, 0, REFINT_MS << i);
		code = held_look(job, c, h, f);
		if (code != ERR_OK)
			return code;
	}
	for (size_t i = 0; i < h->groups.count; i++)
		refused_note(x, h->groups.dn[i], ldap_err2string(h->results[i]));
	return ERR_OK;
}

enum err
dir_groups_leave(struct dir_job *job, struct dir_conn *c, const char *dn,
    const struct dir_names *groups, size_t *refused, struct fault *f)
{
	struct refused x = { .what = "still a member of: " };
	struct held held;
	enum err code;

	held_init(&held, dn, groups, job->arena);
	for (size_t i = 0; i < groups->count; i++) {
		int result;

		code = group_leave(job, c, groups->dn[i], dn, &result, f);
		if (groups_is_passing(code))
			return code;
		if (code != ERR_OK)
			held_add(&held, groups->dn[i], result);
	}
	code = held_judge(job, c, &held, &x, f);
	*refused = x.count;
	return code == ERR_OK ? refused_end(&x, f) : code;
}

enum err
dir_groups_rename(struct dir_job *job, struct dir_conn *c, const char *from, const char *to,
    const struct dir_names *groups, struct fault *f)
{
	struct refused x = { .what = "the old name is still a member of: " };
	struct held held;
	enum err code;

	held_init(&held, from, groups, job->arena);
	for (size_t i = 0; i < groups->count; i++) {
		int result;

		code = group_modify(job, c, groups->dn[i], from, to, &result, f);
		/* The new name was in it already: only the old one has to go. */
		if (code == ERR_OK && result == LDAP_TYPE_OR_VALUE_EXISTS)
			code = group_modify(job, c, groups->dn[i], from, NULL, &result, f);
		if (groups_is_passing(code))
			return code;
		if (code != ERR_OK)
			held_add(&held, groups->dn[i], result);
	}
	code = held_judge(job, c, &held, &x, f);
	return code == ERR_OK ? refused_end(&x, f) : code;
}

enum err
dir_groups_end_placeholders(
    struct dir_job *job, struct dir_conn *c, const struct dir_names *groups, struct fault *f)
{
	for (size_t i = 0; i < groups->count; i++) {
		int result;
		enum err code =
		    group_modify(job, c, groups->dn[i], groups->dn[i], NULL, &result, f);

		if (groups_is_passing(code))
			return code;
	}
	return ERR_OK;
}
