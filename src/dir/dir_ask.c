/* Questions about names and places, many answered by one search.
 *
 * Questions gather while searches are under way; when one returns, all that have gathered leave
 * together. One question alone leaves at once. Places (org units, groups) that were seen a moment
 * ago are not looked up again: a few hundred people are invited into the same few.
 */
#include "dir/dir_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "base/mem.h"

enum {
	BATCH_QUESTIONS = 64,
	BATCH_TERMS = 256,
	BATCHES_MAX = 2, /* one is being looked up, one is on its way from or to the loop */
	PLACES_SEEN = 64,
	PLACE_FRESH_MS = 5000,
	/* With the attributes' names, all terms of a batch stay far below DIR_FILTER_MAX; one
	 * question's values are bounded by this. */
	VALUE_MAX = 254,
};

struct ask {
	struct dir_op op; /* first: a question is an op */
	TAILQ_ENTRY(ask) unanswered;
	bool waits;	/* not yet in a batch */
	dir_ask_cb *cb; /* NULL once cancelled or answered: then it is in no list of the asker */
	void *arg;
	struct dir_question q;
	struct dir_answer answer;
	struct arena *arena;
	size_t terms;
	enum err refused; /* a question that makes no sense */
	struct fault fault;
};

struct place {
	char *dn;
	bool group;
	int64_t until; /* monotonic ms; 0: empty */
};

struct asker {
	struct dir *dir;
	struct dir_op_list waiting;
	TAILQ_HEAD(, ask) unanswered;
	size_t batches;			/* under way */
	struct place seen[PLACES_SEEN]; /* the oldest gives way */
	size_t next_seen;
};

/* What the worker looks up. Attribute and value as in a term, and whose answer a match is. */
struct slot {
	const char *value;
	bool *taken;
	enum person_field field;
};

struct place_slot {
	const char *dn;
	bool group, missing;
	struct dir_search search;
};

struct batch {
	struct dir_op_list asks;
	struct slot slots[BATCH_TERMS];
	size_t slot_count;
	struct place_slot *places;
	size_t place_count;
};

struct asker *
dir_asker_new(struct dir *d)
{
	struct asker *a = mem_alloc(sizeof(*a));

	a->dir = d;
	TAILQ_INIT(&a->waiting);
	TAILQ_INIT(&a->unanswered);
	return a;
}

static void
ask_free(struct ask *ask)
{
	arena_free(ask->arena);
	free(ask);
}

bool
dir_asker_is_idle(const struct asker *a)
{
	return TAILQ_EMPTY(&a->waiting);
}

/* ---- places seen lately */

static struct place *
place_find(struct asker *a, const char *dn, bool group)
{
	int64_t now = dir_now();

	for (size_t i = 0; i < PLACES_SEEN; i++) {
		struct place *p = &a->seen[i];

		if (p->until > now && p->group == group && strcmp(p->dn, dn) == 0)
			return p;
	}
	return NULL;
}

static void
place_remember(struct asker *a, const struct place_slot *slot)
{
	struct place *p = place_find(a, slot->dn, slot->group);

	if (p == NULL) {
		p = &a->seen[a->next_seen++ % PLACES_SEEN];
		free(p->dn);
		p->dn = mem_dup_string(slot->dn);
		p->group = slot->group;
	}
	p->until = dir_now() + PLACE_FRESH_MS;
}

/* ---- on the worker */

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
	return **p != '\0' ? *(*p)++ : '\0';
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
entry_mark(struct dir_conn *c, LDAPMessage *entry, struct batch *b)
{
	static const enum person_field fields[] = { PERSON_UID, PERSON_MAIL, PERSON_PHONE };
	bool any = false;

	for (size_t i = 0; i < 3; i++) {
		const char *name = field_attribute(&c->dir->conf, fields[i]);
		struct berval **values =
		    name != NULL ? ldap_get_values_len(c->ld, entry, name) : NULL;

		for (size_t j = 0; values != NULL && values[j] != NULL; j++)
			for (size_t k = 0; k < b->slot_count; k++) {
				struct slot *s = &b->slots[k];

				if (s->field != fields[i] ||
				    !value_matches(s->value, values[j]->bv_val, s->field))
					continue;
				*s->taken = any = true;
			}
		ldap_value_free_len(values);
	}
	return any;
}

