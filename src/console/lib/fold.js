// Texts as a search compares them. No DOM.

/** Without case and accents, as the daemon's search does it. */
export function fold(text) {
	return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
