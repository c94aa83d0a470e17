#include "fake_api_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fake_answer {
	struct fake_flow *flow;
	flow_issue_cb *issued;
	flow_change_cb *changed;
	flow_list_cb *listed;
	dir_places_cb *found;
	bool with_token;
	void *arg;
};

struct flow *
fake_flow_of(struct fake_flow *f)
{
	return (struct flow *)f;
}

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
fake_flow_answer(void *arg)
{
	struct fake_answer *a = arg;
	struct fake_flow *f = a->flow;
	struct invitation *list[64];
	struct secret *token = secret_new(FAKE_LINK_TOKEN, strlen(FAKE_LINK_TOKEN));
	bool ok = f->code == ERR_OK;
	struct fault fault = { .text = "" };

	if (!ok)
		fault_set(&fault, f->code, "%s", f->text != NULL ? f->text : "the flow says no");
	for (size_t i = 0; i < f->list_count; i++)
		list[i] = f->inv;
	if (a->issued != NULL)
		a->issued(
		    a->arg, f->code, ok ? f->inv : NULL, ok ? token : NULL, &f->errors, &fault);
	else if (a->changed != NULL)
		a->changed(a->arg, f->code, ok ? f->inv : NULL, ok && a->with_token ? token : NULL,
		    &fault);
	else if (a->listed != NULL)
		a->listed(
		    a->arg, f->code, list, ok ? f->list_count : 0, ok ? f->next : NULL, &fault);
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
flow_show_start(struct flow *flow, const char *id, flow_change_cb *cb, void *arg)
{
	fake_flow_note(flow, id, NULL);
	fake_flow_start(flow, (struct fake_answer){ .changed = cb, .arg = arg });
}

void
flow_list_start(struct flow *flow, const char *after, size_t limit, flow_list_cb *cb, void *arg)
{
	struct fake_flow *f = (struct fake_flow *)flow;

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
