/* What a server says of RFC 4533, and the values in its entries: whatever comes, what is read lies
 * within the bytes that were given, ids are whole, and texts and times are what the roster may rely
 * on. What is read can be written as it was said: a message that is read and written again in the
 * one shortest form reads the same. */
#include "fuzz.h"

#include <unistr.h>

#include "dir/dir_follow_private.h"

static void
check_within(const struct sync_bytes *b, const uint8_t *data, size_t len)
{
	assert(b->data != NULL || b->len == 0);
	assert(b->data == NULL || (b->data >= data && b->data + b->len <= data + len));
}

/* Short lengths only. */
static size_t
put(uint8_t *out, uint8_t tag, const void *value, size_t len)
{
	out[0] = tag;
	out[1] = (uint8_t)len;
	if (len > 0)
		memcpy(out + 2, value, len);
	return len + 2;
}

static void
check_entry(const uint8_t *data, size_t len)
{
	uint8_t inner[128], outer[130], state;
	struct sync_entry e, again;
	size_t n = 0;

	if (!dir_sync_entry_decode(data, len, &e))
		return;
	assert(e.id >= data && e.id + FEED_ID_SIZE <= data + len);
	check_within(&e.cookie, data, len);
	if (e.state >= SYNC_STATE_COUNT || e.cookie.len > 64)
		return;
	state = (uint8_t)e.state;
	n += put(inner + n, 0x0a, &state, 1);
	n += put(inner + n, 0x04, e.id, FEED_ID_SIZE);
	if (e.cookie.data != NULL)
		n += put(inner + n, 0x04, e.cookie.data, e.cookie.len);
	n = put(outer, 0x30, inner, n);
	assert(dir_sync_entry_decode(outer, n, &again) && again.state == e.state);
	assert(memcmp(again.id, e.id, FEED_ID_SIZE) == 0 && again.cookie.len == e.cookie.len);
	assert((again.cookie.data == NULL) == (e.cookie.data == NULL));
	for (size_t short_by = 1; short_by <= n; short_by++)
		assert(!dir_sync_entry_decode(outer, n - short_by, &again));
}

static void
check_info(const uint8_t *data, size_t len)
{
	struct sync_info info;
	struct sync_done done;
	const uint8_t *id;
	size_t ids = 0;

	if (dir_sync_done_decode(data, len, &done))
		check_within(&done.cookie, data, len);
	if (!dir_sync_info_decode(data, len, &info))
		return;
	check_within(&info.cookie, data, len);
	check_within(&info.ids, data, len);
	for (; (id = dir_sync_next_id(&info.ids)) != NULL; ids++)
		assert(id >= data && id + FEED_ID_SIZE <= data + len);
	assert(info.ids.len == 0 && ids * (FEED_ID_SIZE + 2) <= len);
}

static void
check_values(const char *data, size_t len, struct arena *arena)
{
	static const size_t most[] = { 4, FEED_PHONE_MAX, FEED_TEXT_MAX };
	size_t rdn = dir_follow_rdn_len(data, len);

	assert(rdn <= len && (rdn == len || data[rdn] == ','));
	assert(dir_follow_time(data, len) >= 0);
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		const char *text = dir_follow_text(data, len, most[i], arena);

		if (text == NULL)
			continue;
		assert(*text != '\0' && strlen(text) <= most[i]);
		assert(u8_check((const uint8_t *)text, strlen(text)) == NULL);
		for (const char *c = text; *c != '\0'; c++)
			assert((unsigned char)*c >= 0x20 && *c != 0x7f);
		/* Mended once is mended. */
		assert(strcmp(dir_follow_text(text, strlen(text), most[i], arena), text) == 0);
	}
}

/* The whole module's spelling, however it was found. */
static void
check_name(const char *data, size_t len, struct arena *arena)
{
	static const struct dir_conf conf = { .group_member = "member" };
	static struct follow_reader reader;
	const char *ours, *theirs = NULL;

	if (reader.conf == NULL)
		dir_follow_reader_init(&reader, &conf);
	ours = dir_follow_normal(&reader, data, len, arena);
	if (memchr(data, 0, len) == NULL)
		dir_dn_normalise(arena_dup(arena, data, len), arena, &theirs);
	assert((ours == NULL) == (theirs == NULL));
	assert(ours == NULL || strcmp(ours, theirs) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);

	check_entry(data, len);
	check_info(data, len);
	if (len <= 2048 && len > 0) {
		check_values((const char *)data, len, arena);
		check_name((const char *)data, len, arena);
	}
	arena_free(arena);
	return 0;
}
