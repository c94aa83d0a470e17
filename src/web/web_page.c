/* From what is known to what a page says: fills the model of each template. */
#include "web/web_private.h"

#include <string.h>

enum { PAGE_MAX = 256 * 1024 };

const char *const web_page_names[] = { "advice", "again_error", "attempt", "autocomplete", "base",
	"describedby", "detail", "editable", "ends", "ends_iso", "error", "error_count", "errors",
	"field", "fields", "given_name", "has_errors", "help", "help_contact", "help_mail", "hint",
	"icon_url", "is_done", "is_select", "label", "lead", "max", "min", "mark", "name", "notice",
	"optional", "options", "organisation", "password_again_error", "password_error",
	"password_min", "password_only", "plain", "reload", "retry", "selected", "sign_in_url",
	"style_url", "summary", "target", "title", "type", "uid", "value", "wait", NULL };

static struct arena *
web_page_arena(const struct web_visit *v)
{
	return http_arena(v->x);
}

/* The organisation's first character stands for a logo. */
static const char *
web_page_mark(const char *organisation, struct arena *arena)
{
	size_t len = organisation[0] != '\0';

	while (((unsigned char)organisation[len] & 0xc0) == 0x80)
		len++;
	return arena_dup(arena, organisation, len);
}

static struct template_model *
web_page_model(const struct web_visit *v, const char *title)
{
	const struct web *w = v->w;
	struct arena *arena = web_page_arena(v);
	struct template_model *m = template_model_new(arena);

	template_model_set_text(m, "title", title);
	template_model_set_text(m, "organisation", w->organisation);
	template_model_set_text(m, "mark", web_page_mark(w->organisation, arena));
	template_model_set_text(m, "base", w->base_path);
	template_model_set_text(m, "style_url", w->style_url);
	template_model_set_text(m, "icon_url", w->icon_url);
	template_model_set_text(m, "sign_in_url", w->sign_in_url);
	template_model_set_text(m, "help_contact", w->help_contact);
	if (w->help_contact != NULL && strchr(w->help_contact, '@') != NULL &&
	    strpbrk(w->help_contact, " ,?&<>\"") == NULL)
		template_model_set_text(
		    m, "help_mail", arena_printf(arena, "mailto:%s", w->help_contact));
	return m;
}

static void
web_page_render(
    const struct web_visit *v, enum template_id id, const struct template_model *m, struct buf *out)
{
	buf_init(out, PAGE_MAX);
	template_render(v->w->pages[id], m, out);
}

static const char *
web_page_error_of(const struct web_visit *v, const char *field)
{
	for (size_t i = 0; i < v->input.errors.count; i++)
		if (strcmp(v->input.errors.items[i].field, field) == 0)
			return v->input.errors.items[i].detail;
	return NULL;
}

static bool
web_page_is_editable(const struct accept_view *view, enum person_field field)
{
	return !view->needs_password_only && web_field_is_settable(field) &&
	       view->inv->modes[field] != FIELD_FIXED;
}

/* One line of the profile that is only shown. */
static void
web_page_add_row(struct template_model *m, enum person_field field, const char *label,
    const char *value, struct arena *arena)
{
	struct template_model *row;
	struct date day;

	if (value == NULL || value[0] == '\0')
		return;
	if (field == PERSON_BIRTHDAY && date_parse(value, &day))
		value = web_text_date(day, arena);
	else if (field == PERSON_GENDER)
		value = web_text_gender(value);
	else if (field == PERSON_ORG_UNIT)
		value = web_text_of_dn(value, arena);
	row = template_model_add_item(m, "summary");
	template_model_set_text(row, "label", label);
	template_model_set_text(row, "value", value);
}

static void
web_page_add_summary(
    const struct web_visit *v, const struct accept_view *view, struct template_model *m)
{
	const struct person *p = &view->inv->person;
	struct arena *arena = web_page_arena(v);
	bool one_name = p->value[PERSON_DISPLAY_NAME] != NULL &&
			!web_page_is_editable(view, PERSON_DISPLAY_NAME);

	if (one_name)
		web_page_add_row(
		    m, PERSON_DISPLAY_NAME, "Name", p->value[PERSON_DISPLAY_NAME], arena);
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++) {
		bool is_name = i == PERSON_GIVEN_NAME || i == PERSON_FAMILY_NAME;

		if (i == PERSON_UID || i == PERSON_DISPLAY_NAME || (is_name && one_name) ||
		    web_page_is_editable(view, i))
			continue;
		/* Not having stated a gender is not worth a line. */
		if (i == PERSON_GENDER && p->value[i] != NULL &&
		    strcmp(p->value[i], "unspecified") == 0)
			continue;
		web_page_add_row(m, i, web_field_texts[i].label, p->value[i], arena);
	}
}

static void
web_page_add_options(struct template_model *item, const char *value)
{
	for (size_t i = 0; web_genders[i] != NULL; i++) {
		struct template_model *option = template_model_add_item(item, "options");

		template_model_set_text(option, "value", web_genders[i]);
		template_model_set_text(option, "label", web_text_gender(web_genders[i]));
		template_model_set_flag(
		    option, "selected", value != NULL && strcmp(value, web_genders[i]) == 0);
	}
}

/* What was typed comes before what the invitation suggests. */
static void
web_page_add_field(const struct web_visit *v, const struct accept_view *view,
    enum person_field field, struct template_model *m)
{
	const struct web_field_text *text = &web_field_texts[field];
	const char *name = person_field_name(field), *error = web_page_error_of(v, name);
	const char *value = v->input.value[field];
	struct template_model *item = template_model_add_item(m, "fields");
	struct arena *arena = web_page_arena(v);

