/* The control API for a load generator, twice in one process: as it is, and with the same handlers
 * behind no access check.
 *
 *   bench_access BARE_PORT OUR_PORT SESSIONS CALLERS
 *
 * SESSIONS sessions of a tenth as many people, who get their rights from one of 32 groups in a list
 * of 1,000 groups; beside them a hundred API tokens that people own. When it listens, CALLERS has a
 * line each, the value of a cookie or of an Authorization header: "cookie TEXT", "token TEXT". Ends
 * with SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "base/mem.h"
#include "dir/dir.h"
#include "log/log.h"

enum { TENTH = 10, GROUPS = 1000, ROLES = 32, TOKENS = 100 };

#define PLACE  "ou=people,dc=example"
#define PERSON "00000000-0000-4000-8000-%012zu"

static struct bench {
	struct loop *loop;
	struct kv *kv;
	struct seal *seal;
	struct store *store;
	struct roster *roster;
	struct flow *flow;
	struct auth *auth;
	struct api *api;
	struct arena *arena;
	size_t people, sessions, made;
	struct auth_role_conf roles[ROLES];
	FILE *callers;
	const char *ports[2]; /* bare, ours */
	struct http_server *servers[2];
	struct principal maker;
	struct arena *maker_arena;
} bench;

static _Noreturn void
die(const char *what, const struct fault *f)
{
	fprintf(stderr, "bench_access: %s: %s\n", what, f != NULL ? f->text : "");
	exit(1);
}

static const char *
bench_person(size_t number)
{
	return arena_printf(bench.arena, PERSON, number);
}

/* ---- the people list ---- */

static void
bench_add_user(struct feed_batch *b, size_t number)
{
	unsigned char id[FEED_ID_SIZE];
	struct feed_user *u;

	feed_id_parse(bench_person(number), id);
	u = &feed_batch_add(b, FEED_USER, id)->user;
	u->status = FEED_ACTIVE;
	u->uid = arena_printf(b->arena, "user%zu", number);
	u->name = arena_printf(b->arena, "User Number %zu", number);
	u->mail = arena_printf(b->arena, "user%zu@example.org", number);
	u->rdn = arena_printf(b->arena, "uid=user%zu", number);
	u->parent = arena_strdup(b->arena, PLACE);
	u->registered_at = 1600000000 + (int64_t)number;
}

/* Everybody is in the group of one role, and in ten others. */
static void
bench_add_group(struct feed_batch *b, size_t number)
{
	const size_t step = number < ROLES ? ROLES : GROUPS / 10;
	const char **members = arena_alloc(b->arena, (bench.people + 1) * sizeof(*members));
	unsigned char id[FEED_ID_SIZE];
	struct feed_group *g;

	feed_id_parse(arena_printf(b->arena, "11111111-0000-4000-8000-%012zu", number), id);
	g = &feed_batch_add(b, FEED_GROUP, id)->group;
	g->normal = g->dn = arena_printf(b->arena, "cn=group%zu,dc=example", number);
	g->name = arena_printf(b->arena, "group%zu", number);
	g->members = members;
	for (size_t i = number % step; i < bench.people; i += step)
		members[g->member_count++] = arena_printf(b->arena, "uid=user%zu," PLACE, i);
}

static void
bench_feed(size_t count, void (*add)(struct feed_batch *b, size_t number), enum feed_step step)
{
	for (size_t i = 0; i < count; i += FEED_BATCH_ITEMS) {
		struct feed_batch *b = feed_batch_new(FEED_DIRECTORY, i == 0 ? step : FEED_CHANGES);

		for (size_t j = i; j < count && j < i + FEED_BATCH_ITEMS; j++)
			add(b, j);
		roster_feed_take(bench.roster, b, NULL, NULL);
	}
}

static void
bench_fill_list(loop_cb *applied)
{
	struct feed_batch *end = feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_COMPLETE);

	bench_feed(bench.people, bench_add_user, FEED_REFRESH_BEGINS);
	bench_feed(GROUPS, bench_add_group, FEED_CHANGES);
	end->absent_is_gone = true;
	roster_feed_take(bench.roster, end, applied, NULL);
}

/* ---- the two servers ---- */

