#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "base/mem.h"
#include "base/secret.h"
#include "loop/transfer.h"

/* What libcurl frees is wiped first: passwords, webhooks' signatures, mails with a link pass
 * through its buffers, and it wipes none of them. Out of memory ends the process, as everywhere. */

static void *
curl_memory_alloc(size_t size)
{
	return mem_resize(NULL, size, 1);
}

static void
curl_memory_free(void *p)
{
	if (p != NULL)
		secret_wipe(p, malloc_usable_size(p));
	free(p);
}

/* realloc() would leave a copy behind where the block cannot grow. */
static void *
curl_memory_resize(void *old, size_t size)
{
	size_t had = old != NULL ? malloc_usable_size(old) : 0;
	void *p = mem_resize(NULL, size, 1);

	if (old != NULL)
		memcpy(p, old, had < size ? had : size);
	curl_memory_free(old);
	return p;
}

static char *
curl_memory_string(const char *s)
{
	return mem_dup_string(s);
}

static void *
curl_memory_array(size_t count, size_t size)
{
	return mem_array(count, size);
}

static void
library_init_once(void)
{
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_memory_alloc, curl_memory_free,
		curl_memory_resize, curl_memory_string, curl_memory_array) != CURLE_OK)
		mem_exhausted();
}

void
transfer_library_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, library_init_once);
}
