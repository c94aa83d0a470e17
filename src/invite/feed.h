/* What the directory and the store tell of everybody: plain values that the two sources make and
 * the roster eats, so that neither knows the other.
 *
 * A batch owns its arena and everything in it. It is made by one thread, handed on whole, and not
 * written again. Strings are UTF-8 without a zero byte or control characters, NULL when absent;
 * what was longer than its bound was cut at a whole character. Times are seconds since 1970, 0 when
 * unknown. */
#ifndef USHERD_INVITE_FEED_H
#define USHERD_INVITE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"

enum {
	FEED_ID_SIZE = 16,     /* bytes of a UUID */
	FEED_TEXT_MAX = 512,   /* bytes of a name, position, uid, RDN */
	FEED_MAIL_MAX = 320,   /* bytes of one address */
	FEED_MAILS_MAX = 8,    /* further addresses that are searched */
	FEED_PHONE_MAX = 64,   /* bytes */
	FEED_DN_MAX = 8192,    /* bytes */
	FEED_COOKIE_MAX = 4096 /* bytes; a longer one is not kept */
};

/* A person's status, in the order in which a list sorts it. */
enum feed_status {
	FEED_PENDING,
	FEED_UNDELIVERABLE,
	FEED_EXPIRED,
	FEED_ACTIVE,
	FEED_SUSPENDED,
	FEED_STATUS_COUNT
};
/* "pending", ...; FEED_STATUS_COUNT for another name. */
const char *feed_status_name(enum feed_status s);
enum feed_status feed_status_by_name(const char *name, size_t len);

struct feed_user {
	enum feed_status status;
	const char *name; /* never NULL: displayName, else cn, else the names, else uid, else RDN */
	const char *given_name, *family_name, *mail, *phone, *position, *uid;
	const char *more_mails[FEED_MAILS_MAX]; /* searched, never shown */
	size_t more_mail_count;
	/* Of a directory user: the RDN as the server spells it, and the DN of the entry above in
	 * one spelling (dir_dn_normalise), by which places are told apart. Of an invitation `rdn`
	 * is NULL and `parent` is its org unit. */
	const char *rdn, *parent;
	/* Of a directory user: the marker, all zero when it has none. Of an invitation: its own id
	 * (as in feed_item). */
	unsigned char invitation[FEED_ID_SIZE];
	int64_t invited_at, registered_at, last_activity_at;
	/* Of an invitation: it is claimed, created or done, so that its entry is about to appear.
	 */
	bool becoming;
};

/* An organizational unit. */
struct feed_place {
	const char *dn;	    /* as the server spells it */
	const char *normal; /* in one spelling */
	const char *name;   /* the first RDN's value */
	const char *description;
};

struct feed_group {
	const char *dn, *normal, *name, *description;
	/* DNs in one spelling. Values keep the case in which somebody wrote them: to be compared
	 * with entries' DNs without it. */
	const char *const *members;
	size_t member_count;
};

enum feed_kind {
	FEED_PRESENT, /* the entry of this id exists unchanged (RFC 4533 section 3.3.1) */
	FEED_GONE,    /* it is no longer there, whatever it was; an unknown id is fine */
	FEED_USER,    /* whole and new, or instead of the one of that id */
	FEED_PLACE,
	FEED_GROUP,
	FEED_INVITATION, /* `user`, made from the store */
	FEED_INVITATION_GONE
};

struct feed_item {
	enum feed_kind kind;
	unsigned char id[FEED_ID_SIZE]; /* entryUUID, or the invitation's id */
	union {
		struct feed_user user;
		struct feed_place place;
		struct feed_group group;
	};
};

/* A refresh is REFRESH_BEGINS, any number of CHANGES, and one of the two ends. Only COMPLETE with
 * `absent_is_gone` removes what the refresh did not name; BROKEN removes nothing. */
enum feed_step {
	FEED_CHANGES,
	FEED_REFRESH_BEGINS,
	FEED_REFRESH_COMPLETE,
	FEED_REFRESH_BROKEN /* cut short: size limit, lost connection */
};

enum feed_source { FEED_DIRECTORY, FEED_STORE };

struct feed_batch {
	struct arena *arena;
	enum feed_source source; /* steps of the two are apart: a refresh ends for its own source */
	enum feed_step step;	 /* items come before an end, and behind a beginning */
	bool absent_is_gone;
	bool cut_by_limit; /* of a broken one: by a size, time or administrative limit */
	struct feed_item *items;
	size_t count, capacity;
	/* Valid once everything up to and with this batch is applied. len 0: no news. */
	const void *cookie;
	size_t cookie_len;
};

enum { FEED_BATCH_ITEMS = 512 }; /* how many a source puts into one, at most */

/* An empty batch, which grows up to FEED_BATCH_ITEMS. */
struct feed_batch *feed_batch_new(enum feed_source source, enum feed_step step);
void feed_batch_free(struct feed_batch *b); /* NULL is fine */
/* The next item, zeroed but for its kind and id, valid until the next one is added; NULL when the
 * batch is full. */
struct feed_item *feed_batch_add(
    struct feed_batch *b, enum feed_kind kind, const unsigned char id[FEED_ID_SIZE]);

/* A UUID's canonical text and back; false: it is none. */
bool feed_id_parse(const char *text, unsigned char out[FEED_ID_SIZE]);
void feed_id_text(const unsigned char id[FEED_ID_SIZE], char out[ID_SIZE]);

#endif
