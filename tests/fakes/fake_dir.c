#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/passwd.h"
#include "base/mem.h"
#include "fake_dir_private.h"

struct dir *
fake_dir_new(struct loop *l)
{
	struct dir *d = mem_alloc(sizeof(*d));

	d->loop = l;
	d->up = true;
	return d;
}

void
fake_dir_free(struct dir *d)
{
	fake_user_deliver(d, false);
	free(d);
}

void
fake_dir_forget(struct dir *d)
{
	d->generation++;
	d->on_state = NULL;
}

void
fake_dir_fail(struct dir *d, int nth, enum fake_fault fault, enum err code)
{
	d->calls_to_fault = nth;
	d->fault = fault;
	d->fault_code = code;
}

void
fake_dir_fail_named(struct dir *d, const char *name, enum fake_fault fault, enum err code)
{
	fake_dir_fail(d, 0, fault, code);
	d->fault_name = name;
}

bool
fake_dir_failed(const struct dir *d)
{
	return d->calls_to_fault <= 0 && d->fault != FAKE_FINE;
}

struct entry *
fake_entry_by_dn(struct dir *d, const char *dn)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcasecmp(d->entries[i].dn, dn) == 0)
			return &d->entries[i];
	return NULL;
}

static const struct entry *
entry_by_marker(const struct dir *d, const char *marker)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->entries[i].marker, marker) == 0)
			return &d->entries[i];
	return NULL;
}

void
fake_entry_put(struct dir *d, const struct entry *e)
{
	if (fake_entry_by_dn(d, e->dn) == NULL) {
		assert(d->count < ENTRIES_MAX);
		d->entries[d->count] = *e;
		if (e->uuid[0] == '\0')
			fake_uuid(d, d->entries[d->count].uuid);
		d->count++;
	}
}

void
fake_dir_deliver(struct dir *d)
{
	for (size_t i = 0; i < d->late_count; i++)
		fake_entry_put(d, &d->late[i]);
	d->late_count = 0;
	fake_user_deliver(d, true);
}

void
fake_dir_set_up(struct dir *d, bool up)
{
	struct fault f = { .text = "the test says so" };

	d->up = up;
	if (d->on_state != NULL)
		d->on_state(d->on_state_arg, up, &f);
}

void
fake_dir_add_foreign(struct dir *d, const char *dn, const char *uid, const char *mail)
{
	struct entry e = { .dn = "" };

	snprintf(e.dn, sizeof(e.dn), "%s", dn);
	snprintf(e.uid, sizeof(e.uid), "%s", uid);
	snprintf(e.mail, sizeof(e.mail), "%s", mail);
	fake_entry_put(d, &e);
}

size_t
fake_dir_count(const struct dir *d, const char *invitation_id)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++)
		n += strcmp(d->entries[i].marker, invitation_id) == 0;
	return n;
}

const char *
fake_dir_password(const struct dir *d, const char *invitation_id)
{
	const struct entry *e = entry_by_marker(d, invitation_id);

	return e != NULL && e->password[0] != '\0' ? e->password : NULL;
}

const char *
fake_dir_uid(const struct dir *d, const char *invitation_id)
{
	const struct entry *e = entry_by_marker(d, invitation_id);

	return e != NULL ? e->uid : NULL;
}

size_t
fake_dir_memberships(const struct dir *d)
{
	return d->memberships;
}

size_t
fake_dir_adds(const struct dir *d)
{
	return d->adds;
}

void
fake_dir_remember_passwords(struct dir *d)
{
	d->remembers_passwords = true;
}

void
fake_dir_remove_org_unit(struct dir *d)
{
	d->org_unit_gone = true;
}

void
fake_dir_remove_entries(struct dir *d)
{
	d->count = 0;
}

void
fake_dir_refuse_password(struct dir *d, const char *password)
{
	snprintf(d->refused_password, sizeof(d->refused_password), "%s", password);
}

/* ---- answering ---- */

static void
op_fire(void *arg)
{
	struct dir_op op = *(struct dir_op *)arg;

	free(arg);
	if (op.generation != op.dir->generation)
		return;
	if (op.find != NULL && op.code == ERR_OK)
		op.found.invitation_id = op.marker[0] != '\0' ? op.marker : NULL;
	for (size_t i = 0; i < PERSON_GROUPS_MAX; i++)
		op.answer.group_dn[i] = op.group_dn[i][0] != '\0' ? op.group_dn[i] : NULL;
	if (op.ask != NULL)
		op.ask(op.arg, op.code, op.code == ERR_OK ? &op.answer : NULL, &op.fault);
	else if (op.add != NULL)
		op.add(op.arg, op.code, &op.added, &op.fault);
	else if (op.find != NULL)
		op.find(op.arg, op.code, op.code == ERR_OK ? &op.found : NULL, &op.fault);
	else
		op.done(op.arg, op.code, &op.fault);
}

