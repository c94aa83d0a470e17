/* Shared by the files about people and places. */
#ifndef USHERD_API_API_USER_H
#define USHERD_API_API_USER_H

#include "api/api_private.h"
#include "flow/flow_people.h"
#include "roster/roster.h"

/* ---- JSON that is written fast (api_user_json.c) ---- */

/* A text under construction. Nothing but its own memory is touched, so any thread may write. What
 * goes in was bounded by its source (feed.h), so it has no maximum. */
struct api_json {
	char *data; /* free(), or hand on to http_reply_take() */
	size_t len, cap;
};

void api_json_add(struct api_json *j, const void *text, size_t len);   /* as it is */
void api_json_add_word(struct api_json *j, const char *text);	       /* the same, a literal */
void api_json_add_text(struct api_json *j, const char *s, size_t len); /* quoted; UTF-8 */
/* The same of a string; NULL is null. */
void api_json_add_string(struct api_json *j, const char *s);
void api_json_add_number(struct api_json *j, uint64_t n);
void api_json_add_time(struct api_json *j, int64_t seconds); /* 1 to 2^32 - 1; else null */
/* {"pending":n,...} */
void api_json_add_counts(struct api_json *j, const uint64_t count[FEED_STATUS_COUNT]);
/* The members of a person, from {"id": on, without the closing brace. */
void api_json_add_row(struct api_json *j, const struct roster_row *row);
/* Answers with it, and leaves it empty. */
void api_reply_take(struct http_exchange *x, int status, struct api_json *j);

/* ---- one person (api_user_item.c) ---- */

/* What is known of a person, from both sources. */
struct api_person {
	const char *id;
	const struct dir_user *user;  /* of the directory, or NULL */
	const struct invitation *inv; /* a pending one, or NULL */
	const char *detail;	      /* of a change that came about: what did not */
	const struct reach *reach;    /* the caller's: other groups are not shown */
	int64_t now;		      /* wall ms */
};
/* The roster's row gives what the directory does not know, and everything while it is away. False:
 * neither knows anybody. */
bool api_add_person_item(
    struct api_json *j, struct roster *r, struct arena *arena, const struct api_person *p);
/* In an ETag, between the entry's version and that of its groups. */
enum { API_TAG_GROUPS = '/' };
/* The item with its ETag, if the directory gave it one. */
void api_reply_person(struct api_call *c, int status, const struct api_person *p);

/* ---- reading (api_user_read.c) ---- */

/* The query of GET /users. False: `errors` has what is wrong with it. What it points to lives in
 * the exchange's arena. */
bool api_read_users_query(
    struct http_exchange *x, struct roster_query *q, struct field_errors *errors);
/* YYYY-MM-DD (midnight UTC, or with `end` the next one) or RFC 3339, as seconds from 1 on. */
bool api_read_moment(const char *text, bool end, int64_t *seconds);

#endif
