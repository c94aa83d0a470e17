/* What the directory is asked about a new invitation, and what its answer says: by one question, as
 * questions that come together are answered together. */
#include <string.h>

#include "flow/issue_private.h"
#include "invite/uid.h"

bool
issue_has_uid(const struct issue_check *c)
{
	const struct person *p = &c->inv->person;

	if (c->inv->uid_fixed)
		return p->value[PERSON_UID] != NULL;
	return !c->is_draft || uid_has_parts(c->flow->conf.uid_template, p);
}

bool
issue_ask_uids(struct issue_check *c, struct dir_question *q)
{
	const struct person *p = &c->inv->person;

	q->org_unit = p->value[PERSON_ORG_UNIT];
	if (c->inv->uid_fixed) {
		q->uids[q->uid_count++] = p->value[PERSON_UID];
		return true;
	}
	if (!flow_names_more(&c->names, c->flow->conf.uid_template, p)) {
		c->clash = true;
		field_errors_add(
		    &c->errors, "uid", "taken", "every candidate is taken: choose one");
		return false;
	}
	for (size_t i = 0; i < c->names.count; i++)
		q->uids[q->uid_count++] = c->names.uid[i];
	return true;
}

void
issue_ask_rest(const struct issue_check *c, struct dir_question *q)
{
	const struct person *p = &c->inv->person;

	q->mail = p->value[PERSON_MAIL];
	q->phone = p->value[PERSON_PHONE];
	q->org_unit = p->value[PERSON_ORG_UNIT];
	memcpy(q->groups, p->groups, p->group_count * sizeof(p->groups[0]));
	q->group_count = p->group_count;
}

void
issue_read_uids(struct issue_check *c, const struct dir_answer *a)
{
	if (c->inv->uid_fixed && a->uid_taken[0])
		issue_taken(c, PERSON_UID);
	for (size_t i = 0; i < c->names.count; i++)
		c->free_uid[i] = !a->uid_taken[i];
}

/* What is out of reach is answered like what is not there, and was asked about all the same. */
void
issue_read_rest(struct issue_check *c, const struct dir_answer *a)
{
	const struct person *p = &c->inv->person;
	const char *owner = c->inv->owner, *place = p->value[PERSON_ORG_UNIT];

	if (place != NULL && (a->org_unit_missing || !flow_reaches(&c->by, place, owner))) {
		c->invalid = true;
		field_errors_add(&c->errors, "org_unit", "not_found",
		    "the directory has no such organizational unit");
	}
	if (!flow_groups_are_there(&c->groups, a, &c->by, owner, c->inv->arena, &c->errors))
		c->invalid = true;
	issue_check_roles(c);
	if (a->mail_taken)
		issue_taken(c, PERSON_MAIL);
	if (a->phone_taken)
		issue_taken(c, PERSON_PHONE);
}

bool
issue_pick_uid(struct issue_check *c)
{
	struct flow_names *n = &c->names;

	if (c->inv->uid_fixed)
		return true;
	while (n->next < n->count) {
		size_t i = n->next++;

		if (!c->free_uid[i])
			continue;
		c->inv->person.value[PERSON_UID] = arena_strdup(c->inv->arena, n->uid[i]);
		return true;
	}
	return false;
}
