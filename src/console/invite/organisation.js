// Where the person will be: org unit, position and groups.
import { html, useEffect } from "../lib/html.js";
import { useUnits } from "../lib/units.js";
import { t } from "../lib/words.js";
import { Field } from "../ui/field.js";
import { GroupsField, useGroups } from "../ui/groups.js";
import { UnitPicker } from "../units/picker.js";
import { Group, TextField } from "./fields.js";
import { More } from "./more.js";

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
	const groups = useGroups();

	return html`<${Group} title=${t("invite.organisation")}>
		<${Unit} form=${form} />
		<${TextField} form=${form} name="position" label=${t("field.position")} maxlength="128" />
		${groups?.length > 0 && html`<${GroupsField} groups=${groups} chosen=${form.draft.groups} error=${form.errors.groups}
			wrong=${form.wrongGroups} onChange=${(dns) => (form.set("groups", dns), form.leave("groups"))} />`}
		<${More} form=${form} ...${more} />
	</${Group}>`;
}
