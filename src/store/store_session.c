#include "store/store_session.h"

#include <assert.h>
#include <string.h>

#include "store/store_private.h"

FAILPOINTS(points_of_session, "store.signed_in", "the commit of this event");
FAILPOINTS(points_of_end, "store.session_ended", "the commit of this event");
FAILPOINTS(points_of_use, "store.session_used", "the commit of a session's last use");
FAILPOINTS(points_of_refusal, "store.sign_in_refused", "the commit of this event");
FAILPOINTS(points_of_throttling, "store.sign_in_throttled", "the commit of this event");

/* About the person; `person` NULL: about nobody who is known. `detail` NULL: the note's. */
static void
session_audit(struct commit *c, const char *event, const char *person, const char *detail,
    const struct store_note *note)
{
	const struct audit audit = { .at = c->now,
		.event = event,
		.subject = person != NULL ? "user" : NULL,
		.id = person,
		.detail = detail,
		.note = note };

	commit_audit(c, &audit);
}

struct store_op *
store_session_add(struct store *s, const struct store_session *session,
    const unsigned char source[STORE_SOURCE_SIZE], const struct store_note *note, store_done_cb *cb,
    void *arg)
{
	struct entry *e = entry_new(s, "session", session->id, cb, arg);
	struct commit *c = &e->c;
	struct store_key known = known_key(session->person, source);

	record_write_known(&c->json, c->now);
	commit_put(c, &known);
	record_write_session(&c->json, session);
	entry_add(e);
	session_audit(c, "signed_in", session->person, NULL, note);
	commit_start(c);
	return &c->op;
}

static enum err
session_use(
    struct buf *b, const char *id, const char *text, size_t len, int64_t used_at, struct fault *f)
{
	struct store_session session;
	enum err code = record_read_session(&session, id, text, len, f);

	if (code == ERR_OK && session.used_at < used_at) {
		session.used_at = used_at;
		record_write_session(b, &session);
	}
	return code;
}

struct store_op *
store_session_touch(struct store *s, const char *id, int64_t used_at, store_done_cb *cb, void *arg)
{
	return entry_touch(s, "session", id, session_use, "session_used", used_at, cb, arg);
}

struct store_op *
store_session_end(struct store *s, const struct store_session *session, const char *reason,
    const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct entry *e = entry_new(s, "session", session->id, cb, arg);
	const char *detail = arena_printf(e->c.arena, "{\"reason\":\"%s\"}", reason);

	session_audit(&e->c, "session_ended", session->person, detail, note);
	return entry_delete(e);
}

struct store_op *
store_note_sign_in(struct store *s, const char *event, const char *person,
    const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct commit *c = commit_new(s, cb, arg);

	session_audit(c, event, person, NULL, note);
	commit_start(c);
	return &c->op;
}
