/* Text that is written as UTF-8, whoever it came from. */
#ifndef USHERD_BASE_UTF8_H
#define USHERD_BASE_UTF8_H

#include "base/arena.h"

/* `s` when it is UTF-8; else a copy with "?" for each bad byte. NULL stays NULL. */
const char *utf8_clean(struct arena *arena, const char *s);

#endif
