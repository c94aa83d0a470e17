// What the address of the people list says, in both directions.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
	askedOf, countOf, everybody, isFiltered, keyOf, moreFilters, readQuery, sortedBy, withoutFilters, writeQuery,
} from "../../src/console/users/query.js";

function read(text) {
	return readQuery(new URLSearchParams(text));
}

/** The parameters that an address would have. */
function written(query) {
	return Object.entries(writeQuery(query)).filter(([, value]) => value !== null && value !== "");
}

test("nothing said is everybody by name", () => {
	assert.deepEqual(read(""), { ...everybody });
	assert.deepEqual(written(read("")), []);
});

test("what is written is read back", () => {
	const query = {
		q: "Sæther <b>", status: "pending,expired", org_unit: "ou=A\\, B,dc=x", sort: "mail", order: "desc",
		registered_from: "2026-01-02", registered_to: null, active_to: "2026-11-30", deleted: false,
	};

	assert.deepEqual(readQuery(new URLSearchParams(written(query))), query);
	assert.equal(readQuery(new URLSearchParams(written({ ...query, deleted: true }))).deleted, true);
});

test("what is not understood is not there", () => {
	assert.deepEqual(read("status=gone,active,active&sort=shoe&order=up&registered_from=yesterday&view=big&cursor=x&add=1"),
		{ ...everybody, status: "active" });
	assert.equal(read("status=nothing").status, null);
	assert.equal(read(`q=${"x".repeat(1000)}`).q.length, 256);
});

test("the API gets what it knows, and spaces around a search change nothing", () => {
	assert.equal("deleted" in askedOf(everybody), false);
	assert.equal(askedOf(read("q=%20anna%20")).q, "anna");
	assert.equal(keyOf(read("q=anna ")), keyOf(read("q=anna")));
	assert.notEqual(keyOf(read("q=anna&order=desc")), keyOf(read("q=anna")));
});

test("a column sorts, and then the other way round", () => {
	const once = sortedBy(read(""), "mail");

	assert.deepEqual([once.sort, once.order], ["mail", "asc"]);
	assert.equal(sortedBy(once, "mail").order, "desc");
	assert.equal(sortedBy(sortedBy(once, "mail"), "name").order, "asc");
});

test("filters are counted and taken away, the order stays", () => {
	const query = read("q=a&status=active&registered_from=2026-01-01&active_to=2026-02-01&sort=mail");

	assert.equal(isFiltered(query), true);
	assert.equal(moreFilters(query), 2);
	assert.deepEqual(withoutFilters(query), { ...everybody, sort: "mail" });
	assert.equal(isFiltered(read("q=%20")), false);
});

test("counts are added up", () => {
	const counts = { pending: 1, undeliverable: 2, expired: 4, active: 8, suspended: 16 };

	assert.equal(countOf(counts), 31);
	assert.equal(countOf(counts, "active"), 8);
	assert.equal(countOf(counts, "pending,expired"), 5);
});
