/* usherd: arguments, the process's own safety, exit status. */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sodium.h>

#include "app.h"
#include "base/buf.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "conf/conf.h"
#include "config.h"

enum {
	EXIT_USAGE = 2,
	MEMORY_LARGE = 1 << 20 /* bytes of a block that comes from the system and goes back */
};

#define CONF_STANDARD "/etc/usherd/usherd.conf"

static const char usage_text[] = "usage: usherd [-c FILE]\n"
				 "       usherd check-config [-c FILE] [--online] [--dump]\n"
				 "       usherd --routes | --version\n"
#ifdef USHERD_FAILPOINTS
				 "       usherd --failpoints\n"
#endif
    ;

struct arguments {
	const char *conf_path;
	bool check, online, dump;
};

#ifdef USHERD_FAILPOINTS
static void
print_failpoints(void)
{
	struct buf b;

	buf_init(&b, 64 * 1024);
	failpoint_list(&b);
	fwrite(b.data, 1, b.len, stdout);
	buf_release(&b);
}
#endif

/* -1: go on; otherwise the exit status. */
static int
read_arguments(int argc, char **argv, struct arguments *out)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'c' },
		{ "online", no_argument, NULL, 'o' }, { "dump", no_argument, NULL, 'd' },
		{ "routes", no_argument, NULL, 'r' }, { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
#ifdef USHERD_FAILPOINTS
		{ "failpoints", no_argument, NULL, 'f' },
#endif
		{ NULL, 0, NULL, 0 } };
	int c;

	*out = (struct arguments){ .conf_path = CONF_STANDARD };
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			out->conf_path = optarg;
			break;
		case 'o':
			out->online = true;
			break;
		case 'd':
			out->dump = true;
			break;
		case 'r':
			app_print_routes();
			return EXIT_SUCCESS;
		case 'V':
			puts("usherd " PACKAGE_VERSION FAILPOINT_MARK);
			return EXIT_SUCCESS;
#ifdef USHERD_FAILPOINTS
		case 'f':
			print_failpoints();
			return EXIT_SUCCESS;
#endif
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	out->check = optind < argc && strcmp(argv[optind], "check-config") == 0;
	if (optind + out->check != argc || ((out->online || out->dump) && !out->check)) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* No core file and no ptrace by others may show a password; files are made for the owner alone; a
 * closed connection and a full disk are errors, not deaths. */
static void
secure_process(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef USHERD_SANITIZED /* LeakSanitizer attaches to its own process */
	prctl(PR_SET_DUMPABLE, 0);
#endif
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* Every connection is a descriptor; the soft limit is often low for the sake of select(). */
static void
raise_open_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* Sorting a million people takes some 100 MB for half a second, on two threads. After the first
 * such block glibc by itself takes the next ones from its arenas and leaves what it gets back at
 * their ends: 50 bytes a person for good. */
static void
give_memory_back(void)
{
	mallopt(M_MMAP_THRESHOLD, MEMORY_LARGE);
	mallopt(M_TRIM_THRESHOLD, MEMORY_LARGE);
}

static struct conf *
load_conf(const char *path)
{
	struct conf_errors errors;
	struct conf *c = app_load_conf(path, &errors);

	for (size_t i = 0; i < errors.count; i++)
		fprintf(stderr, "usherd: %s\n", errors.items[i].text);
	return c;
}

static int
check_config(const struct arguments *args, struct conf *c)
{
	bool ok = true;

	if (args->dump)
		conf_dump(c, stdout);
	if (ok && args->online)
		ok = app_check_online(c);
	else if (ok && !args->dump)
		printf("%s is fine\n", args->conf_path);
	conf_free(c);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
serve(struct conf *c)
{
	struct app *a;
	struct fault f = { .text = "" };
	bool ok;

	if (app_new_take(&a, c, &f) != ERR_OK) {
		fprintf(stderr, "usherd: %s\n", f.text);
		return EXIT_FAILURE;
	}
	ok = app_run(a);
	app_free(a);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct arguments args;
	struct conf *c;
	int status = read_arguments(argc, argv, &args);

	if (status != -1)
		return status;
#ifdef USHERD_FAILPOINTS
	failpoint_set_from_environment();
#endif
	secure_process();
	raise_open_files();
	give_memory_back();
	/* Random bytes come from a generator of the process, keyed by the kernel: a sealed value,
	 * an id and a token each want some, and a system call for each was 4 % of an invitation's
	 * cost. */
	randombytes_set_implementation(&randombytes_internal_implementation);
	if (sodium_init() == -1) {
		fputs("usherd: the system has no randomness to give\n", stderr);
		return EXIT_FAILURE;
	}
	json_use_mem();
	c = load_conf(args.conf_path);
	if (c == NULL)
		return EXIT_FAILURE;
	return args.check ? check_config(&args, c) : serve(c);
}
