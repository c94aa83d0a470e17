/* The least that loading a directory costs: one RFC 4533 refreshOnly search whose every value is
 * decoded and thrown away.
 *
 *   bare_sync URI BIND-DN PASSWORD-FILE BASE FILTER ATTRIBUTE...
 *
 * Prints {"count", "bytes", "seconds"} from the connect to the end of the refresh.
 */
#include <lber.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seconds.h"

enum { REFRESH_ONLY = 1, UUID_SIZE = 16 };

struct sync {
	LDAP *ld;
	size_t count, bytes;
};

static _Noreturn void
die(const char *what, int code)
{
	fprintf(stderr, "bare_sync: %s: %s\n", what, ldap_err2string(code));
	exit(1);
}

static void
sync_bind(struct sync *s, const char *uri, const char *dn, const char *password_file)
{
	char text[256];
	struct berval password = { .bv_val = text };
	FILE *f = fopen(password_file, "r");
	int version = LDAP_VERSION3, code;

	if (f == NULL || fgets(text, sizeof(text), f) == NULL) {
		perror(password_file);
		exit(1);
	}
	fclose(f);
	password.bv_len = strcspn(text, "\r\n");
	code = ldap_initialize(&s->ld, uri);
	if (code != LDAP_SUCCESS)
		die(uri, code);
	ldap_set_option(s->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	code = ldap_sasl_bind_s(s->ld, dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
	if (code != LDAP_SUCCESS)
		die("bind", code);
}

static int
sync_search(struct sync *s, const char *base, const char *filter, char **attributes)
{
	static char oid[] = LDAP_CONTROL_SYNC;
	LDAPControl control = { .ldctl_oid = oid, .ldctl_iscritical = 1 };
	LDAPControl *controls[] = { &control, NULL };
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	int id, code;

	if (ber == NULL || ber_printf(ber, "{e}", REFRESH_ONLY) == -1 ||
	    ber_flatten2(ber, &control.ldctl_value, 0) == -1)
		die("the control", LDAP_ENCODING_ERROR);
	code = ldap_search_ext(s->ld, base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, controls,
	    NULL, NULL, LDAP_NO_LIMIT, &id);
	if (code != LDAP_SUCCESS)
		die("search", code);
	ber_free(ber, 1);
	return id;
}

/* The controls come first: ldap_get_attribute_ber() reads on where they are looked for. */
static void
sync_decode(struct sync *s, LDAPMessage *entry)
{
	LDAPControl **controls = NULL;
	struct berval dn, name, *values;
	BerElement *ber;

	if (ldap_get_entry_controls(s->ld, entry, &controls) != LDAP_SUCCESS || controls == NULL ||
	    controls[0]->ldctl_value.bv_len < UUID_SIZE)
		die("an entry without a state", LDAP_DECODING_ERROR);
	ldap_controls_free(controls);
	if (ldap_get_dn_ber(s->ld, entry, &ber, &dn) != LDAP_SUCCESS)
		die("an entry", LDAP_DECODING_ERROR);
	s->count++;
	s->bytes += dn.bv_len;
	while (ldap_get_attribute_ber(s->ld, entry, ber, &name, &values) == LDAP_SUCCESS &&
	       name.bv_val != NULL) {
		for (size_t i = 0; values != NULL && values[i].bv_val != NULL; i++)
			s->bytes += values[i].bv_len;
		ldap_memfree(values);
	}
	ber_free(ber, 0);
}

static void
sync_read(struct sync *s, int id)
{
	LDAPMessage *message;
	int code = LDAP_SUCCESS, kind;

	do {
		kind = ldap_result(s->ld, id, LDAP_MSG_ONE, NULL, &message);
		if (kind <= 0)
			die("the connection", LDAP_SERVER_DOWN);
		if (kind == LDAP_RES_SEARCH_ENTRY)
			sync_decode(s, message);
		if (kind == LDAP_RES_SEARCH_RESULT)
			ldap_parse_result(s->ld, message, &code, NULL, NULL, NULL, NULL, 0);
		ldap_msgfree(message);
	} while (kind != LDAP_RES_SEARCH_RESULT);
	if (code != LDAP_SUCCESS)
		die("the refresh", code);
}

int
main(int argc, char **argv)
{
	struct sync s = { .count = 0 };
	double began = seconds_now();

	if (argc < 7) {
		fprintf(stderr, "usage: bare_sync URI BIND-DN PASSWORD-FILE BASE FILTER "
				"ATTRIBUTE...\n");
		return 2;
	}
	sync_bind(&s, argv[1], argv[2], argv[3]);
	sync_read(&s, sync_search(&s, argv[4], argv[5], argv + 6));
	printf("{\"count\": %zu, \"bytes\": %zu, \"seconds\": %.6f}\n", s.count, s.bytes,
	    seconds_now() - began);
	ldap_unbind_ext_s(s.ld, NULL, NULL);
	return 0;
}
