// The people as a table of any length: the rows that are seen are in the document, and a few around them. Arrows go from
// row to row, one row is a stop of the tab key; what had the focus keeps it while rows come and go.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/html.js";
import { here, keepHere } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { isSelected } from "./select.js";
import { useInside, useRowHeight, useScroll, useWhole } from "./steady.js";
import { Slots, mostRows, nextRow, shift, windowOf } from "./window.js";
import { Bone, Row } from "./row.js";

const columns = [
	["name", "p-name"], ["mail", "p-mail"], ["phone", "p-phone"], ["org_unit", "p-unit"], ["status", "p-status"],
	["registered_at", "p-registered"], ["last_activity_at", "p-activity"],
];
const bones = 10; // rows that stand for people before anybody is known
const parts = { link: ".p-who a", box: ".p-select input", menu: ".p-menu button" };

function drawColumns({ head, query, onSort, selects, all, onAll }) {
	return html`<thead role="rowgroup" ref=${head}><tr role="row" aria-rowindex="1">
		<td role="cell" class="p-select">${selects && html`<label class="hit"><input type="checkbox" checked=${all === true} indeterminate=${all === null}
			aria-label=${t("users.select_all")} onClick=${onAll} /></label>`}</td>
		${columns.map(([name, className]) => html`<th key=${name} role="columnheader" scope="col" class=${className}
			aria-sort=${query.sort === name ? (query.order === "asc" ? "ascending" : "descending") : null}>
			<button type="button" onClick=${() => onSort(name)}><span>${t(`users.column.${name}`)}</span>
				${query.sort === name && html`<${Icon} name="chevron" size="14" />`}</button></th>`)}
		<td role="cell" class="p-menu"></td>
	</tr></thead>`;
}

function Columns(props) {
	const { query, selects, all } = props;

	return useMemo(() => drawColumns(props), [query.sort, query.order, selects, all]);
}

function drawRows({ first, last, pages, slots, active, units, selection, selects, flash, menuFor, on }) {
	const people = Array.from({ length: Math.max(0, last - first) }, (_, i) => pages.at(first + i));
	const ids = people.filter(Boolean).map(({ id }) => id);
	const focused = document.activeElement.closest("[data-id]")?.dataset.id; // never becomes another person's
	const slot = slots.assign(ids, focused ?? active), stop = ids.includes(active) ? active : ids[0];
	const used = new Set(); // while pages are not of one moment, somebody can be in two of them

	return people.map((person, i) => {
		const row = first + i;
		const key = person && !used.has(person.id) ? slot.get(person.id) : `row-${row}`;

		used.add(person?.id);
		return person ? html`<${Row} key=${key} person=${person} index=${row} units=${units} selected=${isSelected(selection, person.id)}
			selects=${selects} changed=${flash.has(person.id)} stop=${person.id === stop} menuOpen=${person.id === menuFor} on=${on} />` :
			html`<${Bone} key=${key} index=${row} />`;
	});
}

/** px at the top and the bottom of the window that lie under the bar of the frame and that of a selection. */
function covered() {
	const bar = document.querySelector(".bar").getBoundingClientRect(), selection = document.querySelector(".selection");

	return [bar.bottom < innerHeight / 2 ? bar.bottom : 0, selection ? innerHeight - selection.getBoundingClientRect().top : 0];
}

/** `version` changes with what is in `pages`. `returning`: a ref that is true when the place is to be the one that the
 *  history has kept. `isBefore`: the rows are of the search before. `flash`: the ids of rows to show as changed.
 *  `back`: a ref; its function brings the focus back from a dialog whose row has gone meanwhile. `on`: as of Row, and sort(name), all(), toggle(person, index, event). */
