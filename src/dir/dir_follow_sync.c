/* One session of RFC 4533: a refresh, and then changes as they come.
 *
 * What decides that somebody is gone:
 * - A refresh from nothing names everybody, so who was not named is gone at its end, however the
 *   server calls that end (slapd: refreshDelete).
 * - One from a cookie that had a present phase named everybody too (section 3.3.2).
 * - Otherwise only those are gone whom the server named so, and they are kept until the end: a
 *   refresh that is cut short, by a size limit or a lost connection, takes nobody away.
 * A cookie heard amid a refresh counts from its end: before it, what is absent is not known.
 *
 * slapd 2.5.13 answers a cookie in which it finds no CSN with everything, the end of a delete phase
 * and an empty cookie. Believed as it stands, that would leave everybody in the list who was
 * deleted meanwhile; an empty cookie at the end of a resumed refresh therefore means: not resumed.
 */
#include "dir/dir_follow_private.h"

#include <string.h>

static enum follow_end
sync_broke_protocol(struct dir_follow *fw, const char *what)
{
	fault_set(&fw->fault, ERR_UNAVAILABLE, "%s: %s that is not as RFC 4533 says",
	    fw->dir->conf.uris[fw->conn.server], what);
	return FOLLOW_LOST;
}

static void
sync_gone(struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE])
{
	if (fw->refreshing) {
		dir_follow_ids_add(&fw->gone, id);
		return;
	}
	dir_follow_drop_held(fw, id);
	dir_follow_add_id(fw, FEED_GONE, id);
}

static void
sync_deleted(struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE])
{
	dir_follow_note_readable(fw, id, true);
	sync_gone(fw, id);
}

static void
sync_present(struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE])
{
	dir_follow_ids_remove(&fw->gone, id);
	if (fw->refreshing)
		dir_follow_add_id(fw, FEED_PRESENT, id);
}

/* It is the last item of the batch; the refresh is over. */
static void
sync_pass_on(struct dir_follow *fw, const struct follow_read *read, const struct sync_entry *s)
{
	if (fw->conf.activity_ms > 0 && read->item->kind == FEED_USER && s->state == SYNC_MODIFY &&
	    dir_follow_is_sign_in(fw, read->item, read->modified_at)) {
		dir_follow_hold(fw);
		return;
	}
	dir_follow_drop_held(fw, s->id);
	if (read->item->kind == FEED_PLACE)
		dir_follow_flush_held_before_place(fw);
}

/* Added, or changed: as a whole either way. */
static enum follow_end
sync_changed(struct dir_follow *fw, LDAPMessage *message, const struct sync_entry *s)
{
	struct feed_batch *b = dir_follow_room(fw);
	struct follow_read read;

	fw->entries++;
	if (!dir_follow_read(
		&fw->reader, fw->conn.ld, message, s->id, b, fw->batch_number, &read)) {
		if (read.broken)
			return sync_broke_protocol(fw, "an entry's attributes");
		/* It is no longer what it was. */
		dir_follow_note_readable(fw, s->id, false);
		sync_gone(fw, s->id);
		return FOLLOW_GOES_ON;
	}
	dir_follow_note_readable(fw, s->id, true);
	fw->batch_bytes += read.bytes;
	if (dir_follow_csn_is_valid(read.csn.bv_val, read.csn.bv_len))
		dir_follow_witness_changed(&fw->witnesses, s->id, read.csn.bv_val);
	if (read.empty)
		dir_follow_note(fw, FOLLOW_NOTE_RIGHTS);
	if (read.cut)
		dir_follow_note(fw, FOLLOW_NOTE_GROUP);
	if (read.refused)
		dir_follow_note(fw, FOLLOW_NOTE_MEMBERS);
	dir_follow_ids_remove(&fw->gone, s->id);
	if (!fw->refreshing)
		sync_pass_on(fw, &read, s);
	return FOLLOW_GOES_ON;
}

/* False: the entry has none. `*ok`: it could be read. */
static bool
sync_read_state(LDAPControl **controls, struct sync_entry *s, bool *ok)
{
	for (; controls != NULL && *controls != NULL; controls++) {
		const LDAPControl *c = *controls;

		if (strcmp(c->ldctl_oid, LDAP_CONTROL_SYNC_STATE) != 0)
			continue;
		*ok = dir_sync_entry_decode(c->ldctl_value.bv_val, c->ldctl_value.bv_len, s);
		return true;
	}
	return false;
}

