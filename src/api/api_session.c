/* /api/v1/session: signing in, who one is, signing out, here and everywhere. The session's secret
 * is in the cookie, and nowhere else. */
#include <string.h>

#include "api/api_private.h"
#include "auth/throttle.h"
#include "dir/dir_sign.h"

/* ---- who one is ---- */

/* What the people list knows of somebody. */
struct api_self {
	struct arena *arena;
	const char *name, *uid, *mail, *org_unit; /* NULL: not known */
};

static const char *
api_copy_text(struct arena *arena, struct roster_text t)
{
	return t.len > 0 ? arena_dup(arena, t.s, t.len) : NULL;
}

static void
api_self_render(void *render, size_t index, const struct roster_row *row)
{
	struct api_self *self = render;

	(void)index;
	self->name = api_copy_text(self->arena, row->name);
	self->uid = api_copy_text(self->arena, row->uid);
	self->mail = api_copy_text(self->arena, row->mail);
	self->org_unit = api_copy_text(self->arena, row->org_unit);
}

static void
api_look_up_self(const struct api_call *c, struct api_self *self)
{
	unsigned char id[FEED_ID_SIZE];

	*self = (struct api_self){ .arena = http_arena(c->x) };
	if (feed_id_parse(c->who.person, id))
		roster_find(c->api->conf.roster, id, api_self_render, self);
}

static void
api_add_roles(struct buf *b, unsigned roles)
{
	const char *names[AUTH_ROLE_COUNT];
	size_t n = 0;

	for (int i = 0; i < AUTH_ROLE_COUNT; i++)
		if ((roles & 1u << i) != 0)
			names[n++] = auth_role_name((enum auth_role)i);
	api_add_strings(b, names, n);
}

/* Where the caller's rights are, with whatever scope; everywhere is null. */
static void
api_add_org_units(struct buf *b, const struct api_call *c)
{
	struct arena *arena = http_arena(c->x);
	size_t quota, count = 0;
	const char *const *places = NULL;
	const struct reach *reach = auth_reach(&c->who, c->who.scopes, arena, &quota);

	if (reach == NULL || !reach_places(reach, arena, &places, &count))
		places = NULL;
	api_add_strings(b, places, count);
}

static void
api_add_caller(struct buf *b, const struct api_call *c)
{
	static const char *const kinds[] = {
		[AUTH_PEER] = "peer", [AUTH_TOKEN] = "token", [AUTH_SESSION] = "session"
	};
	struct api_self self;

	api_look_up_self(c, &self);
	buf_printf(b, "{\"kind\":\"%s\",\"actor\":", kinds[c->who.kind]);
	buf_add_json_string(b, c->who.name);
	buf_add_string(b, ",\"id\":");
	buf_add_json_string(b, c->who.person[0] != '\0' ? c->who.person : NULL);
	buf_add_string(b, ",\"name\":");
	buf_add_json_string(b, self.name);
	buf_add_string(b, ",\"uid\":");
	buf_add_json_string(b, self.uid);
	buf_add_string(b, ",\"mail\":");
	buf_add_json_string(b, self.mail);
	buf_add_string(b, ",\"roles\":");
	api_add_roles(b, c->who.roles);
	buf_add_string(b, ",\"org_units\":");
	api_add_org_units(b, c);
	buf_add_string(b, ",\"scopes\":");
	api_add_scopes(b, c->who.scopes);
	buf_printf(b, ",\"read_only\":%s,\"expires_at\":", c->who.read_only ? "true" : "false");
	api_add_time_or_null(b, c->who.expires_at);
	if (c->who.kind == AUTH_SESSION)
		buf_printf(b, ",\"idle_seconds\":%lld}", (long long)c->api->conf.idle_s);
	else
		buf_add_string(b, ",\"idle_seconds\":null}");
}

static void
api_reply_caller(const struct api_call *c, int status)
{
	struct buf b;

	buf_init(&b, API_REPLY_MAX);
	api_add_caller(&b, c);
	api_reply_json(c->x, status, &b);
}

enum err
api_session_show(struct api_call *c, struct fault *f)
{
	(void)f;
	api_reply_caller(c, 200);
	return ERR_OK;
}

/* ---- the cookie ---- */

/* A session cookie: it ends with the browser, if the session has not ended before. */
static void
api_set_cookie(struct http_exchange *x, const char *value, const char *age)
{
	const struct http_request *r = http_request_of(x);

	http_add_header(x, "Set-Cookie",
	    arena_printf(http_arena(x), "%s=%s; Path=/%s; HttpOnly; SameSite=Strict%s",
		api_cookie_name(r), value, r->is_secure ? "; Secure" : "", age));
}

void
api_reply_signed_out(struct http_exchange *x)
{
	api_set_cookie(x, "", "; Max-Age=0");
	http_reply(x, 204, NULL, NULL, 0);
}

/* ---- sign in ---- */

struct session_body {
	const char *login, *password;
};

static const struct api_member members[] = {
	{ "login", API_STRING, offsetof(struct session_body, login) },
	{ "password", API_STRING, offsetof(struct session_body, password) },
};

/* The request is a constant to everybody else; its secrets end here, where they were copied. */
static void
api_wipe(const char *data, size_t len)
{
	secret_wipe((void *)(uintptr_t)data, len);
}

/* What is wrong with a document that is no JSON is told with some of its text, which may be that of
 * the password. */
static void
api_hide_text(struct field_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		if (strcmp(errors->items[i].code, "not_json") == 0)
			errors->items[i].detail = "the body is not JSON";
		else if (strcmp(errors->items[i].code, "duplicate") == 0)
			errors->items[i].detail = "given more than once";
}

