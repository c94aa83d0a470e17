// What opens behind the picker of an org unit: a search and the tree.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { placeAt } from "../ui/menu.js";
import { UnitTree } from "./tree.js";
import { visibleRows } from "./rows.js";

export default function Panel({ button, units, value, label, allLabel, onChoose, onClose }) {
	const panel = useRef(null), search = useRef(null);
	const [words, setWords] = useState("");

	useLayoutEffect(() => {
		panel.current.showPopover();
		placeAt(panel.current, button.current, { start: true });
		search.current.focus();
	}, []);
	useEffect(() => {
		const close = () => onClose(false);

		addEventListener("resize", close);
		return () => removeEventListener("resize", close);
	}, []);
	const onKey = (event) => {
		if (event.key === "Escape") {
			event.preventDefault();
			event.stopPropagation();
			onClose(true);
		} else if (event.key === "ArrowDown" && event.target === search.current) {
			event.preventDefault();
			panel.current.querySelector('[role="treeitem"][tabindex="0"]')?.focus();
		} else if (event.key === "Enter" && event.target === search.current) {
			event.preventDefault();
			const hit = visibleRows(units.roots, () => true, words).find((row) => row.hit);

			if (hit)
				onChoose(hit.unit.dn);
		}
	};

	return html`<div ref=${panel} class="panel" popover="auto" role="dialog" aria-label=${label} onKeyDown=${onKey}
		onToggle=${(event) => event.newState === "closed" && onClose(false)}>
		<div class="panel-search"><${Icon} name="search" /><input ref=${search} type="search" autocomplete="off" spellcheck=${false}
			aria-label=${t("units.search")} placeholder=${t("units.search")} value=${words} onInput=${(event) => setWords(event.target.value)} /></div>
		${allLabel && !words && html`<button type="button" class="panel-all" aria-pressed=${value ? "false" : "true"} onClick=${() => onChoose(null)}>
			${allLabel}</button>`}
		<div class="panel-body"><${UnitTree} units=${units} value=${value} label=${label} words=${words}
			onChoose=${({ dn }) => onChoose(dn)} /></div>
	</div>`;
}
