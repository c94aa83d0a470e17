/* Samples, their percentiles, and one line of JSON for each result. */
#ifndef USHERD_TESTS_BENCH_FIGURES_H
#define USHERD_TESTS_BENCH_FIGURES_H

#include <stddef.h>

struct figures {
	double *samples;
	size_t count, room;
};
void figures_add(struct figures *s, double sample);
void figures_free(struct figures *s);
/* The sample that this share (0 to 1) of all does not exceed; sorts. */
double figures_at(struct figures *s, double share);

/* {"bench","metric","value","unit","baseline","ratio"}; a baseline of 0 is none. */
void figures_report(
    const char *bench, const char *metric, double value, const char *unit, double baseline);
/* p50 and p99 of both, two lines: "METRIC, p50" and "METRIC, p99". */
void figures_compare(const char *bench, const char *metric, const char *unit, struct figures *ours,
    struct figures *bare);
/* The same against a bound that the p99 must keep below. */
void figures_bound(
    const char *bench, const char *metric, const char *unit, struct figures *ours, double bound);

/* Bytes of memory that this process alone holds (RssAnon). */
double figures_memory(void);

#endif
