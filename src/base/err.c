#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
	[ERR_OK] = "ok",
	[ERR_INVALID] = "invalid",
	[ERR_UNAUTHENTICATED] = "unauthenticated",
	[ERR_DENIED] = "denied",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_EXISTS] = "exists",
	[ERR_CONFLICT] = "conflict",
	[ERR_EXPIRED] = "expired",
	[ERR_REVOKED] = "revoked",
	[ERR_USED] = "used",
	[ERR_REFUSED] = "refused",
	[ERR_TOO_LARGE] = "too_large",
	[ERR_THROTTLED] = "throttled",
	[ERR_BUSY] = "busy",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_UNKNOWN] = "unknown",
	[ERR_MISCONFIGURED] = "misconfigured",
	[ERR_CORRUPT] = "corrupt",
	[ERR_INTERNAL] = "internal",
};

const char *
err_name(enum err code)
{
	if ((size_t)code >= sizeof(names) / sizeof(names[0]))
		return "internal";
	return names[code];
}

enum err
fault_set(struct fault *f, enum err code, const char *fmt, ...)
{
	va_list ap;

	if (f == NULL)
		return code;
	f->code = code;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	for (unsigned char *p = (unsigned char *)f->text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
	return code;
}
