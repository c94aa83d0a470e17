// Doing something to one person: asked first where it takes something away, and told afterwards what has become of it.
import { html, useEffect, useState } from "../lib/html.js";
import { Lazy } from "../lib/lazy.js";
import { formatDate, t } from "../lib/words.js";
import { Confirm } from "../ui/dialog.js";
import { say } from "../ui/toast.js";
import { isUnderWay, perform, restorableUntil, whyNot } from "./perform.js";
import { nameOf } from "./row.js";
import { actions } from "./rules.js";

const atOnce = ["resume", "resend"]; // they take nothing away

function tellDeleted(person, { restorable_until: until }, onDone) {
	const name = nameOf(person);

	say(until ? t("users.deleted_until", { name, date: formatDate(until) }) : t("users.done.delete", { name }), {
		action: until && { label: t("users.restore"), onChoose: () => restore(person, onDone) },
	});
}

/** A person of the trash, or one who was deleted just now. `onDone(null, back)` afterwards: `back` is the person as they are
 *  now, with another id, or null. */
export async function restore(person, onDone) {
	const name = nameOf(person);
	let back = null;

	try {
		back = await perform("restore", person);
		const { detail } = back;

		say(detail ? t("users.restored_but", { name, detail }) : t("users.done.restore", { name }), { tone: detail ? "plain" : "good" });
	} catch (error) {
		say(t("users.failed", { name, why: whyNot("restore", error) }), { tone: "bad" });
	}
	onDone(null, back);
}

async function carryOut(kind, person, onDone) {
	const answer = await perform(kind, person);
	const name = nameOf(person);

	if (isUnderWay(answer))
		say(t("users.under_way", { name }), { tone: "plain" });
	else if (kind === "delete")
		tellDeleted(person, answer, onDone);
	else
		say(t(`users.done.${kind}`, { name }));
	// Of a user the answer is the person as they are now.
	onDone(kind === "suspend" || kind === "resume" ? { id: answer.id, status: answer.status } : null);
}

/** `kind` of rules.js. `onDone(person, back)`: it was done, and the person is so now, or null: look again. `back` as of
 *  restore(). */
export default function Act({ kind, person, onClose, onDone }) {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(null);
	const name = nameOf(person);
	const run = async () => {
		setBusy(true);
		setError(null);
		try {
			await carryOut(kind, person, onDone);
			onClose();
		} catch (problem) {
			setBusy(false);
			setError(problem);
			if (atOnce.includes(kind)) {
				say(t("users.failed", { name, why: whyNot(kind, problem) }), { tone: "bad" });
				onClose();
			}
		}
	};

	useEffect(() => { atOnce.includes(kind) && run(); }, []);
	if (kind === "link")
		return html`<${Lazy} load=${() => import("./new_link.js")} person=${person} onClose=${onClose} onFailed=${onClose} onDone=${onDone} />`;
	if (atOnce.includes(kind))
		return null;
	return html`<${Confirm} title=${t(`users.ask.${kind}`)} action=${t(`users.do_it.${kind}`)} danger=${actions[kind].danger || kind === "suspend"}
		busy=${busy} error=${error} onConfirm=${run} onClose=${() => busy || onClose()}>
		<p class="whom"><strong><bdi>${name}</bdi></strong>${person.mail && person.mail !== name && html`<span class="soft"><bdi>${person.mail}</bdi></span>`}</p>
		<p>${t(`users.means.${kind}`)}</p>${kind === "delete" && html`<p>${restorableUntil()}</p>`}
	</${Confirm}>`;
}
