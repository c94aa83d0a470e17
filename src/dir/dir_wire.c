/* One request and its answer. Every wait ends at the caller's deadline, and a connection that did
 * not answer in time is closed: a late answer must not meet the next request. */
#include "dir/dir_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/mem.h"

void
dir_reply_release(struct dir_reply *r)
{
	free(r->diagnostic);
	free(r->entry_uuid);
	*r = (struct dir_reply){ .policy = -1 };
}

static struct timeval
wire_remaining(int64_t deadline)
{
	int64_t ms = deadline - dir_now();

	if (ms < 0)
		ms = 0;
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* The entry that RFC 4527's post-read control carries, asked for entryUUID alone. */
static char *
wire_post_read_uuid(const LDAPControl *control)
{
	BerElement *ber = ber_init((struct berval *)(uintptr_t)&control->ldctl_value);
	struct berval dn, name, value = { 0, NULL };
	char *uuid = NULL;

	if (ber == NULL)
		return NULL;
	if (ber_scanf(ber, "{m{{m[m", &dn, &name, &value) != LBER_ERROR && value.bv_len < 64)
		uuid = mem_dup(value.bv_val, value.bv_len);
	ber_free(ber, 1);
	return uuid;
}

static void
wire_read_controls(LDAP *ld, LDAPControl **controls, struct dir_reply *r)
{
	LDAPControl *c = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, NULL);
	ber_int_t expire, grace;
	LDAPPasswordPolicyError policy = PP_noError;

	if (c != NULL &&
	    ldap_parse_passwordpolicy_control(ld, c, &expire, &grace, &policy) == LDAP_SUCCESS &&
	    policy != PP_noError)
		r->policy = (int)policy;
	c = ldap_control_find(LDAP_CONTROL_POST_READ, controls, NULL);
	if (c != NULL)
		r->entry_uuid = wire_post_read_uuid(c);
}

static bool
wire_is_too_large(LDAP *ld, LDAPMessage *message)
{
	size_t total = 0;

	for (LDAPMessage *e = ldap_first_entry(ld, message); e != NULL;
	     e = ldap_next_entry(ld, e)) {
		BerElement *ber = NULL;
		struct berval dn = { 0, NULL };
		ber_len_t attributes = 0;

		if (ldap_get_dn_ber(ld, e, &ber, &dn) != LDAP_SUCCESS)
			continue; /* nobody can read it further on either */
		ber_get_option(ber, LBER_OPT_REMAINING_BYTES, &attributes);
		ber_free(ber, 0);
		total += dn.bv_len + attributes;
	}
	return total > DIR_ANSWER_MAX;
}

/* Takes `message`. */
static void
wire_keep_entries(
    struct dir_conn *c, LDAPMessage *message, struct dir_reply *r, LDAPMessage **entries)
{
	if (entries != NULL && wire_is_too_large(c->ld, message)) {
		free(r->diagnostic);
		r->diagnostic = mem_dup_string("larger than usherd takes in");
		r->code = LDAP_RESULTS_TOO_LARGE;
		entries = NULL;
	}
	if (entries != NULL)
		*entries = message;
	else
		ldap_msgfree(message);
}

/* libldap counts the time of a wait with the wall clock: when that is set forward meanwhile, it
 * gives up early. */
static int
wire_result(LDAP *ld, int id, int64_t deadline, LDAPMessage **message)
{
	int rc;

	do {
		struct timeval left = wire_remaining(deadline);

		rc = ldap_result(ld, id, LDAP_MSG_ALL, &left, message);
	} while (rc == 0 && dir_now() < deadline);
	return rc;
}

enum wire
dir_wire_wait(
    struct dir_conn *c, int id, int64_t deadline, struct dir_reply *r, LDAPMessage **entries)
{
	LDAPMessage *message = NULL;
	LDAPControl **controls = NULL;
	char *diagnostic = NULL;
	int rc = wire_result(c->ld, id, deadline, &message);

	if (rc > 0 && failpoint_after(c->points)) {
		ldap_msgfree(message);
		rc = -1;
	}
	c->points = NULL;
	*r = (struct dir_reply){ .policy = -1, .timed_out = rc == 0 };
	if (rc <= 0 || ldap_parse_result(c->ld, message, &r->code, NULL, &diagnostic, NULL,
			   &controls, 0) != LDAP_SUCCESS) {
		r->diagnostic =
		    mem_dup_string(r->timed_out ? "no answer in time" : "connection lost");
		r->code = LDAP_SERVER_DOWN;
		if (rc > 0)
			ldap_msgfree(message);
		dir_conn_close(c);
		return WIRE_LOST;
	}
	r->diagnostic = mem_dup_string(diagnostic != NULL ? diagnostic : "");
	if (r->code == LDAP_BUSY || r->code == LDAP_UNAVAILABLE) {
		c->turned_away = r->code;
		snprintf(c->turned_words, sizeof(c->turned_words), "%s", dir_error_plain_words(r));
	}
	wire_read_controls(c->ld, controls, r);
	ldap_memfree(diagnostic);
	ldap_controls_free(controls);
	wire_keep_entries(c, message, r, entries);
	return WIRE_ANSWERED;
}

