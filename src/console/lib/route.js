// Where one is: the path names the screen, the query its state. All of it is in the address, so that it can be
// kept, sent to a colleague, and gone back to.
import { html, useEffect, useState } from "./html.js";

const changed = new Set();

function tell() {
	for (const listener of [...changed])
		listener();
}

let guard = null; // {ask, state, at}

/** While it is held, going back stays here and calls `ask` instead. Returns how to let go. */
export function holdHere(ask) {
	const mine = { ask, state: history.state, at: location.href };

	guard = mine;
	return () => {
		if (guard === mine)
			guard = null;
	};
}

addEventListener("popstate", () => {
	if (guard === null || location.href === guard.at) {
		tell();
	} else { // the browser has gone already: here is the next step again
		history.pushState(guard.state, "", guard.at);
		guard.ask();
	}
});

/** {path, query: URLSearchParams, state: what go() kept with this entry of the history}. */
export function here() {
	return { path: location.pathname, query: new URLSearchParams(location.search), state: history.state };
}

/** `to` is a path with a query. `replace`: no new step to go back to, as while somebody types. A new step keeps where it
 *  was taken `from`. */
export function go(to, { replace = false, state = null } = {}) {
	const stays = new URL(to, location.href).pathname === location.pathname;

	if (replace)
		history.replaceState(state, "", to);
	else
		history.pushState({ ...state, from: location.pathname + location.search }, "", to);
	if (!stays)
		scrollTo(0, 0);
	tell();
}

/** Keeps something with this entry of the history; nothing is drawn for it. */
export function keepHere(state) {
	history.replaceState({ ...history.state, ...state }, "");
}

/** `path` with those of `values` that say something: null, "" and false are left out. */
export function address(path, values = {}) {
	const query = new URLSearchParams();

	for (const [name, value] of Object.entries(values))
		if (value !== null && value !== undefined && value !== "" && value !== false)
			query.set(name, value);
	// Commas and slashes may stand in a query as they are (RFC 3986, 3.4): people read addresses.
	const text = query.toString().replaceAll("%2C", ",").replaceAll("%3D", "=").replaceAll("%2F", "/");
	return text ? `${path}?${text}` : path;
}

/** Redraws the caller when the address changes. */
export function useHere() {
	const [now, set] = useState(here);

	useEffect(() => {
		const listener = () => set(here());

		changed.add(listener);
		listener(); // it may have changed since the first drawing
		return () => changed.delete(listener);
	}, []);
	return now;
}

/** A link within the console: a plain click stays in the page; one for another tab is the browser's. */
export function Link({ to, replace, children, onClick, ...rest }) {
	const follow = (event) => {
		onClick?.(event);
		if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
			return;
		event.preventDefault();
		go(to, { replace });
	};

	return html`<a href=${to} onClick=${follow} ...${rest}>${children}</a>`;
}
