// What comes from npm: the modules as their makers built them, and their licences.
import { join } from "node:path";

const FILES = {
	"vendor/preact.js": "preact/dist/preact.module.js",
	"vendor/hooks.js": "preact/hooks/dist/hooks.module.js",
	"vendor/htm.js": "htm/dist/htm.module.js",
	"vendor/qr.js": "lean-qr/index.mjs",
};
const PLACES = { preact: "./preact.js", "preact/hooks": "./hooks.js", htm: "./htm.js" };
const PACKAGES = ["htm", "lean-qr", "preact"];

/** Map of name to code. A browser knows no packages: their names become paths. */
export function vendor(modules, text) {
	return new Map(Object.entries(FILES).map(([name, path]) => [name, text(join(modules, path))
		.replace(/^\/\/# sourceMappingURL=.*$/gm, "")
		.replace(/\b(from|import)(\s*)(["'])([^"'.][^"']*)\3/g,
			(all, word, space, quote, to) => `${word}${space}${quote}${PLACES[to] ?? to}${quote}`)
		.trimEnd() + "\n"]));
}

/** Each package's name, version and licence, as its makers wrote it. */
export function licences(modules, text) {
	return PACKAGES.map((name) => {
		const { version, license } = JSON.parse(text(join(modules, name, "package.json")));
		return `${name} ${version} (${license})\n\n${text(join(modules, name, "LICENSE")).trim()}\n`;
	}).join(`\n${"-".repeat(72)}\n\n`);
}
