/* From the facts to a mail: its parts by the templates, its headers by what it is. */
#include <string.h>

#include "base/buf.h"
#include "mail/compose_private.h"
#include "mail/mail_private.h"

enum { SUBJECT_MAX = 300, ADDRESSEE_MAX = 200 }; /* bytes; long before that nobody reads on */

static const char subject_field[] = "Subject:";

bool
mail_template_render(const struct mail_template *template, const struct template_model *model,
    struct buf *text, struct buf *html)
{
	buf_init_secret(text, MAIL_PART_MAX); /* a link stands in them */
	buf_init_secret(html, MAIL_PART_MAX);
	template_render(template->text, model, text);
	template_render(template->html, model, html);
	return !buf_failed(text) && !buf_failed(html);
}

/* Values keep to their line, so the first line break is the template's own. */
bool
mail_template_split(
    const struct buf *text, struct arena *arena, const char **subject, const char **body)
{
	const char *from = text->data + strlen(subject_field), *to = strchr(from, '\n');
	size_t len;

	while (*from == ' ' || *from == '\t')
		from++;
	if (to == NULL || to <= from)
		return false;
	len = (size_t)(to - from);
	while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
		len--;
	*subject = mail_words_cut(arena, arena_dup(arena, from, len), SUBJECT_MAX);
	*body = arena_strdup(arena, to + 2);
	return len > 0;
}

static enum err
mail_compose_parts(struct mail *m, const struct mail_template *template,
    const struct template_model *model, const char **subject, struct fault *f)
{
	enum err code = ERR_OK;
	struct buf text, html;

	if (!mail_template_render(template, model, &text, &html))
		code = fault_set(
		    f, ERR_TOO_LARGE, "a part of the mail is longer than %d bytes", MAIL_PART_MAX);
	else if (!mail_template_split(&text, m->arena, subject, &m->text))
		code = fault_set(f, ERR_INVALID, "the mail's subject is empty");
	else
		m->html = arena_dup(m->arena, html.data, html.len);
	buf_release(&text);
	buf_release(&html);
	return code;
}

struct mail_heading {
	const char *name, *value; /* NULL: left out */
};

