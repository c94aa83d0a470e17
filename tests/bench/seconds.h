/* The benchmarks' clocks: seconds since some moment in the past, and those of processors. */
#ifndef USHERD_TESTS_BENCH_SECONDS_H
#define USHERD_TESTS_BENCH_SECONDS_H

#include <time.h>
#include <sys/resource.h>

static inline double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double
processor_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

#endif
