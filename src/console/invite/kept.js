// What the dialog was left with by the browser's Back: the draft, or a link that nobody has copied yet. In memory alone,
// for the same person in the same page.
import { whoAmI } from "../lib/session.js";

let kept = null;

/** {draft, invitation}; null forgets it. */
export function keep(state) {
	kept = state && { ...state, whose: whoAmI()?.id };
}

/** Once: what keep() was told, or null. */
export function takeKept() {
	const found = kept?.whose === whoAmI()?.id ? kept : null;

	kept = null;
	return found;
}
