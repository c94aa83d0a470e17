// A phone number: its country beside what is dialled there. A number that is pasted whole sets both.
import { html } from "../lib/html.js";
import { splitPhone, tidyNumber } from "../lib/phone.js";
import { CountryPicker, keepRegion } from "./country.js";

/** `value`: {region, number}; `onChange(value)`. lib/phone.js makes one number of it. `control`: what a Field hands
 *  down. `onLeave`: the focus has left it. */
export function PhoneInput({ value: { region, number }, onChange, onLeave, control, ...rest }) {
	const typed = (text) => {
		const split = splitPhone(text, region);

		// While it is being typed "+4" may still become "+49": only what already has a number behind its code is split.
		if (split && split.number !== "") {
			keepRegion(split.region);
			onChange(split);
		} else {
			onChange({ region, number: text });
		}
	};
	const leave = () => {
		const tidy = tidyNumber(region, number);

		if (tidy !== number)
			onChange({ region, number: tidy });
		onLeave?.();
	};
	const choose = (chosen) => {
		keepRegion(chosen);
		onChange({ region: chosen, number });
	};

	return html`<span class="joined phone">
		<${CountryPicker} value=${region} onChange=${choose} />
		<input ...${control} ...${rest} type="tel" inputmode="tel" autocomplete="off" dir="ltr" value=${number} onInput=${(event) => typed(event.target.value)} onBlur=${leave} />
	</span>`;
}
