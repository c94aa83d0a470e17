// The texts of the console: SRC/words/*.json, each {"area.key": [english, german, vietnamese]}. One is a text with
// {name} placeholders, or an object of the plural forms that its language has, chosen by {count}.

export const LANGUAGES = ["en", "de", "vi"];

const KEY = /^[a-z_]+(\.[a-z0-9_]+)+$/;
const PLACEHOLDER = /\{([a-zA-Z_][a-zA-Z0-9_]*)\}/g;

const areaOf = (key) => key.split(".")[0];

// JSON.parse keeps the last of two members with the same name and says nothing.
function* keysOf(json) {
	let depth = 0;
	for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
		if (token === "{" || token === "[") depth++;
		else if (token === "}" || token === "]") depth--;
		else if (depth === 1 && token.endsWith(":")) yield JSON.parse(token.slice(0, -1));
	}
}

/** Map of key to { file, texts }. What is wrong with one is told with its file and key. */
export function readWords(files, mistakes) {
	const words = new Map();
	for (const [file, json] of files) {
		let catalogue;
		try {
			catalogue = JSON.parse(json);
		} catch (error) {
			mistakes.push(`${file}: ${error.message}`);
			continue;
		}
		const seen = new Set();
		for (const key of keysOf(json)) {
			if (seen.has(key)) mistakes.push(`${file}: ${key}: twice`);
			else if (words.has(key)) mistakes.push(`${file}: ${key}: also in ${words.get(key).file}`);
			seen.add(key);
		}
		for (const [key, texts] of Object.entries(catalogue)) {
			for (const why of faults(key, texts)) mistakes.push(`${file}: ${key}: ${why}`);
			words.set(key, { file, texts });
		}
	}
	return words;
}

function* faults(key, texts) {
	if (!KEY.test(key)) yield "a key is area.name, of a-z, 0-9 and _";
	if (!Array.isArray(texts)) {
		yield `not a list of ${LANGUAGES.join(", ")}`;
		return;
	}
	if (texts.length > LANGUAGES.length) yield `more than ${LANGUAGES.join(", ")}`;
	const shapes = LANGUAGES.map((language, i) => shapeOf(texts[i], language));
	for (const { why } of shapes) if (why) yield why;
	if (shapes.some(({ why }) => why)) return;
	if (new Set(shapes.map(({ isPlural }) => isPlural)).size > 1) yield "plural forms in some languages only";
	else if (new Set(shapes.map(({ names }) => names)).size > 1)
		yield `placeholders differ: ${shapes.map(({ names }, i) => `${LANGUAGES[i]} has ${names || "none"}`).join(", ")}`;
}

// { why } when it is wrong, else { isPlural, names }: the names of its placeholders, in order.
function shapeOf(text, language) {
	const isPlural = text !== null && typeof text === "object" && !Array.isArray(text);
	const forms = isPlural ? Object.values(text) : [text];
	if (text === undefined || text === null) return { why: `${language} is missing` };
	if (forms.some((form) => typeof form !== "string")) return { why: `${language} is no text` };
	if (forms.some((form) => form.trim() === "")) return { why: `${language} is empty` };
	if (forms.some((form) => /[{}]/.test(form.replace(PLACEHOLDER, ""))))
		return { why: `${language} has a brace that belongs to no placeholder` };
	if (!isPlural) return { isPlural, names: placeholders(text) };
	const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.slice().sort().join(", ");
	const given = Object.keys(text).sort().join(", ");
	if (given !== wanted) return { why: `${language} has the plural forms ${given || "none"} instead of ${wanted}` };
	// "one" may do without its number.
	const names = new Set(forms.map((form) => placeholders(form, "count")));
	if (names.size > 1) return { why: `placeholders differ between the plural forms of ${language}` };
	return { isPlural, names: [...names][0] };
}

function placeholders(text, without = "") {
	const names = [...text.matchAll(PLACEHOLDER)].map((match) => match[1]).filter((name) => name !== without);
	return [...new Set(names)].sort().map((name) => `{${name}}`).join(" ");
}

/** That the sources ask for what is there, and for all of it. A key is a literal, or `area.prefix${x}`, which stands
 *  for every key with that prefix. Returns who asks for what: Map of a unit's name to a Set of keys. */
export function checkUse(words, units, mistakes) {
	const areas = new Set([...words.keys()].map(areaOf));
	const uses = new Map();
	for (const unit of units) {
		const used = new Set();
		uses.set(unit.name, used);
		const literals = unit.strings.filter((text) => KEY.test(text) && areas.has(areaOf(text)));
		const plain = unit.templates.filter((pieces) => pieces.length === 1).map(([text]) => text);
		literals.push(...plain.filter((text) => KEY.test(text) && areas.has(areaOf(text))));
		for (const key of new Set([...literals, ...unit.asked])) {
			if (!words.has(key)) mistakes.push(`${unit.name}: ${key} is not among the words`);
			used.add(key);
		}
		for (const pieces of unit.templates.filter((some) => some.length > 1))
			for (const key of built(unit, pieces, words, areas, mistakes)) used.add(key);
	}
	const all = new Set([...uses.values()].flatMap((used) => [...used]));
	for (const [key, { file }] of words) if (!all.has(key)) mistakes.push(`${file}: ${key}: used nowhere`);
	return uses;
}

// The keys that a template of these pieces may make.
function built(unit, pieces, words, areas, mistakes) {
	const [prefix] = pieces;
	if (!/^[a-z_]+\.[a-z0-9_.]*$/.test(prefix) || !areas.has(areaOf(prefix))) return [];
	const shown = `\`${pieces.join("${}")}\``;
	if (pieces.length > 2 || pieces[1] !== "") {
		mistakes.push(`${unit.name}: ${shown}: a key is built as \`area.prefix\${x}\`, or not at all`);
		return [];
	}
	const keys = [...words.keys()].filter((key) => key.startsWith(prefix));
	if (keys.length === 0) mistakes.push(`${unit.name}: ${shown}: none of the words begins so`);
	return keys;
}

/** Map of name to code: for each language a module of what is asked for at once (`first`, a Set of keys), and one of
 *  the rest. */
export function writeWords(words, first) {
	const files = new Map();
	for (const [i, language] of LANGUAGES.entries())
		for (const [name, isFirst] of [[language, true], [`${language}-more`, false]]) {
			const some = [...words].filter(([key]) => first.has(key) === isFirst);
			const texts = Object.fromEntries(some.map(([key, { texts: all }]) => [key, all[i]]));
			files.set(`words/${name}.js`, `export default ${JSON.stringify(texts)};\n`);
		}
	return files;
}
