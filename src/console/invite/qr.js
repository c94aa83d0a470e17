// A text as a QR code (ISO/IEC 18004), drawn as one path: dark on white whatever the theme, as scanners want it.
import { html, useEffect, useState } from "../lib/html.js";
import { t } from "../lib/words.js";

const quiet = 4; // modules around it, of ISO/IEC 18004, 6.3.8

/** Runs of dark modules, row by row. */
function pathOf(code) {
	let path = "";

	for (let y = 0; y < code.size; y++)
		for (let x = 0, end; x < code.size; x = end + 1) {
			for (end = x; end < code.size && code.get(end, y);)
				end++;
			if (end > x)
				path += `M${x} ${y}h${end - x}v1h${x - end}z`;
		}
	return path;
}

/** {path, box} of a text, null until the code for it has been fetched. */
export function useQr(text) {
	const [drawn, setDrawn] = useState(null);

	useEffect(() => {
		let here = true;

		import("../vendor/qr.js").then(({ generate }) => {
			const code = generate(text);

			if (here)
				setDrawn({ path: pathOf(code), box: `${-quiet} ${-quiet} ${code.size + 2 * quiet} ${code.size + 2 * quiet}` });
		}, () => {}); // without it there is still the link
		return () => { here = false; };
	}, [text]);
	return drawn;
}

/** What useQr() has drawn. */
export function Qr({ drawn, label }) {
	return html`<svg class="qr" viewBox=${drawn.box} role="img" aria-label=${label} shape-rendering="crispEdges"><path d=${drawn.path} /></svg>`;
}

/** A link that saves it as a file. */
export function SaveQr({ drawn, name, onSaved, children }) {
	const [, , width] = drawn.box.split(" ");
	const file = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${drawn.box}" width="${width * 8}" height="${width * 8}" shape-rendering="crispEdges">`
		+ `<rect x="${-quiet}" y="${-quiet}" width="${width}" height="${width}" fill="#fff"/><path d="${drawn.path}"/></svg>`;

	return html`<a class="button" href=${`data:image/svg+xml,${encodeURIComponent(file)}`} download=${`${t("invite.file")} ${name}.svg`} onClick=${onSaved}>${children}</a>`;
}