static enum err
batch_search(struct dir_job *job, struct dir_conn *c, const struct slot *slots, size_t count,
    LDAPMessage **found, struct fault *f)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *wanted[4] = { NULL };
	struct dir_term terms[BATCH_TERMS];
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
		    (struct dir_term){ field_attribute(conf, slots[i].field), slots[i].value };
	buf_init(&filter, DIR_FILTER_MAX);
	if (!dir_filter_any(&filter, terms, count))
		code = fault_set(f, ERR_INTERNAL, "no filter for a question");
	else {
		s.filter = filter.data;
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
batch_ask_singly(struct dir_job *job, struct dir_conn *c, struct batch *b, struct fault *f)
{
	enum err code = ERR_OK;

	for (size_t i = 0; i < b->slot_count && code == ERR_OK; i++) {
		LDAPMessage *found = NULL;

		if (*b->slots[i].taken)
			continue;
		code = batch_search(job, c, &b->slots[i], 1, &found, f);
		if (code == ERR_OK && ldap_first_entry(c->ld, found) != NULL)
			*b->slots[i].taken = true;
		ldap_msgfree(found);
	}
	return code;
}

static enum err
batch_names(struct dir_job *job, struct dir_conn *c, struct batch *b, struct fault *f)
{
	LDAPMessage *found = NULL;
	bool unclear = false;
	enum err code;

	if (b->slot_count == 0)
		return ERR_OK;
	code = batch_search(job, c, b->slots, b->slot_count, &found, f);
	if (code == ERR_OK)
		for (LDAPMessage *e = ldap_first_entry(c->ld, found); e != NULL;
		     e = ldap_next_entry(c->ld, e))
			unclear = !entry_mark(c, e, b) || unclear;
	ldap_msgfree(found);
	if (code == ERR_OK && unclear)
		code = batch_ask_singly(job, c, b, f);
	return code;
}

static enum err
batch_place_result(struct dir_job *job, struct dir_conn *c, struct place_slot *p, struct fault *f)
{
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL;
	enum err code;

	if (dir_wire_wait(c, p->search.id, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, p->dn, f);
	p->missing = code == ERR_NOT_FOUND || code == ERR_INVALID ||
		     (code == ERR_OK && ldap_first_entry(c->ld, found) == NULL);
	if (p->missing)
		code = ERR_OK;
	ldap_msgfree(found);
	dir_reply_release(&r);
	return code;
}

/* All are sent before the first answer is awaited. */
static enum err
batch_places(struct dir_job *job, struct dir_conn *c, struct batch *b, struct fault *f)
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
		struct place_slot *p = &b->places[i];
		const char *filter = filters[p->group].data;

		if (!p->group && dir_dn_equal(p->dn, conf->people_base))
			filter = "(objectClass=*)"; /* the base may be of any class */
		p->search = (struct dir_search){ p->dn, filter, LDAP_SCOPE_BASE, none, 1, 0 };
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

static enum err
batch_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct batch *b = job->value;
	enum err code = batch_places(job, c, b, f);

	return code == ERR_OK ? batch_names(job, c, b, f) : code;
}

/* ---- on the loop */

static void
batch_add_slot(struct batch *b, enum person_field field, const char *value, bool *taken)
{
	b->slots[b->slot_count++] = (struct slot){ .value = value, .taken = taken, .field = field };
}

static void
batch_add_place(struct asker *a, struct batch *b, const char *dn, bool group)
{
	if (place_find(a, dn, group) != NULL)
		return;
	for (size_t i = 0; i < b->place_count; i++)
		if (b->places[i].group == group && strcmp(b->places[i].dn, dn) == 0)
			return;
	b->places[b->place_count++] = (struct place_slot){ .dn = dn, .group = group };
}

static void
batch_add(struct asker *a, struct batch *b, struct ask *ask)
{
	const struct dir_question *q = &ask->q;

	for (size_t i = 0; i < q->uid_count; i++)
		batch_add_slot(b, PERSON_UID, q->uids[i], &ask->answer.uid_taken[i]);
	if (q->mail != NULL)
		batch_add_slot(b, PERSON_MAIL, q->mail, &ask->answer.mail_taken);
	if (q->phone != NULL)
		batch_add_slot(b, PERSON_PHONE, q->phone, &ask->answer.phone_taken);
	if (q->org_unit != NULL)
		batch_add_place(a, b, q->org_unit, false);
	for (size_t i = 0; i < q->group_count; i++)
		batch_add_place(a, b, q->groups[i], true);
	TAILQ_INSERT_TAIL(&b->asks, &ask->op, link);
}

static bool
batch_misses(const struct batch *b, const char *dn, bool group)
{
	for (size_t i = 0; i < b->place_count; i++)
		if (b->places[i].group == group && strcmp(b->places[i].dn, dn) == 0)
			return b->places[i].missing;
	return false;
}

static void
batch_settle_places(struct batch *b, struct ask *ask)
{
	const struct dir_question *q = &ask->q;

	if (q->org_unit != NULL)
		ask->answer.org_unit_missing = batch_misses(b, q->org_unit, false);
	for (size_t i = 0; i < q->group_count; i++)
		ask->answer.group_missing[i] = batch_misses(b, q->groups[i], true);
}

static void asker_pump(struct asker *a);

/* The asker forgets the question; its memory belongs to the batch, or to the caller. */
static void
ask_forget(struct asker *a, struct ask *ask)
{
	ask->cb = NULL;
	TAILQ_REMOVE(&a->unanswered, ask, unanswered);
}

/* A callback may cancel its neighbours or free the directory: either way their `cb` is NULL then,
 * and `a` is not touched again. */
static void
batch_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	struct batch *b = job->value;
	struct asker *a = job->op.dir->asker;
	bool worked = code == ERR_OK;
	struct dir_op *op;

	for (size_t i = 0; worked && i < b->place_count; i++)
		if (!b->places[i].missing)
			place_remember(a, &b->places[i]);
	a->batches--;
	asker_pump(a);
	TAILQ_FOREACH(op, &b->asks, link)
	{
		struct ask *ask = (struct ask *)op;
		dir_ask_cb *cb = ask->cb;

		if (cb == NULL)
			continue;
		ask_forget(a, ask);
		if (worked)
			batch_settle_places(b, ask);
		if (ask->refused != ERR_OK)
			cb(ask->arg, ask->refused, NULL, &ask->fault);
		else
			cb(ask->arg, code, worked ? &ask->answer : NULL, f);
	}
}

