/* Whose rights are looked after, and what is said of them: by the people list, and by the directory
 * itself, when somebody signed in or was looked at. What it comes to is in auth_standing.c. */
#include <stdlib.h>
#include <string.h>

#include "auth/auth_private.h"
#include "base/mem.h"

/* ---- the table ---- */

/* Ids are compared as text: the directory and the list may spell one differently. */
static void
person_spell(const char *id, char out[ID_SIZE])
{
	unsigned char bytes[FEED_ID_SIZE];

	memset(out, 0, ID_SIZE);
	if (feed_id_parse(id, bytes))
		feed_id_text(bytes, out);
	else
		memcpy(out, id, strnlen(id, ID_SIZE - 1));
}

static struct auth_person *
person_find(const struct auth *a, const char id[ID_SIZE], uint64_t hash)
{
	struct auth_link *link = auth_table_first(&a->persons_by_id, hash);

	while (link != NULL && strcmp(((struct auth_person *)link)->id, id) != 0)
		link = auth_table_next(link);
	return (struct auth_person *)link;
}

struct auth_person *
auth_person_find(const struct auth *a, const char *id)
{
	char text[ID_SIZE];

	person_spell(id, text);
	return person_find(a, text, auth_table_hash(&a->persons_by_id, text, sizeof(text)));
}

struct auth_person *
auth_person_hold(struct auth *a, const char *id)
{
	struct auth_person *p;
	char text[ID_SIZE];
	uint64_t hash;

	person_spell(id, text);
	hash = auth_table_hash(&a->persons_by_id, text, sizeof(text));
	p = person_find(a, text, hash);
	if (p == NULL) {
		p = mem_alloc(sizeof(*p));
		memcpy(p->id, text, sizeof(p->id));
		p->seen_at = p->lost_at = p->asked_at = p->told_at = p->used_at = p->forgotten_at =
		    AUTH_NEVER;
		TAILQ_INIT(&p->sessions);
		TAILQ_INIT(&p->waits);
		TAILQ_INIT(&p->tokens);
		TAILQ_INSERT_TAIL(&a->persons, p, turn);
		auth_table_add(&a->persons_by_id, &p->by_id, hash);
		auth_sweep_wake(a);
	}
	p->holds++;
	return p;
}

void
auth_person_drop(struct auth *a, struct auth_person *p)
{
	if (--p->holds > 0)
		return;
	auth_table_remove(&a->persons_by_id, &p->by_id);
	TAILQ_REMOVE(&a->persons, p, turn);
	free(p->org_unit);
	free(p);
}

/* ---- what the list says ---- */

struct person_row {
	struct arena *arena;
	char id[ID_SIZE];
	enum feed_status status;
	const char *dn, *org_unit;
};

static void
person_render(void *arg, size_t index, const struct roster_row *row)
{
	struct person_row *out = arg;

	(void)index;
	feed_id_text(row->id, out->id);
	out->status = row->status;
	out->org_unit = arena_dup(out->arena, row->org_unit.s, row->org_unit.len);
	out->dn = arena_printf(out->arena, "%.*s%.*s,%s", (int)row->rdn_type.len, row->rdn_type.s,
	    (int)row->rdn.len, row->rdn.s, out->org_unit);
}

/* An id may also be found as that of an invitation, which is nobody who can sign in. */
static bool
person_is_listed(const struct auth *a, const struct auth_person *p, struct person_row *row)
{
	unsigned char id[FEED_ID_SIZE];

	return feed_id_parse(p->id, id) && roster_find(a->conf.roster, id, person_render, row) &&
	       strcmp(row->id, p->id) == 0 &&
	       (row->status == FEED_ACTIVE || row->status == FEED_SUSPENDED);
}

uint64_t
auth_member_bits(const struct auth *a, const bool *member)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < a->group_count; i++)
		if (member[i])
			bits |= UINT64_C(1) << i;
	return bits;
}

/* A list that was cut short may lack people and groups: what it has counts, what it lacks is no
 * answer. */
