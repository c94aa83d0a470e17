// Makes, renames, describes and deletes an org unit.
import { html, useRef, useState } from "../lib/html.js";
import { patch, post, remove } from "../lib/api.js";
import { byField } from "../lib/fields.js";
import { t, tn } from "../lib/words.js";
import { Confirm, Dialog } from "../ui/dialog.js";
import { Field, focusWrong } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/states.js";
import { say } from "../ui/toast.js";
import { useClosing } from "../ui/unsaved.js";

function UnitForm({ title, unit, action, send, onClose, onDone }) {
	const [name, setName] = useState(unit?.name ?? "");
	const [description, setDescription] = useState(unit?.description ?? "");
	const [busy, setBusy] = useState(false);
	const [failed, setFailed] = useState(null);
	const form = useRef(null);
	const told = failed?.name === "ApiError" ? byField(failed, ["name", "description"]) : { found: {}, rest: null };
	const unsaved = name !== (unit?.name ?? "") || description !== (unit?.description ?? "");
	const { close, question } = useClosing(unsaved, onClose);
	const submit = async (event) => {
		event.preventDefault();
		if (busy)
			return;
		setBusy(true);
		try {
			onDone(await send({ name: name.trim(), description: description.trim() }));
		} catch (error) {
			setBusy(false);
			setFailed(error);
			setTimeout(() => focusWrong(form.current));
		}
	};

	return html`<${Dialog} title=${title} size="small" onClose=${close}><form ref=${form} onSubmit=${submit} novalidate>
		<div class="dialog-body">
			${failed && (told.rest || failed.errors?.length === 0) && html`<${Problem} error=${failed} />`}
			<${Field} name="name" label=${t("units.name")} error=${told.found.name} required>${(props) => html`<input ...${props} data-first
				value=${name} maxlength="256" onInput=${(event) => setName(event.target.value)} />`}</${Field}>
			<${Field} name="description" label=${t("units.description")} error=${told.found.description}>${(props) => html`<textarea ...${props}
				rows="3" maxlength="1024" value=${description} onInput=${(event) => setDescription(event.target.value)}></textarea>`}</${Field}>
		</div>
		<footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("ui.cancel")}</button>
			<button class="button primary" aria-disabled=${busy ? "true" : null}>${action}</button></footer>
	</form></${Dialog}>${question}`;
}

export function NewUnit({ parent, onClose, onDone }) {
	const send = async ({ name, description }) => {
		const { dn } = await post("/org-units", { parent: parent.dn, name, ...(description && { description }) });

		say(t("units.made", { name }));
		return dn;
	};

	return html`<${UnitForm} title=${t("units.new_in", { name: parent.name })} action=${t("units.make")} send=${send} onClose=${onClose} onDone=${onDone} />`;
}

export function ChangeUnit({ unit, onClose, onDone }) {
	const send = async ({ name, description }) => {
		const change = {
			...(name !== unit.name && { name }),
			...(description !== (unit.description ?? "") && { description: description || null }),
		};

		if (Object.keys(change).length === 0)
			return { dn: unit.dn, is: () => true };
		const { data } = await patch(`/org-units/${unit.id}`, change);
		say(t("units.changed", { name }));
		return { dn: data.dn, is: (now) => now?.name === name && (now.description ?? "") === description };
	};

	return html`<${UnitForm} title=${t("units.change_of", { name: unit.name })} unit=${unit} action=${t("units.save")} send=${send}
		onClose=${onClose} onDone=${({ dn, is }) => onDone(dn, is)} />`;
}

export function DeleteUnit({ unit, path, onClose, onDone }) {
	const [busy, setBusy] = useState(false);
	const [failed, setFailed] = useState(null);
	const act = async () => {
		setBusy(true);
		try {
			await remove(`/org-units/${unit.id}`);
			say(t("units.deleted", { name: unit.name }));
			onDone();
		} catch (error) {
			setBusy(false);
			setFailed(error);
		}
	};

	return html`<${Confirm} title=${t("units.delete_title")} action=${html`<${Icon} name="trash" />${t("units.delete")}`} danger busy=${busy} error=${failed}
		onConfirm=${act} onClose=${onClose}><p>${tn("units.delete_sure", { path: html`<strong><bdi>${path.join(" › ")}</bdi></strong>` })}</p></${Confirm}>`;
}
