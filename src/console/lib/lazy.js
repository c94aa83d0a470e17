// What is not needed at once: fetched when it is first shown, and shown once it is there.
import { html, useEffect, useState } from "./html.js";
import { loadMoreWords, t } from "./words.js";
import { say } from "../ui/toast.js";

let sheet = null;

// The style of all but the first screen.
function loadMoreStyle() {
	sheet ??= new Promise((resolve, reject) => {
		const link = document.createElement("link");

		link.rel = "stylesheet";
		link.href = new URL("../more.css", import.meta.url).href;
		link.onload = resolve;
		link.onerror = () => {
			link.remove();
			sheet = null;
			reject(new Error("more.css"));
		};
		document.head.append(link);
	});
	return sheet;
}

/** The default export of what `load()` imports, with the words and the style that the first screen does without. */
export async function fetchPart(load) {
	const [module] = await Promise.all([load(), loadMoreWords(), loadMoreStyle()]);

	return module.default;
}

/** `load()` imports a module whose default export is a component; `rest` is handed to it. `onFailed()`: it cannot be
 *  had, since the daemon is away or has other files by now; the person is told so here. */
export function Lazy({ load, onFailed, ...rest }) {
	const [component, setComponent] = useState(null);

	useEffect(() => {
		let here = true;

		fetchPart(load).then((found) => here && setComponent(() => found), () => {
			if (!here)
				return;
			say(t("ui.not_fetched"), { tone: "bad", action: { label: t("ui.reload"), onChoose: () => location.reload() } });
			onFailed?.();
		});
		return () => { here = false; };
	}, []);
	return component && html`<${component} ...${rest} />`;
}
