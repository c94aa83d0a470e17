// Reading from the API for a screen: what was there stays visible while something newer is on its way, and when that
// fails.
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { wasStopped } from "./api.js";

/** `read(signal)` when `inputs` change. {data, error, busy, reload, refresh}: `data` is of these inputs or, while
 *  `busy`, of the ones before. `reload` asks anew, as after a change; `refresh` waits for an answer that is on its way:
 *  one that asks again and again must let the deadline of a silent daemon pass. */
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
		} finally {
			if (running.current === stop)
				running.current = null;
		}
	}, inputs);

	useEffect(() => {
		reload();
		return () => running.current?.abort();
	}, [reload]);
	const refresh = useCallback(() => running.current === null && reload(), [reload]);
	return { ...state, reload, refresh };
}
