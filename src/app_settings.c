/* What clients are told of the configuration. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <strings.h>

#include "app_private.h"

static bool
app_has_language(const char *const *tags, size_t count, const char *tag)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(tags[i], tag) == 0)
			return true;
	return false;
}

/* Those of the pages, then those that only mails are written in. */
static const char *const *
app_languages(const struct app *a, size_t *count)
{
	const char *mails[MAIL_LANGUAGES_MAX];
	const char *const *pages = web_languages(count);
	const size_t mail_count =
	    a->templates != NULL ? mail_templates_languages(a->templates, mails) : 0;
	const char **tags = arena_alloc(a->conf->arena, (*count + mail_count) * sizeof(*tags));

	memcpy(tags, pages, *count * sizeof(*tags));
	for (size_t i = 0; i < mail_count; i++)
		if (!app_has_language(tags, *count, mails[i]))
			tags[(*count)++] = mails[i];
	return tags;
}

struct api_settings
app_settings(struct app *a)
{
	struct api_settings s = { .organisation = a->conf->organisation,
		.default_language = a->conf->mail_language };

	s.languages = app_languages(a, &s.language_count);
	return s;
}
