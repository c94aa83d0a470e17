#include "invite/invitation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const state_names[INVITATION_STATE_COUNT] = {
#define STATE(name, text) [INVITATION_##name] = (text),
#include "invite/transitions.def"
};

static const char *const event_names[INVITATION_EVENT_COUNT] = {
#define EVENT(name, text) [INVITATION_EV_##name] = (text),
#include "invite/transitions.def"
};

const struct invitation_transition invitation_transitions[] = {
#define TRANSITION(from, event, to) { INVITATION_##from, INVITATION_EV_##event, INVITATION_##to },
#include "invite/transitions.def"
};
const size_t invitation_transition_count = COUNT(invitation_transitions);

const char *
invitation_state_name(enum invitation_state s)
{
	assert((unsigned)s < INVITATION_STATE_COUNT);
	return state_names[s];
}

bool
invitation_state_by_name(const char *name, enum invitation_state *out)
{
	for (size_t i = 0; i < COUNT(state_names); i++)
		if (strcmp(name, state_names[i]) == 0) {
			*out = (enum invitation_state)i;
			return true;
		}
	return false;
}

const char *
invitation_event_name(enum invitation_event e)
{
	assert((unsigned)e < INVITATION_EVENT_COUNT);
	return event_names[e];
}

bool
invitation_event_by_name(const char *name, enum invitation_event *out)
{
	for (size_t i = 0; i < COUNT(event_names); i++)
		if (strcmp(name, event_names[i]) == 0) {
			*out = (enum invitation_event)i;
			return true;
		}
	return false;
}

struct invitation *
invitation_new(void)
{
	struct invitation *inv = mem_alloc(sizeof(*inv));

	inv->arena = arena_new(0);
	return inv;
}

void
invitation_free(struct invitation *inv)
{
	if (inv == NULL)
		return;
	arena_free(inv->arena);
	free(inv);
}

struct invitation *
invitation_copy(const struct invitation *inv)
{
	struct invitation *copy = mem_alloc(sizeof(*copy));
	struct arena *a = arena_new(0);

	*copy = *inv;
	copy->arena = a;
	person_copy(&copy->person, &inv->person, a);
	copy->personal_mail = arena_strdup(a, inv->personal_mail);
	copy->created_by = arena_strdup(a, inv->created_by);
	copy->dn = arena_strdup(a, inv->dn);
	for (size_t i = 0; i < inv->timeline_count; i++)
		copy->timeline[i].detail = arena_strdup(a, inv->timeline[i].detail);
	return copy;
}

bool
invitation_is_final(enum invitation_state s)
{
	return s == INVITATION_DONE || s == INVITATION_EXPIRED || s == INVITATION_REVOKED;
}

static const struct invitation_transition *
invitation_find_transition(enum invitation_state from, enum invitation_event event)
{
	for (size_t i = 0; i < invitation_transition_count; i++) {
		const struct invitation_transition *t = &invitation_transitions[i];

		if (t->from == from && t->event == event)
			return t;
	}
	return NULL;
}

/* The first entry says who made the invitation and stays. */
static void
invitation_remember(
    struct invitation *inv, enum invitation_event event, int64_t now, const char *detail)
{
	if (inv->timeline_count == INVITATION_TIMELINE_MAX) {
		inv->timeline_count--;
		memmove(&inv->timeline[1], &inv->timeline[2],
		    (inv->timeline_count - 1) * sizeof(inv->timeline[0]));
	}
	inv->timeline[inv->timeline_count++] = (struct invitation_entry){
		.at = now,
		.event = event,
		.detail = arena_strdup(inv->arena, detail),
	};
}

