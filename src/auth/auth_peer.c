/* The other end of the unix socket. Root and the daemon's own user are known at once; for anybody
 * else the system's user database is asked for the admin group's members. That may block when it
 * lives on a network, so the answer is remembered for a minute, and only members of the socket's
 * group get as far as this at all. getgrouplist() is avoided: it asks every source, also when a
 * local file has the answer. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth_private.h"

enum { LOOKUP_SIZE = 64 * 1024 };

static bool
auth_peer_is_member(uid_t uid, gid_t group)
{
	char pwd_text[4096], grp_text[LOOKUP_SIZE];
	struct passwd pwd, *user;
	struct group grp, *members;

	if (getpwuid_r(uid, &pwd, pwd_text, sizeof(pwd_text), &user) != 0 || user == NULL)
		return false;
	if (user->pw_gid == group)
		return true;
	if (getgrgid_r(group, &grp, grp_text, sizeof(grp_text), &members) != 0 || members == NULL)
		return false;
	for (char **m = members->gr_mem; *m != NULL; m++)
		if (strcmp(*m, user->pw_name) == 0)
			return true;
	return false;
}

static bool
auth_peer_is_admin(struct auth *a, uid_t uid, gid_t gid)
{
	int64_t now = clock_mono_ms(a->clock);
	struct auth_peer *p;

	if (uid == 0 || uid == geteuid())
		return true;
	if (a->admin_gid == (gid_t)-1)
		return false;
	if (gid == a->admin_gid)
		return true;
	for (p = a->peers; p < a->peers + AUTH_PEERS_MAX; p++)
		if (p->uid == uid && now < p->until)
			return p->allowed;
	p = &a->peers[a->next_peer];
	a->next_peer = (a->next_peer + 1) % AUTH_PEERS_MAX;
	*p = (struct auth_peer){
		.uid = uid,
		.allowed = auth_peer_is_member(uid, a->admin_gid),
		.until = now + AUTH_PEER_REMEMBER_MS,
	};
	return p->allowed;
}

enum err
auth_check_peer(struct auth *a, uid_t uid, gid_t gid, struct principal *out, struct fault *f)
{
	if (!auth_peer_is_admin(a, uid, gid))
		return fault_set(
		    f, ERR_DENIED, "user %lu may not use the control socket", (unsigned long)uid);
	out->scopes = AUTH_ALL;
	snprintf(out->name, sizeof(out->name), "uid:%lu", (unsigned long)uid);
	return ERR_OK;
}
