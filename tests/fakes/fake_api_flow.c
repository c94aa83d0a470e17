#include "fake_api_flow.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fake_answer {
	struct fake_flow *flow;
	flow_issue_cb *issued;
	flow_preflight_cb *looked;
	flow_change_cb *changed;
	flow_list_cb *listed;
	dir_places_cb *found;
	flow_person_cb *person;
	flow_removed_cb *removed;
	flow_trash_cb *trash;
	flow_org_unit_cb *org_unit;
	flow_details_cb *details;
	flow_resend_cb *resent;
	flow_amend_cb *amended;
	flow_bounce_cb *bounced;
	flow_item_cb *item;
	flow_mail_test_cb *tried;
	store_outbox_cb *queue;
	bool with_token;
	void *arg;
};

struct flow *
fake_flow_of(struct fake_flow *f)
{
	return (struct flow *)f;
}

static const struct person fake_person = {
	.value = { [PERSON_GIVEN_NAME] = "Grace",
	    [PERSON_FAMILY_NAME] = "Hopper",
	    [PERSON_DISPLAY_NAME] = "Rear Admiral Hopper",
	    [PERSON_GENDER] = "female",
	    [PERSON_BIRTHDAY] = "1906-12-09",
	    [PERSON_MAIL] = "grace@example.org",
	    [PERSON_LANGUAGE] = "en",
	    [PERSON_UID] = "grace" },
	.groups = { "cn=navy,dc=example,dc=org" },
	.group_count = 1,
};

const struct dir_user fake_user = { .dn = "uid=grace,ou=Navy,dc=example,dc=org",
	.entry_uuid = FAKE_USER_ID,
	.person = &fake_person,
	.group_count = 1,
	.tag = "20261126120000.000000Z#000000#000#000000",
	.groups_tag = "0123456789abcdef",
	.registered_at = 1600000000,
	.last_activity_at = 1700000000,
	.last_activity_source = "authTimestamp" };

struct invitation *
fake_invitation_new(int64_t created_at)
{
	static const char *const values[PERSON_FIELD_COUNT] = {
		[PERSON_GIVEN_NAME] = "Ada \"Countess\"\t",
		[PERSON_FAMILY_NAME] = "Lovelace",
		[PERSON_DISPLAY_NAME] = "Ada Lovelace",
		[PERSON_GENDER] = "female",
		[PERSON_BIRTHDAY] = "1985-12-10",
		[PERSON_MAIL] = "ada@example.org",
		[PERSON_ORG_UNIT] = "ou=Analytics,dc=example,dc=org",
		[PERSON_UID] = "ada.lovelace",
	};
	struct invitation *inv = invitation_new();

	strcpy(inv->id, FAKE_ID);
	memcpy(inv->person.value, values, sizeof(values));
	inv->person.groups[inv->person.group_count++] = "cn=staff,dc=example,dc=org";
	inv->modes[PERSON_PHONE] = FIELD_FREE;
	inv->method = INVITATION_BY_LINK;
	inv->created_at = created_at;
	inv->expires_at = created_at + 3600 * 1000;
	inv->created_by = "uid:0";
	inv->dn = "uid=ada.lovelace,ou=Analytics,dc=example,dc=org";
	inv->timeline[inv->timeline_count++] = (struct invitation_entry){
		.at = created_at, .event = INVITATION_EV_ISSUE, .detail = NULL
	};
	return inv;
}

static void
fake_flow_answer_mail(struct fake_answer *a, const struct fault *fault)
{
	struct fake_flow *f = a->flow;
	struct delivery *empty = delivery_new();
	const struct delivery *d = f->delivery != NULL ? f->delivery : empty;
	bool ok = f->code == ERR_OK;

	if (a->details != NULL)
		a->details(a->arg, f->code, ok ? f->inv : NULL, ok ? d : NULL, fault);
	else if (a->resent != NULL)
		a->resent(
		    a->arg, f->code, ok ? f->inv : NULL, ok ? d : NULL, f->retry_after_s, fault);
	else if (a->amended != NULL)
		a->amended(a->arg, f->code, f->inv, ok ? d : NULL, &f->errors, fault);
	else if (a->bounced != NULL)
		a->bounced(a->arg, f->code, ok ? &f->dsn : NULL, fault);
	else if (a->item != NULL)
		a->item(a->arg, f->code, fault);
	else if (a->tried != NULL)
		a->tried(a->arg, f->code, ok ? &f->report : NULL, fault);
	else
		a->queue(
		    a->arg, f->code, f->items, ok ? f->list_count : 0, ok ? f->next : NULL, fault);
	delivery_free(empty);
}

