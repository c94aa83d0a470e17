// What was typed and not saved goes only when the person says so.
import { html, useState } from "../lib/html.js";
import { t } from "../lib/words.js";
import { Confirm, useUnsaved } from "./dialog.js";

const discard = () => ({
	title: t("ui.discard_title"), why: t("ui.discard_why"), action: t("ui.discard"), cancel: t("ui.cancel"),
});

/** {close, question}: `close()` is `onClose()` unless something is `unsaved`; then it asks, as going back does. `question`
 *  is to be drawn. `words`: {title, why, action, cancel} of the question, for what is no change. */
export function useClosing(unsaved, onClose, words = null) {
	const [asking, setAsking] = useState(false);
	const close = () => (unsaved ? setAsking(true) : onClose());
	const question = () => {
		const { title, why, action, cancel } = words ?? discard();

		return html`<${Confirm} title=${title} action=${action} cancel=${cancel} danger onConfirm=${onClose}
			onClose=${() => setAsking(false)}><p>${why}</p></${Confirm}>`;
	};

	useUnsaved(unsaved, () => setAsking(true));
	return { close, question: asking && question() };
}