static enum follow_end
sync_take_entry(struct dir_follow *fw, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	enum follow_end end = FOLLOW_GOES_ON;
	struct sync_entry s;
	bool ok = false;

	/* Before the attributes: libldap marks their ends in the message itself. */
	if (ldap_get_entry_controls(fw->conn.ld, message, &controls) != LDAP_SUCCESS) {
		dir_check_memory();
		return sync_broke_protocol(fw, "an entry");
	}
	if (!sync_read_state(controls, &s, &ok))
		end = FOLLOW_CANNOT_PUSH; /* it took the control and does not know it */
	else if (!ok)
		end = sync_broke_protocol(fw, "an entry's state");
	else {
		dir_follow_begin(fw);
		if (s.state == SYNC_PRESENT)
			sync_present(fw, s.id);
		else if (s.state == SYNC_DELETE)
			sync_deleted(fw, s.id);
		else if (s.state < SYNC_STATE_COUNT)
			end = sync_changed(fw, message, &s);
		if (end == FOLLOW_GOES_ON)
			dir_follow_set_cookie(fw, &s.cookie);
	}
	ldap_controls_free(controls);
	return end;
}

static bool
sync_missing_are_gone(const struct dir_follow *fw)
{
	for (size_t i = 0; i < fw->missing_count; i++)
		if (!dir_follow_ids_has(&fw->gone, fw->missing[i]))
			return false;
	return true;
}

/* What the server did not name may have gone in a present phase, unsaid. And without a change that
 * was seen no cookie is ever believed, which somebody may want to mend. */
static void
sync_note_witnesses(struct dir_follow *fw)
{
	char newest[FOLLOW_CSN_LEN];

	for (size_t i = 0; i < fw->missing_count; i++)
		dir_follow_witness_gone(&fw->witnesses, fw->missing[i]);
	if (fw->entries > 0 && fw->witnesses.changed_count == 0 && !fw->resumed &&
	    dir_follow_cookie_newest(&fw->cookie, newest))
		dir_follow_note(fw, FOLLOW_NOTE_WITNESSES);
}

static enum follow_end
sync_complete(struct dir_follow *fw, const struct sync_bytes *cookie)
{
	if (fw->resumed && cookie->data != NULL && cookie->len == 0) {
		fault_set(&fw->fault, ERR_UNAVAILABLE, "the directory did not take the cookie");
		return FOLLOW_NOT_RESUMED;
	}
	if (fw->resumed && !fw->saw_present && !sync_missing_are_gone(fw)) {
		fault_set(&fw->fault, ERR_UNAVAILABLE, "the directory does not know what it told");
		return FOLLOW_NOT_RESUMED;
	}
	dir_follow_set_cookie(fw, cookie);
	if (fw->refresh_cookie.len > 0) {
		fw->cookie = fw->refresh_cookie;
		fw->cookie_is_news = true;
	}
	sync_note_witnesses(fw);
	dir_follow_complete(fw, !fw->resumed || fw->saw_present);
	if (!fw->resumed)
		fw->compare_at = fw->settled_at + FOLLOW_COMPARE_MS;
	return FOLLOW_GOES_ON;
}

static void
sync_take_ids(struct dir_follow *fw, const struct sync_info *info)
{
	struct sync_bytes ids = info->ids;
	const uint8_t *id;

	while ((id = dir_sync_next_id(&ids)) != NULL)
		if (info->refresh_deletes)
			sync_deleted(fw, id);
		else
			sync_present(fw, id);
}

static enum follow_end
sync_apply_info(struct dir_follow *fw, const struct sync_info *info)
{
	bool phase_ends = info->kind == SYNC_REFRESH_DELETE || info->kind == SYNC_REFRESH_PRESENT;
	enum follow_end end;

	if (info->kind == SYNC_INFO_UNKNOWN)
		return FOLLOW_GOES_ON;
	if (phase_ends && !fw->refreshing)
		return sync_broke_protocol(fw, "the end of a refresh behind that end");
	dir_follow_begin(fw);
	if (info->kind == SYNC_ID_SET)
		sync_take_ids(fw, info);
	if (info->kind == SYNC_REFRESH_PRESENT)
		fw->saw_present = true;
	if (!phase_ends || !info->refresh_done) {
		dir_follow_set_cookie(fw, &info->cookie);
		return FOLLOW_GOES_ON;
	}
	end = sync_complete(fw, &info->cookie);
	if (end == FOLLOW_GOES_ON)
		dir_follow_say_notes(fw, DIR_FOLLOW_PERSISTING);
	return end;
}

static enum follow_end
sync_take_info(struct dir_follow *fw, LDAPMessage *message)
{
	struct berval *value = NULL;
	struct sync_info info;
	enum follow_end end = FOLLOW_GOES_ON;
	char *oid = NULL;

	if (ldap_parse_intermediate(fw->conn.ld, message, &oid, &value, NULL, 0) != LDAP_SUCCESS) {
		dir_check_memory();
		return sync_broke_protocol(fw, "an intermediate response");
	}
	if (oid != NULL && strcmp(oid, LDAP_SYNC_INFO) == 0) {
		if (value != NULL && dir_sync_info_decode(value->bv_val, value->bv_len, &info))
			end = sync_apply_info(fw, &info);
		else
			end = sync_broke_protocol(fw, "a sync info message");
	}
	ldap_memfree(oid);
	ber_bvfree(value);
	return end;
}

