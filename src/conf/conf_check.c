/* Rules between keys, and the secret files they name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf_private.h"

struct secret *
conf_read_secret(const struct conf *c, const char *section, const char *name, const char *path,
    struct conf_errors *errors)
{
	char bytes[SECRET_MAX];
	struct secret *s = NULL;
	struct stat st;
	ssize_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &st) == -1) {
		conf_complain(errors, c, section, name, "%s: \"%s\" cannot be read: %s", name, path,
		    strerror(errno));
		if (fd != -1)
			close(fd);
		return NULL;
	}
	len = read(fd, bytes, sizeof(bytes));
	if ((st.st_mode & 077) != 0)
		conf_complain(errors, c, section, name,
		    "%s: \"%s\" may be read by others than its owner (mode %04o): chmod 600", name,
		    path, (unsigned)(st.st_mode & 07777));
	else if (len <= 0 || len == (ssize_t)sizeof(bytes))
		conf_complain(errors, c, section, name,
		    "%s: \"%s\" is empty, too long or unreadable", name, path);
	else {
		if (bytes[len - 1] == '\n')
			len--;
		if (len == 0 || memchr(bytes, '\0', (size_t)len) ||
		    memchr(bytes, '\n', (size_t)len))
			conf_complain(errors, c, section, name,
			    "%s: \"%s\" is not one line of text", name, path);
		else
			s = secret_new(bytes, (size_t)len);
	}
	secret_wipe(bytes, sizeof(bytes));
	close(fd);
	return s;
}

/* HOST:PORT with a loopback host, or a listener that is switched off. */
static bool
conf_is_loopback(const char *address)
{
	return *address == '\0' || strncmp(address, "127.", 4) == 0 ||
	       strncmp(address, "[::1]:", 6) == 0 || strncmp(address, "localhost:", 10) == 0;
}

void
conf_check_file(const struct conf *c, const char *section, const char *name, const char *path,
    struct conf_errors *errors)
{
	if (path != NULL && access(path, R_OK) != 0)
		conf_complain(errors, c, section, name, "%s: \"%s\" cannot be read: %s", name, path,
		    strerror(errno));
}

/* Group may read a key (Debian's ssl-cert); others may not. */
static void
conf_check_key(const struct conf *c, struct conf_errors *errors)
{
	struct stat st;

	conf_check_file(c, "listen", "tls_key", c->tls_key, errors);
	if (c->tls_key != NULL && stat(c->tls_key, &st) == 0 && (st.st_mode & 07) != 0)
		conf_complain(errors, c, "listen", "tls_key",
		    "tls_key: \"%s\" may be read by everybody (mode %04o): chmod o=", c->tls_key,
		    (unsigned)(st.st_mode & 07777));
}

/* Tokens, passwords and health without a caller belong on the wire of this machine alone. */
static void
conf_check_listeners(const struct conf *c, struct conf_errors *errors)
{
	if (*c->listen_public == '\0')
		conf_complain(
		    errors, c, "listen", "public", "public: registration needs its listener");
	if (c->tls_certificate == NULL && !c->listen_clear_text) {
		if (!conf_is_loopback(c->listen_control))
			conf_complain(errors, c, "listen", "control",
			    "control: \"%s\" would take tokens in clear text: set "
			    "tls_certificate and tls_key, or allow_clear_text behind a proxy",
			    c->listen_control);
		if (!conf_is_loopback(c->listen_public))
			conf_complain(errors, c, "listen", "public",
			    "public: \"%s\" would take passwords in clear text: set "
			    "tls_certificate and tls_key, or allow_clear_text behind a proxy",
			    c->listen_public);
	}
	if (!conf_is_loopback(c->listen_management))
		conf_complain(errors, c, "listen", "management",
		    "management: \"%s\" is not loopback, and it answers everybody",
		    c->listen_management);
	if (strlen(c->listen_socket) > 107)
		conf_complain(errors, c, "listen", "socket",
		    "socket: \"%s\" is longer than 107 bytes (unix(7))", c->listen_socket);
}

static void
conf_check_uris(const struct conf *c, struct conf_errors *errors)
{
	for (size_t i = 0; i < c->uris.count; i++) {
		const char *uri = c->uris.item[i];

		if (strncmp(uri, "ldap://", 7) != 0 && strncmp(uri, "ldaps://", 8) != 0 &&
		    strncmp(uri, "ldapi://", 8) != 0)
			conf_complain(errors, c, "directory", "uri",
			    "uri: \"%s\" begins with none of ldap://, ldaps://, ldapi://", uri);
	}
	if (c->uris.count == 0 || c->uris.count > 8)
		conf_complain(errors, c, "directory", "uri", "uri names no server or more than 8");
}

static void
conf_check_directory(struct conf *c, struct conf_errors *errors)
{
	static const char section[] = "directory", file[] = "bind_password_file";

	conf_check_uris(c, errors);
	if (c->object_classes.count == 0 || c->object_classes.count > 8)
		conf_complain(errors, c, section, "object_classes",
		    "object_classes names none or more than 8");
	if (c->bind_dn != NULL && c->bind_password_file == NULL)
		conf_complain(
		    errors, c, section, "bind_dn", "bind_dn is set and bind_password_file is not");
	if (c->bind_password_file != NULL && c->bind_dn == NULL)
		conf_complain(
		    errors, c, section, file, "bind_password_file is set and bind_dn is not");
	if (c->bind_password_file != NULL)
		c->bind_password =
		    conf_read_secret(c, section, file, c->bind_password_file, errors);
	conf_check_file(c, section, "ca_file", c->ca_file, errors);
}

static void
conf_check_access(const struct conf *c, struct conf_errors *errors)
{
	if (c->session_lifetime < c->session_idle)
		conf_complain(errors, c, "access", "session_lifetime",
		    "session_lifetime: less than session_idle, which is %llds",
		    (long long)c->session_idle);
}

/* The table lets it be empty. */
static void
conf_check_roster(const struct conf *c, struct conf_errors *errors)
{
	if (c->warm_file != NULL && c->warm_file[0] != '/')
		conf_complain(errors, c, "roster", "warm_file",
		    "warm_file: \"%s\" is not an absolute path", c->warm_file);
}

void
conf_check(struct conf *c, struct conf_errors *errors)
{
	if ((c->tls_certificate == NULL) != (c->tls_key == NULL))
		conf_complain(errors, c, "listen",
		    c->tls_key == NULL ? "tls_certificate" : "tls_key",
		    "tls_certificate and tls_key go together");
	conf_check_file(c, "listen", "tls_certificate", c->tls_certificate, errors);
	conf_check_key(c, errors);
	conf_check_file(c, "store", "key_file", c->store_key_file, errors);
	conf_check_file(c, "password", "blocklist_file", c->blocklist_file, errors);
	conf_check_file(c, "webhook", "ca_file", c->webhook_ca_file, errors);
	conf_check_listeners(c, errors);
	conf_check_directory(c, errors);
	conf_check_access(c, errors);
	conf_check_roster(c, errors);
	conf_check_mail(c, errors);
	conf_check_page(c, errors);
}
