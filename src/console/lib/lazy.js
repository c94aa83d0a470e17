// What is not needed at once: fetched when it is first shown, and shown once it is there.
import { html, useEffect, useState } from "./html.js";
import { t } from "./words.js";
import { say } from "../ui/toast.js";

/** `load()` imports a module whose default export is a component; `rest` is handed to it. `onFailed()`: it cannot be
 *  had, since the daemon is away or has other files by now; the person is told so here. */
export function Lazy({ load, onFailed, ...rest }) {
	const [component, setComponent] = useState(null);

	useEffect(() => {
		load().then((module) => setComponent(() => module.default), () => {
			say(t("ui.new_version_why"), { tone: "bad", action: { label: t("ui.reload"), onChoose: () => location.reload() } });
			onFailed?.();
		});
	}, []);
	return component && html`<${component} ...${rest} />`;
}
