#include "flow/flow_trail.h"

#include "flow/flow_private.h"

void
flow_trail_list_start(struct flow *f, const struct audit_query *q, audit_list_cb *cb, void *arg)
{
	store_audit_list(f->conf.store, q, cb, arg);
}

void
flow_trail_verify_start(
    struct flow *f, const struct audit_head *known, audit_verify_cb *cb, void *arg)
{
	store_audit_verify(f->conf.store, known, cb, arg);
}
