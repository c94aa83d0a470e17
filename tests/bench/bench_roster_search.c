/* Searches with exact total and the first 50 by name, in turns with the bare scan. */
#include <stdio.h>
#include <string.h>

#include "bench_roster.h"
#include "roster/roster_private.h"
#include "seconds.h"

enum { ROUNDS = 200 };

/* What somebody types; the bare scan looks for the folded words, the longest first. */
static const struct term {
	const char *what, *typed, *words[BARE_WORDS_MAX];
} terms[] = {
	{ "2 letters, common", "an", { "an" } },
	{ "2 letters, rare", "mq", { "mq" } },
	{ "3 letters, common", "ann", { "ann" } },
	{ "3 letters, rare", "oeu", { "oeu" } },
	{ "5 letters, common", "archi", { "archi" } },
	{ "5 letters, rare", "ygard", { "ygard" } },
	{ "10 letters, common", "technician", { "technician" } },
	{ "10 letters, rare", "kirchbauer", { "kirchbauer" } },
	{ "a miss", "xylophonist", { "xylophonist" } },
	{ "3 digits", "497", { "497" } },
	{ "a phone number as it is printed", "+44 (0) 7700 900123", { "447700900123" } },
	{ "two words", "anna berg", { "anna", "berg" } },
	{ "accents", "Müller", { "muller" } },
	{ "accents and a stroke", "Łukasz", { "lukasz" } },
	{ "another script", "Мельнов", { "мельнов" } },
};

static size_t
count_words(const struct term *t)
{
	size_t n = 0;

	while (n < BARE_WORDS_MAX && t->words[n] != NULL)
		n++;
	return n;
}

static double
bare_ms(const struct bench *b, const struct term *t, struct bare_page *page)
{
	double began = seconds_now();

	bare_scan_search(&b->bare, t->words, count_words(t), page);
	return (seconds_now() - began) * 1000;
}

static void
search(struct bench *b, const struct term *t)
{
	struct roster_query q = { .q = t->typed, .sort = ROSTER_BY_NAME, .limit = BARE_TOP };
	struct figures ours = { 0 }, bare = { 0 };
	struct bare_page page;
	char metric[128];

	for (int i = 0; i < ROUNDS; i++) {
		figures_add(&bare, bare_ms(b, t, &page));
		bench_ask(b, &q);
		figures_add(&ours, b->ms);
	}
	snprintf(metric, sizeof(metric), "search: %s (%zu rows)", t->what, page.total);
	if (b->total != page.total) {
		fprintf(stderr, "bench_roster: %s: %llu rows found, the bare scan found %zu\n",
		    metric, (unsigned long long)b->total, page.total);
		bench_die("the search is wrong");
	}
	figures_compare("roster", metric, "ms", &ours, &bare);
	figures_free(&ours);
	figures_free(&bare);
}

void
bench_searches(struct bench *b)
{
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		search(b, &terms[i]);
}
