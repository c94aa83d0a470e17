// The tree that the daemon carries for the console: `node make.mjs SRC NODE_MODULES OUT`.
//
//   SRC/*.js, SRC/FOLDER/*.js    modules, made small (make/scripts.mjs); file names [a-z0-9_-], one folder deep
//   SRC/style/*.css              console.css, and from 40- on more.css, in the order of their names (make/style.mjs)
//   SRC/words/*.json             words/LANGUAGE.js: what the first screen says; words/LANGUAGE-more.js: the rest
//                                (make/words.mjs)
//   SRC/index.html               the shell, with what its first screen needs named in it (make/page.mjs)
//   NODE_MODULES                 vendor/*.js and licences.txt (make/vendor.mjs)
//   SRC/../web/pages/icon.svg    icon.svg
//
// Every file but the shell, which is filled in first, has a .gz beside it, and `version` names all of it: the same sources give the same bytes. OUT.d tells make
// what was read, folders as well, so that a new file is noticed. Whatever is wrong is told at once and all together,
// each with its file; then nothing is written and the exit status is 1.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

import { compose, firstOf } from "./make/page.mjs";
import { check, closure, collect, minify } from "./make/scripts.mjs";
import { squeeze } from "./make/style.mjs";
import { licences, vendor } from "./make/vendor.mjs";
import { checkUse, readWords, writeWords } from "./make/words.mjs";

const SHELL = "index.html";
const OWN = /^[a-z0-9_-]+\.js$/;
const APART = new Set(["make", "node_modules", "style", "words"]); // folders that hold no modules

const [source, modules, out] = process.argv.slice(2).map((path) => path.replace(/\/+$/, ""));
if (out === undefined) {
	console.error("usage: node make.mjs SRC NODE_MODULES OUT");
	process.exit(2);
}

const mistakes = [];
const read = new Set([process.argv[1]]); // files and folders
for (const name of ["", ...readdirSync(new URL("make/", import.meta.url))])
	read.add(join(dirname(process.argv[1]), "make", name));

function list(folder) {
	const path = folder === "" ? source : join(source, folder);
	read.add(path);
	return readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function text(path) {
	read.add(path);
	return readFileSync(path, "utf8");
}

// Of one folder of SRC: [name in SRC, text] of the files with that suffix.
function texts(folder, suffix) {
	return list(folder)
		.filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
		.map((entry) => [join(folder, entry.name), text(join(source, folder, entry.name))]);
}

// Every module of SRC by its name. One that would not be served is a mistake, or it would be missed in the browser.
function sources() {
	const found = new Map();
	const take = (folder, isDeep) => {
		for (const entry of list(folder)) {
			const name = join(folder, entry.name);
			if (entry.isDirectory() && !(folder === "" && APART.has(entry.name))) take(name, folder !== "");
			else if (!entry.isFile() || !entry.name.endsWith(".js")) continue;
			else if (isDeep || !OWN.test(entry.name)) mistakes.push(`${name}: modules are [a-z0-9_-]+.js, one folder deep`);
			else found.set(name, text(join(source, name)));
		}
	};
	take("", false);
	return found;
}

// The time stamp and the system's byte of RFC 1952 would differ from one machine to the next.
function gzip(bytes) {
	const packed = gzipSync(bytes, { level: 9 });
	packed.fill(0, 4, 8);
	packed[9] = 255;
	return packed;
}

function versionOf(files) {
	const hash = createHash("sha256");
	for (const [name, bytes] of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
	return hash.digest("hex").slice(0, 16);
}

function write(files) {
	rmSync(out, { recursive: true, force: true });
	for (const [name, bytes] of files) {
		mkdirSync(dirname(join(out, name)), { recursive: true });
		writeFileSync(join(out, name), bytes);
		if (name !== SHELL) writeFileSync(join(out, `${name}.gz`), gzip(bytes));
	}
	writeFileSync(join(out, "version"), versionOf(files));
}

// In make's words; a file that is gone is no reason to stop.
function writeReads() {
	const paths = [...read].map((path) => path.replace(/[ #]/g, "\\$&").replace(/\$/g, "$$$$"));
	writeFileSync(`${out}.d`, `${out}/version: ${paths.join(" ")}\n${paths.map((path) => `${path}:\n`).join("")}`);
}

// The sheets of the first screen are numbered below 40.
function sheets() {
	const all = texts("style", ".css");
	return [["console.css", all.filter(([name]) => name < "style/40")], ["more.css", all.filter(([name]) => name >= "style/40")]];
}

async function make() {
	const terser = createRequire(resolve(modules, "terser/package.json"))("terser");
	const own = sources();
	const units = [
		...(await collect(terser, own, mistakes)),
		...(await collect(terser, vendor(modules, text), mistakes)),
	];
	if (mistakes.length > 0) return null; // what else is wrong may come of what could not be read
	const words = readWords(texts("words", ".json"), mistakes);
	const uses = checkUse(words, units.filter((unit) => own.has(unit.name)), mistakes);
	const page = text(join(source, SHELL));
	const first = firstOf(page, units, closure);
	const wordFiles = writeWords(words, new Set(first.flatMap((name) => [...(uses.get(name) ?? [])])));
	check(units, [...wordFiles.keys()], mistakes);

	const files = new Map();
	const add = (name, content) => {
		if (files.has(name)) mistakes.push(`${name}: two files of this name`);
		files.set(name, Buffer.from(content));
	};
	for (const unit of units) add(unit.name, own.has(unit.name) ? await minify(terser, unit) : unit.code);
	for (const [name, content] of wordFiles) add(name, content);
	for (const [name, parts] of sheets()) add(name, squeeze(parts, mistakes));
	add("icon.svg", text(join(source, "../web/pages/icon.svg")));
	add("licences.txt", licences(modules, text));
	add(SHELL, compose(page, first, files, mistakes));
	return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const files = await make().catch((error) => {
	if (error.code !== "ENOENT") throw error;
	mistakes.push(`${error.path}: there is no such file`);
});
if (mistakes.length > 0) {
	for (const mistake of mistakes) console.error(`console: ${mistake}`);
	process.exit(1);
}
write(files);
writeReads();
