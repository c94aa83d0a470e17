#include "people_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct people_answer people;
const char *people_caller_entry;

static struct world *waiting_world;

struct world *
people_world_new(void)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);

	w->conf.restorable_s = 30 * 86400;
	fake_dir_add_user(w->dir, ADA_DN, ADA, "ada@x.org");
	fake_dir_add_user(w->dir, BOB_DN, BOB, "bob@x.org");
	fake_dir_add_member(w->dir, POETS, ADA_DN);
	fake_dir_add_member(w->dir, CHESS, BOB_DN);
	w->caller.gives_roles = true;
	people_caller_entry = NULL;
	world_crash(w); /* starts with what is configured now */
	return w;
}

/* ---- calls ---- */

static void
people_told(enum err code, const struct field_errors *errors, const struct fault *f)
{
	people.code = code;
	people.count++;
	if (f != NULL)
		memcpy(people.text, f->text, sizeof(people.text));
	if (errors != NULL && errors->count > 0) {
		snprintf(
		    people.first_field, sizeof(people.first_field), "%s", errors->items[0].field);
		snprintf(people.first_code, sizeof(people.first_code), "%s", errors->items[0].code);
		snprintf(people.first_detail, sizeof(people.first_detail), "%s",
		    errors->items[0].detail);
	}
	world_stop_waiting(waiting_world);
}

static void
on_person(void *arg, enum err code, const struct dir_user *user, const struct invitation *inv,
    const struct field_errors *errors, const struct fault *f)
{
	(void)arg;
	if (user != NULL) {
		snprintf(people.id, sizeof(people.id), "%s", user->entry_uuid);
		snprintf(people.dn, sizeof(people.dn), "%s", user->dn);
		snprintf(people.tag, sizeof(people.tag), "%s", user->tag);
		snprintf(people.groups_tag, sizeof(people.groups_tag), "%s", user->groups_tag);
		people.suspended = user->suspended;
	}
	if (inv != NULL)
		memcpy(people.invitation, inv->id, ID_SIZE);
	people_told(code, errors, f);
}

static void
on_removed(void *arg, enum err code, const struct person_removed *removed, const struct fault *f)
{
	(void)arg;
	if (removed != NULL)
		people.removed = *removed;
	people_told(code, NULL, f);
}

static void
on_unit(void *arg, enum err code, const char *dn, const struct field_errors *errors,
    const struct fault *f)
{
	(void)arg;
	snprintf(people.dn, sizeof(people.dn), "%s", dn != NULL ? dn : "");
	people_told(code, errors, f);
}

static const struct flow_caller *
people_begin_call(struct world *w)
{
	static struct flow_caller caller = { .name = "uid:0", .request_id = "r-1" };

	memset(&people, 0, sizeof(people));
	waiting_world = w;
	caller.entry = people_caller_entry;
	caller.source = w->caller.source;
	caller.reach = w->caller.reach;
	caller.gives_roles = w->caller.gives_roles;
	return &caller;
}

static enum err
people_wait(struct world *w)
{
	assert_int_equal(people.count, 0); /* never before the starting call has returned */
	while (people.count == 0)
		world_wait(w);
	assert_int_equal(people.count, 1);
	return people.code;
}

enum err
people_show(struct world *w, const char *id)
{
	const struct flow_caller *c = people_begin_call(w);

	flow_person_show(w->flow, id, c, on_person, NULL);
	return people_wait(w);
}

enum err
people_change(
    struct world *w, const char *id, enum person_field field, const char *value, const char *tag)
{
	struct person_change change = { .tag = tag };

	change.value[field] = value;
	flow_person_change(w->flow, id, &change, people_begin_call(w), on_person, NULL);
	return people_wait(w);
}

enum err
people_set_groups_so(
    struct world *w, const char *id, const char *const *groups, struct person_change change)
{
	change.groups = groups;
	while (groups[change.group_count] != NULL)
		change.group_count++;
	flow_person_change(w->flow, id, &change, people_begin_call(w), on_person, NULL);
	return people_wait(w);
}

enum err
people_set_groups(struct world *w, const char *id, const char *const *groups)
{
	return people_set_groups_so(w, id, groups, (struct person_change){ .tag = NULL });
}

enum err
people_suspend(struct world *w, const char *id, bool suspended)
{
	return people_suspend_so(w, id, suspended, NULL);
}

enum err
people_suspend_so(struct world *w, const char *id, bool suspended, const char *tag)
{
	flow_person_suspend(w->flow, id, suspended, tag, people_begin_call(w), on_person, NULL);
	return people_wait(w);
}

enum err
people_remove(struct world *w, const char *id)
{
	return people_remove_so(w, id, (struct person_removal){ .tag = NULL });
}

enum err
people_remove_so(struct world *w, const char *id, struct person_removal how)
{
	flow_person_remove(w->flow, id, &how, people_begin_call(w), on_removed, NULL);
	return people_wait(w);
}

enum err
people_restore(struct world *w, const char *id)
{
	flow_person_restore(w->flow, id, people_begin_call(w), on_person, NULL);
	return people_wait(w);
}

