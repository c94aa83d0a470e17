/* The form: what the invitation says, what was typed, and what is wrong with it. */
#include "web/web_private.h"

#include <string.h>

#include "base/moment.h"

static const char *
web_form_error_of(const struct web_visit *v, const char *field)
{
	for (size_t i = 0; i < v->input.errors.count; i++)
		if (strcmp(v->input.errors.items[i].field, field) == 0)
			return web_error_text(v, &v->input.errors.items[i]);
	return NULL;
}

static bool
web_form_is_editable(const struct accept_view *view, enum person_field field)
{
	return !view->needs_password_only && web_field_is_settable(field) &&
	       view->inv->modes[field] != FIELD_FIXED;
}

/* A value of the profile as a person reads it. */
static const char *
web_form_shown(const struct web_visit *v, enum person_field field, const char *value)
{
	struct arena *arena = http_arena(v->x);
	enum web_word word = WEB_WORDS;
	struct date day;

	if (field == PERSON_BIRTHDAY && date_parse(value, &day))
		return moment_date(arena, web_language_tags[v->language], day);
	if (field == PERSON_ORG_UNIT)
		return web_text_of_dn(value, arena);
	if (field == PERSON_GENDER)
		word = web_text_gender(value);
	else if (field == PERSON_LANGUAGE)
		word = web_text_language(value);
	return word != WEB_WORDS ? web_word(v, word) : value;
}

/* One line of the profile that is only shown. */
static void
web_form_add_row(const struct web_visit *v, struct template_model *m, enum person_field field,
    enum web_word label, const char *value)
{
	struct template_model *row;

	if (value == NULL || value[0] == '\0')
		return;
	template_model_set_flag(m, "summary_any", true);
	row = template_model_add_item(m, "summary");
	template_model_set_text(row, "label", web_word(v, label));
	template_model_set_text(row, "value", web_form_shown(v, field, value));
}

static void
web_form_add_summary(
    const struct web_visit *v, const struct accept_view *view, struct template_model *m)
{
	const struct person *p = &view->inv->person;
	const char *name = p->value[PERSON_DISPLAY_NAME], *gender = p->value[PERSON_GENDER];
	bool one_name = name != NULL && !web_form_is_editable(view, PERSON_DISPLAY_NAME);

	if (one_name)
		web_form_add_row(v, m, PERSON_DISPLAY_NAME, WORD_name_label, name);
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++) {
		bool is_name = i == PERSON_GIVEN_NAME || i == PERSON_FAMILY_NAME;

		if (i == PERSON_UID || i == PERSON_DISPLAY_NAME || (is_name && one_name) ||
		    web_form_is_editable(view, i))
			continue;
		/* Not having stated a gender is not worth a line. */
		if (i == PERSON_GENDER && gender != NULL && strcmp(gender, "unspecified") == 0)
			continue;
		web_form_add_row(v, m, i, web_field_texts[i].label, p->value[i]);
	}
}

static void
web_form_add_options(const struct web_visit *v, struct template_model *item, const char *value)
{
	for (size_t i = 0; web_genders[i] != NULL; i++) {
		struct template_model *option = template_model_add_item(item, "options");

		template_model_set_text(option, "value", web_genders[i]);
		template_model_set_text(
		    option, "label", web_word(v, web_text_gender(web_genders[i])));
		template_model_set_flag(
		    option, "selected", value != NULL && strcmp(value, web_genders[i]) == 0);
	}
}

/* The ids of what is said about a field, for aria-describedby. */
static const char *
web_form_described_by(struct arena *arena, const char *name, bool hint, bool error)
{
	if (hint && error)
		return arena_printf(arena, "hint-%s error-%s", name, name);
	if (hint || error)
		return arena_printf(arena, "%s-%s", hint ? "hint" : "error", name);
	return NULL;
}

/* What was typed comes before what the invitation suggests. */
static void
web_form_add_field(const struct web_visit *v, const struct accept_view *view,
    enum person_field field, struct template_model *m)
{
	const struct web_field_text *text = &web_field_texts[field];
	const char *name = person_field_name(field), *error = web_form_error_of(v, name);
	const char *hint = text->hint != WEB_WORDS ? web_word(v, text->hint) : NULL;
	const char *value = v->input.value[field];
	struct template_model *item = template_model_add_item(m, "fields");
	struct arena *arena = http_arena(v->x);

