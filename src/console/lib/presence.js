// Whether somebody is there. What a screen asks for by itself ends when nobody has touched anything for as long as a
// session may be idle: a page left open must not keep it alive.
import { useEffect, useRef } from "./html.js";
import { whoAmI } from "./session.js";

const back = new Set();
let touched = Date.now();

function touch() {
	const was = isAway();

	touched = Date.now();
	if (was)
		for (const listener of [...back])
			listener();
}

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"])
	addEventListener(kind, touch, { capture: true, passive: true });

export function isAway() {
	const idle = whoAmI()?.idle_seconds;

	return idle > 0 && Date.now() - touched > idle * 1000;
}

/** `listener` is called when somebody comes back. Returns how to end it. */
export function onReturn(listener) {
	back.add(listener);
	return () => back.delete(listener);
}

/** Calls the newest `act` every `ms` while the page is seen and somebody is there; null: never. */
export function useEvery(ms, act) {
	const latest = useRef(act);

	latest.current = act;
	useEffect(() => {
		if (ms === null)
			return undefined;
		const timer = setInterval(() => document.hidden || isAway() || latest.current(), ms);
		const end = onReturn(() => latest.current());

		return () => {
			clearInterval(timer);
			end();
		};
	}, [ms]);
}
