// The organizational units, read once for all screens that show or offer them.
import { useLayoutEffect, useState } from "./html.js";
import { get } from "./api.js";

let units = null, reading = null;
const changed = new Set();

function index(items) {
	const byDn = new Map(items.map((unit) => [unit.dn, { ...unit, below: [] }]));
	const roots = [];

	for (const unit of byDn.values())
		(byDn.get(unit.parent)?.below ?? roots).push(unit);
	return { items: [...byDn.values()], byDn, roots };
}

/** {items, byDn: Map, roots}; each unit as in the API, and `below`: its children. Throws as get() does. */
export function readUnits() {
	reading ??= get("/org-units").then(({ items }) => {
		units = index(items);
		for (const listener of [...changed])
			listener(units);
		return units;
	}).finally(() => { reading = null; });
	return reading;
}

/** {units, error, reload}: null until they are known. */
export function useUnits() {
	const [now, set] = useState(units);
	const [error, setError] = useState(null);
	const reload = () => readUnits().then(() => setError(null), setError);

	useLayoutEffect(() => { // so early that rows are not drawn twice
		changed.add(set);
		if (units === null)
			reload();
		return () => changed.delete(set);
	}, []);
	return { units: now, error, reload };
}

/** Its names from the top: ["Research", "Genetics"]. The unit that all others are in is left out, unless it is it. */
export function unitPath(units, dn) {
	const names = [];

	for (let unit = units?.byDn.get(dn); unit; unit = units.byDn.get(unit.parent))
		if (unit.parent !== null || names.length === 0)
			names.unshift(unit.name);
	return names.length > 0 ? names : [dn ? lastName(dn) : ""];
}

/** What stands first in a DN, for people: of one that is in no list. */
export function lastName(dn) {
	return /^[^=]+=((?:[^,\\]|\\.)*)/u.exec(dn)?.[1].replace(/\\(.)/gu, "$1") ?? dn;
}
