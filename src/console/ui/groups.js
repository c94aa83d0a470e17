// A field for the groups of somebody: all that there are, each to be ticked, with a search when they are many.
import { html, useId, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { fold } from "../lib/fold.js";
import { useLoad } from "../lib/load.js";
import { may } from "../lib/session.js";
import { compareTexts, t } from "../lib/words.js";
import { Icon } from "./icon.js";

const searchFrom = 8; // fewer are seen at a glance
const groupsMax = 32; // of the API

/** Those that there are, by name; null while they are not known, none for whoever may not see them. */
export function useGroups() {
	const canRead = may("directory:read");
	const { data } = useLoad(async (signal) => (canRead ?
		(await get("/groups", {}, signal)).items.sort((a, b) => compareTexts(a.name, b.name)) : []), [canRead]);

	return data ?? null;
}

/** `refusal`: the id of what is said against it, or null. */
function Item({ group: { dn, name, description }, isChosen, isFull, isWrong, refusal, onTurn }) {
	return html`<li><label class=${isWrong ? "refused" : null}>
		<input type="checkbox" checked=${isChosen} disabled=${!isChosen && isFull} aria-invalid=${refusal ? "true" : null} aria-describedby=${refusal}
			onChange=${(event) => onTurn(dn, event.target.checked)} />
		<span><bdi>${name}</bdi>${description && html`<small class="soft"><bdi>${description}</bdi></small>`}</span></label></li>`;
}

/** `groups` as useGroups() has them; `chosen`: DNs, and `onChange(DNs)` gets the new ones in the order of `groups`. `error`:
 *  a text or null; `wrong`: the DNs that it is about, of which the first takes the focus, or none. */
export function GroupsField({ groups, chosen: list, error, wrong = [], onChange }) {
	const [words, setWords] = useState("");
	const name = useId();
	const chosen = new Set(list);
	const shown = groups.filter((group) => chosen.has(group.dn) || fold(`${group.name} ${group.description ?? ""}`).includes(fold(words.trim())));
	const turn = (dn, on) =>
		onChange(groups.filter((group) => (group.dn === dn ? on : chosen.has(group.dn))).map((group) => group.dn));
	const isRefused = ({ dn }, index) => Boolean(error) && (wrong.length > 0 ? wrong.includes(dn) : index === 0);

	return html`<fieldset class="field wide groups-field ${error ? "refused" : ""}" data-field="groups" aria-describedby=${error ? name : null}>
		<legend class="label">${t("field.groups")} <span class="soft">${
			chosen.size > 0 ? t("ui.groups_chosen", { count: chosen.size }) : t("ui.optional")}</span></legend>
		${error && html`<p class="error" id=${name}><${Icon} name="alert" size="16" /><span>${error}</span></p>`}
		${groups.length > searchFrom && html`<div class="groups-search"><${Icon} name="search" size="18" /><input type="search" autocomplete="off" spellcheck=${false}
			aria-label=${t("ui.groups_search")} placeholder=${t("ui.groups_search")} value=${words} onInput=${(event) => setWords(event.target.value)}
			onKeyDown=${(event) => event.key === "Enter" && !event.ctrlKey && event.preventDefault()} /></div>`}
		<ul class="groups-list" tabindex=${groups.length > searchFrom ? 0 : null} aria-label=${t("field.groups")}>${shown.map((group, index) => html`
			<${Item} key=${group.dn} group=${group} isChosen=${chosen.has(group.dn)} isFull=${chosen.size >= groupsMax}
				isWrong=${wrong.includes(group.dn)} refusal=${isRefused(group, index) ? name : null} onTurn=${turn} />`)}</ul>
		${shown.length === 0 && html`<p class="soft" role="status">${t("ui.groups_none")}</p>`}
	</fieldset>`;
}
