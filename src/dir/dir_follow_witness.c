/* Witnesses: whether a server that takes our cookie still has the past in which it was made.
 *
 * A database that was restored from a backup and written to since has newer CSNs than the cookie;
 * slapd finds no gap then and tells only what was written since. What it had told between the
 * backup (B) and the cookie (C) would stay in the list for ever. So the newest changes that were
 * seen travel with the cookie, and are looked at before it is used.
 *
 * Kept are the entries with the highest entryCSN (all of those above `floor`) and what was deleted
 * last. An entryCSN is given once: an entry that still has the one we saw proves that everything
 * up to it happened on this server too. Why that is enough, for a lost change between B and C:
 *
 * - An entry whose last change is lost, and which is kept: it is older (refuted); or it was changed
 *   again since, and then the server tells it anew; or it is missing, and then the server has to
 *   name it as gone before the refresh is over (refuted otherwise).
 * - One that is not kept: then all that are kept are newer, hence lost as well, and not one of them
 *   proves anything (refuted).
 * - A deletion that is kept: the entry is back (refuted), or gone from this past as well.
 * - One that is not kept, because there were many, or because it happened before a refresh that
 *   names only who is there: the newest proof may be older than it. Nothing tells then, so the
 *   cookie is used and everybody is compared soon afterwards (in doubt).
 *
 * An ordinary day refutes too: when all who were kept have changed while we were away, or when a
 * server that lags behind is asked. That costs a refresh and nothing else; so does an account that
 * may not read entryCSN.
 *
 * CSNs of several providers are compared as if one had made them. When only one of them lost
 * changes, and the others made more than FOLLOW_CHANGED later ones, nothing is noticed here. */
#include "dir/dir_follow_private.h"

#include <string.h>

#include "base/buf.h"

static bool
csn_is_set(const char csn[FOLLOW_CSN_LEN])
{
	return csn[0] != '\0';
}

static bool
csn_is_newer(const char a[FOLLOW_CSN_LEN], const char b[FOLLOW_CSN_LEN])
{
	return memcmp(a, b, FOLLOW_CSN_LEN) > 0;
}

static struct follow_witness *
witness_find(struct follow_witnesses *w, const unsigned char id[FEED_ID_SIZE])
{
	for (size_t i = 0; i < w->changed_count; i++)
		if (memcmp(w->changed[i].id, id, FEED_ID_SIZE) == 0)
			return &w->changed[i];
	return NULL;
}

static struct follow_witness *
witness_oldest(struct follow_witnesses *w)
{
	struct follow_witness *oldest = &w->changed[0];

	for (size_t i = 1; i < w->changed_count; i++)
		if (csn_is_newer(oldest->csn, w->changed[i].csn))
			oldest = &w->changed[i];
	return oldest;
}

static size_t
witness_deleted_at(const struct follow_witnesses *w, const unsigned char id[FEED_ID_SIZE])
{
	size_t i = 0;

	while (i < w->deleted_count && memcmp(w->deleted[i], id, FEED_ID_SIZE) != 0)
		i++;
	return i;
}

static void
witness_drop_deleted(struct follow_witnesses *w, size_t at)
{
	w->deleted_count--;
	memmove(w->deleted + at, w->deleted + at + 1, (w->deleted_count - at) * FEED_ID_SIZE);
}

void
dir_follow_witness_changed(struct follow_witnesses *w, const unsigned char id[FEED_ID_SIZE],
    const char csn[FOLLOW_CSN_LEN])
{
	struct follow_witness *known = witness_find(w, id);
	size_t deleted = witness_deleted_at(w, id);

	if (deleted < w->deleted_count)
		witness_drop_deleted(w, deleted);
	if (known == NULL && !csn_is_newer(csn, w->floor))
		return;
	if (known == NULL && w->changed_count < FOLLOW_CHANGED)
		known = &w->changed[w->changed_count++];
	if (known == NULL) {
		known = witness_oldest(w);
		if (!csn_is_newer(csn, known->csn)) {
			memcpy(w->floor, csn, FOLLOW_CSN_LEN);
			return;
		}
		memcpy(w->floor, known->csn, FOLLOW_CSN_LEN);
	}
	memcpy(known->id, id, FEED_ID_SIZE);
	memcpy(known->csn, csn, FOLLOW_CSN_LEN);
}

void
dir_follow_witness_gone(struct follow_witnesses *w, const unsigned char id[FEED_ID_SIZE])
{
	struct follow_witness *known = witness_find(w, id);

	if (known != NULL)
		*known = w->changed[--w->changed_count];
	if (witness_deleted_at(w, id) < w->deleted_count)
		return;
	if (w->deleted_count == FOLLOW_DELETED) {
		witness_drop_deleted(w, 0);
		dir_follow_witness_doubt(w);
	}
	memcpy(w->deleted[w->deleted_count++], id, FEED_ID_SIZE);
}

void
dir_follow_witness_doubt(struct follow_witnesses *w)
{
	w->proof_is_due = 1;
}

