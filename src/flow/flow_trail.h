/* Reading the audit trail. Callbacks, codes and what they are handed as in store_audit.h, but that
 * `after` and `next` are cursors: sealed, and good for the same question alone. ERR_INVALID: it is
 * none; the text begins with "cursor: ". */
#ifndef USHERD_FLOW_FLOW_TRAIL_H
#define USHERD_FLOW_FLOW_TRAIL_H

#include "flow/flow.h"
#include "store/store_audit.h"

void flow_trail_list_start(
    struct flow *f, const struct audit_query *q, audit_list_cb *cb, void *arg);
void flow_trail_verify_start(
    struct flow *f, const struct audit_head *known, audit_verify_cb *cb, void *arg);

#endif
