/* What all pages say, and those without a form: fills the model of each template. */
#include "web/web_private.h"

#include <string.h>

enum { PAGE_MAX = 256 * 1024 };

/* Names that a template may use besides the words'. */
static const char *const page_names[] = { "advice", "attempt", "autocomplete", "base", "brand_url",
	"describedby", "detail", "editable", "ends", "ends_iso", "ends_words", "error", "errors",
	"field", "fields", "has_errors", "has_script", "heading", "help_contact", "help_mail",
	"hint", "icon_url", "is_later", "is_select", "label", "language", "lead", "logo_url",
	"mark", "max", "min", "name", "optional", "options", "organisation", "password_again_error",
	"password_error", "password_min", "password_rule", "plain", "reload", "retry", "script_url",
	"selected", "sign_alert", "sign_busy", "sign_clock", "sign_done", "sign_link",
	"sign_in_url", "style_url", "submit", "summary", "summary_any", "target", "title", "type",
	"uid", "value", "wait" };

const char *const *
web_page_names(struct arena *arena)
{
	const size_t own = sizeof(page_names) / sizeof(page_names[0]);
	const char **names = arena_alloc(arena, (own + WEB_WORDS + 1) * sizeof(names[0]));

	memcpy(names, page_names, sizeof(page_names));
	for (size_t i = 0; i < WEB_WORDS; i++)
		names[own + i] = web_words[i].key;
	names[own + WEB_WORDS] = NULL;
	return names;
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

/* Those that are whole as they stand; the others are filled by who knows with what. The patterns of
 * the script are handed on as they are. */
static void
web_page_set_words(const struct web_visit *v, struct template_model *m)
{
	for (enum web_word i = 0; i < WEB_WORDS; i++) {
		const char *text = web_word(v, i), *key = web_words[i].key;

		if (strchr(text, '{') == NULL || strncmp(key, "js_", 3) == 0)
			template_model_set_text(m, key, text);
	}
}

struct template_model *
web_page_model(const struct web_visit *v, const char *title)
{
	const struct web *w = v->w;
	struct arena *arena = http_arena(v->x);
	struct template_model *m = template_model_new(arena);

	web_page_set_words(v, m);
	template_model_set_text(m, "language", web_language_tags[v->language]);
	template_model_set_text(m, "title", title);
	template_model_set_text(m, "heading", title);
	template_model_set_text(m, "organisation", w->organisation);
	template_model_set_text(m, "mark", web_page_mark(w->organisation, arena));
	template_model_set_text(m, "base", w->base_path);
	template_model_set_text(m, "style_url", w->style_url);
	template_model_set_text(m, "brand_url", w->brand_url);
	template_model_set_text(m, "script_url", w->script_url);
	template_model_set_text(m, "icon_url", w->icon_url);
	template_model_set_text(m, "logo_url", w->logo_url);
	template_model_set_text(m, "sign_in_url", w->sign_in_url);
	template_model_set_text(m, "help_contact", w->help_contact);
	if (w->help_contact != NULL && strchr(w->help_contact, '@') != NULL &&
	    strpbrk(w->help_contact, " ,?&<>\"") == NULL)
		template_model_set_text(
		    m, "help_mail", arena_printf(arena, "mailto:%s", w->help_contact));
	return m;
}

void
web_page_render(
    const struct web_visit *v, enum template_id id, const struct template_model *m, struct buf *out)
{
	buf_init(out, PAGE_MAX);
	template_render(v->w->pages[id], m, out);
}

void
web_page_progress(const struct web_visit *v, struct buf *out)
{
	struct template_model *m = web_page_model(v, web_word(v, WORD_progress_title));

	template_model_set_flag(m, "has_script", true);
	template_model_set_flag(m, "reload", true);
	template_model_set_flag(m, "sign_busy", true);
	web_page_render(v, WEB_PAGE_PROGRESS, m, out);
}

void
web_page_done(const struct web_visit *v, const char *uid, struct buf *out)
{
	struct template_model *m = web_page_model(v, web_word(v, WORD_done_title));

	template_model_set_flag(m, "sign_done", true);
	template_model_set_text(m, "uid", uid);
	template_model_set_text(
	    m, "lead", web_word_with(v, WORD_done_lead, "{organisation}", v->w->organisation));
	web_page_render(v, WEB_PAGE_DONE, m, out);
}

void
web_page_notice(const struct web_visit *v, enum web_notice notice, unsigned wait_s, struct buf *out)
{
	const struct web_notice_text *text = &web_notice_texts[notice];
	struct template_model *m = web_page_model(v, web_word(v, text->title));

	template_model_set_text(m, "lead", web_word(v, text->lead));
	template_model_set_text(m, "advice", web_word(v, text->advice));
	template_model_set_flag(m, "retry", text->retry && !v->is_link);
	template_model_set_flag(m, text->sign, true);
	if (wait_s == 1)
		template_model_set_text(m, "wait", web_word(v, WORD_wait_one));
	else if (wait_s > 1)
		template_model_set_text(m, "wait",
		    web_word_with(v, WORD_wait_many, "{count}",
			arena_printf(http_arena(v->x), "%u", wait_s)));
	for (size_t i = 0; i < v->input.errors.count; i++) {
		struct template_model *item = template_model_add_item(m, "errors");

		template_model_set_text(item, "plain", v->input.errors.items[i].field);
		template_model_set_text(
		    item, "detail", web_error_text(v, &v->input.errors.items[i]));
	}
	web_page_render(v, WEB_PAGE_NOTICE, m, out);
}
