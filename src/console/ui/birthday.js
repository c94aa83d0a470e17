// A control for a day of birth, and the choice of a gender: what every form about a person has.
import { html } from "../lib/html.js";
import { t } from "../lib/words.js";

/** Today where the person sits, as the field writes it. */
function today() {
	const now = new Date();

	return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** `control` is what Field gives; `onType(value, isBroken)`: a part of a date is broken and has no value. */
export function BirthdayInput({ control, value, onType, onLeave = () => {} }) {
	const typed = ({ target }) => onType(target.value, target.validity.badInput);

	return html`<input ...${control} type="date" min="1900-01-01" max=${today()} autocomplete="off" value=${value} onInput=${typed}
		onBlur=${(event) => (typed(event), onLeave())} />`;
}

/** {value: label}; `none` is the label of no choice. */
export function genderOptions(none) {
	return {
		"": none, female: t("gender.female"), male: t("gender.male"), other: t("gender.other"), unspecified: t("gender.unspecified"),
	};
}
