// Which rows of a long list are drawn: those that are seen and a few around them. No DOM.

const around = 8;  // rows before and behind
const step = 4;    // the first one is a multiple of it, so that not every pixel of scrolling draws
const tallest = 12_000_000; // px; browsers cannot lay out more than 17 million

/** `top`: px of the list above what is seen. [first, last) are seen, [from, to) are drawn. */
export function windowOf({ top, height, rowHeight, length }) {
	const clamp = (row) => Math.max(0, Math.min(length, row));
	const first = clamp(Math.floor(top / rowHeight));
	const last = Math.max(clamp(Math.ceil((top + height) / rowHeight)), clamp(first + 1));
	const from = Math.max(0, Math.floor((first - around) / step) * step);

	return { first, last, from, to: clamp(Math.ceil((last + around) / step) * step) };
}

/** The most rows that a list can have: who wants those behind searches for them. */
export function mostRows(rowHeight) {
	return Math.floor(tallest / rowHeight);
}

/** How many rows the list has moved: `before` are [id, row] of those that were seen, `now(id)` tells their row, or -1.
 *  The first that is still there counts. */
export function shift(before, now) {
	for (const [id, row] of before) {
		const at = now(id);

		if (at >= 0)
			return at - row;
	}
	return 0;
}

/** The row that a key leads to, of `row` and a list of `length`; `page`: rows of a window. Undefined: the key leads
 *  nowhere. */
export function nextRow(key, row, page, length) {
	switch (key) {
	case "ArrowDown": return row + 1;
	case "ArrowUp": return row - 1;
	case "PageDown": return Math.min(length - 1, row + page);
	case "PageUp": return Math.max(0, row - page);
	case "Home": return 0;
	case "End": return length - 1;
	default: return undefined;
	}
}

/** Which element a row is drawn with. Who is drawn keeps theirs, and who comes takes that of somebody who goes, in their
 *  order: a search that brings other people changes texts and makes no elements. */
export class Slots {
	#slots = new Map(); // of ids
	#made = 0;

	/** Map of id to slot. That of `spared`, which has the focus or a dialog that will give it back, goes to nobody else. */
	assign(ids, spared = null) {
		const stay = new Set(ids);
		const free = [...this.#slots].filter(([id]) => !stay.has(id) && id !== spared).map(([, slot]) => slot);

		this.#slots = new Map(ids.map((id) => [id, this.#slots.get(id) ?? free.shift() ?? this.#made++]));
		return this.#slots;
	}
}
