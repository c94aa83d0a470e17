/* Shared by the files of fake_dir alone. */
#ifndef USHERD_TESTS_FAKE_DIR_PRIVATE_H
#define USHERD_TESTS_FAKE_DIR_PRIVATE_H

#include "fake_dir.h"

enum {
	ENTRIES_MAX = 64,
	LATE_MAX = 4,
	UNITS_MAX = 16,
	GROUPS_MAX = 40,
	MEMBERS_MAX = 16,
	CALLS_MAX = 4096
};

struct entry {
	char dn[256], uid[64], mail[256], second_mail[256], marker[64], password[256];
	char uuid[DIR_UUID_SIZE], value[PERSON_FIELD_COUNT][128];
	unsigned version;
	bool suspended;
};

struct unit {
	char dn[256], uuid[DIR_UUID_SIZE], description[128];
};

struct group {
	char dn[128], members[MEMBERS_MAX][256];
	size_t count;
};

struct dir {
	struct loop *loop;
	bool up, org_unit_gone;
	struct entry entries[ENTRIES_MAX];
	size_t count, memberships, adds;
	bool remembers_passwords;
	struct entry late[LATE_MAX];
	size_t late_count;
	int calls_to_fault;
	const char *fault_name; /* or the next call of this name */
	enum fake_fault fault;
	enum err fault_code;
	char refused_password[256];
	unsigned generation; /* answers of an earlier one are dropped */
	dir_state_cb *on_state;
	void *on_state_arg;

	/* for dir_user.h */
	struct unit units[UNITS_MAX];
	struct group groups[GROUPS_MAX];
	size_t unit_count, group_count;
	struct user_op *late_ops[LATE_MAX];
	size_t late_op_count;
	const char *calls[CALLS_MAX];
	size_t call_count;
	unsigned uuids; /* handed out */
	bool has_no_means, touch_drops;
	const char *touch_after, *touch_uuid, *touch_dn, *touch_position, *refusing;
	enum err gone_code;
	char lingering[64]; /* the server that is named with gone_code */
};

/* One answer on its way. */
struct dir_op {
	struct dir *dir;
	unsigned generation;
	enum err code;
	struct fault fault;
	struct dir_answer answer;
	char group_dn[PERSON_GROUPS_MAX][128]; /* of the answer */
	struct dir_added added;
	struct dir_found found;
	char marker[64];
	dir_ask_cb *ask;
	dir_add_cb *add;
	dir_done_cb *done;
	dir_find_cb *find;
	void *arg;
};

struct user_op;
typedef enum err fake_effect(struct dir *d, struct user_op *op, struct fault *f);

struct user_op {
	struct dir_op op;
	fake_effect *effect;
	void (*answer)(struct user_op *op);
	void *cb;
	struct arena *arena;
	/* arguments, in the arena */
	const char *uuid, *dn, *name, *description, *tag, *value[PERSON_FIELD_COUNT];
	const char **names, **groups;
	size_t name_count, group_count;
	const char *groups_tag;
	const struct reach *within;
	bool suspended, spares_groups;
	/* results */
	struct dir_user user;
	struct person person;
	struct dir_removed removed;
	struct secret *saved;
	const char *result_dn;
	struct dir_org_unit unit;
	bool is_member, *members; /* one of op->groups each */
	size_t others;
};

struct entry *fake_entry_by_dn(struct dir *d, const char *dn);
/* Gives it an entryUUID when it has none. Nothing happens when the DN is taken. */
void fake_entry_put(struct dir *d, const struct entry *e);
void fake_uuid(struct dir *d, char out[DIR_UUID_SIZE]);
struct entry *fake_entry_by_uuid(struct dir *d, const char *uuid);
struct unit *fake_unit_by(struct dir *d, const char *dn, const char *uuid);
struct group *fake_group_by_dn(struct dir *d, const char *dn);
size_t fake_group_find(const struct group *g, const char *dn); /* g->count: it is no member */
const char *fake_dn_parent(const char *dn);
void fake_entry_rename(struct dir *d, struct entry *e, const char *dn);
void fake_join(struct dir *d, const char *group, const char *dn);

/* Count the call. Unless it comes back fine, `op` has what is told. */
enum fake_fault fake_dir_call(struct dir *d, struct dir_op *op, bool writes);
bool fake_is_done(enum fake_fault fault); /* it is carried out now, whatever is told */
struct user_op *fake_op_new(
    fake_effect *effect, void (*answer)(struct user_op *), void *cb, void *arg);
const char *fake_op_keep(struct user_op *op, const char *text);
struct dir_op *fake_op_start(struct dir *d, struct user_op *op, const char *name, bool writes);
/* What is late of dir_user.h is carried out, or forgotten. */
void fake_user_deliver(struct dir *d, bool carry_out);

#endif
