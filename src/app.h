/* The composition root: builds every module, hands each its collaborators, and undoes it all in
 * reverse order. Nothing else knows more than its neighbours. */
#ifndef USHERD_APP_H
#define USHERD_APP_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/conf.h"
#include "dir/dir.h"
#include "mail/mail.h"

struct app;

/* Takes `conf`, also on failure. On failure everything that was built is undone and the code says
 * what sort of trouble it was; the store file is not touched by a failed start. */
enum err app_new_take(struct app **out, struct conf *conf, struct fault *f);

/* Opens the listeners when the store is ready, and serves until a signal ends it. False when the
 * start failed after all; the reason is in the log. */
bool app_run(struct app *a);
void app_free(struct app *a);

/* app_conf.c: a module's own settings out of the configuration, whose strings they borrow. */
void app_dir_conf(struct dir_conf *out, const struct conf *c);
void app_smtp_conf(struct mail_smtp_conf *out, const struct conf *c, struct loop *l);
void app_mail_sender(struct mail_sender *out, const struct conf *c); /* without its key */
/* As conf_load, and the modules have their say about the values that are for them. */
struct conf *app_load_conf(const char *path, struct conf_errors *errors);
/* app_access.c: the groups that give roles, each once and in one spelling; what is no DN is left
 * out. Returns how many. */
enum { APP_ROLE_GROUPS_MAX = CONF_ROLES_MAX + 1 };
size_t app_role_groups(const struct conf *c, const char *groups[APP_ROLE_GROUPS_MAX]);
/* The org units that roles are limited to, in the same way, in the configuration's arena. */
size_t app_role_places(const struct conf *c, const char *const **places);
/* That the groups are not too many. */
void app_check_role_groups(const struct conf *c, struct conf_errors *errors);

/* app_check.c: `usherd check-config --online`. Prints a line for each check; true when all hold. */
bool app_check_online(const struct conf *c);

/* app_check_role.c: whether the groups and org units of the roles are there. Returns when all is
 * told; runs the loop until then. */
typedef void app_check_told(void *arg, const char *name, bool ok, const char *text);
void app_check_roles_online(
    struct loop *l, struct dir *d, const struct conf *conf, app_check_told *told, void *arg);

/* app_routes.c: `usherd --routes`. Prints a line for each route: method, pattern, listeners, the
 * scopes of which a caller needs one ("known": none, but to be known; "-": nothing), what those get
 * whose rights are limited to a part of the tree (nothing of a WHOLE one), media types of a body
 * ("-": none). */
void app_print_routes(void);

/* app_notify.c: tell the service manager (sd_notify(3)); does nothing without NOTIFY_SOCKET. */
void app_notify(const char *state);
/* Half the watchdog's period in ms, 0 without one. */
int64_t app_watchdog_ms(void);

#endif
