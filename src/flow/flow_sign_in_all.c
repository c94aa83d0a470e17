/* All attempts that are under way, and what is remembered between them: the part of the flow that
 * is there when people can sign in. */
#include "flow/sign_in_private.h"

#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"

enum {
	SIGN_IN_LOGINS_MAX = 65536,
	SIGN_IN_ACCOUNTS_MAX = 262144,
	SIGN_IN_LOGIN_WINDOW_MS = 15 * 60 * 1000
};

static size_t
sign_ins_under_way(const struct flow_guest *guest)
{
	const struct sign_ins *all = (const struct sign_ins *)guest;
	const struct sign_in_note *n;
	const struct sign_in *s;
	size_t count = 0;

	TAILQ_FOREACH(s, &all->list, link)
	count++;
	TAILQ_FOREACH(n, &all->notes, link)
	count++;
	return count;
}

static void
sign_in_drop(struct sign_in *s)
{
	TAILQ_REMOVE(&s->all->list, s, link);
	if (s->op != NULL)
		dir_cancel(s->op);
	if (s->make != NULL)
		auth_session_cancel(s->make);
	loop_timer_free(s->timer);
	secret_free(s->password);
	arena_free(s->arena);
	free(s);
}

/* What the directory says of them from now on is as of before. */
static void
sign_ins_end_person(struct flow_guest *guest, const char *person)
{
	struct sign_in *s;

	TAILQ_FOREACH(s, &((struct sign_ins *)guest)->list, link)
	if (s->account.dn != NULL && strcasecmp(s->account.entry_uuid, person) == 0)
		s->is_ended = true;
}

static void
sign_ins_forget(struct flow_guest *guest, const char *person)
{
	known_drop(((struct sign_ins *)guest)->known, person);
}

static void
sign_ins_free(struct flow_guest *guest)
{
	struct sign_ins *all = (struct sign_ins *)guest;
	struct sign_in *s, *next;

	LIST_EACH_SAFE(s, &all->list, link, next)
	sign_in_drop(s);
	sign_in_notes_free(all);
	sign_in_sources_free(all->sources);
	replay_free(all->replay);
	budget_free(all->accounts);
	budget_free(all->logins);
	known_free(all->known);
	free(all);
}

void
flow_set_sign_in(struct flow *f, struct auth *auth, const struct sign_in_conf *conf)
{
	struct sign_ins *all = mem_alloc(sizeof(*all));
	const int64_t window_ms = conf->window_s * 1000;
	const size_t attempts = (size_t)conf->attempts;

	assert(f->sign_ins == NULL);
	all->guest = (struct flow_guest){ sign_ins_under_way, sign_ins_end_person, sign_ins_forget,
		sign_ins_free };
	all->flow = f;
	all->auth = auth;
	TAILQ_INIT(&all->list);
	TAILQ_INIT(&all->notes);
	all->sources = sign_in_sources_new();
	all->accounts = budget_new(attempts, window_ms, SIGN_IN_ACCOUNTS_MAX);
	all->logins = budget_new(
	    attempts, window_ms > 0 ? window_ms : SIGN_IN_LOGIN_WINDOW_MS, SIGN_IN_LOGINS_MAX);
	all->replay = replay_new(f, all->accounts, window_ms);
	all->pace.unit_ms = conf->pace_ms > 0 ? conf->pace_ms : SIGN_IN_PACE_MS;
	all->known = known_new(f, conf->seal);
	f->sign_ins = &all->guest;
}
