#include "roster_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"

const char *const model_places[MODEL_PLACES] = { "dc=example", "ou=alpha,dc=example",
	"ou=beta,ou=alpha,dc=example", "ou=gamma,dc=example" };

static const char *const given[] = { "Anna", "Jürgen", "Łukasz", "Nguyễn", "Øystein", "Сергей",
	"Νίκος", "明", "محمد", "İpek", "Zoë", "anna", "ANNA" };
static const char *const family[] = { "Müller", "Muller", "Straße", "Đặng", "Papadopoulos", "Ёлкин",
	"王", "الحسن", "Öztürk", "Ægir", "Van der Berg", "O\xe2\x80\x99Neil" };
static const char *const positions[] = { "", "Engineer", "Head of sales", "Pflegekraft" };

/* ---- the people ---- */

struct model *
model_new(void)
{
	static const unsigned char key[32] = { 42 };
	struct model *m = mem_alloc(sizeof(*m));
	struct roster_conf conf;

	m->loop = loop_new();
	m->seal = seal_new(key);
	m->seed = 7;
	conf = (struct roster_conf){ .loop = m->loop, .seal = m->seal, .warm_subject = "test" };
	m->roster = roster_new(&conf);
	return m;
}

void
model_free(struct model *m)
{
	roster_free(m->roster);
	loop_free(m->loop);
	seal_free(m->seal);
	free(m->rows);
	free(m);
}

unsigned
model_random(struct model *m, unsigned bound)
{
	m->seed = m->seed * 1103515245U + 12345U;
	return (m->seed >> 8) % bound;
}

static void
model_make_row(struct model *m, struct model_row *row, size_t number)
{
	const char *first = given[model_random(m, sizeof(given) / sizeof(given[0]))];
	const char *last = family[model_random(m, sizeof(family) / sizeof(family[0]))];

	memset(row, 0, sizeof(*row));
	for (size_t i = 0; i < FEED_ID_SIZE; i++)
		row->id[i] = (unsigned char)model_random(m, 256);
	row->id[15] = (unsigned char)number;
	row->id[14] = (unsigned char)(number >> 8);
	row->id[13] = (unsigned char)(number >> 16);
	row->status = (enum feed_status)model_random(m, FEED_STATUS_COUNT);
	if (model_random(m, 3) == 0)
		row->status = FEED_ACTIVE;
	snprintf(row->name, sizeof(row->name), "%s %s", first, last);
	if (model_random(m, 10) == 0) /* longer than what counts of a key */
		snprintf(row->name, sizeof(row->name), "%s %s %.*u", first, last, 60,
		    model_random(m, 3));
	if (model_random(m, 8) > 0)
		snprintf(row->mail, sizeof(row->mail), "u%u@example.org", model_random(m, 900));
	if (model_random(m, 3) > 0)
		snprintf(row->phone, sizeof(row->phone), "+49 (0)171/%u-%u", model_random(m, 90),
		    model_random(m, 90));
	strcpy(row->position, positions[model_random(m, 4)]);
	row->place = model_random(m, row->status < FEED_ACTIVE ? MODEL_PLACES + 1 : MODEL_PLACES);
	row->registered_at = model_random(m, 4) == 0 ? 0 : 1000 + model_random(m, 500);
	row->last_activity_at = model_random(m, 2) == 0 ? 0 : 5000 + model_random(m, 5);
}

static const char *
or_null(const char *s)
{
	return *s != '\0' ? s : NULL;
}

static void
model_put(struct feed_batch *b, const struct model_row *row)
{
	bool user = row->status >= FEED_ACTIVE;
	struct feed_item *item = feed_batch_add(b, user ? FEED_USER : FEED_INVITATION, row->id);
	struct feed_user *u = &item->user;

	u->status = row->status;
	u->name = arena_strdup(b->arena, row->name);
	u->mail = arena_strdup(b->arena, or_null(row->mail));
	u->phone = arena_strdup(b->arena, or_null(row->phone));
	u->position = arena_strdup(b->arena, or_null(row->position));
	if (user)
		u->rdn = arena_printf(
		    b->arena, "uid=u%02x%02x%02x", row->id[13], row->id[14], row->id[15]);
	else
		memcpy(u->invitation, row->id, FEED_ID_SIZE);
	if (row->place < MODEL_PLACES)
		u->parent = model_places[row->place];
	u->registered_at = row->registered_at;
	u->last_activity_at = row->last_activity_at;
}

/* ---- feeding ---- */

static void
model_on_applied(void *arg)
{
	loop_stop(((struct model *)arg)->loop);
}

void
model_feed(struct model *m, struct feed_batch *b)
{
	roster_feed_take(m->roster, b, model_on_applied, m);
	loop_run(m->loop);
}

