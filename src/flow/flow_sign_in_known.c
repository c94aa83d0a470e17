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

/* A source from which anybody has signed in. */
struct known_source {
	TAILQ_ENTRY(known_source) bucket;
	unsigned char source[STORE_SOURCE_SIZE];
	size_t people;
	int64_t at; /* the latest of all of them, wall ms */
};
TAILQ_HEAD(known_source_list, known_source);

struct known_place {
	TAILQ_ENTRY(known_place) bucket;
	TAILQ_ENTRY(known_place) age;
	char person[ID_SIZE];
	struct known_source *source;
	int64_t at; /* wall ms */
};
TAILQ_HEAD(known_list, known_place);

/* Everybody may come from one address, or one person from everywhere: places are found by both. */
struct known {
	struct flow *flow;
	unsigned char secret[32];
	struct known_list buckets[KNOWN_BUCKETS]; /* by person and source */
	struct known_source_list sources[KNOWN_BUCKETS];
	struct known_list by_age; /* the oldest first, once loaded */
	size_t count;
	bool loaded;
	struct loop_timer *timer;
	struct store_op *op;
};

static struct known_list *
known_bucket(const struct known *k, const char *person, const unsigned char *source)
{
	unsigned char text[ID_SIZE + STORE_SOURCE_SIZE] = { 0 };
	uint64_t hash;

	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "one hash");
	memcpy(text, person, strnlen(person, ID_SIZE));
	memcpy(text + ID_SIZE, source, STORE_SOURCE_SIZE);
	crypto_shorthash((unsigned char *)&hash, text, sizeof(text), k->secret);
	return (struct known_list *)(uintptr_t)&k->buckets[hash % KNOWN_BUCKETS];
}

/* ---- sources ---- */

static struct known_source_list *
source_bucket(const struct known *k, const unsigned char source[STORE_SOURCE_SIZE])
{
	uint32_t n;

	memcpy(&n, source, sizeof(n)); /* a keyed hash already */
	return (struct known_source_list *)(uintptr_t)&k->sources[n % KNOWN_BUCKETS];
}

static struct known_source *
source_find(const struct known *k, const unsigned char source[STORE_SOURCE_SIZE])
{
	struct known_source *s;

	TAILQ_FOREACH(s, source_bucket(k, source), bucket)
	if (memcmp(s->source, source, STORE_SOURCE_SIZE) == 0)
		return s;
	return NULL;
}

static struct known_source *
source_hold(struct known *k, const unsigned char source[STORE_SOURCE_SIZE])
{
	struct known_source *s = source_find(k, source);

	if (s == NULL) {
		s = mem_alloc(sizeof(*s));
		memcpy(s->source, source, STORE_SOURCE_SIZE);
		TAILQ_INSERT_TAIL(source_bucket(k, source), s, bucket);
	}
	s->people++;
	return s;
}

static void
source_drop(struct known *k, struct known_source *s)
{
	if (--s->people > 0)
		return;
	TAILQ_REMOVE(source_bucket(k, s->source), s, bucket);
	free(s);
}

/* ---- places ---- */

static void
known_remove(struct known *k, struct known_place *p)
{
	TAILQ_REMOVE(known_bucket(k, p->person, p->source->source), p, bucket);
	TAILQ_REMOVE(&k->by_age, p, age);
	source_drop(k, p->source);
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
	struct known_place *p;

	TAILQ_FOREACH(p, known_bucket(k, person, source), bucket)
	if (memcmp(p->source->source, source, STORE_SOURCE_SIZE) == 0 &&
	    strcmp(p->person, person) == 0)
		return p;
	return NULL;
}

bool
known_has(const struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE])
{
	const int64_t from = flow_now(k->flow) - KNOWN_KEPT_MS;
	const struct known_place *p = person != NULL ? known_find(k, person, source) : NULL;
	const struct known_source *s = person == NULL ? source_find(k, source) : NULL;

	return (p != NULL && p->at >= from) || (s != NULL && s->at >= from);
}

/* What has been read comes in the order of its keys, and is sorted when it is all there. */
static void
known_keep(struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE],
    int64_t wall_ms)
{
	struct known_place *p = known_find(k, person, source);

	if (p == NULL) {
		p = mem_alloc(sizeof(*p));
		memcpy(p->person, person, strnlen(person, ID_SIZE - 1));
		p->source = source_hold(k, source);
		TAILQ_INSERT_TAIL(known_bucket(k, person, source), p, bucket);
		k->count++;
	} else
		TAILQ_REMOVE(&k->by_age, p, age);
	TAILQ_INSERT_TAIL(&k->by_age, p, age);
	if (p->at < wall_ms)
		p->at = wall_ms;
	if (p->source->at < p->at)
		p->source->at = p->at;
}

static void
known_trim(struct known *k)
{
	while (k->count > KNOWN_MAX)
		known_remove(k, TAILQ_FIRST(&k->by_age));
}

void
known_add(struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE],
    int64_t wall_ms)
{
	known_keep(k, person, source, wall_ms);
	if (k->loaded)
		known_trim(k);
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
	known_keep(arg, person, source, at);
}

static int
known_compare(const void *a, const void *b)
{
	const struct known_place *x = *(struct known_place *const *)a;
	const struct known_place *y = *(struct known_place *const *)b;

	return (x->at > y->at) - (x->at < y->at);
}

/* The oldest first, so that they are what gives way. */
static void
known_sort(struct known *k)
{
	struct known_place **all = mem_array(k->count + 1, sizeof(struct known_place *)), *p;
	size_t n = 0;

	TAILQ_FOREACH(p, &k->by_age, age)
	all[n++] = p;
	qsort(all, n, sizeof(struct known_place *), known_compare);
	TAILQ_INIT(&k->by_age);
	for (size_t i = 0; i < n; i++)
		TAILQ_INSERT_TAIL(&k->by_age, all[i], age);
	free(all);
}

static void
known_on_done(void *arg, enum err code, const struct fault *f)
{
	struct known *k = arg;

	k->op = NULL;
	if (code == ERR_OK && !k->loaded) {
		k->loaded = true;
		known_sort(k);
		known_trim(k);
	}
	loop_timer_set(k->timer, code == ERR_OK ? KNOWN_SWEEP_MS : KNOWN_AGAIN_MS);
	if (code == ERR_OK)
		return;
	if (!k->loaded)
		log_warning("where people have signed in from cannot be read", "reason", f->text);
	else
		log_debug(
		    "where people have signed in from cannot be forgotten now", "reason", f->text);
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
	for (size_t i = 0; i < KNOWN_BUCKETS; i++) {
		TAILQ_INIT(&k->buckets[i]);
		TAILQ_INIT(&k->sources[i]);
	}
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
