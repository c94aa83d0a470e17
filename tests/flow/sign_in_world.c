#include "sign_in_world.h"

#include <stdio.h>
#include <string.h>

#include "flow/sign_in_private.h"

struct fake_account sign_in_accounts[3];
size_t try_answers;
static int64_t world_window_s, world_pace_ms;

static bool
is_ready(struct world *w, void *arg)
{
	(void)arg;
	return replay_is_done(((struct sign_ins *)w->flow->sign_ins)->replay);
}

static void
sign_in_up(struct world *w)
{
	const struct sign_in_conf conf = { ATTEMPTS, world_window_s, w->seal, world_pace_ms };

	flow_set_sign_in(
	    w->flow, fake_sign_in_start(w->loop, w->store, sign_in_accounts, 3), &conf);
	people_keys(w, "known/"); /* what is known has been read */
	assert_true(world_until(w, is_ready, NULL));
}

struct world *
sign_in_world_new(void)
{
	return sign_in_world_with(WINDOW_S, 1);
}

struct world *
sign_in_world_with(int64_t window, int64_t pace)
{
	const struct fake_account all[] = {
		{ "ada", "ada@x.org", ADA, RIGHT, true, 0, 0 },
		{ "bob", "bob@x.org", BOB, RIGHT, true, 0, 0 },
		{ "zoe", "zoe@x.org", ZOE_ID, RIGHT, false, 0, 0 },
	};
	struct world *w = people_world_new();

	memcpy(sign_in_accounts, all, sizeof(sign_in_accounts));
	try_answers = 0;
	world_window_s = window;
	world_pace_ms = pace;
	sign_in_up(w);
	return w;
}

void
sign_in_world_free(struct world *w)
{
	world_free(w);
	fake_sign_in_end();
}

void
sign_in_world_crash(struct world *w)
{
	world_crash(w);
	sign_in_up(w);
}

void
try_on_answer(void *arg, enum err code, const struct store_session *session, struct secret **secret,
    int64_t wait_ms, const struct fault *f)
{
	struct try *t = arg;

	assert_int_equal(session != NULL, code == ERR_OK);
	t->count++;
	try_answers++;
	t->code = code;
	t->wait_ms = wait_ms;
	snprintf(t->text, sizeof(t->text), "%s", f->text);
	if (session != NULL) {
		memcpy(t->person, session->person, sizeof(t->person));
		memcpy(t->session, session->id, sizeof(t->session));
		t->secret = *secret;
		*secret = NULL;
		secret_free(t->secret);
	}
	world_stop_waiting(t->w);
}

void
try_start(
    struct world *w, struct try *t, const char *login, const char *password, const char *source)
{
	struct secret *p = secret_new(password, strlen(password));
	struct sign_in_spec spec = {
		.login = login, .password = p, .source = source, .request_id = "r-1"
	};

	*t = (struct try){ .w = w };
	flow_sign_in_start(w->flow, &spec, try_on_answer, t);
	secret_free(p);
	assert_int_equal(t->count, 0);
}

enum err
try_once(
    struct world *w, struct try *t, const char *login, const char *password, const char *source)
{
	try_start(w, t, login, password, source);
	while (t->count == 0)
		world_wait(w);
	return t->code;
}

enum err
try_code(struct world *w, const char *login, const char *password, const char *source)
{
	struct try t;

	return try_once(w, &t, login, password, source);
}

const char *
try_address(unsigned n)
{
	static char text[8][32];
	static unsigned next;
	char *out = text[next++ % 8];

	snprintf(out, sizeof(text[0]), "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
	return out;
}
