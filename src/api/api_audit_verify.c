/* GET /api/v1/audit/verification: whether the trail is as it was written. */
#include <string.h>

#include "api/api_private.h"

enum { HASH_TEXT = 2 * AUDIT_HASH_SIZE, NUMBER_DIGITS_MAX = 19 };

/* ---- the verdict ---- */

static void
api_add_head(struct buf *b, const char *name, const struct audit_head *head)
{
	char hash[HASH_TEXT + 1];

	encode_hex(head->hash, sizeof(head->hash), hash);
	if (head->number > 0)
		buf_printf(b, ",\"%s\":{\"number\":%llu,\"hash\":\"%s\"}", name,
		    (unsigned long long)head->number, hash);
	else
		buf_printf(b, ",\"%s\":null", name);
}

static void
api_add_audit_fault(struct buf *b, struct arena *arena, const struct audit_fault *fault)
{
	buf_add_string(b, "{\"record\":");
	buf_add_json_string(b, fault->record[0] != '\0' ? fault->record : NULL);
	if (fault->block > 0)
		buf_printf(b, ",\"block\":%llu", (unsigned long long)fault->block);
	else
		buf_add_string(b, ",\"block\":null");
	buf_add_string(b, ",\"detail\":");
	buf_add_json_string(b, api_clean(arena, fault->text));
	buf_add_char(b, '}');
}

static void
api_on_verified(void *arg, enum err code, const struct audit_verdict *v, const struct fault *f)
{
	struct api_call *c = arg;
	struct buf b;

	if (code != ERR_OK) {
		api_reply_error(c->x, code, NULL, f);
		return;
	}
	buf_init(&b, API_REPLY_MAX);
	buf_printf(&b,
	    "{\"sound\":%s,\"records\":%llu,\"blocks\":%llu,\"unnamed\":%llu,\"erased\":%llu,"
	    "\"sources_ended\":%llu",
	    v->fault_count == 0 ? "true" : "false", (unsigned long long)v->records,
	    (unsigned long long)v->blocks, (unsigned long long)v->unnamed,
	    (unsigned long long)v->erased, (unsigned long long)v->sources_ended);
	api_add_head(&b, "first", &v->first);
	api_add_head(&b, "head", &v->head);
	buf_printf(&b, ",\"fault_count\":%llu,\"faults\":[", (unsigned long long)v->fault_count);
	for (size_t i = 0; i < v->fault_count && i < AUDIT_FAULTS_MAX; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_audit_fault(&b, http_arena(c->x), &v->faults[i]);
	}
	buf_add_string(&b, "]}");
	api_reply_json(c->x, 200, &b);
}

/* ---- the witness ---- */

static bool
api_read_hash(const char *text, unsigned char hash[AUDIT_HASH_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != HASH_TEXT || text[strspn(text, digits)] != '\0')
		return false;
	for (size_t i = 0; i < AUDIT_HASH_SIZE; i++)
		hash[i] = (unsigned char)((strchr(digits, text[2 * i]) - digits) << 4 |
					  (strchr(digits, text[2 * i + 1]) - digits));
	return true;
}

/* A head that was written down elsewhere: number and hash, both or none. */
static void
api_read_head(const struct http_request *r, struct audit_head *head, struct field_errors *errors)
{
	const char *number = http_query(r, "number"), *hash = http_query(r, "hash");
	size_t len = number != NULL ? strlen(number) : 0;

	*head = (struct audit_head){ .number = 0 };
	for (size_t i = 0; i < len && len <= NUMBER_DIGITS_MAX; i++)
		if (number[i] >= '0' && number[i] <= '9')
			head->number = 10 * head->number + (uint64_t)(number[i] - '0');
		else
			len = 0;
	if (number != NULL && (len == 0 || len > NUMBER_DIGITS_MAX || head->number == 0))
		field_errors_add(
		    errors, "number", "invalid", "must be the number of a block, from 1 on");
	if (hash != NULL && !api_read_hash(hash, head->hash))
		field_errors_add(
		    errors, "hash", "invalid", "must be %d hexadecimal digits", HASH_TEXT);
	if ((number == NULL) != (hash == NULL))
		field_errors_add(errors, number == NULL ? "number" : "hash", "required",
		    "number and hash go together");
}

enum err
api_audit_verify(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "number", "hash", NULL };
	struct field_errors errors;
	struct audit_head known;

	(void)f;
	field_errors_init(&errors, http_arena(c->x));
	api_check_query(c->x, names, &errors);
	api_read_head(http_request_of(c->x), &known, &errors);
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	http_hold(c->x);
	flow_trail_verify_start(c->api->conf.flow, &known, api_on_verified, c);
	return ERR_OK;
}
