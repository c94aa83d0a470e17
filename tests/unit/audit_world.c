#include "audit_world.h"

#include <stdio.h>
#include <unistd.h>

const struct store_note trail_by_ada = { .actor = "user:" ADA,
	.request_id = "r-ada",
	.source = "192.0.2.1",
	.personal = "{\"mail\":[\"old@canary.example\",\"new@canary.example\"]}",
	.org_unit = SALES,
	.detail = "{\"fields\":[\"mail\"]}",
	.person = ADA };
const struct store_note trail_by_bea = { .actor = "token:0123456789abcdef",
	.request_id = "r-bea",
	.source = "2001:db8::1",
	.org_unit = LABS,
	.person = BEA };
const struct store_note trail_by_system = { .actor = "sweeper" };

static void
trail_on_trouble(void *arg, const struct fault *f)
{
	struct trail *t = arg;

	assert_non_null(f);
	t->troubles++;
}

void
trail_init(struct trail *t, struct loop *loop, struct kv *kv)
{
	memset(t, 0, sizeof(*t));
	t->w = world_over(loop, kv);
}

void
trail_release(struct trail *t)
{
	world_end(t->w);
}

int
trail_set_up(void **state)
{
	struct trail *t = mem_alloc(sizeof(*t));
	struct loop *loop = loop_new();

	alarm(120);
	trail_init(t, loop, kv_memory_new(loop));
	*state = t;
	return 0;
}

int
trail_tear_down(void **state)
{
	struct trail *t = *state;
	struct loop *loop = t->w->loop;
	struct kv *kv = t->w->kv;

	trail_release(t);
	kv_close(kv);
	loop_free(loop);
	free(t);
	return 0;
}

/* ---- writing ---- */

static void
trail_on_written(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	struct trail *t = c->op.arg;

	(void)revision;
	store_op_end(&c->op);
	world_on_done(t->w, code, f);
}

void
trail_write(
    struct trail *t, const char *event, const char *subject_id, const struct store_note *note)
{
	struct commit *c = mem_alloc(sizeof(*c));
	const struct audit audit = {
		.at = t->w->now, .event = event, .subject = "user", .id = subject_id, .note = note
	};

	commit_init(c, t->w->store, t);
	c->settled = trail_on_written;
	commit_audit(c, &audit);
	commit_start(c);
	assert_int_equal(world_run(t->w, &c->op), ERR_OK);
	t->w->now++;
}

void
trail_write_many(struct trail *t, size_t count)
{
	const struct store_note note = { .actor = "user:11111111-1111-4111-8111-111111111111",
		.request_id = "r",
		.source = "192.0.2.7",
		.personal = "{\"mail\":[\"old\",\"new\"]}",
		.person = "11111111-1111-4111-8111-111111111111" };

	for (size_t i = 0; i < count; i++)
		trail_write(t, "user_changed", "22222222-2222-4222-8222-222222222222", &note);
}

void
trail_chain(struct trail *t)
{
	store_chain_start(t->w->store, trail_on_trouble, t);
}

void
trail_wait(struct trail *t)
{
	struct audit_head head;

	while (!store_chain_head(t->w->store, &head))
		call_get(t->w->loop, t->w->kv, "nothing");
}

static void
trail_on_flushed(void *arg)
{
	loop_stop(arg);
}

void
trail_name(struct trail *t)
{
	store_chain_flush(t->w->store, trail_on_flushed, t->w->loop);
	loop_run(t->w->loop);
	trail_wait(t);
}

void
trail_restart(struct trail *t)
{
	world_restart(t->w);
}

struct audit_head
trail_head(const struct trail *t)
{
	struct audit_head head;

	store_chain_head(t->w->store, &head);
	return head;
}

void
trail_write_three_blocks(struct trail *t)
{
	trail_chain(t);
	for (int i = 0; i < 3; i++) {
		trail_write(t, "user_changed", BEA, &trail_by_ada);
		trail_write(t, "user_changed", ADA, &trail_by_bea);
		trail_wait(t);
	}
	assert_int_equal(trail_head(t).number, 3);
}

/* ---- single values ---- */

struct got {
	struct trail *t;
	char *text;
};

static void
trail_on_got(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct got *g = arg;
	struct fault own;
	size_t len;

	(void)f;
	if (code == ERR_OK) {
		g->text = mem_alloc(item->value.len + 1);
		assert_int_equal(seal_open(g->t->w->seal, item->key.data, item->key.len,
				     item->value.data, item->value.len, g->text, &len, &own),
		    ERR_OK);
		g->text[len] = '\0';
	}
	loop_stop(g->t->w->loop);
}

char *
trail_text(struct trail *t, const char *key)
{
	struct got g = { .t = t };

	kv_get(t->w->kv, kv_text(key), trail_on_got, &g);
	loop_run(t->w->loop);
	return g.text;
}