enum err
invitation_apply(struct invitation *inv, enum invitation_event event, int64_t now,
    const char *detail, struct fault *f)
{
	const struct invitation_transition *t = invitation_find_transition(inv->state, event);

	if (t == NULL || (event == INVITATION_EV_ISSUE && inv->timeline_count > 0))
		return fault_set(f, ERR_CONFLICT, "invitation %s is %s and cannot be %s", inv->id,
		    invitation_state_name(inv->state), invitation_event_name(event));
	if (event == INVITATION_EV_RELEASE) {
		inv->attempt[0] = '\0';
		inv->claimed_at = 0;
		if (!inv->add_sent)
			inv->dn = NULL;
	}
	if (event == INVITATION_EV_RENAME) {
		/* What stands at the old DN is somebody else's; the next claim pins a new one. */
		inv->dn = NULL;
		inv->add_sent = false;
	}
	if (event == INVITATION_EV_UNDELIVER)
		inv->undeliverable = true;
	if (event == INVITATION_EV_RESEND || event == INVITATION_EV_READDRESS)
		inv->undeliverable = false;
	if (invitation_is_final(t->to))
		inv->done_at = now;
	inv->state = t->to;
	if (event != INVITATION_EV_MAIL && event != INVITATION_EV_UNMAIL)
		invitation_remember(inv, event, now, detail);
	return ERR_OK;
}

int64_t
invitation_end(const struct invitation *inv)
{
	int64_t grace = inv->claimed_at + INVITATION_CREATED_GRACE_MS;

	if (inv->state == INVITATION_CREATED && grace > inv->expires_at)
		return grace;
	return inv->expires_at;
}

int64_t
invitation_released_at(const struct invitation *inv)
{
	for (size_t i = inv->timeline_count; i > 0; i--)
		if (inv->timeline[i - 1].event == INVITATION_EV_RELEASE)
			return inv->timeline[i - 1].at;
	return 0;
}

enum invitation_state
invitation_seen(const struct invitation *inv, int64_t now)
{
	bool waits = inv->state == INVITATION_PENDING || inv->state == INVITATION_CREATED;

	return waits && now >= invitation_end(inv) ? INVITATION_EXPIRED : inv->state;
}

/* ERR_OK when a link may work or be made in the state that the outside sees. */
static enum err
invitation_check_state(const struct invitation *inv, int64_t now, struct fault *f)
{
	switch (invitation_seen(inv, now)) {
	case INVITATION_PENDING:
	case INVITATION_CREATED:
		return ERR_OK;
	case INVITATION_CLAIMED:
		return fault_set(
		    f, ERR_CONFLICT, "a registration of invitation %s is under way", inv->id);
	case INVITATION_DONE:
		return fault_set(f, ERR_USED, "invitation %s has been used", inv->id);
	case INVITATION_EXPIRED:
		return fault_set(f, ERR_EXPIRED, "invitation %s is past its end", inv->id);
	case INVITATION_REVOKED:
		return fault_set(f, ERR_REVOKED, "invitation %s was revoked", inv->id);
	case INVITATION_STATE_COUNT:
		break;
	}
	assert(!"a state outside the table");
	return ERR_INTERNAL;
}

static bool
invitation_has_token(const struct token_hash *tokens, size_t count, const struct token_hash *token)
{
	for (size_t i = 0; i < count; i++)
		if (token_hash_equal(&tokens[i], token))
			return true;
	return false;
}

/* The order keeps the answer the same before and after a sweeper's visit: final states first, then
 * whether this link was replaced, then whether somebody is using the invitation now. */
enum err
invitation_open(
    const struct invitation *inv, const struct token_hash *token, int64_t now, struct fault *f)
{
	bool live = invitation_has_token(inv->tokens, inv->token_count, token);

	if (!live && !invitation_has_token(inv->old_tokens, inv->old_token_count, token))
		return fault_set(f, ERR_NOT_FOUND, "the link is not of invitation %s", inv->id);
	if (!live && !invitation_is_final(invitation_seen(inv, now)))
		return fault_set(f, ERR_REVOKED, "the link of invitation %s was replaced", inv->id);
	return invitation_check_state(inv, now, f);
}

