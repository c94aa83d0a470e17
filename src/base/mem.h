/* Allocation that ends the process when memory runs out: "PROGRAM: out of memory" on standard error
 * and exit status 71 (EX_OSERR), which no crash and no broken promise of ours looks like. The store
 * is durable and the service manager restarts us, so a small allocation that fails is not worth a
 * path of its own. A size that comes from outside is bounded by its reader first. Any thread may
 * call; all of it is freed with free(). */
#ifndef USHERD_BASE_MEM_H
#define USHERD_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);		    /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed; an overflow of the product counts as none */
void *mem_resize(void *old, size_t count, size_t size);
char *mem_dup_string(const char *s);	     /* NULL stays NULL */
void *mem_dup(const void *data, size_t len); /* a zero byte is added behind the copy */

/* That ending, for whoever was refused memory, or a thread, by something else. */
void mem_exhausted(void) __attribute__((noreturn));

#endif
