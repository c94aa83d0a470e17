#include "follow_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct follower follower;

static struct row *
row_by_id(const unsigned char id[FEED_ID_SIZE], bool make)
{
	struct row *free_row = NULL;

	for (size_t i = 0; i < follower.capacity; i++) {
		struct row *r = &follower.rows[i];

		if (r->used && memcmp(r->id, id, FEED_ID_SIZE) == 0)
			return r;
		if (!r->used && free_row == NULL)
			free_row = r;
	}
	if (!make)
		return NULL;
	if (free_row == NULL) {
		size_t n = follower.capacity;

		follower.capacity = n == 0 ? 256 : 2 * n;
		follower.rows =
		    mem_resize(follower.rows, follower.capacity, sizeof(*follower.rows));
		memset(&follower.rows[n], 0, (follower.capacity - n) * sizeof(*follower.rows));
		free_row = &follower.rows[n];
	}
	memset(free_row, 0, sizeof(*free_row));
	free_row->used = true;
	memcpy(free_row->id, id, FEED_ID_SIZE);
	return free_row;
}

static void
copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from != NULL ? from : "");
}

static void
take_user(struct row *r, const struct feed_user *u)
{
	assert_non_null(u->name);
	assert_non_null(u->rdn);
	snprintf(r->dn, sizeof(r->dn), "%s,%s", u->rdn, u->parent);
	copy(r->name, sizeof(r->name), u->name);
	copy(r->mail, sizeof(r->mail), u->mail);
	copy(r->phone, sizeof(r->phone), u->phone);
	r->status = u->status;
	r->registered_at = u->registered_at;
	r->last_activity_at = u->last_activity_at;
	r->mails = u->more_mail_count + (u->mail != NULL);
	memcpy(r->invitation, u->invitation, FEED_ID_SIZE);
}

static void
take_item(const struct feed_item *item)
{
	bool is_gone = item->kind == FEED_GONE, is_named = item->kind == FEED_PRESENT;
	struct row *r = row_by_id(item->id, !is_gone && !is_named);

	follower.gone += is_gone;
	follower.present += is_named;
	follower.told += !is_gone && !is_named;
	if (r == NULL)
		return;
	r->named = true;
	if (is_gone)
		r->used = false;
	if (is_gone || is_named)
		return;
	r->kind = item->kind;
	r->told_at = follower.told;
	if (item->kind == FEED_USER)
		take_user(r, &item->user);
	else if (item->kind == FEED_PLACE) {
		copy(r->dn, sizeof(r->dn), item->place.normal);
		copy(r->name, sizeof(r->name), item->place.name);
	} else {
		assert_int_equal(item->kind, FEED_GROUP);
		copy(r->dn, sizeof(r->dn), item->group.normal);
		copy(r->name, sizeof(r->name), item->group.name);
		r->members = item->group.member_count;
		copy(r->first_member, sizeof(r->first_member),
		    r->members > 0 ? item->group.members[0] : "");
	}
}

static void
take_step(const struct feed_batch *b)
{
	for (size_t i = 0; b->step == FEED_REFRESH_BEGINS && i < follower.capacity; i++)
		follower.rows[i].named = false;
	for (size_t i = 0; i < b->count; i++)
		take_item(&b->items[i]);
	for (size_t i = 0; b->step == FEED_REFRESH_COMPLETE && i < follower.capacity; i++)
		if (b->absent_is_gone && !follower.rows[i].named)
			follower.rows[i].used = false;
	if (b->step == FEED_CHANGES)
		return;
	assert_int_equal(follower.refreshing, b->step != FEED_REFRESH_BEGINS);
	follower.refreshing = b->step == FEED_REFRESH_BEGINS;
	follower.begun += b->step == FEED_REFRESH_BEGINS;
	follower.complete += b->step == FEED_REFRESH_COMPLETE;
	follower.broken += b->step == FEED_REFRESH_BROKEN;
	if (follower.refreshing)
		return;
	follower.absent_is_gone = b->absent_is_gone;
	follower.cut_by_limit = b->cut_by_limit;
}

static void
on_batch(void *arg, struct feed_batch *b)
{
	struct follower *f = arg;

	assert_non_null(f->fw);
	assert_int_equal(b->source, FEED_DIRECTORY);
	assert_true(b->count <= FEED_BATCH_ITEMS);
	take_step(b);
	f->batches++;
	if (b->count > f->largest)
		f->largest = b->count;
	if (b->cookie_len > 0) {
		assert_false(f->refreshing);
		memcpy(f->cookie, b->cookie, b->cookie_len);
		f->cookie_len = b->cookie_len;
	}
	feed_batch_free(b);
	if (f->keep)
		f->kept++;
	else
		dir_follow_applied(f->fw);
	loop_stop(rig.loop);
}

