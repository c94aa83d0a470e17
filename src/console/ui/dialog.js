// What must be dealt with before anything else: the browser's own modal dialog, which keeps the focus inside and
// gives it back.
import { html, useEffect, useId, useLayoutEffect, useRef } from "../lib/html.js";
import { holdHere } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Icon } from "./icon.js";
import { Problem } from "./states.js";

/** `onClose` is asked for by Escape and the button; it may decide not to: Escape is taken before the browser closes the
 *  dialog, as a second one in a row would not ask (HTML, close requests). `size`: "small", "medium" or "large".
 *  `about` is the id of what says what it is about. A child with the attribute data-first gets the focus. The focus goes back to what had it, or to `#main`. */
export function Dialog({ title, onClose, size = "medium", children, role, about }) {
	const dialog = useRef(null);
	const name = useId();

	useLayoutEffect(() => {
		const before = document.activeElement;
		const it = dialog.current;

		it.showModal();
		it.querySelector("[data-first]")?.focus();
		return () => {
			it.close();
			(before?.isConnected && before !== document.body ? before : document.getElementById("main"))?.focus();
		};
	}, []);
	const cancel = (event) => {
		if (event.target !== dialog.current)
			return;
		event.preventDefault();
		onClose();
	};
	const onKey = (event) => {
		if (event.key !== "Escape" || event.defaultPrevented || event.isComposing)
			return;
		event.preventDefault();
		event.stopPropagation();
		onClose();
	};

	return html`<dialog ref=${dialog} class="dialog ${size}" role=${role} aria-labelledby=${name} aria-describedby=${about} onCancel=${cancel} onKeyDown=${onKey}>
		<header class="dialog-head">
			<h2 id=${name}>${title}</h2>
			<button type="button" class="button bare" aria-label=${t("ui.close")} title=${t("ui.close")} onClick=${onClose}>
				<${Icon} name="close" />
			</button>
		</header>
		${children}
	</dialog>`;
}

/** A question before something that cannot easily be undone. `children` name what it is about; the safe answer,
 *  `cancel`, has the focus. `onConfirm` may return a promise: `busy` while it runs is the caller's. */
export function Confirm({ title, children, action, cancel = t("ui.cancel"), danger, busy, error, onConfirm, onClose }) {
	const about = useId();

	return html`<${Dialog} title=${title} onClose=${onClose} size="small" role="alertdialog" about=${about}>
		<div class="dialog-body" id=${about}>${children}${error && html`<${Problem} error=${error} />`}</div>
		<footer class="dialog-foot">
			<button type="button" class="button" data-first onClick=${onClose}>${cancel}</button>
			<button type="button" class="button ${danger ? "danger" : "primary"}" aria-disabled=${busy ? "true" : null}
				onClick=${() => busy || onConfirm()}>${action}</button>
		</footer>
	</${Dialog}>`;
}

/** While there is something unsaved the browser asks before the page is left, and `ask`, if given, is called when somebody
 *  goes back. */
export function useUnsaved(unsaved, ask) {
	const latest = useRef(ask);

	latest.current = ask;
	useEffect(() => unsaved && latest.current ? holdHere(() => latest.current()) : undefined, [unsaved]);
	useEffect(() => {
		if (!unsaved)
			return undefined;
		const ask = (event) => event.preventDefault();

		addEventListener("beforeunload", ask);
		return () => removeEventListener("beforeunload", ask);
	}, [unsaved]);
}
