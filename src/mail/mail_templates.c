/* All templates of mails: parsed and tried out when they are loaded, so that what is wrong with one
 * is known before the first mail is due. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/compose_private.h"

struct mail_language {
	const char *tag;
	struct mail_template kinds[MAIL_KIND_COUNT];
};

struct mail_templates {
	struct arena *arena;
	const char *fallback; /* the default language */
	struct mail_language languages[MAIL_LANGUAGES_MAX];
	size_t count;
};

struct mail_templates_loader {
	struct mail_templates *t;
	struct mail_file_set set;
	struct mail_template_errors *errors;
};

/* ---- languages ---- */

static const struct mail_language *
mail_language_find(const struct mail_templates *t, const char *tag)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcasecmp(t->languages[i].tag, tag) == 0)
			return &t->languages[i];
	return NULL;
}

bool
mail_tag_shorten(char *tag)
{
	char *dash = strrchr(tag, '-');

	if (dash == NULL)
		return false;
	*dash = '\0';
	/* A single character only introduces what stood behind it. */
	if (dash - tag >= 2 && dash[-2] == '-')
		dash[-2] = '\0';
	return true;
}

/* NULL: the tag and what it is short for have no template of this kind. */
static const struct mail_language *
mail_language_of(const struct mail_templates *t, enum mail_kind kind, const char *language)
{
	char tag[64];

	if (language == NULL || strlen(language) >= sizeof(tag))
		return NULL;
	strcpy(tag, language);
	do {
		const struct mail_language *l = mail_language_find(t, tag);

		if (l != NULL && l->kinds[kind].text != NULL)
			return l;
	} while (mail_tag_shorten(tag));
	return NULL;
}

static const struct mail_language *
mail_language_choose(const struct mail_templates *t, enum mail_kind kind, const char *language)
{
	const struct mail_language *l = mail_language_of(t, kind, language);

	if (l == NULL)
		l = mail_language_of(t, kind, t->fallback);
	if (l == NULL)
		l = mail_language_of(t, kind, "en");
	return l;
}

const struct mail_template *
mail_template_for(const struct mail_templates *t, enum mail_kind kind, const char **language)
{
	const struct mail_language *l = mail_language_choose(t, kind, *language);

	*language = l->tag;
	return &l->kinds[kind];
}

