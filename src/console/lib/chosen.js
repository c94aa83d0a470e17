// What somebody has chosen for this browser: light or dark, and whether keys do something by themselves.
const themeKey = "usherd-theme", keysKey = "usherd-shortcuts";

export const themes = ["system", "light", "dark"];

function kept(key) {
	try {
		return localStorage.getItem(key);
	} catch {
		return null;
	}
}

function keep(key, value) {
	try {
		localStorage.setItem(key, value);
	} catch {
		// A browser that keeps nothing: the choice lasts as long as the page, or not at all.
	}
}

/** As the system says, unless the person says else. */
export function theme() {
	const chosen = kept(themeKey);

	return themes.includes(chosen) ? chosen : "system";
}

export function applyTheme(wanted = theme()) {
	document.documentElement.dataset.theme = wanted;
}

export function chooseTheme(wanted) {
	applyTheme(wanted);
	keep(themeKey, wanted);
}

/** Keys without Ctrl or the like: who dictates, or slips on the keyboard, can switch them off (WCAG 2.1.4). */
export function hasShortcuts() {
	return kept(keysKey) !== "off";
}

export function switchShortcuts(on) {
	keep(keysKey, on ? "on" : "off");
}
