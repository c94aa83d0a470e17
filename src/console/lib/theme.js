// Light or dark: as the system says, unless the person says else.
const key = "usherd-theme";

export const themes = ["system", "light", "dark"];

export function theme() {
	try {
		const kept = localStorage.getItem(key);

		return themes.includes(kept) ? kept : "system";
	} catch {
		return "system";
	}
}

export function applyTheme(wanted = theme()) {
	document.documentElement.dataset.theme = wanted;
}

export function chooseTheme(wanted) {
	applyTheme(wanted);
	try {
		localStorage.setItem(key, wanted);
	} catch {
		// A browser that keeps nothing: the choice lasts as long as the page.
	}
}
