/* GET /api/v1/openapi.yaml: how this daemon, in its own version, is spoken to. */
#include <assert.h>

#include "api/api_private.h"

/* RFC 9512 */
#define YAML_TYPE "application/yaml"

void
api_description_init(struct api *a)
{
	assert(api_file_count == 1);
	http_make_etag(api_files[0].text, api_files[0].len, a->description_tag);
}

enum err
api_description(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct api *a = ctx;

	(void)f;
	http_add_header(x, "ETag", a->description_tag);
	http_add_header(x, "Cache-Control", "no-cache");
	if (http_has_etag(http_request_of(x), a->description_tag))
		http_reply(x, 304, NULL, NULL, 0);
	else
		http_reply(x, 200, YAML_TYPE, api_files[0].text, api_files[0].len);
	return ERR_OK;
}