void
dir_follow_witness_cookie(struct follow_witnesses *w, const struct follow_cookie *cookie)
{
	if (!w->proof_is_due)
		return;
	dir_follow_cookie_newest(cookie, w->proof);
	w->proof_is_due = 0;
}

/* ---- asking them ---- */

struct inquiry {
	bool seen[FOLLOW_CHANGED], refuted;
	char newest[FOLLOW_CSN_LEN]; /* that is on the server as we saw it */
};

static void
inquiry_take(struct inquiry *q, struct follow_witnesses *w, const unsigned char id[FEED_ID_SIZE],
    const struct berval *csn)
{
	struct follow_witness *known = witness_find(w, id);
	int order;

	if (known == NULL) {
		q->refuted = q->refuted || witness_deleted_at(w, id) < w->deleted_count;
		return;
	}
	q->seen[known - w->changed] = true;
	if (csn->bv_val == NULL || !dir_follow_csn_is_valid(csn->bv_val, csn->bv_len)) {
		q->refuted = true;
		return;
	}
	order = memcmp(csn->bv_val, known->csn, FOLLOW_CSN_LEN);
	q->refuted = q->refuted || order < 0;
	if (order == 0 && csn_is_newer(known->csn, q->newest))
		memcpy(q->newest, known->csn, FOLLOW_CSN_LEN);
}

static void
inquiry_read(struct inquiry *q, struct follow_witnesses *w, LDAP *ld, LDAPMessage *entry)
{
	struct berval **ids = ldap_get_values_len(ld, entry, "entryUUID");
	struct berval **csns = ldap_get_values_len(ld, entry, "entryCSN");
	const struct berval none = { 0, NULL };
	unsigned char id[FEED_ID_SIZE];
	char text[ID_SIZE];

	if (ids != NULL && ids[0] != NULL && ids[0]->bv_len == sizeof(text) - 1) {
		memcpy(text, ids[0]->bv_val, sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		if (feed_id_parse(text, id))
			inquiry_take(q, w, id, csns != NULL && csns[0] != NULL ? csns[0] : &none);
	}
	ldap_value_free_len(ids);
	ldap_value_free_len(csns);
}

static enum follow_past
inquiry_judge(const struct inquiry *q, const struct follow_witnesses *w)
{
	if (q->refuted || !csn_is_set(q->newest))
		return FOLLOW_PAST_REFUTED;
	return csn_is_newer(w->proof, q->newest) ? FOLLOW_PAST_IN_DOUBT : FOLLOW_PAST_PROVEN;
}

static void
witness_filter(struct buf *out, const char *whose, const struct follow_witnesses *w)
{
	char text[ID_SIZE];

	buf_printf(out, "(&%s(|", whose);
	for (size_t i = 0; i < w->changed_count; i++) {
		feed_id_text(w->changed[i].id, text);
		buf_printf(out, "(entryUUID=%s)", text);
	}
	for (size_t i = 0; i < w->deleted_count; i++) {
		feed_id_text(w->deleted[i], text);
		buf_printf(out, "(entryUUID=%s)", text);
	}
	buf_add_string(out, "))");
}

/* A search that was refused, or had no end in time, proves nothing and is not tried again; after a
 * lost connection there is another. */
enum follow_past
dir_follow_witness_ask(struct dir_follow *fw)
{
	static const char *const wanted[] = { "entryUUID", "entryCSN", NULL };
	struct follow_witnesses *w = &fw->witnesses;
	struct dir_search s = { fw->dir->conf.search_base, NULL, LDAP_SCOPE_SUBTREE, wanted, 0, 0 };
	struct dir_reply r = { .policy = -1 };
	struct inquiry q = { .refuted = false };
	LDAPMessage *found = NULL;
	struct buf filter;
	bool answered, lost;

	if (w->changed_count == 0)
		return FOLLOW_PAST_REFUTED;
	buf_init(&filter, DIR_FILTER_MAX);
	witness_filter(&filter, fw->filter, w);
	s.filter = filter.data;
	answered = dir_wire_search(&fw->conn, &s, dir_now() + fw->dir->conf.op_timeout_ms, &r,
		       &found) == WIRE_ANSWERED &&
		   r.code == LDAP_SUCCESS;
	buf_release(&filter);
	if (answered)
		for (LDAPMessage *e = ldap_first_entry(fw->conn.ld, found); e != NULL;
		     e = ldap_next_entry(fw->conn.ld, e))
			inquiry_read(&q, w, fw->conn.ld, e);
	lost = fw->conn.ld == NULL && !r.timed_out;
	ldap_msgfree(found);
	dir_reply_release(&r);
	if (!answered)
		return lost ? FOLLOW_PAST_IN_DOUBT : FOLLOW_PAST_REFUTED;
	for (size_t i = 0; i < w->changed_count; i++)
		if (!q.seen[i])
			memcpy(fw->missing[fw->missing_count++], w->changed[i].id, FEED_ID_SIZE);
	return inquiry_judge(&q, w);
}
