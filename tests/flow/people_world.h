/* The use cases about people as if they were functions, in the small world of world.h. */
#ifndef USHERD_TESTS_PEOPLE_WORLD_H
#define USHERD_TESTS_PEOPLE_WORLD_H

#include "flow/flow_people.h"
#include "world.h"

#define ADA	   "e1111111-0000-4000-8000-000000000001"
#define BOB	   "e1111111-0000-4000-8000-000000000002"
#define NOBODY	   "e1111111-0000-4000-8000-000000000009"
#define ADA_DN	   "uid=ada,ou=engines,dc=example"
#define BOB_DN	   "uid=bob,ou=engines,dc=example"
#define POETS	   "cn=poets,dc=example"
#define ADMINS	   "cn=admins,dc=example"
#define CHESS	   "cn=chess,dc=example"
#define ENGINES	   "ou=engines,dc=example"
#define ENGINES_ID "e2222222-0000-4000-8000-000000000001"

/* The last answer. */
struct people_answer {
	enum err code;
	size_t count; /* how many came since the call */
	char text[FAULT_TEXT_MAX];
	char id[ID_SIZE], dn[256], invitation[ID_SIZE];
	char tag[DIR_TAG_SIZE], groups_tag[DIR_GROUPS_TAG_SIZE];
	bool suspended;
	char first_field[32], first_code[32], first_detail[FAULT_TEXT_MAX];
	struct person_removed removed;
};
extern struct people_answer people;

/* Ada, a poet, and Bob; [users] restorable is 30 days. */
struct world *people_world_new(void);

/* Each waits for its answer; the code. */
enum err people_show(struct world *w, const char *id);
enum err people_change(
    struct world *w, const char *id, enum person_field field, const char *value, const char *tag);
/* The whole list, ended by NULL. */
enum err people_set_groups(struct world *w, const char *id, const char *const *groups);
/* With If-Match, and with another position. */
enum err people_set_groups_so(
    struct world *w, const char *id, const char *const *groups, struct person_change change);
enum err people_suspend(struct world *w, const char *id, bool suspended);
enum err people_suspend_so(struct world *w, const char *id, bool suspended, const char *tag);
enum err people_remove(struct world *w, const char *id);
enum err people_remove_so(struct world *w, const char *id, struct person_removal how);
enum err people_restore(struct world *w, const char *id);
enum err people_unit_add(struct world *w, const char *parent, const char *name);
enum err people_unit_change(struct world *w, const char *id, const char *name);
/* Name and description. */
enum err people_unit_set(
    struct world *w, const char *id, const char *name, const char *description);
enum err people_unit_delete(struct world *w, const char *id);

/* The same, by name and without waiting: "remove", "restore", "suspend", "change", "groups",
 * "unit_add", "unit_change", "unit_delete", each of Ada or of ENGINES_ID. "groups": of CHESS alone.
 */
void people_start(struct world *w, const char *verb);
void people_start_change(struct world *w, const char *id, const struct person_change *change);
extern const char *people_caller_entry; /* of every call */

/* How many audit records have this event; all keys that begin so. */
size_t people_audits(struct world *w, const char *event);
/* How many of them say this. */
size_t people_audit_says(struct world *w, const char *event, const char *also);
size_t people_keys(struct world *w, const char *prefix);
/* How many stored values have this word. */
size_t people_says(struct world *w, const char *word);

/* The process is killed and starts again, time passes, and the resolver has nothing left to do. */
void people_settle_all(struct world *w, bool crash);
/* The same without a crash, and the resolver's first call to the directory meets `fault`. */
void people_settle_meeting(struct world *w, enum fake_fault fault, enum err code);

#endif
