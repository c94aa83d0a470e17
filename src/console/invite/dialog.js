// Invites a person: the form, what the daemon says while it is being filled in, and the outcome. Nothing typed is lost
// unless the person says so.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { post } from "../lib/api.js";
import { withCommand } from "../lib/keys.js";
import { daemonSettings } from "../lib/session.js";
import { t } from "../lib/words.js";
import { likelyRegion } from "../ui/country.js";
import { Confirm, Dialog, useUnsaved } from "../ui/dialog.js";
import { focusWrong } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { fieldNames, fieldOf, isTyped, newDraft, nextDraft } from "./draft.js";
import { Basic, Contact } from "./fields.js";
import { useForm } from "./form.js";
import { keep, takeKept } from "./kept.js";
import { Method } from "./method.js";
import { moreFields } from "./more.js";
import { Organisation } from "./organisation.js";
import { LinkOpen, Outcome } from "./outcome.js";
import { Announcer, SendProblem, Summary } from "./problems.js";

function Form({ form, isKept, onSent, onAnew, onClose }) {
	const [busy, setBusy] = useState(false);
	const [failed, setFailed] = useState(null);
	const [isMore, setMore] = useState(false);
	const [told, setTold] = useState(0); // how often the person was told; the focus goes to what is wrong
	const it = useRef(null), sending = useRef(false);
	const { draft, body, errors } = form;
	const wrong = fieldNames.filter((name) => errors[name]);
	const ofNoField = failed && (failed.name !== "ApiError" || failed.errors.length === 0
		|| failed.errors.some((one) => !fieldNames.includes(fieldOf(one))));
	const person = [draft.given_name, draft.family_name].map((name) => name.trim()).filter(Boolean).join(" ");

	useEffect(() => {
		if (told === 0)
			return;
		if (moreFields.some((name) => errors[name]))
			setMore(true);
		setTimeout(() => focusWrong(it.current) || it.current?.querySelector(".problem")?.scrollIntoView({ block: "nearest" }));
	}, [told]);
	useEffect(() => it.current.querySelector("[data-first]").focus(), []);
	const tellOnce = () => setTold((n) => n + 1);
	const submit = async (event) => {
		event?.preventDefault();
		if (sending.current)
			return;
		form.tried();
		setFailed(null);
		if (form.isLacking) {
			tellOnce();
			return;
		}
		sending.current = true;
		setBusy(true);
		try {
			onSent(await post("/invitations", body));
		} catch (error) {
			sending.current = false;
			setBusy(false);
			setFailed(error);
			form.refused(body, error.errors ?? []);
			tellOnce();
		}
	};
	const onKey = (event) => {
		if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented)
			return;
		event.preventDefault();
		submit();
	};
	const goTo = (name) => {
		if (moreFields.includes(name))
			setMore(true);
		setTimeout(() => it.current.querySelector(`[data-field="${name}"] :is(.picker, input, select)`)?.focus());
	};

	return html`<form ref=${it} class="invite" onSubmit=${submit} onKeyDown=${onKey} novalidate>
		<${Announcer} errors=${errors} />
		<div class="dialog-body">
			${isKept && html`<p class="note invite-kept"><${Icon} name="history" /><span>${t("invite.kept")}</span>
				<button type="button" class="button small" onClick=${onAnew}>${t("invite.anew")}</button></p>`}
			${ofNoField && html`<${SendProblem} error=${failed} name=${person} />`}
			${form.isFull && !failed && html`<p class="note warn"><${Icon} name="alert" /><span>${t("error.reason_quota")}</span></p>`}
			${form.isTried && wrong.length > 1 && html`<${Summary} key=${told} errors=${errors} onGo=${goTo} />`}
			<${Basic} form=${form} />
			<${Contact} form=${form} />
			<${Organisation} form=${form} more=${{ isOpen: isMore, onToggle: setMore }} />
			<${Method} form=${form} />
		</div>
		<footer class="dialog-foot">
			<span class="soft foot-hint">${t("invite.keys", { keys: withCommand(t("invite.enter")) })}</span>
			<button type="button" class="button" onClick=${onClose}>${t("ui.cancel")}</button>
			<button class="button primary" aria-disabled=${busy ? "true" : null}><${Icon} name=${draft.method === "email" ? "mail" : "link"} />
				<span aria-live="polite">${busy ? t("invite.sending") : t("invite.send")}</span></button>
		</footer>
	</form>`;
}

/** `onClose`: it wants to be gone. `onInvited(invitation)`: there is one more; the dialog goes on to show what came of
 *  it. */
export default function InviteDialog({ onClose, onInvited }) {
	const { methods } = daemonSettings().invitations;
	const kept = useMemo(takeKept, []);
	const [first, setFirst] = useState(() => newDraft({ region: kept?.draft.phone.region ?? likelyRegion(), methods }));
	const form = useForm(first, setFirst, kept?.draft);
	const [invitation, setInvitation] = useState(kept?.invitation ?? null);
	const [handed, setHanded] = useState(false);
	const [asking, setAsking] = useState(null); // {go}: what to do when the answer is yes
	const [isKept, setIsKept] = useState(kept !== null && kept.invitation === null);
	const [round, setRound] = useState(0);
	const isLinkOpen = Boolean(invitation?.link) && !handed;
	const unsaved = invitation ? isLinkOpen : isTyped(form.draft, first);
	const now = useRef(null), isHere = useRef(true);

	now.current = unsaved ? { draft: form.draft, invitation } : null;
	useUnsaved(unsaved);
	useEffect(() => () => {
		isHere.current = false;
		keep(now.current);
	}, []);
	const leave = () => {
		now.current = null;
		onClose();
	};
	const unless = (go) => (unsaved ? setAsking({ go }) : go());
	const close = () => unless(leave);
	const sent = (made) => {
		if (!isHere.current) // Back was pressed meanwhile
			keep(made.link ? { draft: form.draft, invitation: made } : null);
		setIsKept(false);
		setHanded(false);
		setInvitation(made);
		onInvited?.(made);
	};
	const begin = (next) => {
		setFirst(next);
		form.begin(next);
		setInvitation(null);
		setIsKept(false);
		setAsking(null);
		setRound((n) => n + 1); // a new form: the focus is in its first field
	};
	const again = () => begin(nextDraft(form.draft, methods));

	return html`<${Dialog} title=${invitation ? t("invite.made") : t("invite.title")} size="large" onClose=${close}>
		${invitation ? html`<${Outcome} invitation=${invitation} isHanded=${handed} onHanded=${() => setHanded(true)}
				onAgain=${() => unless(again)} onDone=${close} />` :
			html`<${Form} key=${round} form=${form} isKept=${isKept} onSent=${sent} onClose=${close}
				onAnew=${() => begin(newDraft({ region: likelyRegion(), methods }))} />`}
		${asking && (invitation ? html`<${LinkOpen} onGo=${asking.go} onBack=${() => setAsking(null)} />` :
			html`<${Confirm} title=${t("invite.discard_title")} action=${t("invite.discard")} cancel=${t("invite.keep_editing")} danger
				onConfirm=${asking.go} onClose=${() => setAsking(null)}><p>${t("invite.discard_why")}</p></${Confirm}>`)}
	</${Dialog}>`;
}
