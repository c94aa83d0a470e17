/* Shared by the files of api alone. */
#ifndef USHERD_API_API_PRIVATE_H
#define USHERD_API_API_PRIVATE_H

#include "api/api.h"
#include "base/buf.h"
#include "base/embed.h"
#include "base/field.h"
#include "flow/flow_trail.h"
#include "flow/flow_mail.h"
#include "flow/flow_erase.h"
#include "flow/flow_sign_in.h"

enum {
	API_REPLY_MAX = 16 * 1024 * 1024, /* bytes of one answer */
	API_CHECKS_MAX = 32,
	API_LIST_DEFAULT = 50,
	API_LIST_MAX = 200,
	/* A webhook's old secret signs this long beside a new one, unless the caller says else. */
	API_WEBHOOK_OVERLAP_S = 24 * 3600
};

struct api_entrance;
struct api_events;
struct throttle;

struct api {
	struct api_conf conf;
	struct arena *arena;
	const char *people_base; /* in one spelling, or NULL */
	struct api_events *events;
	struct throttle *failures;	 /* to name oneself, by source */
	struct throttle *preflight_pace; /* by who asks */
	char description_tag[HTTP_ETAG_SIZE];
};

/* openapi.yaml alone (made by embed.sh at build time). */
extern const struct embed_file api_files[];
extern const size_t api_file_count;

/* One request of a known caller. Lives in the exchange's arena, so it may be the argument of a
 * callback that replies. */
struct api_call {
	struct api *api;
	struct http_exchange *x;
	struct principal who;
	/* How far the caller reaches with the route's scopes; NULL: everywhere. What it does not
	 * reach is answered as what is not there. */
	const struct reach *reach;
	size_t quota;			     /* open invitations of the caller's; 0: any number */
	const struct api_entrance *entrance; /* through which it came (api.c) */
	bool has_waited;		     /* until the caller's rights were known */
};

/* A handler of a resource: the caller is known and has the route's scope. As http_handler. */
typedef enum err api_handler(struct api_call *c, struct fault *f);

api_handler api_invitation_create, api_invitation_list, api_invitation_show, api_invitation_revoke,
    api_invitation_link, api_invitation_change, api_invitation_resend;
api_handler api_invitation_preflight, api_settings_show;
api_handler api_mail_queue, api_mail_retry, api_mail_retry_all, api_mail_drop, api_mail_preview,
    api_mail_test, api_mail_bounce;
api_handler api_user_list, api_user_show, api_user_change, api_user_remove, api_user_suspend,
    api_user_resume, api_user_restore, api_trash_list;
api_handler api_org_units, api_org_unit_create, api_org_unit_change, api_org_unit_delete,
    api_groups;
api_handler api_event_stream;
api_handler api_token_create, api_token_list, api_token_delete;
api_handler api_webhook_list, api_webhook_create, api_webhook_show, api_webhook_change,
    api_webhook_delete, api_webhook_rotate, api_webhook_test, api_webhook_messages,
    api_webhook_replay;
api_handler api_session_show, api_session_end_all, api_session_list, api_session_end_one;
api_handler api_audit_list, api_audit_verify, api_erase;
api_handler api_status_show;
http_handler api_session_create, api_session_end;
http_handler api_health_live, api_health_ready, api_description;

struct api_events *api_events_new(struct api *a);
void api_events_free(struct api_events *e);

/* Works out the ETag. */
void api_description_init(struct api *a);

/* ---- api_preflight.c ---- */

struct throttle *api_preflight_pace_new(void);

/* ---- guard (api_guard.c) ---- */

struct throttle *api_guard_new(void);
/* Hears how naming oneself ended. After 20 failures of a source in a row, further ones are answered
 * 429 for a while that grows: then true. What is right is never refused, so that one who guesses
 * shuts nobody out who shares the address. */
bool api_guard_refuses(struct api *a, struct http_exchange *x, enum err code);

