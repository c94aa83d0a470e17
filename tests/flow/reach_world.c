#include "reach_world.h"

#include <stdio.h>
#include <string.h>

static const char *const poems_places[] = { POEMS };
static const struct reach_rule poems_rule = { poems_places, 1, NULL };
const struct reach within_poems = { &poems_rule, 1 };
static const struct reach_rule own_rule = { NULL, 0, GRACE };
const struct reach own_only = { &own_rule, 1 };

struct world *
limited_world_new(void)
{
	struct world *w = people_world_new();

	fake_dir_add_user(w->dir, EVE_DN, EVE, "eve@x.org");
	fake_dir_add_org_unit(w->dir, ENGINES, ENGINES_ID);
	fake_dir_add_org_unit(w->dir, POEMS, POEMS_ID);
	fake_dir_add_org_unit(w->dir, ODES, ODES_ID);
	w->caller.reach = &within_poems;
	return w;
}

struct world_link
invite_at(struct world *w, const char *place, const char *mail)
{
	struct person p = world_ada;
	char uid[PERSON_UID_MAX + 1];

	p.value[PERSON_ORG_UNIT] = place;
	p.value[PERSON_MAIL] = mail;
	snprintf(uid, sizeof(uid), "%.*s.x", (int)strcspn(mail, "@"), mail);
	p.value[PERSON_UID] = uid; /* a free one at once */
	p.group_count = 0;
	return world_invite(w, &p);
}
