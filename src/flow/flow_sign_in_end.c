/* How an attempt ends: what is recorded of it, and what is answered. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "flow/sign_in_private.h"
#include "log/log.h"

enum { PERSONAL_MAX = 16384 };

/* ---- records ---- */

static void
personal_add(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
	buf_add_json_string(b, value);
}

/* Who is meant, in words that can be erased. */
static const char *
sign_in_personal(struct sign_in *s)
{
	const char *text = NULL;
	struct buf b;

	if (s->account.dn == NULL)
		return NULL;
	buf_init(&b, PERSONAL_MAX);
	buf_add_char(&b, '{');
	personal_add(&b, "name", s->account.name);
	personal_add(&b, "uid", s->account.uid);
	buf_add_char(&b, '}');
	if (!buf_failed(&b))
		text = arena_dup(s->arena, b.data, b.len);
	buf_release(&b);
	return text;
}

struct store_note
sign_in_note_of(struct sign_in *s, const char *actor)
{
	return (struct store_note){ .actor = actor,
		.request_id = s->request_id[0] != '\0' ? s->request_id : NULL,
		.personal = sign_in_personal(s),
		.source = s->address,
		.org_unit = s->account.org_unit };
}

static void
note_end(struct sign_in_note *n)
{
	TAILQ_REMOVE(&n->all->notes, n, link);
	free(n);
}

static void
note_on_stored(void *arg, enum err code, const struct fault *f)
{
	struct sign_in_note *n = arg;
	struct flow *flow = n->all->flow;

	if (code != ERR_OK)
		log_error("an audit record of a sign-in could not be written", "reason", f->text);
	note_end(n);
	flow_check_drained(flow);
}

void
sign_in_record(struct sign_in *s, const char *event, const char *reason)
{
	struct sign_in_note *n = mem_alloc(sizeof(*n));
	struct store_note note = sign_in_note_of(s, "nobody");

	note.detail = arena_printf(s->arena, "{\"reason\":\"%s\"}", reason);
	n->all = s->all;
	TAILQ_INSERT_TAIL(&s->all->notes, n, link);
	n->op = store_note_sign_in(
	    s->all->flow->conf.store, event, s->account.entry_uuid, &note, note_on_stored, n);
}

void
sign_in_notes_free(struct sign_ins *all)
{
	struct sign_in_note *n, *next;

	LIST_EACH_SAFE(n, &all->notes, link, next)
	{
		store_cancel(n->op);
		note_end(n);
	}
}

/* ---- answers ---- */

void
sign_in_stop_running(struct sign_in *s)
{
	if (!s->runs)
		return;
	s->runs = false;
	s->all->running--;
	s->all->strangers -= !s->turn.is_known;
}

void
sign_in_finish(struct sign_in *s, const struct store_session *session, struct secret **secret)
{
	struct flow *flow = s->all->flow;
	flow_signed_in_cb *cb = s->cb;
	int64_t wait_ms = s->wait_ms;
	struct fault fault = s->fault;
	enum err code = s->code;
	void *arg = s->arg;

	sign_in_stop_running(s);
	if (s->by_login.mark != 0)
		budget_settle(
		    s->all->logins, s->by_login.key, s->by_login.mark, SIGN_IN_WRONG, s->began_at);
	TAILQ_REMOVE(&s->all->list, s, link);
	loop_timer_free(s->timer);
	secret_free(s->password);
	arena_free(s->arena);
	free(s);
	flow_check_drained(flow);
	cb(arg, code, session, secret, wait_ms, &fault);
}

/* The timer that has run since the beginning answers: so nothing of how long the work took, nor of
 * when it ended, shows. */
static void
sign_in_end_paced(struct sign_in *s, enum err code, const char *text)
{
	sign_in_stop_running(s);
	s->code = fault_set(&s->fault, code, "%s", text);
	s->is_refused = true;
}

void
sign_in_end(struct sign_in *s, enum err code, const char *text)
{
	sign_in_end_paced(s, code, text);
	loop_timer_set(s->timer, 0);
}

/* What fails soon (no such account) is told no sooner than what fails late. */
void
sign_in_refuse(struct sign_in *s, const char *reason, const struct fault *f)
{
	log_info("a sign-in was refused", "request", s->request_id, "person",
	    s->account.dn != NULL ? s->account.entry_uuid : "", "kind", reason, "reason",
	    f != NULL ? f->text : "");
	sign_in_record(s, "sign_in_refused", reason);
	sign_in_end_paced(s, ERR_UNAUTHENTICATED, "The name or the password is wrong.");
}

void
sign_in_tell_throttled(struct sign_in *s, const char *reason)
{
	log_warning("somebody has to wait after failed sign-ins", "request", s->request_id, "kind",
	    reason, "source", s->address, "person",
	    s->account.dn != NULL ? s->account.entry_uuid : "");
	sign_in_record(s, "sign_in_throttled", reason);
}

void
sign_in_throttle(struct sign_in *s, int64_t wait_ms)
{
	s->wait_ms = wait_ms;
	sign_in_end_paced(s, ERR_THROTTLED, "Too many attempts; try again later.");
}
