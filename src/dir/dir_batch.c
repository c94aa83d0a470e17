/* The names and places of many questions, looked up together.
 *
 * One search holds every name. The server says which entries match any of them; which name an entry
 * matches is found here, and asked one by one where our comparison and the server's differ.
 */
#include "dir/dir_batch.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "dir/dir_guarded.h"

FAILPOINTS(names_points, "dir.names", "asking which names are taken");
FAILPOINTS(place_points, "dir.place", "asking whether an org unit or a group is there");

void
dir_batch_add_name(struct dir_batch *b, const struct dir_batch_name *name)
{
	assert(b->name_count < DIR_BATCH_NAMES);
	b->names[b->name_count++] = *name;
}

const struct dir_batch_place *
dir_batch_find_place(const struct dir_batch *b, const char *dn, bool group)
{
	for (size_t i = 0; i < b->place_count; i++)
		if (b->places[i].group == group && strcmp(b->places[i].dn, dn) == 0)
			return &b->places[i];
	return NULL;
}

void
dir_batch_add_place(struct dir_batch *b, const char *dn, bool group)
{
	if (dir_batch_find_place(b, dn, group) == NULL)
		b->places[b->place_count++] = (struct dir_batch_place){ .dn = dn, .group = group };
}

/* ---- on a worker */

static const char *
field_attribute(const struct dir_conf *conf, enum person_field field)
{
	if (field == PERSON_UID && conf->attributes[field] == NULL)
		return conf->rdn_attribute;
	return conf->attributes[field];
}

static char
next_plain(const char **p, const char *skipped)
{
	while (**p != '\0' && strchr(skipped, **p) != NULL)
		(*p)++;
	if (**p == '\0')
		return '\0';
	return *(*p)++;
}

/* Roughly what the server's matching rules ignore: case and white space, in numbers hyphens too. */
static bool
value_matches(const char *a, const char *b, enum person_field field)
{
	const char *skipped = field == PERSON_PHONE ? " -" : " ";
	char x, y;

	do {
		x = next_plain(&a, skipped);
		y = next_plain(&b, skipped);
		if (strncasecmp(&x, &y, 1) != 0)
			return false;
	} while (x != '\0');
	return true;
}

/* Each value of each asked attribute of one entry marks the questions it answers. */
static bool
batch_mark(struct dir_conn *c, LDAPMessage *entry, struct dir_batch *b)
{
	static const enum person_field fields[] = { PERSON_UID, PERSON_MAIL, PERSON_PHONE };
	bool any = false;

	for (size_t i = 0; i < 3; i++) {
		const char *name = field_attribute(&c->dir->conf, fields[i]);
		struct berval **values =
		    name != NULL ? ldap_get_values_len(c->ld, entry, name) : NULL;

		for (size_t j = 0; values != NULL && values[j] != NULL; j++)
			for (size_t k = 0; k < b->name_count; k++) {
				struct dir_batch_name *n = &b->names[k];

				if (n->field != fields[i] ||
				    !value_matches(n->value, values[j]->bv_val, n->field))
					continue;
				*n->taken = any = true;
			}
		ldap_value_free_len(values);
	}
	return any;
}

static enum err
batch_search(struct dir_job *job, struct dir_conn *c, const struct dir_batch_name *names,
    size_t count, LDAPMessage **found, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *wanted[4] = { NULL };
	struct dir_term terms[DIR_BATCH_NAMES];
	struct dir_search s = { conf->search_base, NULL, LDAP_SCOPE_SUBTREE, wanted, 0, 0 };
	struct dir_reply r = { .policy = -1 };
	struct buf filter;
	size_t n = 0;
	enum err code;

	wanted[n++] = field_attribute(conf, PERSON_UID);
	if (conf->attributes[PERSON_MAIL] != NULL)
		wanted[n++] = conf->attributes[PERSON_MAIL];
	if (conf->attributes[PERSON_PHONE] != NULL)
		wanted[n++] = conf->attributes[PERSON_PHONE];
	for (size_t i = 0; i < count; i++)
		terms[i] =
		    (struct dir_term){ field_attribute(conf, names[i].field), names[i].value };
	buf_init(&filter, DIR_FILTER_MAX);
	if (!dir_filter_any(&filter, terms, count))
		code = fault_set(f, ERR_INTERNAL, "no filter for a question");
	else {
		s.filter = filter.data;
		c->points = failpoints_of(names_points);
		if (dir_wire_search(c, &s, job->op.deadline, &r, found) != WIRE_ANSWERED)
			code = dir_job_lost(job, &r, f);
		else
			code = dir_error_of(c->dir, &r, "search for names", f);
		if (code == ERR_NOT_FOUND)
			code = fault_set(
			    f, ERR_MISCONFIGURED, "there is no entry %s", conf->search_base);
	}
	dir_reply_release(&r);
	buf_release(&filter);
	return code;
}

/* The server saw a match where we see none: it folds more than we do, or calls an attribute by
 * another name. Its opinion counts, so each name is asked alone. */