enum fake_fault
fake_dir_call(struct dir *d, struct dir_op *op, bool writes)
{
	enum fake_fault fault = FAKE_FINE;

	op->dir = d;
	op->generation = d->generation;
	if (!d->up) {
		op->code = fault_set(&op->fault, ERR_UNAVAILABLE, "the directory is away");
		return FAKE_REFUSE;
	}
	if (d->calls_to_fault > 0 && --d->calls_to_fault == 0)
		fault = d->fault;
	if (fault == FAKE_REFUSE || fault == FAKE_DONE || fault == FAKE_NO_GROUPS)
		op->code = fault_set(&op->fault, d->fault_code, "injected");
	else if (fault != FAKE_FINE)
		op->code =
		    fault_set(&op->fault, writes ? ERR_UNKNOWN : ERR_UNAVAILABLE, "injected");
	return fault;
}

static struct dir_op *
dir_answer(struct dir *d, struct dir_op *op, enum fake_fault fault)
{
	if (fault == FAKE_SILENT)
		free(op);
	else
		loop_defer(d->loop, op_fire, op);
	return NULL; /* nothing of this is ever cancelled */
}

bool
fake_is_done(enum fake_fault fault)
{
	return fault == FAKE_FINE || fault == FAKE_DONE || fault == FAKE_NO_GROUPS ||
	       fault == FAKE_LOSE_REPLY || fault == FAKE_SILENT;
}

/* ---- dir.h ---- */

void
dir_on_state(struct dir *d, dir_state_cb *cb, void *arg)
{
	d->on_state = cb;
	d->on_state_arg = arg;
}

bool
dir_is_up(const struct dir *d, struct fault *f)
{
	if (!d->up)
		fault_set(f, ERR_UNAVAILABLE, "the directory is away");
	return d->up;
}

int64_t
dir_settle_ms(const struct dir *d)
{
	(void)d;
	return 20000;
}

enum err
dir_person_dn(const struct dir *d, const char *uid, const char *org_unit, struct arena *arena,
    const char **dn, struct fault *f)
{
	(void)d;
	if (strstr(org_unit, "dc=example") == NULL)
		return fault_set(f, ERR_INVALID, "not below dc=example");
	*dn = arena_printf(arena, "uid=%s,%s", uid, org_unit);
	return ERR_OK;
}

bool
dir_dn_normalise(const char *dn, struct arena *arena, const char **normal)
{
	if (strchr(dn, '=') == NULL)
		return false;
	*normal = arena_strdup(arena, dn);
	return true;
}

bool
dir_dn_may_be_same(const char *dn, const char *other)
{
	return strcasecmp(dn, other) == 0;
}

/* What the server ignores is an escaped space here; of a group that is there it has the letters. */
static void
group_own_dn(struct dir *d, const char *dn, char *out, size_t size)
{
	const struct group *g;
	size_t n = 0;

	for (const char *p = dn; *p != '\0'; p++)
		if (strncmp(p, "\\20", 3) == 0)
			p += 2;
		else if (n + 1 < size)
			out[n++] = *p;
	out[n] = '\0';
	g = fake_group_by_dn(d, out);
	if (g != NULL)
		snprintf(out, size, "%s", g->dn);
}

struct dir_op *
dir_ask(struct dir *d, const struct dir_question *q, dir_ask_cb *cb, void *arg)
{
	struct dir_op *op = mem_alloc(sizeof(*op));
	enum fake_fault fault = fake_dir_call(d, op, false);

	op->ask = cb;
	op->arg = arg;
	for (size_t e = 0; e < d->count; e++) {
		for (size_t i = 0; i < q->uid_count; i++)
			if (strcmp(d->entries[e].uid, q->uids[i]) == 0)
				op->answer.uid_taken[i] = true;
		if (q->mail != NULL && (strcmp(d->entries[e].mail, q->mail) == 0 ||
					   strcmp(d->entries[e].second_mail, q->mail) == 0))
			op->answer.mail_taken = true;
	}
	op->answer.org_unit_missing = q->org_unit != NULL && d->org_unit_gone;
	for (size_t i = 0; i < q->group_count; i++) {
		op->answer.group_missing[i] = strstr(q->groups[i], "missing") != NULL;
		if (!op->answer.group_missing[i])
			group_own_dn(d, q->groups[i], op->group_dn[i], sizeof(op->group_dn[i]));
	}
	dir_answer(d, op, fault);
	return fault != FAKE_SILENT ? op : NULL;
}

