/* The warm file: opened or made anew, saved, emptied, replaced, closed. */
#include "roster/roster_warm_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
warm_name_of(const unsigned char epoch[WARM_EPOCH_SIZE], enum warm_kind kind,
    const unsigned char *id, unsigned char out[WARM_NAME_SIZE])
{
	memcpy(out, epoch, WARM_EPOCH_SIZE);
	out[WARM_EPOCH_SIZE] = (unsigned char)kind;
	memcpy(out + WARM_EPOCH_SIZE + 1, id, FEED_ID_SIZE);
}

static bool
warm_make(struct warm *w, struct fault *f)
{
	if (warm_file_make(w->path, f) != ERR_OK)
		return false;
	if (warm_db_make(w, f) == ERR_OK)
		return true;
	warm_file_remove(w->path);
	return false;
}

static bool
warm_open_file(struct warm *w, struct fault *f)
{
	enum err code = warm_file_check(w->path, f);

	if (code == ERR_MISCONFIGURED)
		return false;
	if (code == ERR_OK) {
		code = warm_db_open(w, f);
		if (code == ERR_OK)
			return true;
		if (code == ERR_CONFLICT) /* of a process that is alive: not ours to remove */
			return false;
	}
	warm_file_remove(w->path);
	return warm_make(w, f);
}

static struct warm *
warm_new(char *path, const char *subject, const struct seal *seal)
{
	struct warm *w = mem_alloc(sizeof(*w));

	w->path = path;
	w->subject = mem_dup_string(subject);
	w->seal = seal;
	return w;
}

/* An heir that is there is what a process left that ended while it was made. */
struct warm *
warm_open(const char *path, const char *subject, const struct seal *seal, struct fault *f)
{
	struct warm *w = warm_new(mem_dup_string(path), subject, seal);
	struct fault own = { .code = ERR_OK };
	char *heir;

	f = f != NULL ? f : &own;
	f->code = ERR_OK;
	f->text[0] = '\0';
	if (!warm_open_file(w, f)) {
		warm_close(w);
		return NULL;
	}
	heir = warm_file_heir(path);
	warm_file_remove(heir);
	free(heir);
	return w;
}

bool
warm_reset(struct warm *w, struct fault *f)
{
	warm_db_close(w, false);
	warm_file_remove(w->path);
	return warm_make(w, f);
}

uint64_t
warm_count(const struct warm *w)
{
	return w->state.records;
}

void
warm_close(struct warm *w)
{
	if (w == NULL)
		return;
	warm_db_close(w, true);
	free(w->path);
	free(w->subject);
	free(w);
}

/* ---- everything anew ---- */

struct warm *
warm_heir(const struct warm *w, struct fault *f)
{
	struct warm *heir = warm_new(warm_file_heir(w->path), w->subject, w->seal);

	warm_file_remove(heir->path);
	if (warm_make(heir, f))
		return heir;
	warm_close(heir);
	return NULL;
}

void
warm_drop(struct warm *heir)
{
	warm_db_close(heir, false);
	warm_file_remove(heir->path);
	warm_close(heir);
}

bool
warm_succeed(struct warm *w, struct warm *heir, struct fault *f)
{
	int rc = warm_db_end_wal(heir);
	enum err code;

	if (rc != SQLITE_OK) {
		warm_db_fault(heir, rc, "write", f);
		warm_drop(heir);
		return false;
	}
	warm_db_close(heir, false);
	warm_db_close(w, false);
	code = warm_file_move(heir->path, w->path, f);
	warm_drop(heir);
	return code == ERR_OK && warm_db_open(w, f) == ERR_OK;
}

/* ---- saving ---- */

struct save {
	struct warm *w;
	unsigned char *sealed;
	size_t size;
};

static int
record_compare(const struct warm_record *a, const struct warm_record *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return memcmp(a->id, b->id, FEED_ID_SIZE);
}

/* Of two for one key the later one stays the later one. */
static int
save_compare(const void *va, const void *vb)
{
	const struct warm_record *a = *(const struct warm_record *const *)va;
	const struct warm_record *b = *(const struct warm_record *const *)vb;
	int order = record_compare(a, b);

	return order != 0 ? order : (a > b) - (a < b);
}