static void
fake_flow_answer(void *arg)
{
	struct fake_answer *a = arg;
	struct fake_flow *f = a->flow;
	struct invitation *list[64];
	struct secret *token = secret_new(FAKE_LINK_TOKEN, strlen(FAKE_LINK_TOKEN));
	bool ok = f->code == ERR_OK;
	struct fault fault = { .text = "" };

	if (!ok || f->text != NULL)
		fault_set(&fault, f->code, "%s", f->text != NULL ? f->text : "the flow says no");
	for (size_t i = 0; i < f->list_count && i < sizeof(list) / sizeof(list[0]); i++)
		list[i] = f->inv;
	if (a->issued != NULL)
		a->issued(a->arg, f->code, ok ? f->inv : NULL,
		    ok && f->inv->method == INVITATION_BY_LINK ? token : NULL, &f->errors, &fault);
	else if (a->looked != NULL)
		a->looked(a->arg, f->code, ok ? f->uid : NULL, &f->errors, &fault);
	else if (a->changed != NULL)
		a->changed(a->arg, f->code, ok ? f->inv : NULL, ok && a->with_token ? token : NULL,
		    &fault);
	else if (a->listed != NULL)
		a->listed(
		    a->arg, f->code, list, ok ? f->list_count : 0, ok ? f->next : NULL, &fault);
	else if (a->person != NULL)
		a->person(a->arg, f->code, ok ? f->user : NULL, ok ? f->person_inv : NULL,
		    &f->errors, &fault);
	else if (a->trash != NULL)
		a->trash(a->arg, f->code, f->deleted, ok ? f->deleted_count : 0,
		    ok ? f->next : NULL, &fault);
	else if (a->removed != NULL)
		a->removed(a->arg, f->code, ok ? &f->removed : NULL, &fault);
	else if (a->org_unit != NULL)
		a->org_unit(
		    a->arg, f->code, ok ? "ou=New,dc=example,dc=org" : NULL, &f->errors, &fault);
	else if (a->found == NULL)
		fake_flow_answer_mail(a, &fault);
	else
		a->found(a->arg, f->code, ok ? f->places : NULL, ok ? f->place_count : 0, &fault);
	secret_free(token);
	free(a);
}

static void
fake_flow_start(struct flow *flow, struct fake_answer answer)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	f->calls++;
	answer.flow = f;
	loop_defer(f->loop, fake_flow_answer, mem_dup(&answer, sizeof(answer)));
}

static void
fake_flow_note(struct flow *flow, const char *id, const struct flow_caller *caller)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	snprintf(f->id, sizeof(f->id), "%s", id);
	snprintf(f->caller, sizeof(f->caller), "%s", caller != NULL ? caller->name : "");
	snprintf(
	    f->request_id, sizeof(f->request_id), "%s", caller != NULL ? caller->request_id : "");
}

void
flow_issue_start(struct flow *flow, const struct issue_spec *spec, const struct flow_caller *caller,
    flow_issue_cb *cb, void *arg)
{
	((struct fake_flow *)flow)->spec = *spec;
	fake_flow_note(flow, "", caller);
	fake_flow_start(flow, (struct fake_answer){ .issued = cb, .arg = arg });
}

void
flow_preflight_start(struct flow *flow, const struct issue_spec *spec, bool is_complete,
    const struct flow_caller *caller, flow_preflight_cb *cb, void *arg)
{
	((struct fake_flow *)flow)->spec = *spec;
	((struct fake_flow *)flow)->is_complete = is_complete;
	fake_flow_note(flow, "", caller);
	fake_flow_start(flow, (struct fake_answer){ .looked = cb, .arg = arg });
}

struct flow_settings
flow_settings(const struct flow *flow)
{
	return ((const struct fake_flow *)flow)->settings;
}

void
flow_revoke_start(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_change_cb *cb, void *arg)
{
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .changed = cb, .arg = arg });
}

void
flow_relink_start(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_change_cb *cb, void *arg)
{
	fake_flow_note(flow, id, caller);
	fake_flow_start(
	    flow, (struct fake_answer){ .changed = cb, .with_token = true, .arg = arg });
}

