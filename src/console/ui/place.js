// Where a panel of the top layer lies: below what it belongs to, or above when there is no room, and never outside
// of the window.
const margin = 8; // px

/** `panel` is shown and has `position: fixed`; its end is at the end of `anchor`, or its start with `start`. */
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
