// Who has the focus in the table: arrows go from row to row, one row is a stop of the tab key, and what had the focus
// keeps it while rows come and go.
import { useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { covered } from "./steady.js";
import { nextRow } from "./window.js";

const parts = { link: ".p-who a", box: ".p-select input", menu: ".p-menu button" };

/** Whether the focus was in `element` when it was last anywhere. `onOut()`: it is elsewhere. */
function useInside(element, onOut) {
	const inside = useRef(false);

	useEffect(() => {
		const follow = ({ target }) => {
			inside.current = element.current?.contains(target) ?? false;
			if (!inside.current)
				onOut();
		};

		document.addEventListener("focusin", follow);
		document.addEventListener("pointerdown", follow);
		return () => {
			document.removeEventListener("focusin", follow);
			document.removeEventListener("pointerdown", follow);
		};
	}, []);
	return inside;
}

/** After each drawing the focus goes where it is `wanted` (a ref: {row, part}), or back to who has lost it. */
function useKeptFocus({ pages, length, space, body, wanted, back, active, setActive }) {
	const inside = useInside(space, () => { wanted.current = null; }); // who has gone elsewhere is not fetched back
	const activeRow = useRef(0); // of the active one, as long as it is there
	const find = (id, part = "link") => body.current.querySelector(`[data-id="${id}"] ${parts[part]}`) ??
		body.current.querySelector(`[data-id="${id}"] ${parts.link}`);
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

	if (active !== null && pages.indexOf(active) >= 0)
		activeRow.current = pages.indexOf(active);
	useLayoutEffect(() => {
		const person = wanted.current && pages.at(wanted.current.row);

		if (person && find(person.id, wanted.current.part)) {
			find(person.id, wanted.current.part).focus({ preventScroll: true });
			wanted.current = null;
		} else if (inside.current && isAstray(document.activeElement)) {
			restore();
		}
	});
	useEffect(() => () => { back.current = () => {}; }, []);
	back.current = () => document.activeElement.id === "main" && active !== null && restore();
}

/** Keys that act on the person of a row. True: it was one. */
function actOn({ person, part, event, selects, on }) {
	const { key, shiftKey } = event;

	if (key === "ContextMenu" || (key === "F10" && shiftKey) || (part === "menu" && key === "ArrowDown"))
		on.menu(person);
	else if (key === " " && part === "link" && selects)
		on.select(person, event);
	else
		return false;
	event.preventDefault();
	return true;
}

/** {active, setActive, onKey}: `active` is the id of the row that the tab key goes to. The rest as PeopleTable has it. */
export function useFocus({ pages, length, rowHeight, space, head, body, place, wanted, back, selects, on }) {
	const [active, setActive] = useState(null);

	useKeptFocus({ pages, length, space, body, wanted, back, active, setActive });
	const goTo = (row, part) => {
		if (row < 0 || row >= length)
			return;
		const [bar, bottom] = covered();
		const at = place.top() + row * rowHeight, above = bar + head.current.offsetHeight, below = innerHeight - bottom - rowHeight;

		if (at < above || at > below)
			scrollBy({ top: at < above ? at - above : at - below, behavior: "instant" });
		wanted.current = { row, part };
		setActive(pages.at(row)?.id ?? active);
		place.redraw(); // in any case: the focus goes there afterwards
	};
	const onKey = (event) => {
		const { target, key, shiftKey } = event;
		const row = pages.indexOf(target.closest("[data-id]")?.dataset.id ?? active);
		const part = Object.keys(parts).find((name) => target.matches(parts[name]));
		const person = pages.at(row);

		if (event.altKey || event.metaKey || (event.ctrlKey && key !== "Home" && key !== "End"))
			return;
		if (person && part && actOn({ person, part, event, selects, on }))
			return;
		const next = nextRow(key, row, Math.max(1, Math.floor(innerHeight / rowHeight) - 3), length);

		if (next === undefined || row < 0)
			return;
		event.preventDefault();
		if (shiftKey && selects && pages.at(next) && (key === "ArrowDown" || key === "ArrowUp"))
			on.select(pages.at(next), event);
		goTo(next, part ?? "link");
	};

	return { active, setActive, onKey };
}
