// Who is selected, what can be done to them, and how it is done to many.
import assert from "node:assert/strict";
import { test } from "node:test";
import { everybody } from "../../src/console/users/query.js";
import { actionsFor } from "../../src/console/users/rules.js";
import { countSelected, freshen, isSelected, mark, noSelection, offered, selectAll } from "../../src/console/users/select.js";
import { forEach, peopleOf } from "../../src/console/users/walk.js";

const counts = { pending: 3, undeliverable: 0, expired: 2, active: 10, suspended: 1 };
const any = () => true;
const person = (id, status = "active") => ({ id, status, name: id });

async function all(people) {
	const found = [];

	for await (const one of people)
		found.push(one.id);
	return found;
}

async function* iterate(people) {
	yield* people;
}

/** What forEach() needs besides. */
function still(some) {
	return { wait: async () => {}, onStep: () => {}, signal: new AbortController().signal, ...some };
}

test("some are selected by their ids", () => {
	const two = mark(noSelection, [person("a"), person("b", "pending")], true);

	assert.equal(isSelected(two, "a"), true);
	assert.equal(isSelected(two, "c"), false);
	assert.equal(countSelected(two, counts), 2);
	assert.equal(countSelected(two, counts, ["pending"]), 1);
	assert.equal(countSelected(mark(two, [person("a")], false), counts), 1);
	assert.equal(countSelected(noSelection, counts), 0, "a selection is never changed");
});

test("everybody who matches is selected, but some", () => {
	const most = mark(selectAll(everybody), [person("a"), person("b", "pending")], false);

	assert.equal(isSelected(most, "a"), false);
	assert.equal(isSelected(most, "z"), true);
	assert.equal(countSelected(most, counts), 14);
	assert.equal(countSelected(most, counts, ["pending"]), 2);
	assert.equal(countSelected(mark(most, [person("a")], true), counts), 15);
	assert.equal(countSelected(selectAll({ ...everybody, status: "active" }), counts, ["pending"]), 0);
});

test("a status that has changed counts as it is now", () => {
	const one = mark(noSelection, [person("a")], true);

	assert.equal(freshen(one, () => person("a")), one);
	assert.equal(countSelected(freshen(one, () => person("a", "suspended")), counts, ["suspended"]), 1);
});

test("what applies is offered, to whom it applies and by who may", () => {
	const some = mark(noSelection, [person("a"), person("b", "pending"), person("c", "expired")], true);

	assert.deepEqual(offered(some, counts, any), [
		{ kind: "resend", count: 1 }, { kind: "suspend", count: 1 }, { kind: "delete", count: 1 }, { kind: "revoke", count: 1 },
		{ kind: "forget", count: 1 },
	]);
	assert.deepEqual(offered(some, counts, (scope) => scope === "users:write").map(({ kind }) => kind), ["suspend", "delete"]);
	assert.deepEqual(actionsFor("pending", any), ["resend", "link", "revoke"]);
	assert.deepEqual(actionsFor("expired", any), ["forget"], "the daemon gives no new link to what has expired");
	assert.deepEqual(actionsFor("suspended", any), ["resume", "delete"]);
	assert.deepEqual(actionsFor("active", () => false), []);
});

test("the people of a filter are walked by cursor, without those left out", async () => {
	const asked = [];
	const list = async (query, cursor) => {
		asked.push([query.status, query.q, cursor]);
		return cursor === null ? { items: [person("a"), person("b")], next_cursor: "1" } : { items: [person("c")], next_cursor: null };
	};
	const most = mark(selectAll({ ...everybody, q: "x", status: "active,pending" }), [person("b")], false);

	assert.deepEqual(await all(peopleOf(most, ["active", "suspended"], list)), ["a", "c"]);
	assert.deepEqual(asked, [["active", "x", null], ["active", "x", "1"]]);
	assert.deepEqual(await all(peopleOf(selectAll({ ...everybody, status: "pending" }), ["active"], list)), []);
	assert.equal(asked.length, 2, "nobody can match, so nobody is asked for");
});

test("at most four at once, each once, and failures are told with whom", async () => {
	const people = Array.from({ length: 50 }, (_, i) => person(`p${i}`));
	const done = [];
	let now = 0, most = 0;
	const act = async ({ id }) => {
		most = Math.max(most, ++now);
		await new Promise(setImmediate);
		now--;
		if (id === "p7")
			throw Object.assign(new Error(), { status: 409, reason: "self" });
		done.push(id);
	};
	const result = await forEach(iterate(people), still({ act }));

	assert.equal(most, 4);
	assert.equal(new Set(done).size, 49);
	assert.equal(result.done, 49);
	assert.deepEqual(result.failed.map(({ person: { id }, error }) => [id, error.reason]), [["p7", "self"]]);
});

test("who is told to wait waits, and what is busy is tried again a few times", async () => {
	const waits = [];
	const tries = { a: 0, b: 0 };
	const act = async ({ id }) => {
		tries[id]++;
		if (id === "a" && tries.a < 9)
			throw Object.assign(new Error(), { status: 429, reason: null, retryAfter: 7 });
		if (id === "b")
			throw Object.assign(new Error(), { status: 503, reason: null, retryAfter: null });
	};
	const result = await forEach(iterate([person("a"), person("b")]), still({ act, wait: async (seconds) => waits.push(seconds) }));

	assert.equal(result.done, 1);
	assert.deepEqual(result.failed.map(({ person: { id } }) => id), ["b"]);
	assert.deepEqual(tries, { a: 9, b: 4 });
	assert.equal(waits.filter((seconds) => seconds === 7).length, 8);
});

test("it stops where it is", async () => {
	const stopper = new AbortController();
	let begun = 0;
	const act = async () => {
		if (++begun === 10)
			stopper.abort();
	};
	const result = await forEach(iterate(Array.from({ length: 1000 }, (_, i) => person(`p${i}`))), still({ act, signal: stopper.signal }));

	assert.ok(begun < 20, `${begun} were begun`);
	assert.equal(result.done, begun, "what was begun is finished and counted");
});

test("a list that cannot be read ends it, and what was done is known", async () => {
	const steps = [];
	const list = async (query, cursor) => {
		if (cursor)
			throw new Error("away");
		return { items: [person("a"), person("b")], next_cursor: "1" };
	};

	await assert.rejects(forEach(peopleOf(selectAll(everybody), ["active"], list), still({ act: async () => {}, onStep: ({ done }) => steps.push(done) })), /away/);
	assert.equal(steps.at(-1), 2);
});

test("nobody is acted on who was not asked about", async () => {
	const list = async () => ({ items: [person("a"), person("b"), person("c")], next_cursor: "more" });

	assert.deepEqual(await all(peopleOf(mark(selectAll(everybody), [person("b")], false), ["active"], list, 3)), ["a", "c", "a"]);
});

test("ten in a row that nobody answers end it; what people are refused for does not, and few of them are kept", async () => {
	const failing = (status) => async () => { throw Object.assign(new Error(), { status, reason: "x" }); };
	const people = () => iterate(Array.from({ length: 500 }, (_, i) => person(`p${i}`)));
	const away = await forEach(people(), still({ act: failing(503) }));
	const refused = await forEach(people(), still({ act: failing(409) }));

	assert.equal(away.isHopeless, true);
	assert.ok(away.failures >= 10 && away.failures < 14, `${away.failures} failed`);
	assert.deepEqual([refused.isHopeless, refused.failures, refused.failed.length], [false, 500, 200]);
});
