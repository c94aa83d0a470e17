// The org units as a tree (WAI-ARIA Authoring Practices, tree view): one stop for the tab key, arrows inside, a letter
// finds. The items are siblings and say their level, which spares a wide tree the nesting.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { fold } from "../lib/fold.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { ancestors, visibleRows } from "./rows.js";

const shownMax = 400; // items in the document; nobody reads more, the search finds the rest

function nextIndex(rows, now, key) {
	const row = rows[now];

	switch (key) {
	case "ArrowDown": return now + 1;
	case "ArrowUp": return now - 1;
	case "Home": return 0;
	case "End": return rows.length - 1;
	case "ArrowRight": return row?.open ? now + 1 : now;
	case "ArrowLeft": return row?.open ? now : rows.findLastIndex(({ level }, i) => i < now && level < row.level);
	default:
	}
	if (key.length !== 1)
		return -1;
	const found = rows.findIndex(({ unit }, i) => i > now && fold(unit.name).startsWith(fold(key)));
	return found >= 0 ? found : rows.findIndex(({ unit }) => fold(unit.name).startsWith(fold(key)));
}

/** `units` of lib/units.js. `value` is the DN of the chosen one. `words` shows what matches alone. `extra(unit)`: what
 *  else stands in its line. */
export function UnitTree({ units, value, onChoose, label, words = "", extra }) {
	const [turned, setTurned] = useState(() => new Map()); // DN: open or not, as the person has said
	const [focused, setFocused] = useState(null);
	const list = useRef(null);
	const onWay = useMemo(() => new Set(ancestors(units.byDn, value).map(({ dn }) => dn)), [units, value]);
	const isOpen = (unit) => turned.get(unit.dn) ?? (unit.parent === null || onWay.has(unit.dn));
	const all = useMemo(() => visibleRows(units.roots, isOpen, words), [units, turned, onWay, words]);
	const rows = all.slice(0, shownMax);
	const stop = rows.find(({ unit }) => unit.dn === focused) ?? rows.find(({ unit }) => unit.dn === value) ?? rows[0];

	useEffect(() => {
		list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
	}, []);
	const turn = (unit, open) => setTurned(new Map(turned).set(unit.dn, open));
	const onKey = (event) => {
		const now = rows.findIndex(({ unit }) => unit.dn === stop.unit.dn);
		const { unit, open } = rows[now];

		if (event.ctrlKey || event.metaKey || event.altKey)
			return;
		if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			onChoose(unit);
			return;
		}
		if ((event.key === "ArrowRight" && open === false) || (event.key === "ArrowLeft" && open && !words)) {
			event.preventDefault();
			turn(unit, event.key === "ArrowRight");
			return;
		}
		const to = nextIndex(rows, now, event.key);

		if (to < 0 || to >= rows.length)
			return;
		event.preventDefault();
		setFocused(rows[to].unit.dn);
		list.current.children[to].focus();
	};

	if (rows.length === 0)
		return html`<p class="tree-none" role="status">${t("units.no_match")}</p>`;
	return html`<ul class="tree" role="tree" aria-label=${label} ref=${list} onKeyDown=${onKey}>
		${rows.map(({ unit, level, open, position, siblings }) => html`<li key=${unit.dn} role="treeitem" class="tree-item level-${Math.min(level, 8)}"
			aria-level=${level} aria-posinset=${position} aria-setsize=${siblings} aria-expanded=${open === null ? null : String(open)}
			aria-selected=${unit.dn === value ? "true" : "false"} tabindex=${unit === stop.unit ? 0 : -1}
			onFocus=${() => setFocused(unit.dn)} onClick=${() => onChoose(unit)}>
			<span class="tree-turn" onClick=${(event) => open !== null && !words && (event.stopPropagation(), turn(unit, !open))}>
				${open !== null && html`<${Icon} name="chevron" size="16" />`}</span>
			<bdi class="tree-name">${unit.name}</bdi>${extra?.(unit)}
		</li>`)}
	</ul>
	${all.length > rows.length && html`<p class="tree-none">${t("units.more", { count: all.length - rows.length })}</p>`}`;
}
