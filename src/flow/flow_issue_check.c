/* What a rule says of a new invitation before anybody is asked. */
#include <string.h>

#include "flow/mail_private.h"
#include "roster/roster.h"

const char *
flow_group_name(struct arena *arena, size_t i)
{
	return arena_printf(arena, "groups[%zu]", i);
}

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
 * invited into any, unless it is plain what this one is. False: that is so. */
static bool
issue_check_group(struct flow *f, const struct flow_caller *by, const struct invitation *inv,
    size_t i, struct field_errors *errors)
{
	const struct flow_conf *conf = &f->conf;
	const char *group = inv->person.groups[i];
	bool leads = false, known = true;

	/* Of one that is out of reach nobody is told what it is. */
	if (conf->role_group_count == 0 || !flow_reaches(by, group, inv->owner))
		return true;
	for (size_t j = 0; j < conf->role_group_count; j++)
		leads = leads || dir_dn_may_be_same(group, conf->role_groups[j]);
	if (!leads)
		known =
		    conf->roster != NULL && roster_leads_to(conf->roster, group, conf->role_groups,
						conf->role_group_count, &leads);
	if (leads)
		field_errors_add(errors, flow_group_name(errors->arena, i), "not_allowed",
		    "nobody gets a role by an invitation");
	return known;
}

static bool
issue_check_dns(struct flow *f, const struct flow_caller *by, struct invitation *inv,
    struct field_errors *errors)
{
	struct person *p = &inv->person;
	bool known = true;

	if (p->value[PERSON_ORG_UNIT] != NULL)
		p->value[PERSON_ORG_UNIT] =
		    flow_check_place(f, p->value[PERSON_ORG_UNIT], inv->arena, errors);
	for (size_t i = 0; i < p->group_count; i++) {
		if (!dir_dn_normalise(p->groups[i], inv->arena, &p->groups[i]))
			field_errors_add(errors, flow_group_name(errors->arena, i), "invalid",
			    "not a distinguished name (RFC 4514)");
		else if (!issue_check_group(f, by, inv, i, errors))
			known = false;
	}
	return known;
}

static void
issue_check_method(struct flow *f, const struct issue_spec *spec, struct invitation *inv,
    struct field_errors *errors)
{
	if (spec->method != INVITATION_BY_EMAIL)
		return;
	if (f->conf.mail == NULL)
		field_errors_add(
		    errors, "method", "unavailable", "this daemon sends no mail: use \"link\"");
	else if (spec->personal_mail == NULL)
		field_errors_add(
		    errors, "personal_mail", "required", "Where shall the link be sent?");
	else
		inv->personal_mail = flow_check_address(f, spec->personal_mail, inv->arena, errors);
}

bool
flow_issue_check(struct flow *f, const struct flow_caller *by, const struct issue_spec *spec,
    struct invitation *inv, struct field_errors *errors)
{
	struct person_rules rules = flow_rules(f);
	int64_t lifetime = spec->expires_in != 0 ? spec->expires_in : f->conf.lifetime_s;
	bool known;

	issue_check_method(f, spec, inv, errors);
	if (lifetime < INVITATION_LIFETIME_MIN || lifetime > INVITATION_LIFETIME_MAX)
		field_errors_add(errors, "expires_in", "invalid", "not between %d and %d seconds",
		    INVITATION_LIFETIME_MIN, INVITATION_LIFETIME_MAX);
	person_check(&inv->person, &rules, inv->arena, errors);
	known = issue_check_dns(f, by, inv, errors);
	inv->expires_at = inv->created_at + lifetime * 1000;
	return known;
}
