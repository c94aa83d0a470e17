/* Where each person has signed in from within the last 14 days: a bounded table in memory of what
 * the store has, by keyed hashes of addresses. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/mem.h"
#include "flow/sign_in_private.h"
#include "log/log.h"

enum {
	KNOWN_BUCKETS = 16384,
	KNOWN_MAX = 262144,
	KNOWN_SWEEP_MS = 3600 * 1000,
	KNOWN_AGAIN_MS = 10 * 1000 /* after a failure */
};
#define KNOWN_KEPT_MS (14 * 86400 * INT64_C(1000))

struct known_place {
	TAILQ_ENTRY(known_place) bucket;
	TAILQ_ENTRY(known_place) age;
	char person[ID_SIZE];
	unsigned char source[STORE_SOURCE_SIZE];
	int64_t at; /* wall ms */
};
TAILQ_HEAD(known_list, known_place);

struct known {
	struct flow *flow;
	unsigned char secret[32];
	struct known_list buckets[KNOWN_BUCKETS]; /* by source */
	struct known_list by_age;		  /* as they were added */
	size_t count;
	bool loaded;
	struct loop_timer *timer;
	struct store_op *op;
};

static struct known_list *
known_bucket(const struct known *k, const unsigned char source[STORE_SOURCE_SIZE])
{
	uint32_t n;

	memcpy(&n, source, sizeof(n)); /* a keyed hash already */
	return (struct known_list *)(uintptr_t)&k->buckets[n % KNOWN_BUCKETS];
}

static void
known_remove(struct known *k, struct known_place *p)
{
	TAILQ_REMOVE(known_bucket(k, p->source), p, bucket);
	TAILQ_REMOVE(&k->by_age, p, age);
	k->count--;
	free(p);
}

void
known_hash(const struct known *k, const unsigned char key[THROTTLE_SOURCE_SIZE],
    unsigned char source[STORE_SOURCE_SIZE])
{
	crypto_generichash(
	    source, STORE_SOURCE_SIZE, key, THROTTLE_SOURCE_SIZE, k->secret, sizeof(k->secret));
}

static struct known_place *
known_find(const struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE])
{
	const int64_t from = flow_now(k->flow) - KNOWN_KEPT_MS;
	struct known_place *p;

	TAILQ_FOREACH(p, known_bucket(k, source), bucket)
	if (memcmp(p->source, source, STORE_SOURCE_SIZE) == 0 && p->at >= from &&
	    (person == NULL || strcmp(p->person, person) == 0))
		return p;
	return NULL;
}

bool
known_has(const struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE])
{
	return known_find(k, person, source) != NULL;
}

void
known_add(struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE],
    int64_t wall_ms)
{
	struct known_place *p = known_find(k, person, source);

	if (p != NULL) {
		p->at = p->at > wall_ms ? p->at : wall_ms;
		TAILQ_REMOVE(&k->by_age, p, age);
		TAILQ_INSERT_TAIL(&k->by_age, p, age);
		return;
	}
	if (k->count == KNOWN_MAX)
		known_remove(k, TAILQ_FIRST(&k->by_age));
	p = mem_alloc(sizeof(*p));
	memcpy(p->person, person, strnlen(person, ID_SIZE - 1));
	memcpy(p->source, source, STORE_SOURCE_SIZE);
	p->at = wall_ms;
	TAILQ_INSERT_TAIL(known_bucket(k, source), p, bucket);
	TAILQ_INSERT_TAIL(&k->by_age, p, age);
	k->count++;
}

/* Those of one person, or (NULL) those before `before`. */
static void
known_drop_some(struct known *k, const char *person, int64_t before)
{
	struct known_place *p, *next;

	LIST_EACH_SAFE(p, &k->by_age, age, next)
	if (person != NULL ? strcmp(p->person, person) == 0 : p->at < before)
		known_remove(k, p);
}

void
known_drop(struct known *k, const char *person)
{
	known_drop_some(k, person, 0);
}

/* ---- the store ---- */

static void
known_on_each(
    void *arg, const char *person, const unsigned char source[STORE_SOURCE_SIZE], int64_t at)
{
	known_add(arg, person, source, at);
}

static void
known_on_done(void *arg, enum err code, const struct fault *f)
{
	struct known *k = arg;

	k->op = NULL;
	if (code == ERR_OK)
		k->loaded = true;
	else if (!k->loaded)
		log_warning("where people have signed in from cannot be read", "reason", f->text);
	else
		log_debug(
		    "where people have signed in from cannot be forgotten now", "reason", f->text);
	loop_timer_set(k->timer, code == ERR_OK ? KNOWN_SWEEP_MS : KNOWN_AGAIN_MS);
}

void
known_sweep(struct known *k)
{
	const int64_t before = flow_now(k->flow) - KNOWN_KEPT_MS;
	struct store *store = k->flow->conf.store;

	known_drop_some(k, NULL, before);
	if (k->op != NULL)
		return;
	k->op = k->loaded ? store_known_forget(store, before, NULL, known_on_done, k)
			  : store_known_list(store, known_on_each, known_on_done, k);
}

static void
known_on_timer(void *arg)
{
	known_sweep(arg);
}

struct known *
known_new(struct flow *f, const struct seal *seal)
{
	struct known *k = mem_alloc(sizeof(*k));

	k->flow = f;
	seal_derive(seal, "sign-in source", k->secret);
	for (size_t i = 0; i < KNOWN_BUCKETS; i++)
		TAILQ_INIT(&k->buckets[i]);
	TAILQ_INIT(&k->by_age);
	k->timer = loop_timer_new(f->conf.loop, known_on_timer, k);
	loop_timer_set(k->timer, 0);
	return k;
}

void
known_free(struct known *k)
{
	struct known_place *p;

	if (k == NULL)
		return;
	while ((p = TAILQ_FIRST(&k->by_age)) != NULL)
		known_remove(k, p);
	if (k->op != NULL)
		store_cancel(k->op);
	loop_timer_free(k->timer);
	secret_wipe(k->secret, sizeof(k->secret));
	free(k);
}
