// Records about a person under two ids, told as one list in pages.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readMerged } from "../../src/console/person/merge.js";

const signal = new AbortController().signal;

/** A list of ids, the newest first, in pages of `size`; an empty page stands wherever there is a null. */
function listOf(ids, size) {
	const pages = [];

	for (let from = 0; from < ids.length; from += size)
		pages.push(ids.slice(from, from + size).filter((id) => id !== null));
	return async (cursor) => ({
		items: (pages[cursor ?? 0] ?? []).map((id) => ({ id })),
		next_cursor: (cursor ?? 0) + 1 < pages.length ? (cursor ?? 0) + 1 : null,
	});
}

async function whole(asks) {
	const found = [];
	let cursor = null;

	do {
		const { items, next } = await readMerged(asks, cursor, signal);

		found.push(items.map(({ id }) => id));
		cursor = next;
	} while (cursor !== null);
	return found;
}

const numbers = (from, to, step = 1) => Array.from({ length: Math.ceil((from - to) / step) }, (_, i) => String(from - i * step).padStart(3, "0"));

test("two lists are one, the newest first, in pages", async () => {
	const pages = await whole([listOf(numbers(100, 0, 2), 7), listOf(numbers(99, 0, 2), 11)]);

	assert.deepEqual(pages.flat(), numbers(100, 0));
	assert.deepEqual(pages.map((page) => page.length), [20, 20, 20, 20, 20]);
});

test("a record of both is told once", async () => {
	assert.deepEqual((await whole([listOf(["5", "3", "1"], 2), listOf(["5", "4", "3"], 1)])).flat(), ["5", "4", "3", "1"]);
});

test("an empty page leads on, and the end is the end", async () => {
	assert.deepEqual(await whole([listOf([null, "2", null, null, "1"], 1)]), [["2", "1"]]);
	assert.deepEqual(await whole([listOf([], 5), listOf([], 5)]), [[]]);
});

test("pages are read again from a cursor as often as somebody likes", async () => {
	const asks = [listOf(numbers(30, 0), 50)];
	const { next } = await readMerged(asks, null, signal);
	const once = await readMerged(asks, next, signal);

	assert.deepEqual(await readMerged(asks, next, signal), once);
	assert.equal(once.items.length, 10);
	assert.equal(once.next, null);
});
