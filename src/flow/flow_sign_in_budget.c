/* How many failures of one key there may be in any window, or until a success: of an account, so
 * that its own lock-out never sees enough of them, and of what is typed as a login, whether there
 * is such an account or not. Attempts under way count. Strangers can use up a part alone; the rest
 * is kept for the sources that are known. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/mem.h"
#include "flow/sign_in_private.h"

enum { BUCKETS = 8192 };

struct mark {
	uint64_t number;
	int64_t at;
	bool stranger, settled;
};

struct account {
	TAILQ_ENTRY(account) age; /* by last attempt */
	TAILQ_ENTRY(account) bucket;
	unsigned char key[BUDGET_KEY_SIZE];
	bool waits; /* it was told to */
	size_t count;
	struct mark marks[]; /* the oldest first */
};
TAILQ_HEAD(account_list, account);

struct budget {
	size_t attempts, strangers_share;
	int64_t window_ms; /* 0: until a success */
	size_t count, max;
	uint64_t last_mark;
	unsigned char secret[crypto_generichash_KEYBYTES];
	struct account_list buckets[BUCKETS];
	struct account_list by_age;
};

struct budget *
budget_new(size_t attempts, int64_t window_ms, size_t max)
{
	struct budget *b = mem_alloc(sizeof(*b));

	assert(attempts >= 2 && window_ms >= 0 && max >= 1);
	b->attempts = attempts;
	b->strangers_share = attempts / 2;
	b->window_ms = window_ms;
	b->max = max;
	random_fill(b->secret, sizeof(b->secret));
	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&b->buckets[i]);
	TAILQ_INIT(&b->by_age);
	return b;
}

void
budget_key(const struct budget *b, const void *text, size_t len, unsigned char key[BUDGET_KEY_SIZE])
{
	crypto_generichash(key, BUDGET_KEY_SIZE, text, len, b->secret, sizeof(b->secret));
}

/* ---- the table ---- */

static struct account_list *
budget_bucket(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE])
{
	uint32_t n;

	memcpy(&n, key, sizeof(n));
	return &b->buckets[n % BUCKETS];
}

static struct account *
budget_find(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE])
{
	struct account *a;

	TAILQ_FOREACH(a, budget_bucket(b, key), bucket)
	if (memcmp(a->key, key, sizeof(a->key)) == 0)
		return a;
	return NULL;
}

static void
account_free(struct budget *b, struct account *a)
{
	TAILQ_REMOVE(budget_bucket(b, a->key), a, bucket);
	TAILQ_REMOVE(&b->by_age, a, age);
	b->count--;
	free(a);
}

void
budget_free(struct budget *b)
{
	struct account *a;

	if (b == NULL)
		return;
	while ((a = TAILQ_FIRST(&b->by_age)) != NULL)
		account_free(b, a);
	secret_wipe(b->secret, sizeof(b->secret));
	free(b);
}

static void
account_drop_oldest(struct account *a, size_t count)
{
	a->count -= count;
	memmove(a->marks, a->marks + count, a->count * sizeof(a->marks[0]));
}

/* What has left the window is forgotten. */
static void
account_age(const struct budget *b, struct account *a, int64_t now)
{
	size_t old = 0;

	while (b->window_ms > 0 && old < a->count && a->marks[old].at <= now - b->window_ms)
		old++;
	account_drop_oldest(a, old);
	a->waits = a->waits && a->count > 0;
}

/* Those of which nothing is left go, and when there are too many the one that was tried longest
 * ago. */
static void
budget_make_room(struct budget *b, int64_t now)
{
	struct account *a, *next;

	LIST_EACH_SAFE(a, &b->by_age, age, next)
	{
		account_age(b, a, now);
		if (a->count > 0 && b->count < b->max)
			return;
		account_free(b, a);
	}
}

static struct account *
budget_find_or_make(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], int64_t now)
{
	struct account *a = budget_find(b, key);

	if (a != NULL) {
		account_age(b, a, now);
		return a;
	}
	budget_make_room(b, now);
	a = mem_alloc(sizeof(*a) + b->attempts * sizeof(a->marks[0]));
	memcpy(a->key, key, sizeof(a->key));
	TAILQ_INSERT_TAIL(budget_bucket(b, key), a, bucket);
	TAILQ_INSERT_TAIL(&b->by_age, a, age);
	b->count++;
	return a;
}

