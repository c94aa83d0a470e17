/* What the rules say of a new invitation, before anybody is asked. */
#include <string.h>

#include "flow/issue_private.h"
#include "flow/mail_private.h"
#include "roster/roster.h"

const char *
flow_check_place(
    struct flow *flow, const char *raw, struct arena *arena, struct field_errors *errors)
{
	const char *dn, *normal;
	struct fault f = { .text = "" };

	if (strcmp(raw, flow->place_raw) == 0)
		return arena_strdup(arena, flow->place_normal);
	if (!dir_dn_normalise(raw, arena, &normal)) {
		field_errors_add(
		    errors, "org_unit", "invalid", "not a distinguished name (RFC 4514)");
		return NULL;
	}
	if (dir_person_dn(flow->conf.dir, "uid", normal, arena, &dn, &f) != ERR_OK) {
		field_errors_add(errors, "org_unit", "invalid", "%s", f.text);
		return NULL;
	}
	if (strlen(raw) <= PERSON_DN_MAX && strlen(normal) <= PERSON_DN_MAX) {
		memcpy(flow->place_raw, raw, strlen(raw) + 1);
		memcpy(flow->place_normal, normal, strlen(normal) + 1);
	}
	return normal;
}

/* Whoever is in the group would have a role by that. While the groups are not known, nobody is
 * invited into any, unless it is plain what this one is. */
static void
issue_check_role(struct issue_check *c, const char *group, const char *field)
{
	const struct flow_conf *conf = &c->flow->conf;
	bool leads = false;

	/* Of one that is out of reach nobody is told what it is. */
	if (conf->role_group_count == 0 || issue_has_error(c, field) ||
	    !flow_reaches(&c->by, group, c->inv->owner))
		return;
	for (size_t i = 0; i < conf->role_group_count; i++)
		leads = leads || dir_dn_may_be_same(group, conf->role_groups[i]);
	if (!leads &&
	    (conf->roster == NULL || !roster_leads_to(conf->roster, group, conf->role_groups,
					 conf->role_group_count, &leads)))
		c->blind = true;
	if (leads) {
		c->invalid = true;
		field_errors_add(
		    &c->errors, field, "not_allowed", "nobody gets a role by an invitation");
	}
}

/* Looked at twice: as they were written, so that it is told with all else that is wrong, and as the
 * server calls them, which decides. */
void
issue_check_roles(struct issue_check *c)
{
	struct person *p = &c->inv->person;
	const struct flow_groups *groups = &c->groups;

	for (size_t i = 0; i < groups->count; i++) {
		issue_check_role(c, groups->dn[i], flow_group_name(c->arena, groups->at[i]));
		p->groups[i] = groups->dn[i];
	}
	p->group_count = groups->count;
}

/* Of a draft, those that are not in order are left out. */
static void
issue_check_groups(struct issue_check *c)
{
	struct person *p = &c->inv->person;

	flow_groups_read(&c->groups, p->groups, p->group_count, c->inv->arena, &c->errors);
	issue_check_roles(c);
}

static void
issue_check_place(struct issue_check *c)
{
	const char **place = &c->inv->person.value[PERSON_ORG_UNIT];

	if (*place != NULL && !issue_has_error(c, "org_unit"))
		*place = flow_check_place(c->flow, *place, c->inv->arena, &c->errors);
}

/* A field that was emptied again is one that is missing. */
static bool
issue_is_given(const struct issue_check *c, const char *text)
{
	return text != NULL && !(c->is_partial && text[strspn(text, " ")] == '\0');
}

static void
issue_check_method(struct issue_check *c, const struct issue_spec *spec)
{
	if (spec->method != INVITATION_BY_EMAIL)
		return;
	if (c->flow->conf.mail == NULL)
		field_errors_add(
		    &c->errors, "method", "unavailable", "this daemon sends no mail: use \"link\"");
	else if (issue_is_given(c, spec->personal_mail))
		c->inv->personal_mail =
		    flow_check_address(c->flow, spec->personal_mail, c->inv->arena, &c->errors);
	else if (!c->is_partial)
		field_errors_add(
		    &c->errors, "personal_mail", "required", "Where shall the link be sent?");
}

static void
issue_check_lifetime(struct issue_check *c, int64_t expires_in)
{
	int64_t lifetime = expires_in != 0 ? expires_in : c->flow->conf.lifetime_s;

	if (lifetime < INVITATION_LIFETIME_MIN || lifetime > INVITATION_LIFETIME_MAX)
		field_errors_add(&c->errors, "expires_in", "invalid",
		    "not between %d and %d seconds", INVITATION_LIFETIME_MIN,
		    INVITATION_LIFETIME_MAX);
	else
		c->inv->expires_at = c->inv->created_at + lifetime * 1000;
}

static void
issue_check_person(struct issue_check *c)
{
	struct invitation *inv = c->inv;
	struct person_rules rules = flow_rules(c->flow);

	rules.is_draft = c->is_draft;
	rules.is_partial = c->is_partial;
	person_check(&inv->person, &rules, inv->arena, &c->errors);
	inv->uid_fixed = inv->person.value[PERSON_UID] != NULL || issue_has_error(c, "uid");
	issue_check_place(c);
	issue_check_groups(c);
}

static void
issue_build(struct issue_check *c, const struct issue_spec *spec)
{
	struct invitation *inv = c->inv = invitation_new();

	inv->created_at = flow_now(c->flow);
	inv->created_by = arena_strdup(inv->arena, c->by.name);
	if (c->by.entry != NULL)
		memcpy(inv->owner, c->by.entry, strnlen(c->by.entry, ID_SIZE - 1));
	id_make(inv->created_at, inv->id);
	inv->method = spec->method;
	person_copy(&inv->person, &spec->person, inv->arena);
	memcpy(inv->modes, spec->modes, sizeof(inv->modes));
	inv->timeline[inv->timeline_count++] = (struct invitation_entry){
		.at = inv->created_at, .event = INVITATION_EV_ISSUE, .detail = inv->created_by
	};
}

void
issue_check_begin(struct issue_check *c, struct flow *flow, const struct issue_spec *spec,
    const struct flow_caller *caller, enum issue_purpose purpose)
{
	c->flow = flow;
	c->arena = arena_new(0);
	c->by = flow_caller_copy(caller, c->arena);
	c->is_draft = purpose != ISSUE_TO_MAKE;
	c->is_partial = purpose == ISSUE_TO_WRITE;
	field_errors_init(&c->errors, c->arena);
	issue_build(c, spec);
	issue_check_method(c, spec);
	issue_check_lifetime(c, spec->expires_in);
	issue_check_person(c);
	c->invalid = c->errors.count > 0;
}

void
issue_check_end(struct issue_check *c)
{
	invitation_free(c->inv);
	arena_free(c->arena);
}

enum err
issue_verdict(const struct issue_check *c)
{
	if (c->invalid)
		return ERR_INVALID;
	return c->clash ? ERR_EXISTS : ERR_OK;
}

enum err
issue_check_sight(const struct issue_check *c, struct fault *f)
{
	if (!c->blind)
		return ERR_OK;
	return fault_set(f, ERR_UNAVAILABLE,
	    "the list is being loaded: what roles these groups give is not known yet");
}

bool
issue_has_error(const struct issue_check *c, const char *field)
{
	return flow_has_error(&c->errors, field);
}

void
issue_taken(struct issue_check *c, enum person_field field)
{
	c->clash = true;
	field_errors_add(&c->errors, person_field_name(field), "taken",
	    "another person or a pending invitation has it");
}
