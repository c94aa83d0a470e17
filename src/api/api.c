/* The route table, and the one door in front of it. */
#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "auth/throttle.h"
#include "base/mem.h"

struct api *
api_new(const struct api_conf *conf)
{
	struct api *a = mem_alloc(sizeof(*a));

	a->conf = *conf;
	a->arena = arena_new(0);
	if (conf->people_base != NULL)
		flow_dn_normalise(conf->people_base, a->arena, &a->people_base);
	a->events = api_events_new(a);
	a->failures = api_guard_new();
	a->preflight_pace = api_preflight_pace_new();
	api_description_init(a);
	return a;
}

void
api_free(struct api *a)
{
	if (a == NULL)
		return;
	api_events_free(a->events);
	throttle_free(a->failures);
	throttle_free(a->preflight_pace);
	arena_free(a->arena);
	free(a);
}

struct flow_caller
api_caller(const struct api_call *c)
{
	const struct http_request *r = http_request_of(c->x);

	return (struct flow_caller){ .name = c->who.name,
		.request_id = r->id,
		.entry = c->who.person[0] != '\0' ? c->who.person : NULL,
		.source = r->peer_is_unix ? NULL : r->client,
		.reach = c->reach,
		.quota = c->quota };
}

bool
api_reaches(const struct reach *r, struct arena *arena, const char *dn)
{
	const char *normal;

	return r == NULL ||
	       (flow_dn_normalise(dn, arena, &normal) && reach_covers_place(r, normal));
}

/* What a caller whose rights are limited to parts of the tree gets of a route. */
enum api_extent {
	WHOLE,	/* nothing: it is about all of it */
	WITHIN, /* what its reach covers: the handler sees to that */
	APART	/* as much as anybody: it is about no part of the tree */
};

/* A route as seen from in front of it. */
struct api_entrance {
	unsigned scopes;
	enum api_extent extent;
	const char *types;
	api_handler *handler;
};

static loop_cb api_on_awaited;

/* The caller's rights are not known, but will be in a moment. */
static bool
api_waits(struct api_call *c, enum err code)
{
	if (code != ERR_UNAVAILABLE || c->has_waited ||
	    !auth_await_person(c->api->conf.auth, c->who.person, api_on_awaited, c))
		return false;
	c->has_waited = true;
	http_hold(c->x);
	return true;
}

/* "a" or "a or b": one of them is enough. */
static const char *
api_scope_words(unsigned scopes, struct arena *arena)
{
	const char *words = "", *between = "", *name;
	unsigned bit;

	for (size_t i = 0; (name = auth_scope_name(i, &bit)) != NULL; i++)
		if ((scopes & bit) != 0) {
			words = arena_printf(arena, "%s%s%s", words, between, name);
			between = " or ";
		}
	return words;
}

/* Who calls, and may they, by one of the scopes (0: whoever it is)? Only then the body is looked
 * at, and the handler runs. */
static enum err
api_pass(struct api_call *c, struct fault *f)
{
	const struct http_request *r = http_request_of(c->x);
	const unsigned scopes = c->entrance->scopes;
	struct http_exchange *x = c->x;
	enum err code = api_authenticate(c, f);

	if (api_guard_refuses(c->api, x, code) || api_waits(c, code))
		return ERR_OK;
	if (code != ERR_OK)
		return code;
	if (!api_admits_change(c))
		return ERR_OK;
	if (scopes != 0 && (c->who.scopes & scopes) == 0)
		return fault_set(f, ERR_DENIED, "the caller has not the scope that this needs: %s",
		    api_scope_words(scopes, http_arena(x)));
	if (scopes != 0 && c->who.read_only && api_changes_something(r))
		return fault_set(f, ERR_UNAVAILABLE,
		    "the directory has not been heard for a while: until it is, nothing is "
		    "changed");
	c->reach = scopes != 0 ? auth_reach(&c->who, scopes, http_arena(x), &c->quota) : NULL;
	if (c->entrance->extent == WHOLE && !reach_is_everything(c->reach))
		return fault_set(f, ERR_DENIED, "this needs rights that are not limited to a part");
	return http_takes_body(x, c->entrance->types) ? c->entrance->handler(c, f) : ERR_OK;
}

static void
api_on_awaited(void *arg)
{
	struct api_call *c = arg;
	struct fault f = { .code = ERR_OK };
	enum err code = api_pass(c, &f);

	if (code != ERR_OK)
		api_on_error(c->x, NULL, code, &f);
}

static enum err
api_enter(
    struct http_exchange *x, struct api *a, const struct api_entrance *entrance, struct fault *f)
{
	struct api_call *c = arena_alloc(http_arena(x), sizeof(*c));

	c->api = a;
	c->x = x;
	c->entrance = entrance;
	return api_pass(c, f);
}

