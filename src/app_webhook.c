/* The part that sends webhook messages. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "app_private.h"

enum err
app_build_webhooks(struct app *a, struct fault *f)
{
	const struct conf *c = a->conf;
	const struct webhook_conf conf = { .loop = a->loop,
		.connections = (size_t)c->webhook_connections,
		.timeout_ms = c->webhook_timeout * 1000,
		.allow_private = c->webhook_private,
		.clear_text = c->webhook_clear_text,
		.ca_file = c->webhook_ca_file,
		.user_agent = "usherd/" PACKAGE_VERSION };
	enum err code = webhooks_new(&a->webhooks, &conf, f);

	a->hook_conf = (struct flow_hook_conf){ .webhooks = a->webhooks,
		.allow_private = c->webhook_private,
		.clear_text = c->webhook_clear_text,
		.in_flight = (size_t)c->webhook_connections,
		.kept_s = c->webhook_kept };
	return code;
}
