/* GET /api/v1/settings: what a client needs in order to offer what there is to choose. Nothing of
 * how the directory, the store or the mail server are reached. */
#include "api/api_private.h"

static const char *
api_bool(bool b)
{
	return b ? "true" : "false";
}

static void
api_add_invitation_settings(struct buf *b, const struct flow_settings *s)
{
	buf_printf(b, "{\"methods\":[\"link\"%s]", s->sends_mail ? ",\"email\"" : "");
	buf_printf(b, ",\"gender_required\":%s,\"birthday_required\":%s,\"uid_template\":",
	    api_bool(s->gender_required), api_bool(s->birthday_required));
	buf_add_json_string(b, s->uid_template);
	buf_printf(b, ",\"lifetime\":{\"default\":%lld,\"min\":%d,\"max\":%d},\"resend_after\":",
	    (long long)s->lifetime_s, INVITATION_LIFETIME_MIN, INVITATION_LIFETIME_MAX);
	if (s->sends_mail)
		buf_printf(b, "%lld}", (long long)s->resend_s);
	else
		buf_add_string(b, "null}");
}

enum err
api_settings_show(struct api_call *c, struct fault *f)
{
	const struct api_conf *conf = &c->api->conf;
	const struct api_settings *own = &conf->settings;
	const struct flow_settings s = flow_settings(conf->flow);
	struct buf b;

	(void)f;
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"organisation\":");
	buf_add_json_string(&b, own->organisation);
	buf_add_string(&b, ",\"public_url\":");
	buf_add_json_string(&b, conf->public_url);
	buf_add_string(&b, ",\"people_base\":");
	buf_add_json_string(&b, conf->people_base);
	buf_add_string(&b, ",\"languages\":");
	api_add_strings(&b, own->languages, own->language_count);
	buf_add_string(&b, ",\"default_language\":");
	buf_add_json_string(&b, own->default_language);
	buf_add_string(&b, ",\"invitations\":");
	api_add_invitation_settings(&b, &s);
	buf_printf(&b, ",\"users\":{\"restorable\":%lld},\"password\":{\"min_length\":%zu}",
	    (long long)s.restorable_s, s.password_min);
	buf_add_char(&b, '}');
	api_reply_json(c->x, 200, &b);
	return ERR_OK;
}
