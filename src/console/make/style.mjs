// Style sheets into one, without comments and needless white space.

// What is kept as it stands: texts, addresses without quotes, escapes. Then comments, and runs of space.
const TOKEN = new RegExp([
	/"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/, // texts
	/\burl\(\s*(?!["'\s])(?:[^)\\]|\\[^])*\)/,
	/\\(?:[0-9a-fA-F]{1,6}\s?|[^])/,
	/\/\*[^]*?\*\//,
	/\s+/,
	/[^]/,
].map((part) => part.source).join("|"), "gy");

function tokens(name, css, mistakes) {
	const found = [];
	for (const [token] of css.matchAll(TOKEN)) {
		if (token === '"' || token === "'") mistakes.push(`${name}: a text that does not end`);
		if (token === "*" && found.at(-1) === "/") mistakes.push(`${name}: a comment that does not end`);
		found.push(/^(\s|\/\*)/.test(token) ? " " : token);
	}
	const count = (brace) => found.filter((token) => token === brace).length;
	if (count("{") !== count("}")) mistakes.push(`${name}: braces that do not match`);
	return found;
}

// Space says nothing beside these. Beside others it may: "a :hover", "calc(1px + 2px)", "and (", ") and".
const BEFORE = new Set(["{", "}", ";", ",", ">", "(", "[", ":", "!"]);
const BEHIND = new Set(["{", "}", ";", ",", ">", ")", "]", "!"]);

/** `texts`: [name, css] in their order. */
export function squeeze(texts, mistakes) {
	const out = [];
	for (const token of texts.flatMap(([name, css]) => [...tokens(name, css, mistakes), " "])) {
		const last = out.at(-1);
		if (token === " " && (last === undefined || last === " " || BEFORE.has(last))) continue;
		if (last === " " && BEHIND.has(token)) out.pop();
		if (token === "}" && out.at(-1) === ";") out.pop();
		out.push(token);
	}
	return `${out.join("").trim()}\n`;
}
