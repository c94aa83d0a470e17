/* Mails: where they leave, what they say, and who sends them. */
#include "app_private.h"

static enum err
app_build_mailer(struct app *a, struct fault *f)
{
	struct mail_smtp_conf smtp;

	if (a->conf->relay == NULL)
		return mail_spool_new(&a->mailer, a->loop, a->conf->spool, f);
	app_smtp_conf(&smtp, a->conf, a->loop);
	return mail_smtp_new(&a->mailer, &smtp, f);
}

enum err
app_build_mail(struct app *a, struct fault *f)
{
	const struct conf *c = a->conf;
	struct mail_template_errors errors;

	if (c->relay == NULL && c->spool == NULL)
		return ERR_OK;
	a->templates = mail_templates_load(c->template_folder, c->mail_language, &errors);
	if (a->templates == NULL) {
		*f = errors.items[0];
		return f->code;
	}
	return app_build_mailer(a, f);
}

const struct flow_mail_conf *
app_mail_flow_conf(struct app *a)
{
	const struct conf *c = a->conf;

	if (a->mailer == NULL)
		return NULL;
	a->mail = (struct flow_mail_conf){ .mailer = a->mailer,
		.templates = a->templates,
		.public_url = c->public_url,
		.notify = c->notify,
		.in_flight = (size_t)c->mail_connections,
		.rate = (size_t)c->mail_rate,
		.domain_rate = (size_t)c->mail_domain_rate,
		.queue_max = (size_t)c->mail_queue_max,
		.resend_s = c->resend_interval,
		.reminder = c->mail_reminder,
		.welcome = c->mail_welcome,
		.notices = c->mail_notices };
	app_mail_sender(&a->mail.sender, c);
	seal_derive(a->seal, "bounce", a->mail.sender.verp_key);
	return &a->mail;
}

/* After the flow, which has mails on their way. */
void
app_free_mail(struct app *a)
{
	mailer_free(a->mailer);
	mail_templates_free(a->templates);
	secret_wipe(a->mail.sender.verp_key, sizeof(a->mail.sender.verp_key));
}

bool
app_mail_is_well(const struct app *a)
{
	struct flow_mail_status status;

	flow_mail_status(a->flow, &status);
	return !status.paused;
}