export function PeopleTable({ pages, version, returning, query, units, selection, selects, isBefore, all, flash, menuFor, back, on }) {
	const space = useRef(null), head = useRef(null), body = useRef(null);
	const [{ from, to }, setRange] = useState({ from: 0, to: 24 });
	const rowHeight = useRowHeight(space, body);
	const [active, setActive] = useState(null); // the id of the row that the tab key goes to
	const slots = useMemo(() => new Slots(), []);
	const whole = useWhole(pages.shown);
	const seen = useRef([]), shown = useRef(null), wanted = useRef(null);
	const inside = useInside(space, () => { wanted.current = null; }); // who has gone elsewhere is not fetched back
	const activeRow = useRef(0); // of the active one, as long as it is there
	const length = pages.shown ? Math.min(pages.length, mostRows(rowHeight)) : bones;

	/** px from the top of the window to the first row, were it drawn. */
	const top = () => space.current.getBoundingClientRect().top + head.current.offsetHeight;
	const look = () => {
		const now = windowOf({ top: -top(), height: innerHeight, rowHeight, length });

		seen.current = [];
		for (let row = now.first; row < now.last; row++)
			if (pages.at(row))
				seen.current.push([pages.at(row).id, row]);
		pages.see(now.first, now.last);
		setRange((before) => before.from === now.from && before.to === now.to ? before : now);
		return now;
	};
	const keep = (id) => {
		const { people } = here().state ?? {};
		const place = { row: Math.max(0, -top() / rowHeight), id: id ?? null };

		if (place.row !== people?.row || id)
			keepHere({ people: place });
	};

	useScroll(look, keep);

	// After a drawing: where the list stands, and who has the focus.
	useLayoutEffect(() => {
		if (!pages.shown)
			return;
		if (shown.current !== pages.shown) {
			wanted.current = null;
			const place = returning.current ? here().state?.people : null;

			if (place?.row > 0)
				scrollTo(0, scrollY + top() + place.row * rowHeight);
			else if (shown.current && top() < 0)
				scrollBy(0, top() - head.current.offsetHeight - covered()[0]);
			if (place?.id && pages.indexOf(place.id) >= 0)
				wanted.current = { row: pages.indexOf(place.id), part: "link" };
			returning.current = false;
			shown.current = pages.shown;
		} else if (top() < 0) {
			const rows = shift(seen.current, (id) => pages.indexOf(id));

			if (rows !== 0)
				scrollBy(0, rows * rowHeight);
		}
		look();
	}, [version, rowHeight]);
	useLayoutEffect(() => {
		const person = wanted.current && pages.at(wanted.current.row);

		if (person && find(person.id, wanted.current.part)) {
			find(person.id, wanted.current.part).focus({ preventScroll: true });
			wanted.current = null;
		} else if (inside.current && isAstray(document.activeElement)) {
			restore();
		}
	});

	/** Whether the focus was lost with its row, or went with an element that is another row's now. */
	const isAstray = (element) => element === document.body || element === space.current ||
		(body.current.contains(element) && element.closest("[data-id]")?.dataset.id !== active);
	/** The focus to the row that had it; to the one in its place, when it is gone; or, when it is far away, to the list. */
	const restore = () => {
		const row = pages.indexOf(active), next = pages.at(Math.min(activeRow.current, length - 1));

		if (row < 0 && next && find(next.id))
			setActive(next.id);
		(find(row < 0 && next ? next.id : active) ?? space.current).focus({ preventScroll: true });
	};

	useEffect(() => () => { back.current = () => {}; }, []);
	back.current = () => document.activeElement.id === "main" && active !== null && restore();

	const find = (id, part = "link") => body.current.querySelector(`[data-id="${id}"] ${parts[part]}`) ??
		body.current.querySelector(`[data-id="${id}"] ${parts.link}`);
	const goTo = (row, part) => {
		if (row < 0 || row >= length)
			return;
		const [bar, bottom] = covered();
		const at = top() + row * rowHeight, above = bar + head.current.offsetHeight, below = innerHeight - bottom - rowHeight;

		if (at < above || at > below)
			scrollBy({ top: at < above ? at - above : at - below, behavior: "instant" });
		wanted.current = { row, part };
		setActive(pages.at(row)?.id ?? active);
		setRange({ ...look() }); // drawn in any case: the focus goes there afterwards
	};
	const onKey = (event) => {
		const { target, key, shiftKey } = event;
		const row = pages.indexOf(target.closest("[data-id]")?.dataset.id ?? active);
		const part = Object.keys(parts).find((name) => target.matches(parts[name]));
		const page = Math.max(1, Math.floor(innerHeight / rowHeight) - 3);
		const person = pages.at(row);

		if (event.altKey || event.metaKey || (event.ctrlKey && key !== "Home" && key !== "End"))
			return;
		if (person && part && (key === "ContextMenu" || (key === "F10" && shiftKey) || (part === "menu" && key === "ArrowDown"))) {
			event.preventDefault();
			on.menu(person);
			return;
		}
		if (person && key === " " && part === "link" && selects) {
			event.preventDefault();
			on.select(person, event);
			return;
		}
		const next = nextRow(key, row, page, length);

		if (next === undefined || row < 0)
			return;
		event.preventDefault();
		if (shiftKey && selects && pages.at(next) && (key === "ArrowDown" || key === "ArrowUp"))
			on.select(pages.at(next), event);
		goTo(next, part ?? "link");
	};
	const [first, last] = whole ? pages.loaded() : [Math.min(from, Math.max(0, length - 1)), Math.min(to, length)];

	if (active !== null && pages.indexOf(active) >= 0)
		activeRow.current = pages.indexOf(active);
	return html`<div class="people card ${selects ? "" : "read-only"} ${isBefore ? "before" : ""}"><div ref=${space} class="people-space" tabindex="-1" onKeyDown=${onKey}
		style=${{ paddingTop: `${first * rowHeight}px`, paddingBottom: `${Math.max(0, length - last) * rowHeight}px` }}>
		<table role="table" aria-rowcount=${pages.shown ? pages.total + 1 : -1}>
			<caption class="unseen">${t("users.caption")}</caption>
			<${Columns} head=${head} query=${query} onSort=${on.sort} selects=${selects} all=${all} onAll=${on.all} />
			<tbody role="rowgroup" ref=${body} onFocusIn=${({ target }) => setActive(target.closest("[data-id]")?.dataset.id ?? active)}>
				${drawRows({ first, last, pages, slots, active, units, selection, selects, flash, menuFor, on })}</tbody>
		</table>
	</div>${pages.shown && pages.length > length && html`<p class="people-end">${t("users.first_of", { count: length })}</p>`}</div>`;
}
