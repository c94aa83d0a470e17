// What can be done to a person of whom there is an invitation: as in users/rules.js, and what only an invitation has.
import { may } from "../lib/session.js";
import { t } from "../lib/words.js";
import { actions, actionsFor } from "../users/rules.js";
import { isOver } from "../person/read.js";

/** Those of `users/rules.js` for {status, method}: `method` is the invitation's, or absent. */
export function kindsFor({ status, method }) {
	// What is begun and not finished may be given up, or given another link.
	return actionsFor(status === "in_progress" ? "pending" : status, may).filter((kind) => kind !== "resend" || method !== "link");
}

/** For a menu (ui/menu.js): `kinds`, what an open invitation has besides, and what takes something away. `onAct(kind)`;
 *  `barred`: why none of it can be done, or null. */
export function entriesFor(invited, onAct, { kinds = kindsFor(invited), barred = null } = {}) {
	const entry = (kind) => ({
		label: t(`users.do.${kind}`), icon: actions[kind].icon, danger: actions[kind].danger, disabled: barred, onChoose: () => onAct(kind),
	});
	const harmless = kinds.filter((kind) => !actions[kind].danger).map(entry);
	const dangerous = kinds.filter((kind) => actions[kind].danger).map(entry);

	if (invited.expires_at && !isOver(invited.status) && may("invitations:write"))
		harmless.push({ label: t("invitations.change_address"), icon: "edit", onChoose: () => onAct("address") },
			{ label: t("invitations.extend"), icon: "clock", onChoose: () => onAct("extend") });
	return [...harmless, harmless.length > 0 && dangerous.length > 0 && "-", ...dangerous];
}

/** The module that carries it out: how to import it. */
export function dialogOf(kind) {
	switch (kind) {
	case "address":
		return () => import("./address.js");
	case "extend":
		return () => import("./extend.js");
	default:
		return () => import("../users/acts.js");
	}
}