enum err
invitation_claim(struct invitation *inv, const struct token_hash *token, const char *attempt,
    const char *dn, int64_t now, struct fault *f)
{
	enum err code = invitation_open(inv, token, now, f);
	size_t len = strlen(attempt);
	bool pinned = inv->dn != NULL && (inv->add_sent || inv->state == INVITATION_CREATED);

	assert(len > 0 && len < INVITATION_ATTEMPT_SIZE);
	assert(dn != NULL && dn[0] != '\0');
	if (code != ERR_OK)
		return code;
	if (pinned && strcmp(inv->dn, dn) != 0)
		return fault_set(f, ERR_CONFLICT,
		    "an entry of invitation %s may exist at %s, another name cannot be used",
		    inv->id, inv->dn);
	code = invitation_apply(inv, INVITATION_EV_CLAIM, now, NULL, f);
	if (code != ERR_OK)
		return code;
	memcpy(inv->attempt, attempt, len + 1);
	inv->claimed_at = now;
	if (!pinned)
		inv->dn = arena_strdup(inv->arena, dn);
	return ERR_OK;
}

/* End the `count` oldest live tokens. */
static void
invitation_end_tokens(struct invitation *inv, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (inv->old_token_count == INVITATION_OLD_TOKENS_MAX) {
			inv->old_token_count--;
			memmove(&inv->old_tokens[0], &inv->old_tokens[1],
			    inv->old_token_count * sizeof(inv->old_tokens[0]));
		}
		inv->old_tokens[inv->old_token_count++] = inv->tokens[i];
	}
	inv->token_count -= count;
	memmove(&inv->tokens[0], &inv->tokens[count], inv->token_count * sizeof(inv->tokens[0]));
}

enum err
invitation_add_token(struct invitation *inv, const struct token_hash *token, bool replace,
    int64_t now, struct fault *f)
{
	enum err code = invitation_check_state(inv, now, f);

	if (code != ERR_OK)
		return code;
	if (replace)
		invitation_end_tokens(inv, inv->token_count);
	else if (inv->token_count == INVITATION_TOKENS_MAX)
		invitation_end_tokens(inv, 1);
	inv->tokens[inv->token_count++] = *token;
	return ERR_OK;
}

bool
invitation_drop_token(struct invitation *inv, const struct token_hash *token)
{
	for (size_t i = 0; i < inv->token_count; i++) {
		if (!token_hash_equal(&inv->tokens[i], token))
			continue;
		inv->token_count--;
		memmove(&inv->tokens[i], &inv->tokens[i + 1],
		    (inv->token_count - i) * sizeof(inv->tokens[0]));
		return true;
	}
	return false;
}

void
invitation_revive_token(struct invitation *inv, const struct token_hash *token)
{
	size_t i = 0;

	while (i < inv->old_token_count && !token_hash_equal(&inv->old_tokens[i], token))
		i++;
	if (i == inv->old_token_count || inv->token_count == INVITATION_TOKENS_MAX)
		return;
	inv->old_token_count--;
	memmove(&inv->old_tokens[i], &inv->old_tokens[i + 1],
	    (inv->old_token_count - i) * sizeof(inv->old_tokens[0]));
	memmove(&inv->tokens[1], &inv->tokens[0], inv->token_count * sizeof(inv->tokens[0]));
	inv->tokens[0] = *token;
	inv->token_count++;
}

void
invitation_void_tokens(struct invitation *inv)
{
	assert(!invitation_is_final(inv->state));
	invitation_end_tokens(inv, inv->token_count);
}

void
invitation_end_links(struct invitation *inv)
{
	assert(invitation_is_final(inv->state));
	invitation_end_tokens(inv, inv->token_count);
}

void
invitation_erase(struct invitation *inv)
{
	const char *uid = inv->person.value[PERSON_UID];
	const char *org_unit = inv->person.value[PERSON_ORG_UNIT];

	invitation_end_links(inv);
	inv->person =
	    (struct person){ .value = { [PERSON_UID] = uid, [PERSON_ORG_UNIT] = org_unit } };
	inv->personal_mail = NULL;
}
