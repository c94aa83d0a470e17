#include <string.h>

#include "app.h"
#include "http/http.h"
#include "invite/outbox.h"
#include "invite/reach.h"
#include "invite/uid.h"

void
app_dir_conf(struct dir_conf *out, const struct conf *c)
{
	const char **guarded = arena_alloc(c->arena, APP_ROLE_GROUPS_MAX * sizeof(*guarded));

	*out = (struct dir_conf){
		.uri_count = c->uris.count,
		.tls = c->start_tls ? DIR_TLS_START : DIR_TLS_NONE,
		.ca_file = c->ca_file,
		.allow_clear_text = c->allow_clear_text,
		.bind_dn = c->bind_dn,
		.bind_password = c->bind_password,
		.search_base = c->search_base,
		.people_base = c->people_base,
		.profile = strcmp(c->profile, "openldap") == 0 ? DIR_OPENLDAP : DIR_GENERIC,
		.password_mode =
		    strcmp(c->password_mode, "argon2") == 0 ? DIR_PASSWORD_ARGON2 : DIR_PASSWORD_EXOP,
		.rdn_attribute = c->rdn_attribute,
		.object_class_count = c->object_classes.count,
		.attributes = {
			[PERSON_GIVEN_NAME] = c->attribute_given_name,
			[PERSON_FAMILY_NAME] = c->attribute_family_name,
			[PERSON_DISPLAY_NAME] = c->attribute_display_name,
			[PERSON_GENDER] = c->attribute_gender,
			[PERSON_BIRTHDAY] = c->attribute_birthday,
			[PERSON_MAIL] = c->attribute_mail,
			[PERSON_PHONE] = c->attribute_phone,
			[PERSON_POSITION] = c->attribute_position,
			[PERSON_LANGUAGE] = c->attribute_language,
			[PERSON_UID] = c->rdn_attribute,
		},
		.marker_attribute = c->marker_attribute,
		.group_class = c->group_class,
		.group_member = c->group_member,
		.guarded_groups = guarded,
		.guarded_count = app_role_groups(c, guarded),
		.threads = (size_t)c->directory_threads,
		.queue_max = (size_t)c->directory_queue,
		.connect_timeout_ms = c->connect_timeout * 1000,
		.op_timeout_ms = c->operation_timeout * 1000,
	};
	for (size_t i = 0; i < c->uris.count && i < DIR_URIS_MAX; i++)
		out->uris[i] = c->uris.item[i];
	for (size_t i = 0; i < c->object_classes.count && i < DIR_CLASSES_MAX; i++)
		out->object_classes[i] = c->object_classes.item[i];
}

/* A mail that is given to the mailer waits behind another at most, or two while somebody tries one
 * out; then it takes as long itself. */
_Static_assert(3 * 1000LL * CONF_MAIL_TRANSFER_MAX <= OUTBOX_CLAIM_MS / 2,
    "a claim could run out while its mail is being sent");

void
app_smtp_conf(struct mail_smtp_conf *out, const struct conf *c, struct loop *l)
{
	*out = (struct mail_smtp_conf){
		.loop = l,
		.host = c->mail_host,
		.port = c->mail_port,
		.hello = c->mail_hello,
		.tls = strcmp(c->mail_tls, "tls") == 0	  ? MAIL_TLS
		       : strcmp(c->mail_tls, "none") == 0 ? MAIL_CLEAR
							  : MAIL_STARTTLS,
		.ca_file = c->mail_ca_file,
		.user = c->mail_user,
		.password = c->mail_password,
		.connections = (size_t)c->mail_connections,
		.connect_ms = c->mail_connect_timeout * 1000,
		.reply_ms = c->mail_reply_timeout * 1000,
		.transfer_ms = c->mail_transfer_timeout * 1000,
	};
}

void
app_mail_sender(struct mail_sender *out, const struct conf *c)
{
	*out = (struct mail_sender){
		.organisation = c->organisation,
		.from = c->mail_from,
		.from_name = c->mail_from_name,
		.reply_to = c->reply_to,
		.bounces = c->bounce_address,
		.id_domain = mail_domain_of(c->mail_from),
		.sign_in_url = c->sign_in_url,
		.help_contact = c->help_contact,
	};
}

static void
app_check_dn(const struct conf *c, const char *name, const char *value, struct conf_errors *errors)
{
	const char *normal;

	if (value != NULL && !dir_dn_normalise(value, c->arena, &normal))
		conf_complain(errors, c, "directory", name, "%s: \"%s\" is not a DN", name, value);
}

/* A place that no user, invitation or group stands in is a mistake. */
static void
app_check_role_place(
    const struct conf *c, const struct conf_role *role, size_t index, struct conf_errors *errors)
{
	const char *place = role->org_units[index], *normal, *base;
	const int line = role->org_unit_lines[index];

	if (!dir_dn_normalise(place, c->arena, &normal))
		conf_complain_role(
		    errors, c, line, "[role %s] org_unit: \"%s\" is not a DN", role->name, place);
	else if (dir_dn_normalise(c->search_base, c->arena, &base) &&
		 !reach_is_within(normal, base))
		conf_complain_role(errors, c, line,
		    "[role %s] org_unit: \"%s\" is outside of search_base", role->name, place);
}

