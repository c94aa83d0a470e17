/* The catalogue: which language, and its words. */
#include "web/web_private.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define WORD(key, english, german, vietnamese)                                                     \
	[WORD_##key] = { #key, { [WEB_ENGLISH] = (english),                                        \
				   [WEB_GERMAN] = (german),                                        \
				   [WEB_VIETNAMESE] = (vietnamese) } },
const struct web_word_text web_words[WEB_WORDS] = {
#include "web/web_words.def"
};
#undef WORD

const char *const web_language_tags[WEB_LANGUAGES] = {
	[WEB_ENGLISH] = "en",
	[WEB_GERMAN] = "de",
	[WEB_VIETNAMESE] = "vi",
};

const char *const *
web_languages(size_t *count)
{
	*count = WEB_LANGUAGES;
	return web_language_tags;
}

enum web_language
web_language_of(const char *tag)
{
	size_t i = 0;

	while (i < WEB_LANGUAGES) {
		const size_t len = strlen(web_language_tags[i]);

		if (tag != NULL && strncasecmp(tag, web_language_tags[i], len) == 0 &&
		    (tag[len] == '\0' || tag[len] == '-'))
			break;
		i++;
	}
	return (enum web_language)i;
}

const char *
web_word_in(enum web_language language, enum web_word word)
{
	assert(language < WEB_LANGUAGES && word < WEB_WORDS);
	return web_words[word].text[language];
}

const char *
web_word(const struct web_visit *v, enum web_word word)
{
	return web_word_in(v->language, word);
}

/* A value of another script must not turn the sentence around it (Unicode TR 9: FSI ... PDI). */
static const char *
web_words_isolate(struct arena *arena, const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			return arena_printf(arena, "\u2068%s\u2069", value);
	return value;
}

const char *
web_words_fill(struct arena *arena, const char *sentence, const char *name, const char *value)
{
	const char *at = strstr(sentence, name);

	assert(at != NULL);
	return arena_printf(arena, "%.*s%s%s", (int)(at - sentence), sentence,
	    web_words_isolate(arena, value), at + strlen(name));
}

const char *
web_word_with(const struct web_visit *v, enum web_word word, const char *name, const char *value)
{
	return web_words_fill(http_arena(v->x), web_word(v, word), name, value);
}

const char *
web_word_with_min(const struct web_visit *v, enum web_word word)
{
	return web_word_with(
	    v, word, "{min}", arena_printf(http_arena(v->x), "%zu", flow_password_min(v->w->flow)));
}
