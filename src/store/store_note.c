/* Apart from the rest, for those who keep a note for a second try. */
#include "store/store.h"

struct store_note
store_note_copy(const struct store_note *note, struct arena *arena)
{
	return (struct store_note){ .actor = arena_strdup(arena, note->actor),
		.request_id = arena_strdup(arena, note->request_id),
		.detail = arena_strdup(arena, note->detail),
		.personal = arena_strdup(arena, note->personal),
		.source = arena_strdup(arena, note->source),
		.org_unit = arena_strdup(arena, note->org_unit),
		.moved_to = arena_strdup(arena, note->moved_to),
		.person = arena_strdup(arena, note->person),
		.event = arena_strdup(arena, note->event) };
}
