/* One look at all that is stored about people who are gone: what is kept for a restore > finished
 * invitations > the audit trail. Values are sealed and no index holds a name in clear, so each is
 * read; this is no everyday call. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <jansson.h>

#include "base/json.h"
#include "dir/dir_user.h"
#include "flow/erase_private.h"

/* ---- by which name? ---- */

/* A name that leads on must tell people apart. Uids do. Addresses are shared and pass from hand to
 * hand, so one counts only when it is what the caller said; and somebody's personal address only
 * when nobody is known by it otherwise. */
typedef const struct erase_known *walk_match(const struct erasure *e, const char *text);

static const struct erase_known *
walk_match_any(const struct erasure *e, const char *text)
{
	return erase_find(&e->names, text);
}

static const struct erase_known *
walk_match_asked(const struct erasure *e, const char *text)
{
	const struct erase_known *k = erase_find(&e->names, text);

	return k != NULL && k->asked ? k : NULL;
}

/* Whose personal address was asked for is one person, or it says nothing. */
static const struct erase_known *
walk_by_address(struct erasure *e, const struct erase_known *by, const char *uid)
{
	if (!e->by_address || by == NULL)
		return NULL;
	if (e->address_uid == NULL)
		e->address_uid = arena_strdup(e->arena, uid != NULL ? uid : "");
	else if (strcasecmp(e->address_uid, uid != NULL ? uid : "") != 0)
		e->is_shared = true;
	return by;
}

static const struct erase_known *
walk_by_person(const struct erasure *e, const struct person *p)
{
	const struct erase_known *by = walk_match_any(e, p->value[PERSON_UID]);

	return by != NULL ? by : walk_match_asked(e, p->value[PERSON_MAIL]);
}

/* ---- what is kept for a restore ---- */

static void walk_trash_next(struct erasure *e);
static void walk_invitations(struct erasure *e);
static void walk_records(struct erasure *e);

/* `saved` NULL: it cannot be read. */
static void
walk_look_at_trash(struct erasure *e, const struct store_trash *t, const struct secret *saved)
{
	struct arena *scratch = arena_new(0); /* entries may be many, and large */
	struct person names = { .group_count = 0 };
	const struct erase_known *by = erase_find(&e->ids, t->id);
	struct erase_known *id;

	if (saved != NULL && !dir_saved_names(e->task.flow->conf.dir, saved, scratch, &names))
		names = (struct person){ .group_count = 0 };
	if (by == NULL)
		by = walk_by_person(e, &names);
	if (by == NULL) {
		arena_free(scratch);
		return;
	}
	id = erase_add(e, &e->ids, t->id, by);
	if (id != NULL)
		id->trash = arena_dup(e->arena, t, sizeof(*t));
	e->is_known = true;
	erase_add(e, &e->names, names.value[PERSON_UID], by);
	erase_add(e, &e->names, names.value[PERSON_MAIL], by);
	arena_free(scratch);
}

static void
walk_on_trash(void *arg, enum err code, const struct store_trash *t, const struct secret *saved,
    const struct fault *f)
{
	struct erasure *e = arg;

	(void)t;
	e->task.op = NULL;
	if (code == ERR_OK || code == ERR_CORRUPT)
		walk_look_at_trash(e, &e->page[e->at], code == ERR_OK ? saved : NULL);
	if (code == ERR_OK || code == ERR_CORRUPT || code == ERR_NOT_FOUND) {
		e->at++;
		walk_trash_next(e);
	} else
		erase_finish(e, code, f->text);
}

static void
walk_on_trashes(void *arg, enum err code, const struct store_trash *list, size_t count,
    const char *next, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		erase_finish(e, code, f->text);
		return;
	}
	e->after = arena_strdup(e->arena, next);
	e->page_count = e->at = 0;
	for (size_t i = 0; i < count; i++) {
		e->page[e->page_count] = list[i];
		e->page[e->page_count].dn = e->page[e->page_count].by = NULL;
		e->page[e->page_count].names = NULL;
		e->page_count++;
	}
	walk_trash_next(e);
}

static void
walk_trash(struct erasure *e)
{
	e->task.op =
	    store_trash_list(e->task.flow->conf.store, e->after, ERASE_PAGE, walk_on_trashes, e);
}

static void
walk_trash_next(struct erasure *e)
{
	if (e->at < e->page_count)
		e->task.op =
		    store_trash_load(e->task.flow->conf.store, e->page[e->at].id, walk_on_trash, e);
	else if (e->after != NULL)
		walk_trash(e);
	else
		walk_invitations(e);
}

/* ---- invitations ---- */

/* An Add that nobody waited for any more may still arrive. */
static bool
walk_may_become_a_user(const struct erasure *e, const struct invitation *inv)
{
	return inv->state != INVITATION_DONE && inv->add_sent &&
	       flow_now(e->task.flow) - inv->done_at < FLOW_LATE_MS;
}

/* One that is open, by a name that led here, is somebody's who is there. */
static enum err
walk_look_at_invitation(struct erasure *e, const struct invitation *inv)
{
	const struct erase_known *by = erase_find(&e->ids, inv->id);
	struct erase_known *id;

	if (by == NULL)
		by = walk_by_person(e, &inv->person);
	if (by == NULL)
		by = walk_by_address(
		    e, walk_match_asked(e, inv->personal_mail), inv->person.value[PERSON_UID]);
	if (by == NULL)
		return ERR_OK;
	if (!invitation_is_final(inv->state))
		return by->asked ? ERR_CONFLICT : ERR_OK;
	if (walk_may_become_a_user(e, inv))
		return ERR_BUSY;
	id = erase_add(e, &e->ids, inv->id, by);
	if (id != NULL)
		id->is_invitation = true;
	e->is_known = true;
	erase_add(e, &e->names, inv->person.value[PERSON_UID], by);
	erase_add(e, &e->names, inv->person.value[PERSON_MAIL], by);
	return ERR_OK;
}

