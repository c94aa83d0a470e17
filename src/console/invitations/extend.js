// Another end for an invitation, counted from now.
import { html, useState } from "../lib/html.js";
import { daemonSettings } from "../lib/session.js";
import { formatDate, formatMoment, formatSpan, t } from "../lib/words.js";
import { say } from "../ui/toast.js";
import { ChangeForm } from "./change.js";

const day = 86400; // s
const usual = [1, 3, 7, 14, 30, 60, 90].map((days) => days * day);

export default function Extend({ invitation, onClose, onDone }) {
	const { default: first, min, max } = daemonSettings().invitations.lifetime;
	const spans = [...new Set([...usual, first])].filter((span) => span >= min && span <= max).sort((a, b) => a - b);
	const [span, setSpan] = useState(first);
	const changed = ({ expires_at: at }) => {
		say(t("invitations.extended", { date: formatDate(at) }));
		onDone(null);
	};

	return html`<${ChangeForm} invitation=${invitation} title=${t("invitations.extend")} name="expires_in" label=${t("invitations.valid_for")}
		hint=${t("invitations.ends_now", { time: formatMoment(invitation.expires_at) })} value=${span} unsaved=${span !== first}
		action=${t("person.save")} onChanged=${changed} onClose=${onClose}>
		${(props) => html`<select ...${props} data-first value=${span} onChange=${(event) => setSpan(Number(event.target.value))}>
			${spans.map((one) => html`<option key=${one} value=${one} selected=${one === span}>${t("invitations.span_until", {
				span: formatSpan(one), date: formatDate(Date.now() + one * 1000) })}</option>`)}</select>`}</${ChangeForm}>`;
}
