// A menu behind a button (WAI-ARIA Authoring Practices, menu button): arrows move, a letter finds, Escape closes
// and gives the focus back. It lies in the top layer, so that no scrolling container cuts it off.
import { html, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { go } from "../lib/route.js";
import { Icon } from "./icon.js";

const margin = 8; // px that a panel keeps from the sides of the window

/** `panel` is shown and has `position: fixed`: it comes below `anchor`, or above when there is no room, and never outside
 *  of the window. Its end is at the end of `anchor`, or its start with `start`. */
export function placeAt(panel, anchor, { start = false } = {}) {
	const at = anchor.getBoundingClientRect();
	const { offsetWidth: width, offsetHeight: height } = panel;
	const below = at.bottom + 4 + height <= innerHeight - margin || at.top < height;
	const toLeft = start === (getComputedStyle(panel).direction === "ltr");
	const left = toLeft ? at.left : at.right - width;
	const top = below ? at.bottom + 4 : at.top - height - 4;

	panel.style.top = `${Math.max(margin, Math.min(top, innerHeight - height - margin))}px`;
	panel.style.left = `${Math.max(margin, Math.min(left, innerWidth - width - margin))}px`;
}

function items(menu) {
	return [...menu.querySelectorAll('[role^="menuitem"]')];
}

function move(menu, event) {
	const all = items(menu);
	const now = all.indexOf(document.activeElement);
	const to = {
		ArrowDown: now + 1, ArrowUp: now - 1 + all.length, Home: 0, End: all.length - 1,
	}[event.key] ?? (event.key.length === 1 && !event.ctrlKey && !event.metaKey ? find(all, now, event.key) : -1);

	if (to < 0)
		return;
	event.preventDefault();
	all[to % all.length].focus();
}

function find(all, now, letter) {
	const order = [...all.keys()].map((i) => (now + 1 + i) % all.length);

	return order.find((i) => all[i].textContent.trim().toLowerCase().startsWith(letter.toLowerCase())) ?? -1;
}

/** What a menu shows, while it is open: below `button()`, which gets the focus back. `onClose()` when it is to go. */
export function MenuList({ id, button, label, entries, onClose }) {
	const menu = useRef(null);
	const shown = entries.filter((entry) => entry !== null && entry !== undefined && entry !== false);

	useLayoutEffect(() => {
		menu.current.showPopover();
		placeAt(menu.current, button());
		items(menu.current)[0]?.focus();
	}, []);
	useEffect(() => {
		// What it belongs to moves away beneath it.
		addEventListener("resize", onClose);
		addEventListener("scroll", onClose, { capture: true, passive: true });
		return () => {
			removeEventListener("resize", onClose);
			removeEventListener("scroll", onClose, { capture: true });
		};
	}, [onClose]);
	const close = () => {
		onClose();
		button()?.focus();
	};
	const choose = (entry) => {
		if (entry.disabled)
			return;
		close();
		if (entry.to)
			go(entry.to);
		else
			entry.onChoose();
	};
	const onKey = (event) => {
		if (event.key === "Escape" || event.key === "Tab") {
			event.preventDefault();
			event.stopPropagation();
			close();
		} else {
			move(menu.current, event);
		}
	};

	return html`<div ref=${menu} id=${id} class="menu" role="menu" popover="auto" aria-label=${label} onKeyDown=${onKey}
		onToggle=${(event) => event.newState === "closed" && onClose()}>
		${shown.map((entry, index) => entry === "-" ? html`<hr key=${index} />` : html`<button type="button" key=${index}
			role=${entry.checked === undefined ? "menuitem" : "menuitemradio"} aria-checked=${entry.checked === undefined ? null : String(entry.checked)}
			lang=${entry.lang} tabindex="-1" class=${entry.danger ? "danger" : null} aria-disabled=${entry.disabled ? "true" : null}
			title=${entry.disabled || null} onClick=${() => choose(entry)}>
			${entry.icon && html`<${Icon} name=${entry.icon} size="18" />`}<span>${entry.label}</span>
		</button>`)}
	</div>`;
}

/** `entries`: {label, icon, danger, onChoose or to, disabled: why not, lang, checked: of a choice,
 *  whether it is the one}, null for what does not apply, "-" for a line.
 *  `label` names the button. `children`: what the button shows; else three dots. */
export function Menu({ label, entries, children, className = "button bare" }) {
	const [open, setOpen] = useState(false);
	const button = useRef(null);
	const name = useId();
	const close = useCallback(() => setOpen(false), []);

	return html`<button type="button" ref=${button} class=${className} aria-haspopup="menu" aria-expanded=${open ? "true" : "false"}
			aria-controls=${open ? name : null} aria-label=${label} title=${children ? null : label}
			onClick=${() => setOpen(!open)}
			onKeyDown=${(event) => event.key === "ArrowDown" && !open && (event.preventDefault(), setOpen(true))}>
			${children ?? html`<${Icon} name="more" />`}
		</button>
		${open && html`<${MenuList} id=${name} button=${() => button.current} label=${label} entries=${entries} onClose=${close} />`}`;
}
