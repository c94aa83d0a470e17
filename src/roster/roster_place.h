/* Places and groups, and the DNs by which both are known.
 *
 * DNs come in one spelling but for case (feed.h); a key is that spelling folded (casefold.h), which
 * is what dir_sign.h compares by, too: who may sign in is who the list takes for a member. */
#ifndef USHERD_ROSTER_ROSTER_PLACE_H
#define USHERD_ROSTER_ROSTER_PLACE_H

#include "roster/roster_private.h"

/* ---- DNs (roster_dn.c), pure ---- */

enum { DN_HASH_SIZE = 16 };

/* False: longer than FEED_DN_MAX when it is folded, or empty. `out` has room for FEED_DN_MAX + 1.
 */
bool dn_key(const char *dn, char *out);
/* The same bytes in every process: a cursor names a place by it. */
void dn_hash(const char *key, unsigned char out[DN_HASH_SIZE]);
/* The DN above; NULL: there is none. Points into `dn`. */
const char *dn_parent(const char *dn);
size_t dn_rdns(const char *dn);
/* The RDNs of `dn` in front of the last `above` ones, and `tail` behind them. False: there are none
 * in front, or it gets too long. `out` has room for FEED_DN_MAX + 1. */
bool dn_replace_tail(const char *dn, size_t above, const char *tail, char *out);
bool dn_is_below(const char *key, const char *above); /* really below; keys */
/* Text by which a tree is listed: parents first, siblings by folded name. Added to `out`. */
void dn_path(const char *key, struct buf *out);
/* The value of the first RDN, unescaped. `out` has room for strlen(dn) + 1. */
void dn_name(const char *dn, char *out);

/* ---- places: every DN that rows are below, and every org unit ---- */

/* Strings are blocks of their own, shared by the tables that did not change them. */
struct place {
	bool used;
	unsigned char id[FEED_ID_SIZE];	  /* all zero: no org unit that we know of */
	unsigned char hash[DN_HASH_SIZE]; /* of the key */
	char *dn;			  /* as the server spells it */
	char *key, *name, *description, *path;
	uint32_t parent; /* the nearest place above, or ROSTER_ROW_NONE */
	uint32_t rank;	 /* in the order of paths */
};

struct roster_places_table {
	size_t count; /* slots */
	struct place *items;
	uint32_t *by_rank;
	size_t ranked;
	uint32_t (*counts)[FEED_STATUS_COUNT]; /* of the rows directly there */
};

struct roster_places_table *places_empty(struct roster *r);
void places_free(struct roster *r, struct roster_places_table *t);

/* `place`: a slot, or ROSTER_ROW_NONE. */
struct roster_text place_dn(const struct roster_version *v, uint32_t place);
bool place_is_used(const struct roster_version *v, uint32_t place);  /* any number */
uint32_t place_rank(const struct roster_version *v, uint32_t place); /* none: behind all */
void place_key(const struct roster_version *v, uint32_t place, struct roster_key *out);
uint32_t place_key_rank(const struct roster_key *key);
void place_key_refresh(const struct roster_version *v, struct roster_key *key);

/* ---- groups ---- */

/* One block. Members are kept as keyed hashes: who is in a group is asked for one DN, never listed.
 */
struct group {
	unsigned char id[FEED_ID_SIZE];
	const char *dn, *key, *name, *description,
	    *folded; /* inside the block, behind the hashes */
	/* The writer's alone: the place that the group is below, while that has lost its name to
	 * another one and waits for its new DN; mostly ROSTER_ROW_NONE. */
	uint32_t awaits;
	size_t member_count;
	uint64_t members[]; /* ascending */
};

struct roster_groups_table {
	size_t count; /* slots; NULL items are free */
	struct group **items;
	uint32_t *by_name;
	size_t named;
	uint64_t serial; /* of this content: another one has another number */
};

/* Keyed by the roster's secret. False: it is no DN. */
bool member_hash(const unsigned char secret[16], const char *normal_dn, uint64_t *out);
bool group_has(const struct group *g, uint64_t member);

struct roster_groups_table *groups_empty(struct roster *r);
void groups_free(struct roster *r, struct roster_groups_table *t);

#endif
