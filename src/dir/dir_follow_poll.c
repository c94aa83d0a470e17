/* A server that cannot push: everything every few minutes, what was modified every few seconds.
 *
 * "Modified since" is by the server's clock, which stands in the entries: the newest time seen,
 * less a few seconds, in which changes of the same second or of another server may still appear.
 * Once a search that began that much later has brought nothing newer, only what is newer is asked
 * for, so that a directory at rest is not told of the same entries for ever. What slips through,
 * and every deletion, is noticed by the next compare. */
#include "dir/dir_follow_private.h"

#include <stdio.h>
#include <time.h>

enum {
	OVERLAP_S = 5,
	AHEAD_S = 300, /* clocks differ; one entry of next year must not end all polling */
	PAGE_ENTRIES = 1000,
	TIME_SIZE = 32
};

struct poll {
	struct follow_newest newest;
	size_t unreadable;
	struct berval page; /* where the next page begins; libldap's */
};

void
dir_follow_newest_see(struct follow_newest *n, int64_t modified_at, int64_t now, int64_t clock)
{
	if (modified_at <= n->at || modified_at > clock + AHEAD_S)
		return;
	n->at = modified_at;
	n->seen_at = now;
}

int64_t
dir_follow_newest_since(const struct follow_newest *n)
{
	bool is_settled = n->asked_at - n->seen_at > 1000 * OVERLAP_S;

	return is_settled ? n->at + 1 : n->at - OVERLAP_S;
}

static enum follow_end
poll_take_entry(struct dir_follow *fw, struct poll *p, LDAPMessage *message)
{
	struct feed_batch *b = dir_follow_room(fw);
	struct follow_read read;

	fw->entries++;
	if (!dir_follow_read(&fw->reader, fw->conn.ld, message, NULL, b, fw->batch_number, &read)) {
		if (read.broken) {
			fault_set(&fw->fault, ERR_UNAVAILABLE, "%s: an entry that cannot be read",
			    fw->dir->conf.uris[fw->conn.server]);
			return FOLLOW_LOST;
		}
		p->unreadable++;
		return FOLLOW_GOES_ON;
	}
	fw->batch_bytes += read.bytes;
	dir_follow_newest_see(&p->newest, read.modified_at, dir_now(), time(NULL));
	return FOLLOW_GOES_ON;
}

static enum follow_end
poll_take_result(struct dir_follow *fw, struct poll *p, LDAPMessage *message)
{
	LDAPControl **controls = NULL, *c;
	enum follow_end end = dir_follow_judge(fw, message, &controls);
	ber_int_t estimate;

	c = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (end == FOLLOW_DONE && c != NULL &&
	    ldap_parse_pageresponse_control(fw->conn.ld, c, &estimate, &p->page) != LDAP_SUCCESS) {
		dir_check_memory();
		fault_set(&fw->fault, ERR_UNAVAILABLE, "%s: the end of a page that cannot be read",
		    fw->dir->conf.uris[fw->conn.server]);
		end = FOLLOW_LOST;
	}
	ldap_controls_free(controls);
	return end;
}

static enum follow_end
poll_take(struct dir_follow *fw, LDAPMessage *message, int type, void *arg)
{
	if (type == LDAP_RES_SEARCH_ENTRY)
		return poll_take_entry(fw, arg, message);
	if (type == LDAP_RES_SEARCH_RESULT)
		return poll_take_result(fw, arg, message);
	return FOLLOW_GOES_ON;
}

/* One request, for the page that begins at p->page. */
static enum follow_end
poll_page(struct dir_follow *fw, struct poll *p, const char *filter)
{
	LDAPControl *controls[] = { NULL, NULL };
	int id;

	if (fw->conn.paged && ldap_create_page_control(fw->conn.ld, PAGE_ENTRIES, &p->page, 0,
				  &controls[0]) != LDAP_SUCCESS)
		dir_check_memory();
	ber_memfree(p->page.bv_val);
	p->page = (struct berval){ 0, NULL };
	id = dir_follow_search(fw, filter, controls);
	ldap_control_free(controls[0]);
	return id < 0 ? FOLLOW_LOST : dir_follow_receive(fw, id, poll_take, p);
}

