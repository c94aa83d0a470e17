// What has just happened, said once and out of the way: also to those who do not see it (a live region). What went
// wrong stays until it was read; the rest goes by itself unless somebody is at it.
import { html, useEffect, useState } from "../lib/html.js";
import { t } from "../lib/words.js";
import { Icon } from "./icon.js";

const shownMax = 4;
const goesAfter = 8000; // ms; long enough to read two lines and to reach the button (WCAG 2.2.1)
let next = 1, list = [], redraw = null, timers = new Map();

function set(toasts) {
	list = toasts;
	redraw?.(list);
}

export function dismiss(id) {
	clearTimeout(timers.get(id));
	timers.delete(id);
	set(list.filter((one) => one.id !== id));
}

function hold(id) {
	clearTimeout(timers.get(id));
}

function release(id) {
	const toast = list.find((one) => one.id === id);

	hold(id);
	if (toast && toast.tone !== "bad")
		timers.set(id, setTimeout(() => dismiss(id), goesAfter));
}

// The oldest of those that nobody must read goes first.
function makeRoom(toasts) {
	if (toasts.length < shownMax)
		return toasts;
	const gone = toasts.find(({ tone, action }) => tone !== "bad" && !action) ?? toasts[0];

	return toasts.filter((one) => one !== gone);
}

/** `tone`: "good", "bad" or "plain". `action`: {label, onChoose}: what it offers, such as to undo it. */
export function say(text, { tone = "good", action = null } = {}) {
	const id = next++;

	set([...makeRoom(list), { id, text, tone, action }]);
	release(id);
	return id;
}

export function Toasts() {
	const [toasts, setToasts] = useState(list);

	useEffect(() => {
		redraw = setToasts;
		return () => { redraw = null; };
	}, []);
	/** The focus, when it is in the one that goes, goes to the next one or the one before, or else to the screen. */
	const leave = (id, event) => {
		const toast = event.currentTarget.closest(".toast");
		const next = (toast.nextElementSibling ?? toast.previousElementSibling)?.querySelector("button:last-child");

		if (toast.contains(document.activeElement))
			(next ?? document.getElementById("main"))?.focus({ preventScroll: true });
		dismiss(id);
	};

	return html`<div class="toasts" role="status" aria-live="polite">
		${toasts.map(({ id, text, tone, action }) => html`<div key=${id} class="toast ${tone}"
			onMouseEnter=${() => hold(id)} onMouseLeave=${() => release(id)} onFocusIn=${() => hold(id)} onFocusOut=${() => release(id)}>
			<${Icon} name=${{ good: "check", bad: "alert", plain: "info" }[tone]} />
			<p>${text}</p>
			${action && html`<button type="button" class="button small" onClick=${(event) => (leave(id, event), action.onChoose())}>
				${action.label}</button>`}
			<button type="button" class="button bare small" aria-label=${t("ui.dismiss")} onClick=${(event) => leave(id, event)}>
				<${Icon} name="close" size="16" /></button>
		</div>`)}
	</div>`;
}
