/* Reports of other mail systems about mails of ours: RFC 3464 (what a report says), RFC 6522 (how
 * it is wrapped), RFC 6533 (the same in UTF-8). They come from anybody, so nothing in them is
 * believed but what leads to one of our invitations: an address or an id with a tag that only we
 * can make, and that only whoever carried or got the mail has seen. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "mail/mail_private.h"
#include "mail/mime_private.h"

enum {
	MESSAGE_MAX = 1 << 20, /* what is behind is not looked at */
	DEPTH_MAX = 4,
	PARTS_MAX = 64,
	BOUNDARY_SIZE = 200,
	DIAGNOSTIC_SIZE = MAIL_REPLY_SIZE,
	STATUS_SIZE = 12 /* "5.999.999" */
};

struct dsn_reader {
	const struct mail_sender *sender;
	struct arena *arena;
	size_t parts;
	bool has_status;    /* a part message/delivery-status was there */
	bool has_recipient; /* and said what became of a recipient: */
	enum mail_dsn_action action;
	char status[STATUS_SIZE], diagnostic[DIAGNOSTIC_SIZE];
	struct mail_verp by_address; /* the invitation, as either says; "": neither */
	char by_id[ID_SIZE];
	const char *to; /* of the mail that is returned */
	const char *final_recipient, *original_recipient;
};

/* ---- whose mail it was ---- */

/* The first of our return paths that stands in `value`. */
static void
dsn_find_address(struct dsn_reader *r, const char *value)
{
	static const char around[] = " \t<>,;:\"()[]";

	while (r->by_address.invitation[0] == '\0' && *value != '\0') {
		size_t len;

		value += strspn(value, around);
		len = strcspn(value, around);
		mail_verp_parse(&r->by_address, r->sender, value, len);
		value += len;
	}
}

/* "INVITATION.ITEM.ATTEMPT.TAG@DOMAIN>", or without the attempt: what has our tag has our form. */
static bool
dsn_is_our_id(const struct mail_sender *sender, const char *at, char id[ID_SIZE])
{
	size_t len = strcspn(at, "@<> "), domain = strlen(sender->id_domain);

	if (at[len] != '@' || strncasecmp(at + len + 1, sender->id_domain, domain) != 0 ||
	    at[len + 1 + domain] != '>' || !mail_name_is_signed(sender, at, len))
		return false;
	if (len < ID_SIZE)
		return false;
	memcpy(id, at, ID_SIZE - 1);
	id[ID_SIZE - 1] = '\0';
	return id_is_valid(id);
}

static void
dsn_find_id(struct dsn_reader *r, const char *value)
{
	const char *at = value;

	while (r->by_id[0] == '\0' && (at = strchr(at, '<')) != NULL) {
		char id[ID_SIZE];

		if (dsn_is_our_id(r->sender, ++at, id))
			memcpy(r->by_id, id, ID_SIZE);
	}
}

/* The address in `"Words" <address>` or by itself; NULL: it is neither. */
static const char *
dsn_address_in(struct dsn_reader *r, const char *value)
{
	const char *begin = strrchr(value, '<'), *end = strrchr(value, '>');

	if (begin == NULL && end == NULL)
		return arena_strdup(r->arena, value);
	if (begin != NULL && end > begin)
		return arena_dup(r->arena, begin + 1, (size_t)(end - begin) - 1);
	return NULL;
}

/* The header of the report itself, or of the mail that it returns. */
static void
dsn_find_in_headers(struct dsn_reader *r, struct mime_span headers, bool returned)
{
	static const char *const reports[] = { "Delivered-To", "X-Original-To", "Envelope-To",
		"X-Envelope-To", "To", NULL };
	static const char *const mails[] = { "Return-Path", "X-Envelope-From", "Errors-To", NULL };
	static const char *const report_ids[] = { "In-Reply-To", "References", NULL };
	static const char *const mail_ids[] = { "Message-ID", "References", NULL };
	char value[MIME_VALUE_SIZE];
	struct mime_span name;

	while (mime_next_field(&headers, &name, value)) {
		if (returned && r->to == NULL && mime_span_is(name, "To"))
			r->to = dsn_address_in(r, value);
		for (const char *const *n = returned ? mails : reports; *n != NULL; n++)
			if (mime_span_is(name, *n))
				dsn_find_address(r, value);
		for (const char *const *n = returned ? mail_ids : report_ids; *n != NULL; n++)
			if (mime_span_is(name, *n))
				dsn_find_id(r, value);
	}
}

