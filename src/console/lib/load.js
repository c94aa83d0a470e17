// Reading from the API for a screen: what was there stays visible while something newer is on its way, and when that
// fails.
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { wasStopped } from "./api.js";

/** `read(signal)` when `inputs` change. {data, error, busy, reload, put}: `data` is of these inputs or, while
 *  `busy`, of the ones before; `put` sets it without asking (after a change whose answer tells it). */
export function useLoad(read, inputs) {
	const [state, setState] = useState({ data: null, error: null, busy: true });
	const running = useRef(null);

	const reload = useCallback(async () => {
		const stop = new AbortController();

		running.current?.abort();
		running.current = stop;
		setState((before) => ({ ...before, busy: true }));
		try {
			const data = await read(stop.signal);

			if (!stop.signal.aborted)
				setState({ data, error: null, busy: false });
		} catch (error) {
			if (!stop.signal.aborted && !wasStopped(error))
				setState((before) => ({ ...before, error, busy: false }));
		}
	}, inputs);

	useEffect(() => {
		reload();
		return () => running.current?.abort();
	}, [reload]);
	const put = useCallback((data) => setState({ data, error: null, busy: false }), []);
	return { ...state, reload, put };
}

/** `value`, once it has been the same for `ms`. */
export function useSettled(value, ms) {
	const [settled, set] = useState(value);

	useEffect(() => {
		const timer = setTimeout(() => set(value), ms);

		return () => clearTimeout(timer);
	}, [value, ms]);
	return settled;
}
