// What an invitation's two small forms have in common: one field, sent with what it was read as.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { patch } from "../lib/api.js";
import { byField } from "../lib/fields.js";
import { t } from "../lib/words.js";
import { Dialog } from "../ui/dialog.js";
import { Field, focusWrong } from "../ui/field.js";
import { Problem } from "../ui/states.js";
import { useClosing } from "../ui/unsaved.js";

/** `name` is the field's in PATCH /invitations/{id}, `value` what to send of it, or null: not yet. `children`: its control, as in
 *  ui/field.js. `onChanged(invitation)`. */
export function ChangeForm({ invitation, title, name, label, hint, value, missing, unsaved, action, onChanged, onClose, children }) {
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState(null);
	const [failed, setFailed] = useState(null);
	const form = useRef(null);
	const submit = async (event) => {
		event.preventDefault();
		if (busy)
			return;
		setFailed(null);
		setWrong(value === null ? missing : null);
		if (value === null)
			return;
		setBusy(true);
		try {
			onChanged((await patch(`/invitations/${invitation.id}`, { [name]: value })).data);
			onClose();
		} catch (error) {
			const { found, rest } = error.name === "ApiError" ? byField(error, [name]) : { found: {}, rest: null };

			setBusy(false);
			setWrong(found[name] ?? null);
			setFailed(rest || !found[name] ? error : null);
		}
	};
	const { close, question } = useClosing(unsaved, onClose);

	useEffect(() => { focusWrong(form.current); }, [wrong]);
	return html`<${Dialog} title=${title} size="small" onClose=${close}><form ref=${form} onSubmit=${submit} novalidate>
		<div class="dialog-body">${failed && html`<${Problem} error=${failed} />`}
			<${Field} name=${name} label=${label} hint=${hint} error=${wrong} required>${children}</${Field}></div>
		<footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("ui.cancel")}</button>
			<button class="button primary" aria-disabled=${busy ? "true" : null}>${action}</button></footer>
	</form></${Dialog}>${question}`;
}
