// What can be done to the person of a row.
import { may, whoAmI } from "../lib/session.js";
import { t } from "../lib/words.js";
import { actions, actionsFor, isNotForOneself } from "./rules.js";

/** Where a person's own page is. */
export function pageOf({ id, status }) {
	return actions.suspend.statuses.includes(status) || actions.resume.statuses.includes(status) || !may("invitations:read") ?
		`/users/${id}` : `/invitations/${id}`;
}

/** For a menu (ui/menu.js); `onAct(kind, person)`. */
export function entriesOf(person, onAct) {
	const kinds = actionsFor(person.status, may);
	const entry = (kind) => ({
		label: t(`users.do.${kind}`), icon: actions[kind].icon, danger: actions[kind].danger, onChoose: () => onAct(kind, person),
		disabled: isNotForOneself(kind) && person.id === whoAmI().id && t("error.reason_self"),
	});
	const harmless = kinds.filter((kind) => !actions[kind].danger).map(entry);
	const dangerous = kinds.filter((kind) => actions[kind].danger).map(entry);

	return [
		{ label: t("users.details"), icon: "person", to: pageOf(person) },
		harmless.length > 0 && "-", ...harmless,
		dangerous.length > 0 && "-", ...dangerous,
	];
}