static struct auth_said
person_ask_list(const struct auth *a, struct auth_person *p, struct person_row *row, bool is_whole)
{
	bool member[AUTH_ROLES_MAX] = { false };
	const char *normal, *org_unit;
	uint64_t bits;

	if (!person_is_listed(a, p, row))
		return (struct auth_said){ is_whole ? AUTH_GONE : AUTH_UNSURE, 0 };
	free(p->org_unit);
	p->org_unit = NULL;
	if (a->conf.normalise(row->org_unit, row->arena, &org_unit))
		p->org_unit = mem_dup_string(org_unit);
	if (row->status == FEED_SUSPENDED)
		return (struct auth_said){ AUTH_SUSPENDED, 0 };
	if (!a->conf.normalise(row->dn, row->arena, &normal) ||
	    !roster_member_of(a->conf.roster, normal, a->groups, a->group_count, member))
		return (struct auth_said){ AUTH_UNSURE, 0 };
	bits = auth_member_bits(a, member);
	if (bits != 0)
		return (struct auth_said){ AUTH_GOOD, bits };
	return (struct auth_said){ is_whole ? AUTH_NO_ROLE : AUTH_UNSURE, 0 };
}

/* While it says nothing, what it said last stands. */
static void
person_hear_list(const struct auth *a, struct auth_person *p, struct auth_said said)
{
	if (said.word == AUTH_UNSURE ||
	    (said.word == p->list.word && said.groups == p->list.groups))
		return;
	p->list = said;
	if (p->views++ > 0)
		p->told_at = clock_mono_ms(a->conf.clock);
}

void
auth_person_read_list(const struct auth *a, struct auth_person *p)
{
	struct person_row row = { .id = "" };
	struct roster_figures list;

	roster_figures(a->conf.roster, &list);
	if (p->asked && p->version == list.version && p->state == list.state)
		return;
	p->asked = true;
	p->version = list.version;
	p->state = list.state;
	if (list.state == ROSTER_LOADING)
		return;
	row.arena = arena_new(0);
	person_hear_list(a, p, person_ask_list(a, p, &row, list.state == ROSTER_COMPLETE));
	arena_free(row.arena);
}

/* ---- what the directory says ---- */

/* An answer that took its time says nothing about what happened meanwhile. */
void
auth_person_note(
    struct auth *a, struct auth_person *p, struct auth_said said, int64_t seen_at, bool is_look)
{
	auth_person_read_list(a, p);
	if (seen_at <= p->forgotten_at || seen_at < p->seen_at)
		return;
	p->seen_at = seen_at;
	p->seen = said;
	p->is_unheard = false;
	if (said.word == AUTH_GOOD)
		p->lost_at = AUTH_NEVER;
	else if (p->lost_at == AUTH_NEVER)
		p->lost_at = seen_at;
	if (is_look)
		p->seen_views = p->looked_views;
	else if (p->told_at != AUTH_NEVER && p->told_at < seen_at)
		p->seen_views = p->views;
}

struct auth_said
auth_said_by_groups(uint64_t groups)
{
	return (struct auth_said){ groups != 0 ? AUTH_GOOD : AUTH_NO_ROLE, groups };
}

/* The directory answers alike about whoever is gone and whoever is suspended; the list may know
 * which it is. */
static struct auth_said
person_said_out(struct auth *a, struct auth_person *p)
{
	auth_person_read_list(a, p);
	if (p->list.word == AUTH_GONE || p->list.word == AUTH_SUSPENDED)
		return p->list;
	return (struct auth_said){ AUTH_OUT, 0 };
}

void
auth_person_seen(struct auth *a, const char *person, const bool *member, int64_t seen_at)
{
	struct auth_person *p = auth_person_find(a, person);
	struct auth_standing standing;

	if (p == NULL)
		return;
	auth_person_note(a, p,
	    member != NULL ? auth_said_by_groups(auth_member_bits(a, member))
			   : person_said_out(a, p),
	    seen_at, p->look == AUTH_LOOK_RUNS);
	p->holds++;
	auth_look_end(a, p, true);
	auth_person_judge(a, p, false, &standing);
	auth_person_drop(a, p);
}

void
auth_person_unseen(struct auth *a, const char *person)
{
	struct auth_person *p = auth_person_find(a, person);

	if (p != NULL)
		auth_look_end(a, p, false);
}
