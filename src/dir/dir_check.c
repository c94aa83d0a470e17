/* The self-test: is everything there that the configuration says? */
#include "dir/dir_user_private.h"

#include <ldap_schema.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { CHECK_TIME_FACTOR = 3 }; /* it makes several connections, one after the other */

struct check {
	struct dir *dir;
	struct dir_check items[DIR_CHECKS_MAX];
	size_t count;
	int64_t deadline;
};

static bool
check_note(struct check *k, const char *name, bool ok, const char *text)
{
	struct dir_check *item = &k->items[k->count++];

	item->name = name;
	item->ok = ok;
	snprintf(item->text, sizeof(item->text), "%s", text);
	return ok;
}

static enum err
check_read(struct check *k, struct dir_conn *c, const char *dn, const char *const *wanted,
    LDAPMessage **found, struct fault *f)
{
	struct dir_search s = { dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	enum err code;

	*found = NULL;
	if (c->ld == NULL)
		return fault_set(f, ERR_UNAVAILABLE, "the connection was lost");
	if (dir_wire_search(c, &s, k->deadline, &r, found) != WIRE_ANSWERED)
		code = fault_set(f, ERR_UNAVAILABLE, "%s", r.diagnostic);
	else
		code = dir_error_of(c->dir, &r, dn, f);
	if (code == ERR_OK && ldap_first_entry(c->ld, *found) == NULL)
		code = fault_set(f, ERR_NOT_FOUND, "%s is not visible", dn);
	dir_reply_release(&r);
	return code;
}

static void
check_bases(struct check *k, struct dir_conn *c)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	const char *const bases[] = { c->dir->conf.search_base, c->dir->conf.people_base };
	struct fault f = { .text = "the base entries are there" };
	enum err code = ERR_OK;

	for (size_t i = 0; i < 2 && code == ERR_OK; i++) {
		LDAPMessage *found;

		code = check_read(k, c, bases[i], none, &found, &f);
		ldap_msgfree(found);
	}
	check_note(k, "base", code == ERR_OK, f.text);
}

static bool
names_hold(char **names, const char *name)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

/* Strike off `missing` what one definition of the schema provides. */
static void
schema_strike(const char *definition, bool class, const char **missing, size_t count)
{
	LDAPObjectClass *oc = NULL;
	LDAPAttributeType *at = NULL;
	const char *where;
	int error;
	char **names = NULL;

	if (class &&
	    (oc = ldap_str2objectclass(definition, &error, &where, LDAP_SCHEMA_ALLOW_ALL)) != NULL)
		names = oc->oc_names;
	if (!class && (at = ldap_str2attributetype(
			   definition, &error, &where, LDAP_SCHEMA_ALLOW_ALL)) != NULL)
		names = at->at_names;
	for (size_t i = 0; i < count; i++)
		if (missing[i] != NULL && names_hold(names, missing[i]))
			missing[i] = NULL;
	if (oc != NULL)
		ldap_objectclass_free(oc);
	if (at != NULL)
		ldap_attributetype_free(at);
}

static void
schema_compare(
    struct dir_conn *c, LDAPMessage *entry, bool class, const char **missing, size_t count)
{
	struct berval **values =
	    ldap_get_values_len(c->ld, entry, class ? "objectClasses" : "attributeTypes");

	for (size_t i = 0; values != NULL && values[i] != NULL; i++)
		schema_strike(values[i]->bv_val, class, missing, count);
	ldap_value_free_len(values);
}

static enum err
check_missing(struct check *k, struct dir_conn *c, LDAPMessage *entry, struct fault *f)
{
	const struct dir_conf *conf = &k->dir->conf;
	const char *classes[DIR_CLASSES_MAX + 1], *attributes[PERSON_FIELD_COUNT + 3];
	size_t class_count = 0, attribute_count = 0;

	for (size_t i = 0; i < conf->object_class_count; i++)
		classes[class_count++] = conf->object_classes[i];
	classes[class_count++] = conf->group_class;
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if (conf->attributes[i] != NULL)
			attributes[attribute_count++] = conf->attributes[i];
	attributes[attribute_count++] = conf->rdn_attribute;
	attributes[attribute_count++] = conf->marker_attribute;
	attributes[attribute_count++] = conf->group_member;
	schema_compare(c, entry, true, classes, class_count);
	schema_compare(c, entry, false, attributes, attribute_count);
	for (size_t i = 0; i < class_count; i++)
		if (classes[i] != NULL)
			return fault_set(f, ERR_MISCONFIGURED,
			    "the server does not know the object class %s; load its schema",
			    classes[i]);
	for (size_t i = 0; i < attribute_count; i++)
		if (attributes[i] != NULL)
			return fault_set(f, ERR_MISCONFIGURED,
			    "the server does not know the attribute %s; load its schema",
			    attributes[i]);
	return ERR_OK;
}

/* The caller frees `*found`, whose first entry has the whole schema. */
static enum err
check_read_schema(struct check *k, struct dir_conn *c, LDAPMessage **found, struct fault *f)
{
	static const char *const where[] = { "subschemaSubentry", NULL };
	static const char *const what[] = { "objectClasses", "attributeTypes", NULL };
	struct arena *arena = arena_new(0);
	LDAPMessage *root = NULL;
	const char *dn = NULL;
	enum err code = check_read(k, c, "", where, &root, f);

	*found = NULL;
	if (code == ERR_OK)
		dn = dir_entry_value(c->ld, ldap_first_entry(c->ld, root), where[0], arena);
	if (code == ERR_OK && dn == NULL)
		code = fault_set(f, ERR_MISCONFIGURED, "the server does not show its schema");
	if (code == ERR_OK)
		code = check_read(k, c, dn, what, found, f);
	ldap_msgfree(root);
	arena_free(arena);
	return code;
}

