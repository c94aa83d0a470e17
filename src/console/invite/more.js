// What is rarely said: how the person signs in and is shown, in which language, for how long the invitation is open, and
// what the person may change.
import { html } from "../lib/html.js";
import { daemonSettings } from "../lib/session.js";
import { formatSpan, languageName, t } from "../lib/words.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { modeDefaults } from "./draft.js";
import { SelectField, TextField } from "./fields.js";

const day = 86400; // s
/** The fields that are in here: an error of one opens it. */
export const moreFields = ["display_name", "uid", "language", "expires_in", "fields"];

function Days({ form, lifetime }) {
	return html`<${Field} name="expires_in" label=${t("field.expires_in")} error=${form.errors.expires_in}>
		${(props) => html`<input ...${props} inputmode="numeric" autocomplete="off" maxlength="4"
			value=${form.draft.days} placeholder=${formatSpan(lifetime.default)} onInput=${(event) => form.set("days", event.target.value.trim())}
			onBlur=${() => form.leave("expires_in")} />`}</${Field}>`;
}

function Modes({ form }) {
	const options = { fixed: t("invite.mode_fixed"), suggested: t("invite.mode_suggested"), free: t("invite.mode_free") };

	return html`<fieldset class="wide modes" data-field="fields"><legend class="label">${t("field.fields")}</legend>
		<p class="hint">${t("invite.modes_about")}</p>
		<div class="modes-grid">${Object.keys(modeDefaults).map((name) => html`<label key=${name} class="mode">
			<span>${t(`field.${name}`)}</span><select value=${form.draft.fields[name]}
				onChange=${(event) => form.set("fields", { ...form.draft.fields, [name]: event.target.value })}>
				${Object.entries(options).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label>`)}</div>
		${form.errors.fields && html`<p class="error"><${Icon} name="alert" size="16" /><span>${form.errors.fields}</span></p>`}
	</fieldset>`;
}

/** `isOpen` and `onToggle(open)` are the form's. */
export function More({ form, isOpen, onToggle }) {
	const { languages, default_language, invitations } = daemonSettings();
	const { draft } = form;
	const shownAs = [draft.given_name, draft.family_name].map((name) => name.trim()).filter(Boolean).join(" ");
	const uid = draft.uid.trim() || form.proposed;
	const span = /^[1-9]\d*$/.test(draft.days) ? draft.days * day : invitations.lifetime.default;

	return html`<details class="wide invite-more" open=${isOpen} onToggle=${(event) => onToggle(event.currentTarget.open)}>
		<summary><${Icon} name="chevron" size="18" /><span>${t("invite.more")}</span>
			<small class="soft">${uid ? t("invite.more_uid", { uid, time: formatSpan(span) }) : t("invite.more_time", { time: formatSpan(span) })}</small></summary>
		<div class="form-grid">
			<${TextField} form=${form} name="uid" label=${t("field.uid")} placeholder=${form.proposed ?? t("invite.uid_made")}
				maxlength="32" spellcheck=${false} autocapitalize="none" dir="ltr" />
			<${TextField} form=${form} name="display_name" label=${t("field.display_name")} placeholder=${shownAs || null}
				maxlength="128" spellcheck=${false} />
			<${SelectField} form=${form} name="language" label=${t("field.language")} options=${{
				"": t("invite.language_default", { language: languageName(default_language) }),
				...Object.fromEntries(languages.map((tag) => [tag, languageName(tag)])),
			}} />
			<${Days} form=${form} lifetime=${invitations.lifetime} />
			<${Modes} form=${form} />
		</div>
	</details>`;
}
