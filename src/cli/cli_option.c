/* Options by table. getopt_long() would take abbreviations, and a script that relies on one breaks
 * with the next option; it also wants a second table. */
#include <string.h>

#include "cli/cli.h"

static size_t
cli_index_of(const struct cli_option *table, const char *name, size_t len)
{
	size_t i = 0;

	while (table[i].name != NULL &&
	       (strlen(table[i].name) != len || strncmp(table[i].name, name, len) != 0))
		i++;
	return i;
}

static size_t
cli_index_of_letter(const struct cli_option *table, char letter)
{
	size_t i = 0;

	while (table[i].name != NULL && table[i].letter != letter)
		i++;
	return i;
}

/* The option that a word names; `*value` is what stands behind "=" or the letter, or NULL. */
static size_t
cli_index_of_word(const struct cli_option *table, const char *word, const char **value)
{
	size_t len;

	*value = NULL;
	if (word[1] != '-') {
		if (word[2] != '\0')
			*value = word + 2;
		return cli_index_of_letter(table, word[1]);
	}
	len = strcspn(word + 2, "=");
	if (word[2 + len] == '=')
		*value = word + 3 + len;
	return cli_index_of(table, word + 2, len);
}

/* One option at argv[*at]. */
static bool
cli_take_option(struct cli_values *out, size_t i, const char *inline_value, int argc, char **argv,
    int *at, FILE *err)
{
	const struct cli_option *o = &out->options[i];
	const char *value = inline_value;

	++*at;
	if (o->value == NULL) {
		if (inline_value != NULL) {
			fprintf(err, "usherctl: --%s takes no value\n", o->name);
			return false;
		}
		value = "";
	} else if (value == NULL) {
		if (*at >= argc) {
			fprintf(err, "usherctl: --%s needs a value\n", o->name);
			return false;
		}
		value = argv[(*at)++];
	}
	if (out->counts[i] > 0 && (!o->repeat || out->counts[i] == CLI_REPEAT_MAX)) {
		fprintf(err, "usherctl: --%s is given too often\n", o->name);
		return false;
	}
	out->items[i][out->counts[i]++] = value;
	return true;
}

bool
cli_read_options(
    int argc, char **argv, int *at, struct cli_values *own, struct cli_values *other, FILE *err)
{
	while (*at < argc && argv[*at][0] == '-' && argv[*at][1] != '\0') {
		const char *word = argv[*at], *value;
		struct cli_values *out = own;
		size_t i;

		if (strcmp(word, "--") == 0) {
			++*at;
			return true;
		}
		i = cli_index_of_word(out->options, word, &value);
		if (out->options[i].name == NULL && other != NULL) {
			out = other;
			i = cli_index_of_word(out->options, word, &value);
		}
		if (out->options[i].name == NULL) {
			fprintf(err, "usherctl: no such option: %s\n", word);
			return false;
		}
		if (!cli_take_option(out, i, value, argc, argv, at, err))
			return false;
	}
	return true;
}

const char *const *
cli_values_of(const struct cli_values *v, const char *name, size_t *count)
{
	size_t i = cli_index_of(v->options, name, strlen(name));

	*count = v->counts[i];
	return v->items[i];
}

const char *
cli_value(const struct cli_values *v, const char *name)
{
	size_t count;
	const char *const *items;

	items = cli_values_of(v, name, &count);
	return count > 0 ? items[count - 1] : NULL;
}
