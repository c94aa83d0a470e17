/* The configuration: an INI file whose keys are one table, which is parser, defaults, check and
 * dump.
 *
 * An unknown section or key, a value that does not fit, a key given twice: an error with file and
 * line and, for a name, the nearest known one. All errors of a file are reported, not just the
 * first. Secrets are never in the file: their keys name files, which are read when the
 * configuration is loaded. Nobody reads a global: modules get their own values when they are built.
 */
#ifndef USHERD_CONF_CONF_H
#define USHERD_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"

enum {
	CONF_WORDS_MAX = 16,
	CONF_ROLES_MAX = 32,
	CONF_ROLE_PLACES_MAX = 16,
	CONF_ERRORS_MAX = 32,
	CONF_LOGO_MAX = 256 * 1024,  /* bytes: everybody who is invited loads it */
	CONF_MAIL_TRANSFER_MAX = 600 /* s; what RFC 5321 section 4.5.3.2.6 gives the last answer */
};

struct conf_words {
	const char *item[CONF_WORDS_MAX];
	size_t count;
};

/* A section [role NAME]: what membership in a group allows. */
struct conf_role {
	const char *name, *group, *role;	     /* role: administrator inviter auditor */
	const char *org_units[CONF_ROLE_PLACES_MAX]; /* `org_unit`, which may be given repeatedly */
	size_t org_unit_count;			     /* 0: everywhere */
	int64_t quota; /* open invitations of each inviter; 0: any number */
	int line;      /* of the section */
	int group_line, org_unit_lines[CONF_ROLE_PLACES_MAX];
};

struct conf_picture {
	const char *bytes; /* NULL: none */
	size_t len;
	const char *suffix; /* by what is in it: "png", "svg" or "webp" */
};

enum conf_profile { CONF_PROFILE_OPENLDAP, CONF_PROFILE_GENERIC };
enum conf_password_mode { CONF_PASSWORD_EXOP, CONF_PASSWORD_ARGON2 };

struct conf {
	struct arena *arena; /* owns every string */
	const char *path;
	const int *lines; /* of each key of the table; 0: it is not set there */

	const char *public_url, *organisation, *help_contact, *sign_in_url, *log_level;

	const char *listen_control, *listen_public, *listen_management, *listen_socket;
	const char *socket_group, *tls_certificate, *tls_key;
	bool listen_clear_text;
	struct conf_words hosts, proxies;
	const char *proxy_header;

	int64_t connections, connections_per_source, body_bytes, registrations, join_rate;
	int64_t header_timeout, body_timeout, idle_timeout; /* seconds, as every duration here */

	const char *store_path, *store_key_file;
	int64_t retention;

	struct conf_words uris;
	bool start_tls, allow_clear_text;
	const char *admin_group; /* nobody is invited into it */
	const char *ca_file, *bind_dn, *bind_password_file, *search_base, *people_base;
	const char *profile, *password_mode, *marker_attribute, *rdn_attribute;
	struct conf_words object_classes;
	const char *attribute_given_name, *attribute_family_name, *attribute_display_name;
	const char *attribute_gender, *attribute_birthday, *attribute_mail, *attribute_phone;
	const char *attribute_position, *attribute_language, *group_class, *group_member;
	int64_t directory_threads, directory_queue, connect_timeout, operation_timeout;
	struct secret *bind_password; /* read from its file; NULL when none is named */

	/* Who may sign in: `admin_group` (everything, everywhere) and the roles. */
	struct conf_role roles[CONF_ROLES_MAX];
	size_t role_count;
	int64_t session_idle, session_lifetime, directory_grace;
	int64_t sign_in_attempts, sign_in_window; /* of one account that may reach the directory */
	int64_t audit_retention, audit_sources;

	int64_t lifetime, expired_kept;
	const char *uid_template;
	bool gender_required, birthday_required;

	const char *page_logo, *accent_color;
	struct conf_picture logo; /* read from `page_logo` */

	const char *warm_file; /* of the roster; NULL: none */
	int64_t restorable;
	int64_t poll_interval, activity_interval;

	/* relay NULL and spool NULL: no mail leaves. */
	const char *mail_host; /* of `relay`, without its brackets; the port is the usual one of
				* `tls` when it names none */
	int mail_port;
	const char *relay, *spool, *mail_tls, *mail_hello, *mail_ca_file, *mail_user;
	const char *mail_password_file, *mail_from, *mail_from_name, *reply_to, *bounce_address;
	const char *notify, *template_folder, *mail_language;
	int64_t mail_connections, mail_rate, mail_domain_rate, mail_queue_max, resend_interval;
	int64_t mail_connect_timeout, mail_reply_timeout, mail_transfer_timeout;
	bool mail_reminder, mail_welcome, mail_notices;
	struct secret *mail_password; /* read from its file; NULL when none is named */

	int64_t webhook_connections, webhook_timeout, webhook_kept;
	bool webhook_private, webhook_clear_text;
	const char *webhook_ca_file;

	int64_t min_length, argon2_memory, argon2_passes, hash_threads, hash_queue;
	const char *blocklist_file;
};

struct conf_errors {
	struct fault items[CONF_ERRORS_MAX]; /* each text begins with "FILE:LINE: " or "FILE: " */
	size_t count;
};

/* Reads and checks a whole file. NULL when there is any error, and then `errors` has at least one.
 */
struct conf *conf_load(const char *path, struct conf_errors *errors);
void conf_free(struct conf *c); /* wipes the secrets; NULL is fine */

/* Adds an error about a key of the table, with the line that sets it: for rules that the table
 * cannot express, here and in the modules that the values are for. */
void conf_complain(struct conf_errors *errors, const struct conf *c, const char *section,
    const char *name, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

void conf_complain_role(struct conf_errors *errors, const struct conf *c, int line, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* Every key with its effective value, in the form of the file. Secrets are named by their files
 * only. */
void conf_dump(const struct conf *c, FILE *out);

/* Calls `changed` with "section.key" for every key whose value differs between the two and that
 * only a restart can change, and with "[role NAME]" for every role that does. */
void conf_restart_keys(const struct conf *running, const struct conf *fresh,
    void (*changed)(void *arg, const char *key), void *arg);

#endif
