// Small things that many screens show.
import { html, useEffect, useState } from "../lib/html.js";
import { organisation } from "../lib/session.js";
import { formatAgo, formatDate, formatExact, formatMoment, hasWords, t } from "../lib/words.js";
import { Icon } from "./icon.js";

const signs = {
	pending: "clock", undeliverable: "alert", expired: "close", active: "check", suspended: "pause", in_progress: "refresh",
	done: "check", revoked: "close",
};

/** Of a person or an invitation: a word, a sign and a colour; never the colour alone (WCAG 1.4.1). */
export function Status({ value }) {
	return html`<span class="status ${value}"><${Icon} name=${signs[value] ?? "info"} size="16" />${statusWord(value)}</span>`;
}

export function statusWord(value) {
	return hasWords(`status.${value}`) ? t(`status.${value}`) : value;
}

const ages = new Set(); // how to draw each again
setInterval(() => document.hidden || ages.forEach((draw) => draw((n) => n + 1)), 30_000);

// "now" does not stay.
function Age({ at, isShort }) {
	const [, draw] = useState(0);

	useEffect(() => {
		ages.add(draw);
		return () => ages.delete(draw);
	}, []);
	return formatAgo(at, isShort);
}

/** A time of the API; null is a dash. `as`: "ago", "short" (for narrow columns), "date" or "moment". The whole of it on hover. */
export function Time({ at, as = "ago" }) {
	if (!at)
		return html`<span class="none">–</span>`;
	return html`<time datetime=${at} title=${formatExact(at)}>${
		as === "ago" || as === "short" ? html`<${Age} at=${at} isShort=${as === "short"} />` : as === "date" ? formatDate(at) : formatMoment(at)}</time>`;
}

/** Whatever the directory says, in its own direction; absent is a dash. */
export function Value({ children }) {
	return children === null || children === undefined || children === "" ? html`<span class="none">–</span>` :
		html`<bdi>${children}</bdi>`;
}

const simple = /^[ -\u02ff\u0370-\u0481\u048a-\u052f\u1e00-\u1eff](?![\p{M}\u200d])/u; // begins with a letter that is one character
let segmenter = null; // making one takes longer than all rows of a list

function firstLetter(word) {
	if (simple.test(word))
		return word[0];
	segmenter ??= new Intl.Segmenter();
	return segmenter.segment(word)[Symbol.iterator]().next().value.segment;
}

/** The letters that stand for a person; colours by name, so that rows are told apart. */
export function Face({ name, size = "" }) {
	const words = (name ?? "").trim().split(/\s+/u).filter(Boolean);
	const letters = [words[0], words.length > 1 ? words.at(-1) : null].filter(Boolean).map(firstLetter).join("");
	let hue = 0;

	for (const letter of name ?? "")
		hue = (hue * 31 + letter.codePointAt(0)) % 6;
	return html`<span class="face hue-${hue} ${size}" aria-hidden="true">${letters || "?"}</span>`;
}

let arrived = false; // the first screen of a page is announced by the browser itself

/** The head of a screen: also the page's title, and where the focus goes when somebody comes here, unless the screen
 *  has put it elsewhere by now. `children` are its actions. */
export function Head({ title, about, children }) {
	useEffect(() => {
		document.title = `${title} – ${organisation()}`;
	}, [title]);
	useEffect(() => {
		if (arrived && !document.querySelector("main").contains(document.activeElement))
			document.getElementById("main").focus({ preventScroll: true });
		arrived = true;
	}, []);
	return html`<header class="head"><div><h1 id="main" tabindex="-1">${title}</h1>${about && html`<p>${about}</p>`}</div>
		<div class="head-actions">${children}</div></header>`;
}