	if (value == NULL)
		value = view->inv->person.value[field];
	template_model_set_text(item, "field", name);
	template_model_set_text(item, "label", text->label);
	template_model_set_text(item, "hint", text->hint);
	template_model_set_text(item, "error", error);
	template_model_set_text(item, "value", value);
	template_model_set_text(item, "type", text->type);
	template_model_set_text(item, "autocomplete", text->autocomplete);
	template_model_set_flag(item, "optional", text->optional);
	if (text->hint != NULL || error != NULL)
		template_model_set_text(item, "describedby",
		    arena_printf(arena, "%s%s%s%s%s", text->hint ? "hint-" : "",
			text->hint ? name : "", text->hint && error ? " " : "",
			error ? "error-" : "", error ? name : ""));
	if (field == PERSON_BIRTHDAY) {
		struct date today = date_of(clock_wall_ms(v->w->clock));

		template_model_set_text(item, "min", "1900-01-01");
		template_model_set_text(item, "max",
		    arena_printf(arena, "%04d-%02d-%02d", today.year, today.month, today.day));
	}
	template_model_set_flag(item, "is_select", strcmp(text->type, "select") == 0);
	if (strcmp(text->type, "select") == 0)
		web_page_add_options(item, value);
}

/* The list above the form: each error leads to its field, when the form has it. */
static void
web_page_add_errors(
    const struct web_visit *v, const struct accept_view *view, struct template_model *m)
{
	const struct field_errors *errors = &v->input.errors;

	template_model_set_flag(m, "has_errors", errors->count > 0);
	for (size_t i = 0; i < errors->count; i++) {
		const char *name = errors->items[i].field;
		enum person_field field = person_field_by_name(name);
		struct template_model *item = template_model_add_item(m, "errors");
		bool has_field = field < PERSON_FIELD_COUNT && web_page_is_editable(view, field);

		if (has_field || strcmp(name, "password") == 0 ||
		    strcmp(name, "password_again") == 0)
			template_model_set_text(item, "target", name);
		else
			template_model_set_text(item, "plain", name);
		template_model_set_text(item, "detail", errors->items[i].detail);
	}
	template_model_set_text(m, "password_error", web_page_error_of(v, "password"));
	template_model_set_text(m, "password_again_error", web_page_error_of(v, "password_again"));
}

void
web_page_open(const struct web_visit *v, const struct accept_view *view, struct buf *out)
{
	const struct invitation *inv = view->inv;
	struct arena *arena = web_page_arena(v);
	bool is_again = v->input.errors.count > 0;
	struct template_model *m =
	    web_page_model(v, is_again ? "Error: please check the form" : "Create your account");
	char iso[CLOCK_TEXT_SIZE];

	template_model_set_text(m, "given_name", inv->person.value[PERSON_GIVEN_NAME]);
	template_model_set_text(m, "uid", inv->person.value[PERSON_UID]);
	template_model_set_text(m, "attempt", v->attempt);
	template_model_set_text(m, "notice", v->notice);
	template_model_set_flag(m, "password_only", view->needs_password_only);
	template_model_set_text(
	    m, "password_min", arena_printf(arena, "%zu", flow_password_min(v->w->flow)));
	if (!view->needs_password_only) {
		template_model_set_text(m, "ends", web_text_moment(inv->expires_at, arena));
		template_model_set_text(
		    m, "ends_iso", arena_strdup(arena, clock_format(inv->expires_at, iso)));
	}
	web_page_add_summary(v, view, m);
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		if (web_page_is_editable(view, i)) {
			template_model_set_flag(m, "editable", true);
			web_page_add_field(v, view, i, m);
		}
	web_page_add_errors(v, view, m);
	web_page_render(v, WEB_PAGE_OPEN, m, out);
}

void
web_page_progress(const struct web_visit *v, struct buf *out)
{
	struct template_model *m = web_page_model(v, "Your account is being created");

	template_model_set_flag(m, "reload", true);
	web_page_render(v, WEB_PAGE_PROGRESS, m, out);
}

void
web_page_done(const struct web_visit *v, const char *uid, struct buf *out)
{
	struct template_model *m = web_page_model(v, "Your account is ready");

	template_model_set_text(m, "uid", uid);
	web_page_render(v, WEB_PAGE_DONE, m, out);
}

void
web_page_notice(const struct web_visit *v, enum web_notice notice, unsigned wait_s, struct buf *out)
{
	const struct web_notice_text *text = &web_notice_texts[notice];
	struct template_model *m = web_page_model(v, text->title);

	template_model_set_text(m, "lead", text->lead);
	template_model_set_text(m, "advice", text->advice);
	template_model_set_flag(m, "retry", text->retry && !v->is_link);
	template_model_set_flag(m, "help", text->help);
	template_model_set_flag(m, "is_done", notice == WEB_USED);
	if (wait_s > 0)
		template_model_set_text(m, "wait",
		    arena_printf(web_page_arena(v), "%u second%s", wait_s, wait_s == 1 ? "" : "s"));
	for (size_t i = 0; i < v->input.errors.count; i++) {
		struct template_model *item = template_model_add_item(m, "errors");

		template_model_set_text(item, "plain", v->input.errors.items[i].field);
		template_model_set_text(item, "detail", v->input.errors.items[i].detail);
	}
	web_page_render(v, WEB_PAGE_NOTICE, m, out);
}
