/* What became of a mail, from what was said. libcurl's code decides where nothing was said: it is
 * 55 for a refused recipient of either kind, 0 for a VRFY, 8 for a 251 (ecosystem.md finding 9). */
#include "mail/mail_smtp_private.h"

enum {
	CODE_CLOSING = 421,    /* the server ends the connection, whatever was asked */
	CODE_NEEDS_AUTH = 530, /* RFC 4954 section 6, and RFC 3207 section 4: TLS first */
	CODE_AUTH_TOO_WEAK = 534,
	CODE_AUTH_FAILED = 535,
	CODE_AUTH_NEEDS_TLS = 538
};

/* Said of any command, it means us and not the mail. */
static bool
smtp_code_is_about_auth(int code)
{
	return code == CODE_NEEDS_AUTH || code == CODE_AUTH_TOO_WEAK || code == CODE_AUTH_FAILED ||
	       code == CODE_AUTH_NEEDS_TLS;
}

/* From RCPT on an answer is about the mail. Even a 421, or a cut: were it the relay that is away
 * for one recipient, the mail at the head of the queue would stop all others again and again. */
static enum mail_outcome
smtp_outcome_of_recipient(int code)
{
	if (smtp_code_is_about_auth(code))
		return MAIL_BROKEN;
	return code / 100 == 5 ? MAIL_REFUSED : MAIL_DEFERRED;
}

static enum mail_outcome
smtp_outcome_of_body(int code)
{
	switch (code / 100) {
	case 2:
		return MAIL_SENT;
	case 4:
		return MAIL_DEFERRED;
	case 5:
		return MAIL_REFUSED;
	default: /* no answer, or none that says anything */
		return MAIL_UNKNOWN;
	}
}

static bool
smtp_failed_at_tls(CURLcode code)
{
	switch (code) {
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
	case CURLE_SSL_ENGINE_INITFAILED:
	case CURLE_SSL_CLIENTCERT:
		return true;
	default:
		return false;
	}
}

/* Before RCPT: about the relay and us. MAIL too: a relay that has no room (452), or finds a mail of
 * some kilobytes too large (552), says so of all of them. Were they undeliverable, one wrong
 * setting would end every invitation that is on its way; were each tried by itself, the relay would
 * be asked as often as there are mails. */
static enum mail_outcome
smtp_outcome_of_session(int answer, CURLcode code)
{
	if (answer / 100 == 4)
		return MAIL_AWAY;
	if (answer / 100 == 5 || smtp_failed_at_tls(code))
		return MAIL_BROKEN;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_WEIRD_SERVER_REPLY: /* how libcurl calls a connection that was closed */
	case CURLE_ABORTED_BY_CALLBACK:
		return MAIL_AWAY;
	default:
		return MAIL_BROKEN;
	}
}

enum mail_outcome
smtp_outcome(const struct smtp_dialogue *d, CURLcode code)
{
	switch (d->phase) {
	case SMTP_BODY:
		return smtp_outcome_of_body(d->code);
	case SMTP_DATA:
	case SMTP_RCPT:
		return smtp_outcome_of_recipient(d->code);
	default:
		return smtp_outcome_of_session(d->code, code);
	}
}

bool
smtp_was_stale(const struct smtp_dialogue *d, CURLcode code)
{
	if (code == CURLE_OK || (d->phase != SMTP_CONNECT && d->phase != SMTP_MAIL))
		return false;
	return d->code == 0 || d->code == CODE_CLOSING;
}
