/* One name for each type of attribute that entries are named by. RFC 4514 section 3 and RFC 4519;
 * a server takes them all, and answers with the short one. */
#include <string.h>
#include <strings.h>

#include "dir/dir_private.h"

/* No name is longer than what it stands for: it is written in its place. */
static const struct {
	const char *name, *others[2];
} types[] = {
	{ "c", { "countryName", "2.5.4.6" } },
	{ "cn", { "commonName", "2.5.4.3" } },
	{ "dc", { "domainComponent", "0.9.2342.19200300.100.1.25" } },
	{ "l", { "localityName", "2.5.4.7" } },
	{ "mail", { "rfc822Mailbox", "0.9.2342.19200300.100.1.3" } },
	{ "o", { "organizationName", "2.5.4.10" } },
	{ "ou", { "organizationalUnitName", "2.5.4.11" } },
	{ "sn", { "surname", "2.5.4.4" } },
	{ "st", { "stateOrProvinceName", "2.5.4.8" } },
	{ "street", { "streetAddress", "2.5.4.9" } },
	{ "uid", { "userid", "0.9.2342.19200300.100.1.1" } },
};

const char *
dir_dn_type(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (size_t j = 0; j < 2; j++) {
			const char *other = types[i].others[j];

			if (strlen(other) == len && strncasecmp(other, name, len) == 0)
				return types[i].name;
		}
	return NULL;
}
