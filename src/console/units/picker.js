// Chooses one org unit: a button that shows which, and behind it a search and the tree.
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { explain } from "../lib/errors.js";
import { unitPath, useUnits } from "../lib/units.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { placeAt } from "../ui/place.js";
import { UnitTree } from "./tree.js";
import { visibleRows } from "./rows.js";

/** The names from the top, as one line. */
export function UnitPath({ units, dn }) {
	return html`<span class="unit-path">${unitPath(units, dn).map((name, index) => html`${index > 0 && html`<${Icon} name="chevron" size="14" />`}
		<bdi>${name}</bdi>`)}</span>`;
}

function Panel({ button, units, value, label, allLabel, onChoose, onClose }) {
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

/** `value` is a DN or null; `onChange(dn)`. `allLabel`: a way to choose none, and what that means. What a Field hands
 *  down goes to the button. */
export function UnitPicker({ value, onChange, label, allLabel, className = "", id, ...aria }) {
	const { units, error, reload } = useUnits();
	const [open, setOpen] = useState(false);
	const button = useRef(null);
	const shown = useId();
	const close = (back) => {
		setOpen(false);
		if (back)
			button.current.focus();
	};

	return html`<button type="button" ref=${button} id=${id} class="picker ${className}" ...${aria} aria-haspopup="dialog" aria-expanded=${open ? "true" : "false"}
			aria-labelledby=${id ? `${id}-label ${shown}` : null} aria-label=${id ? null : label}
			onClick=${() => (error && !units ? reload() : units && setOpen(!open))}>
			<${Icon} name="tree" size="18" />
			<span id=${shown} class="picker-value">${value ? html`<${UnitPath} units=${units} dn=${value} />` :
				html`<span class="soft">${error && !units ? explain(error) : allLabel ?? t("units.choose")}</span>`}</span>
		</button>
		${open && html`<${Panel} button=${button} units=${units} value=${value} label=${label} allLabel=${allLabel}
			onChoose=${(dn) => (close(true), onChange(dn))} onClose=${close} />`}`;
}
