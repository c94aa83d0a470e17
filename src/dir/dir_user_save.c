/* The whole entry as bytes.
 *
 * Format: a version byte, then runs of bytes, each behind its length (four bytes, the highest
 * first), and counts in four bytes: DN, count of attributes, for each its name, count of values and
 * the values; count of groups and their DNs. */
#include "dir/dir_user_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

FAILPOINTS(save_points, "dir.user.save", "reading a whole entry");

enum { SAVED_MAX = SECRET_WHOLE_MAX, ATTRIBUTES_MAX = 1000 };

struct save {
	struct user_job job; /* first */
	struct secret *saved;
};

/* The bytes are written twice: first only counted, so that no growing buffer leaves copies. */
struct writer {
	char *out; /* NULL: count */
	size_t len;
};

static void
write_bytes(struct writer *w, const void *data, size_t len)
{
	if (w->out != NULL && len > 0)
		memcpy(w->out + w->len, data, len);
	w->len += len;
}

static void
write_number(struct writer *w, size_t n)
{
	uint32_t big = htonl((uint32_t)n);

	write_bytes(w, &big, SAVED_LENGTH_SIZE);
}

static void
write_run(struct writer *w, const void *data, size_t len)
{
	write_number(w, len);
	write_bytes(w, data, len);
}

/* A raw attribute of a message: pointers into the message itself. */
struct raw {
	struct berval name, *values;
};

static bool
raw_is(const struct berval *raw, const char *text)
{
	return raw->bv_len == strlen(text) && strncasecmp(raw->bv_val, text, raw->bv_len) == 0;
}

/* What the server derives from the groups by itself would be refused in an Add, and a lock after
 * too many wrong passwords is no suspension. */
static bool
raw_is_kept(const struct dir_conf *conf, const struct raw *raw)
{
	const struct dir_profile_facts *facts = dir_profile_of(conf->profile);

	if (raw->values == NULL || raw_is(&raw->name, "memberOf"))
		return false;
	return facts->suspend_attribute == NULL || !raw_is(&raw->name, facts->suspend_attribute) ||
	       (raw->values[0].bv_val != NULL && raw_is(&raw->values[0], facts->suspend_value));
}

static void
write_saved(struct writer *w, const char *dn, const struct raw *raws, size_t count,
    const struct dir_names *groups)
{
	const char version = SAVED_VERSION;

	w->len = 0;
	write_bytes(w, &version, 1);
	write_run(w, dn, strlen(dn));
	write_number(w, count);
	for (size_t i = 0; i < count; i++) {
		size_t values = 0;

		while (raws[i].values[values].bv_val != NULL)
			values++;
		write_run(w, raws[i].name.bv_val, raws[i].name.bv_len);
		write_number(w, values);
		for (size_t j = 0; j < values; j++)
			write_run(w, raws[i].values[j].bv_val, raws[i].values[j].bv_len);
	}
	write_number(w, groups->count);
	for (size_t i = 0; i < groups->count; i++)
		write_run(w, groups->dn[i], strlen(groups->dn[i]));
}

static enum err
save_write(struct save *s, const struct raw *raws, size_t count, const struct dir_names *groups,
    struct fault *f)
{
	struct writer w = { .out = NULL };
	const char *dn = s->job.now.user.dn;

	write_saved(&w, dn, raws, count, groups);
	if (w.len > SAVED_MAX)
		return fault_set(f, ERR_TOO_LARGE, "%s has %zu bytes; at most %d can be kept", dn,
		    w.len, SAVED_MAX);
	w.out = mem_alloc(w.len);
	write_saved(&w, dn, raws, count, groups);
	s->saved = secret_new(w.out, w.len);
	secret_wipe(w.out, w.len);
	free(w.out);
	return ERR_OK;
}

static void
raw_wipe(struct raw *raw)
{
	for (size_t i = 0; raw->values != NULL && raw->values[i].bv_val != NULL; i++)
		secret_wipe(raw->values[i].bv_val, raw->values[i].bv_len);
	ber_memfree(raw->values);
}

/* ldap_get_attribute_ber() hands out the message's own bytes, so nothing of it is copied, and
 * wiping the values wipes the message. What would not be kept whole is not kept: who deletes relies
 * on it. */
