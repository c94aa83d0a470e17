/* What an operator should know while all goes well: each is told with the state, once, and again
 * when a number in it has changed. */
#include "dir/dir_follow_private.h"

#include <stdio.h>
#include <string.h>

static const char *const note_texts[FOLLOW_NOTE_COUNT] = {
	[FOLLOW_NOTE_RIGHTS] = "some entries show no attribute: the service account lacks rights",
	[FOLLOW_NOTE_GROUP] = "a group has more members than usherd takes in",
	[FOLLOW_NOTE_MEMBERS] = "some groups have members whose DN usherd cannot read",
	[FOLLOW_NOTE_REFERRAL] =
	    "the directory refers to other servers for a part: that part is not followed",
	[FOLLOW_NOTE_WITNESSES] =
	    "entryCSN cannot be read: after each lost connection everybody is read again"
};

void
dir_follow_say_notes(struct dir_follow *fw, enum dir_follow_state state)
{
	char text[FAULT_TEXT_MAX] = "";
	size_t len = 0;

	if (fw->unreadable.count > 0)
		len = (size_t)snprintf(text, sizeof(text),
		    "%zu entries are left out because usherd cannot read their DN",
		    fw->unreadable.count);
	for (size_t i = 0; i < FOLLOW_NOTE_COUNT && len < sizeof(text); i++)
		if (fw->notes & 1u << i)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
			    len > 0 ? "; " : "", note_texts[i]);
	dir_follow_say(fw, state, text);
}

static void
note_tell(struct dir_follow *fw)
{
	if (!fw->refreshing)
		dir_follow_say_notes(fw, DIR_FOLLOW_PERSISTING);
}

void
dir_follow_note(struct dir_follow *fw, enum follow_note note)
{
	if (fw->notes & 1u << note)
		return;
	fw->notes |= 1u << note;
	note_tell(fw);
}

void
dir_follow_note_readable(struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE], bool is_so)
{
	size_t before = fw->unreadable.count;

	if (is_so)
		dir_follow_ids_remove(&fw->unreadable, id);
	else
		dir_follow_ids_add(&fw->unreadable, id);
	if (fw->unreadable.count != before)
		note_tell(fw);
}

void
dir_follow_forget_notes(struct dir_follow *fw)
{
	fw->notes = 0;
	dir_follow_ids_clear(&fw->unreadable);
}
