// Where the person will be: org unit, position and groups.
import { html, useEffect, useId, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { fold } from "../lib/fold.js";
import { useLoad } from "../lib/load.js";
import { may } from "../lib/session.js";
import { useUnits } from "../lib/units.js";
import { compareTexts, t } from "../lib/words.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { UnitPicker } from "../units/picker.js";
import { Group, TextField } from "./fields.js";
import { More } from "./more.js";

const searchFrom = 8; // groups: fewer are seen at a glance
const groupsMax = 32; // of the API

/** `refusal`: the id of what is said against it, or null. */
function GroupItem({ group: { dn, name, description }, isChosen, isFull, refusal, onTurn }) {
	return html`<li><label class=${refusal ? "refused" : null}>
		<input type="checkbox" checked=${isChosen} disabled=${!isChosen && isFull} aria-invalid=${refusal ? "true" : null} aria-describedby=${refusal}
			onChange=${(event) => onTurn(dn, event.target.checked)} />
		<span><bdi>${name}</bdi>${description && html`<small class="soft"><bdi>${description}</bdi></small>`}</span></label></li>`;
}

function GroupList({ form, groups }) {
	const [words, setWords] = useState("");
	const name = useId();
	const chosen = new Set(form.draft.groups);
	const shown = groups.filter((group) => chosen.has(group.dn) || fold(`${group.name} ${group.description ?? ""}`).includes(fold(words.trim())));
	const turn = (dn, on) => {
		form.set("groups", groups.filter((group) => (group.dn === dn ? on : chosen.has(group.dn))).map((group) => group.dn));
		form.leave("groups");
	};

	return html`<fieldset class="field wide invite-groups ${form.errors.groups ? "refused" : ""}" data-field="groups"
			aria-describedby=${form.errors.groups ? name : null}>
		<legend class="label">${t("field.groups")} <span class="soft">${
			chosen.size > 0 ? t("invite.groups_chosen", { count: chosen.size }) : t("ui.optional")}</span></legend>
		${groups.length > searchFrom && html`<div class="groups-search"><${Icon} name="search" size="18" /><input type="search" autocomplete="off" spellcheck=${false}
			aria-label=${t("invite.groups_search")} placeholder=${t("invite.groups_search")} value=${words} onInput=${(event) => setWords(event.target.value)}
			onKeyDown=${(event) => event.key === "Enter" && !event.ctrlKey && event.preventDefault()} /></div>`}
		<ul class="groups-list" tabindex=${groups.length > searchFrom ? 0 : null} aria-label=${t("field.groups")}>${shown.map((group) => html`
			<${GroupItem} key=${group.dn} group=${group} isChosen=${chosen.has(group.dn)} isFull=${chosen.size >= groupsMax}
				refusal=${form.wrongGroups.includes(group.dn) ? name : null} onTurn=${turn} />`)}</ul>
		${shown.length === 0 && html`<p class="soft" role="status">${t("invite.groups_none")}</p>`}
		${form.errors.groups && html`<p class="error" id=${name}><${Icon} name="alert" size="16" /><span>${form.errors.groups}</span></p>`}
	</fieldset>`;
}

function Unit({ form }) {
	const { units } = useUnits();
	const only = units?.items.length === 1 ? units.items[0].dn : null;

	useEffect(() => {
		if (only !== null && form.draft.org_unit === null)
			form.assume("org_unit", only);
	}, [only, form.draft.org_unit]);
	return html`<${Field} name="org_unit" label=${t("field.org_unit")} error=${form.errors.org_unit} required>
		${(props) => html`<${UnitPicker} ...${props} value=${form.draft.org_unit} label=${t("field.org_unit")}
			onChange=${(dn) => (form.set("org_unit", dn), form.leave("org_unit"))} />`}</${Field}>`;
}

export function Organisation({ form, more }) {
	const canRead = may("directory:read");
	const { data: groups } = useLoad(async (signal) => (canRead ?
		(await get("/groups", {}, signal)).items.sort((a, b) => compareTexts(a.name, b.name)) : []), [canRead]);

	return html`<${Group} title=${t("invite.organisation")}>
		<${Unit} form=${form} />
		<${TextField} form=${form} name="position" label=${t("field.position")} maxlength="128" />
		${groups?.length > 0 && html`<${GroupList} form=${form} groups=${groups} />`}
		<${More} form=${form} ...${more} />
	</${Group}>`;
}
