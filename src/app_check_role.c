/* `usherd check-config --online`, roles: their groups and org units are in the directory. A name
 * that is spelled wrong gives nobody a right, without a word. */
#include <strings.h>

#include "app.h"

struct role_check {
	struct loop *loop;
	const struct conf *conf;
	app_check_told *told;
	void *arg;
};

/* False, too, when they cannot be listed: then that was told. */
static bool
role_check_listed(struct role_check *c, enum err code, const struct fault *f)
{
	loop_stop(c->loop);
	if (code != ERR_OK)
		c->told(c->arg, "roles", false, f->text);
	return code == ERR_OK;
}

static void
role_check_find(struct role_check *c, const char *role, const char *what, const char *class,
    const char *wanted, const struct dir_place *places, size_t count)
{
	struct arena *arena = c->conf->arena;
	const char *normal, *other;

	if (!dir_dn_normalise(wanted, arena, &normal))
		return; /* app_load_conf() has complained */
	for (size_t i = 0; i < count; i++) {
		if (!dir_dn_normalise(places[i].dn, arena, &other) ||
		    strcasecmp(normal, other) != 0)
			continue;
		c->told(c->arg, role, true, arena_printf(arena, "%s %s", what, wanted));
		return;
	}
	c->told(c->arg, role, false,
	    arena_printf(
		arena, "there is no %s %s of class %s in the directory", what, wanted, class));
}

static const char *
role_check_name(const struct conf *conf, size_t index)
{
	return arena_printf(conf->arena, "role %s", conf->roles[index].name);
}

static void
role_check_on_groups(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f)
{
	struct role_check *c = arg;
	const struct conf *conf = c->conf;

	if (!role_check_listed(c, code, f))
		return;
	if (conf->admin_group != NULL)
		role_check_find(
		    c, "admin_group", "group", conf->group_class, conf->admin_group, places, count);
	for (size_t i = 0; i < conf->role_count; i++)
		role_check_find(c, role_check_name(conf, i), "group", conf->group_class,
		    conf->roles[i].group, places, count);
}

static void
role_check_on_org_units(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f)
{
	struct role_check *c = arg;

	if (!role_check_listed(c, code, f))
		return;
	for (size_t i = 0; i < c->conf->role_count; i++) {
		const struct conf_role *role = &c->conf->roles[i];

		for (size_t k = 0; k < role->org_unit_count; k++)
			role_check_find(c, role_check_name(c->conf, i), "org unit",
			    "organizationalUnit", role->org_units[k], places, count);
	}
}

void
app_check_roles_online(
    struct loop *l, struct dir *d, const struct conf *conf, app_check_told *told, void *arg)
{
	struct role_check c = { .loop = l, .conf = conf, .told = told, .arg = arg };

	if (conf->admin_group == NULL && conf->role_count == 0)
		return;
	dir_list_groups(d, role_check_on_groups, &c);
	loop_run(l);
	dir_list_org_units(d, role_check_on_org_units, &c);
	loop_run(l);
}