/* By key, which makes of a million inserts a walk along the table instead of a million searches. */
static const struct warm_record **
save_sort(const struct warm_record *records, size_t count)
{
	const struct warm_record **sorted = mem_array(count + 1, sizeof(const void *));
	bool in_order = true;

	for (size_t i = 0; i < count; i++) {
		sorted[i] = &records[i];
		in_order = in_order && (i == 0 || record_compare(&records[i - 1], &records[i]) < 0);
	}
	if (!in_order)
		qsort(sorted, count, sizeof(const void *), save_compare);
	return sorted;
}

static void
save_bind(struct warm *w, enum warm_stmt_name name, const struct warm_record *r)
{
	sqlite3_bind_int(w->stmt[name], 1, (int)r->kind);
	sqlite3_bind_blob(w->stmt[name], 2, r->id, FEED_ID_SIZE, SQLITE_STATIC);
}

/* Most records are new, so that is tried first; the key tells when it was wrong. */
static int
save_put(struct save *s, const struct warm_record *r)
{
	struct warm *w = s->w;
	unsigned char name[WARM_NAME_SIZE];
	size_t len;
	int rc;

	if (r->len + SEAL_OVERHEAD > s->size) {
		s->size = r->len + SEAL_OVERHEAD;
		s->sealed = mem_resize(s->sealed, s->size, 1);
	}
	warm_name_of(w->state.epoch, r->kind, r->id, name);
	len = seal_close(w->seal, name, sizeof(name), r->data, r->len, s->sealed);
	save_bind(w, WARM_INSERT, r);
	rc = sqlite3_bind_blob64(w->stmt[WARM_INSERT], 3, s->sealed, len, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = warm_db_step(w, WARM_INSERT);
	if (rc == SQLITE_OK)
		w->state.records++;
	if (rc != SQLITE_CONSTRAINT_PRIMARYKEY)
		return rc;
	save_bind(w, WARM_UPDATE, r);
	sqlite3_bind_blob64(w->stmt[WARM_UPDATE], 3, s->sealed, len, SQLITE_STATIC);
	return warm_db_step(w, WARM_UPDATE);
}

static int
save_delete(struct warm *w, const struct warm_record *r)
{
	int rc;

	save_bind(w, WARM_DELETE, r);
	rc = warm_db_step(w, WARM_DELETE);
	if (rc == SQLITE_OK)
		w->state.records -= (uint64_t)sqlite3_changes(w->handle);
	return rc;
}

/* The first save goes straight into the file: nothing that was there before has to be kept, so the
 * rollback journal stays empty, and each page is written once and not twice. */
static int
save_run(struct save *s, const struct warm_record *const *records, size_t count)
{
	struct warm *w = s->w;
	int rc = SQLITE_OK;

	if (!w->is_wal && w->state.records > 0)
		rc = warm_db_use_wal(w);
	if (rc == SQLITE_OK)
		rc = warm_db_step(w, WARM_BEGIN);
	for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
		rc =
		    records[i]->data != NULL ? save_put(s, records[i]) : save_delete(w, records[i]);
	if (rc == SQLITE_OK)
		rc = warm_state_write(w);
	return rc == SQLITE_OK ? warm_db_step(w, WARM_COMMIT) : rc;
}

bool
warm_save(struct warm *w, const struct warm_record *records, size_t count, const void *cookie,
    size_t cookie_len, struct fault *f)
{
	struct save s = { .w = w };
	const struct warm_record **sorted;
	int rc;

	assert(cookie_len <= FEED_COOKIE_MAX);
	if (w->handle == NULL) {
		fault_set(f, ERR_UNAVAILABLE, "%s was dropped", w->path);
		return false;
	}
	sorted = save_sort(records, count);
	w->state.cookie_len = cookie_len;
	if (cookie_len > 0)
		memcpy(w->state.cookie, cookie, cookie_len);
	rc = save_run(&s, sorted, count);
	free(s.sealed);
	free(sorted);
	if (rc == SQLITE_OK)
		return true;
	warm_db_fault(w, rc, "write", f);
	warm_db_close(w, false);
	warm_file_remove(w->path);
	return false;
}
