/* How many failures of one account reach the directory: fewer than its own lock-out needs, in any
 * window. Attempts under way count. Strangers can use up a part alone; the rest is kept for the
 * sources that the person is known to come from.
 *
 * Logins that are nobody's have budgets like any account's, so that waiting tells nothing. They
 * give way first when memory runs short: no flood of invented names makes us forget a real
 * account's failures. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sodium.h>

#include "base/mem.h"
#include "flow/sign_in_private.h"

enum {
	BUCKETS = 8192,
	NOBODIES_MAX = 65536,
	PEOPLE_MAX = 262144,
	CONTENT_SIZE = DIR_LOGIN_MAX + 2
};

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
	int64_t window_ms;
	uint64_t last_mark;
	unsigned char secret[crypto_generichash_KEYBYTES];
	struct account_list buckets[BUCKETS];
	struct account_list people, nobodies;
	size_t people_count, nobodies_count;
};

struct budget *
budget_new(const struct sign_in_conf *conf)
{
	struct budget *b = mem_alloc(sizeof(*b));

	assert(conf->attempts >= 2 && conf->window_s >= 1);
	b->attempts = (size_t)conf->attempts;
	b->strangers_share = b->attempts / 2;
	b->window_ms = conf->window_s * 1000;
	random_fill(b->secret, sizeof(b->secret));
	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&b->buckets[i]);
	TAILQ_INIT(&b->people);
	TAILQ_INIT(&b->nobodies);
	return b;
}

/* The first bit of a key says which of the two it is. */
static bool
key_is_persons(const unsigned char key[BUDGET_KEY_SIZE])
{
	return (key[0] & 0x80) != 0;
}

/* Spaces around and case do not make another name: they do not for a directory. */
static size_t
login_fold(const char *login, char out[CONTENT_SIZE])
{
	size_t len;

	while (*login == ' ')
		login++;
	len = strnlen(login, CONTENT_SIZE - 1);
	while (len > 0 && login[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(login[i] >= 'A' && login[i] <= 'Z' ? login[i] | 0x20 : login[i]);
	return len;
}

void
budget_key(const struct budget *b, const char *person, const char *login,
    unsigned char key[BUDGET_KEY_SIZE])
{
	char content[CONTENT_SIZE];
	size_t len = person != NULL ? strnlen(person, CONTENT_SIZE) : login_fold(login, content);

	crypto_generichash(key, BUDGET_KEY_SIZE,
	    (const unsigned char *)(person != NULL ? person : content), len, b->secret,
	    sizeof(b->secret));
	key[0] = (unsigned char)(person != NULL ? key[0] | 0x80 : key[0] & 0x7f);
}

static struct account_list *
budget_bucket(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE])
{
	uint32_t n;

	memcpy(&n, key + 1, sizeof(n));
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
	bool person = key_is_persons(a->key);

	TAILQ_REMOVE(budget_bucket(b, a->key), a, bucket);
	TAILQ_REMOVE(person ? &b->people : &b->nobodies, a, age);
	*(person ? &b->people_count : &b->nobodies_count) -= 1;
	free(a);
}

void
budget_free(struct budget *b)
{
	struct account *a;

	if (b == NULL)
		return;
	while ((a = TAILQ_FIRST(&b->people)) != NULL || (a = TAILQ_FIRST(&b->nobodies)) != NULL)
		account_free(b, a);
	secret_wipe(b->secret, sizeof(b->secret));
	free(b);
}

/* What has left the window is forgotten; the account with it when nothing is left. */
static void
account_age(struct account *a, int64_t before)
{
	size_t old = 0;

	while (old < a->count && a->marks[old].at <= before)
		old++;
	a->count -= old;
	memmove(a->marks, a->marks + old, a->count * sizeof(a->marks[0]));
	a->waits = a->waits && a->count > 0;
}

static void
list_trim(struct budget *b, struct account_list *list, const size_t *count, size_t max, int64_t now)
{
	struct account *a;

	while ((a = TAILQ_FIRST(list)) != NULL) {
		account_age(a, now - b->window_ms);
		if (a->count > 0 && *count < max)
			return;
		account_free(b, a);
	}
}

static struct account *
account_new(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], int64_t now)
{
	struct account *a;

	list_trim(b, &b->people, &b->people_count, PEOPLE_MAX, now);
	list_trim(b, &b->nobodies, &b->nobodies_count, NOBODIES_MAX, now);
	a = mem_alloc(sizeof(*a) + b->attempts * sizeof(a->marks[0]));
	memcpy(a->key, key, sizeof(a->key));
	TAILQ_INSERT_TAIL(budget_bucket(b, key), a, bucket);
	TAILQ_INSERT_TAIL(key_is_persons(key) ? &b->people : &b->nobodies, a, age);
	*(key_is_persons(key) ? &b->people_count : &b->nobodies_count) += 1;
	return a;
}

/* Until one more is allowed: the whole is not used up, nor, for a stranger, the strangers' part. */
static int64_t
account_wait(const struct budget *b, const struct account *a, bool is_known, int64_t now)
{
	size_t strangers = 0, over;
	int64_t until = 0;

	if (a->count >= b->attempts)
		until = a->marks[a->count - b->attempts].at + b->window_ms;
	for (size_t i = 0; i < a->count; i++)
		strangers += a->marks[i].stranger;
	if (!is_known && strangers >= b->strangers_share) {
		over = strangers - b->strangers_share; /* so many strangers' marks are older */
		for (size_t i = 0; i < a->count; i++)
			if (a->marks[i].stranger && over-- == 0) {
				if (a->marks[i].at + b->window_ms > until)
					until = a->marks[i].at + b->window_ms;
				break;
			}
	}
	return until > now ? until - now : 0;
}

int64_t
budget_take(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], bool is_known, int64_t now,
    uint64_t *mark, bool *news)
{
	struct account *a = budget_find(b, key);
	struct account_list *list = key_is_persons(key) ? &b->people : &b->nobodies;
	int64_t wait;

	*mark = 0;
	*news = false;
	if (a == NULL)
		a = account_new(b, key, now);
	account_age(a, now - b->window_ms);
	wait = account_wait(b, a, is_known, now);
	if (wait > 0) {
		*news = !a->waits;
		a->waits = true;
		return wait;
	}
	a->waits = false;
	*mark = ++b->last_mark;
	a->marks[a->count++] = (struct mark){ .number = *mark, .at = now, .stranger = !is_known };
	TAILQ_REMOVE(list, a, age);
	TAILQ_INSERT_TAIL(list, a, age);
	return 0;
}

/* A success gives back what failed before it. What is still under way may fail after it, and the
 * directory counts that anew. */
void
budget_settle(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], uint64_t mark,
    enum sign_in_verdict verdict)
{
	struct account *a = budget_find(b, key);
	size_t kept = 0;

	for (size_t i = 0; a != NULL && i < a->count; i++) {
		struct mark m = a->marks[i];
		bool is_own = m.number == mark;

		if (is_own && verdict != SIGN_IN_WRONG)
			continue;
		if (m.settled && verdict == SIGN_IN_RIGHT)
			continue;
		m.settled = m.settled || is_own;
		a->marks[kept++] = m;
	}
	if (a == NULL)
		return;
	a->count = kept;
	a->waits = a->waits && verdict != SIGN_IN_RIGHT;
	if (kept == 0)
		account_free(b, a);
}
