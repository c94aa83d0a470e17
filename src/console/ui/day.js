// A field for a day.
import { html, useEffect, useState } from "../lib/html.js";

/** `value` is YYYY-MM-DD or null. A day counts once it is whole: a year that is being typed is 0002 first. */
export function DayField({ label, value, onChange, className = "day" }) {
	const [typed, setTyped] = useState(value ?? "");
	const type = ({ target }) => {
		setTyped(target.value);
		if (target.validity.valid && target.value !== (value ?? ""))
			onChange(target.value || null);
	};

	useEffect(() => setTyped(value ?? ""), [value]);
	return html`<label class=${className}><span class="label">${label}</span>
		<input type="date" value=${typed} min="1970-01-01" max="9999-12-31" onInput=${type} /></label>`;
}
