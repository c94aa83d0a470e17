/* The few words of the domain that the registration page reads, for tests that link nothing else of
 * it. */
#include <string.h>
#include <sodium.h>

#include "base/id.h"
#include "invite/person.h"
#include "invite/token.h"

static const char *const fake_field_names[PERSON_FIELD_COUNT] = {
	[PERSON_GIVEN_NAME] = "given_name",
	[PERSON_FAMILY_NAME] = "family_name",
	[PERSON_DISPLAY_NAME] = "display_name",
	[PERSON_GENDER] = "gender",
	[PERSON_BIRTHDAY] = "birthday",
	[PERSON_MAIL] = "mail",
	[PERSON_PHONE] = "phone",
	[PERSON_ORG_UNIT] = "org_unit",
	[PERSON_POSITION] = "position",
	[PERSON_LANGUAGE] = "language",
	[PERSON_UID] = "uid",
};

const char *
person_field_name(enum person_field field)
{
	return fake_field_names[field];
}

enum person_field
person_field_by_name(const char *name)
{
	enum person_field i = 0;

	while (i < PERSON_FIELD_COUNT && strcmp(fake_field_names[i], name) != 0)
		i++;
	return i;
}

bool
token_hash_of(const char *text, size_t len, struct token_hash *hash)
{
	unsigned char bytes[32];

	if (len != TOKEN_TEXT_SIZE - 1 || strncmp(text, "usj_", 4) != 0 ||
	    !decode_base64(text + 4, len - 4, bytes, sizeof(bytes)))
		return false;
	crypto_generichash(
	    hash->bytes, sizeof(hash->bytes), (const unsigned char *)text, len, NULL, 0);
	return true;
}

bool
token_hash_equal(const struct token_hash *a, const struct token_hash *b)
{
	return sodium_memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