/* ---- taking and giving back ---- */

/* When the `nth` mark, of strangers or of all, leaves the window. */
static int64_t
account_until(const struct budget *b, const struct account *a, bool of_strangers, size_t nth)
{
	for (size_t i = 0; i < a->count; i++)
		if ((a->marks[i].stranger || !of_strangers) && nth-- == 0)
			return b->window_ms > 0 ? a->marks[i].at + b->window_ms : INT64_MAX;
	return 0;
}

/* Whether failures alone would let one more pass: what else is in its way is still under way, and
 * may turn out right. */
static bool
account_is_busy(const struct budget *b, const struct account *a, bool is_known)
{
	size_t all = 0, strangers = 0;

	for (size_t i = 0; i < a->count; i++)
		if (a->marks[i].settled) {
			all++;
			strangers += a->marks[i].stranger;
		}
	return all < b->attempts && (is_known || strangers < b->strangers_share);
}

/* Until one more is allowed: the whole is not used up, nor, for a stranger, the strangers' part. */
static int64_t
account_wait(const struct budget *b, const struct account *a, bool is_known, int64_t now)
{
	int64_t until = 0, strangers_until = 0;
	size_t strangers = 0;

	for (size_t i = 0; i < a->count; i++)
		strangers += a->marks[i].stranger;
	if (a->count >= b->attempts)
		until = account_until(b, a, false, a->count - b->attempts);
	if (!is_known && strangers >= b->strangers_share)
		strangers_until = account_until(b, a, true, strangers - b->strangers_share);
	if (strangers_until > until)
		until = strangers_until;
	if (until <= now)
		return 0;
	return until == INT64_MAX ? until : until - now;
}

static uint64_t
account_mark(struct budget *b, struct account *a, bool stranger, int64_t at)
{
	a->marks[a->count++] =
	    (struct mark){ .number = ++b->last_mark, .at = at, .stranger = stranger };
	TAILQ_REMOVE(&b->by_age, a, age);
	TAILQ_INSERT_TAIL(&b->by_age, a, age);
	return b->last_mark;
}

int64_t
budget_take(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], bool is_known, int64_t now,
    uint64_t *mark, bool *news)
{
	struct account *a = budget_find_or_make(b, key, now);
	int64_t wait = account_wait(b, a, is_known, now);

	*mark = 0;
	*news = false;
	if (wait > 0 && account_is_busy(b, a, is_known))
		return BUDGET_SOON_MS;
	*news = wait > 0 && !a->waits;
	a->waits = wait > 0;
	if (wait == 0)
		*mark = account_mark(b, a, !is_known, now);
	return wait;
}

/* A success gives back what failed before it. What is still under way may fail after it, and the
 * directory counts that anew. */
void
budget_settle(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], uint64_t mark,
    enum sign_in_verdict verdict, int64_t now)
{
	struct account *a = budget_find(b, key);
	struct mark own = { .number = 0 };
	size_t kept = 0;

	for (size_t i = 0; a != NULL && i < a->count; i++) {
		struct mark m = a->marks[i];

		if (m.number == mark)
			own = m;
		else if (!m.settled || verdict != SIGN_IN_RIGHT)
			a->marks[kept++] = m;
	}
	if (a == NULL)
		return;
	if (own.number != 0 && verdict == SIGN_IN_WRONG) {
		own.settled = true;
		own.at = now;
		a->marks[kept++] = own; /* the last one to fail */
	}
	a->count = kept;
	a->waits = a->waits && verdict != SIGN_IN_RIGHT;
	if (kept == 0)
		account_free(b, a);
}

void
budget_add(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], int64_t at)
{
	struct account *a = budget_find_or_make(b, key, at);

	if (a->count == b->attempts)
		account_drop_oldest(a, 1);
	account_mark(b, a, true, at);
	a->marks[a->count - 1].settled = true;
}

void
budget_clear(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], int64_t before)
{
	struct account *a = budget_find(b, key);
	size_t old = 0;

	if (a == NULL)
		return;
	while (old < a->count && a->marks[old].at < before)
		old++;
	account_drop_oldest(a, old);
	if (a->count == 0)
		account_free(b, a);
}
