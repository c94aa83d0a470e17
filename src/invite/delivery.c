/* What happened to an invitation's mails: the log, and a server's words made fit to stay in it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "base/buf.h"
#include "base/mem.h"
#include "invite/outbox.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const event_names[DELIVERY_EVENT_COUNT] = {
	[DELIVERY_QUEUED] = "mail_queued",
	[DELIVERY_DEFERRED] = "mail_deferred",
	[DELIVERY_SENT] = "mail_sent",
	[DELIVERY_REFUSED] = "mail_refused",
	[DELIVERY_UNKNOWN] = "mail_unknown",
	[DELIVERY_DROPPED] = "mail_dropped",
	[DELIVERY_BOUNCED] = "mail_bounced",
	[DELIVERY_DELAYED] = "mail_delayed",
	[DELIVERY_OPENED] = "opened",
};

const char *
delivery_event_name(enum delivery_event e)
{
	assert((unsigned)e < DELIVERY_EVENT_COUNT);
	return event_names[e];
}

bool
delivery_event_by_name(const char *name, enum delivery_event *out)
{
	for (size_t i = 0; i < COUNT(event_names); i++)
		if (strcmp(name, event_names[i]) == 0) {
			*out = (enum delivery_event)i;
			return true;
		}
	return false;
}

struct delivery *
delivery_new(void)
{
	struct delivery *d = mem_alloc(sizeof(*d));

	d->arena = arena_new(0);
	return d;
}

struct delivery *
delivery_copy(const struct delivery *d)
{
	struct delivery *copy = mem_alloc(sizeof(*copy));

	*copy = *d;
	copy->arena = arena_new(0);
	for (size_t i = 0; i < d->log_count; i++)
		copy->log[i].detail = arena_strdup(copy->arena, d->log[i].detail);
	return copy;
}

void
delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	arena_free(d->arena);
	free(d);
}

static void
delivery_forget(struct delivery *d, size_t index)
{
	d->log_count--;
	memmove(&d->log[index], &d->log[index + 1], (d->log_count - index) * sizeof(d->log[0]));
}

/* The last word on mails of this kind, when it and the one before it are of one event; else -1. */
static int
delivery_repeated(const struct delivery *d, enum delivery_event event, enum outbox_kind kind)
{
	int last = -1;

	for (int i = (int)d->log_count - 1; i >= 0; i--) {
		if (d->log[i].kind != kind)
			continue;
		if (d->log[i].event != event)
			return -1;
		if (last >= 0)
			return last;
		last = i;
	}
	return -1;
}

void
delivery_note(struct delivery *d, enum delivery_event event, enum outbox_kind kind, int64_t at,
    const char *detail)
{
	int last = event == DELIVERY_DEFERRED ? delivery_repeated(d, event, kind) : -1;

	if (last >= 0)
		delivery_forget(d, (size_t)last);
	else if (d->log_count == DELIVERY_LOG_MAX)
		delivery_forget(d, 1);
	d->log[d->log_count++] = (struct delivery_entry){
		.at = at,
		.event = event,
		.kind = kind,
		.detail = outbox_text(d->arena, detail),
	};
}

/* ---- a server's words ---- */

/* The character at `s`, which ends at `end`: its length, and 0xfffd for what is no UTF-8. */
static size_t
scrub_char(const uint8_t *s, const uint8_t *end, ucs4_t *ch)
{
	int len = u8_mbtoucr(ch, s, (size_t)(end - s));

	if (len > 0)
		return (size_t)len;
	*ch = 0xfffd;
	return 1;
}

/* Line breaks, controls (of the terminal, of direction) and what means nothing. */
static bool
scrub_is_printable(ucs4_t ch)
{
	static const uint32_t categories =
	    UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Co |
	    UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;

	return ch != 0xfffd && !uc_is_general_category_withtable(ch, categories);
}

static bool
scrub_is_word(ucs4_t ch)
{
	return uc_is_general_category_withtable(
	    ch, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N);
}

/* How many bytes at `s` are `word`, in whatever case; 0: they are something else. */
static size_t
scrub_match(const uint8_t *s, const uint8_t *end, const char *word, size_t len)
{
	const uint8_t *at = s, *w = (const uint8_t *)word, *word_end = w + len;

	while (w < word_end) {
		ucs4_t a, b;

		if (at == end)
			return 0;
		at += scrub_char(at, end, &a);
		w += scrub_char(w, word_end, &b);
		if (uc_tolower(a) != uc_tolower(b))
			return 0;
	}
	return (size_t)(at - s);
}

/* The same for a word that stands by itself: "ada", and not a part of "Canada". */
static size_t
scrub_match_word(const uint8_t *s, const uint8_t *end, ucs4_t before, const char *word, size_t len)
{
	size_t found = scrub_is_word(before) ? 0 : scrub_match(s, end, word, len);
	ucs4_t behind;

	if (found == 0 || s + found == end)
		return found;
	scrub_char(s + found, end, &behind);
	return scrub_is_word(behind) ? 0 : found;
}

/* An address, its local part, and that without a subaddress (RFC 5233). */
struct scrub_secret {
	const char *address;
	size_t len, local, base;
};

static size_t
scrub_find(const struct scrub_secret *secret, const uint8_t *s, const uint8_t *end, ucs4_t before)
{
	size_t found = scrub_match(s, end, secret->address, secret->len);

	if (found == 0)
		found = scrub_match_word(s, end, before, secret->address, secret->local);
	if (found == 0)
		found = scrub_match_word(s, end, before, secret->address, secret->base);
	return found;
}

const char *
delivery_scrub(struct arena *arena, const char *words, const char *address)
{
	const uint8_t *s = (const uint8_t *)words, *end = s + strlen(words);
	struct scrub_secret secret = { .address = address != NULL ? address : "" };
	const char *at = strrchr(secret.address, '@'), *text;
	struct buf out;
	ucs4_t before = ' ';

	secret.len = strlen(secret.address);
	secret.local = at != NULL ? (size_t)(at - secret.address) : secret.len;
	secret.base = strcspn(secret.address, "+");
	if (secret.base > secret.local)
		secret.base = secret.local;
	buf_init(&out, OUTBOX_TEXT_MAX);
	while (s < end && !buf_failed(&out)) {
		size_t found = scrub_find(&secret, s, end, before);
		size_t len = scrub_char(s, end, &before);

		if (found > 0) {
			buf_add_string(&out, "[address]");
			s += found;
			before = ' ';
			continue;
		}
		buf_add(&out, scrub_is_printable(before) ? (const char *)s : "?",
		    scrub_is_printable(before) ? len : 1);
		s += len;
	}
	text = arena_dup(arena, out.len > 0 ? out.data : "", out.len);
	buf_release(&out);
	return text;
}
