/* A mail is made of whatever people call themselves, or of nothing only because of its recipient's
 * address. It has the headers that it always has, each in one line; its text is one value a line;
 * its HTML has the very tags that it has for harmless names; and no name keeps what a mail program
 * would make a link of.
 *
 * The input is a byte that chooses kind and language, and the facts, each ended by a byte 0x1e:
 * recipient, name, given name, inviter, position, org unit, reason, uid. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sodium.h>
#include <unistr.h>

#include "mail/compose_private.h"

#define ZERO_WIDTH_SPACE "\xe2\x80\x8b"

enum { FACTS = 8, HEADERS = 10 };

static const struct mail_sender sender = { .organisation = "Northwind",
	.from = "join@northwind.example",
	.reply_to = "people@northwind.example",
	.id_domain = "northwind.example",
	.sign_in_url = "https://sign-in.northwind.example/",
	.help_contact = "help@northwind.example" };
static struct mail_templates *templates;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct mail_template_errors errors;

	(void)argc;
	(void)argv;
	assert(sodium_init() >= 0);
	templates = mail_templates_load(NULL, "en", &errors);
	assert(templates != NULL);
	return 0;
}

static struct mail_facts
facts_of(uint8_t choice, const char **values)
{
	static const char *const languages[] = { "en", "de", "vi" };

	return (struct mail_facts){ .kind = mail_kind_name(choice % MAIL_KIND_COUNT),
		.language = languages[choice / MAIL_KIND_COUNT % 3],
		.invitation = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b",
		.item = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1c",
		.attempt = 1,
		.to = values[0],
		.name = values[1],
		.given_name = values[2],
		.inviter = values[3],
		.position = values[4],
		.org_unit = values[5],
		.reason = values[6],
		.uid = values[7],
		.link = "https://join.northwind.example/join/x",
		.expires_at = 1796401800000,
		.now = 1795800000000 };
}

static void
check_headers(const struct mail *m)
{
	assert(m->header_count == HEADERS);
	for (size_t i = 0; i < m->header_count; i++)
		for (const char *c = m->headers[i].value; *c != '\0'; c++)
			assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

/* The tags of an HTML text, one behind the other, without what is between them. */
static char *
tags_of(const char *html)
{
	char *tags = malloc(strlen(html) + 1), *to = tags;

	while ((html = strchr(html, '<')) != NULL) {
		size_t len = strcspn(html, ">");

		memcpy(to, html, len);
		to += len;
		html += len;
	}
	*to = '\0';
	return tags;
}

/* Names as long and as empty, and a uid with as many dots, of nothing but letters. */
static void
make_harmless(struct arena *arena, const char **harmless, const char **values)
{
	harmless[0] = values[0];
	for (size_t i = 1; i < FACTS; i++) {
		const char *shown = i == 7 ? mail_words_cut(arena, values[i], MAIL_WORD_MAX)
					   : mail_words(arena, values[i]);
		char *copy = arena_strdup(arena, shown);

		for (char *c = copy; *c != '\0'; c++)
			*c = i == 7 && *c == '.' ? '.' : 'x';
		harmless[i] = copy;
	}
}

static bool
is_part(char c)
{
	return c == '.' || c == ':' || c == '@';
}

static void
check_words(struct arena *arena, const char *value)
{
	const char *words = mail_words(arena, value);
	size_t len = strlen(words), z = strlen(ZERO_WIDTH_SPACE);

	assert(u8_check((const uint8_t *)words, len) == NULL);
	for (size_t i = 0; i < len; i++) {
		assert((unsigned char)words[i] >= 0x20 && words[i] != 0x7f);
		if (!is_part(words[i]) || i == 0 || i + 1 == len || words[i - 1] == ' ' ||
		    words[i + 1] == ' ')
			continue;
		assert(i >= z && memcmp(words + i - z, ZERO_WIDTH_SPACE, z) == 0);
		assert(memcmp(words + i + 1, ZERO_WIDTH_SPACE, z) == 0);
	}
	assert(strstr(words, "//") == NULL && strstr(words, "\\\\") == NULL);
}

static void
check_mail(const struct mail *m, const struct mail *harmless)
{
	char *tags = tags_of(m->html), *expected = tags_of(harmless->html);
	struct secret *message = mail_text(m, NULL);

	assert(message != NULL);
	secret_free(message);
	check_headers(m);
	assert(strcmp(tags, expected) == 0);
	assert(count_lines(m->text) == count_lines(harmless->text));
	free(tags);
	free(expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *values[FACTS], *harmless_values[FACTS];
	struct arena *arena;
	struct mail_facts facts;
	struct mail *m = NULL, *harmless = NULL;
	size_t count;
	struct fault f;

	if (len == 0 || len > 65536)
		return -1;
	arena = arena_new(0);
	count = fuzz_split(data + 1, len - 1, '\x1e', arena, values, FACTS);
	for (; count < FACTS; count++)
		values[count] = "";
	facts = facts_of(data[0], values);
	if (mail_compose(&m, templates, &sender, &facts, &f) != ERR_OK) {
		assert(f.code == ERR_INVALID && !mail_address_is_safe(values[0], true));
		facts.to = values[0] = "ada@home.example";
		assert(mail_compose(&m, templates, &sender, &facts, &f) == ERR_OK);
	}
	make_harmless(arena, harmless_values, values);
	facts = facts_of(data[0], harmless_values);
	assert(mail_compose(&harmless, templates, &sender, &facts, &f) == ERR_OK);
	check_mail(m, harmless);
	for (size_t i = 1; i < FACTS; i++)
		check_words(arena, values[i]);
	mail_free(m);
	mail_free(harmless);
	arena_free(arena);
	return 0;
}
