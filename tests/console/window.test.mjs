// Which rows of a long list are drawn, and how it stays where it is while rows come and go above.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots, mostRows, shift, windowOf } from "../../src/console/users/window.js";

test("what is seen is drawn, and a little around it", () => {
	const { first, last, from, to } = windowOf({ top: 56 * 1000, height: 560, rowHeight: 56, length: 100_000 });

	assert.deepEqual([first, last], [1000, 1010]);
	assert.ok(from <= 992 && from > 985);
	assert.ok(to >= 1018 && to < 1025);
});

test("at either end nothing is drawn that is not there", () => {
	assert.deepEqual(windowOf({ top: -300, height: 560, rowHeight: 56, length: 3 }), { first: 0, last: 3, from: 0, to: 3 });
	assert.deepEqual(windowOf({ top: 56 * 500, height: 560, rowHeight: 56, length: 3 }), { first: 3, last: 3, from: 0, to: 3 });
	assert.deepEqual(windowOf({ top: 0, height: 560, rowHeight: 56, length: 0 }), { first: 0, last: 0, from: 0, to: 0 });
});

test("a list below the window has its first row drawn", () => {
	const { first, last } = windowOf({ top: -900, height: 600, rowHeight: 56, length: 10 });

	assert.deepEqual([first, last], [0, 1]);
});

test("a few pixels of scrolling draw nothing anew", () => {
	const at = (top) => windowOf({ top, height: 560, rowHeight: 56, length: 1000 });

	assert.equal(at(56 * 40).from, at(56 * 41).from);
});

test("the list follows the first row that is still there", () => {
	const before = [["a", 10], ["b", 11], ["c", 12]];
	const now = (rows) => (id) => rows[id] ?? -1;

	assert.equal(shift(before, now({ a: 10, b: 11, c: 12 })), 0);
	assert.equal(shift(before, now({ a: 12, b: 13, c: 14 })), 2);
	assert.equal(shift(before, now({ b: 10, c: 11 })), -1, "the first one is gone");
	assert.equal(shift(before, now({})), 0);
});

test("no list is higher than browsers can lay out", () => {
	assert.ok(mostRows(56) * 56 < 17_000_000);
	assert.ok(mostRows(56) > 200_000);
});

test("who stays keeps their element, who comes takes one that is left", () => {
	const slots = new Slots();
	const of = (...ids) => ids.map((id) => slots.assign(ids).get(id));

	assert.deepEqual(of("a", "b", "c"), [0, 1, 2]);
	assert.deepEqual(of("x", "y", "z"), [0, 1, 2], "another search");
	assert.deepEqual(of("y", "z", "n"), [1, 2, 0], "scrolled on");
	assert.deepEqual(of("new", "y", "z", "n"), [3, 1, 2, 0], "somebody was added");
	assert.deepEqual([...slots.assign(["y", "o"], "n").values()], [1, 3], "that of n is spared");
	assert.deepEqual(of("y"), [1]);
	assert.equal(new Set(of("y", "p", "q", "r", "s")).size, 5);
});
