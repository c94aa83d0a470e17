/* `usherd check-config --online`: what the daemon would find out when it is too late to be asked.
 */
#include <stdio.h>

#include "app.h"
#include "loop/loop.h"

struct check_run {
	struct loop *loop;
	bool ok;
};

static void
check_print(void *arg, const char *name, bool ok, const char *text)
{
	struct check_run *run = arg;

	printf("%-14s %-6s %s\n", name, ok ? "ok" : "FAILED", text);
	run->ok = run->ok && ok;
}

/* ---- directory ---- */

static void
check_on_done(void *arg, enum err code, const struct dir_check *checks, size_t count)
{
	struct check_run *run = arg;

	run->ok = run->ok && code == ERR_OK;
	for (size_t i = 0; i < count; i++)
		check_print(run, checks[i].name, checks[i].ok, checks[i].text);
	if (count == 0)
		check_print(run, "connect", false, err_name(code));
	loop_stop(run->loop);
}

static void
check_directory(struct check_run *run, const struct conf *c)
{
	struct dir_conf dir_conf;
	struct dir *d = NULL;
	struct fault f = { .text = "" };

	app_dir_conf(&dir_conf, c);
	if (dir_new(&d, run->loop, &dir_conf, &f) != ERR_OK)
		check_print(run, "directory", false, f.text);
	else {
		dir_self_test(d, check_on_done, run);
		loop_run(run->loop);
		if (run->ok)
			app_check_roles_online(run->loop, d, c, check_print, run);
	}
	dir_free(d);
}

/* ---- mail ---- */

static void
check_on_probed(void *arg, const struct mail_report *report)
{
	struct check_run *run = arg;

	check_print(run, "mail", report->outcome == MAIL_SENT, report->reply);
	loop_stop(run->loop);
}

/* To the sender, so that there is one; it never leaves. */
static void
check_probe(struct check_run *run, struct mailer *mailer, const struct conf *c)
{
	struct mail *m = mail_new();

	m->from = m->to = arena_strdup(m->arena, c->mail_from);
	m->text = arena_strdup(m->arena, "");
	mailer_send(mailer, m, check_on_probed, run);
	loop_run(run->loop);
	mail_free(m);
}

static void
check_mail(struct check_run *run, const struct conf *c)
{
	struct mail_smtp_conf smtp;
	struct mailer *mailer = NULL;
	struct fault f = { .text = "" };

	if (c->relay == NULL)
		return;
	app_smtp_conf(&smtp, c, run->loop);
	if (mail_smtp_probe_new(&mailer, &smtp, &f) != ERR_OK)
		check_print(run, "mail", false, f.text);
	else
		check_probe(run, mailer, c);
	mailer_free(mailer);
}

bool
app_check_online(const struct conf *c)
{
	struct check_run run = { .loop = loop_new(), .ok = true };

	if (run.loop == NULL)
		return false;
	check_directory(&run, c);
	check_mail(&run, c);
	loop_free(run.loop);
	return run.ok;
}
