/* The closed set of outcomes that decide behaviour, and the operator's words that go with one.
 *
 * A foreign code (LDAP, SQLite, curl) is translated into an `enum err` once, by the module that
 * wraps the library; HTTP statuses appear only in api. "Nothing happened" below is a promise: the
 * caller may try again without asking what became of the first try.
 */
#ifndef USHERD_BASE_ERR_H
#define USHERD_BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_INVALID,	     /* the input breaks a rule; nothing happened */
	ERR_UNAUTHENTICATED, /* nobody we know; nothing happened */
	ERR_DENIED,	     /* somebody we know, who may not; nothing happened */
	ERR_NOT_FOUND,	     /* no such object */
	ERR_EXISTS,	     /* the name is taken; nothing happened */
	ERR_CONFLICT,	     /* someone was faster: load again and decide again; nothing happened */
	ERR_EXPIRED,	     /* past its end; final */
	ERR_REVOKED,	     /* withdrawn by an administrator; final */
	ERR_USED,	     /* already served its one purpose; final */
	ERR_REFUSED,	     /* a policy refused the value (a password); nothing happened */
	ERR_TOO_LARGE,	     /* crosses a stated bound; nothing happened */
	ERR_THROTTLED,	     /* asked for too often, try later; nothing happened */
	ERR_BUSY,	     /* a bounded queue is full, try later; nothing happened */
	ERR_UNAVAILABLE,     /* a dependency is away, try later; nothing happened */
	ERR_UNKNOWN,	     /* sent, and no answer came: settle by reading back */
	ERR_MISCONFIGURED,   /* an operator must act (rights, schema, credentials); nothing happened
			      */
	ERR_CORRUPT,	     /* stored data is damaged or was made with another key */
	ERR_INTERNAL	     /* our own mistake */
};

enum { FAULT_TEXT_MAX = 384 };

/* What happened, in words for the operator. Owned by the caller; valid text only after a failure.
 */
struct fault {
	enum err code;
	char text[FAULT_TEXT_MAX];
};

/* Record a failure and return `code`, so that a refusal is one line. A NULL fault is fine; a text
 * longer than FAULT_TEXT_MAX is cut. Control bytes in the text become '?': a fault ends up in logs.
 */
enum err fault_set(struct fault *f, enum err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The constant lower-case name of a code ("unavailable"), for logs and traces. */
const char *err_name(enum err code);

#endif
