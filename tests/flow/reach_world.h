/* A caller whose rights are for a part of the small world. */
#ifndef USHERD_TESTS_REACH_WORLD_H
#define USHERD_TESTS_REACH_WORLD_H

#include "people_world.h"

#define POEMS	 "ou=poems,dc=example"
#define ODES	 "ou=odes,ou=poems,dc=example"
#define EVE	 "e1111111-0000-4000-8000-000000000005"
#define EVE_DN	 "uid=eve,ou=odes,ou=poems,dc=example"
#define POEMS_ID "e2222222-0000-4000-8000-000000000002"
#define ODES_ID	 "e2222222-0000-4000-8000-000000000003"
#define GRACE	 "33333333-3333-4333-8333-333333333333"

extern const struct reach within_poems, own_only; /* own: GRACE's */

/* Ada and Bob are engineers; Eve writes odes. The caller is limited to poems. */
struct world *limited_world_new(void);
struct world_link invite_at(struct world *w, const char *place, const char *mail);

#endif
