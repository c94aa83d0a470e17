// What keeps a table steady while its rows come and go: how high they are, where it stands, and that printing and
// searching find more than what is seen.
import { useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { here, keepHere } from "../lib/route.js";
import { shift, windowOf } from "./window.js";

const keptAfter = 200; // ms of rest before a place is kept with the history: browsers allow few changes of it
const aboveFirst = 4; // heights of a row that the head of the screen takes

let usual = 56; // px of a row, as it was when one was last measured

/** Printing and the browser's search get all that is here, until something else is asked for. */
export function useWhole(shown) {
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

/** [px of a row, measure()]: by the width of the list and the size of letters. measure() tells whether the rows are as
 *  high as that; if not, they are drawn again. */
export function useRowHeight(space, body) {
	const [height, setHeight] = useState(usual);
	const measure = () => {
		const now = body.current.firstElementChild?.getBoundingClientRect().height;

		if (!now || Math.abs(now - height) <= 0.01)
			return true;
		usual = now;
		setHeight(now);
		return false;
	};
	const latest = useRef(measure);

	latest.current = measure;
	useEffect(() => {
		const observer = new ResizeObserver(() => latest.current());

		observer.observe(space.current);
		return () => observer.disconnect();
	}, []);
	return [height, measure];
}

/** `look()` once for a frame in which something was scrolled, `keep()` when it has come to rest. */
export function useScroll(look, keep) {
	const latest = useRef(null);

	latest.current = { look, keep };
	useEffect(() => {
		let asked = 0, resting = null;
		const scrolled = () => {
			asked ||= requestAnimationFrame(() => {
				asked = 0;
				latest.current.look();
			});
			clearTimeout(resting);
			resting = setTimeout(() => latest.current.keep(), keptAfter);
		};

		addEventListener("scroll", scrolled, { passive: true });
		addEventListener("resize", scrolled);
		return () => {
			removeEventListener("scroll", scrolled);
			removeEventListener("resize", scrolled);
			cancelAnimationFrame(asked);
			clearTimeout(resting);
		};
	}, []);
}

/** px at the top and the bottom of the window that lie under the bar of the frame and that of a selection. */
export function covered() {
	const bar = document.querySelector(".bar").getBoundingClientRect(), selection = document.querySelector(".selection");

	return [bar.bottom < innerHeight / 2 ? bar.bottom : 0, selection ? innerHeight - selection.getBoundingClientRect().top : 0];
}

/** Of the first drawing, when nothing can be measured: the rows that will about be seen. */
function firstRange() {
	const last = Math.max(1, Math.ceil(innerHeight / usual) - aboveFirst);

	return { first: 0, last, from: 0, to: last };
}

/** Where the list stands: {range: the rows to draw, near: those that were seen, top(): px from the top of the window to
 *  the first row, were it drawn, redraw()}. It stays when rows come and go above what is seen, and is at its top when
 *  other rows come. The arguments are as PeopleTable has them. */
export function usePlace({ pages, version, returning, space, head, rowHeight, measure, length, wanted }) {
	const [range, setRange] = useState(firstRange);
	const seen = useRef([]), shown = useRef(null), near = useRef(range);
	const top = () => space.current.getBoundingClientRect().top + head.current.offsetHeight;
	const look = () => {
		const now = windowOf({ top: -top(), height: innerHeight, rowHeight, length });

		seen.current = [];
		for (let row = now.first; row < now.last; row++)
			if (pages.at(row))
				seen.current.push([pages.at(row).id, row]);
		if (now.first < near.current.first || now.last > near.current.last || now.last <= near.current.first)
			near.current = now;
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
	const arrive = () => {
		const place = returning.current ? here().state?.people : null;

		wanted.current = null;
		if (place?.row > 0)
			scrollTo(0, scrollY + top() + place.row * rowHeight);
		else if (shown.current && top() < 0)
			scrollBy(0, top() - head.current.offsetHeight - covered()[0]);
		if (place?.id && pages.indexOf(place.id) >= 0)
			wanted.current = { row: pages.indexOf(place.id), part: "link" };
		returning.current = false;
		shown.current = pages.shown;
	};

	useScroll(look, keep);
	useLayoutEffect(() => {
		if (!pages.shown)
			return;
		if (shown.current !== pages.shown) {
			if (!measure())
				return; // and once more
			arrive();
		} else if (top() < 0) {
			const rows = shift(seen.current, (id) => pages.indexOf(id));

			if (rows !== 0)
				scrollBy(0, rows * rowHeight);
		}
		look();
	}, [version, rowHeight]);
	return { range, near: near.current, top, redraw: () => setRange({ ...look() }) };
}

/** `act` behind the next frame. */
export function afterPaint(act) {
	return requestAnimationFrame(() => setTimeout(act));
}

/** Whether the first rows have been painted; `isHere`: they are there to be. */
export function usePainted(isHere) {
	const [painted, setPainted] = useState(false);

	useLayoutEffect(() => {
		const frame = isHere ? afterPaint(() => setPainted(true)) : 0;

		return () => cancelAnimationFrame(frame);
	}, [isHere]);
	return painted;
}

// Changes as they happen: however many there are, the list looks at most once a second, and rows that have changed are
// tinted for a moment.
const apart = 1000, soon = 120, tinted = 2600; // ms
const toldMax = 200; // ids; more than anybody sees

const nobody = new Set();

/** {flash: the ids of rows that changed just now, liveness: whether changes are told, as lib/live.js says}. What tells of
 *  them is fetched when the list is there. */
export function useFollowed(pages) {
	const [flash, setFlash] = useState(nobody);
	const [liveness, setLiveness] = useState("connecting");
	const told = useRef(new Set());

	useEffect(() => {
		let timer = null, fade = null, looked = 0, ends = [];
		const look = () => {
			timer = null;
			looked = Date.now();
			const ids = told.current;

			told.current = new Set();
			pages.refresh();
			if (ids.size === 0)
				return;
			setFlash(ids);
			clearTimeout(fade);
			fade = setTimeout(() => setFlash(nobody), tinted);
		};
		const hear = ({ type, id }) => {
			if (type === "user" && told.current.size < toldMax)
				told.current.add(id);
			if (pages.query !== null)
				timer ??= setTimeout(look, Math.max(soon, looked + apart - Date.now()));
		};

		import("../lib/live.js").then(({ watchLiveness, watchPeople }) => {
			if (ends !== null)
				ends = [watchPeople(hear), watchLiveness(setLiveness)];
		}, () => ends !== null && setLiveness("stale"));
		return () => {
			for (const end of ends)
				end();
			ends = null;
			clearTimeout(timer);
			clearTimeout(fade);
		};
	}, []);
	return { flash, liveness };
}
