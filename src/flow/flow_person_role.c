/* Whom nobody acts on whose rights are limited: those who have a role. Whoever could change their
 * mail, or bring a deleted one back, would have what that role allows. The directory says who they
 * are, not the list, which may be behind. */
#include "flow/people_private.h"

#include <strings.h>

#include "dir/dir_sign.h"

static const char role_text[] =
    "role: somebody who has a role is changed by those whose rights are not limited";

static void
role_finish(struct people_op *op, enum err code, const struct fault *f)
{
	if (op->resumed)
		people_refused(op, code, f);
	else
		people_finish(op, code, f);
}

/* Groups that cannot be looked at protect everybody. */
static void
role_on_looked(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (code != ERR_OK) {
		if (code == ERR_TOO_LARGE)
			code = ERR_DENIED; /* so it stays */
		else if (!people_is_passing(code))
			code = ERR_MISCONFIGURED;
		fault_set(&own, code, "whether they have a role is not known: %s", f->text);
		role_finish(op, code, &own);
		return;
	}
	for (size_t i = 0; i < op->flow->conf.role_group_count; i++)
		if (member[i]) {
			fault_set(&own, ERR_DENIED, "%s", role_text);
			role_finish(op, ERR_DENIED, &own);
			return;
		}
	op->next(op);
}

void
people_spare_roles_of(
    struct people_op *op, const char *const *names, size_t count, people_step *next)
{
	const struct flow_conf *conf = &op->flow->conf;

	op->next = next;
	if (!op->intent.is_limited || conf->role_group_count == 0)
		next(op);
	else
		op->dir_op = dir_look_at_names(conf->dir, names, count, conf->role_groups,
		    conf->role_group_count, role_on_looked, op);
}

void
people_spare_roles(struct people_op *op, people_step *next)
{
	if (op->by.entry != NULL && strcasecmp(op->by.entry, op->user.entry_uuid) == 0)
		next(op);
	else
		people_spare_roles_of(op, &op->user.dn, 1, next);
}