/* NULL: it was answered. `login` lives in the exchange's arena. */
static struct secret *
api_read_sign_in(struct http_exchange *x, const char **login)
{
	const struct http_request *r = http_request_of(x);
	struct session_body body = { .login = NULL };
	struct secret *password = NULL;
	struct field_errors errors;
	bool sound;

	field_errors_init(&errors, http_arena(x));
	sound = api_read_body(x, members, API_MEMBER_COUNT(members), &body, &errors);
	api_wipe(r->body, r->body_len);
	if (sound && (body.login == NULL || *body.login == '\0'))
		field_errors_add(&errors, "login", "required", "a login is needed");
	else if (sound && strlen(body.login) > DIR_LOGIN_MAX)
		field_errors_add(
		    &errors, "login", "too_long", "longer than %d bytes", DIR_LOGIN_MAX);
	if (sound && (body.password == NULL || *body.password == '\0'))
		field_errors_add(&errors, "password", "required", "a password is needed");
	else if (sound && strlen(body.password) > SECRET_MAX)
		field_errors_add(&errors, "password", "too_long", "no password is that long");
	if (errors.count == 0 && body.password != NULL)
		password = secret_new(body.password, strlen(body.password));
	if (body.password != NULL)
		api_wipe(body.password, strlen(body.password));
	*login = body.login;
	if (!sound) {
		api_hide_text(&errors);
		api_reply_malformed(x, &errors);
	} else if (password == NULL) {
		struct fault f;

		fault_set(&f, ERR_INVALID, "%s", errors.items[0].detail);
		api_reply_error(x, ERR_INVALID, &errors, &f);
	}
	return password;
}

static void
api_reply_refused(struct http_exchange *x, enum err code, int64_t wait_ms, const struct fault *f)
{
	struct field_errors errors;

	field_errors_init(&errors, http_arena(x));
	if (code == ERR_INVALID && !field_errors_add_named(&errors, f->text, "invalid"))
		field_errors_add(&errors, "login", "invalid", "%s", f->text);
	if (code == ERR_THROTTLED)
		http_add_header(
		    x, "Retry-After", arena_printf(http_arena(x), "%u", throttle_seconds(wait_ms)));
	api_reply_error(x, code, &errors, f);
}

/* The new session is looked at like that of any later request. */
static void
api_on_signed_in(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, int64_t wait_ms, const struct fault *f)
{
	struct api_call *c = arg;
	struct fault why;

	(void)session;
	if (code == ERR_OK) {
		f = &why;
		code = auth_check_session(c->api->conf.auth, secret_bytes(*secret),
		    secret_len(*secret), http_arena(c->x), &c->who, &why);
	}
	if (code != ERR_OK) {
		api_reply_refused(c->x, code, wait_ms, f);
		return;
	}
	api_set_cookie(c->x, secret_bytes(*secret), "");
	api_reply_caller(c, 201);
}

/* A page of somebody else that signs the browser in would have it work in their name: login CSRF.
 */
enum err
api_session_create(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_request *r = http_request_of(x);
	struct api_call *c = arena_alloc(http_arena(x), sizeof(*c));
	struct sign_in_spec spec = {
		.source = r->client, .agent = http_header(r, "user-agent"), .request_id = r->id
	};
	struct secret *password;

	c->api = ctx;
	c->x = x;
	password = api_read_sign_in(x, &spec.login);
	if (password == NULL)
		return ERR_OK;
	if (http_origin_of(r) == HTTP_OTHER_ORIGIN) {
		secret_free(password);
		api_reply_cross_site(x);
		return ERR_OK;
	}
	api_check_cookie(c->api, x, &c->who, f);
	if (c->who.session[0] != '\0') { /* also while the directory is away, and rights unknown */
		spec.old_session = c->who.session;
		spec.old_person = c->who.person;
	}
	spec.password = password;
	http_hold(x);
	flow_sign_in_start(c->api->conf.flow, &spec, api_on_signed_in, c);
	secret_free(password);
	return ERR_OK;
}

/* ---- sign out ---- */

/* It is dead already, whatever the store says of it. */
static void
api_on_ended(void *arg, enum err code, const struct fault *f)
{
	struct http_exchange *x = arg;

	if (code == ERR_OK || code == ERR_NOT_FOUND)
		api_reply_signed_out(x);
	else
		api_reply_error(x, code, NULL, f);
}

struct store_note
api_session_note(const struct api_call *c)
{
	struct flow_caller caller = api_caller(c);
	struct store_note note = flow_note(&caller);
	struct api_self self;

	api_look_up_self(c, &self);
	if (self.org_unit != NULL)
		flow_dn_normalise(self.org_unit, self.arena, &note.org_unit);
	return note;
}

static void
api_end(const struct api_call *c, const char *id, const char *reason)
{
	struct store_note note = api_session_note(c);

	http_hold(c->x);
	auth_session_end(c->api->conf.auth, c->who.person, id, reason, &note, api_on_ended, c->x);
}

enum err
api_session_end(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_request *r = http_request_of(x);
	struct api_call *c = arena_alloc(http_arena(x), sizeof(*c));

	c->api = ctx;
	c->x = x;
	if (http_cookie(r, http_arena(x), api_cookie_name(r)) != NULL && !api_is_our_page(x))
		return ERR_OK;
	api_check_cookie(c->api, x, &c->who, f);
	if (c->who.session[0] != '\0') /* also while the directory is away, and rights unknown */
		api_end(c, c->who.session, "signed_out");
	else
		api_reply_signed_out(x);
	return ERR_OK;
}

enum err
api_session_end_all(struct api_call *c, struct fault *f)
{
	/* A token, whatever it may do, is not the person. */
	if (c->who.kind != AUTH_SESSION)
		return fault_set(f, ERR_DENIED, "only a session can sign its person out");
	api_end(c, NULL, "signed_out_everywhere");
	return ERR_OK;
}