static void
app_check_roles(const struct conf *c, struct conf_errors *errors)
{
	const char *normal;

	for (size_t i = 0; i < c->role_count; i++) {
		const struct conf_role *role = &c->roles[i];

		if (!dir_dn_normalise(role->group, c->arena, &normal))
			conf_complain_role(errors, c, role->group_line,
			    "[role %s] group: \"%s\" is not a DN", role->name, role->group);
		for (size_t k = 0; k < role->org_unit_count; k++)
			app_check_role_place(c, role, k, errors);
	}
}

/* As strict as the mails that they will stand in. Only a recipient may be not ASCII: the relay
 * would have to take everybody's mails as UTF-8. */
static void
app_check_addresses(const struct conf *c, struct conf_errors *errors)
{
	const struct {
		const char *name, *value;
		bool utf8;
	} rows[] = { { "from", c->mail_from, false }, { "reply_to", c->reply_to, false },
		{ "bounce_address", c->bounce_address, false }, { "notify", c->notify, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value != NULL && !mail_address_is_safe(rows[i].value, rows[i].utf8))
			conf_complain(errors, c, "mail", rows[i].name,
			    "%s: no mail can have \"%s\" as an address", rows[i].name,
			    rows[i].value);
}

/* An address that reports come back to has room for the mark that tells them apart. */
static void
app_check_bounces(const struct conf *c, struct conf_errors *errors)
{
	static const char any[] = "00000000-0000-7000-8000-000000000000";
	struct mail_sender sender;

	app_mail_sender(&sender, c);
	if (c->bounce_address != NULL &&
	    strcmp(mail_verp_address(c->arena, &sender, any, c->bounce_address),
		c->bounce_address) == 0)
		conf_complain(errors, c, "mail", "bounce_address",
		    "bounce_address: \"%s\" is too long: more than 18 characters before the \"@\" "
		    "leave no room for the invitation's mark",
		    c->bounce_address);
}

/* All mails have the same sender: what is wrong with it is wrong with all. */
static void
app_check_sender(const struct conf *c, struct conf_errors *errors)
{
	const char *name = c->mail_from_name != NULL ? c->mail_from_name : c->organisation;
	struct mail *m = mail_new();
	struct fault f = { .text = "" };

	if (mail_add_header(m, "From", mail_mailbox(m->arena, name, c->mail_from), &f) != ERR_OK)
		conf_complain(errors, c, "mail", "from_name", "from_name: %s", f.text);
	mail_free(m);
	app_check_bounces(c, errors);
}

/* Templates have errors of their own, with their own files and lines. */
static void
app_check_templates(const struct conf *c, struct conf_errors *errors)
{
	struct mail_template_errors of_templates;
	struct mail_templates *t =
	    mail_templates_load(c->template_folder, c->mail_language, &of_templates);

	for (size_t i = 0; t == NULL && i < of_templates.count; i++)
		if (errors->count < CONF_ERRORS_MAX)
			errors->items[errors->count++] = of_templates.items[i];
	if (t != NULL && !mail_templates_speak(t, c->mail_language))
		conf_complain(errors, c, "mail", "language",
		    "language: \"%s\": there are no texts for an invitation in it",
		    c->mail_language);
	mail_templates_free(t);
}

static void
app_check_mail(const struct conf *c, struct conf_errors *errors)
{
	app_check_addresses(c, errors);
	if (c->mail_from != NULL)
		app_check_sender(c, errors);
	if (c->relay != NULL || c->spool != NULL || c->template_folder != NULL)
		app_check_templates(c, errors);
}

static void
app_check_proxies(const struct conf *c, struct conf_errors *errors)
{
	for (size_t i = 0; i < c->proxies.count; i++)
		if (!http_proxy_is_valid(c->proxies.item[i]))
			conf_complain(errors, c, "listen", "proxies",
			    "proxies: \"%s\": an address such as 192.0.2.7 or 2001:db8::7 is "
			    "needed, or a "
			    "block such as 192.0.2.0/24 without bits behind its prefix",
			    c->proxies.item[i]);
}

struct conf *
app_load_conf(const char *path, struct conf_errors *errors)
{
	struct conf *c = conf_load(path, errors);
	struct dir_conf dir;
	struct fault f = { .text = "" };

	if (c == NULL)
		return NULL;
	app_check_dn(c, "bind_dn", c->bind_dn, errors);
	app_check_dn(c, "search_base", c->search_base, errors);
	app_check_dn(c, "people_base", c->people_base, errors);
	app_check_dn(c, "admin_group", c->admin_group, errors);
	app_check_roles(c, errors);
	app_check_role_groups(c, errors);
	if (uid_template_check(c->uid_template, &f) != ERR_OK)
		conf_complain(errors, c, "invitation", "uid_template", "uid_template: %s", f.text);
	app_check_proxies(c, errors);
	app_check_mail(c, errors);
	app_dir_conf(&dir, c);
	if (errors->count == 0 && dir_conf_check(&dir, &f) != ERR_OK)
		conf_complain(errors, c, "directory", "uri", "%s", f.text);
	if (errors->count == 0)
		return c;
	conf_free(c);
	return NULL;
}
