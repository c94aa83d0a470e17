// Who is signed in, and what they may do where. The daemon decides; this only keeps the console from offering
// what would be refused.
import { useEffect, useState } from "./html.js";
import { ApiError, remove, request } from "./api.js";

const changed = new Set();
let me = null;
let settings = null;

function set(caller) {
	me = caller;
	for (const listener of [...changed])
		listener();
}

/** CallerItem of the API, or null. */
export function whoAmI() {
	return me;
}

/** Whose directory it is. */
export function organisation() {
	return document.querySelector('meta[name="organisation"]').content;
}

/** What the daemon can do and wants: GET /settings. Known as soon as somebody is signed in. */
export function daemonSettings() {
	return settings;
}

export function may(scope) {
	return me !== null && me.scopes.includes(scope);
}

/** Rights that end at no org unit: streams and what is about all of it are for these alone. */
export function isUnlimited() {
	return me !== null && me.org_units === null;
}

// A browser has one cookie for all its tabs: when somebody else signs in, what is open here is no longer theirs to use.
const others = "BroadcastChannel" in globalThis ? new BroadcastChannel("usherd-session") : null;

if (others)
	others.onmessage = ({ data }) => me && data.id !== me.id && location.replace("/");

async function readSettings() {
	settings = (await request("GET", "/settings", { signsIn: true })).data; // others wait until this is done
}

function greet(caller) {
	set(caller);
	others?.postMessage({ id: caller.id });
	return caller;
}

/** Whether somebody is. */
export async function loadSession() {
	try {
		const [{ data: caller }] = await Promise.all([request("GET", "/session", { signsIn: true }), readSettings()]);

		return greet(caller);
	} catch (error) {
		if (error instanceof ApiError && error.status === 401)
			return null;
		throw error;
	}
}

export async function signIn(login, password) {
	const { data: caller } = await request("POST", "/session", { body: { login, password }, signsIn: true });

	await readSettings();
	return greet(caller);
}

/** The page goes with the session: whoever signs in next finds nothing of this one's in it. */
export function leavePage() {
	location.replace("/sign-in");
}

export async function signOut() {
	await remove("/session", { signsIn: true });
	leavePage();
}

export function useSession() {
	const [, redraw] = useState(0);

	useEffect(() => {
		const listener = () => redraw((n) => n + 1);

		changed.add(listener);
		return () => changed.delete(listener);
	}, []);
	return me;
}
