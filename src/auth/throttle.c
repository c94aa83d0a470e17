/* A key is kept as a keyed digest: any length fits, and an image of the memory names no account. */
#include "auth/throttle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/address.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/secret.h"

enum {
	WAYS = 8,
	DIGEST_SIZE = crypto_shorthash_siphashx24_BYTES,
	PLACES_MAX = 1 << 24,
	COUNT_MAX = 1 << 30
};
_Static_assert(THROTTLE_SOURCE_SIZE == sizeof(struct in6_addr), "a source is an address");
#define TIME_MAX (INT64_MAX / 4) /* may be doubled, and added to a clock */

struct place {
	unsigned char digest[DIGEST_SIZE];
	unsigned failures; /* 0: the place is free */
	int64_t at;	   /* of the last failure */
	int64_t before;	   /* of the one before it, for when the last is taken back */
};

struct throttle {
	struct throttle_conf conf;
	unsigned char hash_key[crypto_shorthash_siphashx24_KEYBYTES];
	size_t sets; /* a power of two */
	struct place *places;
};

struct throttle *
throttle_new(const struct throttle_conf *conf)
{
	struct throttle *t = mem_alloc(sizeof(*t));

	assert(conf->free >= 1 && conf->free < COUNT_MAX && conf->first_ms > 0);
	assert(conf->max_ms >= conf->first_ms && conf->forget_ms > 0);
	assert(conf->max_ms <= TIME_MAX && conf->forget_ms <= TIME_MAX);
	assert(conf->places <= PLACES_MAX);
	t->conf = *conf;
	t->sets = 1;
	while (t->sets * WAYS < conf->places)
		t->sets *= 2;
	t->places = mem_array(t->sets * WAYS, sizeof(*t->places));
	random_fill(t->hash_key, sizeof(t->hash_key));
	return t;
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	free(t->places);
	secret_wipe(t->hash_key, sizeof(t->hash_key));
	free(t);
}

/* The eight places where the key may be; its digest chooses them. */
static struct place *
throttle_set(
    const struct throttle *t, const void *key, size_t len, unsigned char digest[DIGEST_SIZE])
{
	uint64_t hash;

	crypto_shorthash_siphashx24(digest, key, len, t->hash_key);
	memcpy(&hash, digest, sizeof(hash));
	return t->places + (hash & (t->sets - 1)) * WAYS;
}

static struct place *
throttle_find(struct place *set, const unsigned char digest[DIGEST_SIZE])
{
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].failures > 0 && memcmp(set[i].digest, digest, DIGEST_SIZE) == 0)
			return &set[i];
	return NULL;
}

/* A free place, or the one whose last failure is the oldest. */
static struct place *
throttle_make_room(struct place *set)
{
	struct place *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].failures == 0)
			return &set[i];
		if (set[i].at < oldest->at)
			oldest = &set[i];
	}
	return oldest;
}

static bool
place_is_over(const struct throttle_conf *conf, const struct place *p, int64_t now)
{
	return p == NULL || now - p->at >= conf->forget_ms;
}

static int64_t
place_wait(const struct throttle_conf *conf, const struct place *p, int64_t now)
{
	int64_t delay = conf->first_ms, end = p->at + conf->forget_ms;

	if (p->failures < conf->free)
		return 0;
	for (unsigned n = conf->free; n < p->failures && delay < conf->max_ms; n++)
		delay *= 2;
	if (delay > conf->max_ms)
		delay = conf->max_ms;
	if (p->at + delay < end)
		end = p->at + delay;
	return end > now ? end - now : 0;
}

int64_t
throttle_take(struct throttle *t, const void *key, size_t len, int64_t now)
{
	unsigned char digest[DIGEST_SIZE];
	struct place *set = throttle_set(t, key, len, digest), *p = throttle_find(set, digest);
	int64_t wait;

	if (place_is_over(&t->conf, p, now)) {
		if (p == NULL)
			p = throttle_make_room(set);
		*p = (struct place){ .at = now };
		memcpy(p->digest, digest, sizeof(digest));
	}
	wait = place_wait(&t->conf, p, now);
	if (wait > 0)
		return wait;
	if (p->failures < COUNT_MAX)
		p->failures++;
	p->before = p->at;
	p->at = now;
	return 0;
}

void
throttle_forgive(struct throttle *t, const void *key, size_t len, bool all)
{
	unsigned char digest[DIGEST_SIZE];
	struct place *p = throttle_find(throttle_set(t, key, len, digest), digest);

	if (p == NULL)
		return;
	p->failures = all ? 0 : p->failures - 1;
	p->at = p->before;
}

void
throttle_source(const char *peer, unsigned char key[THROTTLE_SOURCE_SIZE])
{
	struct in6_addr address;

	memset(key, 0xff, THROTTLE_SOURCE_SIZE);	       /* the source of no address */
	if (!address_read(peer, strcspn(peer, "%"), &address)) /* without the zone */
		return;
	address = address_source(&address);
	memcpy(key, &address, sizeof(address));
}

unsigned
throttle_seconds(int64_t wait_ms)
{
	return wait_ms <= 1000 ? 1 : (unsigned)((wait_ms + 999) / 1000);
}