/* One row: method, path below /api/v1, the scopes of which a caller has one, how far it goes for
 * those whose rights are limited, handler, content types of a body. The table is written once and
 * expanded for all that is made of it, so that no route can be added without a scope. */
#define API_TABLE(ROW)                                                                             \
	ROW(HTTP_POST, "/invitations", AUTH_INVITATIONS_WRITE, WITHIN, api_invitation_create,      \
	    json)                                                                                  \
	ROW(HTTP_GET, "/invitations", AUTH_INVITATIONS_READ, WITHIN, api_invitation_list, none)    \
	ROW(HTTP_POST, "/invitations/preflight", AUTH_INVITATIONS_WRITE, WITHIN,                   \
	    api_invitation_preflight, json)                                                        \
	ROW(HTTP_GET, "/invitations/{id}", AUTH_INVITATIONS_READ, WITHIN, api_invitation_show,     \
	    none)                                                                                  \
	ROW(HTTP_DELETE, "/invitations/{id}", AUTH_INVITATIONS_WRITE, WITHIN,                      \
	    api_invitation_revoke, none)                                                           \
	ROW(HTTP_PATCH, "/invitations/{id}", AUTH_INVITATIONS_WRITE, WITHIN,                       \
	    api_invitation_change, patch)                                                          \
	ROW(HTTP_POST, "/invitations/{id}/link", AUTH_INVITATIONS_WRITE, WITHIN,                   \
	    api_invitation_link, json)                                                             \
	ROW(HTTP_POST, "/invitations/{id}/resend", AUTH_INVITATIONS_WRITE, WITHIN,                 \
	    api_invitation_resend, json)                                                           \
	ROW(HTTP_GET, "/mail/queue", AUTH_MAIL, WHOLE, api_mail_queue, none)                       \
	ROW(HTTP_DELETE, "/mail/queue/{id}", AUTH_MAIL, WHOLE, api_mail_drop, none)                \
	ROW(HTTP_POST, "/mail/queue/{id}/retry", AUTH_MAIL, WHOLE, api_mail_retry, json)           \
	ROW(HTTP_POST, "/mail/retry", AUTH_MAIL, WHOLE, api_mail_retry_all, json)                  \
	ROW(HTTP_POST, "/mail/preview", AUTH_MAIL, WHOLE, api_mail_preview, json)                  \
	ROW(HTTP_POST, "/mail/test", AUTH_MAIL, WHOLE, api_mail_test, json)                        \
	ROW(HTTP_POST, "/mail/bounces", AUTH_MAIL | AUTH_MAIL_BOUNCES, WHOLE, api_mail_bounce,     \
	    report)                                                                                \
	ROW(HTTP_GET, "/users", AUTH_USERS_READ, WITHIN, api_user_list, none)                      \
	ROW(HTTP_GET, "/users/{id}", AUTH_USERS_READ, WITHIN, api_user_show, none)                 \
	ROW(HTTP_PATCH, "/users/{id}", AUTH_USERS_WRITE, WITHIN, api_user_change, patch)           \
	ROW(HTTP_DELETE, "/users/{id}", AUTH_USERS_WRITE, WITHIN, api_user_remove, none)           \
	ROW(HTTP_POST, "/users/{id}/suspend", AUTH_USERS_WRITE, WITHIN, api_user_suspend, json)    \
	ROW(HTTP_POST, "/users/{id}/resume", AUTH_USERS_WRITE, WITHIN, api_user_resume, json)      \
	ROW(HTTP_POST, "/users/{id}/restore", AUTH_USERS_WRITE, WITHIN, api_user_restore, json)    \
	ROW(HTTP_GET, "/trash", AUTH_USERS_READ, WITHIN, api_trash_list, none)                     \
	ROW(HTTP_GET, "/events", AUTH_USERS_READ, WHOLE, api_event_stream, none)                   \
	ROW(HTTP_GET, "/org-units", AUTH_DIRECTORY_READ, WITHIN, api_org_units, none)              \
	ROW(HTTP_POST, "/org-units", AUTH_DIRECTORY_WRITE, WITHIN, api_org_unit_create, json)      \
	ROW(HTTP_PATCH, "/org-units/{id}", AUTH_DIRECTORY_WRITE, WITHIN, api_org_unit_change,      \
	    patch)                                                                                 \
	ROW(HTTP_DELETE, "/org-units/{id}", AUTH_DIRECTORY_WRITE, WITHIN, api_org_unit_delete,     \
	    none)                                                                                  \
	ROW(HTTP_GET, "/groups", AUTH_DIRECTORY_READ, WITHIN, api_groups, none)                    \
	ROW(HTTP_GET, "/settings", 0, APART, api_settings_show, none)                              \
	ROW(HTTP_GET, "/tokens", AUTH_TOKENS, WITHIN, api_token_list, none)                        \
	ROW(HTTP_POST, "/tokens", AUTH_TOKENS, WITHIN, api_token_create, json)                     \
	ROW(HTTP_DELETE, "/tokens/{id}", AUTH_TOKENS, WITHIN, api_token_delete, none)              \
	ROW(HTTP_GET, "/webhooks", AUTH_WEBHOOKS, WHOLE, api_webhook_list, none)                   \
	ROW(HTTP_POST, "/webhooks", AUTH_WEBHOOKS, WHOLE, api_webhook_create, json)                \
	ROW(HTTP_GET, "/webhooks/{id}", AUTH_WEBHOOKS, WHOLE, api_webhook_show, none)              \
	ROW(HTTP_PATCH, "/webhooks/{id}", AUTH_WEBHOOKS, WHOLE, api_webhook_change, patch)         \
	ROW(HTTP_DELETE, "/webhooks/{id}", AUTH_WEBHOOKS, WHOLE, api_webhook_delete, none)         \
	ROW(HTTP_POST, "/webhooks/{id}/secret", AUTH_WEBHOOKS, WHOLE, api_webhook_rotate, json)    \
	ROW(HTTP_POST, "/webhooks/{id}/test", AUTH_WEBHOOKS, WHOLE, api_webhook_test, json)        \
	ROW(HTTP_GET, "/webhooks/{id}/messages", AUTH_WEBHOOKS, WHOLE, api_webhook_messages, none) \
	ROW(HTTP_POST, "/webhooks/{id}/messages/{message}/replay", AUTH_WEBHOOKS, WHOLE,           \
	    api_webhook_replay, json)                                                              \
	ROW(HTTP_GET, "/session", 0, APART, api_session_show, none)                                \
	ROW(HTTP_GET, "/sessions", 0, APART, api_session_list, none)                               \
	ROW(HTTP_DELETE, "/sessions/{id}", 0, APART, api_session_end_one, none)                    \
	ROW(HTTP_DELETE, "/sessions", 0, APART, api_session_end_all, none)                         \
	ROW(HTTP_GET, "/audit", AUTH_AUDIT_READ, WITHIN, api_audit_list, none)                     \
	ROW(HTTP_GET, "/audit/verification", AUTH_AUDIT_READ, WHOLE, api_audit_verify, none)       \
	ROW(HTTP_POST, "/erasures", AUTH_ERASE, WHOLE, api_erase, json)                            \
	ROW(HTTP_GET, "/status", AUTH_STATUS_READ, WHOLE, api_status_show, none)

