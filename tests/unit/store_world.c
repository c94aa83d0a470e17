#include "store_world.h"

#include <unistd.h>

static enum loss losses[8];
static size_t loss_at;
static const struct kv_ops *real_ops;
static struct {
	kv_txn_cb *cb;
	void *arg;
} lost;

static void
lost_on_txn(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct fault own;

	(void)arg, (void)code, (void)f;
	fault_set(&own, ERR_UNKNOWN, "no answer came");
	lost.cb(lost.arg, ERR_UNKNOWN, result, &own);
}

static struct kv_op *
lossy_txn(struct kv *kv, const struct kv_txn *txn, kv_txn_cb *cb, void *arg)
{
	static const struct kv_txn nothing;
	enum loss loss = loss_at < 8 ? losses[loss_at++] : LOSE_NOTHING;

	if (loss == LOSE_NOTHING)
		return real_ops->txn(kv, txn, cb, arg);
	lost.cb = cb;
	lost.arg = arg;
	return real_ops->txn(kv, loss == LOSE_ANSWER ? txn : &nothing, lost_on_txn, NULL);
}

void
world_lose(const enum loss *wanted, size_t count)
{
	memset(losses, 0, sizeof(losses));
	for (size_t i = 0; i < count; i++)
		losses[i] = wanted[i];
	loss_at = 0;
}

static int64_t
world_now(void *arg)
{
	return ((struct world *)arg)->now;
}

void
world_on_done(void *arg, enum err code, const struct fault *f)
{
	struct world *w = arg;

	w->calls++;
	w->code = code;
	assert_true((code == ERR_OK) == (f == NULL));
	if (f != NULL)
		w->fault = *f;
	loop_stop(w->loop);
}

void
world_restart(struct world *w)
{
	store_free(w->store);
	w->store = store_new(w->loop, w->kv, w->seal, &w->clock);
	store_prepare(w->store, world_on_done, w);
	loop_run(w->loop);
	assert_int_equal(w->code, ERR_OK);
}

struct world *
world_over(struct loop *loop, struct kv *kv)
{
	static const unsigned char key[32] = "a key for tests, 32 bytes long..";
	struct world *w = mem_alloc(sizeof(*w));

	w->now = 1795000000000;
	w->clock = (struct clock){ world_now, clock_system.mono_ms, w };
	w->loop = loop;
	w->kv = kv;
	w->seal = seal_new(key);
	world_restart(w);
	return w;
}

void
world_end(struct world *w)
{
	invitation_free(w->inv);
	store_free(w->store);
	seal_free(w->seal);
	free(w);
}

int
world_set_up(void **state)
{
	static struct kv_ops lossy;
	struct loop *loop = loop_new();
	struct kv *kv = kv_memory_new(loop);

	alarm(60);
	real_ops = kv->ops;
	lossy = *real_ops;
	lossy.txn = lossy_txn;
	kv->ops = &lossy;
	world_lose(NULL, 0);
	*state = world_over(loop, kv);
	return 0;
}

int
world_tear_down(void **state)
{
	struct world *w = *state;
	struct loop *loop = w->loop;
	struct kv *kv = w->kv;

	world_end(w);
	kv_close(kv);
	loop_free(loop);
	return 0;
}

/* ---- the store as functions ---- */

const struct store_note world_note = { .actor = "uid:0", .request_id = "r-1" };

void
world_on_issue(void *arg, enum err code, uint64_t revision, const struct store_taken *taken,
    const struct fault *f)
{
	struct world *w = arg;

	world_on_done(w, code, f);
	w->revision = revision;
	w->taken = *taken;
}

void
world_on_save(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct world *w = arg;

	world_on_done(w, code, f);
	w->revision = revision;
}

void
world_on_load(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct world *w = arg;

	world_on_done(w, code, f);
	invitation_free(w->inv);
	w->inv = *inv;
	*inv = NULL;
}

