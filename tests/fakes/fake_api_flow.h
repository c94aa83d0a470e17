/* The part of flow.h, flow_people.h and flow_mail.h that api uses. It remembers what it was asked
 * and answers, through loop_defer, what it was told to. */
#ifndef USHERD_FAKE_API_FLOW_H
#define USHERD_FAKE_API_FLOW_H

#include "flow/flow.h"
#include "flow/flow_mail.h"
#include "flow/flow_people.h"

#define FAKE_ID		"01890a5d-ac96-774b-bcce-b302099a8057"
#define FAKE_LINK_TOKEN "usj_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

struct fake_flow {
	struct loop *loop;
	/* The next answers. */
	enum err code;
	const char *text; /* of the fault, with ERR_OK too */
	struct field_errors errors;
	const char *uid; /* of a preflight */
	struct flow_settings settings;
	struct invitation *inv; /* borrowed; what every answer with ERR_OK shows */
	size_t list_count;	/* how often the list has it */
	const char *next;
	const struct dir_place *places;
	size_t place_count;
	const struct dir_user *user;	     /* of every answer about a person */
	const struct invitation *person_inv; /* the same, or NULL */
	struct person_removed removed;
	const struct flow_deleted *deleted; /* what the trash shows */
	size_t deleted_count;
	const struct delivery *delivery; /* NULL: an empty one */
	int64_t retry_after_s;
	struct outbox_item **items; /* `list_count` of them */
	struct flow_mail_status mail_status;
	struct mail_report report;
	struct mail_dsn dsn;
	/* What was asked. */
	size_t calls;
	struct issue_spec spec;
	bool is_complete; /* of a preflight */
	char id[64], caller[64], request_id[64], after[64];
	size_t limit;
	struct person_change change;
	struct person_removal removal;
	bool suspended;
	const char *parent, *name, *description;
	bool void_links, all_again;
	struct amend_spec amend; /* its text is said[0] */
	const char *kind, *language, *to, *recipient;
	char message[1024];
	size_t message_len;
	bool gives_roles;
	char groups[256];			/* of a change, each with a ';'; "-": they stay */
	char said[PERSON_FIELD_COUNT + 2][128]; /* what the strings of these point to */
};

struct flow *fake_flow_of(struct fake_flow *f);

/* Of the directory, FAKE_USER_ID, "uid=grace,ou=Navy,dc=example,dc=org". */
extern const struct dir_user fake_user;
#define FAKE_USER_ID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

/* A pending invitation of Ada with everything set; free with invitation_free(). */
struct invitation *fake_invitation_new(int64_t created_at);

#endif
