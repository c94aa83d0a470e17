// A new link for who is invited: the old ones die, so it is asked for first, and not lost once it is made.
import { html, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { may } from "../lib/session.js";
import { t } from "../lib/words.js";
import { Confirm, Dialog, useUnsaved } from "../ui/dialog.js";
import { Linked, LinkOpen } from "../invite/outcome.js";
import { perform } from "./perform.js";
import { nameOf } from "./row.js";

/** What stands beside the link; how long it is valid only for who may read invitations. */
function read(person) {
	return may("invitations:read") ? get(`/invitations/${encodeURIComponent(person.id)}`) :
		{ display_name: nameOf(person), uid: person.uid, expires_at: null };
}

/** `onDone(null)`: the link is made. */
export default function NewLink({ person, onClose, onDone }) {
	const [invitation, setInvitation] = useState(null);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(null);
	const [handed, setHanded] = useState(false);
	const [asking, setAsking] = useState(false);
	const isLinkOpen = invitation !== null && !handed;
	const make = async () => {
		setBusy(true);
		setError(null);
		try {
			const known = await read(person); // before the old links die for it

			setInvitation({ ...known, ...await perform("link", person) });
			onDone(null);
		} catch (problem) {
			setError(problem);
		}
		setBusy(false);
	};
	const close = () => (isLinkOpen ? setAsking(true) : onClose());

	useUnsaved(busy || isLinkOpen, () => isLinkOpen && setAsking(true));
	if (invitation === null)
		return html`<${Confirm} key="question" title=${t("users.ask.link")} action=${t("users.do_it.link")} busy=${busy} error=${error}
			onConfirm=${make} onClose=${() => busy || onClose()}>
			<p class="whom"><strong><bdi>${nameOf(person)}</bdi></strong></p><p>${t("users.means.link")}</p></${Confirm}>`;
	return html`<${Dialog} key="link" title=${t("users.new_link")} size="large" onClose=${close}>
		<${Linked} invitation=${invitation} onHanded=${() => setHanded(true)} />
		<footer class="dialog-foot"><button type="button" class="button ${handed ? "primary" : ""}" onClick=${close}>${t("invite.done")}</button></footer>
		${asking && html`<${LinkOpen} onGo=${onClose} onBack=${() => setAsking(false)} />`}
	</${Dialog}>`;
}