/* ---- the door (api_door.c) ---- */

/* Who calls, into `c->who`. ERR_UNAUTHENTICATED, ERR_DENIED, ERR_UNAVAILABLE. */
enum err api_authenticate(struct api_call *c, struct fault *f);
/* By the cookie alone. */
enum err api_check_cookie(
    struct api *a, struct http_exchange *x, struct principal *who, struct fault *f);
/* Of the session, as this request could have got it. */
const char *api_cookie_name(const struct http_request *r);
/* What it is worth looking at; NULL: none, or somebody else's page has made the browser send it. */
const char *api_cookie(struct http_exchange *x);
bool api_changes_something(const struct http_request *r);
/* Whether a caller with a session may change what the request asks for: it comes from our own
 * pages, and its body is none that a form could send. False: it was answered. */
bool api_admits_change(struct api_call *c);
/* The request says that it comes from our own pages. False: it was answered. */
bool api_is_our_page(struct http_exchange *x);

/* The caller and the request, for history and audit. Borrowed from the call. */
struct flow_caller api_caller(const struct api_call *c);

/* A place or a group is in reach, whoever made it; `dn` as a server spells it. */
bool api_reaches(const struct reach *r, struct arena *arena, const char *dn);

/* ---- sessions (api_session.c) ---- */

/* Of what the caller does to their own sessions, in the call's arena. */
struct store_note api_session_note(const struct api_call *c);
/* 204, and the browser forgets the cookie. */
void api_reply_signed_out(struct http_exchange *x);

/* ---- replies ---- */

/* An enum err as a problem. `errors` may be NULL. ERR_INVALID with errors is 422. */
void api_reply_error(struct http_exchange *x, enum err code, const struct field_errors *errors,
    const struct fault *f);
/* Of a list: ERR_INVALID names the parameter at the beginning of the fault's text, and is 400. */
void api_reply_list_error(struct http_exchange *x, enum err code, const struct fault *f);
/* The same; ERR_NOT_FOUND is told in our own words: "there is no such `kind`". */
void api_reply_item_error(
    struct http_exchange *x, enum err code, const char *kind, const struct fault *f);
/* 409, or 403 for ERR_DENIED: a refusal that a client can tell apart when the fault's text begins
 * with the reason and a colon ("self: ...", "last_administrator: ...", "role: ..."). */
void api_reply_barred(struct http_exchange *x, const struct fault *f);
/* The same if it is ERR_REFUSED with such a reason. False: it was not answered. */
bool api_reply_if_barred(struct http_exchange *x, enum err code, const struct fault *f);
/* 403, "cross_site": what a browser asks for must come from our own pages, and say so. */
void api_reply_cross_site(struct http_exchange *x);
/* 400: the document or the query is not what the route takes. */
void api_reply_malformed(struct http_exchange *x, const struct field_errors *errors);
/* A problem of no enum err. `reason` and `errors` may be NULL. */
void api_reply_problem(struct http_exchange *x, int status, const char *title, const char *detail,
    const char *reason, const struct field_errors *errors);
/* application/json, and the buffer is wiped and released. One that crossed its maximum becomes a
 * problem. */
void api_reply_json(struct http_exchange *x, int status, struct buf *b);

/* ---- reading ---- */

enum api_kind {
	API_STRING,    /* const char * */
	API_REMOVABLE, /* the same, and null is "" (RFC 7396: null removes) */
	API_INTEGER,   /* struct api_integer */
	API_BOOLEAN,   /* bool; not given: false */
	API_SWITCH,    /* int: 1 for true, 0 for false; not given: left alone */
	API_STRINGS,   /* struct api_strings, at most API_STRINGS_MAX */
	API_MAP	       /* struct api_map: an object whose values are strings */
};

enum { API_STRINGS_MAX = 64 };

struct api_integer {
	bool given;
	int64_t value;
};