void
flow_list_start(struct flow *flow, const char *after, size_t limit,
    const struct flow_caller *caller, flow_list_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	fake_flow_note(flow, "", caller);
	snprintf(f->after, sizeof(f->after), "%s", after != NULL ? after : "");
	f->limit = limit;
	fake_flow_start(flow, (struct fake_answer){ .listed = cb, .arg = arg });
}

void
flow_org_units_start(struct flow *flow, dir_places_cb *cb, void *arg)
{
	fake_flow_start(flow, (struct fake_answer){ .found = cb, .arg = arg });
}

void
flow_groups_start(struct flow *flow, dir_places_cb *cb, void *arg)
{
	fake_flow_start(flow, (struct fake_answer){ .found = cb, .arg = arg });
}

/* ---- people ---- */

void
flow_trash_list(struct flow *flow, const char *cursor, size_t limit,
    const struct flow_caller *caller, flow_trash_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	fake_flow_note(flow, "", caller);
	snprintf(f->after, sizeof(f->after), "%s", cursor != NULL ? cursor : "");
	f->limit = limit;
	fake_flow_start(flow, (struct fake_answer){ .trash = cb, .arg = arg });
}

void
flow_person_show(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_person_cb *cb, void *arg)
{
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .person = cb, .arg = arg });
}

static const char *
fake_flow_keep(struct fake_flow *f, size_t i, const char *s)
{
	snprintf(f->said[i], sizeof(f->said[i]), "%s", s != NULL ? s : "");
	return s != NULL ? f->said[i] : NULL;
}

void
flow_person_change(struct flow *flow, const char *id, const struct person_change *change,
    const struct flow_caller *caller, flow_person_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		f->change.value[i] = fake_flow_keep(f, i, change->value[i]);
	f->change.tag = fake_flow_keep(f, PERSON_FIELD_COUNT, change->tag);
	f->change.groups_tag = fake_flow_keep(f, PERSON_FIELD_COUNT + 1, change->groups_tag);
	f->gives_roles = caller->gives_roles;
	snprintf(f->groups, sizeof(f->groups), "%s", change->groups == NULL ? "-" : "");
	for (size_t i = 0; change->groups != NULL && i < change->group_count; i++)
		snprintf(f->groups + strlen(f->groups), sizeof(f->groups) - strlen(f->groups),
		    "%s;", change->groups[i]);
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .person = cb, .arg = arg });
}

void
flow_person_suspend(struct flow *flow, const char *id, bool suspended, const char *tag,
    const struct flow_caller *caller, flow_person_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	f->suspended = suspended;
	f->change.tag = fake_flow_keep(f, PERSON_FIELD_COUNT, tag);
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .person = cb, .arg = arg });
}

void
flow_person_restore(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_person_cb *cb, void *arg)
{
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .person = cb, .arg = arg });
}

void
flow_person_remove(struct flow *flow, const char *id, const struct person_removal *how,
    const struct flow_caller *caller, flow_removed_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	f->removal = *how;
	f->removal.tag = fake_flow_keep(f, PERSON_FIELD_COUNT, how->tag);
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .removed = cb, .arg = arg });
}

static void
fake_flow_org_unit(struct flow *flow, const char *id, const char *parent, const char *name,
    const char *description, const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	f->parent = fake_flow_keep(f, 0, parent);
	f->name = fake_flow_keep(f, 1, name);
	f->description = fake_flow_keep(f, 2, description);
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .org_unit = cb, .arg = arg });
}

void
flow_org_unit_add(struct flow *flow, const char *parent, const char *name, const char *description,
    const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg)
{
	fake_flow_org_unit(flow, "", parent, name, description, caller, cb, arg);
}

void
flow_org_unit_change(struct flow *flow, const char *id, const char *name, const char *description,
    const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg)
{
	fake_flow_org_unit(flow, id, NULL, name, description, caller, cb, arg);
}

void
flow_org_unit_delete(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_org_unit_cb *cb, void *arg)
{
	fake_flow_org_unit(flow, id, NULL, NULL, NULL, caller, cb, arg);
}

/* ---- mail ---- */

void
flow_details_start(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_details_cb *cb, void *arg)
{
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .details = cb, .arg = arg });
}

