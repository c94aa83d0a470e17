// Chooses one org unit: a button that shows which, and behind it a search and the tree.
import { html, useId, useRef, useState } from "../lib/html.js";
import { explain } from "../lib/errors.js";
import { Lazy } from "../lib/lazy.js";
import { unitPath, useUnits } from "../lib/units.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";

/** The names from the top, as one line. */
export function UnitPath({ units, dn }) {
	return html`<span class="unit-path">${unitPath(units, dn).map((name, index) => html`${index > 0 && html`<${Icon} name="chevron" size="14" />`}
		<bdi>${name}</bdi>`)}</span>`;
}

/** `value` is a DN or null; `onChange(dn)`. `allLabel`: a way to choose none, and what that means. What a Field hands
 *  down goes to the button, but that it is required: no button says so (WAI-ARIA 1.2). */
export function UnitPicker({ value, onChange, label, allLabel, className = "", id, "aria-required": _, ...aria }) {
	const { units, error, reload } = useUnits();
	const [open, setOpen] = useState(false);
	const button = useRef(null);
	const shown = useId();
	const close = (back) => {
		setOpen(false);
		if (back)
			button.current.focus();
	};

	return html`<button type="button" ref=${button} id=${id} class="picker ${className}" ...${aria} aria-haspopup="dialog" aria-expanded=${open ? "true" : "false"}
			aria-labelledby=${id ? `${id}-label ${shown}` : null} aria-label=${id ? null : label}
			onClick=${() => (error && !units ? reload() : units && setOpen(!open))}>
			<${Icon} name="tree" size="18" />
			<span id=${shown} class="picker-value">${value ? html`<${UnitPath} units=${units} dn=${value} />` :
				html`<span class="soft">${error && !units ? explain(error) : allLabel ?? t("units.choose")}</span>`}</span>
		</button>
		${open && html`<${Lazy} load=${() => import("./panel.js")} onFailed=${() => close(true)} button=${button} units=${units} value=${value} label=${label} allLabel=${allLabel}
			onChoose=${(dn) => (close(true), onChange(dn))} onClose=${close} />`}`;
}
