/* The other end of the unix socket. Only what the kernel said of it counts: the system's user
 * database may live on a network, and asking it would stop the loop. So somebody who joins the
 * admin group is an administrator from their next login on. */
#include <stdio.h>
#include <unistd.h>

#include "auth/auth_private.h"

static bool
auth_peer_is_admin(const struct auth *a, const struct auth_peer *peer)
{
	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	if (a->conf.admin_gid == (gid_t)-1)
		return false;
	for (size_t i = 0; i < peer->group_count; i++)
		if (peer->groups[i] == a->conf.admin_gid)
			return true;
	return peer->gid == a->conf.admin_gid;
}

enum err
auth_check_peer(const struct auth *a, const struct auth_peer *peer, struct arena *arena,
    struct principal *out, struct fault *f)
{
	if (!auth_peer_is_admin(a, peer))
		return fault_set(f, ERR_DENIED, "user %lu may not use the control socket",
		    (unsigned long)peer->uid);
	*out = (struct principal){ .kind = AUTH_PEER, .scopes = AUTH_ALL };
	snprintf(out->name, sizeof(out->name), "uid:%lu", (unsigned long)peer->uid);
	auth_grant_all(out, arena);
	return ERR_OK;
}