static void
batch_release(struct dir_job *job)
{
	struct batch *b = job->value;
	struct dir_op *op, *next;

	LIST_EACH_SAFE(op, &b->asks, link, next)
	ask_free((struct ask *)op);
}

/* As many of the waiting as one search may carry. */
static void
asker_start_batch(struct asker *a)
{
	struct dir_job *job = dir_job_new(a->dir, batch_perform, batch_answer, NULL, NULL);
	struct batch *b = arena_alloc(job->arena, sizeof(*b));
	size_t count = 0, places = 0, terms = 0;
	struct dir_op *op, *next;

	TAILQ_INIT(&b->asks);
	TAILQ_FOREACH(op, &a->waiting, link)
	{
		struct ask *ask = (struct ask *)op;

		if (count == BATCH_QUESTIONS || terms + ask->terms > BATCH_TERMS)
			break;
		count++;
		terms += ask->terms;
		places += 1 + ask->q.group_count;
	}
	b->places = arena_alloc(job->arena, places * sizeof(*b->places));
	job->op.deadline = TAILQ_FIRST(&a->waiting)->deadline;
	LIST_EACH_SAFE(op, &a->waiting, link, next)
	{
		if (count-- == 0)
			break;
		TAILQ_REMOVE(&a->waiting, op, link);
		((struct ask *)op)->waits = false;
		batch_add(a, b, (struct ask *)op);
	}
	job->value = b;
	job->release = batch_release;
	a->batches++;
	dir_job_start(job, ERR_OK);
}

