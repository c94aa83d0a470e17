#include "fake_auth_roster.h"

#include <string.h>
#include <strings.h>

struct roster *
fake_auth_roster_of(struct fake_auth_roster *r)
{
	return (struct roster *)r;
}

void
roster_figures(struct roster *roster, struct roster_figures *out)
{
	const struct fake_auth_roster *r = (const struct fake_auth_roster *)roster;

	*out = (struct roster_figures){ .state = r->state, .version = r->version };
}

static struct roster_text
fake_text(const char *s)
{
	return (struct roster_text){ s, strlen(s) };
}

bool
roster_find(struct roster *roster, const unsigned char id[FEED_ID_SIZE], roster_render *render,
    void *render_arg)
{
	struct fake_auth_roster *r = (struct fake_auth_roster *)roster;
	char text[ID_SIZE];

	r->finds++;
	feed_id_text(id, text);
	for (size_t i = 0; r->state != ROSTER_LOADING && i < FAKE_PEOPLE_MAX; i++) {
		struct roster_row row = { .status = r->people[i].status };

		if (r->people[i].id == NULL || strcmp(r->people[i].id, text) != 0)
			continue;
		memcpy(row.id, id, sizeof(row.id));
		row.rdn_type = fake_text("uid=");
		row.rdn = fake_text(r->people[i].rdn);
		row.org_unit = fake_text(r->people[i].org_unit);
		render(render_arg, 0, &row);
		return true;
	}
	return false;
}

bool
roster_member_of(struct roster *roster, const char *normal_dn, const char *const *groups,
    size_t count, bool *member)
{
	struct fake_auth_roster *r = (struct fake_auth_roster *)roster;

	r->looks++;
	for (size_t i = 0; i < count; i++) {
		member[i] = false;
		for (size_t j = 0; j < FAKE_MEMBERS_MAX && r->members[j].dn != NULL; j++)
			if (strcasecmp(r->members[j].dn, normal_dn) == 0 &&
			    strcasecmp(r->members[j].group, groups[i]) == 0)
				member[i] = true;
	}
	return r->state != ROSTER_LOADING;
}
