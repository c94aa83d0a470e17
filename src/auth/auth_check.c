/* The caller of a bearer token, and whether a caller that stays is still who it was. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>

#include "auth/auth_private.h"

static enum err
token_refuse(enum err code, struct fault *f)
{
	if (code == ERR_UNAVAILABLE)
		return fault_set(f, code,
		    "whether the token's owner still has these rights is not known: the directory "
		    "has not been heard of");
	return fault_set(f, ERR_UNAUTHENTICATED, "the token is unknown or expired");
}

static void
token_grant(struct auth *a, const struct auth_row *row, const struct auth_standing *owner,
    struct arena *arena, struct principal *out)
{
	const struct api_token *t = &row->token;

	*out = (struct principal){ .kind = AUTH_TOKEN,
		.scopes = t->scopes,
		.expires_at = t->expires_at,
		.read_only = owner->read_only };
	snprintf(out->name, sizeof(out->name), "token:%s", t->id);
	if (row->owner != NULL) {
		memcpy(out->person, row->owner->id, sizeof(out->person));
		auth_grant_person(a, out, row->owner->id, owner->groups, arena);
		out->roles = 0;
	} else
		auth_grant_all(out, arena);
	auth_grant_limit(out, t, arena);
}

enum err
auth_check_token(struct auth *a, const char *token, size_t len, struct arena *arena,
    struct principal *out, struct fault *f)
{
	struct auth_standing owner = { .groups = 0 };
	char id[API_TOKEN_ID_SIZE];
	struct token_hash hash;
	struct auth_row *row;
	enum err code = ERR_OK;

	if (!auth_token_text_read(token, len, id, &hash) || (row = auth_find(a, id)) == NULL ||
	    !token_hash_equal(&row->token.hash, &hash) || auth_now(a) >= row->over_at)
		return token_refuse(ERR_UNAUTHENTICATED, f);
	if (row->owner != NULL) {
		*out = (struct principal){ .kind = AUTH_TOKEN };
		memcpy(out->person, row->owner->id, sizeof(out->person));
		code = auth_person_judge(a, row->owner, true, &owner);
	}
	if (code != ERR_OK)
		return token_refuse(code, f);
	auth_use_note(&row->use, clock_wall_ms(a->conf.clock));
	token_grant(a, row, &owner, arena, out);
	return ERR_OK;
}

/* The person whose rights the principal has; NULL: it has ended. */
static struct auth_person *
check_person(struct auth *a, const struct principal *who)
{
	struct auth_session *s = auth_session_find(a, who->session);

	if (s == NULL || !auth_session_sweep(a, s))
		return NULL;
	return s->person;
}

static bool
check_groups(struct auth *a, struct auth_person *p, const struct principal *who)
{
	struct auth_standing standing;

	return p != NULL && auth_person_judge(a, p, true, &standing) == ERR_OK &&
	       standing.groups == who->groups;
}

bool
auth_is_good(struct auth *a, const struct principal *who)
{
	const struct auth_row *row;

	if (who->kind == AUTH_PEER)
		return true;
	if (who->kind == AUTH_SESSION)
		return check_groups(a, check_person(a, who), who);
	row = auth_find(a, who->name + strlen("token:"));
	if (row == NULL || auth_now(a) >= row->over_at)
		return false;
	return row->owner == NULL || check_groups(a, row->owner, who);
}
