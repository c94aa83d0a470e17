/* What keeps an org unit as it is: it is not the caller's to change, a role names it, or somebody
 * is invited there. The server knows of its entries, and the roster of those who are invited. */
#include <inttypes.h>
#include <string.h>

#include "flow/org_unit_private.h"

/* It is no part of what the caller's rights are for unless it is in reach; and what they are
 * limited to is not theirs to take away. */
enum err
org_unit_check_reach(const struct people_op *op, const char *normal_dn, struct fault *f)
{
	if (!flow_reaches(&op->by, normal_dn, NULL))
		return fault_set(f, ERR_NOT_FOUND, "there is no such org unit");
	if (!reach_covers_unit(op->by.reach, normal_dn))
		return fault_set(f, ERR_DENIED, "your rights begin with this org unit");
	return ERR_OK;
}

/* The configuration names it by its DN, and would name nothing any more. */
enum err
org_unit_check_roles(const struct people_op *op, const char *normal_dn, struct fault *f)
{
	const struct flow_conf *conf = &op->flow->conf;
	bool named = false;

	if (normal_dn == NULL)
		return ERR_OK; /* too long for anything that a configuration names */
	for (size_t i = 0; i < conf->role_place_count && !named; i++)
		named = reach_is_within(conf->role_places[i], normal_dn);
	for (size_t i = 0; i < conf->role_group_count && !named; i++)
		named = reach_is_within(conf->role_groups[i], normal_dn);
	if (!named)
		return ERR_OK;
	return fault_set(f, ERR_REFUSED,
	    "role_place: a role in the configuration names this place, or something below it");
}

struct unit_invited {
	unsigned char id[FEED_ID_SIZE];
	uint64_t count;
};

static void
unit_on_places(void *arg, const struct roster_place *places, size_t count)
{
	struct unit_invited *w = arg;

	for (size_t i = 0; i < count; i++)
		if (memcmp(places[i].id, w->id, sizeof(w->id)) == 0)
			w->count = places[i].count_below[FEED_PENDING] +
				   places[i].count_below[FEED_UNDELIVERABLE];
}

/* Their invitations name the place by its DN, and their accounts could not be made any more when
 * that is gone. */
enum err
org_unit_check_invited(const struct people_op *op, struct fault *f)
{
	struct roster *r = op->flow->conf.roster;
	struct unit_invited w = { .count = 0 };
	const bool named = feed_id_parse(op->id, w.id);

	if (named && r != NULL && !roster_places(r, unit_on_places, &w))
		return fault_set(f, ERR_UNAVAILABLE,
		    "the list is being loaded: whether somebody is invited here is not known yet");
	if (w.count > 0)
		return fault_set(f, ERR_CONFLICT,
		    "%" PRIu64 " pending invitations name this place or one below it", w.count);
	return ERR_OK;
}
