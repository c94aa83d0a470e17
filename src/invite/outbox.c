#include "invite/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	enum outbox_queue queue;
	bool has_link;
} kinds[OUTBOX_KIND_COUNT] = {
	[OUTBOX_INVITATION] = { "invitation", OUTBOX_MAILS, true },
	[OUTBOX_REMINDER] = { "reminder", OUTBOX_MAILS, true },
	[OUTBOX_WELCOME] = { "welcome", OUTBOX_MAILS, false },
	[OUTBOX_COMPLETED] = { "completed", OUTBOX_MAILS, false },
	[OUTBOX_UNDELIVERABLE] = { "undeliverable", OUTBOX_MAILS, false },
	[OUTBOX_HOOK] = { "hook", OUTBOX_HOOKS, false },
};

const char *
outbox_kind_name(enum outbox_kind kind)
{
	assert((unsigned)kind < OUTBOX_KIND_COUNT);
	return kinds[kind].name;
}

bool
outbox_kind_by_name(const char *name, enum outbox_kind *out)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(name, kinds[i].name) == 0) {
			*out = (enum outbox_kind)i;
			return true;
		}
	return false;
}

enum outbox_queue
outbox_queue_of(enum outbox_kind kind)
{
	assert((unsigned)kind < OUTBOX_KIND_COUNT);
	return kinds[kind].queue;
}

bool
outbox_has_link(enum outbox_kind kind)
{
	assert((unsigned)kind < OUTBOX_KIND_COUNT);
	return kinds[kind].has_link;
}

struct outbox_item *
outbox_item_new(enum outbox_kind kind, const char *subject, int64_t now)
{
	struct outbox_item *i = mem_alloc(sizeof(*i));
	size_t len = strlen(subject);

	assert(len < sizeof(i->subject));
	i->arena = arena_new(0);
	id_make(now, i->id);
	i->kind = kind;
	memcpy(i->subject, subject, len + 1);
	i->created_at = i->due = now;
	i->expires_at = INT64_MAX;
	return i;
}

struct outbox_item *
outbox_item_copy(const struct outbox_item *i)
{
	struct outbox_item *copy = mem_alloc(sizeof(*copy));
	struct arena *a = arena_new(0);

	*copy = *i;
	copy->arena = a;
	copy->last = arena_strdup(a, i->last);
	copy->to = arena_strdup(a, i->to);
	copy->name = arena_strdup(a, i->name);
	copy->uid = arena_strdup(a, i->uid);
	copy->language = arena_strdup(a, i->language);
	copy->type = arena_strdup(a, i->type);
	copy->body = arena_strdup(a, i->body);
	return copy;
}

void
outbox_item_free(struct outbox_item *i)
{
	if (i == NULL)
		return;
	arena_free(i->arena);
	free(i);
}

const char *
outbox_cut(struct arena *arena, const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);
	char *copy;
	uint8_t *at, *bad;

	if (len > max)
		for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	copy = arena_dup(arena, text, len);
	at = (uint8_t *)copy;
	while ((bad = (uint8_t *)(uintptr_t)u8_check(at, (size_t)((uint8_t *)copy + len - at))) !=
	       NULL) {
		*bad = '?';
		at = bad + 1;
	}
	return copy;
}

const char *
outbox_text(struct arena *arena, const char *text)
{
	return text != NULL ? outbox_cut(arena, text, OUTBOX_TEXT_MAX) : NULL;
}

void
outbox_set_text(struct outbox_item *i, const char **field, const char *text)
{
	if (field != &i->body) {
		*field = outbox_text(i->arena, text);
		return;
	}
	assert(text == NULL || strlen(text) <= OUTBOX_BODY_MAX);
	*field = arena_strdup(i->arena, text);
}

/* ---- trying again ---- */

/* A part of `ms`, by 32 random bits. */
static int64_t
outbox_part(int64_t ms, uint32_t random)
{
	return (int64_t)(((uint64_t)ms * random) >> 32);
}

int64_t
outbox_backoff(unsigned failures, uint32_t random)
{
	int64_t ms = OUTBOX_BACKOFF_MIN_MS;

	for (unsigned n = 1; n < failures && ms < OUTBOX_BACKOFF_MAX_MS; n++)
		ms *= 2;
	if (ms > OUTBOX_BACKOFF_MAX_MS)
		ms = OUTBOX_BACKOFF_MAX_MS;
	return ms - outbox_part(ms / 4, random);
}

/* It waits for its next attempt, if there is time for one: what nobody can use is not sent. */
static enum outbox_next
outbox_again(struct outbox_item *i, int64_t now, int64_t delay)
{
	if (now >= i->expires_at || delay >= i->expires_at - now)
		return OUTBOX_GIVE_UP;
	i->owner[0] = '\0';
	i->due = now + delay;
	i->slotted = false;
	return OUTBOX_AGAIN;
}

enum outbox_next
outbox_decide(struct outbox_item *i, enum outbox_result result, int64_t now, uint32_t random)
{
	i->attempts++;
	switch (result) {
	case OUTBOX_SENT:
		return OUTBOX_REMOVE;
	case OUTBOX_DEFERRED:
		return outbox_again(i, now, outbox_backoff(i->attempts, random));
	case OUTBOX_REFUSED:
		return OUTBOX_GIVE_UP;
	case OUTBOX_SILENT:
		if (++i->unknown > 1)
			return OUTBOX_GIVE_UP;
		return outbox_again(i, now, OUTBOX_UNKNOWN_MS);
	case OUTBOX_LOST:
		return outbox_again(i, now, 0);
	}
	assert(!"a result outside the list");
	return OUTBOX_GIVE_UP;
}

enum outbox_next
outbox_decide_hook(struct outbox_item *i, enum outbox_result result, int64_t now,
    int64_t retry_after_ms, uint32_t random)
{
	/* Seconds before the n-th attempt. */
	static const int64_t schedule[] = { 0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000,
		86400 };
	int64_t delay;

	i->attempts++;
	switch (result) {
	case OUTBOX_SENT:
		return OUTBOX_REMOVE;
	case OUTBOX_REFUSED:
		return OUTBOX_GIVE_UP;
	case OUTBOX_LOST:
		return outbox_again(i, now, 0);
	case OUTBOX_SILENT:
		i->unknown++;
		break;
	case OUTBOX_DEFERRED:
		break;
	}
	if (i->attempts >= COUNT(schedule))
		return OUTBOX_GIVE_UP;
	delay = schedule[i->attempts] * 1000;
	delay += outbox_part(delay / 10, random);
	if (retry_after_ms > delay)
		delay = retry_after_ms;
	return outbox_again(i, now, delay);
}
