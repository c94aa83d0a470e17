// The fields of a person: each shows a part of the draft and says what is wrong with it. `form` is {draft, set, leave,
// errors: {field: text}, proposed: the uid}.
import { html, useId } from "../lib/html.js";
import { daemonSettings } from "../lib/session.js";
import { t } from "../lib/words.js";
import { BirthdayInput, genderOptions } from "../ui/birthday.js";
import { Field } from "../ui/field.js";
import { PhoneInput } from "../ui/phone.js";

/** A part of the form with its title. */
export function Group({ title, about, children }) {
	const name = useId();

	return html`<fieldset class="form-group" aria-describedby=${about ? name : null}>
		<legend>${title}</legend>
		${about && html`<p class="form-about" id=${name}>${about}</p>`}
		<div class="form-grid">${children}</div>
	</fieldset>`;
}

/** A line of text. What else is given goes to the input. */
export function TextField({ form, name, label, hint, required, className, ...rest }) {
	return html`<${Field} name=${name} label=${label} hint=${hint} error=${form.errors[name]} required=${required} className=${className}>
		${(props) => html`<input ...${props} autocomplete="off" dir="auto" ...${rest} value=${form.draft[name]}
			onInput=${(event) => form.set(name, event.target.value)} onBlur=${() => form.leave(name)} />`}</${Field}>`;
}

/** Of {value: label}. */
export function SelectField({ form, name, label, hint, required, options }) {
	return html`<${Field} name=${name} label=${label} hint=${hint} error=${form.errors[name]} required=${required}>
		${(props) => html`<select ...${props} value=${form.draft[name]} onChange=${(event) => form.set(name, event.target.value)}
			onBlur=${() => form.leave(name)}>${Object.entries(options).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
		</select>`}</${Field}>`;
}

function Birthday({ form, required }) {
	const typed = (value, isBroken) => {
		form.set("birthday", value);
		form.set("isBirthdayBroken", isBroken);
	};

	return html`<${Field} name="birthday" label=${t("field.birthday")} error=${form.errors.birthday} required=${required}>
		${(props) => html`<${BirthdayInput} control=${props} value=${form.draft.birthday} onType=${typed} onLeave=${() => form.leave("birthday")} />`}</${Field}>`;
}

export function Basic({ form }) {
	const { gender_required, birthday_required } = daemonSettings().invitations;

	return html`<${Group} title=${t("invite.basic")}>
		<${TextField} form=${form} name="given_name" label=${t("field.given_name")} required data-first maxlength="128" spellcheck=${false} />
		<${TextField} form=${form} name="family_name" label=${t("field.family_name")} required maxlength="128" spellcheck=${false} />
		<${SelectField} form=${form} name="gender" label=${t("field.gender")} required=${gender_required}
			options=${genderOptions(gender_required ? t("invite.choose") : t("invite.not_said"))} />
		<${Birthday} form=${form} required=${birthday_required} />
	</${Group}>`;
}

/** One of the two is needed: none by itself is, and none is optional. */
export function Contact({ form }) {
	return html`<${Group} title=${t("invite.contact")} about=${t("invite.contact_about")}>
		<${Field} name="mail" label=${t("field.mail")} error=${form.errors.mail} required>
			${({ "aria-required": _, ...props }) => html`<input ...${props} type="email" inputmode="email" autocomplete="off" spellcheck=${false} maxlength="254"
				value=${form.draft.mail} onInput=${(event) => form.set("mail", event.target.value)} onBlur=${() => form.leave("mail")} />`}</${Field}>
		<${Field} name="phone" label=${t("field.phone")} error=${form.errors.phone} required>
			${({ "aria-required": _, ...props }) => html`<${PhoneInput} control=${props} value=${form.draft.phone} onChange=${(phone) => form.set("phone", phone)}
				onLeave=${() => form.leave("phone")} />`}</${Field}>
	</${Group}>`;
}