#define json  "application/json"
#define patch "application/json application/merge-patch+json"
#define none  NULL
/* A mail as it is, or one of these whose header an MTA took for that of the request. */
#define report "message/rfc822 multipart/report text/plain"

#define API_ENTRANCE(method, path, scopes, extent, handler, types)                                 \
	static enum err handler##_enter(struct http_exchange *x, void *ctx, struct fault *f)       \
	{                                                                                          \
		static const struct api_entrance entrance = { scopes, extent, types, handler };    \
                                                                                                   \
		return api_enter(x, ctx, &entrance, f);                                            \
	}

#define API_ROUTE(method, path, scopes, extent, handler, types)                                    \
	{ method, "/api/v1" path, 1u << HTTP_CONTROL | 1u << HTTP_UNIX, handler##_enter, types,    \
		true },

#define API_ACCESS(method, path, scopes, extent, handler, types)                                   \
	{ method, "/api/v1" path, scopes, #extent },

API_TABLE(API_ENTRANCE)

const struct api_access api_accesses[] = { API_TABLE(API_ACCESS){ .pattern = NULL } };

const struct http_route api_routes[] = {
	API_TABLE(API_ROUTE)
	/* Who signs in is not known yet, and who signs out may be out already. */
	{ HTTP_POST, "/api/v1/session", 1u << HTTP_CONTROL, api_session_create, json, false },
	{ HTTP_DELETE, "/api/v1/session", 1u << HTTP_CONTROL, api_session_end, none, false },
	/* How to ask is no secret. */
	{ HTTP_GET, "/api/v1/openapi.yaml", 1u << HTTP_CONTROL | 1u << HTTP_UNIX, api_description,
	    none, false },
	/* Health asks nobody who they are: it says nothing that the management network may not
	   know. */
	{ HTTP_GET, "/health/live", 1u << HTTP_MANAGEMENT | 1u << HTTP_UNIX, api_health_live, none,
	    false },
	{ HTTP_GET, "/health/ready", 1u << HTTP_MANAGEMENT | 1u << HTTP_UNIX, api_health_ready,
	    none, false },
	{ .pattern = NULL },
};
