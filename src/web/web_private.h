/* Shared by the files of web/: what a listener's requests need, one request under way, and the
 * seams between reading input, making pages and sending answers. */
#ifndef USHERD_WEB_WEB_PRIVATE_H
#define USHERD_WEB_WEB_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/color.h"
#include "base/field.h"
#include "base/secret.h"
#include "flow/flow.h"
#include "http/http.h"
#include "invite/invitation.h"
#include "web/web.h"
#include "template/template.h"

/* ---- embedded files (made by embed.sh at build time) ---- */

extern const struct embed_file web_files[];
extern const size_t web_file_count;

/* ---- cookie: what a link was traded for ---- */

enum { WEB_COOKIE_LIFETIME_S = 30 * 60, WEB_COOKIE_TEXT_SIZE = 192 };
#define WEB_COOKIE_NAME "usher_join"

struct web_ticket {
	struct token_hash token;
	char attempt[INVITATION_ATTEMPT_SIZE];
	int64_t end;		/* wall ms */
	unsigned char language; /* the invitation's enum web_language, or WEB_LANGUAGES */
};

/* base64url(nonce, sealed). XChaCha20-Poly1305 with a random nonce, so one key serves for years. */
void web_cookie_seal(
    const struct web_ticket *ticket, const unsigned char key[32], char out[WEB_COOKIE_TEXT_SIZE]);
/* False when the text was not made here with this key, or is past its end. */
bool web_cookie_open(
    const char *text, const unsigned char key[32], int64_t now, struct web_ticket *out);

/* An attempt id as flow takes it: base64url, 1 to INVITATION_ATTEMPT_SIZE - 1 characters. */
bool web_attempt_is_valid(const char *text);
void web_attempt_make(char out[INVITATION_ATTEMPT_SIZE]);

/* ---- words: web_words.def in each language ---- */

enum web_language {
	WEB_ENGLISH, /* problem documents are in it, whatever the page speaks */
	WEB_GERMAN,
	WEB_VIETNAMESE,
	WEB_LANGUAGES /* also: none of them */
};
extern const char *const web_language_tags[WEB_LANGUAGES];
/* Of a language tag: by its first subtag. WEB_LANGUAGES for NULL and what we do not speak. */
enum web_language web_language_of(const char *tag);

#define WORD(key, english, german, vietnamese) WORD_##key,
enum web_word {
#include "web/web_words.def"
	WEB_WORDS
};
#undef WORD

struct web_word_text {
	const char *key;
	const char *text[WEB_LANGUAGES];
};
extern const struct web_word_text web_words[WEB_WORDS];

struct web_visit;

const char *web_word_in(enum web_language language, enum web_word word);
/* In the language of the visit. */
const char *web_word(const struct web_visit *v, enum web_word word);
/* With the value in place of `name`, as in "{organisation}". */
const char *web_word_with(
    const struct web_visit *v, enum web_word word, const char *name, const char *value);
/* With the least length of a password in place of {min}. */
const char *web_word_with_min(const struct web_visit *v, enum web_word word);
const char *web_words_fill(
    struct arena *arena, const char *sentence, const char *name, const char *value);

/* Words for an error's code; WORD_error_invalid for one without. */
enum web_word web_error_word_of(const struct field_error *error);
const char *web_error_text(const struct web_visit *v, const struct field_error *error);

/* ---- texts: what the words are for ---- */

struct web_field_text {
	enum web_word label, hint; /* hint WEB_WORDS: none */
	const char *autocomplete;  /* WCAG 1.3.5 */
	const char *type;	   /* of the input; "select" for a choice */
	bool optional;
};
extern const struct web_field_text web_field_texts[PERSON_FIELD_COUNT];

/* What a person is told; also decides the JSON twin. */
enum web_notice {
	WEB_USED,
	WEB_EXPIRED,
	WEB_REVOKED,
	WEB_UNKNOWN,
	WEB_LOST,    /* no cookie, or it is past its end */
	WEB_FOREIGN, /* the form is not ours or not the latest */
	WEB_BAD,     /* a request that no form of ours makes */
	WEB_TAKEN,
	WEB_TOO_MANY,
	WEB_UNAVAILABLE,
	WEB_FAILED,
	WEB_NOTICE_COUNT
};
struct web_notice_text {
	int status;
	const char *reason; /* of a 410, else NULL */
	enum web_word title, lead, advice;
	const char *sign; /* of pages/sign.html */
	bool retry;	  /* the link back to the form helps */
};
extern const struct web_notice_text web_notice_texts[WEB_NOTICE_COUNT];

/* WEB_WORDS: the value is none we know. */
enum web_word web_text_gender(const char *value);
enum web_word web_text_language(const char *tag);
extern const char *const web_genders[]; /* wire values, NULL terminated */
/* The readable part of a DN: the value of its first RDN. */
char *web_text_of_dn(const char *dn, struct arena *arena);

/* ---- input: what a POST may say ---- */

struct web_input {
	const char *value[PERSON_FIELD_COUNT]; /* NULL: not in the request */
	struct secret *password;	       /* owned; NULL: not in the request */
	const char *attempt;		       /* of the form, or NULL */
	struct field_errors errors;
	int status; /* 0, or what `errors` amount to: 400 or 422 */
};

/* Fields that a person may ever set: the invitation's mode decides on top. */
bool web_field_is_settable(enum person_field field);

/* Reads the body by its content type and wipes it: afterwards the password is in `out->password`
 * alone. Errors are in `out`, with the offending name. web_input_release() is due in every case. */
void web_input_read(struct http_exchange *x, bool is_form, struct web_input *out);
void web_input_release(struct web_input *in);
/* Adds an error for each value whose field the invitation does not leave open. */
void web_input_check_modes(struct web_input *in, const struct invitation *inv);