static enum err
save_collect(struct dir_conn *c, LDAPMessage *entry, struct raw *raws, size_t *count,
    BerElement **ber, struct fault *f)
{
	struct raw raw;
	struct berval dn;
	enum err code = ERR_OK;
	int result = ldap_get_dn_ber(c->ld, entry, ber, &dn);

	while (result == LDAP_SUCCESS) {
		raw = (struct raw){ .values = NULL };
		result = ldap_get_attribute_ber(c->ld, entry, *ber, &raw.name, &raw.values);
		if (result != LDAP_SUCCESS || raw.name.bv_val == NULL)
			break;
		if (!raw_is_kept(&c->dir->conf, &raw))
			raw_wipe(&raw);
		else if (*count < ATTRIBUTES_MAX)
			raws[(*count)++] = raw;
		else {
			raw_wipe(&raw);
			code = fault_set(f, ERR_TOO_LARGE,
			    "it has more than %d attributes, which is as many as can be kept",
			    ATTRIBUTES_MAX);
		}
	}
	if (result != LDAP_SUCCESS)
		code = fault_set(
		    f, ERR_INTERNAL, "the entry cannot be read: %s", ldap_err2string(result));
	return code;
}

static void
save_wipe(struct raw *raws, size_t count)
{
	for (size_t i = 0; i < count; i++)
		raw_wipe(&raws[i]);
}

static enum err
save_entry(struct dir_job *job, struct dir_conn *c, const struct dir_names *groups, struct fault *f)
{
	const char *const wanted[] = { LDAP_ALL_USER_ATTRIBUTES,
		dir_profile_of(c->dir->conf.profile)->suspend_attribute, NULL };
	struct save *s = job->value;
	struct dir_search q = { s->job.now.user.dn,
		dir_user_condition(s->job.uuid, NULL, job->arena), LDAP_SCOPE_BASE, wanted, 1, 0 };
	struct raw *raws = arena_alloc(job->arena, ATTRIBUTES_MAX * sizeof(*raws));
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL, *entry;
	BerElement *ber = NULL;
	size_t count = 0;
	enum err code;

	c->points = failpoints_of(save_points);
	if (dir_wire_search(c, &q, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, q.base, f);
	dir_reply_release(&r);
	entry = code == ERR_OK ? ldap_first_entry(c->ld, found) : NULL;
	if (code == ERR_OK && entry == NULL)
		code = fault_set(f, ERR_NOT_FOUND, "%s is no longer there", q.base);
	if (code == ERR_OK) {
		code = save_collect(c, entry, raws, &count, &ber, f);
		if (code == ERR_OK)
			code = save_write(s, raws, count, groups, f);
		save_wipe(raws, count);
		ber_free(ber, 0);
	}
	ldap_msgfree(found);
	return code;
}

static enum err
save_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct save *s = job->value;
	struct dir_names groups;
	enum err code =
	    dir_user_find(job, c, s->job.uuid, c->dir->conf.people_base, &s->job.now, f);

	secret_free(s->saved); /* of a first try whose connection was lost */
	s->saved = NULL;
	if (code == ERR_OK)
		code = dir_groups_of(job, c, s->job.now.user.dn, &groups, f);
	if (code != ERR_OK)
		return code;
	s->job.now.user.group_count = groups.count;
	for (size_t i = 0; i < groups.count && i < PERSON_GROUPS_MAX; i++)
		s->job.now.person.groups[s->job.now.person.group_count++] = groups.dn[i];
	return save_entry(job, c, &groups, f);
}

static void
save_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_user_saved_cb *cb = (dir_user_saved_cb *)(uintptr_t)job->cb;
	struct save *s = job->value;
	bool ok = code == ERR_OK;

	cb(job->arg, code, ok ? &s->job.now.user : NULL, ok ? s->saved : NULL, f);
}

static void
save_release(struct dir_job *job)
{
	struct save *s = job->value;

	secret_free(s->saved);
}

struct dir_op *
dir_user_save(struct dir *d, const char *entry_uuid, dir_user_saved_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, save_perform, save_answer, DIR_CB_KEEP(cb), arg);
	struct save *s = arena_alloc(job->arena, sizeof(*s));

	s->job.uuid = arena_strdup(job->arena, entry_uuid);
	job->value = s;
	job->release = save_release;
	return dir_job_start(job, dir_uuid_check(entry_uuid, &job->fault));
}