/* A worker that was held up must not send what its caller has given up: by then another may have
 * done it, and somebody may have changed it since. LDAP_USER_CANCELLED is that verdict; no call
 * here returns it by itself. */
static int
wire_may_send(struct dir_conn *c, int64_t deadline)
{
	if (failpoint_before(c->points))
		return LDAP_SERVER_DOWN;
	return dir_now() < deadline ? LDAP_SUCCESS : LDAP_USER_CANCELLED;
}

/* Only these say for sure that nothing left: everything else may have. */
static enum wire
wire_not_sent(struct dir_conn *c, int rc, struct dir_reply *r)
{
	*r = (struct dir_reply){ .policy = -1, .code = rc };
	c->points = NULL;
	if (rc == LDAP_USER_CANCELLED) { /* the connection is as good as before */
		r->diagnostic = mem_dup_string("too late to be sent");
		return WIRE_LOST;
	}
	r->diagnostic = mem_dup_string(ldap_err2string(rc));
	if (rc == LDAP_ENCODING_ERROR || rc == LDAP_PARAM_ERROR || rc == LDAP_FILTER_ERROR)
		return WIRE_REFUSED;
	dir_conn_close(c);
	return WIRE_LOST;
}

static int
wire_search(struct dir_conn *c, struct dir_search *s)
{
	char **attributes = (char **)(uintptr_t)s->attributes;

	if (failpoint_before(c->points))
		return LDAP_SERVER_DOWN;
	return ldap_search_ext(c->ld, s->base, s->scope, s->filter, attributes, 0, NULL, NULL, NULL,
	    s->size_limit, &s->id);
}

enum wire
dir_wire_send_search(struct dir_conn *c, struct dir_search *s)
{
	struct dir_reply r;
	int rc = wire_search(c, s);
	enum wire w = WIRE_ANSWERED;

	if (rc != LDAP_SUCCESS) {
		w = wire_not_sent(c, rc, &r);
		dir_reply_release(&r);
	}
	return w;
}

enum wire
dir_wire_search(struct dir_conn *c, struct dir_search *s, int64_t deadline, struct dir_reply *r,
    LDAPMessage **entries)
{
	int rc = wire_search(c, s);

	return rc == LDAP_SUCCESS ? dir_wire_wait(c, s->id, deadline, r, entries)
				  : wire_not_sent(c, rc, r);
}

/* Ask for the new entry's entryUUID along with the add. */
static LDAPControl *
wire_post_read_request(void)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval value;
	LDAPControl *control = NULL;

	if (ber == NULL)
		return NULL;
	if (ber_printf(ber, "{s}", "entryUUID") != -1 && ber_flatten2(ber, &value, 0) != -1)
		ldap_control_create(LDAP_CONTROL_POST_READ, 0, &value, 1, &control);
	ber_free(ber, 1);
	return control;
}

enum wire
dir_wire_add(
    struct dir_conn *c, const char *dn, LDAPMod **mods, int64_t deadline, struct dir_reply *r)
{
	LDAPControl *controls[3] = { NULL, NULL, NULL };
	size_t n = 0;
	int id = 0, rc;

	if (ldap_create_passwordpolicy_control(c->ld, &controls[n]) == LDAP_SUCCESS)
		n++;
	if (c->post_read && (controls[n] = wire_post_read_request()) != NULL)
		n++;
	rc = wire_may_send(c, deadline);
	if (rc == LDAP_SUCCESS)
		rc = ldap_add_ext(c->ld, dn, mods, controls, NULL, &id);
	for (size_t i = 0; i < n; i++)
		ldap_control_free(controls[i]);
	return rc == LDAP_SUCCESS ? dir_wire_wait(c, id, deadline, r, NULL)
				  : wire_not_sent(c, rc, r);
}

/* At most one control more. A condition that cannot be made must not be left out. */
static int
wire_add_condition(struct dir_conn *c, const char *only_if, LDAPControl **control)
{
	if (only_if == NULL || !c->assertion)
		return LDAP_SUCCESS;
	return ldap_create_assertion_control(c->ld, (char *)(uintptr_t)only_if, 1, control);
}

