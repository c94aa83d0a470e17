// What has become of it: a mail that is on its way, or the link, which is shown only here and now.
import { html, useEffect, useRef } from "../lib/html.js";
import { organisation } from "../lib/session.js";
import { formatMoment, t, tn } from "../lib/words.js";
import { CopyButton } from "../ui/copy.js";
import { Confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Qr, SaveQr, useQr } from "./qr.js";

function Next({ isDone, onAgain, onDone }) {
	return html`<footer class="dialog-foot">
		<button type="button" class="button" onClick=${onAgain}><${Icon} name="plus" />${t("invite.again")}</button>
		<button type="button" class="button ${isDone ? "primary" : ""}" onClick=${onDone}>${t("invite.done")}</button>
	</footer>`;
}

/** Takes the focus, so that what happened is read out. */
function Heading({ className = "", children }) {
	const heading = useRef(null);

	useEffect(() => heading.current.focus(), []);
	return html`<h3 ref=${heading} tabindex="-1" class="outcome-title ${className}">${children}</h3>`;
}

function until(at) {
	return tn("invite.valid_until", { time: html`<strong>${formatMoment(at)}</strong>` });
}

function Mailed({ invitation: { personal_mail, expires_at } }) {
	return html`<div class="dialog-body outcome mailed">
		<span class="outcome-sign"><${Icon} name="mail" size="28" /></span>
		<${Heading}>${tn("invite.mailed", { mail: html`<bdi>${personal_mail}</bdi>` })}</${Heading}>
		<ul class="outcome-list">
			<li><${Icon} name="mail" size="18" /><span>${t("invite.mailed_queue")}</span></li>
			<li><${Icon} name="alert" size="18" /><span>${t("invite.mailed_refused")}</span></li>
			<li><${Icon} name="check" size="18" /><span>${t("invite.mailed_then")}</span></li>
			<li><${Icon} name="clock" size="18" /><span>${until(expires_at)}</span></li>
		</ul>
	</div>`;
}

/** The link of an `invitation`, to be handed over. `onHanded`: it was copied, printed or saved. */
export function Linked({ invitation: { display_name, uid, link, expires_at }, onHanded }) {
	const shown = useRef(null);
	const qr = useQr(link);
	const print = () => {
		onHanded();
		globalThis.print();
	};

	return html`<div class="dialog-body outcome linked">
		<p class="paper-only">${organisation()}</p>
		<h3 class="paper-only paper-title">${tn("invite.paper_title", { name: html`<bdi>${display_name}</bdi>` })}</h3>
		<${Heading} className="screen-only">${tn("invite.linked", { name: html`<bdi>${display_name}</bdi>` })}</${Heading}>
		<div class="linked-grid">
			${qr ? html`<${Qr} drawn=${qr} label=${t("invite.qr", { name: display_name })} />` : html`<span class="qr"></span>`}
			<div class="linked-text">
				<p class="paper-only">${t("invite.paper", { uid })}</p>
				<p class="paper-only paper-link">${link}</p>
				<label class="screen-only linked-link"><span class="label">${t("invite.link")}</span>
					<input ref=${shown} class="code" readonly dir="ltr" value=${link} onFocus=${(event) => event.target.select()} onCopy=${onHanded} /></label>
				<div class="screen-only linked-acts">
					<${CopyButton} text=${link} label=${t("invite.copy")} shownIn=${() => shown.current} className="button primary" onCopied=${onHanded} />
					<button type="button" class="button" onClick=${print}><${Icon} name="print" />${t("invite.print")}</button>
					${qr && html`<${SaveQr} drawn=${qr} name=${display_name} onSaved=${onHanded}><${Icon} name="qr" />${t("invite.save_qr")}</${SaveQr}>`}
				</div>
				${expires_at && html`<p>${until(expires_at)}</p>`}
			</div>
		</div>
		<p class="note warn screen-only"><${Icon} name="alert" /><span>${t("invite.only_now")}</span></p>
	</div>`;
}

/** Asks before a link is gone that nobody has. */
export function LinkOpen({ onGo, onBack }) {
	return html`<${Confirm} title=${t("invite.link_open")} action=${t("invite.link_drop")} cancel=${t("invite.link_back")} danger
		onConfirm=${onGo} onClose=${onBack}><p>${t("invite.link_open_why")}</p></${Confirm}>`;
}

/** `invitation` of the API, with its `link` when it was made for handing over. `onHanded`: the link was copied, printed
 *  or saved; then `isHanded`. */
export function Outcome({ invitation, isHanded, onHanded, onAgain, onDone }) {
	return html`${invitation.link ? html`<${Linked} invitation=${invitation} onHanded=${onHanded} />` : html`<${Mailed} invitation=${invitation} />`}
		<${Next} isDone=${isHanded || !invitation.link} onAgain=${onAgain} onDone=${onDone} />`;
}
