/* A doubly linked list whose links live inside the elements (sys/queue.h's TAILQ is the model, with
 * types the compiler can check). */
#ifndef USHERD_BASE_LIST_H
#define USHERD_BASE_LIST_H

#include <sys/queue.h>

/* The element can be removed while the list is walked. glibc's sys/queue.h lacks this one. */
#define LIST_EACH_SAFE(var, head, field, next)                                                     \
	for ((var) = TAILQ_FIRST(head); (var) != NULL && ((next) = TAILQ_NEXT(var, field), 1);     \
	     (var) = (next))

#endif