/* The search is over, which a server should only say when it ends the session. */
static enum follow_end
sync_take_result(struct dir_follow *fw, LDAPMessage *message)
{
	LDAPControl **controls = NULL, *c;
	enum follow_end end = dir_follow_judge(fw, message, &controls);
	struct sync_done done = { .refresh_deletes = true };

	if (end == FOLLOW_DONE && fw->refreshing) {
		c = ldap_control_find(LDAP_CONTROL_SYNC_DONE, controls, NULL);
		if (c == NULL)
			end = FOLLOW_CANNOT_PUSH;
		else if (!dir_sync_done_decode(c->ldctl_value.bv_val, c->ldctl_value.bv_len, &done))
			end = sync_broke_protocol(fw, "a sync done control");
		else {
			fw->saw_present = fw->saw_present || !done.refresh_deletes;
			end = sync_complete(fw, &done.cookie);
		}
	}
	if (end == FOLLOW_DONE || end == FOLLOW_GOES_ON) {
		fault_set(&fw->fault, ERR_UNAVAILABLE, "%s: the server has ended the search",
		    fw->dir->conf.uris[fw->conn.server]);
		end = FOLLOW_LOST;
	}
	ldap_controls_free(controls);
	return end;
}

static enum follow_end
sync_take(struct dir_follow *fw, LDAPMessage *message, int type, void *arg)
{
	(void)arg;
	switch (type) {
	case LDAP_RES_SEARCH_ENTRY:
		return sync_take_entry(fw, message);
	case LDAP_RES_INTERMEDIATE:
		return sync_take_info(fw, message);
	case LDAP_RES_SEARCH_RESULT:
		return sync_take_result(fw, message);
	case LDAP_RES_SEARCH_REFERENCE:
		dir_follow_note(fw, FOLLOW_NOTE_REFERRAL);
		return FOLLOW_GOES_ON;
	default:
		return FOLLOW_GOES_ON;
	}
}

static int
sync_send(struct dir_follow *fw)
{
	LDAPControl control = { .ldctl_oid = (char[]){ LDAP_CONTROL_SYNC }, .ldctl_iscritical = 1 };
	LDAPControl *controls[] = { &control, NULL };
	struct buf value;
	int id;

	buf_init(&value, FEED_COOKIE_MAX + SYNC_REQUEST_MAX);
	dir_sync_request_encode(&value, fw->cookie.data, fw->cookie.len);
	control.ldctl_value = (struct berval){ value.len, value.data };
	id = dir_follow_search(fw, fw->filter, controls);
	buf_release(&value);
	return id;
}

/* The cookie, if the server can go on from it and has the past that it was made in. Servers whose
 * cookies have no CSN are believed: what they have instead is their own business. */
static void
sync_choose_beginning(struct dir_follow *fw)
{
	char newest[FOLLOW_CSN_LEN];
	enum follow_past past;

	fw->missing_count = 0;
	if (fw->cookie.len > 0 && !dir_follow_cookie_fits(fw))
		dir_follow_forget_cookie(fw);
	if (fw->conn.ld == NULL || dir_follow_is_interrupted(fw) ||
	    !dir_follow_cookie_newest(&fw->cookie, newest))
		return;
	past = dir_follow_witness_ask(fw);
	if (past == FOLLOW_PAST_REFUTED)
		dir_follow_forget_cookie(fw);
	/* A slapd that was killed forgets the change number of a deletion that was its last change:
	 * no entry carries it any more. It then takes our cookie for its newest state, and the
	 * deletion is never told. So whoever was lost once is compared soon after. */
	if ((past == FOLLOW_PAST_IN_DOUBT || fw->heard_at > 0) && fw->conn.ld != NULL &&
	    dir_now() + fw->conf.doubt_ms < fw->compare_at)
		fw->compare_at = dir_now() + fw->conf.doubt_ms;
}

enum follow_end
dir_follow_sync(struct dir_follow *fw)
{
	enum follow_end end;
	int id;

	fw->refreshing = true;
	fw->begun = fw->saw_present = false;
	fw->refresh_cookie.len = 0;
	fw->entries = 0;
	sync_choose_beginning(fw);
	if (fw->conn.ld == NULL) { /* lost by those questions */
		fault_set(&fw->fault, ERR_UNAVAILABLE, "%s: the connection was lost",
		    fw->dir->conf.uris[fw->conn.server]);
		return FOLLOW_LOST;
	}
	fw->resumed = fw->cookie.len > 0;
	if (!fw->resumed) {
		fw->witnesses = (struct follow_witnesses){ .changed_count = 0 };
		dir_follow_forget_notes(fw);
	}
	dir_follow_say(fw, DIR_FOLLOW_REFRESHING, "");
	id = sync_send(fw);
	if (id < 0)
		return FOLLOW_LOST;
	end = dir_follow_receive(fw, id, sync_take, NULL);
	if (end == FOLLOW_CANNOT_PUSH) /* the connection goes on */
		ldap_abandon_ext(fw->conn.ld, id, NULL, NULL);
	return end;
}