enum wire
dir_wire_modify(struct dir_conn *c, const char *dn, LDAPMod **mods, const char *only_if,
    int64_t deadline, struct dir_reply *r)
{
	LDAPControl *controls[3] = { NULL, NULL, NULL };
	size_t n = 0;
	int id = 0, rc;

	if (ldap_create_passwordpolicy_control(c->ld, &controls[n]) == LDAP_SUCCESS)
		n++;
	rc = wire_add_condition(c, only_if, &controls[n]);
	if (rc == LDAP_SUCCESS)
		rc = wire_may_send(c, deadline);
	if (rc == LDAP_SUCCESS)
		rc = ldap_modify_ext(c->ld, dn, mods, controls, NULL, &id);
	ldap_control_free(controls[0]);
	ldap_control_free(controls[1]);
	return rc == LDAP_SUCCESS ? dir_wire_wait(c, id, deadline, r, NULL)
				  : wire_not_sent(c, rc, r);
}

enum wire
dir_wire_delete(
    struct dir_conn *c, const char *dn, const char *only_if, int64_t deadline, struct dir_reply *r)
{
	LDAPControl *controls[2] = { NULL, NULL };
	int id = 0, rc = wire_add_condition(c, only_if, &controls[0]);

	if (rc == LDAP_SUCCESS)
		rc = wire_may_send(c, deadline);
	if (rc == LDAP_SUCCESS)
		rc = ldap_delete_ext(c->ld, dn, controls, NULL, &id);
	ldap_control_free(controls[0]);
	return rc == LDAP_SUCCESS ? dir_wire_wait(c, id, deadline, r, NULL)
				  : wire_not_sent(c, rc, r);
}

enum wire
dir_wire_rename(struct dir_conn *c, const char *dn, const struct dir_rename *to,
    const char *only_if, int64_t deadline, struct dir_reply *r)
{
	LDAPControl *controls[2] = { NULL, NULL };
	int id = 0, rc = wire_add_condition(c, only_if, &controls[0]);

	if (rc == LDAP_SUCCESS)
		rc = wire_may_send(c, deadline);
	if (rc == LDAP_SUCCESS)
		rc =
		    ldap_rename(c->ld, dn, to->rdn, to->parent, to->drops_old, controls, NULL, &id);
	ldap_control_free(controls[0]);
	return rc == LDAP_SUCCESS ? dir_wire_wait(c, id, deadline, r, NULL)
				  : wire_not_sent(c, rc, r);
}

enum wire
dir_wire_password(struct dir_conn *c, const char *dn, const struct secret *password,
    int64_t deadline, struct dir_reply *r)
{
	struct berval user, clear;
	LDAPControl *controls[2] = { NULL, NULL };
	int id = 0, rc;

	ber_str2bv(dn, 0, 0, &user);
	clear = (struct berval){ secret_len(password), (char *)(uintptr_t)secret_bytes(password) };
	ldap_create_passwordpolicy_control(c->ld, &controls[0]);
	rc = wire_may_send(c, deadline);
	if (rc == LDAP_SUCCESS)
		rc = ldap_passwd(c->ld, &user, NULL, &clear, controls, NULL, &id);
	ldap_control_free(controls[0]);
	return rc == LDAP_SUCCESS ? dir_wire_wait(c, id, deadline, r, NULL)
				  : wire_not_sent(c, rc, r);
}

/* How much of a value is taken. */
typedef size_t wire_fit(const struct berval *value);

static size_t
wire_fit_whole(const struct berval *value)
{
	return value->bv_len <= DIR_VALUE_MAX ? value->bv_len : 0;
}

static size_t
wire_fit_text(const struct berval *value)
{
	size_t len = value->bv_len;

	if (len > DIR_VALUE_MAX) {
		len = DIR_VALUE_MAX;
		while (len > 0 && ((unsigned char)value->bv_val[len] & 0xc0) == 0x80)
			len--;
	}
	return u8_check((const uint8_t *)value->bv_val, len) == NULL ? len : 0;
}

static const char *
wire_value(LDAP *ld, LDAPMessage *entry, const char *attribute, struct arena *arena, wire_fit *fit)
{
	struct berval **values = ldap_get_values_len(ld, entry, attribute);
	size_t len = values != NULL && values[0] != NULL ? fit(values[0]) : 0;
	const char *first = NULL;

	if (len > 0 && memchr(values[0]->bv_val, 0, len) == NULL)
		first = arena_dup(arena, values[0]->bv_val, len);
	ldap_value_free_len(values);
	return first;
}

const char *
dir_entry_value(LDAP *ld, LDAPMessage *entry, const char *attribute, struct arena *arena)
{
	return wire_value(ld, entry, attribute, arena, wire_fit_whole);
}

const char *
dir_entry_text(LDAP *ld, LDAPMessage *entry, const char *attribute, struct arena *arena)
{
	return wire_value(ld, entry, attribute, arena, wire_fit_text);
}
