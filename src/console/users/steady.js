// What keeps a table steady while its rows come and go: how high they are, when one scrolls, who had the focus, and that
// printing and searching find more than what is seen.
import { useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { watchPeople } from "../lib/live.js";

const keptAfter = 200; // ms of rest before a place is kept with the history: browsers allow few changes of it
const usual = 56; // px

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

/** Whether the focus was in `element` when it was last anywhere. `onOut()`: it is elsewhere. */
export function useInside(element, onOut) {
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

/** px of a row: by the width of the list and the size of letters. */
export function useRowHeight(space, body) {
	const [height, setHeight] = useState(usual);

	useLayoutEffect(() => {
		const measure = () => {
			const now = body.current.firstElementChild?.getBoundingClientRect().height;

			if (now)
				setHeight((before) => (Math.abs(now - before) > 0.01 ? now : before));
		};
		const observer = new ResizeObserver(measure);

		measure();
		observer.observe(space.current);
		return () => observer.disconnect();
	}, []);
	return height;
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

// Changes as they happen: however many there are, the list looks at most once a second, and rows that have changed are
// tinted for a moment.
const apart = 1000, soon = 120, tinted = 2600; // ms
const toldMax = 200; // ids; more than anybody sees

const nobody = new Set();

/** The ids of rows that changed just now. */
export function useFollowed(pages) {
	const [flash, setFlash] = useState(nobody);
	const told = useRef(new Set());

	useEffect(() => {
		let timer = null, fade = null, looked = 0;
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
		const end = watchPeople(({ type, id }) => {
			if (type === "user" && told.current.size < toldMax)
				told.current.add(id);
			if (pages.query !== null)
				timer ??= setTimeout(look, Math.max(soon, looked + apart - Date.now()));
		});

		return () => {
			end();
			clearTimeout(timer);
			clearTimeout(fade);
		};
	}, []);
	return flash;
}
