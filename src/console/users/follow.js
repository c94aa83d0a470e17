// Changes as they happen: however many there are, the list looks at most once a second, and rows that have changed are
// tinted for a moment.
import { useEffect, useRef, useState } from "../lib/html.js";
import { watchPeople } from "../lib/live.js";

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
