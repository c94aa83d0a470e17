/* Values of the store: what is read is written the same way, and what was written is read as the
 * same again, to the byte; a member of another type than ours is damage and never a zero.
 *
 * The first byte says what the rest is: i an invitation, r a reservation, t an API token, q an item
 * of the queue, m a message that ended, d a delivery log, h a webhook endpoint, e an event. */
#include "fuzz.h"

#include <jansson.h>

#include "store/store_private.h"

enum { TEXT_MAX = 65536 };

static const char id[] = "019aa000-0000-7000-8000-000000000000";

/* The document, and the types that its members must have: b(ool), i(nteger), s(tring), a(rray),
 * o(bject). */
struct member {
	char type;
	const char *name;
};

static void
check_types(const char *text, size_t len, const struct member *members, size_t count)
{
	json_t *root = json_loadb(text, len, 0, NULL);

	assert(json_is_object(root));
	for (size_t i = 0; i < count; i++) {
		const json_t *v = json_object_get(root, members[i].name);

		if (v == NULL)
			continue;
		assert(members[i].type != 'b' || json_is_boolean(v));
		assert(members[i].type != 'i' || json_is_integer(v));
		assert(members[i].type != 's' || json_is_string(v));
		assert(members[i].type != 'a' || json_is_array(v));
		assert(members[i].type != 'o' || json_is_object(v));
	}
	json_decref(root);
}

