/* The other end: slapd, what a plain client sees in it, and a server that never answers. */
#include "dir_rig.h"

#include <arpa/inet.h>
#include <ldap.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *
script(void)
{
	static char path[512];
	const char *srcdir = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/tests/rig/slapd.sh", srcdir != NULL ? srcdir : "..");
	return path;
}

/* As tests/rig/ports.py does it: a name that one process on the machine can hold, and that ends
 * with it. Between the look whether a port is free and whoever listens on it, another program may
 * look. */
static bool
claim(int port)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int len = snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "usherd-test-port-%d", port);

	assert_int_not_equal(fd, -1);
	if (bind(fd, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) == 0)
		return true;
	close(fd);
	return false;
}

int
rig_free_port(void)
{
	char command[600], line[32] = "";
	int port;

	snprintf(command, sizeof(command), "%s free-port", script());
	do {
		FILE *p = popen(command, "r");

		assert_non_null(p);
		assert_non_null(fgets(line, sizeof(line), p));
		pclose(p);
		port = atoi(line);
	} while (!claim(port));
	return port;
}

static int
run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char tree[] =
    "dn: " BASE "\nobjectClass: domain\ndc: example\n\n"
    "dn: " PEOPLE "\nobjectClass: organizationalUnit\nou: people\n\n"
    "dn: " SALES "\nobjectClass: organizationalUnit\nou: sales\ndescription: Who sells\n\n"
    "dn: ou=north,ou=sales,ou=people," BASE "\nobjectClass: organizationalUnit\nou: north\n\n"
    "dn: ou=doomed," PEOPLE "\nobjectClass: organizationalUnit\nou: doomed\n\n"
    "dn: ou=groups," BASE "\nobjectClass: organizationalUnit\nou: groups\n\n"
    "dn: cn=staff,ou=groups," BASE "\nobjectClass: groupOfNames\ncn: staff\nmember: cn=nobody," BASE
    "\n\n"
    "dn: cn=board,ou=groups," BASE "\nobjectClass: groupOfNames\ncn: board\nmember: cn=nobody," BASE
    "\n\n"
    "dn: uid=jane," PEOPLE "\nobjectClass: inetOrgPerson\nuid: jane\ncn: Jane\nsn: Doe\n"
    "mail: jane@example.org\nmobile: +4930123456\n\n";

static const char policy[] =
    "dn: cn=password-policy," BASE "\nobjectClass: device\nobjectClass: pwdPolicy\n"
    "cn: password-policy\npwdAttribute: userPassword\npwdMinLength: 10\npwdCheckQuality: 1\n"
    "pwdLockout: TRUE\n";

static void
read_password(struct rig *r)
{
	char path[128], line[128] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/service.password", r->folder);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	r->service_password = secret_new(line, strlen(line));
}

