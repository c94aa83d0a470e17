#include "dir/dir_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* RFC 4511 section 4.1.9 and appendix A. What stands here came back from a server, so the request
 * had no effect. Codes that are missing mean that somebody must look: ERR_MISCONFIGURED. */
static const struct {
	int code;
	enum err err;
	const char *hint;
} table[] = {
	{ LDAP_TIMELIMIT_EXCEEDED, ERR_UNAVAILABLE, NULL },
	{ LDAP_BUSY, ERR_UNAVAILABLE, NULL },
	{ LDAP_UNAVAILABLE, ERR_UNAVAILABLE, NULL },
	{ LDAP_OTHER, ERR_UNAVAILABLE, NULL }, /* slapd: database full, disk errors */
	{ LDAP_NO_SUCH_OBJECT, ERR_NOT_FOUND, NULL },
	{ LDAP_ALREADY_EXISTS, ERR_EXISTS, NULL },
	{ LDAP_ASSERTION_FAILED, ERR_CONFLICT, "it has been changed meanwhile" },
	{ LDAP_NOT_ALLOWED_ON_NONLEAF, ERR_CONFLICT, "there are entries below it" },
	{ LDAP_CONSTRAINT_VIOLATION, ERR_INVALID, NULL },
	{ LDAP_INVALID_DN_SYNTAX, ERR_INVALID, NULL },
	{ LDAP_RESULTS_TOO_LARGE, ERR_TOO_LARGE, NULL }, /* our own: DIR_ANSWER_MAX */
	{ LDAP_SIZELIMIT_EXCEEDED, ERR_MISCONFIGURED,
	    "raise the size limit of the service account" },
	{ LDAP_ADMINLIMIT_EXCEEDED, ERR_MISCONFIGURED, "raise the limits of the service account" },
	{ LDAP_REFERRAL, ERR_MISCONFIGURED,
	    "the server refers elsewhere: name a writable provider" },
	{ LDAP_INSUFFICIENT_ACCESS, ERR_MISCONFIGURED, "the service account lacks a right" },
	{ LDAP_INVALID_CREDENTIALS, ERR_MISCONFIGURED,
	    "the service account's name or password is wrong" },
	{ LDAP_STRONG_AUTH_REQUIRED, ERR_MISCONFIGURED, "the server wants TLS" },
	{ LDAP_CONFIDENTIALITY_REQUIRED, ERR_MISCONFIGURED, "the server wants TLS" },
	{ LDAP_UNDEFINED_TYPE, ERR_MISCONFIGURED, "the server lacks a schema" },
	{ LDAP_OBJECT_CLASS_VIOLATION, ERR_MISCONFIGURED,
	    "the object classes do not fit the attributes" },
};

/* draft-behera-ldap-password-policy section 6.2. Codes that are missing concern the account that
 * binds. */
static const struct {
	int code;
	enum err err;
	const char *text;
} policies[] = {
	{ PP_passwordModNotAllowed, ERR_MISCONFIGURED,
	    "the password policy lets nobody change it" },
	{ PP_mustSupplyOldPassword, ERR_MISCONFIGURED,
	    "the password policy wants the old password (pwdSafeModify)" },
	{ PP_insufficientPasswordQuality, ERR_REFUSED,
	    "The password is too simple for the organisation's rules." },
	{ PP_passwordTooShort, ERR_REFUSED,
	    "The password is too short for the organisation's rules." },
	{ PP_passwordTooLong, ERR_REFUSED,
	    "The password is too long for the organisation's rules." },
	{ PP_passwordTooYoung, ERR_REFUSED,
	    "The password was changed a short while ago; try again later." },
	{ PP_passwordInHistory, ERR_REFUSED, "The password was used before; choose another one." },
};

void
dir_check_memory(void)
{
	if (ber_errno == LBER_ERROR_MEMORY)
		mem_exhausted();
}

const char *
dir_error_plain_words(const struct dir_reply *r)
{
	return strpbrk(r->diagnostic, "=@") == NULL ? r->diagnostic : "";
}

/* slapo-unique says "non-unique attributes found with (...)" or "some attributes not unique", 389
 * Directory Server "Another entry with the same attribute value already exists". */
bool
dir_error_is_uniqueness(const struct dir_reply *r)
{
	return r->code == LDAP_CONSTRAINT_VIOLATION && r->policy < 0 &&
	       (strcasestr(r->diagnostic, "unique") != NULL ||
		   strcasestr(r->diagnostic, "same attribute value") != NULL);
}

