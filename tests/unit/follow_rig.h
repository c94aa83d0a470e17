/* A follower, and behind it a plain model of what the roster makes of its batches. */
#ifndef USHERD_TESTS_FOLLOW_RIG_H
#define USHERD_TESTS_FOLLOW_RIG_H

#include "dir_rig.h"

#include "dir/dir_follow.h"

struct row {
	bool used, named; /* by the refresh under way */
	unsigned char id[FEED_ID_SIZE];
	enum feed_kind kind;
	char dn[FEED_DN_MAX + 1], name[FEED_TEXT_MAX + 1], mail[FEED_MAIL_MAX + 1],
	    phone[FEED_PHONE_MAX + 1];
	enum feed_status status;
	int64_t registered_at, last_activity_at;
	unsigned char invitation[FEED_ID_SIZE];
	size_t mails, members;
	char first_member[256];
	size_t told_at; /* the how many-th item it was told as last */
};

struct follower {
	struct dir_follow *fw;
	struct dir_follow_conf conf;
	struct row *rows;
	size_t capacity;
	enum dir_follow_state state;
	char text[FAULT_TEXT_MAX];
	int begun, complete, broken;
	int cut_short;			 /* states told */
	bool refreshing, absent_is_gone; /* of the last end */
	bool cut_by_limit;		 /* likewise */
	size_t told, gone, present;	 /* items of those kinds */
	size_t batches, largest;
	bool keep; /* do not acknowledge */
	size_t kept;
	unsigned char cookie[FEED_COOKIE_MAX];
	size_t cookie_len;
};

extern struct follower follower;

void follower_default(void); /* after rig_open() */
void follower_start(const void *cookie, size_t len);
void follower_stop(void); /* the rows stay */
void follower_forget(void);
void follower_acknowledge(void); /* all that was kept, and from now on */

struct row *follower_find(const char *dn);
size_t follower_count(enum feed_kind kind);

/* A row that no directory has. */
#define GHOST "uid=ghost," SALES
void follower_haunt(void);

/* People of the directory, straight into slapd: uid=PREFIX0 and on, below SALES. */
void follow_add_people(const char *prefix, unsigned count);
void follow_delete_people(const char *prefix, unsigned count);
/* A line of tests/rig's slapd.conf is deleted (a sed address), slapd starts again. */
void follow_edit_slapd(const char *sed);

/* Passes on what both sides send, and to each client no more than `most` bytes: then it is silent.
 * Returns its port. */
int follow_proxy_start(int to_port, size_t most);
/* A client that says `word` is heard no more, and told nothing more. */
void follow_proxy_stop_at(const char *word);
bool follow_proxy_has_stopped(void);
void follow_proxy_release(void); /* from now on everything passes */
/* Nothing passes; and later nothing on the connections of now, which stay open. */
void follow_proxy_forget(void);
void follow_proxy_stop(void);

/* Until it holds; asserts that it does within 20 s. */
typedef bool follower_is(const void *arg);
void follower_until(follower_is *is, const void *arg);
void follower_until_persisting(void);
void follower_until_found(const char *dn);
void follower_until_lost(const char *dn);
void follower_until_name(const char *dn, const char *name);

#endif
