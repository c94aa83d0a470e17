#include "invite/password.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unicase.h>
#include <unigbrk.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "invite/password_private.h"

bool
password_fold(const char *text, size_t len, struct password_folded *out)
{
	uint8_t normal[PASSWORD_NORMAL_MAX];
	size_t normal_len = sizeof(normal);
	const uint8_t *result;

	if (len > PASSWORD_MAX || u8_check((const uint8_t *)text, len) != NULL)
		return false;
	/* Two steps, because one call for both would keep the middle on the heap. */
	result = u8_normalize(UNINORM_NFC, (const uint8_t *)text, len, normal, &normal_len);
	assert(result == normal);
	out->len = sizeof(out->bytes);
	result = u8_casefold(normal, normal_len, NULL, NULL, out->bytes, &out->len);
	assert(result == out->bytes);
	secret_wipe(normal, sizeof(normal));
	return true;
}

/* Nothing that can be seen: spaces of any script, fillers, joiners. */
static bool
password_is_blank(const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;
	ucs4_t ch;

	for (int n; len > 0; s += n, len -= (size_t)n) {
		n = u8_mbtouc(&ch, s, len);
		if (!uc_is_property_white_space(ch) &&
		    !uc_is_property_default_ignorable_code_point(ch))
			return false;
	}
	return true;
}

/* Does the folded password equal the first `a_len` bytes of `a`, `between` and `b`, one behind the
 * other? */
static bool
password_is(const struct password_folded *password, const char *a, size_t a_len,
    const char *between, const char *b)
{
	char text[PASSWORD_MAX + 1];
	struct password_folded other;
	int len = snprintf(text, sizeof(text), "%.*s%s%s", (int)a_len, a, between, b);

	return len > 0 && (size_t)len < sizeof(text) && password_fold(text, (size_t)len, &other) &&
	       other.len == password->len && memcmp(other.bytes, password->bytes, other.len) == 0;
}

static bool
password_is_personal(const struct password_folded *password, const struct person *p)
{
	static const enum person_field alone[] = { PERSON_GIVEN_NAME, PERSON_FAMILY_NAME,
		PERSON_DISPLAY_NAME, PERSON_MAIL, PERSON_UID, PERSON_PHONE };
	const char *given = p->value[PERSON_GIVEN_NAME], *family = p->value[PERSON_FAMILY_NAME];
	const char *mail = p->value[PERSON_MAIL], *phone = p->value[PERSON_PHONE];

	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		const char *value = p->value[alone[i]];

		if (value != NULL && password_is(password, value, strlen(value), "", ""))
			return true;
	}
	if (given != NULL && family != NULL &&
	    (password_is(password, given, strlen(given), "", family) ||
		password_is(password, given, strlen(given), " ", family)))
		return true;
	if (mail != NULL && password_is(password, mail, strcspn(mail, "@"), "", ""))
		return true;
	/* The digits behind "+". */
	return phone != NULL && password_is(password, "", 0, "", phone + strspn(phone, "+"));
}

/* The character behind or before `ch` in its row; 0 follows 9 and a follows z. */
static bool
password_are_neighbours(ucs4_t ch, ucs4_t next, bool up)
{
	if (!up)
		return password_are_neighbours(next, ch, true);
	return next == ch + 1 || (ch == '9' && next == '0') || (ch == 'z' && next == 'a');
}

static bool
password_is_run(const struct password_folded *password)
{
	const uint8_t *s = password->bytes;
	size_t len = password->len;
	bool up = true, down = true;
	ucs4_t before = 0, ch;

	for (int n; len > 0 && (up || down); s += n, len -= (size_t)n) {
		n = u8_mbtouc(&ch, s, len);
		if (s != password->bytes) {
			up = up && password_are_neighbours(before, ch, true);
			down = down && password_are_neighbours(before, ch, false);
		}
		before = ch;
	}
	return up || down;
}

/* The bytes that the first character that a person sees takes once it is folded. */
static size_t
password_first_len(const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;
	struct password_folded first;
	bool folded = password_fold(text, (size_t)(u8_grapheme_next(s, s + len) - s), &first);

	assert(folded);
	secret_wipe(first.bytes, first.len);
	return first.len;
}

/* One listed word, or one character of `one` bytes, again and again (once: the word itself). */
static bool
password_is_repeated(
    const struct password_folded *password, size_t one, const struct blocklist *blocked)
{
	const uint8_t *s = password->bytes;
	size_t len = password->len;

	for (size_t period = 1; period <= len; period++) {
		if (len % period != 0 || memcmp(s, s + period, len - period) != 0)
			continue;
		if (period == one || blocklist_has(blocked, s, period))
			return true;
	}
	return false;
}

static enum err
password_refuse(const char **rule, const char *name, struct fault *f, const char *sentence)
{
	*rule = name;
	return fault_set(f, ERR_REFUSED, "%s", sentence);
}

enum err
password_check(const struct secret *password, size_t min, const struct person *p,
    const struct blocklist *blocked, const char **rule, struct fault *f)
{
	const char *text = secret_bytes(password);
	size_t len = secret_len(password);
	struct password_folded folded;
	bool personal, listed, is_folded;

	if (min < PASSWORD_MIN_FLOOR)
		min = PASSWORD_MIN_FLOOR;
	if (len > PASSWORD_MAX) {
		*rule = "too_long";
		return fault_set(f, ERR_REFUSED,
		    "The password is longer than %d bytes. Choose a shorter one.", PASSWORD_MAX);
	}
	if (memchr(text, '\0', len) != NULL)
		return password_refuse(rule, "nul", f, "The password has a zero byte in it.");
	if (u8_check((const uint8_t *)text, len) != NULL)
		return password_refuse(rule, "not_utf8", f, "The password is not valid UTF-8.");
	if (password_is_blank(text, len))
		return password_refuse(rule, "blank", f, "The password is empty or only spaces.");
	if (u8_mbsnlen((const uint8_t *)text, len) < min) {
		*rule = "too_short";
		return fault_set(f, ERR_REFUSED,
		    "The password is too short: at least %zu characters. A few words in a row are "
		    "fine.",
		    min);
	}
	is_folded = password_fold(text, len, &folded);
	assert(is_folded);
	personal = password_is_personal(&folded, p);
	listed = password_is_run(&folded) ||
		 password_is_repeated(&folded, password_first_len(text, len), blocked);
	secret_wipe(&folded, sizeof(folded));
	if (personal)
		return password_refuse(rule, "personal", f,
		    "The password is your name, your address or your number. Choose another one.");
	if (listed)
		return password_refuse(rule, "blocked", f,
		    "The password is one of those that are tried first. Choose another one.");
	return ERR_OK;
}