static void
on_state(void *arg, enum dir_follow_state state, const char *text)
{
	struct follower *f = arg;

	assert_non_null(f->fw);
	f->state = state;
	f->cut_short += state == DIR_FOLLOW_CUT_SHORT;
	copy(f->text, sizeof(f->text), text);
	loop_stop(rig.loop);
}

void
follower_default(void)
{
	follower.conf = (struct dir_follow_conf){ .dir = rig.dir,
		.poll_ms = 5000,
		.compare_ms = 600000,
		.doubt_ms = 30000,
		.activity_ms = 5000,
		.batches_out = 8,
		.on_batch = on_batch,
		.on_state = on_state,
		.arg = &follower };
}

void
follower_start(const void *cookie, size_t len)
{
	follower.begun = follower.complete = follower.broken = follower.cut_short = 0;
	follower.told = follower.gone = follower.present = 0;
	follower.batches = follower.largest = follower.kept = 0;
	follower.refreshing = false;
	follower.state = DIR_FOLLOW_AWAY;
	follower.fw = dir_follow_new(rig.loop, &follower.conf, cookie, len);
}

void
follower_stop(void)
{
	dir_follow_free(follower.fw);
	follower.fw = NULL;
	follower.keep = false;
}

void
follower_forget(void)
{
	free(follower.rows);
	memset(&follower, 0, sizeof(follower));
}

void
follower_acknowledge(void)
{
	follower.keep = false;
	for (; follower.kept > 0; follower.kept--)
		dir_follow_applied(follower.fw);
}

struct row *
follower_find(const char *dn)
{
	for (size_t i = 0; i < follower.capacity; i++)
		if (follower.rows[i].used && strcmp(follower.rows[i].dn, dn) == 0)
			return &follower.rows[i];
	return NULL;
}

size_t
follower_count(enum feed_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < follower.capacity; i++)
		count += follower.rows[i].used && follower.rows[i].kind == kind;
	return count;
}

void
follower_haunt(void)
{
	static const unsigned char id[FEED_ID_SIZE] = "no such entry...";
	struct row *r = row_by_id(id, true);

	r->kind = FEED_USER;
	copy(r->dn, sizeof(r->dn), GHOST);
}

static void
change_people(const char *prefix, unsigned count, bool add)
{
	struct buf ldif;

	buf_init(&ldif, 64 << 20);
	for (unsigned i = 0; i < count; i++) {
		buf_printf(&ldif, "dn: uid=%s%u," SALES "\nchangetype: %s\n", prefix, i,
		    add ? "add" : "delete");
		if (add)
			buf_printf(&ldif,
			    "objectClass: inetOrgPerson\nuid: %s%u\ncn: %s %u\nsn: %u\n", prefix, i,
			    prefix, i, i);
		buf_add_char(&ldif, '\n');
	}
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
}

void
follow_add_people(const char *prefix, unsigned count)
{
	change_people(prefix, count, true);
}

void
follow_delete_people(const char *prefix, unsigned count)
{
	change_people(prefix, count, false);
}

void
follow_edit_slapd(const char *sed)
{
	char command[400];

	rig_stop_slapd(&rig, false);
	snprintf(command, sizeof(command), "sed -i '%s' %s/slapd.conf", sed, rig.folder);
	assert_int_equal(system(command), 0);
	rig_restart_slapd(&rig);
}

static void
on_late(void *arg)
{
	*(bool *)arg = true;
	loop_stop(rig.loop);
}

void
follower_until(follower_is *is, const void *arg)
{
	bool late = false;
	struct loop_timer *t = loop_timer_new(rig.loop, on_late, &late);

	loop_timer_set(t, 20000);
	while (!is(arg) && !late)
		loop_run(rig.loop);
	loop_timer_free(t);
	if (late)
		print_error("late: state %d: %s; %d begun, %d complete, absent is gone: %d\n",
		    (int)follower.state, follower.text, follower.begun, follower.complete,
		    follower.absent_is_gone);
	assert_false(late);
}

static bool
is_persisting(const void *arg)
{
	(void)arg;
	return follower.state == DIR_FOLLOW_PERSISTING;
}

void
follower_until_persisting(void)
{
	follower_until(is_persisting, NULL);
}

static bool
is_found(const void *arg)
{
	return follower_find(arg) != NULL;
}

void
follower_until_found(const char *dn)
{
	follower_until(is_found, dn);
}

static bool
is_lost(const void *arg)
{
	return follower_find(arg) == NULL;
}

void
follower_until_lost(const char *dn)
{
	follower_until(is_lost, dn);
}

struct named {
	const char *dn, *name;
};

static bool
is_named(const void *arg)
{
	const struct named *n = arg;
	const struct row *r = follower_find(n->dn);

	return r != NULL && strcmp(r->name, n->name) == 0;
}

void
follower_until_name(const char *dn, const char *name)
{
	follower_until(is_named, &(struct named){ dn, name });
}
