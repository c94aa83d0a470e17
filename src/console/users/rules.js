// What can be done to whom: by their status, and by the rights of who asks. The daemon decides; this only keeps the console
// from offering what would be refused. No DOM.

const users = ["users:write"], invitations = ["invitations:write"];

/** In the order in which they are offered. */
export const actions = {
	resend: { scopes: invitations, statuses: ["pending", "undeliverable"], icon: "mail" },
	link: { scopes: invitations, statuses: ["pending", "undeliverable"], icon: "link", single: true },
	resume: { scopes: users, statuses: ["suspended"], icon: "play" },
	suspend: { scopes: users, statuses: ["active"], icon: "pause" },
	delete: { scopes: users, statuses: ["active", "suspended"], icon: "trash", danger: true },
	revoke: { scopes: invitations, statuses: ["pending", "undeliverable"], icon: "close", danger: true },
	forget: { scopes: [...users, ...invitations], statuses: ["expired"], icon: "trash", danger: true },
};

/** What the daemon lets nobody do to themselves. */
export function isNotForOneself(kind) {
	return kind === "suspend" || kind === "delete";
}

/** The names of those that apply to a status; `may(scope)`. */
export function actionsFor(status, may) {
	return Object.keys(actions).filter((kind) => actions[kind].statuses.includes(status) && actions[kind].scopes.every(may));
}