void
rig_start_slapd(struct rig *r, const char *options)
{
	char command[1200], path[128];
	FILE *f;
	int status;

	strcpy(r->folder, "/tmp/usherd-test-dir.XXXXXX");
	assert_non_null(mkdtemp(r->folder));
	snprintf(path, sizeof(path), "%s/tree.ldif", r->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(tree, f);
	if (strstr(options, "--without ppolicy") == NULL)
		fputs(policy, f);
	fclose(f);
	chmod(r->folder, 0755);
	r->port = rig_free_port();
	snprintf(r->url, sizeof(r->url), "ldap://127.0.0.1:%d", r->port);
	if (strstr(options, "@LDAPS@") != NULL) {
		r->ldaps_port = rig_free_port();
		snprintf(r->ldaps_url, sizeof(r->ldaps_url), "ldaps://127.0.0.1:%d", r->ldaps_port);
		snprintf(r->ca, sizeof(r->ca), "%s/run/ca.pem", r->folder);
		snprintf(command, sizeof(command), "%s start %s %d --ldif %s --ldaps %d", script(),
		    r->folder, r->port, path, r->ldaps_port);
	} else
		snprintf(command, sizeof(command), "%s start %s %d --ldif %s %s", script(),
		    r->folder, r->port, path, options);
	status = run(command);
	if (status == 77) {
		printf("skipped: slapd is not installed\n");
		exit(77);
	}
	assert_int_equal(status, 0);
	read_password(r);
}

void
rig_restart_slapd(struct rig *r)
{
	char command[700];

	snprintf(command, sizeof(command), "%s start %s %d", script(), r->folder, r->port);
	assert_int_equal(run(command), 0);
}

void
rig_stop_slapd(struct rig *r, bool with_kill)
{
	char command[700];

	snprintf(command, sizeof(command), "%s stop %s %s", script(), r->folder,
	    with_kill ? "--kill" : "");
	assert_int_equal(run(command), 0);
}

/* A stop takes a moment to reach every thread. */
static void
wait_until_stopped(int pid)
{
	char command[256];

	snprintf(command, sizeof(command),
	    "i=0; while cat /proc/%d/task/*/stat | grep -qv ') T '; do "
	    "i=$((i + 1)); [ $i -lt 200 ] || exit 1; sleep 0.005; done",
	    pid);
	assert_int_equal(run(command), 0);
}

void
rig_signal_slapd(struct rig *r, int signo)
{
	char path[128], line[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/run/slapd.pid", r->folder);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_int_equal(kill(atoi(line), signo), 0);
	if (signo == SIGSTOP)
		wait_until_stopped(atoi(line));
}

void
rig_answer_with(struct rig *r, const char *item)
{
	char command[1200];

	rig_stop_slapd(r, false);
	snprintf(command, sizeof(command),
	    "sed -i '/^moduleload syncprov/a moduleload retcode' %s/slapd.conf && printf '%%s\\n' "
	    "'' 'overlay retcode' 'retcode-parent \"" RETCODES
	    "\"' 'retcode-item %s' >>%s/slapd.conf",
	    r->folder, item, r->folder);
	assert_int_equal(run(command), 0);
	rig_restart_slapd(r);
}

size_t
rig_count_in_log(struct rig *r, const char *words)
{
	char path[128], line[4096];
	size_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/slapd.log", r->folder);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		count += strstr(line, words) != NULL;
	fclose(f);
	return count;
}

void
rig_remove(struct rig *r)
{
	char command[128];

	rig_close(r);
	if (r->folder[0] != '\0') {
		rig_stop_slapd(r, true);
		snprintf(command, sizeof(command), "rm -rf %s", r->folder);
		assert_int_equal(run(command), 0);
	}
	secret_free(r->service_password);
	memset(r, 0, sizeof(*r));
}

static LDAP *
plain_handle(struct rig *r)
{
	LDAP *ld = NULL;
	int version = LDAP_VERSION3;

	assert_int_equal(ldap_initialize(&ld, r->url), LDAP_SUCCESS);
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	return ld;
}

static int
plain_bind(LDAP *ld, const char *dn, const char *password)
{
	struct berval value = { strlen(password), (char *)(uintptr_t)password };

	return ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &value, NULL, NULL, NULL);
}

int
rig_bind(struct rig *r, const char *dn, const char *password)
{
	LDAP *ld = plain_handle(r);
	int rc = plain_bind(ld, dn, password);

	ldap_unbind_ext_s(ld, NULL, NULL);
	return rc;
}

void
rig_change(struct rig *r, const char *ldif)
{
	char command[400];
	FILE *p;

	snprintf(command, sizeof(command),
	    "head -c -1 %s/root.password >%s/root.clear && ldapmodify -x -H %s -D cn=admin," BASE
	    " -y %s/root.clear >/dev/null",
	    r->folder, r->folder, r->url, r->folder);
	p = popen(command, "w");
	assert_non_null(p);
	fputs(ldif, p);
	assert_int_equal(pclose(p), 0);
}

void
rig_add_group(struct rig *r, const char *dn, const char *cn, const char *member)
{
	char ldif[1024];

	snprintf(ldif, sizeof(ldif),
	    "dn: %s\nchangetype: add\nobjectClass: groupOfNames\ncn: %s\nmember: %s\n", dn, cn,
	    member);
	rig_change(r, ldif);
}

const char *
rig_values(struct rig *r, const char *dn, const char *attribute)
{
	static char text[1024];
	char *wanted[] = { (char *)(uintptr_t)attribute, NULL };
	LDAP *ld = plain_handle(r);
	LDAPMessage *found = NULL;
	struct berval **values = NULL;

	text[0] = '\0';
	assert_int_equal(plain_bind(ld, "cn=usherd," BASE, secret_bytes(r->service_password)), 0);
	if (ldap_search_ext_s(ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL,
		NULL, 0, &found) == LDAP_SUCCESS &&
	    ldap_first_entry(ld, found) != NULL)
		values = ldap_get_values_len(ld, ldap_first_entry(ld, found), attribute);
	for (size_t i = 0; values != NULL && values[i] != NULL; i++) {
		if (i > 0)
			strncat(text, ",", sizeof(text) - strlen(text) - 1);
		strncat(text, values[i]->bv_val, sizeof(text) - strlen(text) - 1);
	}
	ldap_value_free_len(values);
	ldap_msgfree(found);
	ldap_unbind_ext_s(ld, NULL, NULL);
	return text;
}

static struct {
	pthread_t thread;
	int listener, stop[2];
	const void *bytes;
	size_t len;
} silent;

static void *
silent_main(void *arg)
{
	int clients[64];
	size_t count = 0;

	(void)arg;
	for (;;) {
		struct pollfd p[] = { { .fd = silent.listener, .events = POLLIN },
			{ .fd = silent.stop[0], .events = POLLIN } };

		poll(p, 2, -1);
		if (p[1].revents != 0)
			break;
		if (count < 64 && (clients[count] = accept(silent.listener, NULL, NULL)) >= 0) {
			if (silent.len > 0 &&
			    send(clients[count], silent.bytes, silent.len, MSG_NOSIGNAL) < 0)
				perror("send");
			count++;
		}
	}
	while (count > 0)
		close(clients[--count]);
	return NULL;
}

int
rig_silent_server(const void *bytes, size_t len)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int port = rig_free_port(), on = 1;

	sa.sin_port = htons((uint16_t)port);
	silent.bytes = bytes;
	silent.len = len;
	silent.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(silent.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(silent.listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(silent.listener, 64), 0);
	assert_int_equal(pipe(silent.stop), 0);
	assert_int_equal(pthread_create(&silent.thread, NULL, silent_main, NULL), 0);
	return port;
}

void
rig_silent_server_stop(void)
{
	assert_int_equal(write(silent.stop[1], "x", 1), 1);
	pthread_join(silent.thread, NULL);
	close(silent.stop[0]);
	close(silent.stop[1]);
	close(silent.listener);
}
