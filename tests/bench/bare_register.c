/* What a registration costs without usherd: hash a password, add an entry.
 *
 *   bare_register URI BIND-DN PASSWORD-FILE BASE PREFIX COUNT THREADS MEMORY-KIB PASSES
 *   bare_register URI BIND-DN PASSWORD-FILE BASE PREFIX COUNT window 64
 *
 * The first form is a loop of argon2id and a waited-for Add in each thread; the second sends Adds
 * of an entry with a ready hash over one connection, as many unanswered at a time as the window
 * says. The entries are like usherd's; PREFIX makes their names new. Prints operations per second.
 */
#include <ldap.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seconds.h"

#define SCHEME "{ARGON2}"

enum {
	THREADS_MAX = 64,
	HASH_MAX = sizeof(SCHEME) + crypto_pwhash_STRBYTES,
	ATTRIBUTES_MAX = 16,
	VALUES_MAX = 2,
	DN_MAX = 512,
	ENTRY_MAX = 2048
};

struct bench {
	const char *uri, *bind_dn, *base, *prefix;
	char password[256];
	long count;
	atomic_long next;
	size_t memory; /* bytes */
	unsigned long long passes;
};

static _Noreturn void
die(const char *what, int code)
{
	fprintf(stderr, "bare_register: %s: %s\n", what, ldap_err2string(code));
	exit(1);
}

static void
read_password(struct bench *b, const char *path)
{
	FILE *f = fopen(path, "r");

	if (f == NULL || fgets(b->password, sizeof(b->password), f) == NULL) {
		perror(path);
		exit(1);
	}
	b->password[strcspn(b->password, "\r\n")] = '\0';
	fclose(f);
}

static LDAP *
connect_directory(struct bench *b)
{
	struct berval password = { .bv_len = strlen(b->password), .bv_val = b->password };
	int version = LDAP_VERSION3, code;
	LDAP *ld;

	code = ldap_initialize(&ld, b->uri);
	if (code != LDAP_SUCCESS)
		die(b->uri, code);
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	code = ldap_sasl_bind_s(ld, b->bind_dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
	if (code != LDAP_SUCCESS)
		die("bind", code);
	return ld;
}

/* Cut "name=value|value\n..." in place into modifications; `list` ends with NULL. */
static void
split_entry(char *text, LDAPMod mods[ATTRIBUTES_MAX], LDAPMod *list[ATTRIBUTES_MAX + 1],
    char *values[ATTRIBUTES_MAX][VALUES_MAX + 1])
{
	char *line, *value;
	size_t count = 0;

	while ((line = strsep(&text, "\n")) != NULL && count < ATTRIBUTES_MAX) {
		size_t n = 0;

		mods[count] = (LDAPMod){ .mod_op = LDAP_MOD_ADD, .mod_type = strsep(&line, "=") };
		while ((value = strsep(&line, "|")) != NULL && n < VALUES_MAX)
			values[count][n++] = value;
		values[count][n] = NULL;
		mods[count].mod_values = values[count];
		list[count] = &mods[count];
		count++;
	}
	list[count] = NULL;
}

/* Send the Add of the `number`th person; the message's id. */
static int
send_add(LDAP *ld, const struct bench *b, long number, const char *hash)
{
	char dn[DN_MAX], text[ENTRY_MAX], *values[ATTRIBUTES_MAX][VALUES_MAX + 1];
	LDAPMod mods[ATTRIBUTES_MAX], *list[ATTRIBUTES_MAX + 1];
	int id, code;

	snprintf(dn, sizeof(dn), "uid=%s%ld,%s", b->prefix, number, b->base);
	snprintf(text, sizeof(text),
	    "objectClass=inetOrgPerson|usherdPerson\n"
	    "cn=Robin Quill\ndisplayName=Robin Quill\ngivenName=Robin\nsn=Quill\n"
	    "title=Deposit clerk\npreferredLanguage=en\n"
	    "usherdGender=unspecified\nusherdBirthday=1990-02-28\n"
	    "uid=%s%ld\nmail=%s%ld@meridian.example\nusherdInvitationId=bench-%s%ld\nuserPassword=%"
	    "s",
	    b->prefix, number, b->prefix, number, b->prefix, number, hash);
	split_entry(text, mods, list, values);
	code = ldap_add_ext(ld, dn, list, NULL, NULL, &id);
	if (code != LDAP_SUCCESS)
		die("add", code);
	return id;
}

static void
wait_add(LDAP *ld, int id)
{
	struct timeval limit = { .tv_sec = 60 };
	LDAPMessage *reply = NULL;
	int code = LDAP_TIMEOUT, result;

	result = ldap_result(ld, id, LDAP_MSG_ALL, &limit, &reply);
	if (result > 0)
		ldap_parse_result(ld, reply, &code, NULL, NULL, NULL, NULL, 1);
	if (code != LDAP_SUCCESS)
		die("add", code);
}

static void *
hash_and_add(void *arg)
{
	static const char password[] = "seven quiet lanterns over the harbour";
	char hash[HASH_MAX] = SCHEME;
	struct bench *b = arg;
	LDAP *ld = connect_directory(b);
	long number;

	while ((number = atomic_fetch_add(&b->next, 1)) < b->count) {
		if (crypto_pwhash_str_alg(hash + strlen(SCHEME), password, sizeof(password) - 1,
			b->passes, b->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
			die("hash", LDAP_NO_MEMORY);
		wait_add(ld, send_add(ld, b, number, hash));
	}
	ldap_unbind_ext_s(ld, NULL, NULL);
	return NULL;
}

static void
run_threads(struct bench *b, size_t threads)
{
	pthread_t ids[THREADS_MAX];

	for (size_t i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, hash_and_add, b);
	for (size_t i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
}

static void
run_window(struct bench *b, long window)
{
	static const char hash[] = "{ARGON2}$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA"
				   "$Yy2nPqmwvyKfGJ2yFCAFWtOxTT5QwvMBVWWzLBxXfWs";
	LDAP *ld = connect_directory(b);
	long sent = 0, done = 0;

	while (done < b->count) {
		while (sent < b->count && sent - done < window)
			send_add(ld, b, sent++, hash);
		wait_add(ld, LDAP_RES_ANY);
		done++;
	}
	ldap_unbind_ext_s(ld, NULL, NULL);
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	double begun;

	if (argc < 9 || sodium_init() < 0) {
		fprintf(stderr, "usage: bare_register URI BIND-DN PASSWORD-FILE BASE PREFIX COUNT "
				"THREADS MEMORY-KIB PASSES | ... COUNT window WIDTH\n");
		return 2;
	}
	b.uri = argv[1];
	b.bind_dn = argv[2];
	read_password(&b, argv[3]);
	b.base = argv[4];
	b.prefix = argv[5];
	b.count = strtol(argv[6], NULL, 10);
	begun = seconds_now();
	if (strcmp(argv[7], "window") == 0) {
		run_window(&b, strtol(argv[8], NULL, 10));
	} else {
		size_t threads = strtoul(argv[7], NULL, 10);

		if (argc < 10 || threads == 0 || threads > THREADS_MAX)
			return 2;
		b.memory = strtoul(argv[8], NULL, 10) * 1024;
		b.passes = strtoull(argv[9], NULL, 10);
		run_threads(&b, threads);
	}
	printf("%.3f\n", (double)b.count / (seconds_now() - begun));
	return 0;
}