static void
check_schema(struct check *k, struct dir_conn *c)
{
	struct fault f = { .text = "classes and attributes are known" };
	LDAPMessage *found;
	enum err code = check_read_schema(k, c, &found, &f);

	if (code == ERR_OK)
		code = check_missing(k, c, ldap_first_entry(c->ld, found), &f);
	check_note(k, "schema", code == ERR_OK, f.text);
	ldap_msgfree(found);
}

/* Does the server know the attribute, and would it heed it? */
static void
check_suspend(struct check *k, struct dir_job *job, struct dir_conn *c)
{
	const char *means = dir_suspend_means(k->dir), *missing = means;
	struct fault f = { .text = "" };
	LDAPMessage *found = NULL;
	enum err code;

	if (means == NULL) {
		check_note(k, "suspend", true, "this profile has no means to suspend anybody");
		return;
	}
	code = check_read_schema(k, c, &found, &f);
	if (code == ERR_OK) {
		schema_compare(c, ldap_first_entry(c->ld, found), false, &missing, 1);
		if (missing != NULL)
			code = fault_set(&f, ERR_MISCONFIGURED,
			    "the server does not know %s; load the ppolicy overlay, or nobody can "
			    "be "
			    "suspended",
			    means);
	}
	if (code == ERR_OK)
		code = dir_suspend_is_enforced(job, c, &f);
	if (code == ERR_OK)
		snprintf(f.text, sizeof(f.text), "by %s", means);
	check_note(k, "suspend", code == ERR_OK, f.text);
	ldap_msgfree(found);
}

/* Not pushing is no mistake: it only makes the list of people a few seconds older. */
static void
check_sync(struct check *k, const struct dir_conn *c)
{
	check_note(k, "sync", true,
	    c->sync ? "pushed: the server tells of changes at once (RFC 4533)"
		    : "polled: the server does not tell of changes; load the syncprov overlay");
}

static void
check_password_mode(struct check *k, struct dir_conn *c, size_t server)
{
	static const char *const wanted[] = { "supportedExtension", NULL };
	struct fault f = { .text = "passwords are set by the server (RFC 3062)" };
	LDAPMessage *found = NULL;
	struct berval **values = NULL;
	bool known = false;
	enum err code;

	if (k->dir->conf.password_mode == DIR_PASSWORD_ARGON2) {
		code = dir_proof_run(k->dir, server, k->deadline, &f);
		dir_server_set_proof(k->dir, server, code, &f);
		check_note(k, "password_mode", code == ERR_OK,
		    code == ERR_OK ? "a sign-in with an {ARGON2} hash of ours works" : f.text);
		return;
	}
	code = check_read(k, c, "", wanted, &found, &f);
	if (code == ERR_OK)
		values = ldap_get_values_len(c->ld, ldap_first_entry(c->ld, found), wanted[0]);
	for (size_t i = 0; values != NULL && values[i] != NULL; i++)
		known = known || strcmp(values[i]->bv_val, LDAP_EXOP_MODIFY_PASSWD) == 0;
	if (code == ERR_OK && !known)
		fault_set(&f, ERR_MISCONFIGURED,
		    "the server does not offer the password operation (RFC 3062)");
	check_note(k, "password_mode", code == ERR_OK && known, f.text);
	ldap_value_free_len(values);
	ldap_msgfree(found);
}

static enum err
check_perform(struct dir_job *job, struct dir_conn *unused, struct fault *f)
{
	struct check *k = job->value;
	struct dir_conn c = { .dir = k->dir };
	size_t server;
	int bound;
	enum err code;

	(void)unused;
	if (dir_server_choose(k->dir, &server, NULL) != ERR_OK)
		server = 0;
	code = dir_conn_open(&c, server, k->deadline, &bound, f);
	if (!check_note(
		k, "connect", bound >= 0, bound >= 0 ? k->dir->servers[server].uri : f->text))
		return code;
	if (!check_note(k, "bind", code == ERR_OK,
		code == ERR_OK ? "the server knows us by our name" : f->text))
		return code;
	check_bases(k, &c);
	check_schema(k, &c);
	check_password_mode(k, &c, server);
	check_suspend(k, job, &c);
	check_sync(k, &c);
	dir_conn_close(&c);
	for (size_t i = 0; i < k->count; i++)
		if (!k->items[i].ok)
			return fault_set(f, ERR_MISCONFIGURED, "%s", k->items[i].text);
	return ERR_OK;
}

static void
check_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_check_cb *cb = (dir_check_cb *)(uintptr_t)job->cb;
	struct check *k = job->value;
	struct dir_check late = { .name = "connect", .ok = false };

	/* Given up before the worker reported: its list is not ours to read yet. */
	if (f != &job->fault || k->count == 0) {
		snprintf(late.text, sizeof(late.text), "%s", f->text);
		cb(job->arg, code, &late, 1);
		return;
	}
	cb(job->arg, code, k->items, k->count);
}

struct dir_op *
dir_self_test(struct dir *d, dir_check_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, check_perform, check_answer, DIR_CB_KEEP(cb), arg);
	struct check *k = arena_alloc(job->arena, sizeof(*k));

	job->aside = d->checks;
	job->op.deadline = dir_now() + CHECK_TIME_FACTOR * d->conf.op_timeout_ms;
	k->dir = d;
	k->deadline = job->op.deadline;
	job->value = k;
	return dir_job_start(job, ERR_OK);
}