static enum follow_end
poll_search(struct dir_follow *fw, struct poll *p, const char *filter)
{
	int64_t began_at = dir_now();
	enum follow_end end;

	fw->entries = p->unreadable = 0;
	do
		end = poll_page(fw, p, filter);
	while (end == FOLLOW_DONE && p->page.bv_len > 0);
	ber_memfree(p->page.bv_val);
	p->page = (struct berval){ 0, NULL };
	p->newest.asked_at = began_at;
	if (end == FOLLOW_DONE)
		dir_follow_note_current(fw, began_at);
	return end;
}

static void
poll_say(struct dir_follow *fw, const struct poll *p)
{
	char unreadable[FAULT_TEXT_MAX] = "";
	struct fault f;

	if (p->unreadable > 0)
		snprintf(unreadable, sizeof(unreadable),
		    "; %zu entries are left out because the service account cannot read their "
		    "entryUUID or DN",
		    p->unreadable);
	fault_set(&f, ERR_OK,
	    "this directory cannot push its changes (RFC 4533): it is asked every %lld s, and a "
	    "deletion is noticed within %lld s%s",
	    (long long)fw->conf.poll_ms / 1000, (long long)fw->conf.compare_ms / 1000, unreadable);
	dir_follow_say(fw, DIR_FOLLOW_POLLING, f.text);
}

static enum follow_end
poll_compare(struct dir_follow *fw, struct poll *p)
{
	enum follow_end end;

	fw->refreshing = true;
	fw->begun = false;
	dir_follow_begin(fw);
	end = poll_search(fw, p, fw->filter);
	if (end == FOLLOW_DONE)
		dir_follow_complete(fw, true);
	return end;
}

static enum follow_end
poll_changes(struct dir_follow *fw, struct poll *p)
{
	time_t since = (time_t)dir_follow_newest_since(&p->newest);
	char text[TIME_SIZE];
	struct buf filter;
	enum follow_end end;
	struct tm tm;

	gmtime_r(&since, &tm);
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	buf_init(&filter, DIR_FILTER_MAX);
	buf_printf(&filter, "(&%s(modifyTimestamp>=%s))", fw->filter, text);
	end = poll_search(fw, p, filter.data);
	buf_release(&filter);
	dir_follow_flush(fw);
	return end;
}

/* False: interrupted. */
static bool
poll_sleep(struct dir_follow *fw, int64_t ms)
{
	int64_t until = dir_now() + ms;

	while (!dir_follow_is_interrupted(fw) && dir_now() < until)
		dir_follow_wait(fw, -1, until - dir_now());
	return !dir_follow_is_interrupted(fw);
}

enum follow_end
dir_follow_poll(struct dir_follow *fw)
{
	struct poll p = { .unreadable = 0 };
	enum follow_end end;
	int64_t compare_at;

	dir_follow_forget_cookie(fw);
	fw->resumed = false;
	dir_follow_say(fw, DIR_FOLLOW_REFRESHING, "");
	do {
		compare_at = dir_now() + fw->conf.compare_ms;
		end = poll_compare(fw, &p);
		if (end == FOLLOW_DONE)
			poll_say(fw, &p);
		while (end == FOLLOW_DONE && dir_now() < compare_at) {
			if (!poll_sleep(fw, fw->conf.poll_ms))
				return FOLLOW_INTERRUPTED;
			if (p.newest.at != 0)
				end = poll_changes(fw, &p);
		}
	} while (end == FOLLOW_DONE);
	return end == FOLLOW_CANNOT_PUSH ? FOLLOW_REFUSED : end;
}