enum err
people_unit_add(struct world *w, const char *parent, const char *name)
{
	flow_org_unit_add(w->flow, parent, name, NULL, people_begin_call(w), on_unit, NULL);
	return people_wait(w);
}

enum err
people_unit_change(struct world *w, const char *id, const char *name)
{
	return people_unit_set(w, id, name, NULL);
}

enum err
people_unit_set(struct world *w, const char *id, const char *name, const char *description)
{
	flow_org_unit_change(w->flow, id, name, description, people_begin_call(w), on_unit, NULL);
	return people_wait(w);
}

enum err
people_unit_delete(struct world *w, const char *id)
{
	flow_org_unit_delete(w->flow, id, people_begin_call(w), on_unit, NULL);
	return people_wait(w);
}

void
people_start(struct world *w, const char *verb)
{
	const struct flow_caller *c = people_begin_call(w);
	const struct person_removal how = { .tag = NULL };
	struct person_change change = { .value = { [PERSON_POSITION] = "Countess" } };

	if (strcmp(verb, "remove") == 0)
		flow_person_remove(w->flow, ADA, &how, c, on_removed, NULL);
	else if (strcmp(verb, "restore") == 0)
		flow_person_restore(w->flow, ADA, c, on_person, NULL);
	else if (strcmp(verb, "suspend") == 0)
		flow_person_suspend(w->flow, ADA, true, NULL, c, on_person, NULL);
	else if (strcmp(verb, "change") == 0)
		flow_person_change(w->flow, ADA, &change, c, on_person, NULL);
	else if (strcmp(verb, "groups") == 0) {
		static const char *const groups[] = { CHESS };

		change = (struct person_change){ .groups = groups, .group_count = 1 };
		flow_person_change(w->flow, ADA, &change, c, on_person, NULL);
	} else if (strcmp(verb, "unit_add") == 0)
		flow_org_unit_add(w->flow, "dc=example", "poems", NULL, c, on_unit, NULL);
	else if (strcmp(verb, "unit_change") == 0)
		flow_org_unit_change(w->flow, ENGINES_ID, "motors", NULL, c, on_unit, NULL);
	else if (strcmp(verb, "unit_delete") == 0)
		flow_org_unit_delete(w->flow, ENGINES_ID, c, on_unit, NULL);
	else
		fail_msg("no verb %s", verb);
}

void
people_start_change(struct world *w, const char *id, const struct person_change *change)
{
	flow_person_change(w->flow, id, change, people_begin_call(w), on_person, NULL);
}

/* ---- what is in the store ---- */

struct scan {
	struct world *w;
	const char *word, *also; /* what a value must have; NULL: nothing */
	size_t keys, found;
	bool done;
};

static void
on_scanned(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct scan *s = arg;

	(void)revision, (void)f;
	assert_int_equal(code, ERR_OK);
	assert_false(more);
	s->keys = count;
	for (size_t i = 0; i < count && s->word != NULL; i++) {
		char *plain = mem_alloc(items[i].value.len + 1);
		struct fault own;
		size_t len;

		assert_int_equal(seal_open(s->w->seal, items[i].key.data, items[i].key.len,
				     items[i].value.data, items[i].value.len, plain, &len, &own),
		    ERR_OK);
		s->found += strstr(plain, s->word) != NULL &&
			    (s->also == NULL || strstr(plain, s->also) != NULL);
		free(plain);
	}
	s->done = true;
	world_stop_waiting(s->w);
}

static struct scan
people_scan(struct world *w, const char *prefix, const char *word, const char *also)
{
	struct scan s = { .w = w, .word = word, .also = also };

	kv_range(w->memory, kv_text(prefix), kv_text(""), KV_RANGE_MAX, on_scanned, &s);
	while (!s.done)
		world_wait(w); /* another answer may come first */
	return s;
}

size_t
people_audit_says(struct world *w, const char *event, const char *also)
{
	char word[256];

	snprintf(word, sizeof(word), "\"event\":\"%s\"", event);
	return people_scan(w, "audit/", word, also).found;
}

size_t
people_audits(struct world *w, const char *event)
{
	return people_audit_says(w, event, NULL);
}

size_t
people_keys(struct world *w, const char *prefix)
{
	return people_scan(w, prefix, NULL, NULL).keys;
}

size_t
people_says(struct world *w, const char *word)
{
	return people_scan(w, "", word, NULL).found;
}

static bool
nothing_is_left(struct world *w, void *arg)
{
	(void)arg;
	return people_keys(w, "job/") == 0;
}

void
people_settle_all(struct world *w, bool crash)
{
	fake_kv_fail(w->kv, 0, FAKE_KV_FINE);
	if (crash)
		world_crash(w);
	people_settle_meeting(w, FAKE_FINE, ERR_OK);
}

void
people_settle_meeting(struct world *w, enum fake_fault fault, enum err code)
{
	fake_dir_fail(w->dir, fault == FAKE_FINE ? 0 : 1, fault, code);
	w->now += dir_settle_ms(w->dir) + 1000;
	fake_dir_set_up(w->dir, true); /* wakes the resolver */
	assert_true(world_until(w, nothing_is_left, NULL));
}