struct api_strings {
	bool given;
	const char *items[API_STRINGS_MAX];
	size_t count;
};

struct api_map {
	struct http_pair items[API_STRINGS_MAX];
	size_t count;
};

struct api_member {
	const char *name;
	enum api_kind kind;
	size_t offset; /* of the value in the struct that is read into */
};

#define API_MEMBER_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The request's body as an object of these members and no others, into `out` (zeroed by the
 * caller); strings live in the exchange's arena. False: every fault of the document was added to
 * `errors`, for api_reply_malformed(). A whole document that is not JSON has the field "". null is
 * a wrong type for all but API_REMOVABLE. */
bool api_read_body(struct http_exchange *x, const struct api_member *members, size_t count,
    void *out, struct field_errors *errors);

/* Nothing to say, but many clients cannot POST without saying so: {}. False: it was answered. */
bool api_read_nothing(struct http_exchange *x);

/* Every query parameter must be one of `names` (NULL terminated) and occur once. */
bool api_check_query(
    struct http_exchange *x, const char *const *names, struct field_errors *errors);

/* The id of the path; ERR_NOT_FOUND when it is none: a text that is no id is the id of nothing. */
enum err api_uuid_of(const struct api_call *c, const char *kind, const char **id, struct fault *f);

/* If-Match: one strong tag, without its quotes, or "*", which leaves `tag` alone (RFC 9110 section
 * 13.1.1): a comparison by If-Match is strong, so a weak tag never matches. False: it was answered.
 */
bool api_read_match(struct api_call *c, const char **tag);

/* 1 to API_LIST_MAX in plain digits, else an error on "limit". NULL leaves `out` alone. */
void api_read_limit(const char *text, size_t *out, struct field_errors *errors);

/* The body of POST /invitations. False: every fault of the document is in `errors`, as above. What
 * a rule alone refuses (a missing method, a mode that a field cannot have) is added to `own`; it is
 * told together with what the flow finds. A draft may lack its method: it is "email" as soon as
 * there is a personal address. */
bool api_read_invitation(struct http_exchange *x, bool is_draft, struct issue_spec *spec,
    struct field_errors *errors, struct field_errors *own);

/* ---- health (api_health.c) ---- */

/* "ok", "degraded" or "unready". */
const char *api_health_status(const struct health_check *checks, size_t count);
/* [{"name":...,"status":...},...] */
void api_add_checks(struct buf *b, const struct health_check *checks, size_t count);

/* ---- writing ---- */

/* `s` when it is UTF-8; else a copy with "?" for each bad byte. The words of a server may be
 * anything, and a fault may be cut in the middle of a character. NULL stays NULL. */
const char *api_clean(struct arena *arena, const char *s);
void api_add_time(struct buf *b, int64_t wall_ms);
/* ["users:read",...] */
void api_add_scopes(struct buf *b, unsigned scopes);
/* An array of strings; NULL: null. */
void api_add_strings(struct buf *b, const char *const *items, size_t count);
void api_add_time_or_null(struct buf *b, int64_t wall_ms); /* 0: null */

/* ,"errors":[{"field","code","detail"},...] behind other members. */
void api_add_errors(struct buf *b, struct arena *arena, const struct field_errors *errors);

/* As the caller may see it. `d`: what became of its mails, or NULL: the timeline has its own steps
 * alone. `link` is the whole URL, or NULL. */
void api_add_invitation(struct buf *b, const struct api_call *c, const struct invitation *inv,
    const struct delivery *d, const char *link);
/* The same as the answer, with its ETag. */
void api_reply_invitation(struct api_call *c, int status, const struct invitation *inv,
    const struct delivery *d, const struct secret *link);
/* 412: another version than the one that If-Match names. */
void api_reply_changed(struct http_exchange *x);

/* The registration link of a clear token, in a secret. */
struct secret *api_link_of(const struct api *a, const struct secret *token);

#endif
