// The paging of the people list against a daemon that lives in an array: rows come and go, pages are let go and read again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pages } from "../../src/console/users/pages.js";
import { pageSize } from "../../src/console/users/query.js";

const query = { q: "" };

/** People who are found by the place of the last one seen, as the daemon's cursors do. */
class Daemon {
	constructor(count) {
		this.people = Array.from({ length: count }, (_, i) => ({ id: `p${i}`, key: i, status: "active" }));
		this.asked = [];
		this.fails = null;
		this.held = null; // while set, answers wait for it
	}

	read = async (asked, cursor, signal) => {
		const ask = { query: asked, cursor, aborted: false };

		this.asked.push(ask);
		signal.addEventListener("abort", () => { ask.aborted = true; });
		await this.held;
		if (signal.aborted)
			throw new DOMException("", "AbortError");
		if (this.fails)
			throw this.fails;
		const from = cursor === null ? 0 : this.people.findIndex(({ key }) => key > Number(cursor));
		const items = from < 0 ? [] : this.people.slice(from, from + pageSize);
		const more = from >= 0 && from + pageSize < this.people.length;

		return {
			items: items.map((person) => ({ ...person })), total: this.people.length, counts: { active: this.people.length },
			next_cursor: more ? String(items.at(-1).key) : null,
		};
	};
}

/** Until nothing is under way. */
async function settled(pages) {
	do
		await new Promise(setImmediate);
	while (pages.running);
}

async function opened(count) {
	const daemon = new Daemon(count);
	const pages = new Pages(daemon.read, () => {});

	pages.search(query);
	await settled(pages);
	daemon.asked.length = 0;
	return { daemon, pages };
}

test("the first page is read, and no more until the next one is near", async () => {
	const daemon = new Daemon(100_000);
	const pages = new Pages(daemon.read, () => {});

	pages.search(query);
	await settled(pages);
	pages.see(0, 20);
	await settled(pages);
	assert.equal(daemon.asked.length, 1);
	assert.equal(pages.total, 100_000);
	assert.equal(pages.length, 2 * pageSize, "a page and the one to come");
	assert.equal(pages.at(0).id, "p0");
	assert.equal(pages.at(pageSize), undefined);
	pages.see(pageSize - 49, pageSize - 29);
	await settled(pages);
	assert.equal(daemon.asked.length, 2);
	assert.equal(pages.at(pageSize).id, `p${pageSize}`);
});

test("nobody matches", async () => {
	const { pages } = await opened(0);

	assert.equal(pages.length, 0);
	assert.equal(pages.at(0), undefined);
	assert.deepEqual(pages.loaded(), [0, 0]);
});

test("where nobody was, whoever comes is seen", async () => {
	const { daemon, pages } = await opened(0);

	pages.see(0, 0);
	daemon.people.push({ id: "new", key: 1, status: "active" });
	pages.refresh();
	await settled(pages);
	assert.equal(pages.at(0)?.id, "new");
	assert.equal(pages.total, 1);
	daemon.asked.length = 0;
	daemon.people.length = 0;
	pages.refresh();
	await settled(pages);
	assert.equal(pages.total, 0);
	assert.equal(daemon.asked.length, 1, "an empty list is not asked for again and again");
});

test("the last page ends the list", async () => {
	const { daemon, pages } = await opened(pageSize + 7);

	assert.equal(pages.length, pageSize + 7);
	pages.see(pageSize, pageSize + 7);
	await settled(pages);
	assert.equal(daemon.asked.length, 1, "there is no page to read ahead");
});

test("scrolling reads ahead and keeps a bounded number of pages", async () => {
	const { daemon, pages } = await opened(100_000);

	for (let row = 0; row < 60 * pageSize; row += 20) {
		pages.see(row, row + 20);
		await settled(pages);
		assert.equal(pages.at(row)?.id, `p${row}`);
	}
	assert.ok(pages.pages.size <= 40, `${pages.pages.size} pages are kept`);
	assert.equal(pages.at(0), undefined, "the first ones were let go");
	assert.equal(new Set(daemon.asked.map(({ cursor }) => cursor)).size, daemon.asked.length, "nothing was asked for twice");
});

test("what was let go is read again by its cursor, wherever one jumps to", async () => {
	const { daemon, pages } = await opened(100_000);

	for (let row = 0; row < 50 * pageSize; row += pageSize) {
		pages.see(row, row + 20);
		await settled(pages);
	}
	daemon.asked.length = 0;
	pages.see(320, 330);
	await settled(pages);
	assert.equal(pages.at(320).id, "p320");
	assert.deepEqual(daemon.asked.map(({ cursor }) => cursor), ["299", "349", "249"], "what is seen first, then its neighbours");
	assert.deepEqual(pages.loaded(), [250, 400]);
});

