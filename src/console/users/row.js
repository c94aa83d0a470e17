// One person of the list, and what can be done to them. Rows are drawn by the thousand while somebody scrolls or types: one that says what it said
// before is not drawn again.
import { html, useMemo } from "../lib/html.js";
import { Link } from "../lib/route.js";
import { may, whoAmI } from "../lib/session.js";
import { unitPath } from "../lib/units.js";
import { t } from "../lib/words.js";
import { Face, Status, Time, Value } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { actions, actionsFor, isNotForOneself } from "./rules.js";

/** What a row calls a person: not everybody in a directory has a name. */
export function nameOf({ name, mail, uid, id }) {
	return name ?? mail ?? uid ?? id;
}

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

/** A mail address that does not fit is broken before the sign that everybody's has. */
function mailOf(mail) {
	const at = mail?.lastIndexOf("@") ?? -1;

	return at > 0 ? html`<bdi>${mail.slice(0, at)}<wbr />${mail.slice(at)}</bdi>` : html`<${Value}>${mail}</${Value}>`;
}

function draw({ person, index, units, selected, changed, stop, menuOpen, selects, on }) {
	const name = nameOf(person);
	const names = person.org_unit === null ? [] : unitPath(units, person.org_unit);
	const tab = stop ? 0 : -1;

	return html`<tr role="row" class="person ${selected ? "selected" : ""} ${changed ? "changed" : ""}" data-id=${person.id}
			aria-rowindex=${index + 2}>
		<td role="cell" class="p-select">${selects && html`<label class="hit"><input type="checkbox" tabindex=${tab} checked=${selected}
			aria-label=${t("users.select", { name })} onClick=${(event) => on.select(person, event)} /></label>`}</td>
		<th role="rowheader" scope="row" class="p-name"><${Face} name=${name} />
			<span class="p-who"><${Link} to=${pageOf(person)} tabindex=${tab} title=${name} onClick=${() => on.open(person)}><bdi>${name}</bdi></${Link}>
				<small class="p-uid">${person.uid && html`<bdi title=${person.uid}>${person.uid}</bdi>`}</small></span></th>
		<td role="cell" class="p-mail" title=${person.mail}>${mailOf(person.mail)}</td>
		<td role="cell" class="p-phone" title=${person.phone}><bdi dir="ltr"><${Value}>${person.phone}</${Value}></bdi></td>
		<td role="cell" class="p-unit" title=${names.join(" › ")}><${Value}>${names.at(-1)}</${Value}></td>
		<td role="cell" class="p-status"><${Status} value=${person.status} /></td>
		<td role="cell" class="p-registered"><${Time} at=${person.registered_at} as="date" /></td>
		<td role="cell" class="p-activity"><${Time} at=${person.last_activity_at} as="short" /></td>
		<td role="cell" class="p-menu"><button type="button" class="button bare" tabindex=${tab} aria-haspopup="menu"
			aria-expanded=${menuOpen ? "true" : "false"} aria-label=${t("users.menu", { name })} onClick=${() => on.menu(person)}>
			<${Icon} name="more" /></button></td>
	</tr>`;
}

/** `on`: {select(person, event), open(person), menu(person)}, always the same functions. `stop`: the tab key stops here.
 *  `selects`: there is something to select for. */
export function Row(props) {
	const { person, index, units, selected, changed, stop, menuOpen, selects } = props;

	return useMemo(() => draw(props), [person, index, units, selected, changed, stop, menuOpen, selects]);
}

/** The place of a person who is on the way. */
export function Bone({ index }) {
	return html`<tr role="row" class="person bones" aria-rowindex=${index + 2} aria-busy="true">
		<td role="cell" class="p-select"></td><td role="cell" class="p-name"><span class="face"></span><span class="bone"></span></td>
		<td role="cell" class="p-mail"><span class="bone"></span></td><td role="cell" class="p-phone"><span class="bone"></span></td>
		<td role="cell" class="p-unit"><span class="bone"></span></td><td role="cell" class="p-status"><span class="bone"></span></td>
		<td role="cell" class="p-registered"><span class="bone"></span></td><td role="cell" class="p-activity"><span class="bone"></span></td>
		<td role="cell" class="p-menu"></td></tr>`;
}
