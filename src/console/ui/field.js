// A field of a form: its label, what is wanted, what is wrong, and the ties between them.
import { html, useId } from "../lib/html.js";
import { t } from "../lib/words.js";
import { Icon } from "./icon.js";

/** `children`: a function that gets what belongs on the control: {id, "aria-describedby", "aria-invalid",
 *  "aria-required"}. `error` and `hint` are texts or null. `name` is the field's in the API; data-field finds it. */
export function Field({ name, label, hint, error, required, children, className = "" }) {
	const id = useId();
	const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");

	return html`<div class="field ${className} ${error ? "wrong" : ""}" data-field=${name}>
		<label for=${id} id=${`${id}-label`}>${label}${required ? null : html` <span class="soft">${t("ui.optional")}</span>`}</label>
		${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
		${children({
			id, "aria-describedby": described || null, "aria-invalid": error ? "true" : null,
			"aria-required": required ? "true" : null,
		})}
		${error && html`<p class="error" id=${`${id}-error`}><${Icon} name="alert" size="16" /><span>${error}</span></p>`}
	</div>`;
}

/** The first field of `form` that has an error gets the focus; false: there is none. */
export function focusWrong(form) {
	const control = form?.querySelector('[aria-invalid="true"]');

	control?.focus();
	return Boolean(control);
}
