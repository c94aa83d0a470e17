/* The lists of org units and groups. */
#include "dir/dir_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

FAILPOINTS(list_points, "dir.list", "listing org units or groups");

struct places {
	bool groups;
	struct dir_place *items;
	size_t count;
};

struct place_row {
	const char *key;
	struct dir_place place;
};

static int
row_compare(const void *a, const void *b)
{
	const struct place_row *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order : strcasecmp(x->place.dn, y->place.dn);
}

/* One entry, or false when its DN is none that we would take back as input. */
static bool
place_read(struct dir_job *job, struct dir_conn *c, LDAPMessage *entry, struct place_row *row)
{
	const struct places *p = job->value;
	char *dn = ldap_get_dn(c->ld, entry);
	bool ok = dn != NULL && dir_dn_normalise(dn, job->arena, &row->place.dn);

	ldap_memfree(dn);
	if (!ok)
		return false;
	row->place.name = dir_entry_text(c->ld, entry, p->groups ? "cn" : "ou", job->arena);
	if (row->place.name == NULL)
		row->place.name = dir_dn_name(row->place.dn, job->arena);
	row->place.description = dir_entry_text(c->ld, entry, "description", job->arena);
	row->key = p->groups ? row->place.name : dir_dn_sort_key(row->place.dn, job->arena);
	return true;
}

static void
places_keep(struct dir_job *job, struct dir_conn *c, LDAPMessage *found)
{
	struct places *p = job->value;
	size_t count = 0, most = (size_t)ldap_count_entries(c->ld, found) + 1;
	struct place_row *rows = arena_alloc(job->arena, most * sizeof(*rows));
	bool with_base = p->groups;

	for (LDAPMessage *e = ldap_first_entry(c->ld, found); e != NULL;
	     e = ldap_next_entry(c->ld, e)) {
		if (!place_read(job, c, e, &rows[count]))
			continue;
		with_base =
		    with_base || dir_dn_equal(rows[count].place.dn, c->dir->conf.people_base);
		count++;
	}
	/* The base counts as an org unit, whatever its class. */
	if (!with_base &&
	    dir_dn_normalise(c->dir->conf.people_base, job->arena, &rows[count].place.dn)) {
		rows[count].place.name = dir_dn_name(rows[count].place.dn, job->arena);
		rows[count].key = dir_dn_sort_key(rows[count].place.dn, job->arena);
		count++;
	}
	qsort(rows, count, sizeof(*rows), row_compare);
	p->items = arena_alloc(job->arena, (count + 1) * sizeof(*p->items));
	for (size_t i = 0; i < count; i++)
		p->items[i] = rows[i].place;
	p->count = count;
}

static enum err
places_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct places *p = job->value;
	const struct dir_conf *conf = &c->dir->conf;
	const struct dir_term class = { "objectClass",
		p->groups ? conf->group_class : "organizationalUnit" };
	const char *const wanted[] = { p->groups ? "cn" : "ou", "description", NULL };
	struct dir_search s = { p->groups ? conf->search_base : conf->people_base, NULL,
		LDAP_SCOPE_SUBTREE, wanted, DIR_PLACES_MAX + 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL;
	struct buf filter;
	enum err code;

	buf_init(&filter, DIR_FILTER_MAX);
	if (!dir_filter_any(&filter, &class, 1)) {
		buf_release(&filter);
		return fault_set(f, ERR_INTERNAL, "no filter for %s", class.value);
	}
	s.filter = filter.data;
	c->points = failpoints_of(list_points);
	if (dir_wire_search(c, &s, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else if (ldap_count_entries(c->ld, found) > DIR_PLACES_MAX)
		code = fault_set(f, ERR_TOO_LARGE, "more than %d %s below %s", DIR_PLACES_MAX,
		    p->groups ? "groups" : "org units", s.base);
	else
		code = dir_error_of(c->dir, &r, s.base, f);
	if (code == ERR_NOT_FOUND)
		code = fault_set(f, ERR_MISCONFIGURED, "there is no entry %s", s.base);
	if (code == ERR_OK)
		places_keep(job, c, found);
	ldap_msgfree(found);
	dir_reply_release(&r);
	buf_release(&filter);
	return code;
}

static void
places_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_places_cb *cb = (dir_places_cb *)(uintptr_t)job->cb;
	struct places *p = job->value;

	cb(job->arg, code, code == ERR_OK ? p->items : NULL, code == ERR_OK ? p->count : 0, f);
}

static struct dir_op *
places_start(struct dir *d, bool groups, dir_places_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, places_perform, places_answer, DIR_CB_KEEP(cb), arg);
	struct places *p = arena_alloc(job->arena, sizeof(*p));

	p->groups = groups;
	job->value = p;
	return dir_job_start(job, ERR_OK);
}

struct dir_op *
dir_list_org_units(struct dir *d, dir_places_cb *cb, void *arg)
{
	return places_start(d, false, cb, arg);
}

struct dir_op *
dir_list_groups(struct dir *d, dir_places_cb *cb, void *arg)
{
	return places_start(d, true, cb, arg);
}