const char *
dir_error_taken(const struct dir_reply *r, struct arena *arena)
{
	const char *start = strchr(r->diagnostic, '"'); /* 389: (attribute: "mail") */
	size_t len;

	if (start == NULL)
		start = strrchr(r->diagnostic, '(');
	if (start == NULL)
		return "";
	len = strcspn(start + 1, "=\"):");
	return len == 0 || len >= DIR_NAMES_MAX ? "" : arena_dup(arena, start + 1, len);
}

const char *
dir_error_field(const struct dir_conf *conf, const struct dir_reply *r, struct arena *arena)
{
	const char *attribute = dir_error_is_uniqueness(r)
				    ? dir_error_taken(r, arena)
				    : arena_dup(arena, r->diagnostic, strcspn(r->diagnostic, ": "));

	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		if (conf->attributes[i] != NULL && strcasecmp(conf->attributes[i], attribute) == 0)
			return person_field_name(i);
	return NULL;
}

/* "mail: value #0 invalid per syntax": the attribute tells whose mistake it was. */
static bool
error_is_about_person(const struct dir *d, const struct dir_reply *r)
{
	size_t len = strcspn(r->diagnostic, ": ");

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++) {
		const char *name = d->conf.attributes[i];

		if (name != NULL && strlen(name) == len &&
		    strncasecmp(name, r->diagnostic, len) == 0)
			return true;
	}
	return len == 2 && strncasecmp(r->diagnostic, "cn", 2) == 0;
}

static enum err
error_say(
    enum err code, const struct dir_reply *r, const char *doing, const char *hint, struct fault *f)
{
	return fault_set(f, code, "%s: %s (%d)%s%s%s%s", doing, ldap_err2string(r->code), r->code,
	    r->diagnostic[0] != '\0' ? ": " : "", r->diagnostic, hint != NULL ? "; " : "",
	    hint != NULL ? hint : "");
}

enum err
dir_error_of(const struct dir *d, const struct dir_reply *r, const char *doing, struct fault *f)
{
	if (r->code == LDAP_SUCCESS)
		return ERR_OK;
	/* The control speaks first: result 19 has three sources. */
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (policies[i].code == r->policy)
			return policies[i].err == ERR_REFUSED
				   ? fault_set(f, ERR_REFUSED, "%s", policies[i].text)
				   : error_say(policies[i].err, r, doing, policies[i].text, f);
	if (dir_error_is_uniqueness(r))
		return error_say(ERR_EXISTS, r, doing, NULL, f);
	if (r->code == LDAP_INVALID_SYNTAX && error_is_about_person(d, r))
		return error_say(ERR_INVALID, r, doing, NULL, f);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].code == r->code)
			return error_say(table[i].err, r, doing, table[i].hint, f);
	return error_say(ERR_MISCONFIGURED, r, doing, NULL, f);
}

/* An earlier change of ours that was carried out looks like this when it is repeated. */
static bool
error_may_be_a_repetition(const struct dir_reply *r)
{
	return r->policy == PP_passwordTooYoung || r->policy == PP_passwordInHistory;
}

/* Only here is result 19 a verdict on the password alone; everything else that could sound like the
 * person's mistake is the operator's. */
enum err
dir_error_of_password(const struct dir *d, const struct dir_reply *r, struct fault *f)
{
	enum err code;

	if (r->code == LDAP_CONSTRAINT_VIOLATION && r->policy < 0 && !dir_error_is_uniqueness(r))
		return fault_set(f, ERR_REFUSED,
		    "The organisation's rules do not allow this password; choose another one.");
	code = dir_error_of(d, r, "set a password", f);
	if (code == ERR_REFUSED && error_may_be_a_repetition(r))
		code = ERR_EXISTS;
	else if (code == ERR_INVALID || code == ERR_EXISTS)
		code = ERR_MISCONFIGURED;
	f->code = code;
	return code;
}

/* An attribute that the server does not know is one that ppolicy would have brought along. */
enum err
dir_error_of_suspend(
    const struct dir *d, const struct dir_reply *r, const char *doing, struct fault *f)
{
	if (r->code == LDAP_UNDEFINED_TYPE)
		return error_say(ERR_MISCONFIGURED, r, doing,
		    "load the ppolicy overlay, which brings the attribute along", f);
	return dir_error_of(d, r, doing, f);
}

/* The password is one that the server itself had stored, hashed: a policy that refuses it refuses
 * every hash. */
enum err
dir_error_of_restore(
    const struct dir *d, const struct dir_reply *r, const char *doing, struct fault *f)
{
	enum err code = dir_error_of(d, r, doing, f);

	if (code == ERR_REFUSED || (r->code == LDAP_CONSTRAINT_VIOLATION && r->policy >= 0))
		return error_say(ERR_REFUSED, r, doing,
		    "the password policy refuses passwords that are hashed already "
		    "(pwdCheckQuality "
		    "2)",
		    f);
	return code;
}
