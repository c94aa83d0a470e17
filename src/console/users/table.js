// The people as a table of any length: the rows that are seen are in the document, and a few around them. Arrows go from
// row to row, one row is a stop of the tab key; what had the focus keeps it while rows come and go.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/html.js";
import { here, keepHere } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { isSelected } from "./select.js";
import { mostRows, shift, windowOf } from "./window.js";
import { Bone, Row } from "./row.js";

const columns = [
	["name", "p-name"], ["mail", "p-mail"], ["phone", "p-phone"], ["org_unit", "p-unit"], ["status", "p-status"],
	["registered_at", "p-registered"], ["last_activity_at", "p-activity"],
];
const parts = { link: ".p-who a", box: ".p-select input", menu: ".p-menu button" };
const keptAfter = 200; // ms of rest before a place is kept with the history: browsers allow few changes of it

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

/** Printing and the browser's search get all that is here, until something else is asked for. */
function useWhole(shown) {
	const [whole, setWhole] = useState(false);

	useEffect(() => {
		const all = () => setWhole(true), few = () => setWhole(false);
		const key = (event) => {
			if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "f")
				all();
		};

		addEventListener("beforeprint", all);
		addEventListener("afterprint", few);
		addEventListener("keydown", key);
		return () => {
			removeEventListener("beforeprint", all);
			removeEventListener("afterprint", few);
			removeEventListener("keydown", key);
		};
	}, []);
	useLayoutEffect(() => setWhole(false), [shown]);
	return whole;
}

/** Whether the focus was in `element` when it was last anywhere. */
function useInside(element) {
	const inside = useRef(false);

	useEffect(() => {
		const follow = ({ target }) => { inside.current = element.current?.contains(target) ?? false; };

		document.addEventListener("focusin", follow);
		document.addEventListener("pointerdown", follow);
		return () => {
			document.removeEventListener("focusin", follow);
			document.removeEventListener("pointerdown", follow);
		};
	}, []);
	return inside;
}

/** `version` changes with what is in `pages`. `returning`: a ref that is true when the place is to be the one that the
 *  history has kept. `flash`: the ids of rows to show as changed. `barred`: px at the bottom
 *  that something else lies over. `on`: as of Row, and sort(name), all(), toggle(person, index, event). */
