/* How often a source may post, and how often it may present a token that nobody has.
 *
 * A fixed table, eight places for each hash value; when all eight are taken the one that was
 * touched longest ago gives way. A flood of sources can thereby forget others: that frees them, it
 * never blocks anybody. The hash is keyed, so that nobody can choose whom to crowd out. */
#include "web/web_private.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/id.h"
#include "base/mem.h"

enum { RATE_SETS = 512, RATE_WAYS = 8, RATE_KEY_SIZE = 9, MINUTE_MS = 60000 };

struct web_source {
	unsigned char key[RATE_KEY_SIZE]; /* family, then the address or its /64 */
	bool is_used;
	int64_t touched_ms;
	int64_t level[WEB_RATE_KINDS]; /* requests left, times MINUTE_MS */
};

struct web_rate {
	int64_t per_minute;
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
	struct web_source sets[RATE_SETS][RATE_WAYS];
};

struct web_rate *
web_rate_new(size_t per_minute)
{
	struct web_rate *r = mem_alloc(sizeof(*r));

	r->per_minute = per_minute > 1000000 ? 1000000 : (int64_t)per_minute;
	random_fill(r->hash_key, sizeof(r->hash_key));
	return r;
}

void
web_rate_free(struct web_rate *r)
{
	free(r);
}

/* One customer has at least a /64. What is no address (a unix socket) shares one key. */
static void
web_rate_key(const char *peer, unsigned char key[RATE_KEY_SIZE])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned char v4[4], v6[16];
	char text[INET6_ADDRSTRLEN] = "";
	size_t len = strcspn(peer, "%"); /* without the zone */

	memset(key, 0, RATE_KEY_SIZE);
	if (len < sizeof(text))
		memcpy(text, peer, len);
	if (inet_pton(AF_INET, text, v4) == 1) {
		key[0] = 4;
		memcpy(key + 1, v4, sizeof(v4));
	} else if (inet_pton(AF_INET6, text, v6) == 1) {
		bool is_v4 = memcmp(v6, mapped, sizeof(mapped)) == 0;

		key[0] = is_v4 ? 4 : 6;
		memcpy(key + 1, is_v4 ? v6 + 12 : v6, is_v4 ? 4 : 8);
	}
}

static struct web_source *
web_rate_find(struct web_rate *r, const char *peer, int64_t mono_ms)
{
	unsigned char key[RATE_KEY_SIZE];
	struct web_source *set, *s = NULL;
	uint64_t hash;

	web_rate_key(peer, key);
	crypto_shorthash((unsigned char *)&hash, key, sizeof(key), r->hash_key);
	set = r->sets[hash % RATE_SETS];
	for (size_t i = 0; i < RATE_WAYS; i++) {
		if (set[i].is_used && memcmp(set[i].key, key, sizeof(key)) == 0)
			return &set[i];
		if (s == NULL || (s->is_used && !set[i].is_used) ||
		    (s->is_used && set[i].touched_ms < s->touched_ms))
			s = &set[i];
	}
	*s = (struct web_source){ .is_used = true, .touched_ms = mono_ms };
	memcpy(s->key, key, sizeof(key));
	for (int i = 0; i < WEB_RATE_KINDS; i++)
		s->level[i] = r->per_minute * MINUTE_MS;
	return s;
}

unsigned
web_rate_take(struct web_rate *r, const char *peer, enum web_rate_kind kind, int64_t mono_ms)
{
	struct web_source *s;
	int64_t full = r->per_minute * MINUTE_MS, passed;

	if (r->per_minute == 0)
		return 0;
	s = web_rate_find(r, peer, mono_ms);
	passed = mono_ms - s->touched_ms;
	if (passed > MINUTE_MS)
		passed = MINUTE_MS;
	for (int i = 0; i < WEB_RATE_KINDS; i++) {
		s->level[i] += passed * r->per_minute;
		if (s->level[i] > full)
			s->level[i] = full;
	}
	s->touched_ms = mono_ms;
	if (s->level[kind] < MINUTE_MS) {
		int64_t wait_ms = (MINUTE_MS - s->level[kind] + r->per_minute - 1) / r->per_minute;

		return (unsigned)((wait_ms + 999) / 1000);
	}
	s->level[kind] -= MINUTE_MS;
	return 0;
}
