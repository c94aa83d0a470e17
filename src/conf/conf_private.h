/* The key table, shared by the parser, the dump and the comparison. */
#ifndef USHERD_CONF_CONF_PRIVATE_H
#define USHERD_CONF_CONF_PRIVATE_H

#include "conf/conf.h"

enum conf_type {
	CONF_TEXT,    /* any text */
	CONF_NAME,    /* any text; nothing: NULL */
	CONF_FILE,    /* an absolute path */
	CONF_WORDS,   /* words with spaces between */
	CONF_BOOL,    /* yes or no */
	CONF_NUMBER,  /* between min and max */
	CONF_SECONDS, /* 30s, 10m, 12h, 7d; between min and max seconds */
	CONF_CHOICE,  /* one of the words in `choices` */
	CONF_ADDRESS, /* HOST:PORT or [HOST]:PORT; "" switches the listener off where not required
		       */
	CONF_URL      /* https://HOST[:PORT][/PATH], or http:// to loopback; no slash at the end */
};

struct conf_key {
	const char *section, *name;
	enum conf_type type;
	size_t offset;
	const char *standard; /* the default; NULL: none, "!" : the key is required */
	int64_t min, max;
	const char *choices;
	bool live; /* a reload applies it */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_key_count;

/* The text of one key's value, for dump and comparison; lives in `arena`. */
const char *conf_value_text(const struct conf *c, const struct conf_key *key, struct arena *arena);

/* Reads `value` into the key's place in `base`. ERR_INVALID: the text says what would fit. */
enum err conf_set(struct arena *arena, void *base, const struct conf_key *key, const char *value,
    struct fault *f);

/* conf_role.c: a section [role NAME], which counts when it ends. The keys' offsets are into the
 * struct. */
#define CONF_ROLE_SECTION "role "
enum { CONF_ROLE_KEYS = 4 };
struct conf_role_reading {
	bool open;
	struct conf_role role;
	const char *org_unit; /* the last one, until it was taken */
	int lines[CONF_ROLE_KEYS];
};
extern const struct conf_key conf_role_keys[CONF_ROLE_KEYS];
void conf_role_begin(struct conf_role_reading *r, const char *name, int line);
/* After each value. */
void conf_role_took(
    struct conf_role_reading *r, const struct conf *c, int line, struct conf_errors *errors);
void conf_role_end(struct conf_role_reading *r, struct conf *c, struct conf_errors *errors);
/* The section, as in the file. */
const char *conf_role_text(const struct conf_role *role, struct arena *arena);
void conf_role_differences(const struct conf *running, const struct conf *fresh,
    struct arena *arena, void (*changed)(void *arg, const char *key), void *arg);

/* Rules between keys, and the files that secrets are read from. */
void conf_check(struct conf *c, struct conf_errors *errors);
/* conf_check_mail.c: those of [mail]. */
void conf_check_mail(struct conf *c, struct conf_errors *errors);
/* conf_check_page.c: those of [page]; reads the logo. */
void conf_check_page(struct conf *c, struct conf_errors *errors);

/* A secret's file: not readable by group or others, one line, its newline does not count. NULL:
 * complained. */
struct secret *conf_read_secret(const struct conf *c, const char *section, const char *name,
    const char *path, struct conf_errors *errors);
/* Complains when it cannot be read; NULL is fine. */
void conf_check_file(const struct conf *c, const char *section, const char *name, const char *path,
    struct conf_errors *errors);

void conf_error(struct conf_errors *errors, const char *path, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
