/* What may stand in which mail, and what it is: from the facts to the model of a template. */
#include <string.h>
#include <strings.h>

#include "base/moment.h"
#include "mail/compose_private.h"

enum {
	ALL = (1 << MAIL_KIND_COUNT) - 1,
	WITH_LINK = 1 << MAIL_INVITATION | 1 << MAIL_REMINDER,
	NOTICES = 1 << MAIL_COMPLETED | 1 << MAIL_UNDELIVERABLE,
	/* The invitation still knows them: of who has registered it forgets all but the name. */
	OPEN = WITH_LINK | 1 << MAIL_UNDELIVERABLE
};

static const struct {
	const char *name;
	int kinds; /* bits */
} mail_value_rows[] = {
	{ "organisation", ALL },
	{ "mark", ALL },
	{ "language", ALL },
	{ "direction", ALL },
	{ "help_contact", ALL },
	{ "help_mail", ALL },
	{ "name", ALL },
	{ "given_name", OPEN },
	{ "inviter", ALL },
	{ "position", OPEN },
	{ "org_unit", OPEN },
	{ "link", WITH_LINK },
	{ "ends", OPEN },
	{ "uid", 1 << MAIL_WELCOME | 1 << MAIL_COMPLETED },
	{ "uid_pieces", 1 << MAIL_WELCOME | 1 << MAIL_COMPLETED },
	{ "piece", 1 << MAIL_WELCOME | 1 << MAIL_COMPLETED },
	{ "sign_in_url", 1 << MAIL_WELCOME },
	{ "reason", 1 << MAIL_UNDELIVERABLE },
	{ "over", 1 << MAIL_UNDELIVERABLE },
};

enum { ROWS = sizeof(mail_value_rows) / sizeof(mail_value_rows[0]) };
_Static_assert((size_t)ROWS < (size_t)MAIL_VALUES_MAX, "mail_value_names() has no room");

static const char *const mail_kind_names[MAIL_KIND_COUNT] = {
	[MAIL_INVITATION] = "invitation",
	[MAIL_REMINDER] = "reminder",
	[MAIL_WELCOME] = "welcome",
	[MAIL_COMPLETED] = "completed",
	[MAIL_UNDELIVERABLE] = "undeliverable",
};

const char *
mail_kind_name(enum mail_kind kind)
{
	return mail_kind_names[kind];
}

enum mail_kind
mail_kind_by_name(const char *name, size_t len)
{
	enum mail_kind kind = 0;

	while (kind < MAIL_KIND_COUNT && (strlen(mail_kind_names[kind]) != len ||
					     memcmp(mail_kind_names[kind], name, len) != 0))
		kind++;
	return kind;
}

bool
mail_kind_is_notice(enum mail_kind kind)
{
	return (NOTICES & 1 << kind) != 0;
}

bool
mail_kind_has_link(enum mail_kind kind)
{
	return (WITH_LINK & 1 << kind) != 0;
}

void
mail_value_names(enum mail_kind kind, const char *out[MAIL_VALUES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ROWS; i++)
		if ((mail_value_rows[i].kinds & 1 << kind) != 0)
			out[count++] = mail_value_rows[i].name;
	out[count] = NULL;
}

/* The organisation's first character stands for a logo, as on the registration page. */
static const char *
mail_values_mark(struct arena *arena, const char *organisation)
{
	size_t len = organisation[0] != '\0';

	while (((unsigned char)organisation[len] & 0xc0) == 0x80)
		len++;
	return arena_dup(arena, organisation, len);
}

static const char *
mail_values_direction(const char *language)
{
	static const char *const leftwards[] = { "ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug",
		"ur", "yi" };
	size_t len = strcspn(language, "-");

	for (size_t i = 0; i < sizeof(leftwards) / sizeof(leftwards[0]); i++)
		if (strlen(leftwards[i]) == len && strncasecmp(language, leftwards[i], len) == 0)
			return "rtl";
	return "ltr";
}

/* The uid cut at its dots, which are pieces as well: each in an element of its own is one word to a
 * reader who copies it, and to no mail program a host's name. */
static void
mail_values_add_pieces(struct template_model *m, struct arena *arena, const char *uid)
{
	if (uid == NULL)
		return;
	uid = mail_words_cut(arena, uid, MAIL_WORD_MAX);
	while (*uid != '\0') {
		size_t len = *uid == '.' ? 1 : strcspn(uid, ".");

		template_model_set_text(template_model_add_item(m, "uid_pieces"), "piece",
		    mail_words(arena, arena_dup(arena, uid, len)));
		uid += len;
	}
}

static void
mail_values_add_help(
    struct template_model *m, struct arena *arena, const struct mail_sender *sender)
{
	const char *help = sender->help_contact;

	template_model_set_text(m, "help_contact", help);
	if (help != NULL && mail_address_is_safe(help, false))
		template_model_set_text(m, "help_mail", arena_printf(arena, "mailto:%s", help));
}

struct template_model *
mail_values(struct arena *arena, enum mail_kind kind, const struct mail_sender *sender,
    const struct mail_facts *facts, const char *language)
{
	struct template_model *m = template_model_new(arena);

	template_model_set_text(m, "organisation", sender->organisation);
	template_model_set_text(m, "mark", mail_values_mark(arena, sender->organisation));
	template_model_set_text(m, "language", language);
	template_model_set_text(m, "direction", mail_values_direction(language));
	mail_values_add_help(m, arena, sender);
	template_model_set_text(m, "sign_in_url", sender->sign_in_url);
	template_model_set_text(m, "name", mail_words(arena, facts->name));
	template_model_set_text(m, "given_name", mail_words(arena, facts->given_name));
	template_model_set_text(m, "inviter", mail_words(arena, facts->inviter));
	template_model_set_text(m, "position", mail_words(arena, facts->position));
	template_model_set_text(m, "org_unit", mail_words(arena, facts->org_unit));
	template_model_set_text(m, "reason", mail_words(arena, facts->reason));
	template_model_set_text(m, "uid", mail_uid_words(arena, facts->uid));
	mail_values_add_pieces(m, arena, facts->uid);
	if (mail_kind_has_link(kind))
		template_model_set_text(m, "link", facts->link);
	template_model_set_text(m, "over", facts->over ? "yes" : NULL);
	if (facts->expires_at != 0 && !facts->over)
		template_model_set_text(m, "ends", moment_text(arena, language, facts->expires_at));
	return m;
}
