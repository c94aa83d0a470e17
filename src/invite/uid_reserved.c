/* Names that would let a person pass for the system, for a role or for us: accounts of common
 * systems and services, the mailboxes of RFC 2142, words that sound like an administrator. Sorted.
 * None ends in a digit: uid_candidate() relies on a number making any of them free. */
#include <stdlib.h>
#include <strings.h>

#include "invite/uid.h"

/* clang-format off */
static const char *const reserved[] = {
	"abuse", "account", "accounts", "adm", "admin", "admin-account", "administrator",
	"administrators", "admins", "alert", "alerts", "all", "anonymous", "anybody", "anyone",
	"api", "apt", "audit", "auth", "authenticated", "avahi", "backup", "billing", "bin",
	"bot", "broadcast", "build", "ceo", "cert", "certs", "ci", "cloud", "cn", "contact",
	"cron", "cyrus", "daemon", "database", "dba", "dbus", "debian-exim", "default", "demo",
	"dev", "devops", "dialout", "dip", "directory", "dns", "docker", "domain-admins",
	"domainadmin", "dovecot", "email", "etcd", "everybody", "everyone", "exim", "fax",
	"feedback", "finance", "firewall", "ftp", "games", "git", "gitlab", "gnats", "gopher",
	"grafana", "group", "groups", "guest", "halt", "help", "helpdesk", "host",
	"hostmaster", "hr", "http", "httpd", "https", "imap", "info", "infra", "inquiries",
	"instance", "internal", "invitation", "invitations", "invite", "ipp", "irc", "it",
	"itsupport", "jenkins", "jira", "join", "kerberos", "kmem", "krbtgt", "kubernetes",
	"ldap", "ldap-admin", "ldapadmin", "legal", "list", "localhost", "login", "lp", "mail",
	"mailer", "mailer-daemon", "mailman", "majordomo", "man", "manager", "marketing", "me",
	"member", "members", "messagebus", "mgmt", "monitor", "monitoring", "mysql", "nagios",
	"named", "network", "networks", "news", "nginx", "nil", "no-reply", "no_reply",
	"nobody", "noc", "nogroup", "none", "noreply", "null", "openldap", "operator", "ops",
	"oracle", "organization", "owner", "password", "passwords", "payroll", "person",
	"phish", "phishing", "plugdev", "polkitd", "pop", "postfix", "postgres", "postgresql",
	"postmaster", "press", "privacy", "privileged", "prometheus", "proxy", "public",
	"puppet", "qmail", "rabbitmq", "recruiting", "redis", "register", "registration",
	"replication", "replicator", "role-account", "root", "rsync", "rtkit", "sales",
	"samba", "sasl", "secure", "security", "self", "service", "services", "setup",
	"shadow", "shutdown", "slapd", "smb", "smtp", "snmp", "socket", "spam", "squid", "src",
	"ssh", "sshd", "ssl", "staff", "status", "sudo", "suid", "superuser", "supervisor",
	"support", "svc", "sync", "sys", "sysadm", "sysadmin", "syslog", "system", "systemd",
	"systemd-coredump", "systemd-network", "systemd-resolve", "systemd-timesync", "tape",
	"team", "tech", "telnet", "test", "test-user", "tomcat", "toor", "trouble", "trustee",
	"tty", "undefined", "unknown", "update", "upgrade", "usenet", "users", "usher",
	"usherctl", "usherd", "utmp", "uucp", "vault", "video", "visitor", "voice", "webadmin",
	"webmail", "webmaster", "wheel", "whoami", "whois", "www", "www-data", "xmpp",
};
/* clang-format on */

static int
uid_compare_reserved(const void *key, const void *element)
{
	return strcasecmp(key, *(const char *const *)element);
}

bool
uid_is_reserved(const char *uid)
{
	return bsearch(uid, reserved, sizeof(reserved) / sizeof(reserved[0]), sizeof(reserved[0]),
		   uid_compare_reserved) != NULL;
}