void
trail_put(struct trail *t, const char *key, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	unsigned char *sealed = mem_alloc(len + SEAL_OVERHEAD);
	struct kv_write w = { .key = kv_text(key) };
	struct kv_txn txn = { .writes = &w, .write_count = 1 };

	if (text != NULL)
		w.value = (struct kv_bytes){ sealed,
			seal_close(t->w->seal, key, strlen(key), text, len, sealed) };
	assert_int_equal(call_txn(t->w->loop, t->w->kv, &txn).code, ERR_OK);
	free(sealed);
}

void
trail_edit(struct trail *t, const char *key, const char *from, const char *to)
{
	char *text = trail_text(t, key), *at = strstr(text, from);
	struct buf b;

	assert_non_null(at);
	buf_init(&b, KV_VALUE_MAX);
	buf_add(&b, text, (size_t)(at - text));
	buf_add_string(&b, to);
	buf_add_string(&b, at + strlen(from));
	trail_put(t, key, b.data);
	buf_release(&b);
	free(text);
}

struct store_key
trail_key(struct trail *t, const char *prefix, size_t n)
{
	struct answer a = call_range(t->w->loop, t->w->kv, prefix, "", n + 1);
	struct store_key key;

	assert_int_equal(a.count, n + 1);
	assert_true(n < 64);
	snprintf(key.text, sizeof(key.text), "%s", a.item[n].key);
	return key;
}

const char *
trail_record(struct trail *t, size_t n)
{
	static struct store_key key;

	key = trail_key(t, "audit/", n);
	return key.text;
}

bool
trail_says(const struct trail *t, const char *words)
{
	for (uint64_t i = 0; i < t->verdict.fault_count && i < AUDIT_FAULTS_MAX; i++)
		if (strstr(t->verdict.faults[i].text, words) != NULL)
			return true;
	return false;
}

/* ---- the trail as functions ---- */

static void
trail_on_verdict(
    void *arg, enum err code, const struct audit_verdict *verdict, const struct fault *f)
{
	struct trail *t = arg;

	t->verdict = *verdict;
	world_on_done(t->w, code, f);
}

uint64_t
trail_verify(struct trail *t, const struct audit_head *known)
{
	static const struct audit_head none;
	struct store_op *op =
	    store_audit_verify(t->w->store, known != NULL ? known : &none, trail_on_verdict, t);

	assert_int_equal(world_run(t->w, op), ERR_OK);
	return t->verdict.fault_count;
}

static void
trail_on_list(void *arg, enum err code, const struct audit_record *list, size_t count,
    const char *next, const struct fault *f)
{
	struct trail *t = arg;

	t->count = count;
	snprintf(t->next, sizeof(t->next), "%s", next != NULL ? next : "");
	for (size_t i = 0; i < count; i++) {
		const struct audit_record *r = &list[i];

		memcpy(t->row[i].id, r->id, ID_SIZE);
		t->row[i].at = r->at;
		t->row[i].source_ended = r->source_ended;
		t->row[i].is_erased = r->is_erased;
		snprintf(t->row[i].event, 32, "%s", r->event);
		snprintf(t->row[i].source, 64, "%s", r->source != NULL ? r->source : "");
		snprintf(t->row[i].detail, 128, "%s", r->detail != NULL ? r->detail : "");
		snprintf(t->row[i].personal, 64, "%s", r->personal != NULL ? r->personal : "");
		snprintf(
		    t->row[i].subject_id, 64, "%s", r->subject_id != NULL ? r->subject_id : "");
	}
	world_on_done(t->w, code, code == ERR_OK ? NULL : f);
	t->w->fault = *f;
}

void
trail_list(struct trail *t, const struct audit_query *q)
{
	assert_int_equal(
	    world_run(t->w, store_audit_list(t->w->store, q, trail_on_list, t)), ERR_OK);
}

static void
trail_on_erased(void *arg, enum err code, uint64_t erased, const struct fault *f)
{
	struct trail *t = arg;

	t->erased = erased;
	world_on_done(t->w, code, f);
}

enum err
trail_erase(struct trail *t, const char *id)
{
	const struct store_note note = { .actor = "uid:0" };

	return world_run(t->w, store_audit_erase(t->w->store, &id, 1, &note, trail_on_erased, t));
}

static void
trail_on_swept(void *arg, enum err code, bool more, const struct fault *f)
{
	struct trail *t = arg;

	t->more = more;
	world_on_done(t->w, code, f);
}

enum err
trail_sweep(struct trail *t, int64_t sources_before, int64_t records_before)
{
	return world_run(t->w,
	    store_audit_sweep(t->w->store, sources_before, records_before, trail_on_swept, t));
}
