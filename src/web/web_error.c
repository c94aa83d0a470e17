/* What is wrong with a field, in the page's language: errors come with a code, and the code has
 * words. Programs get the English detail that came along. */
#include "web/web_private.h"

#include <string.h>

struct web_error_word {
	const char *field; /* NULL: of any */
	const char *code;
	enum web_word word;
};

/* The first that fits. */
static const struct web_error_word web_error_words[] = {
	{ "password", "required", WORD_error_password_required },
	{ "password", "too_short", WORD_error_password_short },
	{ "password", "too_long", WORD_error_password_long },
	{ "password", "blank", WORD_error_password_blank },
	{ "password", "personal", WORD_error_password_personal },
	{ "password", "blocked", WORD_error_password_blocked },
	{ "password", "refused", WORD_error_password_refused },
	{ "password", "nul", WORD_error_characters },
	{ "password", "not_utf8", WORD_error_characters },
	{ "password_again", "mismatch", WORD_error_password_mismatch },
	{ "body", "invalid", WORD_error_body },
	{ "mail", "required", WORD_error_contact },
	{ "phone", "invalid", WORD_error_phone },
	{ "phone", "no_country_code", WORD_error_country_code },
	{ "language", "invalid", WORD_error_language },
	{ "given_name", "invalid", WORD_error_name },
	{ "family_name", "invalid", WORD_error_name },
	{ "display_name", "invalid", WORD_error_name },
	{ "position", "invalid", WORD_error_name },
	{ NULL, "required", WORD_error_required },
	{ NULL, "too_long", WORD_error_too_long },
	{ NULL, "control_character", WORD_error_characters },
	{ NULL, "not_a_date", WORD_error_date },
	{ NULL, "too_early", WORD_error_too_early },
	{ NULL, "in_future", WORD_error_in_future },
	{ NULL, "unknown_value", WORD_error_unknown_value },
	{ NULL, "not_allowed", WORD_error_not_allowed },
	{ NULL, "unknown", WORD_error_unknown },
};

enum web_word
web_error_word_of(const struct field_error *error)
{
	for (size_t i = 0; i < sizeof(web_error_words) / sizeof(web_error_words[0]); i++) {
		const struct web_error_word *w = &web_error_words[i];

		if (strcmp(w->code, error->code) == 0 &&
		    (w->field == NULL || strcmp(w->field, error->field) == 0))
			return w->word;
	}
	return WORD_error_invalid;
}

const char *
web_error_text(const struct web_visit *v, const struct field_error *error)
{
	enum web_word word = web_error_word_of(error);

	return word == WORD_error_password_short ? web_word_with_min(v, word) : web_word(v, word);
}
