// The control API: JSON, problem documents (RFC 9457), a deadline for every request, and one way to go on
// when the session has ended meanwhile: whoever asked waits until the person is back, and is asked nothing twice.

const deadline = 30_000; // ms; the daemon itself gives up earlier

/** What went wrong, for people in `message` and for programs in the rest. `status` 0: no answer came. */
export class ApiError extends Error {
	constructor(status, problem, retryAfter) {
		super(problem?.detail ?? problem?.title ?? "");
		this.name = "ApiError";
		this.status = status;
		this.reason = problem?.reason ?? null;
		this.errors = problem?.errors ?? [];
		this.requestId = problem?.request_id ?? null;
		this.retryAfter = retryAfter; // seconds, or null
	}
}

/** Somebody stopped waiting: no error that anybody is told. */
export function wasStopped(error) {
	return error?.name === "AbortError";
}

let bringBack = null, coming = null;

/** `ask` is called when a session has ended, once for all who notice. It resolves when the same person has signed in
 *  again. */
export function onSessionLost(ask) {
	bringBack = ask;
}

function personIsBack() {
	coming ??= bringBack().finally(() => { coming = null; });
	return coming;
}

function url(path, query = {}) {
	const search = new URLSearchParams();

	for (const [name, value] of Object.entries(query))
		if (value !== null && value !== undefined && value !== "")
			search.set(name, value);
	const text = search.toString();
	return `/api/v1${path}${text ? `?${text}` : ""}`;
}

async function once(method, address, { body, etag, signal, patience = deadline } = {}) {
	const headers = {}; // without one of ours, an answer that the page has preloaded fits
	const late = AbortSignal.timeout(patience);
	let answer, data;

	if (body !== undefined)
		headers["Content-Type"] = method === "PATCH" ? "application/merge-patch+json" : "application/json";
	if (etag)
		headers["If-Match"] = etag;
	try {
		answer = await fetch(address, {
			method, headers,
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: signal ? AbortSignal.any([signal, late]) : late,
			credentials: "same-origin", cache: "no-store", redirect: "error",
		});
		data = answer.status === 204 ? null : await answer.json();
	} catch (error) {
		if (signal?.aborted)
			throw new DOMException("", "AbortError");
		throw new ApiError(answer && !late.aborted ? answer.status : 0, null, null);
	}
	if (!answer.ok)
		throw new ApiError(answer.status, data, Number(answer.headers.get("Retry-After")) || null);
	return { data, status: answer.status, etag: answer.headers.get("ETag") };
}

const begunFor = 5_000; // ms
const begun = new Map(); // address: what once() has promised

/** Asks ahead of who will soon: the first who reads the same takes this answer, {data, status, etag}. */
export function begin(path, query) {
	const address = url(path, query), answer = once("GET", address);

	begun.set(address, answer);
	answer.catch(() => {}); // told to who takes it
	setTimeout(() => begun.delete(address), begunFor);
	return answer;
}

function ask(method, path, { query, ...options }) {
	const address = url(path, query), early = method === "GET" ? begun.get(address) : undefined;

	if (method !== "GET")
		begun.clear(); // what was asked before a change is old
	begun.delete(address);
	return early ?? once(method, address, options);
}

/** {data, status, etag}. Options: `query` {name: value}, `body`, `etag` (If-Match), `signal`,
 *  `patience`: ms, `signsIn`: a 401 is an answer here and no end of a session. */
export async function request(method, path, options = {}) {
	if (coming && !options.signsIn)
		await coming; // asking without a session would only count as guessing
	try {
		return await ask(method, path, options);
	} catch (error) {
		if (error.status !== 401 || options.signsIn || !bringBack)
			throw error;
	}
	await personIsBack();
	options.signal?.throwIfAborted();
	return ask(method, path, options);
}

export async function get(path, query, signal) {
	return (await request("GET", path, { query, signal })).data;
}

export async function post(path, body = {}, options = {}) {
	return (await request("POST", path, { body, ...options })).data;
}

export async function patch(path, body, options = {}) {
	return request("PATCH", path, { body, ...options });
}

export async function remove(path, options = {}) {
	return (await request("DELETE", path, options)).data;
}
