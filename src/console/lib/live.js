// Changes of the people list as they happen. One stream for a browser, however many tabs it has: of one origin there
// are six connections (HTTP/1.1), and a stream keeps one. The tab that holds a lock keeps the stream and tells the
// others. A tab that nobody looks at or touches lets go. Who has rights in a part only is told nothing by the daemon
// and asks again from time to time.
import { get } from "./api.js";
import { isAway, onReturn } from "./presence.js";
import { isUnlimited, may } from "./session.js";

const pollEvery = 15_000, hiddenFor = 20_000, againAfter = 3_000, lookEvery = 30_000; // ms
const listeners = new Set(), watchers = new Set();
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("usherd-people") : null;
let state = "connecting"; // "live", "connecting", "stale", "polling"
let leaving = null, holds = false, hidden = null;

function tell(event) {
	for (const listener of [...listeners])
		listener(event);
}

function become(next) {
	state = next;
	for (const watcher of [...watchers])
		watcher(next);
}

function receive(message) {
	if (message.ask)
		holds && channel.postMessage({ state });
	else if (message.state)
		become(message.state);
	else
		tell(message);
}

/** To this tab and the others. */
function spread(message) {
	receive(message);
	channel?.postMessage(message);
}

if (channel)
	channel.onmessage = ({ data }) => leaving && receive(data);

/** Until `signal` says so. A stream that breaks is taken up by the browser, and the daemon tells what it missed; of what
 *  was before a new one it knows nothing, so that everybody looks again. */
function stream(signal) {
	return new Promise((resolve) => {
		let source, again;
		const open = () => {
			let isNew = true;

			if (signal.aborted)
				return;
			source = new EventSource("/api/v1/events");
			source.onopen = () => {
				spread({ state: "live" });
				if (isNew)
					spread({ type: "reset" });
				isNew = false;
			};
			source.onerror = () => {
				spread({ state: "stale" });
				if (source.readyState === EventSource.CLOSED) // it was refused: who are we?
					get("/session", {}, signal).catch(() => {}).then(() => { again = setTimeout(open, againAfter); });
			};
			source.addEventListener("user", (event) => spread({ type: "user", ...JSON.parse(event.data) }));
			source.addEventListener("reset", () => spread({ type: "reset" }));
		};

		holds = true;
		open();
		signal.addEventListener("abort", () => {
			holds = false;
			clearTimeout(again);
			source.close();
			resolve();
		});
	});
}

function start() {
	if (leaving || listeners.size === 0 || document.hidden || !may("users:read"))
		return;
	leaving = new AbortController();
	const { signal } = leaving;

	if (!isUnlimited()) {
		become("polling");
		const polling = setInterval(() => tell({ type: "poll" }), pollEvery);
		signal.addEventListener("abort", () => clearInterval(polling));
	} else if (navigator.locks) {
		navigator.locks.request("usherd-people", { signal }, () => stream(signal)).catch(() => {});
		channel?.postMessage({ ask: true }); // who waits for the lock hears from whoever has it
	} else {
		stream(signal); // locks are for secure contexts alone
	}
}

function stop() {
	leaving?.abort();
	leaving = null;
	become("connecting");
}

// Nobody listened meanwhile.
function resume() {
	if (leaving || listeners.size === 0)
		return;
	start();
	tell({ type: "reset" });
}

document.addEventListener("visibilitychange", () => {
	clearTimeout(hidden);
	if (document.hidden)
		hidden = setTimeout(stop, hiddenFor);
	else
		resume();
});
setInterval(() => leaving && isAway() && stop(), lookEvery);
onReturn(resume);

/** `listener` hears {type: "user", id, change, status}, {type: "reset"} and {type: "poll"}: look again. Returns how
 *  to end it. */
export function watchPeople(listener) {
	listeners.add(listener);
	start();
	return () => {
		listeners.delete(listener);
		if (listeners.size === 0)
			stop();
	};
}

/** `watcher` hears the state, now and whenever it changes. Returns how to end it. */
export function watchLiveness(watcher) {
	watchers.add(watcher);
	watcher(state);
	return () => watchers.delete(watcher);
}