void
world_on_list(void *arg, enum err code, struct invitation *const *list, size_t count, bool more,
    const char *next, const struct fault *f)
{
	struct world *w = arg;

	assert_non_null(f);
	world_on_done(w, code, code == ERR_OK ? NULL : f);
	w->fault = *f;
	w->count = count;
	w->more = more;
	assert_true(more == (next != NULL));
	if (next != NULL)
		memcpy(w->next, next, ID_SIZE);
	for (size_t i = 0; i < count; i++)
		memcpy(w->ids[i], list[i]->id, ID_SIZE);
}

enum err
world_run(struct world *w, struct store_op *op)
{
	int before = w->calls;

	assert_non_null(op);
	assert_int_equal(w->calls, before);
	loop_run(w->loop);
	assert_int_equal(w->calls, before + 1);
	return w->code;
}

enum err
world_issue(struct world *w, const struct invitation *inv)
{
	return world_run(w, store_issue(w->store, inv, &world_note, world_on_issue, w));
}

enum err
world_save(struct world *w, const struct invitation *before, const struct invitation *after,
    enum invitation_event event)
{
	return world_run(
	    w, store_save(w->store, before, after, event, &world_note, world_on_save, w));
}

enum err
world_load(struct world *w, const char *id)
{
	return world_run(w, store_load(w->store, id, world_on_load, w));
}

struct invitation *
world_make(struct world *w, const char *uid, const char *mail, const char *phone)
{
	struct invitation *inv = invitation_new();
	struct arena *a = inv->arena;

	id_make(w->now++, inv->id);
	inv->method = INVITATION_BY_EMAIL;
	inv->person.value[PERSON_GIVEN_NAME] = arena_strdup(a, "Zo\xc3\xab \"Z\"");
	inv->person.value[PERSON_FAMILY_NAME] = arena_strdup(a, "Canaryname");
	inv->person.value[PERSON_BIRTHDAY] = arena_strdup(a, "1990-02-28");
	inv->person.value[PERSON_UID] = arena_strdup(a, uid);
	inv->person.value[PERSON_MAIL] = arena_strdup(a, mail);
	inv->person.value[PERSON_PHONE] = arena_strdup(a, phone);
	inv->person.value[PERSON_ORG_UNIT] = arena_strdup(a, "ou=Lab,dc=example");
	inv->person.groups[0] = arena_strdup(a, "cn=staff,dc=example");
	inv->person.group_count = 1;
	inv->personal_mail = arena_strdup(a, "zoe@canary.example");
	inv->uid_fixed = true;
	inv->modes[PERSON_PHONE] = FIELD_FREE;
	inv->modes[PERSON_POSITION] = FIELD_SUGGESTED;
	random_fill(&inv->tokens[0], sizeof(inv->tokens[0]));
	inv->token_count = 1;
	inv->created_at = w->now;
	inv->expires_at = w->now + HOUR;
	inv->created_by = arena_strdup(a, "uid:0");
	memcpy(inv->owner, "e0000000-0000-4000-8000-000000000009", ID_SIZE);
	inv->timeline[0] =
	    (struct invitation_entry){ w->now, INVITATION_EV_ISSUE, arena_strdup(a, "by uid:0") };
	inv->timeline_count = 1;
	return inv;
}

void
world_live(
    struct world *w, struct invitation *inv, const enum invitation_event *events, size_t count)
{
	struct fault f;

	assert_int_equal(world_issue(w, inv), ERR_OK);
	for (size_t i = 0; i < count; i++) {
		struct invitation *after;

		assert_int_equal(world_load(w, inv->id), ERR_OK);
		after = invitation_copy(w->inv);
		assert_int_equal(invitation_apply(after, events[i], w->now, NULL, &f), ERR_OK);
		if (after->state == INVITATION_DONE)
			after->done_at = w->now;
		assert_int_equal(world_save(w, w->inv, after, events[i]), ERR_OK);
		invitation_free(after);
	}
	assert_int_equal(world_load(w, inv->id), ERR_OK);
}

size_t
world_keys(struct world *w, const char *prefix)
{
	return call_range(w->loop, w->kv, prefix, "", 500).count;
}
