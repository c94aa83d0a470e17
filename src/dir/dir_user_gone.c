/* Does any server still know an entry? Replicas hear of a deletion later than the provider. */
#include "dir/dir_user_private.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

FAILPOINTS(gone_points, "dir.user.gone", "asking a server whether it still has an entry");

enum { FIRST_MS = 5, LONGEST_MS = 250 }; /* between two looks at one server */

struct gone {
	struct dir *dir;
	const char *dn;
	int64_t began, ms;
	struct fault lingering;
};

static enum err
gone_look(struct dir_job *job, struct dir_conn *c, bool *there, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct gone *g = job->value;
	struct dir_search s = { g->dn, "(objectClass=*)", LDAP_SCOPE_BASE, none, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL;
	enum err code;

	c->points = failpoints_of(gone_points);
	if (dir_wire_search(c, &s, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = fault_set(f, ERR_UNAVAILABLE, "%s", r.diagnostic);
	else
		code = dir_error_of(c->dir, &r, "look for an entry", f);
	ldap_msgfree(found);
	dir_reply_release(&r);
	*there = code == ERR_OK;
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

/* Until it is gone from this one. */
static enum err
gone_wait(struct dir_job *job, size_t server, struct fault *f)
{
	struct gone *g = job->value;
	struct dir_conn c = { .dir = g->dir };
	bool there = true;
	enum err code = dir_conn_open(&c, server, job->op.deadline, NULL, f);

	for (int ms = FIRST_MS; code == ERR_OK && there;
	     ms = 2 * ms < LONGEST_MS ? 2 * ms : LONGEST_MS) {
		code = gone_look(job, &c, &there, f);
		if (code != ERR_OK || !there)
			break;
		/* Whoever asked has given up: dir_free() waits for us. */
		if (dir_now() + ms >= job->op.deadline ||
		    atomic_load(&job->phase) == PHASE_ABANDONED)
			code = fault_set(f, ERR_UNAVAILABLE, "still has it");
		else
			poll(NULL, 0, ms);
	}
	dir_conn_close(&c);
	return code;
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

static enum err
gone_perform(struct dir_job *job, struct dir_conn *unused, struct fault *f)
{
	struct gone *g = job->value;
	struct fault why;

	(void)unused;
	for (size_t i = 0; i < g->dir->conf.uri_count; i++)
		if (gone_wait(job, i, &why) != ERR_OK)
			gone_note(g, g->dir->servers[i].uri, why.text);
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
