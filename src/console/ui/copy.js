// Copies a text for the person to paste elsewhere, and says that it did.
import { html, useEffect, useState } from "../lib/html.js";
import { withCommand } from "../lib/keys.js";
import { t } from "../lib/words.js";
import { Icon } from "./icon.js";

/** Without a secure context a page has no clipboard: then the text is selected, for the keys that copy. False: it is not copied. */
export async function copyText(text, shownIn) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		shownIn?.focus();
		shownIn?.select?.();
		return false;
	}
}

/** `shownIn()`: the input that shows the text. `onCopied`: it is in the clipboard. */
export function CopyButton({ text, label = t("ui.copy"), shownIn = () => null, className = "button", first, onCopied }) {
	const [copied, setCopied] = useState(null);
	const copy = async () => {
		const done = await copyText(text, shownIn());

		setCopied(done);
		if (done)
			onCopied?.();
	};

	useEffect(() => {
		if (copied === null)
			return undefined;
		const timer = setTimeout(() => setCopied(null), 4000);

		return () => clearTimeout(timer);
	}, [copied]);
	return html`<button type="button" class=${className} data-first=${first} onClick=${copy}>
		<${Icon} name=${copied ? "check" : "copy"} />
		<span aria-live="polite">${copied === null ? label : copied ? t("ui.copied") : t("ui.press_copy", { keys: withCommand("C") })}</span>
	</button>`;
}
