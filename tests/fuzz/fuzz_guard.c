/* The guard gives one verdict for the same bytes, however they were cut. The first byte of the
 * input says how large the pieces are. */
#include <stdlib.h>

#include "http/http_guard.h"

struct outcome {
	enum http_guard_phase phase;
	int status;
	unsigned messages;
};

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static struct outcome
feed(const unsigned char *data, size_t len, size_t piece)
{
	struct http_guard_limits limits = {
		.header_bytes = 512, .header_fields = 8, .body_bytes = 64
	};
	struct outcome o = { 0 };
	struct http_guard g;

	http_guard_init(&g, &limits);
	while (len > 0 && g.phase != HTTP_GUARD_OVER) {
		size_t end = len < piece ? len : piece;
		enum http_guard_verdict verdict;
		size_t used = http_guard_feed(&g, data, end, &verdict);

		if (verdict == HTTP_GUARD_REFUSED)
			break;
		o.messages += verdict == HTTP_GUARD_MESSAGE;
		if (used == 0 || used > end)
			abort();
		data += used;
		len -= used;
	}
	o.phase = g.phase;
	o.status = g.phase == HTTP_GUARD_OVER ? g.status : 0;
	return o;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct outcome whole, cut;

	if (len == 0)
		return 0;
	whole = feed(data + 1, len - 1, len);
	cut = feed(data + 1, len - 1, 1 + data[0] % 16u);
	if (whole.phase != cut.phase || whole.status != cut.status ||
	    whole.messages != cut.messages)
		abort();
	return 0;
}
