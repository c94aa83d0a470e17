/* What is missing in the audit trail, and whether it may be: blocks and records that retention took
 * away, parts that were erased or whose time was over. */
#include "store/store_audit_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { JUDGE_STEP = 16 * 1024 /* records, or parts that are gone, of one turn of the loop */ };

void
verify_fault(struct verify *v, const char *record, uint64_t block, const char *fmt, ...)
{
	struct audit_fault *f;
	va_list args;

	if (v->verdict.fault_count++ >= AUDIT_FAULTS_MAX)
		return;
	f = &v->verdict.faults[v->verdict.fault_count - 1];
	snprintf(f->record, sizeof(f->record), "%s", record);
	f->block = block;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

/* ---- blocks ---- */

/* The base moved on from block to block as they were read. */
static void
judge_base(struct verify *v)
{
	const struct chain_mark *base = &v->later;
	const struct named_block *seen = named_find_block(&v->named, base->number);
	bool is_good = base->number >= v->base.number;

	if (base->number == v->base.number)
		is_good = memcmp(base->hash, v->base.hash, sizeof(base->hash)) == 0;
	else if (seen != NULL)
		is_good = memcmp(base->hash, seen->hash, sizeof(seen->hash)) == 0;
	if (!is_good)
		verify_fault(v, "", base->number, "the base names another block than was there");
}

static void
judge_gap(struct verify *v, const struct verify_gap *gap)
{
	const struct chain_mark *base = &v->later;
	uint64_t last = gap->behind - 1;

	if (base->number > last ||
	    (base->number == last && memcmp(base->hash, gap->previous, sizeof(base->hash)) == 0))
		return;
	verify_fault(
	    v, "", gap->behind, "blocks %" PRIu64 " to %" PRIu64 " are missing", gap->from, last);
}

/* What retention took away is told by the base. */
static void
judge_witness(struct verify *v, const struct verify_witness *w)
{
	if (w->met || w->head.number == 0 || w->head.number <= v->later.number)
		return;
	verify_fault(v, "", w->head.number,
	    "%s names this block, and the last one that is there is %" PRIu64, w->name,
	    v->verdict.head.number);
}

/* ---- records and their parts ---- */

static bool
judge_was_taken(const struct verify *v, uint64_t block)
{
	return block <= v->later.number || block <= v->later.ending;
}

static void
judge_named(struct verify *v, const struct named *one)
{
	char id[ID_SIZE];

	if (one->met != 0)
		return;
	v->named.unmet--;
	if (judge_was_taken(v, one->block))
		return;
	named_id(one, id);
	verify_fault(v, id, one->block, "a record is missing that its block names");
}

static void
judge_parts(struct verify *v, const struct audit_gone *gone)
{
	unsigned left = gone->parts & ~audit_parts_of(&v->erased, &gone->r, gone->created);

	if (gone->block != 0 && judge_was_taken(v, gone->block))
		return;
	if ((left & 1U << AUDIT_PERSON) != 0)
		verify_fault(v, gone->r.id, gone->block,
		    "what is about a person is gone, and no erasure tells of it");
	if ((left & 1U << AUDIT_SOURCE) != 0 && id_made_at(gone->r.id) >= v->later.sources)
		verify_fault(v, gone->r.id, gone->block,
		    "the source is gone, and neither its age nor an erasure tells why");
}

void
verify_judge_turn(void *arg)
{
	struct verify *v = arg;
	size_t gone = v->missing.count;

	for (size_t i = 0; i < JUDGE_STEP; i++, v->judged++)
		if (v->judged < gone)
			judge_parts(v, &v->missing.list[v->judged]);
		else if (v->named.unmet > 0)
			judge_named(v, &v->named.list[v->judged - gone]);
		else {
			verify_finish(v, ERR_OK, NULL);
			return;
		}
	loop_timer_set(v->turn, 0);
}

void
verify_judge(struct verify *v)
{
	judge_base(v);
	for (size_t i = 0; i < v->gap_count; i++)
		judge_gap(v, &v->gaps[i]);
	for (size_t i = 0; i < WITNESS_COUNT; i++)
		judge_witness(v, &v->witness[i]);
	/* Retention may have taken the records of it. */
	if (v->mark.lost > v->lost_met)
		verify_fault(v, "", 0,
		    "the end of the trail was found to be lost %" PRIu64 " times", v->mark.lost);
	loop_timer_set(v->turn, 0);
}
