/* What the store alone allows a sender: a mail is read, claimed with a fresh token in its
 * invitation, and taken out again with a word in its delivery log, all of it durable.
 *
 *   bench_outbox DIRECTORY IN-FLIGHT COUNT
 *
 * Fills a new store below DIRECTORY with COUNT invitations by mail first. Prints mails a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>

#include "base/mem.h"
#include "seconds.h"
#include "store/store_outbox.h"

enum { FILLERS = 64, PAGE = 64 };

struct run {
	struct loop *loop;
	struct store *store;
	int issued, count, in_flight, flying, unclaimed, sent;
	struct outbox_item *page[PAGE];
	size_t page_at, page_count;
	bool reading;
};

/* A mail on its way. */
struct trip {
	struct run *run;
	struct outbox_item *item;
	struct invitation *inv;
	struct delivery *log;
};

static void run_issue(struct run *r);
static void run_turn(struct run *r);

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "bench_outbox: %s\n", what);
	exit(1);
}

static void
check(enum err code, const struct fault *f)
{
	if (code != ERR_OK)
		die(f->text);
}

/* ---- filling ---- */

static void
run_on_issue(void *arg, enum err code, uint64_t revision, const struct store_taken *taken,
    const struct fault *f)
{
	struct run *r = arg;

	(void)revision, (void)taken;
	check(code, f);
	if (r->issued < r->count)
		run_issue(r);
	else if (++r->flying == FILLERS)
		loop_stop(r->loop);
}

static void
run_issue(struct run *r)
{
	struct invitation *inv = invitation_new();
	int64_t now = clock_wall_ms(&clock_system);
	struct outbox_item *item;
	struct delivery *log = delivery_new();
	char uid[32], mail[64], phone[24];

	r->issued++;
	snprintf(uid, sizeof(uid), "ada.lovelace%d", r->issued);
	snprintf(mail, sizeof(mail), "ada.lovelace%d@example.org", r->issued);
	snprintf(phone, sizeof(phone), "+49%010d", r->issued);
	id_make(now, inv->id);
	inv->method = INVITATION_BY_EMAIL;
	inv->person.value[PERSON_GIVEN_NAME] = "Ada";
	inv->person.value[PERSON_FAMILY_NAME] = "Lovelace";
	inv->person.value[PERSON_DISPLAY_NAME] = "Ada Lovelace";
	inv->person.value[PERSON_MAIL] = mail;
	inv->person.value[PERSON_PHONE] = phone;
	inv->person.value[PERSON_ORG_UNIT] = "ou=Engineering,ou=People,dc=example,dc=org";
	inv->person.value[PERSON_POSITION] = "Engineer";
	inv->person.value[PERSON_LANGUAGE] = "en";
	inv->person.value[PERSON_UID] = uid;
	inv->personal_mail = mail;
	inv->created_at = now;
	inv->expires_at = now + 7LL * 24 * 3600 * 1000;
	inv->created_by = "uid:0";
	inv->timeline[0] = (struct invitation_entry){ now, INVITATION_EV_ISSUE, NULL };
	inv->timeline_count = 1;
	item = outbox_item_new(OUTBOX_INVITATION, inv->id, now);
	item->expires_at = inv->expires_at;
	delivery_note(log, DELIVERY_QUEUED, OUTBOX_INVITATION, now, "by uid:0");
	memcpy(log->waiting, item->id, sizeof(log->waiting));
	struct store_post post = { .items = { item }, .item_count = 1, .delivery = log };
	struct store_note note = {
		.actor = "uid:0", .request_id = "0123456789abcdef", .post = &post
	};

	store_issue(r->store, inv, &note, run_on_issue, r);
	invitation_free(inv);
	outbox_item_free(item);
	delivery_free(log);
}

/* ---- sending ---- */

static void
trip_on_settled(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct trip *t = arg;
	struct run *r = t->run;

	(void)revision;
	check(code, f);
	outbox_item_free(t->item);
	invitation_free(t->inv);
	delivery_free(t->log);
	free(t);
	r->flying--;
	if (++r->sent == r->count)
		loop_stop(r->loop);
	else
		run_turn(r);
}

static void
trip_on_claimed(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct trip *t = arg;
	struct store_post post = { .delivery = t->log };
	struct store_note note = { .actor = "mail", .post = &post };

	check(code, f);
	t->item->revision = revision;
	t->run->unclaimed--;
	delivery_note(t->log, DELIVERY_SENT, OUTBOX_INVITATION, clock_wall_ms(&clock_system),
	    "250 2.0.0 Ok: queued as 4WX0123456789");
	t->log->waiting[0] = '\0';
	store_outbox_remove(t->run->store, t->item, NULL, NULL, INVITATION_EV_MAIL, &note,
	    clock_wall_ms(&clock_system), NULL, trip_on_settled, t);
	run_turn(t->run);
}