static enum err
batch_look_up_singly(struct dir_job *job, struct dir_conn *c, struct dir_batch *b, struct fault *f)
{
	enum err code = ERR_OK;

	for (size_t i = 0; i < b->name_count && code == ERR_OK; i++) {
		LDAPMessage *found = NULL;

		if (*b->names[i].taken)
			continue;
		code = batch_search(job, c, &b->names[i], 1, &found, f);
		if (code == ERR_OK && ldap_first_entry(c->ld, found) != NULL)
			*b->names[i].taken = true;
		ldap_msgfree(found);
	}
	return code;
}

static enum err
batch_look_up_names(struct dir_job *job, struct dir_conn *c, struct dir_batch *b, struct fault *f)
{
	LDAPMessage *found = NULL;
	bool unclear = false;
	enum err code;

	if (b->name_count == 0)
		return ERR_OK;
	code = batch_search(job, c, b->names, b->name_count, &found, f);
	if (code == ERR_OK)
		for (LDAPMessage *e = ldap_first_entry(c->ld, found); e != NULL;
		     e = ldap_next_entry(c->ld, e))
			unclear = !batch_mark(c, e, b) || unclear;
	ldap_msgfree(found);
	if (code == ERR_OK && unclear)
		code = batch_look_up_singly(job, c, b, f);
	return code;
}

/* What has no spelling of ours cannot be told from others: it counts as missing. */
static const char *
batch_place_own(struct dir_job *job, struct dir_conn *c, LDAPMessage *found)
{
	LDAPMessage *entry = ldap_first_entry(c->ld, found);
	const char *dn = NULL, *own;

	if (entry != NULL)
		dn = dir_entry_dn(c->ld, entry, job->arena);
	return dn != NULL && dir_dn_normalise(dn, job->arena, &own) ? own : NULL;
}

static enum err
batch_place_result(
    struct dir_job *job, struct dir_conn *c, struct dir_batch_place *p, struct fault *f)
{
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL;
	enum err code;

	if (dir_wire_wait(c, p->search.id, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, p->dn, f);
	p->own = code == ERR_OK ? batch_place_own(job, c, found) : NULL;
	if (code == ERR_NOT_FOUND || code == ERR_INVALID)
		code = ERR_OK;
	ldap_msgfree(found);
	dir_reply_release(&r);
	return code;
}

/* All are sent before the first answer is awaited. */
static enum err
batch_look_up_places(struct dir_job *job, struct dir_conn *c, struct dir_batch *b, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	const struct dir_conf *conf = &c->dir->conf;
	const struct dir_term group = { "objectClass", conf->group_class };
	const struct dir_term unit = { "objectClass", "organizationalUnit" };
	struct buf filters[2];
	enum err code = ERR_OK;

	if (b->place_count == 0)
		return ERR_OK;
	buf_init(&filters[0], DIR_FILTER_MAX);
	buf_init(&filters[1], DIR_FILTER_MAX);
	if (!dir_filter_any(&filters[0], &unit, 1) || !dir_filter_any(&filters[1], &group, 1))
		code = fault_set(f, ERR_INTERNAL, "no filter for a place");
	for (size_t i = 0; i < b->place_count && code == ERR_OK; i++) {
		struct dir_batch_place *p = &b->places[i];
		const char *filter = filters[p->group].data;

		if (!p->group && dir_dn_equal(p->dn, conf->people_base))
			filter = "(objectClass=*)"; /* the base may be of any class */
		p->search = (struct dir_search){ p->dn, filter, LDAP_SCOPE_BASE, none, 1, 0 };
		c->points = failpoints_of(place_points);
		if (dir_wire_send_search(c, &p->search) != WIRE_ANSWERED)
			code = fault_set(f, ERR_UNAVAILABLE, "the directory: connection lost");
	}
	for (size_t i = 0; i < b->place_count && code == ERR_OK; i++)
		code = batch_place_result(job, c, &b->places[i], f);
	/* Answers that nobody takes must not stay with the connection. */
	if (code != ERR_OK)
		dir_conn_close(c);
	buf_release(&filters[0]);
	buf_release(&filters[1]);
	return code;
}

/* Of the names that nobody has, those that a group gives rights to all the same. */
static enum err
batch_look_up_guarded(struct dir_job *job, struct dir_conn *c, struct dir_batch *b, struct fault *f)
{
	struct dir_guarded_name *names;
	size_t count = 0;

	if (c->dir->conf.guarded_count == 0)
		return ERR_OK;
	names = arena_alloc(job->arena, (b->name_count + 1) * sizeof(*names));
	for (size_t i = 0; i < b->name_count; i++) {
		const struct dir_batch_name *n = &b->names[i];

		if (n->org_unit == NULL || *n->taken)
			continue;
		names[count] = (struct dir_guarded_name){ .taken = n->taken,
			.dn = dir_dn_child(
			    c->dir->conf.rdn_attribute, n->value, n->org_unit, job->arena) };
		if (names[count].dn != NULL)
			count++;
	}
	return dir_guarded_mark(job, c, names, count, f);
}

enum err
dir_batch_look_up(struct dir_batch *b, struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	enum err code = batch_look_up_places(job, c, b, f);

	if (code == ERR_OK)
		code = batch_look_up_names(job, c, b, f);
	return code == ERR_OK ? batch_look_up_guarded(job, c, b, f) : code;
}