export function PeopleTable({ pages, version, returning, query, units, selection, selects, all, flash, menuFor, barred, on }) {
	const space = useRef(null), head = useRef(null), body = useRef(null);
	const [{ from, to }, setRange] = useState({ from: 0, to: 24 });
	const [rowHeight, setRowHeight] = useState(56);
	const [active, setActive] = useState(null); // the id of the row that the tab key goes to
	const whole = useWhole(pages.shown);
	const inside = useInside(space);
	const seen = useRef([]), shown = useRef(null), wanted = useRef(null), resting = useRef(null), latest = useRef(null);
	const activeRow = useRef(0); // of the active one, as long as it is there
	const length = Math.min(pages.length, mostRows(rowHeight));

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

	latest.current = { look, keep };
	useEffect(() => {
		let asked = 0;
		const scrolled = () => {
			asked ||= requestAnimationFrame(() => {
				asked = 0;
				latest.current.look();
			});
			clearTimeout(resting.current);
			resting.current = setTimeout(() => latest.current.keep(), keptAfter);
		};

		addEventListener("scroll", scrolled, { passive: true });
		addEventListener("resize", scrolled);
		return () => {
			removeEventListener("scroll", scrolled);
			removeEventListener("resize", scrolled);
			cancelAnimationFrame(asked);
			clearTimeout(resting.current);
		};
	}, []);

	// How high rows are: by the width of the list and the size of letters.
	useLayoutEffect(() => {
		const measure = () => {
			const height = body.current.firstElementChild?.getBoundingClientRect().height;

			if (height)
				setRowHeight((now) => (Math.abs(height - now) > 0.01 ? height : now));
		};
		const observer = new ResizeObserver(measure);

		measure();
		observer.observe(space.current);
		return () => observer.disconnect();
	}, []);

	// After a drawing: where the list stands, and who has the focus.
	useLayoutEffect(() => {
		if (!pages.shown)
			return;
		if (shown.current !== pages.shown) {
			const place = returning.current ? here().state?.people : null;

			if (place?.row > 0)
				scrollTo(0, scrollY + top() + place.row * rowHeight);
			else if (shown.current && top() < 0)
				scrollBy(0, top() - head.current.offsetHeight);
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
		} else if (inside.current && (document.activeElement === document.body || document.activeElement === space.current)) {
			restore();
		}
	});

	/** The focus to the row that had it; to the one in its place, when it is gone; or, when it is far away, to the list. */
	const restore = () => {
		const row = pages.indexOf(active), next = pages.at(Math.min(activeRow.current, length - 1));

		if (row < 0 && next && find(next.id))
			setActive(next.id);
		(find(row < 0 && next ? next.id : active) ?? space.current).focus({ preventScroll: true });
	};

	const find = (id, part = "link") => body.current.querySelector(`[data-id="${id}"] ${parts[part]}`) ??
		body.current.querySelector(`[data-id="${id}"] ${parts.link}`);
	const goTo = (row, part) => {
		if (row < 0 || row >= length)
			return;
		const at = top() + row * rowHeight, above = head.current.offsetHeight, below = innerHeight - barred - rowHeight;

		if (at < above || at > below)
			scrollBy({ top: at < above ? at - above : at - below, behavior: "instant" });
		wanted.current = { row, part };
		setActive(pages.at(row)?.id ?? active);
		setRange({ ...look() }); // drawn in any case: the focus goes there afterwards
	};
	const onKey = (event) => {
		const { target, key, shiftKey } = event;
		const row = pages.indexOf(target.closest("[data-id]")?.dataset.id ?? active);
		const part = Object.keys(parts).find((name) => target.matches(parts[name])) ?? "link";
		const page = Math.max(1, Math.floor((innerHeight - barred) / rowHeight) - 2);
		const person = pages.at(row);

		if (event.altKey || event.metaKey || (event.ctrlKey && key !== "Home" && key !== "End"))
			return;
		if (person && (key === "ContextMenu" || (key === "F10" && shiftKey) || (part === "menu" && key === "ArrowDown"))) {
			event.preventDefault();
			on.menu(person);
			return;
		}
		if (person && key === " " && part === "link" && selects) {
			event.preventDefault();
			on.select(person, event);
			return;
		}
		const next = { ArrowDown: row + 1, ArrowUp: row - 1, PageDown: Math.min(length - 1, row + page), PageUp: Math.max(0, row - page),
			Home: 0, End: length - 1 }[key];

		if (next === undefined || row < 0)
			return;
		event.preventDefault();
		if (shiftKey && selects && pages.at(next) && (key === "ArrowDown" || key === "ArrowUp"))
			on.select(pages.at(next), event);
		goTo(next, part);
	};
	const [first, last] = whole ? pages.loaded() : [Math.min(from, Math.max(0, length - 1)), Math.min(to, length)];
	const rows = [];
	let stop = null;

	if (active !== null && pages.indexOf(active) >= 0)
		activeRow.current = pages.indexOf(active);
	for (let row = first; row < last; row++)
		if (pages.at(row) && (stop === null || pages.at(row).id === active))
			stop = pages.at(row).id;
	for (let row = first; row < last; row++) {
		const person = pages.at(row);

		rows.push(person ? html`<${Row} key=${person.id} person=${person} index=${row} units=${units} selected=${isSelected(selection, person.id)}
			selects=${selects} changed=${flash.has(person.id)} stop=${person.id === stop} menuOpen=${person.id === menuFor} on=${on} />` :
			html`<${Bone} key=${`row-${row}`} index=${row} />`);
	}
	return html`<div class="people card"><div ref=${space} class="people-space" tabindex="-1" onKeyDown=${onKey}
		style=${{ paddingTop: `${first * rowHeight}px`, paddingBottom: `${Math.max(0, length - last) * rowHeight}px` }}>
		<table role="table" aria-rowcount=${pages.total + 1}>
			<caption class="unseen">${t("users.caption")}</caption>
			<${Columns} head=${head} query=${query} onSort=${on.sort} selects=${selects} all=${all} onAll=${on.all} />
			<tbody role="rowgroup" ref=${body} onFocusIn=${({ target }) => setActive(target.closest("[data-id]")?.dataset.id ?? active)}>${rows}</tbody>
		</table>
	</div></div>`;
}
