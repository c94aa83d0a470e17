// The shell: index.html, which names what the first screen needs, so that a browser fetches all of it at once.
import { LANGUAGES } from "./words.mjs";

const PRELOAD = /[ \t]*<!-- preload -->\n?/;
const FIRST = /[ \t]*<!-- first: (.*?) -->\n?/g;
const REFERENCE = /\{\{assets\}\}\/([^"]+)/g;

const inEveryLanguage = (name) => LANGUAGES.map((language) => name.replace("{{language}}", language));

/** The names of what a browser fetches before the first screen is there: what a comment "first: NAME ..." asks for, and
 *  main.js, with what these import, in the order in which they are imported. */
export function firstOf(html, units, closure) {
	const wanted = [...html.matchAll(FIRST)].flatMap((match) => match[1].split(/\s+/));
	return closure(units, [...wanted, "main.js"]);
}

/** In the place of "preload" come the `first` ones. `files`: all that is served, by name. */
export function compose(html, first, files, mistakes) {
	if (!PRELOAD.test(html)) mistakes.push("index.html: there is no <!-- preload -->");
	const scripts = new Set([...html.matchAll(REFERENCE)].map(([, name]) => name));
	const links = first.filter((name) => !scripts.has(name)).map((name) => `<link rel="modulepreload" href="{{assets}}/${name}">\n`).join("");
	const page = html.replace(FIRST, "").replace(PRELOAD, () => links);
	for (const [, name] of page.matchAll(REFERENCE))
		for (const one of new Set(inEveryLanguage(name)))
			if (!files.has(one)) mistakes.push(`index.html: ${one} is not there`);
	return page;
}
