// A person as the page shows them: what the directory has, and the invitation that they came by or are still to accept.
import { request } from "../lib/api.js";
import { may } from "../lib/session.js";

/** {data, etag}; null when there is none, or none for this reader. */
async function found(path, signal) {
	try {
		return await request("GET", path, { signal });
	} catch (error) {
		if ([400, 403, 404].includes(error.status)) // 400: an id that nobody can have
			return null;
		throw error;
	}
}

/** {person, etag, invitation, trouble}: whichever of the two there is and may be read; `person` as in GET /users/{id},
 *  `etag` its own; `trouble` is why it is not known whether there is an invitation. Neither: nobody has this id. It may be
 *  that of an invitation whose person has registered: then `person.id` is another. */
export async function readPerson(id, signal) {
	const user = may("users:read") ? await found(`/users/${encodeURIComponent(id)}`, signal) : null;
	const of = user ? user.data.invitation : id;
	let invitation = null, trouble = null;

	if (of !== null && may("invitations:read"))
		try {
			invitation = await found(`/invitations/${encodeURIComponent(of)}`, signal);
		} catch (error) {
			if (!user || error.name !== "ApiError")
				throw error; // else what there is of the person is shown
			trouble = error;
		}
	return { person: user?.data ?? null, etag: user?.etag ?? null, invitation: invitation?.data ?? null, trouble };
}

/** What an invitation calls its person; null once its data was erased. */
export function invitedName({ display_name: shown, given_name: given, family_name: family }) {
	return shown ?? ([given, family].filter(Boolean).join(" ") || null);
}

/** One answer of the two: as GET /users/{id} tells a person. */
export function profileOf({ person, invitation }) {
	return person ?? {
		...invitation, name: invitedName(invitation), invited_at: invitation.created_at, registered_at: null, last_activity_at: null,
		last_activity_source: null, suspended_by: null, stale: false, invitation: invitation.id,
	};
}

/** The directory has them. */
export function isUser({ status }) {
	return status === "active" || status === "suspended";
}

/** What such an invitation held of its person is gone; its history stays. */
export function isErased({ status }) {
	return status === "done" || status === "revoked";
}

/** Nothing becomes of such an invitation any more. */
export function isOver(status) {
	return status === "done" || status === "revoked" || status === "expired";
}
