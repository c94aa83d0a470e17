/* The field Date (RFC 5322 section 3.3). */
#include "base/moment.h"
#include "mail/compose_private.h"

const char *
mail_date(struct arena *arena, int64_t wall_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const struct moment m = moment_of(wall_ms);

	return arena_printf(arena, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
	    &days[(size_t)m.weekday * 3], m.date.day, &months[((size_t)m.date.month - 1) * 3],
	    m.date.year, m.hour, m.minute, m.second);
}
