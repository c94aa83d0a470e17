/* When a token or a session was last used, for whoever looks at the list of them, and for the next
 * start of the daemon. Uses gather until the sweep comes by, and never hold up a request. */
#include "auth/auth_private.h"

enum { MINUTE_MS = 60 * 1000, USES_RUNNING_MAX = 32 };

void
auth_use_init(struct auth_use *u, struct auth *a, bool is_session, const char *id, int64_t *at)
{
	*u = (struct auth_use){
		.auth = a, .is_session = is_session, .id = id, .at = at, .kept = *at
	};
}

static void
use_wait(struct auth_use *u)
{
	if (u->waits || u->op != NULL || *u->at <= u->kept)
		return;
	u->waits = true;
	TAILQ_INSERT_TAIL(&u->auth->uses, u, link);
	auth_sweep_wake(u->auth);
}

void
auth_use_note(struct auth_use *u, int64_t now)
{
	int64_t minute = now - now % MINUTE_MS;

	if (minute <= *u->at)
		return;
	*u->at = minute;
	use_wait(u);
}

void
auth_use_told(struct auth_use *u, int64_t at)
{
	if (at > u->kept)
		u->kept = at;
	if (at > *u->at)
		*u->at = at;
}

static void
use_stop_waiting(struct auth_use *u)
{
	if (u->waits)
		TAILQ_REMOVE(&u->auth->uses, u, link);
	u->waits = false;
}

void
auth_use_end(struct auth_use *u)
{
	use_stop_waiting(u);
	if (u->op == NULL)
		return;
	store_cancel(u->op);
	u->op = NULL;
	u->auth->uses_running--;
}

/* A store that fails is asked again by the next sweep, not at once. */
static void
use_on_kept(void *arg, enum err code, const struct fault *f)
{
	struct auth_use *u = arg;

	(void)f;
	u->op = NULL;
	u->auth->uses_running--;
	if (code == ERR_OK && u->sent > u->kept)
		u->kept = u->sent;
	use_wait(u);
	if (code == ERR_OK)
		auth_uses_flush(u->auth);
}

void
auth_uses_flush(struct auth *a)
{
	struct auth_use *u;

	while (a->uses_running < USES_RUNNING_MAX && (u = TAILQ_FIRST(&a->uses)) != NULL) {
		use_stop_waiting(u);
		u->sent = *u->at;
		u->op = (u->is_session ? store_session_touch : store_touch_api_token)(
		    a->conf.store, u->id, u->sent, use_on_kept, u);
		a->uses_running++;
	}
}