static enum err
bench_enter(struct http_exchange *x, void *ctx, api_handler *handler, struct fault *f)
{
	struct api_call *c = arena_alloc(http_arena(x), sizeof(*c));

	c->api = ctx;
	c->x = x;
	c->who.scopes = AUTH_ALL;
	return http_takes_body(x, NULL) ? handler(c, f) : ERR_OK;
}

static enum err
bare_webhooks(struct http_exchange *x, void *ctx, struct fault *f)
{
	return bench_enter(x, ctx, api_webhook_list, f);
}

static enum err
bare_users(struct http_exchange *x, void *ctx, struct fault *f)
{
	return bench_enter(x, ctx, api_user_list, f);
}

/* The same table, so that a route is found as soon. */
static const struct http_route *
bench_bare_routes(void)
{
	struct http_route *routes;
	size_t count = 0;

	while (api_routes[count].pattern != NULL)
		count++;
	routes = arena_dup(bench.arena, api_routes, (count + 1) * sizeof(*routes));
	for (size_t i = 0; i < count; i++) {
		if ((routes[i].methods & HTTP_GET) == 0)
			continue;
		if (strcmp(routes[i].pattern, "/api/v1/webhooks") == 0)
			routes[i].handler = bare_webhooks;
		else if (strcmp(routes[i].pattern, "/api/v1/users") == 0)
			routes[i].handler = bare_users;
	}
	return routes;
}

static void
bench_serve(size_t which)
{
	static struct http_route_set sets[2];
	const struct http_conf conf = { .loop = bench.loop,
		.sets = &sets[which],
		.set_count = 1,
		.limits = { 16384, 64, 65536, 10000, 30000, 60000, 1024, 1024 },
		.on_error = api_on_error };
	const char *hosts[] = { "localhost", NULL };
	char address[32];
	struct fault f;

	sets[which] =
	    (struct http_route_set){ which == 0 ? bench_bare_routes() : api_routes, bench.api };
	snprintf(address, sizeof(address), "127.0.0.1:%s", bench.ports[which]);
	bench.servers[which] = http_server_new(&conf);
	if (http_server_listen(bench.servers[which],
		&(struct http_listen){ .kind = HTTP_CONTROL, .address = address, .hosts = hosts },
		&f) != ERR_OK)
		die(address, &f);
}

static void
bench_open(void)
{
	const struct api_conf conf = { .loop = bench.loop,
		.flow = bench.flow,
		.roster = bench.roster,
		.auth = bench.auth,
		.clock = &clock_system,
		.public_url = "https://join.example" };

	bench.api = api_new(&conf);
	fclose(bench.callers);
	bench_serve(0);
	bench_serve(1);
}

/* ---- callers ---- */

static void bench_make_token(void);

static void
bench_on_token(void *arg, enum err code, const struct api_token *t, struct secret **clear,
    const struct fault *f)
{
	(void)arg, (void)t;
	if (code != ERR_OK)
		die("a token", f);
	fprintf(bench.callers, "token %.*s\n", (int)secret_len(*clear),
	    (const char *)secret_bytes(*clear));
	if (++bench.made < TOKENS)
		bench_make_token();
	else
		bench_open();
}

static void
bench_make_token(void)
{
	static const struct store_note note = { .actor = "bench" };
	const struct auth_token_spec spec = { .name = "bench",
		.scopes = AUTH_WEBHOOKS | AUTH_USERS_READ,
		.expires_in = 86400,
		.maker = &bench.maker,
		.note = &note };
	struct fault f;

	if (!auth_token_new(bench.auth, &spec, bench_on_token, NULL, &f))
		die("a token", &f);
}

static void bench_make_session(void);

static void
bench_on_session(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, const struct fault *f)
{
	struct fault own;

	(void)arg, (void)session;
	if (code != ERR_OK)
		die("a session", f);
	fprintf(bench.callers, "cookie %.*s\n", (int)secret_len(*secret),
	    (const char *)secret_bytes(*secret));
	if (++bench.made < bench.sessions) {
		bench_make_session();
		return;
	}
	if (auth_check_session(bench.auth, secret_bytes(*secret), secret_len(*secret),
		bench.maker_arena, &bench.maker, &own) != ERR_OK)
		die("the last session", &own);
	bench.made = 0;
	bench_make_token();
}

