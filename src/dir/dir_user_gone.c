/* Does any server still know an entry? Replicas hear of a deletion later than the provider. */
#include "dir/dir_user_private.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

FAILPOINTS(gone_points, "dir.user.gone", "asking a server whether it still has an entry");

enum { FIRST_MS = 5, LONGEST_MS = 250 }; /* between two rounds */

struct gone_server {
	struct dir_conn conn;
	bool asked, settled; /* settled: it is gone there, or there is no answer to be had */
};

struct gone {
	struct dir *dir;
	const char *dn;
	int64_t began, ms;
	struct gone_server *servers;
	size_t pending;
	struct fault lingering;
};

static enum err
gone_look(struct dir_job *job, struct dir_conn *c, int64_t deadline, bool *there, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct gone *g = job->value;
	struct dir_search s = { g->dn, "(objectClass=*)", LDAP_SCOPE_BASE, none, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL;
	enum err code;

	c->points = failpoints_of(gone_points);
	if (dir_wire_search(c, &s, deadline, &r, &found) != WIRE_ANSWERED)
		code = fault_set(f, ERR_UNAVAILABLE, "%s", r.diagnostic);
	else
		code = dir_error_of(c->dir, &r, "look for an entry", f);
	ldap_msgfree(found);
	dir_reply_release(&r);
	*there = code == ERR_OK;
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static void
gone_note(struct gone *g, const char *uri, const char *why)
{
	char *text = g->lingering.text;
	size_t used = strlen(text);

	/* A fault that begins with the server's URI already says whose it is. */
	if (strncmp(why, uri, strlen(uri)) == 0)
		snprintf(text + used, sizeof(g->lingering.text) - used, "%s%.160s",
		    used > 0 ? "; " : "", why);
	else
		snprintf(text + used, sizeof(g->lingering.text) - used, "%s%.100s: %.100s",
		    used > 0 ? "; " : "", uri, why);
}

/* One question to one server. Silence costs no more than its share of the time that is left, so
 * that those behind it are asked too. */
static void
gone_ask(struct dir_job *job, size_t i)
{
	struct gone *g = job->value;
	struct gone_server *s = &g->servers[i];
	int64_t now = dir_now();
	int64_t deadline = now + (job->op.deadline - now) / (int64_t)g->pending;
	bool there = true;
	struct fault why;
	enum err code = ERR_OK;

	if (!s->asked) {
		s->conn.dir = g->dir;
		code = dir_conn_open(&s->conn, i, deadline, NULL, &why);
	}
	s->asked = true;
	if (code == ERR_OK)
		code = gone_look(job, &s->conn, deadline, &there, &why);
	if (code == ERR_OK && there)
		return;
	if (code != ERR_OK)
		gone_note(g, g->dir->servers[i].uri, why.text);
	dir_conn_close(&s->conn);
	s->settled = true;
	g->pending--;
}

/* All in turn, again and again: one that lingers says nothing about the others. */
static enum err
gone_perform(struct dir_job *job, struct dir_conn *unused, struct fault *f)
{
	struct gone *g = job->value;
	const size_t count = g->dir->conf.uri_count;

	(void)unused;
	g->servers = arena_alloc(job->arena, count * sizeof(*g->servers));
	g->pending = count;
	for (int ms = FIRST_MS; g->pending > 0; ms = 2 * ms < LONGEST_MS ? 2 * ms : LONGEST_MS) {
		for (size_t i = 0; i < count; i++)
			if (!g->servers[i].settled)
				gone_ask(job, i);
		/* Whoever asked has given up: dir_free() waits for us. */
		if (dir_now() + ms >= job->op.deadline ||
		    atomic_load(&job->phase) == PHASE_ABANDONED)
			break;
		if (g->pending > 0)
			poll(NULL, 0, ms);
	}
	for (size_t i = 0; i < count; i++)
		if (!g->servers[i].settled) {
			gone_note(g, g->dir->servers[i].uri, "still has it");
			dir_conn_close(&g->servers[i].conn);
		}
	g->ms = dir_now() - g->began;
	if (g->lingering.text[0] == '\0')
		return ERR_OK;
	return fault_set(f, ERR_UNAVAILABLE, "%s", g->lingering.text);
}

static void
gone_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_gone_cb *cb = (dir_gone_cb *)(uintptr_t)job->cb;
	struct gone *g = job->value;

	cb(job->arg, code, code == ERR_OK ? g->ms : -1, f);
}

struct dir_op *
dir_user_gone(struct dir *d, const char *dn, dir_gone_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, gone_perform, gone_answer, DIR_CB_KEEP(cb), arg);
	struct gone *g = arena_alloc(job->arena, sizeof(*g));
	enum err code = ERR_OK;

	g->dir = d;
	g->dn = arena_strdup(job->arena, dn);
	g->began = dir_now();
	job->aside = d->lookers;
	job->value = g;
	if (!dir_dn_is_below(dn, d->conf.search_base, false))
		code = fault_set(
		    &job->fault, ERR_REFUSED, "%s is not below %s", dn, d->conf.search_base);
	return dir_job_start(job, code);
}