/* ---- limits: how soon somebody may try again ---- */

enum web_limit {
	WEB_LIMIT_POSTS,   /* of a source */
	WEB_LIMIT_UNKNOWN, /* links that nobody has, by source */
	WEB_LIMIT_CROWD,   /* the same, of all sources together */
	WEB_LIMIT_FORMS,   /* refused forms of one link */
	WEB_LIMITS
};

struct throttle;
struct web;

void web_limits_init(struct web *w, size_t posts_per_minute); /* 0: none at all */
void web_limits_release(struct web *w);
/* Each counts and gives 0, or the seconds until the next try. */
unsigned web_limit_post(struct web_visit *v);
unsigned web_limit_unknown(struct web_visit *v);
unsigned web_limit_form(struct web_visit *v);
/* The visit ends: a form that was not refused does not count. */
void web_limit_settle(struct web_visit *v);

/* ---- the listener's state, and one request under way ---- */

enum template_id { WEB_PAGE_OPEN, WEB_PAGE_PROGRESS, WEB_PAGE_DONE, WEB_PAGE_NOTICE, WEB_PAGES };

struct web {
	struct arena *arena; /* keeps the strings */
	struct flow *flow;
	const struct clock *clock;
	const char *organisation, *sign_in_url, *help_contact;
	const char *origin;    /* of public_url, as browsers send it */
	const char *base_path; /* of public_url, "" or "/..." */
	bool is_https;
	unsigned char cookie_key[32];
	struct throttle *limits[WEB_LIMITS]; /* NULL: none */
	struct template *pages[WEB_PAGES];
	enum web_language language; /* of who asks for none that we speak */
	struct web_asset *assets;
	size_t asset_count;
	const char *style_url, *script_url, *icon_url;
	const char *brand_url, *logo_url; /* NULL: none is configured */
};

/* Lives in the exchange's arena. */
struct web_visit {
	struct web *w;
	struct http_exchange *x;
	struct token_hash token;
	char attempt[INVITATION_ATTEMPT_SIZE]; /* "" when the caller has none */
	bool is_json;			       /* the answer */
	bool is_link; /* the URL holds the token, which must leave the address bar */
	struct web_input input;
	/* The invitation's language where it is known and spoken, else what the browser asks for.
	 */
	enum web_language language, invited_language; /* invited: WEB_LANGUAGES when not known */
	bool is_counted; /* as a refused form, until it turns out to be none */
	bool is_refused; /* what was posted is not valid */
	bool is_later;	 /* a form that cannot be carried out now is shown again */
	int status;	 /* of the form that is shown again */
};

struct web_visit *web_visit_new(struct web *w, struct http_exchange *x);
/* Answers a token that nobody has; counted, so that guessing slows down. Only these are counted and
 * refused: whoever shares an address with a guesser still comes in with a link that exists. */
void web_visit_unknown(struct web_visit *v);
/* Who is it: the token of the URL or the cookie's, and the attempt the caller goes on with. False
 * when that was answered. */
bool web_visit_identify(struct web_visit *v);
/* From here on in the language of the invitation, when we speak it; NULL is fine. */
void web_visit_speak(struct web_visit *v, const struct invitation *inv);
/* A program names its attempt in the header Idempotency-Key, as a plain or a quoted string. False
 * when a bad one was answered. */
bool web_visit_take_key(struct web_visit *v);
/* Answers with what a look at the invitation gave; a flow_view_cb. */
void web_on_viewed(void *arg, enum err code, const struct accept_view *view, const struct fault *f);

http_handler web_get, web_post, web_asset_get;

/* ---- page: state to model to HTML ---- */

/* `page` rendered into `out`; the caller releases it. buf_failed() when it would be too long. */
void web_page_open(const struct web_visit *v, const struct accept_view *view, struct buf *out);
void web_page_progress(const struct web_visit *v, struct buf *out);
void web_page_done(const struct web_visit *v, const char *uid, struct buf *out);
void web_page_notice(
    const struct web_visit *v, enum web_notice notice, unsigned wait_s, struct buf *out);
/* Every name that a template may use, NULL terminated: the words' keys among them. */
const char *const *web_page_names(struct arena *arena);
/* What all pages say; `title` is also their heading. */
struct template_model *web_page_model(const struct web_visit *v, const char *title);
void web_page_render(const struct web_visit *v, enum template_id id, const struct template_model *m,
    struct buf *out);

/* ---- reply: exactly one of these for each request ---- */

void web_reply_view(struct web_visit *v, const struct accept_view *view);
void web_reply_form(
    struct web_visit *v, const struct accept_view *view); /* again, with v->status */
void web_reply_progress(struct web_visit *v, int status);
void web_reply_done(struct web_visit *v, int status, const char *uid);
void web_reply_notice(struct web_visit *v, enum web_notice notice, unsigned wait_s);
/* v->input.errors as 400 or 422. */
void web_reply_errors(struct web_visit *v, int status);
void web_reply_to_form(struct web_visit *v); /* 303 to /join with the cookie */
/* `policy`: Content-Security-Policy. */
void web_add_headers(struct http_exchange *x, const char *policy);
extern const char web_page_policy[];

/* ---- assets: named by their content ---- */

struct web_asset {
	const char *name, *type, *policy;
	const char *bytes;
	size_t len;
};

void web_assets_init(struct web *w, const struct web_conf *conf);
/* The style sheet that puts a colour in place of ours. */
const char *web_brand_sheet(struct arena *arena, struct color accent);
/* The icon in that colour. */
const char *web_brand_icon(struct arena *arena, const char *icon, struct color accent);

#endif