static void
asker_pump(struct asker *a)
{
	while (a->batches < BATCHES_MAX && !TAILQ_EMPTY(&a->waiting))
		asker_start_batch(a);
}

static bool
ask_keep_value(struct ask *ask, const char *value, const char **kept)
{
	size_t len = strlen(value);

	if (len == 0 || len > VALUE_MAX || u8_check((const uint8_t *)value, len) != NULL)
		return false;
	*kept = arena_dup(ask->arena, value, len);
	ask->terms++;
	return true;
}

/* A deep copy, with places in one spelling: questions about one place must look alike. */
static bool
ask_keep(struct ask *ask, const struct dir_conf *conf, const struct dir_question *q)
{
	if (q->uid_count > DIR_UIDS_MAX || q->group_count > PERSON_GROUPS_MAX)
		return false;
	for (size_t i = 0; i < q->uid_count; i++)
		if (!ask_keep_value(ask, q->uids[i], &ask->q.uids[ask->q.uid_count++]))
			return false;
	/* A field that the directory does not hold clashes with nothing there. */
	if (q->mail != NULL && conf->attributes[PERSON_MAIL] != NULL &&
	    !ask_keep_value(ask, q->mail, &ask->q.mail))
		return false;
	if (q->phone != NULL && conf->attributes[PERSON_PHONE] != NULL &&
	    !ask_keep_value(ask, q->phone, &ask->q.phone))
		return false;
	if (q->org_unit != NULL && !dir_dn_normalise(q->org_unit, ask->arena, &ask->q.org_unit))
		return false;
	for (size_t i = 0; i < q->group_count; i++)
		if (!dir_dn_normalise(
			q->groups[i], ask->arena, &ask->q.groups[ask->q.group_count++]))
			return false;
	return true;
}

struct dir_op *
dir_ask(struct dir *d, const struct dir_question *q, dir_ask_cb *cb, void *arg)
{
	struct ask *ask = mem_alloc(sizeof(*ask));

	ask->op.dir = d;
	ask->op.is_ask = true;
	ask->op.deadline = dir_now() + d->conf.op_timeout_ms;
	ask->waits = true;
	ask->cb = cb;
	ask->arg = arg;
	ask->arena = arena_new(0);
	if (!ask_keep(ask, &d->conf, q)) {
		ask->q = (struct dir_question){ .uid_count = 0 };
		ask->terms = 0;
		ask->refused =
		    fault_set(&ask->fault, ERR_INVALID, "a name or a DN cannot be looked up");
	}
	TAILQ_INSERT_TAIL(&d->asker->unanswered, ask, unanswered);
	TAILQ_INSERT_TAIL(&d->asker->waiting, &ask->op, link);
	asker_pump(d->asker);
	return &ask->op;
}

void
dir_ask_cancel(struct dir_op *op)
{
	struct ask *ask = (struct ask *)op;
	struct asker *a = op->dir->asker;

	ask_forget(a, ask);
	if (!ask->waits)
		return; /* its batch frees it */
	TAILQ_REMOVE(&a->waiting, op, link);
	ask_free(ask);
}

bool
dir_asker_expire(struct asker *a, int64_t now)
{
	struct ask *ask = (struct ask *)TAILQ_FIRST(&a->waiting);
	struct fault f;
	dir_ask_cb *cb;
	void *arg;

	if (ask == NULL || ask->op.deadline > now)
		return false;
	cb = ask->cb;
	arg = ask->arg;
	dir_watch(a->dir, 0);
	dir_ask_cancel(&ask->op);
	fault_set(&f, ERR_BUSY, "waited too long for the directory");
	cb(arg, ERR_BUSY, NULL, &f);
	return true;
}

/* Before the jobs go: batches keep the questions' memory and find their callbacks gone. */
void
dir_asker_free(struct asker *a)
{
	struct ask *ask;

	while ((ask = TAILQ_FIRST(&a->unanswered)) != NULL)
		dir_ask_cancel(&ask->op);
	for (size_t i = 0; i < PLACES_SEEN; i++)
		free(a->seen[i].dn);
	free(a);
}