struct dir_op *
dir_add_person(struct dir *d, const char *dn, const struct person *p, const char *invitation_id,
    const struct secret *password_hash, dir_add_cb *cb, void *arg)
{
	struct dir_op *op = mem_alloc(sizeof(*op));
	enum fake_fault fault = fake_dir_call(d, op, true);
	struct entry e = { .dn = "" }, *old = fake_entry_by_dn(d, dn);

	d->adds++;
	op->add = cb;
	op->arg = arg;
	op->added.taken_attribute = "";
	snprintf(e.dn, sizeof(e.dn), "%s", dn);
	snprintf(e.uid, sizeof(e.uid), "%s", p->value[PERSON_UID]);
	snprintf(e.mail, sizeof(e.mail), "%s",
	    p->value[PERSON_MAIL] != NULL ? p->value[PERSON_MAIL] : "");
	snprintf(e.marker, sizeof(e.marker), "%s", invitation_id);
	e.version = 1;
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if (p->value[i] != NULL)
			snprintf(e.value[i], sizeof(e.value[i]), "%s", p->value[i]);
	if (password_hash != NULL)
		snprintf(e.password, sizeof(e.password), "%s", secret_bytes(password_hash));
	if (fault == FAKE_LATE) {
		assert(d->late_count < LATE_MAX);
		d->late[d->late_count++] = e;
	} else if (fake_is_done(fault)) {
		if (d->org_unit_gone)
			op->code = fault_set(&op->fault, ERR_NOT_FOUND, "no such org unit");
		else if (old == NULL)
			fake_entry_put(d, &e);
		else if (strcmp(old->marker, invitation_id) == 0) {
			if (password_hash != NULL)
				memcpy(old->password, e.password, sizeof(e.password));
			op->added.existed = true;
		} else if (fault == FAKE_FINE)
			op->code = fault_set(&op->fault, ERR_EXISTS, "not ours");
	}
	return dir_answer(d, op, fault);
}

struct dir_op *
dir_set_password(
    struct dir *d, const char *dn, const struct secret *value, dir_done_cb *cb, void *arg)
{
	struct dir_op *op = mem_alloc(sizeof(*op));
	enum fake_fault fault = fake_dir_call(d, op, true);
	struct entry *e = fake_entry_by_dn(d, dn);

	op->done = cb;
	op->arg = arg;
	if (fake_is_done(fault)) {
		if (strcmp(secret_bytes(value), d->refused_password) == 0)
			op->code =
			    fault_set(&op->fault, ERR_REFUSED, "the policy refuses this password");
		else if (e == NULL)
			op->code = fault_set(&op->fault, ERR_NOT_FOUND, "no such entry");
		else if (d->remembers_passwords && fault == FAKE_FINE &&
			 strcmp(e->password, secret_bytes(value)) == 0)
			op->code = fault_set(&op->fault, ERR_EXISTS, "used before");
		else
			snprintf(e->password, sizeof(e->password), "%s", secret_bytes(value));
	}
	return dir_answer(d, op, fault);
}

struct dir_op *
dir_join_groups(struct dir *d, const char *dn, const char *const *groups, size_t group_count,
    dir_done_cb *cb, void *arg)
{
	struct dir_op *op = mem_alloc(sizeof(*op));
	enum fake_fault fault = fake_dir_call(d, op, true);

	op->done = cb;
	op->arg = arg;
	if (fake_is_done(fault)) {
		d->memberships = group_count;
		for (size_t i = 0; i < group_count; i++)
			fake_join(d, groups[i], dn);
	}
	return dir_answer(d, op, fault);
}

struct dir_op *
dir_find(struct dir *d, const char *dn, dir_find_cb *cb, void *arg)
{
	struct dir_op *op = mem_alloc(sizeof(*op));
	enum fake_fault fault = fake_dir_call(d, op, false);
	const struct entry *e = fake_entry_by_dn(d, dn);

	op->find = cb;
	op->arg = arg;
	if (fault == FAKE_FINE && e == NULL)
		op->code = fault_set(&op->fault, ERR_NOT_FOUND, "nothing there");
	else if (e != NULL)
		snprintf(op->marker, sizeof(op->marker), "%s", e->marker);
	return dir_answer(d, op, fault);
}

void (*fake_dir_cancel)(struct dir_op *op);

void
dir_cancel(struct dir_op *op)
{
	if (fake_dir_cancel != NULL)
		fake_dir_cancel(op);
	else /* a question, which goes on and is not heard */
		op->generation = op->dir->generation - 1;
}

struct dir_op *
dir_list_org_units(struct dir *d, dir_places_cb *cb, void *arg)
{
	(void)d, (void)cb, (void)arg;
	abort(); /* no use case of these tests lists */
}

struct dir_op *
dir_list_groups(struct dir *d, dir_places_cb *cb, void *arg)
{
	return dir_list_org_units(d, cb, arg);
}

/* ---- passwd.h: the hash is the word "hash:" and the password ---- */

struct hashing {
	struct secret *hash;
	passwd_cb *cb;
	void *arg;
};

static void
hashing_fire(void *arg)
{
	struct hashing *h = arg;

	h->cb(h->arg, ERR_OK, h->hash, NULL);
	secret_free(h->hash);
	free(h);
}

struct passwd_op *
passwd_hash(struct passwd *p, const struct secret *password, passwd_cb *cb, void *arg)
{
	struct hashing *h = mem_alloc(sizeof(*h));
	char text[300];
	int len = snprintf(text, sizeof(text), "hash:%s", secret_bytes(password));

	h->hash = secret_new(text, (size_t)len);
	h->cb = cb;
	h->arg = arg;
	/* A struct passwd of these tests is the loop itself. */
	loop_defer((struct loop *)p, hashing_fire, h);
	return NULL;
}