void
flow_resend_start(struct flow *flow, const char *id, bool void_links,
    const struct flow_caller *caller, flow_resend_cb *cb, void *arg)
{
	((struct fake_flow *)flow)->void_links = void_links;
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .resent = cb, .arg = arg });
}

void
flow_amend_start(struct flow *flow, const char *id, const struct amend_spec *spec,
    const struct flow_caller *caller, flow_amend_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	f->amend = *spec;
	f->amend.personal_mail = fake_flow_keep(f, 0, spec->personal_mail);
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .amended = cb, .arg = arg });
}

void
flow_bounce_start(struct flow *flow, const char *message, size_t len, const char *recipient,
    const struct flow_caller *caller, flow_bounce_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	assert(len < sizeof(f->message));
	memcpy(f->message, message, len);
	f->message[len] = '\0';
	f->message_len = len;
	f->recipient = fake_flow_keep(f, 0, recipient);
	fake_flow_note(flow, "", caller);
	fake_flow_start(flow, (struct fake_answer){ .bounced = cb, .arg = arg });
}

void
flow_mail_status(const struct flow *flow, struct flow_mail_status *out)
{
	*out = ((const struct fake_flow *)flow)->mail_status;
}

void
flow_queue_list_start(struct flow *flow, enum outbox_queue queue, const char *after, size_t limit,
    store_outbox_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	assert(queue == OUTBOX_MAILS);
	snprintf(f->after, sizeof(f->after), "%s", after != NULL ? after : "");
	f->limit = limit;
	fake_flow_start(flow, (struct fake_answer){ .queue = cb, .arg = arg });
}

void
flow_queue_retry_start(struct flow *flow, enum outbox_queue queue, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	assert(queue == OUTBOX_MAILS);
	fake_flow_note(flow, id, caller);
	fake_flow_start(flow, (struct fake_answer){ .item = cb, .arg = arg });
}

void
flow_queue_retry_all(struct flow *flow, enum outbox_queue queue, const struct flow_caller *caller)
{
	struct fake_flow *f = (struct fake_flow *)flow;

	assert(queue == OUTBOX_MAILS);
	fake_flow_note(flow, "", caller);
	f->all_again = true;
	f->calls++;
}

void
flow_queue_drop_start(struct flow *flow, enum outbox_queue queue, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	flow_queue_retry_start(flow, queue, id, caller, cb, arg);
}

static void
fake_flow_try(struct fake_flow *f, const char *kind, const char *language, const char *to)
{
	f->kind = fake_flow_keep(f, 0, kind);
	f->language = fake_flow_keep(f, 1, language);
	f->to = fake_flow_keep(f, 2, to);
}

enum err
flow_mail_preview(struct flow *flow, const char *kind, const char *language, const char *to,
    struct mail **out, struct fault *fault)
{
	struct fake_flow *f = (struct fake_flow *)flow;
	struct mail *m;

	f->calls++;
	fake_flow_try(f, kind, language, to);
	if (f->code != ERR_OK)
		return fault_set(fault, f->code, "%s", f->text != NULL ? f->text : "no");
	m = mail_new();
	m->from = arena_strdup(m->arena, "b-1@example.org");
	m->to = arena_strdup(m->arena, "ada@example.net");
	m->text = arena_strdup(m->arena, "Hello Ada,\r\n");
	m->html = arena_strdup(m->arena, "<p>Hello Ada,</p>");
	if (mail_add_header(m, "Subject", "Gr\xc3\xbc\xc3\x9f dich", fault) != ERR_OK ||
	    mail_add_header(m, "Content-Language", "de", fault) != ERR_OK)
		abort();
	*out = m;
	return ERR_OK;
}

void
flow_mail_test_start(struct flow *flow, const char *kind, const char *language, const char *to,
    const struct flow_caller *caller, flow_mail_test_cb *cb, void *arg)
{
	fake_flow_note(flow, "", caller);
	fake_flow_try((struct fake_flow *)flow, kind, language, to);
	fake_flow_start(flow, (struct fake_answer){ .tried = cb, .arg = arg });
}

/* Lower case stands for the one spelling. */
bool
flow_dn_normalise(const char *dn, struct arena *arena, const char **normal)
{
	char *copy = arena_strdup(arena, dn);

	if (strchr(dn, '=') == NULL)
		return false;
	for (char *p = copy; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	*normal = copy;
	return true;
}
