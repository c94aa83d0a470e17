/* From a form that is fine to a stored claim: ask the directory, take another uid if the reserved
 * one was taken meanwhile, hash, claim. Until the claim is stored nothing has happened and the link
 * works. */
#include <string.h>

#include "base/mem.h"
#include "flow/accept_private.h"
#include "log/log.h"

static void attempt_ask_names(struct attempt *a);
static void attempt_hash(struct attempt *a);

/* ---- claim ---- */

static void
attempt_on_claimed(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct attempt *a = arg;

	switch (code) {
	case ERR_OK:
		a->next->revision = revision;
		invitation_free(a->inv);
		a->inv = a->next;
		a->next = NULL;
		a->claimed = true;
		attempt_settle(a);
		return;
	case ERR_CONFLICT:
		attempt_reload(a);
		return;
	default: /* ERR_UNKNOWN too: the resolver settles a claim that was stored after all */
		attempt_finish(a, code, f);
	}
}

/* What the form made of the profile. */
static const char *
attempt_changes(struct attempt *a)
{
	const struct person *before = &a->inv->person, *after = &a->next->person;
	const char *changed[PERSON_FIELD_COUNT] = { NULL };

	for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
		const char *was = before->value[i] != NULL ? before->value[i] : "";
		const char *is = after->value[i] != NULL ? after->value[i] : "";

		if (strcmp(was, is) != 0)
			changed[i] = is;
	}
	return audit_of_change(before, changed, a->arena);
}

static void
attempt_claim(struct attempt *a)
{
	struct store_note note = attempt_note(a);
	struct fault f = { .text = "" };
	const struct person *p = &a->next->person;
	const char *dn;
	enum err code;

	attempt_enter(a, ATTEMPT_CLAIMING);
	code = dir_person_dn(a->flow->conf.dir, p->value[PERSON_UID], p->value[PERSON_ORG_UNIT],
	    a->next->arena, &dn, &f);
	if (code == ERR_INVALID)
		code = ERR_MISCONFIGURED; /* it was fine when the invitation was made */
	if (code == ERR_OK)
		code = invitation_claim(a->next, &a->token, a->id, dn, flow_now(a->flow), &f);
	if (code != ERR_OK) {
		attempt_finish(a, code, &f);
		return;
	}
	/* The intent is stored before the act: from now on an entry with this DN may exist. */
	a->sent_before = a->inv->add_sent;
	a->next->add_sent = true;
	note.personal = attempt_changes(a);
	store_save(a->flow->conf.store, a->inv, a->next, INVITATION_EV_CLAIM, &note,
	    attempt_on_claimed, a);
}

/* ---- hash ---- */

static void
attempt_on_hashed(void *arg, enum err code, const struct secret *hash, const struct fault *f)
{
	struct attempt *a = arg;

	if (code != ERR_OK) {
		attempt_finish(a, code, f);
		return;
	}
	a->hash = secret_dup(hash);
	attempt_claim(a);
}

static void
attempt_hash(struct attempt *a)
{
	if (a->flow->conf.password_mode != DIR_PASSWORD_ARGON2 || a->hash != NULL) {
		attempt_claim(a);
		return;
	}
	attempt_enter(a, ATTEMPT_HASHING);
	passwd_hash(a->flow->conf.passwd, a->password, attempt_on_hashed, a);
}

/* ---- another uid ---- */

/* The renamed version is the stored one now; the form's values go with it to the claim. */
static void
attempt_take_renamed(struct attempt *a)
{
	struct invitation *form = a->next;

	invitation_free(a->inv);
	a->inv = a->renamed;
	a->renamed = NULL;
	a->next = invitation_copy(a->inv);
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		if (a->value[i] != NULL)
			a->next->person.value[i] =
			    arena_strdup(a->next->arena, form->person.value[i]);
	invitation_free(form);
}

static void
attempt_on_renamed(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct attempt *a = arg;

	switch (code) {
	case ERR_OK:
		log_info("an invitation got another uid", "invitation", a->inv->id, "request",
		    a->request_id);
		a->renamed->revision = revision;
		attempt_take_renamed(a);
		attempt_hash(a);
		return;
	case ERR_EXISTS:
		attempt_ask_names(a); /* reserved by another invitation: the next one */
		return;
	case ERR_CONFLICT:
		attempt_reload(a);
		return;
	default:
		attempt_finish(a, code, f);
	}
}

static void
attempt_rename(struct attempt *a, const char *uid)
{
	struct store_note note = attempt_note(a);
	struct fault f = { .text = "" };
	enum err code;

	attempt_enter(a, ATTEMPT_RENAMING);
	invitation_free(a->renamed);
	a->renamed = invitation_copy(a->inv);
	a->renamed->person.value[PERSON_UID] = arena_strdup(a->renamed->arena, uid);
	code = invitation_apply(
	    a->renamed, INVITATION_EV_RENAME, flow_now(a->flow), "the name was taken", &f);
	if (code != ERR_OK) {
		attempt_finish(a, code, &f);
		return;
	}
	store_save(a->flow->conf.store, a->inv, a->renamed, INVITATION_EV_RENAME, &note,
	    attempt_on_renamed, a);
}

