// Asks what would stand in the way of the invitation, while it is still being typed. Its failing is nobody's concern:
// sending tells.
import { useCallback, useEffect, useRef, useState } from "../lib/html.js";
import { post } from "../lib/api.js";

const pause = 300; // ms without a key

/** {answer, check, put}: the newest answer, {asked, uid, errors, isFull}, or null. `check()`: at once, as when a field was
 *  left; `put(answer)`: somebody else knows something newer. `body` of draft.js; null: there is nothing to ask. */
export function usePreflight(body) {
	const [answer, setAnswer] = useState(null);
	const latest = useRef(body), asked = useRef(""), running = useRef(null), restUntil = useRef(0);
	const text = JSON.stringify(body);

	latest.current = body;
	const check = useCallback(async () => {
		const now = latest.current;

		if (now === null || JSON.stringify(now) === asked.current || Date.now() < restUntil.current)
			return;
		const stop = new AbortController();

		asked.current = JSON.stringify(now);
		running.current?.abort(); // so that an older answer never comes after a newer one
		running.current = stop;
		try {
			const { uid, errors } = await post("/invitations/preflight", now, { signal: stop.signal });

			if (!stop.signal.aborted)
				setAnswer({ asked: now, uid, errors, isFull: false });
		} catch (error) {
			if (stop.signal.aborted)
				return;
			asked.current = "";
			if (error.reason === "quota")
				setAnswer({ asked: now, uid: null, errors: [], isFull: true });
			if (error.status === 429)
				restUntil.current = Date.now() + (error.retryAfter ?? 10) * 1000;
		}
	}, []);

	useEffect(() => {
		const timer = setTimeout(check, pause);

		return () => clearTimeout(timer);
	}, [text]);
	useEffect(() => () => running.current?.abort(), []);
	const put = useCallback((newer) => {
		running.current?.abort();
		asked.current = newer ? JSON.stringify(newer.asked) : "";
		setAnswer(newer);
	}, []);
	return { answer, check, put };
}
