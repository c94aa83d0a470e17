// Which units of a tree are to be seen, in which order: no DOM, so that it can be tested by itself.
import { fold } from "../lib/fold.js";

/** [{unit, level, open, position, siblings}]: `open` is null for a unit with none below. `isOpen(unit)` decides;
 *  with `words` those that match are shown, and what they are in. */
export function visibleRows(roots, isOpen, words = "") {
	const wanted = fold(words).split(/\s+/u).filter(Boolean);
	const rows = [];
	const matches = ({ name, description }) => {
		const text = fold(`${name} ${description ?? ""}`);

		return wanted.every((word) => text.includes(word));
	};
	const add = (units, level) => {
		let found = false;

		for (const [index, unit] of units.entries()) {
			const at = rows.length;
			const row = { unit, level, open: null, position: index + 1, siblings: units.length, hit: false };

			rows.push(row);
			row.hit = wanted.length > 0 && matches(unit);
			const shown = wanted.length > 0 || isOpen(unit);
			const below = unit.below.length > 0 && shown && add(unit.below, level + 1);

			if (wanted.length > 0 && !row.hit && !below)
				rows.length = at;
			else
				found = true;
			if (unit.below.length > 0)
				row.open = wanted.length > 0 ? below : shown;
		}
		return found;
	};

	add(roots, 1);
	return rows;
}

/** Those that `dn` is in, from the top. */
export function ancestors(byDn, dn) {
	const found = [];

	for (let unit = byDn.get(byDn.get(dn)?.parent); unit; unit = byDn.get(unit.parent))
		found.unshift(unit);
	return found;
}
