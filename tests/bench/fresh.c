/* How soon a user who was added to the directory is in the list.
 *
 *   fresh URI BIND-DN PASSWORD-FILE PARENT PORT TOKEN-FILE PREFIX COUNT
 *
 * Adds COUNT entries uid=PREFIXn,PARENT, one after the other, and asks the daemon's control
 * listener on a connection that is kept for its total, until the new one is there; after every
 * other one it then searches for it, once. (Searches that are repeated until one finds it would
 * measure how long those take that do not.) Takes them away again. Prints {"list_p50_ms",
 * "list_p99_ms", "search_p50_ms", "search_p99_ms", "answer_p50_ms", "answer_p99_ms"}: from the
 * directory's answer until the list's answer has come; until a search was begun that finds it; and
 * until that search was answered.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <ldap.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "seconds.h"

enum { LINE_MAX_BYTES = 512, REPLY_MAX = 64 * 1024, PATIENCE = 10 /* seconds */ };

struct fresh {
	LDAP *ld;
	int http;
	const char *parent, *prefix;
	char token[128], reply[REPLY_MAX + 1];
	struct figures list, search, answer;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "fresh: %s\n", what);
	exit(1);
}

static void
read_line(const char *path, char *out, int size)
{
	FILE *f = fopen(path, "r");

	if (f == NULL || fgets(out, size, f) == NULL)
		die(path);
	fclose(f);
	out[strcspn(out, "\r\n")] = '\0';
}

static void
connect_both(struct fresh *fr, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argv[5])) };
	int version = LDAP_VERSION3, on = 1;
	char password[256];
	struct berval value = { .bv_val = password };

	read_line(argv[3], password, sizeof(password));
	value.bv_len = strlen(password);
	if (ldap_initialize(&fr->ld, argv[1]) != LDAP_SUCCESS)
		die(argv[1]);
	ldap_set_option(fr->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	if (ldap_sasl_bind_s(fr->ld, argv[2], LDAP_SASL_SIMPLE, &value, NULL, NULL, NULL) !=
	    LDAP_SUCCESS)
		die("bind");
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fr->http = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fr->http < 0 || connect(fr->http, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	setsockopt(fr->http, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* GET and the body of its answer, which has a Content-Length. */
static const char *
get(struct fresh *fr, const char *query)
{
	char request[LINE_MAX_BYTES];
	const char *end, *length;
	size_t used = 0;
	int len = snprintf(request, sizeof(request),
	    "GET /api/v1/users?limit=1%s HTTP/1.1\r\nHost: localhost\r\n"
	    "Authorization: Bearer %s\r\n\r\n",
	    query, fr->token);

	if (send(fr->http, request, (size_t)len, MSG_NOSIGNAL) != len)
		die("send");
	for (;;) {
		ssize_t n = recv(fr->http, fr->reply + used, REPLY_MAX - used, 0);

		if (n <= 0)
			die("the daemon ended the connection");
		used += (size_t)n;
		fr->reply[used] = '\0';
		end = strstr(fr->reply, "\r\n\r\n");
		length = strcasestr(fr->reply, "content-length:");
		if (end != NULL && length != NULL &&
		    used >= (size_t)(end + 4 - fr->reply) + strtoul(length + 15, NULL, 10))
			break;
	}
	if (strncmp(fr->reply, "HTTP/1.1 200", 12) != 0)
		die(fr->reply);
	return end + 4;
}

static long
total(struct fresh *fr, const char *query)
{
	const char *member = strstr(get(fr, query), "\"total\":");

	if (member == NULL)
		die("the list has no total");
	return strtol(member + 8, NULL, 10);
}

static void
add(struct fresh *fr, long number)
{
	static char names[][16] = { "objectClass", "uid", "cn", "sn", "mail" };
	static char class[] = "inetOrgPerson";
	char dn[LINE_MAX_BYTES], uid[64], mail[96];
	char *values[][2] = { { class }, { uid }, { uid }, { uid }, { mail } };
	LDAPMod mods[5], *list[6] = { NULL };

	for (int i = 0; i < 5; i++) {
		mods[i] = (LDAPMod){ .mod_type = names[i], .mod_values = values[i] };
		list[i] = &mods[i];
	}
	snprintf(uid, sizeof(uid), "%s%ld", fr->prefix, number);
	snprintf(mail, sizeof(mail), "%s@meridian.example", uid);
	snprintf(dn, sizeof(dn), "uid=%s,%s", uid, fr->parent);
	if (ldap_add_ext_s(fr->ld, dn, list, NULL, NULL) != LDAP_SUCCESS)
		die(dn);
}

/* Adds one and waits until the list has it: the time of the directory's answer. */
static double
add_and_see(struct fresh *fr, long number)
{
	long before = total(fr, "");
	double began;

	add(fr, number);
	began = seconds_now();
	while (total(fr, "") == before) {
		if (seconds_now() - began > PATIENCE)
			die("it never came into the list");
	}
	return began;
}

static void
measure_list(struct fresh *fr, long number)
{
	double began = add_and_see(fr, number);

	figures_add(&fr->list, (seconds_now() - began) * 1000);
}

static void
measure_search(struct fresh *fr, long number)
{
	char query[LINE_MAX_BYTES];
	double began = add_and_see(fr, number), asked = seconds_now();

	snprintf(query, sizeof(query), "&q=%s%ld", fr->prefix, number);
	if (total(fr, query) != 1)
		die("the list has it and a search does not find it");
	figures_add(&fr->search, (asked - began) * 1000);
	figures_add(&fr->answer, (seconds_now() - began) * 1000);
}

static void
take_away(struct fresh *fr, long count)
{
	char dn[LINE_MAX_BYTES];

	for (long i = 0; i < count; i++) {
		snprintf(dn, sizeof(dn), "uid=%s%ld,%s", fr->prefix, i, fr->parent);
		if (ldap_delete_ext_s(fr->ld, dn, NULL, NULL) != LDAP_SUCCESS)
			die(dn);
	}
}

int
main(int argc, char **argv)
{
	struct fresh fr = { .http = -1 };
	long count;

	if (argc != 9) {
		fprintf(stderr, "usage: fresh URI BIND-DN PASSWORD-FILE PARENT PORT TOKEN-FILE "
				"PREFIX COUNT\n");
		return 2;
	}
	fr.parent = argv[4];
	read_line(argv[6], fr.token, sizeof(fr.token));
	fr.prefix = argv[7];
	count = strtol(argv[8], NULL, 10);
	connect_both(&fr, argv);
	for (long i = 0; i < count; i++) {
		if (i % 2 == 0)
			measure_list(&fr, i);
		else
			measure_search(&fr, i);
	}
	take_away(&fr, count);
	printf("{\"list_p50_ms\": %.3f, \"list_p99_ms\": %.3f, \"search_p50_ms\": %.3f, "
	       "\"search_p99_ms\": %.3f, \"answer_p50_ms\": %.3f, \"answer_p99_ms\": %.3f}\n",
	    figures_at(&fr.list, 0.5), figures_at(&fr.list, 0.99), figures_at(&fr.search, 0.5),
	    figures_at(&fr.search, 0.99), figures_at(&fr.answer, 0.5),
	    figures_at(&fr.answer, 0.99));
	figures_free(&fr.list);
	figures_free(&fr.search);
	figures_free(&fr.answer);
	ldap_unbind_ext_s(fr.ld, NULL, NULL);
	return 0;
}