/* ---- what became of it ---- */

static bool
dsn_word_is(const char *value, const char *word)
{
	size_t len = strlen(word);

	return strncasecmp(value, word, len) == 0 && !isalnum((unsigned char)value[len]);
}

/* "5.1.1", whatever stands behind it (RFC 3463 section 2). False: it is none. */
static bool
dsn_read_status_code(const char *value, char out[STATUS_SIZE])
{
	size_t len = 1;

	if (strchr("245", value[0]) == NULL || value[0] == '\0')
		return false;
	for (int i = 0; i < 2; i++) {
		size_t digits = value[len] == '.' ? strspn(value + len + 1, "0123456789") : 0;

		if (digits == 0 || digits > 3)
			return false;
		len += 1 + digits;
	}
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

/* False: the group is not about a recipient. */
static bool
dsn_read_action(struct mime_span group, const char *status, enum mail_dsn_action *out)
{
	char value[MIME_VALUE_SIZE];

	if (mime_field(group, "Action", value)) {
		*out = dsn_word_is(value, "failed")    ? MAIL_DSN_FAILED
		       : dsn_word_is(value, "delayed") ? MAIL_DSN_DELAYED
						       : MAIL_DSN_OTHER;
		return true;
	}
	*out = status[0] == '5'	  ? MAIL_DSN_FAILED
	       : status[0] == '4' ? MAIL_DSN_DELAYED
				  : MAIL_DSN_OTHER;
	return status[0] != '\0' || mime_field(group, "Final-Recipient", value) ||
	       mime_field(group, "Original-Recipient", value);
}

/* "smtp; 550 5.1.1 No such user", "rfc822; ada@home.example": what stands behind the type. */
static const char *
dsn_words_of(const char *typed)
{
	size_t type = strcspn(typed, "; ");

	if (typed[type] != ';')
		return typed;
	return typed + type + 1 + strspn(typed + type + 1, " ");
}

static const char *
dsn_read_recipient(struct dsn_reader *r, struct mime_span group, const char *field)
{
	char value[MIME_VALUE_SIZE];

	if (!mime_field(group, field, value))
		return NULL;
	return dsn_address_in(r, dsn_words_of(value));
}

static void
dsn_copy_words(char out[DIAGNOSTIC_SIZE], const char *words)
{
	size_t len = strlen(words);

	if (len >= DIAGNOSTIC_SIZE)
		for (len = DIAGNOSTIC_SIZE - 1; ((unsigned char)words[len] & 0xc0) == 0x80;)
			len--;
	memcpy(out, words, len);
	out[len] = '\0';
}

/* Fields about one recipient, or about the whole mail. The worst recipient counts. */
static void
dsn_read_group(struct dsn_reader *r, struct mime_span group)
{
	char value[MIME_VALUE_SIZE], status[STATUS_SIZE] = "";
	enum mail_dsn_action action;

	if (mime_field(group, "Status", value) && !dsn_read_status_code(value, status))
		status[0] = '\0';
	if (!dsn_read_action(group, status, &action) || (r->has_recipient && action >= r->action))
		return;
	r->has_recipient = true;
	r->action = action;
	memcpy(r->status, status, STATUS_SIZE);
	mime_field(group, "Diagnostic-Code", value);
	dsn_copy_words(r->diagnostic, dsn_words_of(value));
	r->final_recipient = dsn_read_recipient(r, group, "Final-Recipient");
	r->original_recipient = dsn_read_recipient(r, group, "Original-Recipient");
}

/* Groups of fields with empty lines between them (RFC 3464 section 2.1). */
static void
dsn_read_groups(struct dsn_reader *r, struct mime_span text)
{
	struct mime_span group = { text.at, text.at }, line;

	r->has_status = true;
	while (mime_next_line(&text, &line)) {
		if (line.at < line.end) {
			group.end = text.at;
			continue;
		}
		if (group.at < group.end)
			dsn_read_group(r, group);
		group = (struct mime_span){ text.at, text.at };
	}
	if (group.at < group.end)
		dsn_read_group(r, group);
}

/* ---- the message ---- */

static void dsn_read_entity(struct dsn_reader *r, struct mime_span entity, unsigned depth);

static void
dsn_read_parts(struct dsn_reader *r, struct mime_span body, const char *type, unsigned depth)
{
	char boundary[BOUNDARY_SIZE];
	struct mime_parts parts = { .left = body, .boundary = boundary };
	struct mime_span part;

	if (depth == DEPTH_MAX || !mime_parameter(type, "boundary", boundary, sizeof(boundary)))
		return;
	while (r->parts < PARTS_MAX && mime_next_part(&parts, &part)) {
		r->parts++;
		dsn_read_entity(r, part, depth + 1);
	}
}

/* Depth is bounded above. */
static void
dsn_read_entity(struct dsn_reader *r, struct mime_span entity, unsigned depth)
{
	static const char *const returned[] = { "message/rfc822", "text/rfc822-headers",
		"message/global", "message/global-headers", NULL };
	char type[MIME_VALUE_SIZE], encoding[MIME_VALUE_SIZE];
	struct mime_span headers, body, inner;

	mime_split(entity, &headers, &body);
	mime_field(headers, "Content-Type", type);
	mime_field(headers, "Content-Transfer-Encoding", encoding);
	if (mime_type_is(type, "multipart/")) {
		dsn_read_parts(r, body, type, depth);
		return;
	}
	if (mime_type_is(type, "message/delivery-status") ||
	    mime_type_is(type, "message/global-delivery-status"))
		dsn_read_groups(r, mime_decode(body, encoding, r->arena));
	for (size_t i = 0; returned[i] != NULL; i++)
		if (mime_type_is(type, returned[i])) {
			mime_split(mime_decode(body, encoding, r->arena), &inner, &body);
			dsn_find_in_headers(r, inner, true);
			return;
		}
}

static enum err
dsn_read_message(
    struct dsn_reader *r, struct mime_span message, const char *recipient, struct fault *f)
{
	char type[MIME_VALUE_SIZE];
	struct mime_span headers, body;

	mime_split(message, &headers, &body);
	mime_field(headers, "Content-Type", type);
	if (!mime_type_is(type, "multipart/"))
		return fault_set(f, ERR_INVALID,
		    "the message is no multipart/report: its Content-Type says otherwise");
	if (recipient != NULL)
		dsn_find_address(r, recipient);
	dsn_find_in_headers(r, headers, false);
	dsn_read_entity(r, message, 0);
	if (!r->has_status)
		return fault_set(f, ERR_INVALID, "the message has no part message/delivery-status");
	if (!r->has_recipient)
		return fault_set(
		    f, ERR_INVALID, "the report does not say what became of any recipient");
	if (r->by_address.invitation[0] == '\0' && r->by_id[0] == '\0')
		return fault_set(f, ERR_NOT_FOUND, "the report is about no mail of ours");
	return ERR_OK;
}

enum err
mail_dsn_parse(struct mail_dsn *out, const struct mail_sender *sender, const char *message,
    size_t len, const char *recipient, struct arena *arena, struct fault *f)
{
	struct dsn_reader r = { .sender = sender, .arena = arena };
	struct mime_span whole = { message, message + (len < MESSAGE_MAX ? len : MESSAGE_MAX) };
	enum err code = dsn_read_message(&r, whole, recipient, f);

	if (code != ERR_OK)
		return code;
	*out = (struct mail_dsn){ .action = r.action,
		.to = r.to,
		.final_recipient = r.final_recipient,
		.original_recipient = r.original_recipient };
	if (r.status[0] != '\0')
		out->status = arena_strdup(arena, r.status);
	if (r.diagnostic[0] != '\0')
		out->diagnostic = arena_strdup(arena, r.diagnostic);
	out->knows_recipient = r.by_address.invitation[0] != '\0';
	out->to_recipient = r.by_address.recipient;
	memcpy(out->invitation, out->knows_recipient ? r.by_address.invitation : r.by_id, ID_SIZE);
	return ERR_OK;
}