static void
trip_on_log(void *arg, enum err code, struct delivery **d, const struct fault *f)
{
	struct trip *t = arg;
	struct outbox_item *claimed = outbox_item_copy(t->item);
	struct invitation *after = invitation_copy(t->inv);
	struct store_note note = { .actor = "mail" };
	struct token_hash hash;
	int64_t now = clock_wall_ms(&clock_system);

	check(code, f);
	t->log = *d;
	*d = NULL;
	random_fill(&hash, sizeof(hash));
	snprintf(claimed->owner, sizeof(claimed->owner), "%s", "0123456789abcdef");
	claimed->due = now + OUTBOX_CLAIM_MS;
	check(invitation_add_token(after, &hash, false, now, NULL), f);
	check(invitation_apply(after, INVITATION_EV_MAIL, now, NULL, NULL), f);
	store_outbox_save(t->run->store, t->item, claimed, t->inv, after, INVITATION_EV_MAIL, &note,
	    trip_on_claimed, t);
	outbox_item_free(t->item);
	t->item = claimed;
	invitation_free(after);
}

static void
trip_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct trip *t = arg;

	check(code, f);
	t->inv = *inv;
	*inv = NULL;
	store_delivery_load(t->run->store, t->item->subject, trip_on_log, t);
}

static void
run_on_due(void *arg, enum err code, struct outbox_item **list, size_t count, int64_t next_due,
    const struct fault *f)
{
	struct run *r = arg;

	(void)next_due;
	check(code, f);
	r->reading = false;
	memcpy(r->page, list, count * sizeof(*list));
	memset(list, 0, count * sizeof(*list));
	r->page_at = 0;
	r->page_count = count;
	run_turn(r);
}

static void
run_turn(struct run *r)
{
	while (r->flying < r->in_flight && r->page_at < r->page_count) {
		struct trip *t = mem_alloc(sizeof(*t));

		t->run = r;
		t->item = r->page[r->page_at++];
		r->flying++;
		r->unclaimed++;
		store_load(r->store, t->item->subject, trip_on_loaded, t);
	}
	/* Claims of this page are out of the way before the next one is read. */
	if (r->page_at == r->page_count && r->unclaimed == 0 && !r->reading) {
		r->reading = true;
		store_outbox_due(
		    r->store, OUTBOX_MAILS, clock_wall_ms(&clock_system), PAGE, run_on_due, r);
	}
}

static void
on_prepared(void *arg, enum err code, const struct fault *f)
{
	check(code, f);
	loop_stop(arg);
}

int
main(int argc, char **argv)
{
	static const unsigned char key[32] = { 1 };
	char dir[256], path[300];
	struct run r = { .issued = 0 };
	struct seal *seal;
	struct kv *kv;
	struct fault f;
	double begun;

	randombytes_set_implementation(&randombytes_internal_implementation); /* as the daemon */
	if (sodium_init() < 0)
		die("libsodium does not start");
	if (argc != 4)
		die("usage: bench_outbox DIRECTORY IN-FLIGHT COUNT");
	r.in_flight = atoi(argv[2]);
	r.count = atoi(argv[3]);
	if (r.in_flight < 1 || r.count < FILLERS)
		die("too few");
	snprintf(dir, sizeof(dir), "%s/usherd-bench-XXXXXX", argv[1]);
	if (mkdtemp(dir) == NULL)
		die("cannot make a directory");
	snprintf(path, sizeof(path), "%s/store.db", dir);
	r.loop = loop_new();
	seal = seal_new(key);
	check(kv_sqlite_open(&kv, r.loop, path, &f), &f);
	r.store = store_new(r.loop, kv, seal, &clock_system);
	store_prepare(r.store, on_prepared, r.loop);
	loop_run(r.loop);
	for (int i = 0; i < FILLERS; i++)
		run_issue(&r);
	loop_run(r.loop);
	r.flying = 0;
	begun = seconds_now();
	run_turn(&r);
	loop_run(r.loop);
	printf("%.1f\n", r.count / (seconds_now() - begun));
	store_free(r.store);
	kv_close(kv);
	loop_free(r.loop);
	seal_free(seal);
	snprintf(path, sizeof(path), "rm -rf %s", dir);
	return system(path) == 0 ? 0 : 1;
}