static void
check_same(const struct buf *a, const struct buf *b)
{
	assert(!buf_failed(a) && !buf_failed(b));
	assert(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

/* ---- invitation ---- */

static void
check_same_invitation(const struct invitation *a, const struct invitation *b)
{
	assert(strcmp(a->id, b->id) == 0 && a->revision == b->revision);
	assert(a->state == b->state && a->method == b->method && a->uid_fixed == b->uid_fixed);
	assert(a->created_at == b->created_at && a->expires_at == b->expires_at);
	assert(a->claimed_at == b->claimed_at && a->done_at == b->done_at);
	assert(a->add_sent == b->add_sent && a->settled_later == b->settled_later);
	assert(fuzz_same(a->created_by, b->created_by) && fuzz_same(a->dn, b->dn));
	assert(fuzz_same(a->personal_mail, b->personal_mail) && fuzz_same(a->attempt, b->attempt));
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		assert(fuzz_same(a->person.value[i], b->person.value[i]) &&
		       a->modes[i] == b->modes[i]);
	assert(a->person.group_count == b->person.group_count);
	for (size_t i = 0; i < a->person.group_count; i++)
		assert(strcmp(a->person.groups[i], b->person.groups[i]) == 0);
	assert(a->token_count == b->token_count && a->old_token_count == b->old_token_count);
	assert(memcmp(a->tokens, b->tokens, a->token_count * sizeof(a->tokens[0])) == 0);
	assert(memcmp(a->old_tokens, b->old_tokens,
		   a->old_token_count * sizeof(a->old_tokens[0])) == 0);
	assert(a->timeline_count == b->timeline_count);
	for (size_t i = 0; i < a->timeline_count; i++)
		assert(a->timeline[i].at == b->timeline[i].at &&
		       a->timeline[i].event == b->timeline[i].event &&
		       fuzz_same(a->timeline[i].detail, b->timeline[i].detail));
}

static void
check_invitation(const char *text, size_t len)
{
	static const struct member members[] = { { 'i', "v" }, { 's', "state" }, { 's', "method" },
		{ 'o', "person" }, { 'o', "modes" }, { 'a', "groups" }, { 's', "personal_mail" },
		{ 'b', "uid_fixed" }, { 'a', "tokens" }, { 'a', "old_tokens" },
		{ 'i', "created_at" }, { 'i', "expires_at" }, { 's', "created_by" },
		{ 's', "attempt" }, { 'i', "claimed_at" }, { 's', "dn" }, { 'b', "add_sent" },
		{ 'b', "settled_later" }, { 'i', "done_at" }, { 'a', "timeline" },
		{ 'a', "held" } };
	struct store_held held, held_again;
	struct invitation *once, *twice;
	struct buf first, second;
	struct fault f;

	if (codec_read_invitation(&once, id, 7, text, len, &held, &f) != ERR_OK) {
		assert(f.code == ERR_CORRUPT && strstr(f.text, id) != NULL);
		return;
	}
	check_types(text, len, members, sizeof(members) / sizeof(members[0]));
	buf_init(&first, 8 * TEXT_MAX);
	buf_init(&second, 8 * TEXT_MAX);
	codec_write_invitation(&first, once, &held);
	assert(
	    codec_read_invitation(&twice, id, 7, first.data, first.len, &held_again, &f) == ERR_OK);
	check_same_invitation(once, twice);
	assert(held.count == held_again.count);
	codec_write_invitation(&second, twice, &held_again);
	check_same(&first, &second);
	buf_release(&first);
	buf_release(&second);
	invitation_free(once);
	invitation_free(twice);
}

/* ---- reservation ---- */

static void
check_reservation(const char *text, size_t len)
{
	static const struct member members[] = { { 'i', "v" }, { 's', "invitation" },
		{ 'i', "released_at" } };
	struct reservation once, twice;
	struct buf first;
	struct fault f;

	if (record_read_reservation(&once, text, len, &f) != ERR_OK) {
		assert(f.code == ERR_CORRUPT && f.text[0] != '\0');
		return;
	}
	check_types(text, len, members, sizeof(members) / sizeof(members[0]));
	assert(id_is_valid(once.invitation));
	buf_init(&first, TEXT_MAX);
	record_write_reservation(&first, &once);
	assert(record_read_reservation(&twice, first.data, first.len, &f) == ERR_OK);
	assert(strcmp(once.invitation, twice.invitation) == 0);
	assert(once.released_at == twice.released_at);
	buf_release(&first);
}

/* ---- API token ---- */

static void
check_api_token(const char *text, size_t len)
{
	static const struct member members[] = { { 'i', "v" }, { 's', "hash" }, { 'i', "scopes" },
		{ 'i', "created_at" }, { 'i', "expires_at" }, { 's', "name" },
		{ 's', "created_by" } };
	struct arena *arena = arena_new(0);
	struct api_token once, twice;
	struct buf first, second;
	struct fault f;

	if (record_read_api_token(&once, "0123456789abcdef", arena, text, len, &f) != ERR_OK) {
		assert(f.code == ERR_CORRUPT && f.text[0] != '\0');
		arena_free(arena);
		return;
	}
	check_types(text, len, members, sizeof(members) / sizeof(members[0]));
	buf_init(&first, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	record_write_api_token(&first, &once);
	assert(record_read_api_token(&twice, once.id, arena, first.data, first.len, &f) == ERR_OK);
	assert(once.scopes == twice.scopes && token_hash_equal(&once.hash, &twice.hash));
	assert(once.created_at == twice.created_at && once.expires_at == twice.expires_at);
	assert(
	    strcmp(once.name, twice.name) == 0 && strcmp(once.created_by, twice.created_by) == 0);
	/* A limit that is lost would be a right that is gained. */
	assert(strcmp(once.owner, twice.owner) == 0 && once.place_count == twice.place_count);
	for (size_t i = 0; i < once.place_count; i++)
		assert(strcmp(once.places[i], twice.places[i]) == 0);
	record_write_api_token(&second, &twice);
	check_same(&first, &second);
	arena_free(arena);
	buf_release(&first);
	buf_release(&second);
}

/* ---- the outbox ---- */

/* Each reads a value and writes it again, if it is one. */
static bool
copy_item(struct buf *out, const char *text, size_t len, struct fault *f)
{
	struct outbox_item *i;

	if (record_read_item(&i, id, 7, text, len, f) != ERR_OK)
		return false;
	assert(strcmp(i->id, id) == 0 && i->revision == 7 && id_is_valid(i->subject));
	assert(i->due >= 0 && i->created_at >= 0 && i->expires_at >= 0);
	record_write_item(out, i);
	outbox_item_free(i);
	return true;
}

static bool
copy_message(struct buf *out, const char *text, size_t len, struct fault *f)
{
	struct outbox_item *i;
	struct hooked h;

	if (record_read_hooked(&i, &h, id, 7, text, len, f) != ERR_OK)
		return false;
	assert(h.item == i && h.outcome[0] != '\0');
	record_write_hooked(out, &h);
	outbox_item_free(i);
	return true;
}

static bool
copy_delivery(struct buf *out, const char *text, size_t len, struct fault *f)
{
	struct delivery *d;

	if (record_read_delivery(&d, id, 7, text, len, f) != ERR_OK)
		return false;
	assert(d->revision == 7 && d->log_count <= DELIVERY_LOG_MAX);
	record_write_delivery(out, d);
	delivery_free(d);
	return true;
}

static bool
copy_hook(struct buf *out, const char *text, size_t len, struct fault *f)
{
	struct store_hook *h;

	if (record_read_hook(&h, id, 7, text, len, f) != ERR_OK)
		return false;
	assert(h->hook.url[0] != '\0' && h->hook.types < 1U << HOOK_TYPE_COUNT);
	record_write_hook(out, &h->hook);
	store_hook_free(h);
	return true;
}

static bool
copy_event(struct buf *out, const char *text, size_t len, struct fault *f)
{
	struct arena *arena = arena_new(0);
	struct hook_event e;
	bool good = record_read_event(&e, id, 7, arena, text, len, f) == ERR_OK;

	if (good)
		record_write_event(out, &e);
	arena_free(arena);
	return good;
}

static const struct kind {
	char letter;
	bool (*copy)(struct buf *out, const char *text, size_t len, struct fault *f);
	struct member members[20];
} kinds[] = {
	{ 'q', copy_item,
	    { { 'i', "v" }, { 's', "kind" }, { 's', "subject" }, { 's', "owner" },
		{ 'i', "created_at" }, { 'i', "due" }, { 'i', "expires_at" }, { 'i', "attempts" },
		{ 'i', "unknown" }, { 'b', "slotted" }, { 's', "last" }, { 's', "to" },
		{ 's', "name" }, { 's', "uid" }, { 's', "language" }, { 's', "type" },
		{ 's', "body" } } },
	{ 'm', copy_message,
	    { { 's', "kind" }, { 'i', "due" }, { 'i', "ended_at" }, { 's', "outcome" } } },
	{ 'd', copy_delivery,
	    { { 's', "waiting" }, { 'i', "asked_at" }, { 'b', "opened" }, { 'a', "log" } } },
	{ 'h', copy_hook,
	    { { 's', "name" }, { 's', "url" }, { 'a', "types" }, { 'b', "enabled" },
		{ 's', "why_disabled" }, { 's', "secret" }, { 'i', "old_until" },
		{ 'i', "created_at" }, { 's', "created_by" } } },
	{ 'e', copy_event,
	    { { 's', "type" }, { 'i', "at" }, { 's', "invitation" }, { 's', "user" },
		{ 's', "uid" }, { 's', "dn" }, { 's', "status" }, { 's', "actor" } } },
};

static void
check_kind(const struct kind *k, const char *text, size_t len)
{
	struct buf first, second;
	struct fault f;
	size_t count = 0;

	while (k->members[count].name != NULL)
		count++;
	buf_init(&first, 8 * TEXT_MAX);
	buf_init(&second, 8 * TEXT_MAX);
	if (k->copy(&first, text, len, &f)) {
		check_types(text, len, k->members, count);
		assert(k->copy(&second, first.data, first.len, &f));
		check_same(&first, &second);
	} else
		assert(f.code == ERR_CORRUPT && strstr(f.text, id) != NULL);
	buf_release(&first);
	buf_release(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data + 1;

	if (len == 0 || len > TEXT_MAX)
		return -1;
	switch (data[0]) {
	case 'i':
		check_invitation(text, len - 1);
		return 0;
	case 'r':
		check_reservation(text, len - 1);
		return 0;
	case 't':
		check_api_token(text, len - 1);
		return 0;
	default:
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (data[0] == (uint8_t)kinds[k].letter) {
				check_kind(&kinds[k], text, len - 1);
				return 0;
			}
		return -1;
	}
}