static void
attempt_on_names(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct attempt *a = arg;
	struct flow_names *n = &a->names;

	if (code != ERR_OK) {
		attempt_finish(a, code, f);
		return;
	}
	for (size_t i = 0; i < n->count; i++) {
		if (answer->uid_taken[i])
			continue;
		n->next = i + 1;
		n->last = n->last - (unsigned)n->count + (unsigned)i +
			  1; /* the rest is asked about again */
		attempt_rename(a, n->uid[i]);
		return;
	}
	attempt_ask_names(a);
}

static void
attempt_ask_names(struct attempt *a)
{
	struct dir_question q = { .org_unit = a->inv->person.value[PERSON_ORG_UNIT] };
	struct fault f = { .text = "" };

	if (!flow_names_more(&a->names, a->flow->conf.uid_template, &a->inv->person)) {
		fault_set(&f, ERR_EXISTS, "no free uid is left for this name");
		attempt_finish(a, ERR_EXISTS, &f);
		return;
	}
	for (size_t i = 0; i < a->names.count; i++)
		q.uids[q.uid_count++] = a->names.uid[i];
	dir_ask(a->flow->conf.dir, &q, attempt_on_names, a);
}

/* ---- ask ---- */

/* An Add under the old name may still be carried out, and would be a second entry beside one under
 * another name. */
static bool
attempt_must_keep_name(const struct attempt *a)
{
	int64_t since = flow_now(a->flow) - invitation_released_at(a->inv);

	/* A release of the future: the clock was set back, and only our own start tells a time. */
	return a->inv->add_sent && (since < 0 ? !flow_is_quiet(a->flow) : since < FLOW_LATE_MS);
}

static void
attempt_on_answer(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct attempt *a = arg;
	struct fault fault = { .text = "" };

	if (code != ERR_OK) {
		attempt_finish(a, code, f);
		return;
	}
	if (answer->org_unit_missing) {
		fault_set(&fault, ERR_MISCONFIGURED,
		    "the organizational unit of invitation %s is gone", a->inv->id);
		attempt_finish(a, ERR_MISCONFIGURED, &fault);
	} else if (answer->mail_taken || answer->phone_taken) {
		fault_set(&fault, ERR_EXISTS, "the %s of invitation %s is taken in the directory",
		    answer->mail_taken ? "mail" : "phone", a->inv->id);
		attempt_finish(a, ERR_EXISTS, &fault);
	} else if (!answer->uid_taken[0])
		attempt_hash(a);
	else if (a->inv->uid_fixed || a->inv->state == INVITATION_CREATED) {
		/* An account that was made keeps its name, though somebody has deleted it. */
		fault_set(&fault, ERR_EXISTS, "the uid of invitation %s is taken in the directory",
		    a->inv->id);
		attempt_finish(a, ERR_EXISTS, &fault);
	} else if (attempt_must_keep_name(a)) {
		fault_set(&fault, ERR_BUSY,
		    "the uid of invitation %s was taken, and an Add under it may still come",
		    a->inv->id);
		attempt_finish(a, ERR_BUSY, &fault);
	} else
		attempt_ask_names(a);
}

static void
attempt_ask_directory(struct attempt *a, bool names)
{
	const struct person *p = &a->next->person;
	struct dir_question q = { .org_unit = p->value[PERSON_ORG_UNIT] };

	if (names) {
		q.uids[q.uid_count++] = p->value[PERSON_UID];
		q.mail = p->value[PERSON_MAIL];
		q.phone = p->value[PERSON_PHONE];
	}
	dir_ask(a->flow->conf.dir, &q, attempt_on_answer, a);
}

static void
attempt_on_found(void *arg, enum err code, const struct dir_found *found, const struct fault *f)
{
	struct attempt *a = arg;

	if (code != ERR_OK && code != ERR_NOT_FOUND) {
		attempt_finish(a, code, f);
		return;
	}
	a->gone = code == ERR_NOT_FOUND && a->inv->state == INVITATION_CREATED;
	attempt_ask_directory(a, code == ERR_NOT_FOUND || found->invitation_id == NULL ||
				     strcmp(found->invitation_id, a->inv->id) != 0);
}

/* An entry of ours may be there already, and then its names are no clash: of a created invitation,
 * unless somebody deleted it; of one that an earlier attempt gave back, perhaps. */
void
attempt_ask(struct attempt *a)
{
	attempt_enter(a, ATTEMPT_ASKING);
	if (a->inv->state == INVITATION_CREATED || a->inv->add_sent)
		dir_find(a->flow->conf.dir, a->inv->dn, attempt_on_found, a);
	else
		attempt_ask_directory(a, true);
}