/* The rows from `first`, of one source. */
static void
model_feed_rows(struct model *m, size_t first, enum feed_source source)
{
	struct feed_batch *b = feed_batch_new(source, FEED_CHANGES);

	for (size_t i = first; i < m->count; i++) {
		if ((m->rows[i].status >= FEED_ACTIVE) != (source == FEED_DIRECTORY))
			continue;
		if (b->count == FEED_BATCH_ITEMS) {
			model_feed(m, b);
			b = feed_batch_new(source, FEED_CHANGES);
		}
		model_put(b, &m->rows[i]);
	}
	model_feed(m, b);
}

static size_t
model_make(struct model *m, size_t count)
{
	size_t first = m->count;

	m->rows = mem_resize(m->rows, first + count, sizeof(*m->rows));
	for (m->count = first; m->count < first + count; m->count++)
		model_make_row(m, &m->rows[m->count], m->count);
	return first;
}

void
model_fill(struct model *m, size_t count)
{
	size_t first = model_make(m, count);
	struct feed_batch *places;

	model_feed(m, feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_BEGINS));
	model_feed(m, feed_batch_new(FEED_STORE, FEED_REFRESH_BEGINS));
	places = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);
	for (size_t i = 1; i < MODEL_PLACES; i++) {
		unsigned char id[FEED_ID_SIZE] = { 0xff, (unsigned char)i };
		struct feed_place *place = &feed_batch_add(places, FEED_PLACE, id)->place;

		place->dn = place->normal = model_places[i];
		place->name = arena_dup(places->arena, model_places[i] + 3, 4);
	}
	model_feed(m, places);
	model_feed_rows(m, first, FEED_DIRECTORY);
	model_feed_rows(m, first, FEED_STORE);
	model_feed(m, feed_batch_new(FEED_STORE, FEED_REFRESH_COMPLETE));
	model_feed(m, feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_COMPLETE));
}

void
model_add(struct model *m, size_t count)
{
	size_t first = model_make(m, count);

	model_feed_rows(m, first, FEED_DIRECTORY);
	model_feed_rows(m, first, FEED_STORE);
}

void
model_remove(struct model *m, size_t row)
{
	bool user = m->rows[row].status >= FEED_ACTIVE;
	struct feed_batch *b = feed_batch_new(user ? FEED_DIRECTORY : FEED_STORE, FEED_CHANGES);

	feed_batch_add(b, user ? FEED_GONE : FEED_INVITATION_GONE, m->rows[row].id);
	m->rows[row].gone = true;
	model_feed(m, b);
}

/* ---- the naive answers ---- */

static bool
model_is_below(unsigned place, const char *dn)
{
	size_t len, end = strlen(dn);

	if (place == MODEL_PLACE_NONE)
		return false;
	len = strlen(model_places[place]);
	return len >= end && strcmp(model_places[place] + len - end, dn) == 0 &&
	       (len == end || model_places[place][len - end - 1] == ',');
}

static bool
model_is_within_places(unsigned place, const struct roster_query *q)
{
	bool within = q->within == NULL;

	for (size_t i = 0; q->within != NULL && i < q->within_count; i++)
		within = within || model_is_below(place, q->within[i]);
	return within;
}

static bool
model_is_within(int64_t at, int64_t from, int64_t to)
{
	if (from == 0 && to == 0)
		return true;
	return at != 0 && at >= from && (to == 0 || at < to);
}