static void
walk_on_invitations(void *arg, enum err code, struct invitation *const *list, size_t count,
    bool more, const char *next, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		erase_finish(e, code, f->text);
		return;
	}
	for (size_t i = 0; code == ERR_OK && i < count; i++)
		code = walk_look_at_invitation(e, list[i]);
	if (code != ERR_OK) {
		erase_finish(e, code,
		    code == ERR_CONFLICT
			? "there is an open invitation: revoke the invitation first"
			: "a registration that was given up may still arrive: try again in two "
			  "minutes");
		return;
	}
	e->after = more ? arena_strdup(e->arena, next) : NULL;
	if (more)
		walk_invitations(e);
	else
		walk_records(e);
}

static void
walk_invitations(struct erasure *e)
{
	e->task.op = store_list(
	    e->task.flow->conf.store, e->after, ERASE_PAGE, false, walk_on_invitations, e);
}

/* ---- the audit trail ---- */

/* The first name that matches in a value, whatever it is made of. */
static const struct erase_known *
walk_says(const struct erasure *e, json_t *v, walk_match *match)
{
	const struct erase_known *found = match(e, json_string_value(v));
	const char *name;
	json_t *member;
	size_t i;

	json_object_foreach(v, name, member)
	{
		if (found == NULL)
			found = walk_says(e, member, match);
	}
	json_array_foreach(v, i, member)
	{
		if (found == NULL)
			found = walk_says(e, member, match);
	}
	return found;
}

/* The same in the members of this name, now or before, wherever they stand. */
static const struct erase_known *
walk_member_says(const struct erasure *e, json_t *v, const char *wanted, walk_match *match)
{
	const struct erase_known *found = NULL;
	const char *name;
	json_t *member;

	json_object_foreach(v, name, member)
	{
		if (found == NULL)
			found = strcmp(name, wanted) == 0
				    ? walk_says(e, member, match)
				    : walk_member_says(e, member, wanted, match);
	}
	return found;
}

static const struct erase_known *
walk_by_record(struct erasure *e, json_t *personal)
{
	const struct erase_known *by = walk_member_says(e, personal, "uid", walk_match_any);

	if (by == NULL)
		by = walk_member_says(e, personal, "mail", walk_match_asked);
	if (by == NULL)
		by = walk_by_address(e,
		    walk_member_says(e, personal, "personal_mail", walk_match_asked),
		    json_string_of(personal, "uid"));
	return by;
}

static void
walk_add_strings(struct erasure *e, json_t *v, const struct erase_known *by)
{
	const char *name;
	json_t *member;
	size_t i;

	erase_add(e, &e->names, json_string_value(v), by);
	json_object_foreach(v, name, member)
	{
		walk_add_strings(e, member, by);
	}
	json_array_foreach(v, i, member)
	{
		walk_add_strings(e, member, by);
	}
}

/* A uid or a mail address, now or before, wherever it stands: their names. A personal address is
 * none, for others may share it. */
static void
walk_add_names(struct erasure *e, json_t *v, const struct erase_known *by)
{
	const char *name;
	json_t *member;

	json_object_foreach(v, name, member)
	{
		if (strcmp(name, "uid") == 0 || strcmp(name, "mail") == 0)
			walk_add_strings(e, member, by);
		else
			walk_add_names(e, member, by);
	}
}

static bool
walk_is_about_somebody(const struct audit_record *r)
{
	return r->subject_id != NULL && r->subject != NULL &&
	       (strcmp(r->subject, "user") == 0 || strcmp(r->subject, "invitation") == 0);
}

static void
walk_add_subject(struct erasure *e, const char *id, const struct erase_known *by)
{
	if (by != NULL)
		erase_add(e, &e->ids, id, by);
}

static void
walk_look_at_record(struct erasure *e, const struct audit_record *r)
{
	const bool is_about = walk_is_about_somebody(r);
	const struct erase_known *by = is_about ? erase_find(&e->ids, r->subject_id) : NULL;
	struct fault ignored;
	json_t *personal =
	    r->personal != NULL ? json_read(r->personal, strlen(r->personal), &ignored) : NULL;

	if (by != NULL)
		walk_add_names(e, personal, by);
	else if (is_about) /* whoever it is, their names count once they are known to be gone */
		walk_add_subject(e, r->subject_id, walk_by_record(e, personal));
	e->is_known = e->is_known || by != NULL || erase_find(&e->ids, r->person) != NULL;
	json_decref(personal);
}

static void
walk_on_records(void *arg, enum err code, const struct audit_record *list, size_t count,
    const char *next, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		erase_finish(e, code, f->text);
		return;
	}
	for (size_t i = 0; i < count; i++)
		walk_look_at_record(e, &list[i]);
	e->after = arena_strdup(e->arena, next);
	if (e->after != NULL)
		walk_records(e);
	else
		e->walked(e);
}

static void
walk_records(struct erasure *e)
{
	const struct audit_query q = {
		.oldest_first = true, .after = e->after, .limit = AUDIT_LIST_MAX
	};

	e->task.op = store_audit_list(e->task.flow->conf.store, &q, walk_on_records, e);
}

void
erase_walk(struct erasure *e, erase_step *next)
{
	e->walked = next;
	e->after = NULL;
	walk_trash(e);
}
