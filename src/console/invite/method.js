// How the invitation reaches the person: by mail to an address that they can read already, or as a link that somebody
// hands over.
import { html, useId } from "../lib/html.js";
import { daemonSettings } from "../lib/session.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { Group, TextField } from "./fields.js";

const signs = { email: "mail", link: "link" };

function Way({ form, value, name }) {
	const about = useId();

	return html`<label class="way"><input type="radio" name=${name} value=${value} checked=${form.draft.method === value} aria-describedby=${about}
			onChange=${() => form.set("method", value)} />
		<span><strong><${Icon} name=${signs[value]} size="18" />${value === "email" ? t("invite.by_mail") : t("invite.by_link")}</strong>
			<small class="soft" id=${about}>${value === "email" ? t("invite.by_mail_about") : t("invite.by_link_about")}</small></span></label>`;
}

export function Method({ form }) {
	const { methods } = daemonSettings().invitations;
	const name = useId();

	return html`<${Group} title=${t("field.method")}>
		${methods.length > 1 ? html`<div class="wide ways" data-field="method">${["email", "link"].map((value) => html`
			<${Way} key=${value} form=${form} value=${value} name=${name} />`)}</div>` :
			html`<p class="wide note"><${Icon} name="link" /><span>${t("invite.by_link_only")}</span></p>`}
		${form.draft.method === "email" && html`<${TextField} form=${form} name="personal_mail" label=${t("field.personal_mail")}
			hint=${t("invite.personal_mail_about")} required className="wide" type="email" inputmode="email" dir="ltr" maxlength="254" spellcheck=${false} />`}
		${form.errors.method && html`<p class="wide error"><${Icon} name="alert" size="16" /><span>${form.errors.method}</span></p>`}
	</${Group}>`;
}
