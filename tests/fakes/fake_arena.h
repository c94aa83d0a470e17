/* base/arena.h on one block of static memory, so that a test can look through all that an arena
 * ever held. One arena at a time. */
#ifndef USHERD_FAKE_ARENA_H
#define USHERD_FAKE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Are these bytes anywhere in the memory of the arena? */
bool fake_arena_holds(const void *data, size_t len);

#endif
