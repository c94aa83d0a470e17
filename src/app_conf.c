#include <string.h>

#include "app.h"
#include "invite/uid.h"

void
app_dir_conf(struct dir_conf *out, const struct conf *c)
{
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

static void
app_check_dn(const struct conf *c, const char *name, const char *value, struct conf_errors *errors)
{
	const char *normal;

	if (value != NULL && !dir_dn_normalise(value, c->arena, &normal))
		conf_complain(errors, c, "directory", name, "%s: \"%s\" is not a DN", name, value);
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
	if (uid_template_check(c->uid_template, &f) != ERR_OK)
		conf_complain(errors, c, "invitation", "uid_template", "uid_template: %s", f.text);
	app_dir_conf(&dir, c);
	if (errors->count == 0 && dir_conf_check(&dir, &f) != ERR_OK)
		conf_complain(errors, c, "directory", "uri", "%s", f.text);
	if (errors->count == 0)
		return c;
	conf_free(c);
	return NULL;
}
