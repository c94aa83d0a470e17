/* Who may do what, as the configuration says it, and what auth asks the rest of the process. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app_private.h"
#include "base/list.h"
#include "base/mem.h"
#include "dir/dir_sign.h"
#include "flow/flow_sign_in.h"
#include "log/log.h"

_Static_assert((int)AUTH_ROLES_MAX >= (int)CONF_ROLES_MAX + 1, "the roles and the administrators");
_Static_assert((int)APP_ROLE_GROUPS_MAX == (int)DIR_ROOTS_MAX + 1, "the last may be one too many");
_Static_assert((int)REACH_PLACES_MAX >= (int)CONF_ROLE_PLACES_MAX, "the org units of a role");

/* ---- the configuration ---- */

static bool
app_is_listed(const char *const *list, size_t count, const char *dn)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(list[i], dn) == 0)
			return true;
	return false;
}

size_t
app_role_groups(const struct conf *c, const char *groups[APP_ROLE_GROUPS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i <= c->role_count; i++) {
		const char *group = i == 0 ? c->admin_group : c->roles[i - 1].group, *normal;

		if (group != NULL && dir_dn_normalise(group, c->arena, &normal) &&
		    !app_is_listed(groups, count, normal))
			groups[count++] = normal;
	}
	return count;
}

static const char *
app_normal(const struct conf *c, const char *dn)
{
	const char *normal = NULL;
	bool is_dn = dir_dn_normalise(dn, c->arena, &normal);

	assert(is_dn); /* app_load_conf() has seen to it */
	return normal;
}

size_t
app_role_places(const struct conf *c, const char *const **places)
{
	const size_t room = c->role_count * CONF_ROLE_PLACES_MAX + 1;
	const char **list = arena_alloc(c->arena, room * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < c->role_count; i++)
		for (size_t j = 0; j < c->roles[i].org_unit_count; j++) {
			const char *normal = app_normal(c, c->roles[i].org_units[j]);

			if (!app_is_listed(list, count, normal))
				list[count++] = normal;
		}
	*places = list;
	return count;
}

/* A person's groups are asked for at once. With the last role of all there can be one too many. */
void
app_check_role_groups(const struct conf *c, struct conf_errors *errors)
{
	const char *groups[APP_ROLE_GROUPS_MAX];
	const struct conf_role *last;

	if (app_role_groups(c, groups) <= DIR_ROOTS_MAX)
		return;
	last = &c->roles[c->role_count - 1];
	conf_complain_role(errors, c, last->group_line,
	    "[role %s] group: the roles and admin_group name more than %d groups", last->name,
	    DIR_ROOTS_MAX);
}

static void
app_role(struct auth_role_conf *out, const struct conf *c, const struct conf_role *role)
{
	bool is_role = auth_role_by_name(role->role, &out->role);

	assert(is_role); /* one of the key's choices */
	out->group = app_normal(c, role->group);
	for (size_t i = 0; i < role->org_unit_count; i++)
		out->places[i] = app_normal(c, role->org_units[i]);
	out->place_count = role->org_unit_count;
	out->quota = (size_t)role->quota;
}

/* The administrators of everything, and the roles. */
static void
app_roles(struct auth_conf *out, const struct conf *c)
{
	struct auth_role_conf *roles = arena_alloc(c->arena, AUTH_ROLES_MAX * sizeof(*roles));

	if (c->admin_group != NULL)
		roles[out->role_count++] = (struct auth_role_conf){ .role = AUTH_ADMINISTRATOR,
			.group = app_normal(c, c->admin_group) };
	for (size_t i = 0; i < c->role_count; i++)
		app_role(&roles[out->role_count++], c, &c->roles[i]);
	out->roles = roles;
}

/* ---- what auth asks ---- */

/* One person whom the directory is asked about. */
struct app_look {
	TAILQ_ENTRY(app_look) link;
	struct app *app;
	struct dir_op *op;
	int64_t began_at;
	char person[ID_SIZE];
};

static void
app_look_free(struct app_look *look)
{
	TAILQ_REMOVE(&look->app->looks, look, link);
	free(look);
}

/* Whatever else it is, it says nothing about the person. */
static void
app_on_looked_at(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct app_look *look = arg;

	if (code == ERR_OK || code == ERR_NOT_FOUND)
		auth_person_seen(
		    look->app->auth, look->person, code == ERR_OK ? member : NULL, look->began_at);
	else {
		log_debug("the directory cannot tell who somebody is", "person", look->person,
		    "reason", f->text);
		auth_person_unseen(look->app->auth, look->person);
	}
	app_look_free(look);
}

static void
app_look_at(void *arg, const char *person)
{
	struct app *a = arg;
	struct app_look *look = mem_alloc(sizeof(*look));
	const char *const *groups;
	size_t count = auth_role_groups(a->auth, &groups);

	look->app = a;
	look->began_at = clock_mono_ms(&clock_system);
	memcpy(look->person, person, strnlen(person, sizeof(look->person) - 1));
	TAILQ_INSERT_TAIL(&a->looks, look, link);
	look->op = dir_look_at_account(a->dir, look->person, groups, count, app_on_looked_at, look);
}

/* ---- what ends rights ---- */

static void
app_on_tokens_ended(void *arg, const char *created_by)
{
	auth_forget_tokens_of(((struct app *)arg)->auth, created_by);
}

static void
app_on_person_ended(void *arg, const char *person, const char *reason)
{
	auth_forget_person(((struct app *)arg)->auth, person, reason);
}

static void
app_on_access_trouble(void *arg, const struct fault *f)
{
	(void)arg;
	if (f->code == ERR_CONFLICT)
		log_warning("the clock of API tokens and sessions is ahead", "reason", f->text);
	else
		log_error("API tokens or sessions cannot be read", "reason", f->text);
}

/* ---- build ---- */

void
app_build_access(struct app *a, loop_cb *ready)
{
	const struct conf *c = a->conf;
	struct auth_conf auth = { .loop = a->loop,
		.store = a->store,
		.roster = a->roster,
		.clock = &clock_system,
		.admin_gid = a->socket_gid,
		.idle_ms = c->session_idle * 1000,
		.lifetime_ms = c->session_lifetime * 1000,
		.grace_ms = c->directory_grace * 1000,
		.look_at = app_look_at,
		.arg = a,
		.normalise = dir_dn_normalise };

	const struct sign_in_conf sign_in = {
		.attempts = c->sign_in_attempts, .window_s = c->sign_in_window, .seal = a->seal
	};

	app_roles(&auth, c);
	a->auth = auth_new(&auth, ready, a);
	auth_on_trouble(a->auth, app_on_access_trouble, a);
	flow_on_tokens_ended(a->flow, app_on_tokens_ended, a);
	flow_on_person_ended(a->flow, app_on_person_ended, a);
	flow_set_sign_in(a->flow, a->auth, &sign_in);
}

void
app_free_access(struct app *a)
{
	struct app_look *look, *next;

	LIST_EACH_SAFE(look, &a->looks, link, next)
	{
		dir_cancel(look->op);
		app_look_free(look);
	}
	auth_free(a->auth);
}