size_t
mail_templates_languages(const struct mail_templates *t, const char *tags[MAIL_LANGUAGES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		if (t->languages[i].kinds[MAIL_INVITATION].text != NULL)
			tags[n++] = t->languages[i].tag;
	return n;
}

bool
mail_templates_speak(const struct mail_templates *t, const char *language)
{
	return mail_language_of(t, MAIL_INVITATION, language) != NULL;
}

/* ---- loading ---- */

static size_t
mail_file_index(const struct mail_file_set *set, const char *name, size_t len)
{
	size_t i = 0;

	while (i < set->count &&
	       (strlen(set->files[i].name) != len || memcmp(set->files[i].name, name, len) != 0))
		i++;
	return i;
}

static const char *
mail_file_shown(const struct mail_file_set *set, size_t index)
{
	return set->paths[index] != NULL ? set->paths[index] : set->files[index].name;
}

/* The parser names files as the set does. */
static void
mail_templates_report(struct mail_templates_loader *l, const struct fault *f)
{
	size_t len = strcspn(f->text, ":"), index = mail_file_index(&l->set, f->text, len);

	if (index < l->set.count)
		mail_template_errors_add(
		    l->errors, "%s%s", mail_file_shown(&l->set, index), f->text + len);
	else
		mail_template_errors_add(l->errors, "%s", f->text);
}

static bool
mail_templates_parse(struct mail_templates_loader *l, const char *tag, enum mail_kind kind,
    enum template_form form, struct template **out)
{
	const char *names[MAIL_VALUES_MAX];
	const struct template_source source = { .files = l->set.files,
		.file_count = l->set.count,
		.names = names,
		.form = form,
		.folder = tag };
	struct fault f;

	mail_value_names(kind, names);
	if (template_parse(out, &source, mail_kind_name(kind), &f) == ERR_OK)
		return true;
	mail_templates_report(l, &f);
	return false;
}

/* "Subject: WORDS" in the first line, complete in itself, and an empty line. */
static bool
mail_templates_check_subject(struct mail_templates_loader *l, size_t index, enum mail_kind kind)
{
	static const char field[] = "Subject: ";
	const struct embed_file *whole = &l->set.files[index];
	const char *shown = mail_file_shown(&l->set, index), *names[MAIL_VALUES_MAX];
	size_t len = strcspn(whole->text, "\n");
	struct embed_file line = { "subject.txt", whole->text, len };
	const struct template_source source = {
		.files = &line, .file_count = 1, .names = names, .form = TEMPLATE_TEXT
	};
	struct template *t;
	bool whole_line;

	if (strncmp(whole->text, field, strlen(field)) != 0 ||
	    strspn(whole->text + strlen(field), " \t") + strlen(field) >= len) {
		mail_template_errors_add(
		    l->errors, "%s:1: the first line must be \"Subject: ...\"", shown);
		return false;
	}
	if (strncmp(whole->text + len, "\n\n", 2) != 0) {
		mail_template_errors_add(
		    l->errors, "%s:2: the line behind the subject must be empty", shown);
		return false;
	}
	mail_value_names(kind, names);
	whole_line = template_parse(&t, &source, "subject", NULL) == ERR_OK;
	if (whole_line)
		template_free(t);
	else
		mail_template_errors_add(
		    l->errors, "%s:1: what begins in the subject must end in it", shown);
	return whole_line;
}

/* The parts as they come out of made-up facts, all that there may be or only what there always is.
 */
static bool
mail_templates_try(struct mail_templates_loader *l, const struct mail_template *template,
    const char *tag, enum mail_kind kind, bool full, const char *text_file, const char *html_file)
{
	static const char link[] = "https://host.example/join/usher_j_0000000000000000";
	static const struct mail_sender bare_sender = { .organisation = "Organisation" },
					sender = { .organisation = "Organisation",
						.sign_in_url = "https://host.example/",
						.help_contact = "help@host.example" };
	const struct mail_facts bare = { .link = link }, facts = { .link = link,
		.name = "Name",
		.given_name = "Name",
		.inviter = "Name",
		.uid = "name",
		.position = "Position",
		.org_unit = "Unit",
		.reason = "Reason",
		.expires_at = 1 };
	struct arena *arena = arena_new(0);
	const char *subject, *body, *shown = text_file, *why = NULL;
	struct buf text, html;

	if (!mail_template_render(template,
		mail_values(arena, kind, full ? &sender : &bare_sender, full ? &facts : &bare, tag),
		&text, &html)) {
		shown = buf_failed(&text) ? text_file : html_file;
		why = "a mail made of it is too long";
	} else if (!mail_template_split(&text, arena, &subject, &body))
		why = "the subject is empty for some mails";
	else if (mail_kind_has_link(kind) && strstr(body, link) == NULL)
		why = "there is no {{link}}";
	else if (mail_kind_has_link(kind) && (html.len == 0 || strstr(html.data, link) == NULL)) {
		shown = html_file;
		why = "there is no {{link}}";
	}
	if (why != NULL)
		mail_template_errors_add(l->errors, "%s:1: %s", shown, why);
	buf_release(&text);
	buf_release(&html);
	arena_free(arena);
	return why == NULL;
}

static void
mail_templates_load_kind(
    struct mail_templates_loader *l, struct mail_language *language, enum mail_kind kind)
{
	static const char *const suffixes[2] = { ".txt", ".html" };
	struct mail_template *template = &language->kinds[kind];
	const char *tag = language->tag, *shown[2] = { NULL, NULL };
	size_t index[2];
	bool sound;

	for (size_t i = 0; i < 2; i++) {
		const char *name =
		    arena_printf(l->t->arena, "%s/%s%s", tag, mail_kind_name(kind), suffixes[i]);

		index[i] = mail_file_index(&l->set, name, strlen(name));
		if (index[i] < l->set.count)
			shown[i] = mail_file_shown(&l->set, index[i]);
	}
	if (shown[0] == NULL || shown[1] == NULL) {
		size_t there = shown[0] == NULL;

		if (shown[there] != NULL)
			mail_template_errors_add(l->errors, "%s:1: it lacks its other half, %s%s",
			    shown[there], mail_kind_name(kind), suffixes[1 - there]);
		return;
	}
	sound = mail_templates_parse(l, tag, kind, TEMPLATE_TEXT, &template->text) &&
		mail_templates_check_subject(l, index[0], kind);
	if (!mail_templates_parse(l, tag, kind, TEMPLATE_HTML, &template->html) || !sound)
		return;
	if (mail_templates_try(l, template, tag, kind, false, shown[0], shown[1]))
		mail_templates_try(l, template, tag, kind, true, shown[0], shown[1]);
}

/* Every folder that the set names, once. */
static void
mail_templates_find_languages(struct mail_templates_loader *l)
{
	struct mail_templates *t = l->t;

	for (size_t i = 0; i < l->set.count; i++) {
		size_t len = strcspn(l->set.files[i].name, "/");
		const char *tag = arena_dup(t->arena, l->set.files[i].name, len);

		if (l->set.files[i].name[len] == '\0' || mail_language_find(t, tag) != NULL)
			continue;
		if (t->count == MAIL_LANGUAGES_MAX) {
			mail_template_errors_add(l->errors, "%s:1: more than %d languages",
			    mail_file_shown(&l->set, i), MAIL_LANGUAGES_MAX);
			return;
		}
		t->languages[t->count++].tag = tag;
	}
}

struct mail_templates *
mail_templates_load(
    const char *folder, const char *default_language, struct mail_template_errors *errors)
{
	struct mail_templates *t = mem_alloc(sizeof(*t));
	struct mail_templates_loader l = { .t = t, .errors = errors };

	errors->count = 0;
	t->arena = arena_new(0);
	t->fallback = arena_strdup(t->arena, default_language);
	mail_file_set_load(&l.set, folder, t->arena, errors);
	mail_templates_find_languages(&l);
	for (size_t i = 0; i < t->count; i++)
		for (enum mail_kind kind = 0; kind < MAIL_KIND_COUNT; kind++)
			mail_templates_load_kind(&l, &t->languages[i], kind);
	if (errors->count == 0)
		return t;
	mail_templates_free(t);
	return NULL;
}

void
mail_templates_free(struct mail_templates *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		for (enum mail_kind kind = 0; kind < MAIL_KIND_COUNT; kind++) {
			template_free(t->languages[i].kinds[kind].text);
			template_free(t->languages[i].kinds[kind].html);
		}
	arena_free(t->arena);
	free(t);
}