/* One word after the other, in each of the values; phones as the tests need them: digits. */
static bool
model_has_words(const struct model_row *row, const char *q)
{
	const char *const values[] = { row->name, row->mail, row->position };
	char folded[3][256], phone[64], words[256], *rest, *word;
	size_t n;

	for (size_t i = 0; i < 3; i++) {
		n = fold_text(values[i], strlen(values[i]), folded[i], sizeof(folded[i]) - 1);
		folded[i][n] = '\0';
	}
	n = fold_phone(row->phone, strlen(row->phone), phone, sizeof(phone) - 1);
	phone[n] = '\0';
	n = fold_text(q, strlen(q), words, sizeof(words) - 1);
	words[n] = '\0';
	if (n == 0 && *q != '\0')
		return false;
	for (word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		if (strstr(folded[0], word) == NULL && strstr(folded[1], word) == NULL &&
		    strstr(folded[2], word) == NULL && strstr(phone, word) == NULL)
			return false;
	return true;
}

/* All but the status. */
bool
model_matches(const struct model_row *row, const struct roster_query *q)
{
	return !row->gone && model_is_within_places(row->place, q) &&
	       (q->org_unit == NULL || model_is_below(row->place, q->org_unit)) &&
	       model_is_within(row->registered_at, q->registered_from, q->registered_to) &&
	       model_is_within(row->last_activity_at, q->active_from, q->active_to) &&
	       model_has_words(row, q->q != NULL ? q->q : "");
}

static size_t
model_text_key(const struct model_row *row, enum roster_sort sort, char key[256])
{
	size_t len;

	if (sort == ROSTER_BY_PHONE)
		len = fold_phone(row->phone, strlen(row->phone), key, 256);
	else if (sort == ROSTER_BY_MAIL)
		len = fold_text(row->mail, strlen(row->mail), key, 256);
	else
		len = fold_text(row->name, strlen(row->name), key, 256);
	return len < ROSTER_KEY_MAX ? len : ROSTER_KEY_MAX;
}

static int
model_compare_texts(const struct model_row *a, const struct model_row *b, enum roster_sort sort)
{
	char x[256], y[256];
	size_t x_len = model_text_key(a, sort, x), y_len = model_text_key(b, sort, y);
	int order = memcmp(x, y, x_len < y_len ? x_len : y_len);

	if (x_len == 0 || y_len == 0)
		return (x_len == 0) - (y_len == 0);
	return order != 0 ? order : (x_len > y_len) - (x_len < y_len);
}

static int
model_compare_numbers(const struct model_row *a, const struct model_row *b, enum roster_sort sort)
{
	int64_t x = a->last_activity_at, y = b->last_activity_at;

	if (sort == ROSTER_BY_ORG_UNIT) {
		x = a->place;
		y = b->place;
	} else if (sort == ROSTER_BY_STATUS) {
		x = a->status;
		y = b->status;
	} else if (sort == ROSTER_BY_REGISTERED) {
		x = a->registered_at;
		y = b->registered_at;
	}
	return (x > y) - (x < y);
}

struct model_sorted {
	const struct model *m;
	const struct roster_query *q;
};

static int
model_compare(const void *a, const void *b, void *arg)
{
	const struct model_sorted *s = arg;
	const struct model_row *x = &s->m->rows[*(const size_t *)a];
	const struct model_row *y = &s->m->rows[*(const size_t *)b];
	enum roster_sort sort = s->q->sort;
	int order = sort == ROSTER_BY_NAME || sort == ROSTER_BY_MAIL || sort == ROSTER_BY_PHONE
			? model_compare_texts(x, y, sort)
			: model_compare_numbers(x, y, sort);

	if (order == 0)
		order = memcmp(x->id, y->id, FEED_ID_SIZE);
	return s->q->descending ? -order : order;
}

size_t
model_list(const struct model *m, const struct roster_query *q, size_t *rows,
    uint64_t count[FEED_STATUS_COUNT])
{
	struct model_sorted sorted = { m, q };
	size_t found = 0;

	memset(count, 0, FEED_STATUS_COUNT * sizeof(*count));
	for (size_t i = 0; i < m->count; i++) {
		const struct model_row *row = &m->rows[i];

		if (!model_matches(row, q))
			continue;
		count[row->status]++;
		if (q->statuses == 0 || (q->statuses & (1U << row->status)) != 0)
			rows[found++] = i;
	}
	qsort_r(rows, found, sizeof(*rows), model_compare, &sorted);
	return found;
}

/* ---- asking ---- */

void
answer_render(void *arg, size_t index, const struct roster_row *row)
{
	struct answer *a = arg;

	assert_int_equal(index, a->rendered);
	assert_true(index < ROSTER_LIMIT_MAX && row->name.len < sizeof(a->names[0]));
	memcpy(a->ids[index], row->id, FEED_ID_SIZE);
	memcpy(a->names[index], row->name.s, row->name.len);
	a->names[index][row->name.len] = '\0';
	a->rendered++;
}

void
answer_release(void *arg)
{
	struct answer *a = arg;

	a->releases++;
	if (a->loop != NULL)
		loop_stop(a->loop);
}

void
answer_take(void *arg, enum err code, const struct roster_page *page, const struct fault *f)
{
	struct answer *a = arg;

	a->calls++;
	a->code = code;
	a->fault = *f;
	if (code != ERR_OK)
		return;
	a->page = *page;
	if (page->next_cursor != NULL)
		strcpy(a->cursor, page->next_cursor);
}

void
model_ask(struct model *m, const struct roster_query *q, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->loop = m->loop;
	roster_list_start(m->roster, q, answer_render, answer_release, a, answer_take, a);
	assert_int_equal(a->calls, 0);
	loop_run(m->loop);
	assert_int_equal(a->calls, 1);
	assert_int_equal(a->releases, 1);
}
