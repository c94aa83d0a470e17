/* The part of store.h that auth uses, in memory. Answers come through loop_defer. */
#ifndef USHERD_FAKE_AUTH_STORE_H
#define USHERD_FAKE_AUTH_STORE_H

#include "store/store.h"

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

#endif
