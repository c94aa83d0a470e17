// Keys that do something by themselves, without Ctrl or the like: who dictates or slips on the keyboard must be able to
// switch them off (WCAG 2.1.4).
const key = "usherd-shortcuts";

export function hasShortcuts() {
	try {
		return localStorage.getItem(key) !== "off";
	} catch {
		return true;
	}
}

export function switchShortcuts(on) {
	try {
		localStorage.setItem(key, on ? "on" : "off");
	} catch {
		// A browser that keeps nothing: the keys stay.
	}
}