	if (value == NULL)
		value = view->inv->person.value[field];
	template_model_set_text(item, "field", name);
	template_model_set_text(item, "label", web_word(v, text->label));
	template_model_set_text(item, "hint", hint);
	template_model_set_text(item, "error", error);
	template_model_set_text(item, "value", value);
	template_model_set_text(item, "type", text->type);
	template_model_set_text(item, "autocomplete", text->autocomplete);
	template_model_set_flag(item, "optional", text->optional);
	template_model_set_text(
	    item, "describedby", web_form_described_by(arena, name, hint != NULL, error != NULL));
	if (field == PERSON_BIRTHDAY) {
		struct date today = date_of(clock_wall_ms(v->w->clock));

		template_model_set_text(item, "min", "1900-01-01");
		template_model_set_text(item, "max",
		    arena_printf(arena, "%04d-%02d-%02d", today.year, today.month, today.day));
	}
	template_model_set_flag(item, "is_select", strcmp(text->type, "select") == 0);
	if (strcmp(text->type, "select") == 0)
		web_form_add_options(v, item, value);
}

/* The list above the form: each error leads to its field, when the form has it. */
static void
web_form_add_errors(
    const struct web_visit *v, const struct accept_view *view, struct template_model *m)
{
	const struct field_errors *errors = &v->input.errors;

	template_model_set_flag(m, "has_errors", errors->count > 0);
	for (size_t i = 0; i < errors->count; i++) {
		const char *name = errors->items[i].field;
		enum person_field field = person_field_by_name(name);
		struct template_model *item = template_model_add_item(m, "errors");
		bool has_field = field < PERSON_FIELD_COUNT && web_form_is_editable(view, field);

		template_model_set_text(item, "label",
		    field < PERSON_FIELD_COUNT ? web_word(v, web_field_texts[field].label) : NULL);
		if (has_field || strcmp(name, "password") == 0 ||
		    strcmp(name, "password_again") == 0)
			template_model_set_text(item, "target", name);
		else
			template_model_set_text(item, "plain", name);
		template_model_set_text(item, "detail", web_error_text(v, &errors->items[i]));
	}
	template_model_set_text(m, "password_error", web_form_error_of(v, "password"));
	template_model_set_text(m, "password_again_error", web_form_error_of(v, "password_again"));
}

static void
web_form_add_heading(
    const struct web_visit *v, const struct accept_view *view, struct template_model *m)
{
	const char *name = view->inv->person.value[PERSON_GIVEN_NAME];

	template_model_set_text(m, "heading",
	    name != NULL && name[0] != '\0' ? web_word_with(v, WORD_welcome_name, "{name}", name)
					    : web_word(v, WORD_welcome));
	template_model_set_text(m, "lead",
	    web_word_with(v, view->needs_password_only ? WORD_open_lead_password : WORD_open_lead,
		"{organisation}", v->w->organisation));
	template_model_set_text(m, "submit",
	    web_word(v, view->needs_password_only ? WORD_submit_password : WORD_submit_create));
}

static void
web_form_add_end(const struct web_visit *v, int64_t expires_at, struct template_model *m)
{
	struct arena *arena = http_arena(v->x);
	const char *moment = moment_text(arena, web_language_tags[v->language], expires_at);
	char iso[CLOCK_TEXT_SIZE];

	template_model_set_text(m, "ends", web_word_with(v, WORD_ends, "{moment}", moment));
	template_model_set_text(m, "ends_words", web_word(v, WORD_ends));
	template_model_set_text(m, "ends_iso", arena_strdup(arena, clock_format(expires_at, iso)));
}

void
web_page_open(const struct web_visit *v, const struct accept_view *view, struct buf *out)
{
	struct template_model *m = web_page_model(
	    v, web_word(v, v->input.errors.count > 0 ? WORD_open_title_errors : WORD_open_title));

	template_model_set_flag(m, "has_script", true);
	template_model_set_text(m, "uid", view->inv->person.value[PERSON_UID]);
	template_model_set_text(m, "attempt", v->attempt);
	template_model_set_flag(m, "is_later", v->is_later);
	template_model_set_text(m, "password_rule", web_word_with_min(v, WORD_rules_lead));
	template_model_set_text(m, "password_min",
	    arena_printf(http_arena(v->x), "%zu", flow_password_min(v->w->flow)));
	web_form_add_heading(v, view, m);
	if (!view->needs_password_only)
		web_form_add_end(v, view->inv->expires_at, m);
	web_form_add_summary(v, view, m);
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		if (web_form_is_editable(view, i)) {
			template_model_set_flag(m, "editable", true);
			web_form_add_field(v, view, i, m);
		}
	web_form_add_errors(v, view, m);
	web_page_render(v, WEB_PAGE_OPEN, m, out);
}
