// Modules: what they import, export and say, whether that is there, and their small form.

// What of a module's syntax tree is of interest: a unit is { name, code, imports, exports, strings, templates, asked }.
//   imports     { to, names, isDynamic }; `to` as written, or a RegExp for a template
//   strings     every string literal; templates: of each template without a tag, its pieces
//   asked       the literal first arguments of t() and tn()
function unitOf(name, code, tree) {
	const unit = { name, code, imports: [], exports: new Set(), strings: [], templates: [], asked: [] };
	walk(tree, (node, parent) => look(unit, node, parent));
	return unit;
}

function walk(node, visit, parent = null) {
	if (Array.isArray(node)) for (const inner of node) walk(inner, visit, parent);
	else if (node !== null && typeof node === "object") {
		if (typeof node.type === "string") visit(node, parent);
		for (const [key, inner] of Object.entries(node)) if (key !== "loc") walk(inner, visit, node.type ? node : parent);
	}
}

function look(unit, node, parent) {
	const named = (id) => id.name ?? id.value;
	const imports = (to, names, isDynamic = false) => unit.imports.push({ to, names, isDynamic });
	switch (node.type) {
	case "Literal":
		if (typeof node.value === "string" && parent.source !== node) unit.strings.push(node.value);
		break;
	case "TemplateLiteral":
		if (parent.type !== "TaggedTemplateExpression" && parent.type !== "ImportExpression")
			unit.templates.push(node.quasis.map((piece) => piece.value.cooked));
		break;
	case "CallExpression":
		if (["t", "tn"].includes(node.callee.name) && typeof node.arguments[0]?.value === "string")
			unit.asked.push(node.arguments[0].value);
		break;
	case "ImportDeclaration":
		imports(node.source.value, node.specifiers.map((one) => one.type === "ImportDefaultSpecifier" ? "default"
			: one.type === "ImportNamespaceSpecifier" ? "*" : named(one.imported)));
		break;
	case "ImportExpression":
		imports(dynamic(node.source), [], true);
		break;
	case "ExportAllDeclaration":
		imports(node.source.value, ["*"]);
		unit.exports.add(node.exported === null ? "*" : named(node.exported));
		break;
	case "ExportDefaultDeclaration":
		unit.exports.add("default");
		break;
	case "ExportNamedDeclaration":
		if (node.source) imports(node.source.value, node.specifiers.map((one) => named(one.local)));
		for (const one of node.specifiers) unit.exports.add(named(one.exported));
		for (const one of node.declaration?.declarations ?? [node.declaration]) if (one) declared(one.id, unit.exports);
		break;
	}
}

function declared(id, exports) {
	walk(id, (node, parent) => {
		if (node.type === "Identifier" && !(parent?.type === "Property" && parent.key === node)) exports.add(node.name);
	});
}

// import(`./words/${language}.js`) is of any file that fits; of what is computed otherwise nothing is known.
function dynamic(node) {
	if (typeof node.value === "string") return node.value;
	if (node.type !== "TemplateLiteral") return null;
	const pieces = node.quasis.map((piece) => piece.value.cooked.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
	return new RegExp(`^${pieces.join("[^/]+")}$`);
}

/** The units of `texts` (Map of name to code); what does not parse is told with its line and left out. */
export async function collect(terser, texts, mistakes) {
	const units = [];
	for (const [name, code] of texts) {
		try {
			const { ast } = await terser.minify({ [name]: code },
				{ module: true, compress: false, mangle: false, format: { spidermonkey: true, code: false } });
			units.push(unitOf(name, code, ast));
		} catch (error) {
			mistakes.push(`${name}:${error.line}: ${error.message}`);
		}
	}
	return units;
}

/** Comments, needless space and long names gone. */
export async function minify(terser, unit) {
	const { code } = await terser.minify({ [unit.name]: unit.code },
		{ module: true, ecma: 2022, compress: { passes: 2 }, mangle: true, format: { comments: false } });
	return `${code}\n`;
}

// Where a relative import of `unit` leads; null: out of the tree.
function target(unit, to) {
	const parts = unit.name.split("/").slice(0, -1);
	for (const part of to.split("/")) {
		if (part === ".." && parts.pop() === undefined) return null;
		if (part !== "." && part !== "..") parts.push(part);
	}
	return parts.join("/");
}

function checkImport(unit, { to, names }, known, others, mistakes) {
	if (to === null) {
		mistakes.push(`${unit.name}: an import that is neither a text nor a template of one`);
		return;
	}
	if (to instanceof RegExp) {
		const folder = unit.name.includes("/") ? "../" : "./";
		if (![...known.keys(), ...others].some((name) => to.test(folder + name)))
			mistakes.push(`${unit.name}: imports ${to.source}, which fits no file`);
		return;
	}
	if (!/^\.\.?\//.test(to)) {
		mistakes.push(`${unit.name}: imports "${to}", which no browser finds: a path begins with ./ or ../`);
		return;
	}
	const name = target(unit, to);
	if (!known.has(name) && !others.includes(name)) {
		mistakes.push(`${unit.name}: imports "${to}", which is not there`);
		return;
	}
	const exports = known.get(name)?.exports ?? new Set(["default"]);
	for (const one of names)
		if (one !== "*" && !exports.has(one) && !exports.has("*"))
			mistakes.push(`${unit.name}: imports ${one} of "${to}", which does not export it`);
}

/** That all of them find what they import, among themselves and in `others` (names of modules with a default). */
export function check(units, others, mistakes) {
	const known = new Map(units.map((unit) => [unit.name, unit]));
	for (const unit of units) for (const one of unit.imports) checkImport(unit, one, known, others, mistakes);
}

/** The names of the modules that a browser fetches before `names` run, they themselves first. */
export function closure(units, names) {
	const known = new Map(units.map((unit) => [unit.name, unit]));
	const found = new Set(names);
	for (const name of found) // grows while it is walked
		for (const { to, isDynamic } of known.get(name)?.imports ?? [])
			if (!isDynamic && known.has(target({ name }, to))) found.add(target({ name }, to));
	return [...found];
}
