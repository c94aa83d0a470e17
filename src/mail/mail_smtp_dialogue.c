#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "mail/mail_smtp_private.h"

static const char *const names[] = {
	[SMTP_CONNECT] = "connecting",
	[SMTP_GREETING] = "the greeting",
	[SMTP_HELLO] = "EHLO",
	[SMTP_STARTTLS] = "STARTTLS",
	[SMTP_HANDSHAKE] = "the TLS handshake",
	[SMTP_AUTH] = "AUTH",
	[SMTP_MAIL] = "MAIL FROM",
	[SMTP_RCPT] = "RCPT TO",
	[SMTP_DATA] = "DATA",
	[SMTP_BODY] = "the end of DATA",
};

const char *
smtp_phase_name(enum smtp_phase p)
{
	return names[p];
}

static void
smtp_enter(struct smtp_dialogue *d, enum smtp_phase phase)
{
	d->phase = phase;
	d->code = 0;
	d->reply[0] = '\0';
	d->partial = false;
}

void
smtp_dialogue_begin(struct smtp_dialogue *d)
{
	smtp_enter(d, SMTP_CONNECT);
	d->over = false;
}

void
smtp_dialogue_connect(struct smtp_dialogue *d)
{
	smtp_dialogue_begin(d);
	d->offers_utf8 = d->authenticated = false;
}

void
smtp_dialogue_sent(struct smtp_dialogue *d, const char *data, size_t len)
{
	static const struct {
		const char *verb;
		enum smtp_phase phase;
	} verbs[] = {
		{ "EHLO ", SMTP_HELLO },
		{ "HELO ", SMTP_HELLO },
		{ "STARTTLS\r\n", SMTP_STARTTLS },
		{ "AUTH ", SMTP_AUTH },
		{ "MAIL FROM:", SMTP_MAIL },
		{ "RCPT TO:", SMTP_RCPT },
		{ "DATA\r\n", SMTP_DATA },
	};

	if (d->over)
		return;
	if (len >= 6 && memcmp(data, "QUIT\r\n", 6) == 0) {
		d->over = true;
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (len >= strlen(verbs[i].verb) &&
		    memcmp(data, verbs[i].verb, strlen(verbs[i].verb)) == 0) {
			smtp_enter(d, verbs[i].phase);
			if (d->phase == SMTP_HELLO) /* RFC 3207 section 4.2 */
				d->offers_utf8 = false;
			return;
		}
	/* Further lines of AUTH (RFC 4954) are no commands, and nothing to keep. */
}

/* The code of an answer's line "250-..." or "250 ...", "250"; 0: it is none (RFC 5321 4.2). */
static int
smtp_line_code(const char *line, size_t len)
{
	if (len < 3 || line[0] < '2' || line[0] > '5' || !isdigit((unsigned char)line[1]) ||
	    !isdigit((unsigned char)line[2]) || (len > 3 && line[3] != ' ' && line[3] != '-'))
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* A line "250-KEYWORD ..." of the answer to EHLO; the first is a greeting (RFC 5321 section
 * 4.1.1.1). */
static bool
smtp_is_offer(const struct smtp_dialogue *d, const char *line, size_t len, const char *keyword)
{
	size_t word = strlen(keyword);

	return d->phase == SMTP_HELLO && d->partial && len >= 4 + word &&
	       strncasecmp(line + 4, keyword, word) == 0 &&
	       (len == 4 + word || line[4 + word] == ' ');
}

static void
smtp_add_words(struct smtp_dialogue *d, const char *words, size_t len)
{
	size_t had = strlen(d->reply), room = sizeof(d->reply) - 1 - had;

	if (had > 0 && len > 0 && room > 0) {
		d->reply[had++] = ' ';
		room--;
	}
	len = len < room ? len : room;
	for (size_t i = 0; i < len; i++) /* a NUL would hide what is behind it */
		d->reply[had + i] = (char)(words[i] != '\0' ? words[i] : '?');
	d->reply[had + len] = '\0';
}

/* All lines of an answer are there. */
static void
smtp_answered(struct smtp_dialogue *d, int code)
{
	d->code = code;
	if (d->phase == SMTP_AUTH && code == 235)
		d->authenticated = true;
	if (d->phase == SMTP_STARTTLS && code == 220)
		smtp_enter(d, SMTP_HANDSHAKE);
	if (d->phase == SMTP_DATA && code == 354)
		smtp_enter(d, SMTP_BODY);
}

void
smtp_dialogue_received(struct smtp_dialogue *d, const char *line, size_t len)
{
	int code;

	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	code = smtp_line_code(line, len);
	if (d->over || code == 0)
		return;
	if (d->phase == SMTP_CONNECT)
		smtp_enter(d, SMTP_GREETING);
	if (!d->partial)
		d->reply[0] = '\0';
	if (smtp_is_offer(d, line, len, "SMTPUTF8"))
		d->offers_utf8 = true;
	d->partial = len > 3 && line[3] == '-';
	if (len > 4)
		smtp_add_words(d, line + 4, len - 4);
	if (!d->partial)
		smtp_answered(d, code);
}
