// A list that is read on as somebody asks for more of it.
import { useEffect, useRef, useState } from "./html.js";
import { wasStopped } from "./api.js";

const nothing = { items: null, next: null, error: null, busy: true };

/** `read(cursor, signal)`, from the start with null, resolves to {items, next}: next is null at the end. Anew when `inputs`
 *  change. {items, next, error, busy, more, again}: `items` is null until something is known; `again` reads as many as
 *  there are and shows them until then. */
export function useMore(read, inputs) {
	const [state, setState] = useState(nothing);
	const running = useRef(null);
	const go = async (shown, items, cursor, wanted) => {
		const stop = new AbortController();

		running.current?.abort();
		running.current = stop;
		setState({ ...shown, busy: true, error: null });
		try {
			let all = items, next = cursor;

			do { // a page can be empty and lead on: what it held is not for this reader
				const page = await read(next, stop.signal);

				all = [...all, ...page.items];
				next = page.next;
			} while (next !== null && all.length < wanted);
			if (!stop.signal.aborted)
				setState({ items: all, next, error: null, busy: false });
		} catch (error) {
			if (!stop.signal.aborted && !wasStopped(error))
				setState({ ...shown, busy: false, error });
		}
	};

	useEffect(() => {
		go(nothing, [], null, 1);
		return () => running.current?.abort();
	}, inputs);
	return {
		...state,
		more: () => go(state, state.items, state.next, state.items.length + 1),
		again: () => go(state, [], null, Math.max(1, state.items?.length ?? 0)),
	};
}
