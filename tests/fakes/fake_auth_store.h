/* The part of store.h that auth uses, in memory. Answers come through loop_defer. */
#ifndef USHERD_FAKE_AUTH_STORE_H
#define USHERD_FAKE_AUTH_STORE_H

#include "store/store.h"
#include "store/store_session.h"

struct store *fake_store_new(struct loop *l);
void fake_store_free(struct store *s);
void fake_store_fail_next(struct store *s, enum err code);	 /* the next add or delete */
void fake_store_put(struct store *s, const struct api_token *t); /* by another daemon */
void fake_store_drop(struct store *s, const char *id);
void fake_store_break_watch(
    struct store *s); /* ends it; changes go unseen until it is started again */
void fake_store_mute_watch(struct store *s, bool mute); /* changes are not told for now */
size_t fake_store_watches(const struct store *s);	/* started so far */
size_t fake_store_tokens(const struct store *s);

/* Sessions. */
void fake_store_put_session(struct store *s, const struct store_session *session);
void fake_store_drop_session(struct store *s, const char *id);
void fake_store_break_sessions(struct store *s);
size_t fake_store_sessions(const struct store *s);
size_t fake_store_session_watches(const struct store *s);
const struct store_session *fake_store_session(const struct store *s, const char *id);

void fake_store_fail_all(struct store *s, enum err code); /* until ERR_OK is said */
size_t fake_store_touches(const struct store *s);	  /* asked for so far, of both kinds */
const struct api_token *fake_store_token(const struct store *s, const char *id);

/* What was ended, in order: a session with its reason, a token with its note's detail. */
struct fake_end {
	char id[API_TOKEN_ID_SIZE], why[80], actor[64], org_unit[80];
};
size_t fake_store_ends(const struct store *s);
const struct fake_end *fake_store_end(const struct store *s, size_t index);

#endif
