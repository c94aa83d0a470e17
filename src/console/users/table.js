// The people as a table of any length: the rows that are seen are in the document, and a few around them.
import { html, useMemo, useRef } from "../lib/html.js";
import { t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { useFocus } from "./focus.js";
import { isSelected } from "./select.js";
import { usePainted, usePlace, useRowHeight, useWhole } from "./steady.js";
import { Slots, mostRows } from "./window.js";
import { Bone, Row } from "./row.js";

const columns = [
	["name", "p-name"], ["mail", "p-mail"], ["phone", "p-phone"], ["org_unit", "p-unit"], ["status", "p-status"],
	["registered_at", "p-registered"], ["last_activity_at", "p-activity"],
];
const bones = 10; // rows that stand for people before anybody is known

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

/** Rows [first, last): all that are here, or those that are wanted; of the first ones those alone that will be seen, until
 *  they have been painted. */
function rowsToDraw({ pages, length, place, isWhole, isPainted }) {
	const { range: { from, to }, near } = place;

	if (isWhole)
		return pages.loaded();
	const first = isPainted ? from : Math.max(from, near.first), last = isPainted ? to : Math.min(to, near.last);

	return [Math.min(first, Math.max(0, length - 1)), Math.min(last, length)];
}

/** `version` changes with what is in `pages`. `returning`: a ref that is true when the place is to be the one that the
 *  history has kept. `isBefore`: the rows are of the search before. `flash`: the ids of rows to show as changed.
 *  `back`: a ref; its function brings the focus back from a dialog whose row has gone meanwhile. `on`: as of Row, and sort(name), all(). */
export function PeopleTable({ pages, version, returning, query, units, selection, selects, isBefore, all, flash, menuFor, back, on }) {
	const space = useRef(null), head = useRef(null), body = useRef(null), wanted = useRef(null);
	const [rowHeight, measure] = useRowHeight(space, body);
	const slots = useMemo(() => new Slots(), []);
	const isWhole = useWhole(pages.shown), isPainted = usePainted(pages.shown !== null);
	const length = pages.shown ? Math.min(pages.length, mostRows(rowHeight)) : bones;
	const place = usePlace({ pages, version, returning, space, head, rowHeight, measure, length, wanted });
	const { active, setActive, onKey } = useFocus({ pages, length, rowHeight, space, head, body, place, wanted, back, selects, on });
	const [first, last] = rowsToDraw({ pages, length, place, isWhole, isPainted });

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
