/* Candidates of a uid, in growing handfuls: most names are free at the first try, and a common one
 * should not cost a question each. */

#include "flow/flow_private.h"
#include "invite/uid.h"

bool
flow_names_more(struct flow_names *n, const char *template, const struct person *p)
{
	size_t want = n->last == 0 ? 2 : n->last < 16 ? 8 : FLOW_CANDIDATES_MAX;

	n->count = 0;
	n->next = 0;
	while (n->count < want) {
		if (!uid_candidate(template, p, n->last + 1, n->uid[n->count]))
			break;
		n->count++;
		n->last++;
	}
	return n->count > 0;
}
