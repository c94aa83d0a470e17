/* Rules of [mail]. That an address can stand in an envelope is the mail room's to decide
 * (app_conf.c asks it); here is what can be said without it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf_private.h"

enum {
	PORT_MAX = 65535,
	HOST_MAX = 253,	  /* bytes of a domain name's text (RFC 1035 section 2.3.4) */
	LABEL_MAX = 63,	  /* of them, between two dots */
	LOCAL_MAX = 64,	  /* RFC 5321 section 4.5.3.1.1 */
	ADDRESS_MAX = 254 /* RFC 5321 section 4.5.3.1.3 less the brackets */
};

static const char letters_digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789";

/* Labels of letters, digits and "-" or "_", or an IPv4 address, which looks the same. */
static bool
conf_is_host(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > HOST_MAX)
		return false;
	while (*s != '\0') {
		size_t label = strspn(s, letters_digits), more;

		while ((more = strspn(s + label, "-_")) > 0)
			label += more + strspn(s + label + more, letters_digits);
		if (label == 0 || label > LABEL_MAX || *s == '-' || s[label - 1] == '-')
			return false;
		s += label;
		if (*s == '.' && s[1] == '\0')
			return false;
		if (*s != '\0' && *s++ != '.')
			return false;
	}
	return true;
}

/* A dot-atom (RFC 5322 section 3.2.3), "@", a domain, which no "_" is in: nobody's own mail address
 * is quoted, and a domain of another script is written in its A-labels. As the mail room, which
 * stands above, has it (mail_address_is_safe()). */
static bool
conf_is_address(const char *s)
{
	static const char marks[] = "!#$%&'*+-/=?^_`{|}~.";
	const char *at = strrchr(s, '@');

	if (at == NULL || at == s || at - s > LOCAL_MAX || strlen(s) > ADDRESS_MAX)
		return false;
	if (*s == '.' || at[-1] == '.')
		return false;
	for (const char *p = s; p < at; p++)
		if ((strchr(letters_digits, *p) == NULL && strchr(marks, *p) == NULL) ||
		    (*p == '.' && p[1] == '.'))
			return false;
	return conf_is_host(at + 1) && strchr(at + 1, '_') == NULL;
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3). */
static bool
conf_is_literal(const char *s)
{
	size_t len = strlen(s);

	return len > 2 && *s == '[' && s[len - 1] == ']' &&
	       strspn(s + 1, "0123456789abcdefABCDEF.:IPv") == len - 2;
}

/* ---- the relay ---- */

static int
conf_usual_port(const char *tls)
{
	return strcmp(tls, "tls") == 0 ? 465 : strcmp(tls, "none") == 0 ? 25 : 587;
}

/* 1 to 65535 in digits; 0: it is none. */
static int
conf_read_port(const char *s)
{
	size_t len = strspn(s, "0123456789");
	long port;

	if (len == 0 || len > 5 || s[len] != '\0')
		return 0;
	port = strtol(s, NULL, 10);
	return port <= PORT_MAX ? (int)port : 0;
}

/* HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. */
static bool
conf_read_relay(struct conf *c)
{
	const char *s = c->relay, *rest;
	struct in6_addr v6;
	char *host;

	if (*s == '[') {
		rest = strchr(s, ']');
		if (rest == NULL)
			return false;
		host = arena_dup(c->arena, s + 1, (size_t)(rest - s) - 1);
		rest++;
		if (inet_pton(AF_INET6, host, &v6) != 1 || (*rest != ':' && *rest != '\0'))
			return false;
	} else {
		rest = s + strcspn(s, ":");
		host = arena_dup(c->arena, s, (size_t)(rest - s));
		if (!conf_is_host(host))
			return false;
	}
	c->mail_host = host;
	c->mail_port = *rest == '\0' ? conf_usual_port(c->mail_tls) : conf_read_port(rest + 1);
	return c->mail_port > 0;
}

static void
conf_check_relay(struct conf *c, struct conf_errors *errors)
{
	if (c->relay == NULL) {
		if (c->mail_user != NULL)
			conf_complain(errors, c, "mail", "user", "user is set and relay is not");
		return;
	}
	if (!conf_read_relay(c)) {
		conf_complain(errors, c, "mail", "relay",
		    "relay: \"%s\" is not HOST, HOST:PORT or [IPv6]:PORT", c->relay);
		return;
	}
	if (c->spool != NULL)
		conf_complain(errors, c, "mail", "spool",
		    "relay and spool are both set: mails go to one of them");
	if (c->mail_user != NULL && strcmp(c->mail_tls, "none") == 0)
		conf_complain(errors, c, "mail", "tls",
		    "tls: with \"none\" the password would go to \"%s\" in clear text",
		    c->mail_host);
}

static void
conf_check_login(struct conf *c, struct conf_errors *errors)
{
	static const char file[] = "password_file";

	if (c->mail_user != NULL && c->mail_password_file == NULL)
		conf_complain(errors, c, "mail", "user", "user is set and password_file is not");
	if (c->mail_password_file != NULL && c->mail_user == NULL)
		conf_complain(errors, c, "mail", file, "password_file is set and user is not");
	if (c->mail_password_file != NULL)
		c->mail_password = conf_read_secret(c, "mail", file, c->mail_password_file, errors);
}

/* ---- the rest ---- */

static void
conf_check_addresses(const struct conf *c, struct conf_errors *errors)
{
	const struct {
		const char *name, *value;
	} keys[] = { { "from", c->mail_from }, { "reply_to", c->reply_to },
		{ "bounce_address", c->bounce_address }, { "notify", c->notify } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].value != NULL && !conf_is_address(keys[i].value))
			conf_complain(errors, c, "mail", keys[i].name,
			    "%s: \"%s\" is not a mail address alone, as in invite@example.org",
			    keys[i].name, keys[i].value);
	if (c->mail_from == NULL && c->relay != NULL)
		conf_complain(errors, c, "mail", "relay", "relay is set and from is not");
	if (c->mail_from == NULL && c->spool != NULL)
		conf_complain(errors, c, "mail", "spool", "spool is set and from is not");
}

static void
conf_check_folder(
    const struct conf *c, const char *name, const char *path, int mode, struct conf_errors *errors)
{
	struct stat st;

	if (path == NULL)
		return;
	if (stat(path, &st) == -1 || access(path, mode) == -1)
		conf_complain(errors, c, "mail", name, "%s: \"%s\" cannot be used: %s", name, path,
		    strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		conf_complain(errors, c, "mail", name, "%s: \"%s\" is not a folder", name, path);
}

void
conf_check_mail(struct conf *c, struct conf_errors *errors)
{
	conf_check_relay(c, errors);
	conf_check_login(c, errors);
	conf_check_addresses(c, errors);
	if (c->mail_hello != NULL && !conf_is_host(c->mail_hello) &&
	    !conf_is_literal(c->mail_hello))
		conf_complain(errors, c, "mail", "hello",
		    "hello: \"%s\" is neither a name nor an address in brackets", c->mail_hello);
	conf_check_folder(c, "spool", c->spool, W_OK | X_OK, errors);
	conf_check_folder(c, "templates", c->template_folder, R_OK | X_OK, errors);
	conf_check_file(c, "mail", "ca_file", c->mail_ca_file, errors);
}
