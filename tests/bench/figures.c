#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "figures.h"

enum { METRIC_MAX = 256 };

void
figures_add(struct figures *s, double sample)
{
	if (s->count == s->room) {
		s->room = s->room == 0 ? 256 : s->room * 2;
		s->samples = mem_resize(s->samples, s->room, sizeof(*s->samples));
	}
	s->samples[s->count++] = sample;
}

void
figures_free(struct figures *s)
{
	free(s->samples);
	*s = (struct figures){ .samples = NULL };
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
figures_at(struct figures *s, double share)
{
	size_t at = (size_t)((double)s->count * share);

	if (s->count == 0)
		return 0;
	qsort(s->samples, s->count, sizeof(*s->samples), by_size);
	return s->samples[at < s->count ? at : s->count - 1];
}

void
figures_report(
    const char *bench, const char *metric, double value, const char *unit, double baseline)
{
	printf("{\"bench\": \"%s\", \"metric\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", ", bench,
	    metric, value, unit);
	if (baseline > 0)
		printf("\"baseline\": %.4f, \"ratio\": %.3f}\n", baseline, value / baseline);
	else
		printf("\"baseline\": null, \"ratio\": null}\n");
	fflush(stdout);
}

static void
report_share(const char *bench, const char *metric, const char *share, double value,
    const char *unit, double baseline)
{
	char text[METRIC_MAX];

	snprintf(text, sizeof(text), "%s, %s", metric, share);
	figures_report(bench, text, value, unit, baseline);
}

void
figures_compare(const char *bench, const char *metric, const char *unit, struct figures *ours,
    struct figures *bare)
{
	report_share(bench, metric, "p50", figures_at(ours, 0.5), unit, figures_at(bare, 0.5));
	report_share(bench, metric, "p99", figures_at(ours, 0.99), unit, figures_at(bare, 0.99));
}

void
figures_bound(
    const char *bench, const char *metric, const char *unit, struct figures *ours, double bound)
{
	report_share(bench, metric, "p50", figures_at(ours, 0.5), unit, 0);
	report_share(bench, metric, "p99", figures_at(ours, 0.99), unit, bound);
}

double
figures_memory(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	double kib = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "RssAnon: %lf kB", &kib) == 1)
			break;
	}
	if (f != NULL)
		fclose(f);
	return kib * 1024;
}
