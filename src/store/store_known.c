/* Where people have signed in from: told for the start, and forgotten, page by page. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_private.h"

FAILPOINTS(points_of_forget, "store.known_forgotten", "the commit that takes known sources away");

static const char known_space[] = "known/";

enum { SOURCE_TEXT_SIZE = ENCODE_BASE64_SIZE(STORE_SOURCE_SIZE) };

struct known {
	char person[ID_SIZE];
	unsigned char source[STORE_SOURCE_SIZE];
	int64_t at;
};

struct store_key
known_key(const char *person, const unsigned char source[STORE_SOURCE_SIZE])
{
	char name[ID_SIZE + SOURCE_TEXT_SIZE];

	assert(id_is_valid(person));
	memcpy(name, person, ID_SIZE - 1);
	name[ID_SIZE - 1] = '/';
	encode_base64(source, STORE_SOURCE_SIZE, name + ID_SIZE);
	return store_key_of("known", name);
}

/* False: no key of ours. */
static bool
known_read_key(struct known *out, struct kv_bytes key)
{
	const size_t at = sizeof(known_space) - 1;
	const char *text = key.data;

	if (key.len != at + ID_SIZE + SOURCE_TEXT_SIZE - 1 || text[at + ID_SIZE - 1] != '/')
		return false;
	memcpy(out->person, text + at, ID_SIZE - 1);
	out->person[ID_SIZE - 1] = '\0';
	return id_is_valid(out->person) && decode_base64(text + at + ID_SIZE, SOURCE_TEXT_SIZE - 1,
					       out->source, sizeof(out->source));
}

/* One that cannot be read is none, and as old as can be: at 0. */
static void
known_read_value(const struct store *s, struct known *out, const struct kv_item *item)
{
	struct arena *arena = arena_new(0);
	struct fault f;
	char *text;
	size_t len;

	if (store_open_item(s, item, arena, &text, &len, &f) != ERR_OK ||
	    record_read_known(&out->at, text, len, &f) != ERR_OK)
		out->at = 0;
	arena_free(arena);
}

/* ---- walking: each page is looked at, and maybe changed, before the next one is read ---- */

struct known_walk {
	struct store_op op; /* first; op.kv is a page */
	struct store_op *forgetting;
	store_done_cb *done;
	store_known_cb *each; /* NULL: forget */
	int64_t before_ms;
	char person[ID_SIZE]; /* "": nobody */
	int tries;	      /* of this page */
	unsigned char last[KV_KEY_MAX], next[KV_KEY_MAX];
	size_t last_len, next_len;
	bool more;
};

static void known_read_page(struct known_walk *w);

static void
known_release(struct store_op *op)
{
	struct known_walk *w = (struct known_walk *)op;

	if (w->forgetting != NULL)
		store_cancel(w->forgetting);
	free(w);
}

static void
known_finish(struct known_walk *w, enum err code, const struct fault *f)
{
	store_done_cb *done = w->done;
	void *arg = w->op.arg;

	store_op_end(&w->op);
	done(arg, code, f);
}

static void
known_go_on(struct known_walk *w)
{
	if (!w->more) {
		known_finish(w, ERR_OK, NULL);
		return;
	}
	memcpy(w->last, w->next, w->next_len);
	w->last_len = w->next_len;
	w->tries = 0;
	known_read_page(w);
}

static void
known_tell(struct known_walk *w, const struct kv_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct known k;

		if (!known_read_key(&k, items[i].key))
			continue;
		known_read_value(w->op.store, &k, &items[i]);
		if (k.at != 0)
			w->each(w->op.arg, k.person, k.source, k.at);
	}
	known_go_on(w);
}

/* Who has signed in from there meanwhile is known anew: the page is read again. */
static void
known_on_forgotten(void *arg, enum err code, const struct fault *f)
{
	struct known_walk *w = arg;

	w->forgetting = NULL;
	if (code == ERR_OK)
		known_go_on(w);
	else if (code == ERR_CONFLICT && ++w->tries < STORE_TRIES_MAX)
		known_read_page(w);
	else
		known_finish(w, code, f);
}

static void
known_forget(struct known_walk *w, const struct kv_item *items, size_t count)
{
	struct commit *c = commit_new(w->op.store, known_on_forgotten, w);
	struct store_key key;

	for (size_t i = 0; i < count; i++) {
		struct known k;

		if (!known_read_key(&k, items[i].key))
			continue;
		known_read_value(w->op.store, &k, &items[i]);
		if (k.at >= w->before_ms && strcmp(k.person, w->person) != 0)
			continue;
		key = known_key(k.person, k.source);
		commit_expect(c, items[i].key, items[i].modified);
		commit_delete(c, &key);
	}
	if (c->write_count == 0) {
		store_op_end(&c->op);
		known_go_on(w);
		return;
	}
	commit_mark(c, &key, "known_forgotten");
	w->forgetting = &c->op;
	commit_start(c);
}

static void
known_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct known_walk *w = arg;

	(void)revision;
	w->op.kv = NULL;
	if (code != ERR_OK) {
		known_finish(w, code, f);
		return;
	}
	w->more = more;
	if (more) {
		w->next_len = items[count - 1].key.len;
		memcpy(w->next, items[count - 1].key.data, w->next_len);
	}
	if (w->each != NULL)
		known_tell(w, items, count);
	else
		known_forget(w, items, count);
}

/* What is forgotten of a page goes in one transaction, with a compare for each. */
static void
known_read_page(struct known_walk *w)
{
	size_t limit = w->each != NULL ? (size_t)KV_RANGE_MAX : (size_t)STORE_COMPARES_MAX;

	w->op.kv = kv_range(w->op.store->kv, kv_text(known_space),
	    (struct kv_bytes){ w->last, w->last_len }, limit, known_on_page, w);
}

static struct known_walk *
known_walk_new(struct store *s, store_done_cb *done, void *arg)
{
	struct known_walk *w = mem_alloc(sizeof(*w));

	store_op_start(&w->op, s, known_release, arg);
	w->done = done;
	return w;
}

struct store_op *
store_known_list(struct store *s, store_known_cb *each, store_done_cb *done, void *arg)
{
	struct known_walk *w = known_walk_new(s, done, arg);

	w->each = each;
	known_read_page(w);
	return &w->op;
}

struct store_op *
store_known_forget(
    struct store *s, int64_t before_ms, const char *person, store_done_cb *cb, void *arg)
{
	struct known_walk *w = known_walk_new(s, cb, arg);

	w->before_ms = before_ms;
	if (person != NULL)
		memcpy(w->person, person, strnlen(person, ID_SIZE - 1));
	known_read_page(w);
	return &w->op;
}
