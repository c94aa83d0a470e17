/* All mails share a ring of spans of time, each with room for some mails: about a second, or the
 * time of one mail when that is more. A domain has just the time of its next slot: nothing of it
 * leaves between two. A slow domain takes its place in a later span and leaves the earlier ones to
 * others; a single "next" for all mails would either hold everybody up or forget the rate. */
#include "invite/slot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	SPANS = SLOT_AHEAD_S, /* a span is never shorter than a second */
	WAYS = 16,
	SETS = SLOT_DOMAINS_MAX / WAYS,
	MINUTE_MS = 60 * 1000
};

/* By its name's hash: two names of one hash share a rate, which harms nobody. */
struct slot_domain {
	uint64_t hash;
	int64_t next; /* wall ms; 0: the place is free */
};

struct slots {
	int64_t last;	  /* wall ms of the last call */
	int64_t span_ms;  /* length of a span; 0: no common rate */
	uint32_t room;	  /* mails of one span */
	int64_t first;	  /* the span of that call, counted from 1970 */
	int64_t open;	  /* no span before this one has room */
	uint32_t *taken;  /* of SPANS spans from `first` on; the index is span % SPANS */
	int64_t pause_ms; /* between two mails to one domain; 0: no such rate */
	struct slot_domain *domains;
};

static int64_t
slot_round_up(int64_t value, int64_t unit)
{
	return (value + unit - 1) / unit;
}

struct slots *
slots_new(size_t rate, size_t domain_rate)
{
	struct slots *s = mem_alloc(sizeof(*s));

	if (rate > 0) {
		s->room = (uint32_t)slot_round_up((int64_t)rate, 60);
		s->span_ms = slot_round_up((int64_t)s->room * MINUTE_MS, (int64_t)rate);
		s->taken = mem_array(SPANS, sizeof(*s->taken));
	}
	if (domain_rate > 0) {
		s->pause_ms = slot_round_up(MINUTE_MS, (int64_t)domain_rate);
		s->domains = mem_array(SLOT_DOMAINS_MAX, sizeof(*s->domains));
	}
	return s;
}

void
slots_free(struct slots *s)
{
	if (s == NULL)
		return;
	free(s->taken);
	free(s->domains);
	free(s);
}

/* Bring all up to `now`. */
static void
slot_turn(struct slots *s, int64_t now)
{
	int64_t span;

	if (now < s->last - MINUTE_MS) {
		s->first = s->open = 0;
		if (s->domains != NULL)
			memset(s->domains, 0, SLOT_DOMAINS_MAX * sizeof(*s->domains));
	}
	s->last = now;
	if (s->span_ms == 0)
		return;
	span = now / s->span_ms;
	if (span - s->first >= SPANS) {
		memset(s->taken, 0, SPANS * sizeof(*s->taken));
		s->first = span;
	}
	for (; s->first < span; s->first++)
		s->taken[s->first % SPANS] = 0;
	if (s->open < s->first)
		s->open = s->first;
}

/* The first span with room at `from` or later, and when its next mail may leave; or -1, and the
 * time from which there may be one. */
static int64_t
slot_find(const struct slots *s, int64_t from, int64_t *at)
{
	int64_t span = from / s->span_ms, end = s->first + SPANS;

	if (span < s->open)
		span = s->open;
	while (span < end && s->taken[span % SPANS] == s->room)
		span++;
	if (span >= end) {
		*at = end * s->span_ms;
		return -1;
	}
	*at = span * s->span_ms + s->taken[span % SPANS] * s->span_ms / s->room;
	return span;
}

static void
slot_fill(struct slots *s, int64_t span)
{
	const int64_t end = s->first + SPANS;

	s->taken[span % SPANS]++;
	while (s->open < end && s->taken[s->open % SPANS] == s->room)
		s->open++;
}

/* FNV-1a of the name in lower case. */
static uint64_t
slot_hash(const char *domain)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *domain != '\0'; domain++) {
		unsigned char c = (unsigned char)*domain;

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		hash = (hash ^ c) * UINT64_C(0x100000001b3);
	}
	return hash;
}

/* The domain's place; of a new one, that whose slots end first, made its own. */
static struct slot_domain *
slot_domain_of(struct slots *s, const char *domain)
{
	uint64_t hash = slot_hash(domain);
	struct slot_domain *set = &s->domains[hash % SETS * WAYS], *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].next < oldest->next)
			oldest = &set[i];
	}
	*oldest = (struct slot_domain){ .hash = hash };
	return oldest;
}

bool
slot_take(struct slots *s, const char *domain, int64_t now, int64_t *at)
{
	return slot_take_by(s, domain, now, INT64_MAX, at);
}

bool
slot_take_by(struct slots *s, const char *domain, int64_t now, int64_t latest, int64_t *at)
{
	struct slot_domain *d = NULL;
	int64_t from = now, span = -1, slot;

	slot_turn(s, now);
	if (s->domains != NULL) {
		d = slot_domain_of(s, domain);
		if (d->next > from)
			from = d->next;
	}
	if (s->span_ms > 0) {
		span = slot_find(s, from, &slot);
		if (span < 0) {
			*at = slot;
			return false;
		}
		if (slot > from)
			from = slot;
	}
	if (from > latest) {
		*at = from;
		return false;
	}
	if (span >= 0)
		slot_fill(s, span);
	if (d != NULL)
		d->next = from + s->pause_ms;
	*at = from > now ? from : 0;
	return true;
}