static void
bench_make_session(void)
{
	static const unsigned char source[STORE_SOURCE_SIZE] = { 1 };
	static const struct store_note note = { .actor = "bench" };
	const size_t person = bench.made % bench.people;
	bool member[ROLES] = { false };

	member[person % ROLES] = true;
	auth_session_new(bench.auth,
	    &(struct auth_session_spec){ .person = bench_person(person),
		.member = member,
		.seen_at = clock_mono_ms(&clock_system),
		.source = source,
		.note = &note },
	    bench_on_session, NULL);
}

/* ---- the start ---- */

/* The directory answers at once, and what the list has. */
static void
bench_looked_at(void *arg)
{
	char *person = arg;
	bool member[ROLES] = { false };

	member[strtoul(strrchr(person, '-') + 1, NULL, 10) % ROLES] = true;
	auth_person_seen(bench.auth, person, member, clock_mono_ms(&clock_system));
	free(person);
}

static void
bench_look_at(void *arg, const char *person)
{
	(void)arg;
	loop_defer(bench.loop, bench_looked_at, mem_dup_string(person));
}

static void
bench_on_list(void *arg)
{
	(void)arg;
	bench_make_session();
}

static void
bench_on_auth(void *arg)
{
	(void)arg;
	bench_fill_list(bench_on_list);
}

static void
bench_on_prepared(void *arg, enum err code, const struct fault *f)
{
	const struct auth_conf conf = { .loop = bench.loop,
		.store = bench.store,
		.roster = bench.roster,
		.clock = &clock_system,
		.admin_gid = (gid_t)-1,
		.roles = bench.roles,
		.role_count = ROLES,
		.idle_ms = 900000,
		.lifetime_ms = 8 * 3600000,
		.grace_ms = 600000,
		.look_at = bench_look_at,
		.normalise = dir_dn_normalise };

	(void)arg;
	if (code != ERR_OK)
		die("the store", f);
	for (size_t i = 0; i < ROLES; i++)
		bench.roles[i] = (struct auth_role_conf){ .role = AUTH_ADMINISTRATOR,
			.group = arena_printf(bench.arena, "cn=group%zu,dc=example", i) };
	bench.auth = auth_new(&conf, bench_on_auth, NULL);
}

static void
bench_stop(void *arg)
{
	loop_stop(arg);
}

static void
bench_free(void)
{
	for (size_t i = 0; i < 2; i++)
		http_server_free(bench.servers[i]);
	api_free(bench.api);
	auth_free(bench.auth);
	flow_free(bench.flow);
	roster_free(bench.roster);
	store_free(bench.store);
	kv_close(bench.kv);
	seal_free(bench.seal);
	arena_free(bench.maker_arena);
	arena_free(bench.arena);
}

int
main(int argc, char **argv)
{
	const unsigned char key[32] = { 7 };
	struct loop_signal *signal;
	/* Nothing here asks a directory. */
	struct flow_conf flow = { .clock = &clock_system, .restorable_s = 0, .attempts_max = 1 };
	struct roster_conf roster = { .loop = NULL };

	if (argc != 5 || (bench.callers = fopen(argv[4], "w")) == NULL)
		return 2;
	log_set_level(LOG_ERROR);
	bench.ports[0] = argv[1];
	bench.ports[1] = argv[2];
	bench.sessions = strtoul(argv[3], NULL, 10);
	bench.people = bench.sessions / TENTH;
	bench.arena = arena_new(0);
	bench.maker_arena = arena_new(0);
	bench.loop = loop_new();
	signal = loop_signal_new(bench.loop, SIGTERM, bench_stop, bench.loop);
	bench.kv = kv_memory_new(bench.loop);
	bench.seal = seal_new(key);
	bench.store = store_new(bench.loop, bench.kv, bench.seal, &clock_system);
	roster.loop = bench.loop;
	roster.seal = bench.seal;
	bench.roster = roster_new(&roster);
	flow.loop = bench.loop;
	flow.store = bench.store;
	flow.roster = bench.roster;
	bench.flow = flow_new(&flow);
	store_prepare(bench.store, bench_on_prepared, NULL);
	loop_run(bench.loop);
	bench_free();
	loop_signal_free(signal);
	loop_free(bench.loop);
	return 0;
}
