/* The process's parts, shared by the app_*.c files. */
#ifndef USHERD_APP_PRIVATE_H
#define USHERD_APP_PRIVATE_H

#include <sys/types.h>

#include "api/api.h"
#include "app.h"
#include "auth/auth.h"
#include "auth/passwd.h"
#include "flow/flow.h"
#include "flow/flow_mail.h"
#include "flow/flow_people.h"
#include "http/http.h"
#include "invite/password.h"
#include "loop/loop.h"
#include "store/kv.h"
#include "base/list.h"
#include "base/seal.h"
#include "store/store.h"
#include "web/console.h"
#include "web/web.h"

enum {
	APP_ANSWER_MS = 4000, /* a person waits this long for "done" before "in progress" */
	APP_STOP_MS = 9000,   /* the service manager is promised 10 s */
	APP_KEEP_MS = 5000,   /* of them, for the last save of the people list */
	APP_HASH_NICE = 5     /* hashing must not starve the loop */
};

struct app {
	struct conf *conf;
	struct loop *loop;
	struct seal *seal;
	struct kv *kv;
	struct store *store;
	struct dir *dir;
	struct passwd *passwd;
	struct blocklist *blocklist;
	struct roster *roster;
	struct webhooks *webhooks;
	struct flow_hook_conf hook_conf;
	struct mailer *mailer; /* NULL: no mail leaves */
	struct mail_templates *templates;
	struct flow_mail_conf mail; /* with a mailer */
	struct flow *flow;
	struct flow_feed *feed;
	struct auth *auth;
	TAILQ_HEAD(, app_look) looks; /* at people, under way */
	struct api *api;
	struct web *web;
	struct console *console; /* NULL: built without it */
	struct http_server *http;
	struct http_route_set sets[4];
	struct loop_signal *on_term, *on_int, *on_hup;
	struct loop_timer *stop_timer, *watchdog, *head_timer;
	uint64_t head_told; /* of the audit trail, to the log */
	int64_t started_at; /* wall ms */
	gid_t socket_gid;   /* (gid_t)-1: root alone */
	bool stopping, failed;
	unsigned parts_left; /* that stop side by side */
};

/* app_front.c: the API, the page, the console, the HTTP server. The listeners open when `ready`
 * could be called; app_open_listeners does it. */
void app_build_front(struct app *a, loop_cb *ready);
enum err app_open_listeners(struct app *a, struct fault *f);
void app_free_front(struct app *a);

/* app_status.c: of api_conf. `arg` is the app, with all its parts. */
void app_status(void *arg, struct arena *arena, struct api_status *out);

/* app_settings.c: what clients are told of the configuration. Once the mails are built. */
struct api_settings app_settings(struct app *a);

/* app_access.c: who calls; `ready` as above. Freed after the flow, which ends rights by it. */
void app_build_access(struct app *a, loop_cb *ready);
void app_free_access(struct app *a);

/* app_webhook.c */
enum err app_build_webhooks(struct app *a, struct fault *f);
/* app_mail.c: the mailer and the templates, if mails are to leave; what the use cases get of them
 * (NULL: nothing), once the store's key is there. */
enum err app_build_mail(struct app *a, struct fault *f);
const struct flow_mail_conf *app_mail_flow_conf(struct app *a);
void app_free_mail(struct app *a);
bool app_mail_is_well(const struct app *a);

/* app_audit.c: once the store is prepared. */
void app_start_audit(struct app *a);
void app_end_audit(struct app *a);  /* names what is not named yet, then stops the loop */
void app_free_audit(struct app *a); /* also when it was not started */

/* app_failpoint.c: none but in test builds. */
extern const struct http_route app_failpoint_routes[];

/* app_signal.c: SIGTERM and SIGINT stop, SIGHUP reloads. */
void app_watch_signals(struct app *a);
void app_unwatch_signals(struct app *a);

#endif
