// The words of the console in one language, and numbers and dates as that language writes them.
// The catalogue is words/*.json; the build checks that it is whole and makes one module of each language.

import { distance, span } from "./time.js";

const languages = { en: "English", de: "Deutsch", vi: "Tiếng Việt" };
// Letters of right-to-left scripts, and the characters that turn a line around by themselves.
const turns = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/u;
const isolates = /[\u2066-\u2069]/gu;
const chosenKey = "usherd-language";

let words = {};
let tag = "en";
let plural, number;
const formats = {}; // made when they are first wanted: each takes a while

/** What can be chosen: {tag: its own name}. */
export function allLanguages() {
	return languages;
}

export function language() {
	return tag;
}

/** Before anything is drawn. The person's own choice goes before what the browser asked the daemon for. */
export async function loadWords() {
	const wanted = remembered() ?? document.documentElement.lang;

	tag = wanted in languages ? wanted : "en";
	words = (await import(`../words/${tag}.js`)).default;
	document.documentElement.lang = tag;
	plural = new Intl.PluralRules(tag);
	number = new Intl.NumberFormat(tag);
}

function dates(name) {
	return formats[name] ??= new Intl.DateTimeFormat(tag, {
		date: { dateStyle: "medium" },
		day: { dateStyle: "long", timeZone: "UTC" },
		moment: { dateStyle: "medium", timeStyle: "short" },
		exact: { dateStyle: "full", timeStyle: "long" },
	}[name]);
}

function relative(style) {
	return formats[style] ??= new Intl.RelativeTimeFormat(tag, { numeric: "auto", style });
}

let more = null;

/** The words of all but the first screen. */
export function loadMoreWords() {
	more ??= import(`../words/${tag}-more.js`).then((module) => { words = { ...words, ...module.default }; },
		(error) => { more = null; throw error; });
	return more;
}

/** Takes effect with the next load of the page: half of a form in another language would help nobody. */
export function chooseLanguage(wanted) {
	try {
		localStorage.setItem(chosenKey, wanted);
	} catch {
		// A browser that keeps nothing: the language stays what the browser asks for.
	}
}

function remembered() {
	try {
		return localStorage.getItem(chosenKey);
	} catch {
		return null;
	}
}

/** What stands for {name}: numbers as the language writes them; a name that reads in the other direction
 *  or turns the direction round is isolated, so that it does so to itself alone (Unicode UAX 9, 2.4.3); what could end
 *  the isolation is left out. */
function fill(value) {
	if (typeof value === "number")
		return number.format(value);
	return turns.test(value) ? `\u2068${String(value).replace(isolates, "")}\u2069` : String(value);
}

function message(key, values) {
	const found = words[key];

	if (found === undefined)
		throw new Error(`no words for ${key}`);
	return typeof found === "string" ? found : found[plural.select(values.count)];
}

/** A text. `values` stand for its {names}; `count` also chooses between singular and plural. */
export function t(key, values = {}) {
	return message(key, values).replace(/\{(\w+)\}/g, (_, name) => fill(values[name]));
}

/** The same for values that are elements: children of one. */
export function tn(key, values) {
	return message(key, values).split(/\{(\w+)\}/)
		.map((part, index) => index % 2 === 0 ? part :
			typeof values[part] === "object" ? values[part] : fill(values[part]));
}

/** Whether the catalogue has the key: codes of a newer daemon have no words here. */
export function hasWords(key) {
	return key in words;
}

export function formatNumber(value) {
	return number.format(value);
}

/** Of a time of the API: "26 Nov 2026". */
export function formatDate(at) {
	return dates("date").format(new Date(at));
}

/** Of a day without a time, as a birthday is. */
export function formatDay(day) {
	const at = new Date(`${day}T00:00:00Z`);

	return Number.isNaN(at.getTime()) ? day : dates("day").format(at);
}

export function formatMoment(at) {
	return dates("moment").format(new Date(at));
}

export function formatExact(at) {
	return dates("exact").format(new Date(at));
}

/** "3 minutes ago", "tomorrow", "now"; short: "3 min. ago". */
export function formatAgo(at, isShort = false) {
	return relative(isShort ? "short" : "long").format(...distance(new Date(at), new Date()));
}

/** "7 days", "1 hour". */
export function formatSpan(seconds) {
	const [amount, unit] = span(seconds);

	return new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long" }).format(amount);
}

/** Of a language tag: "German (Austria)". */
export function languageName(of) {
	try {
		return new Intl.DisplayNames([tag], { type: "language" }).of(of);
	} catch {
		return of; // a directory holds whatever was once put there
	}
}

export function formatBytes(bytes) {
	const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
	const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));

	return new Intl.NumberFormat(tag, { style: "unit", unit: units[power], maximumFractionDigits: 1 })
		.format(bytes / 1000 ** power);
}

/** For sorting what people read. */
export function compareTexts(a, b) {
	return a.localeCompare(b, tag);
}
