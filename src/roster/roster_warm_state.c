/* What a save leaves beside the records, sealed as one value: the file's epoch, how many there must
 * be, the cookie, and whose they are. */
#include "roster/roster_warm_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char state_name[] = WARM_STATE_NAME;

static enum err
state_decode(struct warm *w, const unsigned char *p, size_t len, struct fault *f)
{
	struct warm_state_head head;

	if (len < sizeof(head))
		return fault_set(f, ERR_CORRUPT, "%s: its state does not add up", w->path);
	memcpy(&head, p, sizeof(head));
	if (head.cookie_len > FEED_COOKIE_MAX ||
	    len != sizeof(head) + head.cookie_len + (size_t)head.subject_len)
		return fault_set(f, ERR_CORRUPT, "%s: its state does not add up", w->path);
	p += sizeof(head);
	if (head.subject_len != strlen(w->subject) ||
	    memcmp(p + head.cookie_len, w->subject, head.subject_len) != 0)
		return fault_set(
		    f, ERR_CORRUPT, "%s: it belongs to another directory or base", w->path);
	memcpy(w->state.epoch, head.epoch, WARM_EPOCH_SIZE);
	w->state.records = head.records;
	w->state.cookie_len = head.cookie_len;
	memcpy(w->state.cookie, p, head.cookie_len);
	return ERR_OK;
}

static enum err
state_open(struct warm *w, const unsigned char *sealed, size_t len, struct fault *f)
{
	unsigned char *plain;
	struct fault own;
	enum err code;
	size_t plain_len;

	if (len < SEAL_OVERHEAD)
		return fault_set(f, ERR_CORRUPT, "%s: its state is cut off", w->path);
	plain = mem_alloc(len);
	code = seal_open(
	    w->seal, state_name, sizeof(state_name), sealed, len, plain, &plain_len, &own);
	if (code != ERR_OK)
		fault_set(f, code, "%s: its state does not open: %s", w->path, own.text);
	else
		code = state_decode(w, plain, plain_len, f);
	free(plain);
	return code;
}

enum err
warm_state_read(struct warm *w, struct fault *f)
{
	sqlite3_stmt *s;
	enum err code;
	int rc = sqlite3_prepare_v2(w->handle, "SELECT value FROM meta", -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		code =
		    state_open(w, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0), f);
	else if (rc == SQLITE_DONE)
		code = fault_set(f, ERR_CORRUPT, "%s: its state is missing", w->path);
	else
		code = warm_db_fault(w, rc, "read", f);
	sqlite3_finalize(s);
	return code;
}

int
warm_state_write(struct warm *w)
{
	const size_t subject_len = strlen(w->subject), cookie_len = w->state.cookie_len;
	struct warm_state_head head = { .records = w->state.records,
		.cookie_len = (uint32_t)cookie_len,
		.subject_len = (uint32_t)subject_len };
	const size_t len = sizeof(head) + cookie_len + subject_len;
	unsigned char *plain = mem_alloc(len), *sealed = mem_alloc(len + SEAL_OVERHEAD);
	int rc;

	memcpy(head.epoch, w->state.epoch, WARM_EPOCH_SIZE);
	memcpy(plain, &head, sizeof(head));
	memcpy(plain + sizeof(head), w->state.cookie, cookie_len);
	memcpy(plain + sizeof(head) + cookie_len, w->subject, subject_len);
	seal_close(w->seal, state_name, sizeof(state_name), plain, len, sealed);
	sqlite3_bind_blob64(w->stmt[WARM_SET_STATE], 1, sealed, len + SEAL_OVERHEAD, SQLITE_STATIC);
	rc = warm_db_step(w, WARM_SET_STATE);
	sqlite3_clear_bindings(w->stmt[WARM_SET_STATE]);
	free(plain);
	free(sealed);
	return rc;
}
