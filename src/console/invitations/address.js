// Another personal address for an invitation: the old links end, and a mail goes to the new one.
import { html, useState } from "../lib/html.js";
import { t } from "../lib/words.js";
import { say } from "../ui/toast.js";
import { ChangeForm } from "./change.js";

export default function ChangeAddress({ invitation, onClose, onDone }) {
	const before = invitation.personal_mail ?? "";
	const [mail, setMail] = useState(before);
	const changed = ({ personal_mail: to }) => {
		say(t("invitations.address_changed", { mail: to }));
		onDone(null);
	};

	return html`<${ChangeForm} invitation=${invitation} title=${t("invitations.change_address")} name="personal_mail" label=${t("field.personal_mail")}
		hint=${invitation.method === "link" ? t("invitations.address_hint_link") : t("invitations.address_hint")} value=${mail.trim() || null}
		missing=${t("error.field_required")} unsaved=${mail !== before} action=${t("invitations.send_there")} onChanged=${changed} onClose=${onClose}>
		${(props) => html`<input ...${props} type="email" dir="ltr" data-first maxlength="254" autocomplete="off" spellcheck=${false} value=${mail}
			onFocus=${(event) => event.target.select()} onInput=${(event) => setMail(event.target.value)} />`}</${ChangeForm}>`;
}
