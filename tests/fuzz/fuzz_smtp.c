/* Whatever a server answers: a mail counts as sent only when a 2xx came to what followed a 354, and
 * the words of an answer are one line that ends.
 *
 * The input is lines "> COMMAND" and "< ANSWER"; the last byte is libcurl's result. */
#include "fuzz.h"

#include <stdlib.h>

#include "mail/mail_smtp_private.h"

/* The same rule, told by another: the mail is on its way after DATA and 354, and taken when the
 * next whole answer begins with 2. Any other command forgets it; QUIT ends all. */
struct judge {
	bool data, body, sent, over;
};

static bool
begins(const uint8_t *line, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static void
judge_command(struct judge *j, const uint8_t *line, size_t len)
{
	static const char *const others[] = { "EHLO ", "HELO ", "STARTTLS\r\n", "AUTH ",
		"MAIL FROM:", "RCPT TO:" };

	if (begins(line, len, "QUIT\r\n"))
		j->over = true;
	if (j->over)
		return;
	if (begins(line, len, "DATA\r\n"))
		*j = (struct judge){ .data = true };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (begins(line, len, others[i]))
			*j = (struct judge){ .data = false };
}

static void
judge_answer(struct judge *j, const uint8_t *line, size_t len)
{
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (j->over || len < 3 || line[0] < '2' || line[0] > '5')
		return;
	for (size_t i = 1; i < 3; i++)
		if (line[i] < '0' || line[i] > '9')
			return;
	if (len > 3 && line[3] != ' ') /* further lines come, or it is no answer */
		return;
	if (j->body)
		j->sent = line[0] == '2';
	else if (j->data && memcmp(line, "354", 3) == 0)
		j->body = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CURLcode code = len > 0 ? (CURLcode)(data[len - 1] % CURL_LAST) : CURLE_OK;
	const uint8_t *end = data + len;
	struct judge j = { .data = false };
	struct smtp_dialogue d;
	enum mail_outcome outcome;

	memset(&d, 0, sizeof(d));
	smtp_dialogue_connect(&d);
	while (data < end) {
		const uint8_t *to = memchr(data, '\n', (size_t)(end - data));
		size_t line_len = (size_t)((to != NULL ? to + 1 : end) - data);

		if (line_len > 2 && data[0] == '>') {
			smtp_dialogue_sent(&d, (const char *)data + 2, line_len - 2);
			judge_command(&j, data + 2, line_len - 2);
		} else if (line_len > 2 && data[0] == '<') {
			smtp_dialogue_received(&d, (const char *)data + 2, line_len - 2);
			judge_answer(&j, data + 2, line_len - 2);
		}
		data += line_len;
		assert(memchr(d.reply, '\0', sizeof(d.reply)) != NULL);
		assert(strpbrk(d.reply, "\n") == NULL);
	}
	outcome = smtp_outcome(&d, code);
	assert((outcome == MAIL_SENT) == j.sent);
	assert(!j.body || j.sent || outcome != MAIL_AWAY);
	assert(j.data || outcome != MAIL_UNKNOWN);
	assert(!smtp_was_stale(&d, code) || outcome != MAIL_SENT);
	return 0;
}
