/* What is known of libldap and of each server, for whoever looks after them. */
#include <string.h>

#include "dir/dir_private.h"

const char *
dir_library_version(struct arena *arena)
{
	LDAPAPIInfo info = { .ldapai_info_version = LDAP_API_INFO_VERSION };
	const char *version;
	int number;

	if (ldap_get_option(NULL, LDAP_OPT_API_INFO, &info) != LDAP_SUCCESS) {
		dir_check_memory();
		return NULL;
	}
	number = info.ldapai_vendor_version; /* 20610 is 2.6.10 */
	version = arena_printf(arena, "%d.%d.%d", number / 10000, number / 100 % 100, number % 100);
	ldap_memfree(info.ldapai_vendor_name);
	ber_memvfree((void **)info.ldapai_extensions);
	return version;
}

/* Under the lock. */
static void
server_figures(const struct dir_server *s, bool needs_proof, struct dir_server_figures *out)
{
	const struct fault *why = &s->fault; /* "" while there was none */

	*out = (struct dir_server_figures){ .uri = s->uri, .failed_at = s->failed_at };
	switch (s->state) {
	case SERVER_UNTRIED:
		out->state = DIR_SERVER_UNKNOWN;
		break;
	case SERVER_WORKS:
		out->state = DIR_SERVER_UP;
		out->since = s->works_since;
		out->unproven = needs_proof && s->proof == PROOF_FAILED;
		break;
	case SERVER_PAUSED:
		out->state =
		    s->fault.code == ERR_MISCONFIGURED ? DIR_SERVER_PAUSED : DIR_SERVER_DOWN;
		out->since = s->failing_since;
		break;
	}
	if (out->unproven) {
		why = &s->proof_fault;
		out->failed_at = s->proof_failed_at;
	}
	memcpy(out->error, why->text, sizeof(out->error));
}

size_t
dir_figures(struct dir *d, struct dir_server_figures servers[DIR_URIS_MAX])
{
	bool needs_proof = d->conf.password_mode == DIR_PASSWORD_ARGON2;
	size_t first;

	pthread_mutex_lock(&d->lock);
	first = dir_server_first(d);
	for (size_t i = 0; i < d->conf.uri_count; i++) {
		server_figures(&d->servers[i], needs_proof, &servers[i]);
		servers[i].in_use = i == first;
	}
	pthread_mutex_unlock(&d->lock);
	return d->conf.uri_count;
}