static enum err
mail_compose_headers(struct mail *m, const struct mail_heading *rows, size_t count, struct fault *f)
{
	for (size_t i = 0; i < count; i++) {
		enum err code = ERR_OK;

		if (rows[i].value != NULL)
			code = mail_add_header(m, rows[i].name, rows[i].value, f);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

/* The envelope. Whatever becomes of a notice says nothing about the invited person, so its bounce
 * must not either. */
static enum err
mail_compose_envelope(struct mail *m, const struct mail_sender *sender,
    const struct mail_facts *facts, bool is_notice, struct fault *f)
{
	if (facts->to == NULL || !mail_address_is_safe(facts->to, true))
		return fault_set(f, ERR_INVALID, "the address that the mail is to is not one");
	m->to = arena_strdup(m->arena, facts->to);
	if (facts->invitation != NULL && !is_notice)
		m->from = mail_verp_address(m->arena, sender, facts->invitation, m->to);
	else
		m->from = arena_strdup(
		    m->arena, sender->bounces != NULL ? sender->bounces : sender->from);
	return ERR_OK;
}

/* "<INVITATION.ITEM.ATTEMPT.TAG@DOMAIN>", and without the attempt for all of the item; a notice
 * leaves out the invitation, and with it the tag. */
static const char *
mail_compose_id(struct arena *arena, const struct mail_sender *sender,
    const struct mail_facts *facts, bool is_notice, bool with_attempt)
{
	const char *invitation = is_notice ? NULL : facts->invitation;
	const char *attempt = with_attempt ? arena_printf(arena, ".%u", facts->attempt) : "";

	const char *name = arena_printf(arena, "%s%s", facts->item, attempt);

	if (invitation != NULL)
		name =
		    mail_name_sign(arena, sender, arena_printf(arena, "%s.%s", invitation, name));
	return arena_printf(arena, "<%s@%s>", name, sender->id_domain);
}

static const char *
mail_compose_addressee(struct arena *arena, const char *name)
{
	const char *words = mail_words(arena, name);

	return words != NULL ? mail_words_cut(arena, words, ADDRESSEE_MAX) : NULL;
}

static enum err
mail_compose_into(struct mail *m, const struct mail_templates *t, const struct mail_sender *sender,
    const struct mail_facts *facts, enum mail_kind kind, struct fault *f)
{
	bool is_notice = mail_kind_is_notice(kind);
	const char *language = facts->language, *subject;
	const struct mail_template *template = mail_template_for(t, kind, &language);
	const char *addressee = is_notice ? facts->inviter : facts->name;
	struct template_model *model = mail_values(m->arena, kind, sender, facts, language);
	enum err code = mail_compose_envelope(m, sender, facts, is_notice, f);

	if (code == ERR_OK)
		code = mail_compose_parts(m, template, model, &subject, f);
	if (code != ERR_OK)
		return code;
	const struct mail_heading rows[] = {
		{ "Date", mail_date(m->arena, facts->now) },
		{ "From", mail_mailbox(m->arena,
			      sender->from_name != NULL ? sender->from_name : sender->organisation,
			      sender->from) },
		{ "To",
		    mail_mailbox(m->arena, mail_compose_addressee(m->arena, addressee), m->to) },
		{ "Reply-To", sender->reply_to != NULL
				  ? mail_mailbox(m->arena, NULL, sender->reply_to)
				  : NULL },
		{ "Subject", subject },
		{ "Message-ID", mail_compose_id(m->arena, sender, facts, is_notice, true) },
		{ "References", mail_compose_id(m->arena, sender, facts, is_notice, false) },
		{ "Auto-Submitted", "auto-generated" }, /* RFC 3834 section 5 */
		/* For Exchange, which knows only this. "All" would suppress bounces too (MS-OXCMAIL
		 * section 2.1.3.2.20). */
		{ "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply" },
		{ "Content-Language", language },
	};
	return mail_compose_headers(m, rows, sizeof(rows) / sizeof(rows[0]), f);
}

struct mail_facts
mail_facts_copy(const struct mail_facts *facts, struct arena *arena)
{
	struct mail_facts copy = *facts;

	copy.kind = arena_strdup(arena, facts->kind);
	copy.language = arena_strdup(arena, facts->language);
	copy.invitation = arena_strdup(arena, facts->invitation);
	copy.item = arena_strdup(arena, facts->item);
	copy.to = arena_strdup(arena, facts->to);
	copy.name = arena_strdup(arena, facts->name);
	copy.given_name = arena_strdup(arena, facts->given_name);
	copy.uid = arena_strdup(arena, facts->uid);
	copy.inviter = arena_strdup(arena, facts->inviter);
	copy.position = arena_strdup(arena, facts->position);
	copy.org_unit = arena_strdup(arena, facts->org_unit);
	copy.link = arena_strdup(arena, facts->link);
	copy.reason = arena_strdup(arena, facts->reason);
	return copy;
}

enum err
mail_compose(struct mail **out, const struct mail_templates *t, const struct mail_sender *sender,
    const struct mail_facts *facts, struct fault *f)
{
	enum mail_kind kind = mail_kind_by_name(facts->kind, strlen(facts->kind));
	struct mail *m;
	enum err code;

	if (kind == MAIL_KIND_COUNT)
		return fault_set(f, ERR_INVALID, "there are no mails of this kind");
	m = mail_new();
	code = mail_compose_into(m, t, sender, facts, kind, f);
	if (code == ERR_OK)
		code = mail_check(m, f);
	if (code != ERR_OK) {
		mail_free(m);
		return code;
	}
	*out = m;
	return ERR_OK;
}