test("a place far down is reached again through the pages before it", async () => {
	const daemon = new Daemon(10_000);
	const pages = new Pages(daemon.read, () => {});

	pages.search(query, 3050);
	await settled(pages);
	assert.equal(pages.length, 3050, "one can go there before it is known");
	pages.see(3020, 3050);
	await settled(pages);
	assert.equal(pages.at(3049).id, "p3049");
	pages.see(3021, 3051);
	await settled(pages);
	assert.equal(pages.length, 3150, "and the list goes on as ever");
});

test("a place that is not there any more is the end", async () => {
	const daemon = new Daemon(150);
	const pages = new Pages(daemon.read, () => {});

	pages.search(query, 3050);
	await settled(pages);
	assert.equal(pages.length, 150);
});

test("of many searches the last one counts, and one request is under way", async () => {
	const daemon = new Daemon(10);
	const pages = new Pages(daemon.read, () => {});
	let release;

	daemon.held = new Promise((resolve) => { release = resolve; });
	for (const q of ["a", "an", "ann", "anna"])
		pages.search({ q });
	assert.deepEqual(daemon.asked.map(({ aborted }) => aborted), [true, true, true, false]);
	assert.equal(pages.shown, null);
	release();
	await settled(pages);
	assert.equal(pages.shown.q, "anna");
	assert.equal(daemon.asked.length, 4);
});

test("the old rows stay until the new ones are there", async () => {
	const { daemon, pages } = await opened(500);
	let release;

	daemon.held = new Promise((resolve) => { release = resolve; });
	daemon.people = daemon.people.slice(400);
	pages.search({ q: "x" });
	await new Promise(setImmediate);
	assert.equal(pages.at(0).id, "p0");
	assert.equal(pages.length, 2 * pageSize);
	release();
	await settled(pages);
	assert.equal(pages.at(0).id, "p400");
	assert.equal(pages.length, 100);
	assert.equal(pages.at(100), undefined);
});

test("a failure keeps the rows, and the list goes on when it is tried again", async () => {
	const { daemon, pages } = await opened(1000);

	daemon.fails = new Error("away");
	pages.see(150, 170);
	await settled(pages);
	assert.equal(pages.error, daemon.fails);
	assert.equal(pages.at(0).id, "p0");
	pages.see(160, 180);
	await settled(pages);
	assert.equal(daemon.asked.length, 1, "it does not knock by itself");
	daemon.fails = null;
	pages.retry();
	await settled(pages);
	assert.equal(pages.error, null);
	assert.equal(pages.at(160).id, "p160");
});

test("a refresh reads what is seen, and rows that are the same stay the same objects", async () => {
	const { daemon, pages } = await opened(1000);
	const before = [pages.at(3), pages.at(4)];

	daemon.people[4] = { ...daemon.people[4], status: "suspended" };
	pages.see(0, 20);
	pages.refresh();
	await settled(pages);
	assert.equal(daemon.asked.length, 1);
	assert.equal(pages.at(3), before[0]);
	assert.notEqual(pages.at(4), before[1]);
	assert.equal(pages.at(4).status, "suspended");
});

test("a person who is gone moves the page behind, which is read again when it is seen", async () => {
	const { daemon, pages } = await opened(1000);

	daemon.people.splice(10, 1);
	pages.see(0, 20);
	pages.refresh();
	await settled(pages);
	assert.equal(pages.total, 999);
	assert.equal(pages.at(49).id, "p50");
	pages.see(40, 60);
	await settled(pages);
	assert.deepEqual([48, 49, 50, 51].map((row) => pages.at(row).id), ["p49", "p50", "p51", "p52"]);
});

test("a list that shrinks to its first page ends there, and one that grows goes on", async () => {
	const { daemon, pages } = await opened(250);
	const all = daemon.people;

	pages.see(200, 250);
	await settled(pages);
	assert.equal(pages.length, 250);
	daemon.people = all.slice(0, 30);
	pages.see(0, 20);
	pages.refresh();
	await settled(pages);
	assert.equal(pages.length, 30);
	daemon.people = all;
	pages.refresh();
	await settled(pages);
	assert.equal(pages.length, 2 * pageSize);
	pages.see(150, 170);
	await settled(pages);
	assert.equal(pages.length, 250);
	assert.equal(pages.at(150).id, "p150");
});

test("a change while a page is under way is looked at afterwards", async () => {
	const { daemon, pages } = await opened(1000);
	let release;

	daemon.held = new Promise((resolve) => { release = resolve; });
	pages.refresh();
	pages.refresh();
	daemon.people[0] = { ...daemon.people[0], status: "suspended" };
	pages.refresh();
	assert.equal(daemon.asked.length, 1);
	release();
	await settled(pages);
	assert.equal(daemon.asked.length, 2, "once, however often it was told");
	assert.equal(pages.at(0).status, "suspended");
});

test("a person is put in their place, and found by their id", async () => {
	const { pages } = await opened(1000);

	pages.see(140, 160);
	await settled(pages);
	pages.put({ id: "p150", status: "suspended" });
	assert.deepEqual(pages.at(150), { id: "p150", key: 150, status: "suspended" });
	assert.equal(pages.indexOf("p150"), 150);
	assert.equal(pages.indexOf("nobody"), -1);
});
