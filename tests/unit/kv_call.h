/* One call of a kv at a time, as if it were a function: runs the loop until the answer is there.
 * The answer stays readable until the next call. */
#ifndef USHERD_TESTS_KV_CALL_H
#define USHERD_TESTS_KV_CALL_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "store/kv.h"

struct answer {
	struct loop *loop;
	int calls;
	enum err code;
	struct fault fault;
	uint64_t revision;
	bool more;
	size_t count;
	struct {
		char key[64], value[64];
		size_t key_len, value_len;
		bool has_value;
		uint64_t created, modified;
	} item[64];
};

static void
answer_add(struct answer *a, const struct kv_item *item)
{
	size_t i = a->count++;

	if (i >= 64)
		return;
	a->item[i].key_len = item->key.len;
	a->item[i].value_len = item->value.len;
	a->item[i].has_value = item->value.data != NULL;
	snprintf(a->item[i].key, 64, "%.*s", (int)item->key.len, (const char *)item->key.data);
	snprintf(a->item[i].value, 64, "%.*s", (int)item->value.len,
	    item->value.data != NULL ? (const char *)item->value.data : "");
	a->item[i].created = item->created;
	a->item[i].modified = item->modified;
}

static void
answer_begin(struct answer *a, enum err code, const struct fault *f)
{
	struct loop *l = a->loop;
	int calls = a->calls + 1;

	memset(a, 0, sizeof(*a));
	a->loop = l;
	a->calls = calls;
	a->code = code;
	assert_true((code == ERR_OK) == (f == NULL));
	if (f != NULL) {
		assert_int_equal(f->code, code);
		a->fault = *f;
	}
	if (l != NULL)
		loop_stop(l);
}

static inline void
answer_on_get(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	answer_begin(arg, code, f);
	if (code == ERR_OK)
		answer_add(arg, item);
}

static inline void
answer_on_range(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct answer *a = arg;

	answer_begin(a, code, f);
	for (size_t i = 0; i < count; i++)
		answer_add(a, &items[i]);
	a->more = more;
	a->revision = revision;
}

static inline void
answer_on_txn(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct answer *a = arg;

	answer_begin(a, code, f);
	a->revision = result->revision;
	for (size_t i = 0; i < result->current_count; i++)
		answer_add(a, &result->current[i]);
}

static inline struct answer
call_get(struct loop *l, struct kv *kv, const char *key)
{
	struct answer a = { .loop = l };

	kv_get(kv, kv_text(key), answer_on_get, &a);
	assert_int_equal(a.calls, 0);
	loop_run(l);
	assert_int_equal(a.calls, 1);
	return a;
}

static inline struct answer
call_range(struct loop *l, struct kv *kv, const char *prefix, const char *after, size_t limit)
{
	struct answer a = { .loop = l };

	kv_range(kv, kv_text(prefix), kv_text(after), limit, answer_on_range, &a);
	assert_int_equal(a.calls, 0);
	loop_run(l);
	assert_int_equal(a.calls, 1);
	return a;
}

static inline struct answer
call_range_back(struct loop *l, struct kv *kv, const char *prefix, const char *before, size_t limit)
{
	struct answer a = { .loop = l };

	kv_range_back(kv, kv_text(prefix), kv_text(before), limit, answer_on_range, &a);
	assert_int_equal(a.calls, 0);
	loop_run(l);
	assert_int_equal(a.calls, 1);
	return a;
}

static inline struct answer
call_txn(struct loop *l, struct kv *kv, const struct kv_txn *txn)
{
	struct answer a = { .loop = l };

	kv_txn(kv, txn, answer_on_txn, &a);
	assert_int_equal(a.calls, 0);
	loop_run(l);
	assert_int_equal(a.calls, 1);
	return a;
}

/* value NULL deletes. */
static inline struct kv_write
write_of(const char *key, const char *value)
{
	struct kv_write w = { .key = kv_text(key) };

	if (value != NULL)
		w.value = kv_text(value);
	return w;
}

static inline struct answer
call_put(struct loop *l, struct kv *kv, const char *key, const char *value)
{
	struct kv_write w = write_of(key, value);
	struct kv_txn txn = { .writes = &w, .write_count = 1 };

	return call_txn(l, kv, &txn);
}

/* Put when the key's last change was `modified`. */
static inline struct answer
call_swap(struct loop *l, struct kv *kv, const char *key, uint64_t modified, const char *value)
{
	struct kv_compare c = { kv_text(key), modified };
	struct kv_write w = write_of(key, value);
	struct kv_txn txn = { &c, 1, &w, 1, NULL };

	return call_txn(l, kv, &txn);
}

/* A directory of its own, removed with everything in it. */
static inline char *
temp_make(void)
{
	char *dir = mem_dup_string("/tmp/usherd-test-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static inline void
temp_remove(char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	free(dir);
}

#endif
