// What is asked ahead of who will: once, by who reads the same, and not when something was changed meanwhile.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { begin, get, post } from "../../src/console/lib/api.js";

const asked = [];
const server = createServer((request, response) => {
	asked.push(`${request.method} ${request.url}`);
	response.writeHead(request.url.includes("nobody") ? 401 : 200, { "Content-Type": "application/json" });
	response.end(JSON.stringify({ number: asked.length }));
});
const fetchHere = globalThis.fetch;

before(async () => {
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	const origin = `http://127.0.0.1:${server.address().port}`; // of a page; node has none
	globalThis.fetch = (address, options) => fetchHere(new URL(address, origin), options);
});
beforeEach(() => { asked.length = 0; });
after(() => {
	globalThis.fetch = fetchHere;
	server.closeAllConnections();
	server.close();
});

test("who reads what was begun has its answer, and the next one asks anew", async () => {
	await begin("/users", { sort: "name", cursor: null });
	assert.deepEqual(await get("/users", { sort: "name" }), { number: 1 });
	assert.deepEqual(await get("/users", { sort: "name" }), { number: 2 });
	assert.deepEqual(asked, ["GET /api/v1/users?sort=name", "GET /api/v1/users?sort=name"]);
});

test("another question has an answer of its own", async () => {
	begin("/users", { sort: "name" });
	await get("/users", { sort: "mail" });
	assert.deepEqual(asked.sort(), ["GET /api/v1/users?sort=mail", "GET /api/v1/users?sort=name"]);
	await get("/users", { sort: "name" });
	assert.equal(asked.length, 2);
});

test("what was begun before a change is not taken after it", async () => {
	await begin("/org-units");
	await post("/org-units", { name: "Herbarium" });
	assert.deepEqual(await get("/org-units"), { number: 3 });
});

test("what went wrong is told to who reads it", async () => {
	begin("/nobody");
	await assert.rejects(get("/nobody"), { name: "ApiError", status: 401 });
	assert.equal(asked.length, 1);
});
