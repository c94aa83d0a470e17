// How far away a time is: days are those of the calendar.
import { test } from "node:test";
import assert from "node:assert/strict";

import { dayEnd, dayStart, distance, span } from "../../src/console/lib/time.js";

const at = (text) => new Date(text); // without a zone: where one is

test("what is near is told in its smallest unit", () => {
	const now = at("2026-11-26T12:00:00");

	assert.deepEqual(distance(at("2026-11-26T11:59:30"), now), [0, "second"]);
	assert.deepEqual(distance(at("2026-11-26T11:01:00"), now), [-59, "minute"]);
	assert.deepEqual(distance(at("2026-11-26T15:30:00"), now), [4, "hour"]);
	assert.deepEqual(distance(at("2026-11-26T08:30:00"), now), [-3, "hour"]);
});

test("yesterday is the day before this one, however many hours ago", () => {
	assert.deepEqual(distance(at("2026-11-24T23:00:00"), at("2026-11-26T01:00:00")), [-2, "day"]);
	assert.deepEqual(distance(at("2026-11-25T00:30:00"), at("2026-11-26T23:30:00")), [-1, "day"]);
	assert.deepEqual(distance(at("2026-11-25T23:00:00"), at("2026-11-26T01:00:00")), [-2, "hour"]);
	assert.deepEqual(distance(at("2026-11-28T10:00:00"), at("2026-11-26T12:00:00")), [2, "day"]);
});

test("weeks, months and years are not rounded up", () => {
	const now = at("2026-11-26T12:00:00");

	assert.deepEqual(distance(at("2026-11-13T12:00:00"), now), [-13, "day"]);
	assert.deepEqual(distance(at("2026-11-05T12:00:00"), now), [-3, "week"]);
	assert.deepEqual(distance(at("2026-08-05T12:00:00"), now), [-3, "month"]);
	assert.deepEqual(distance(at("2024-11-05T12:00:00"), now), [-2, "year"]);
});

test("a span is in the largest unit that it fills, rounded up", () => {
	assert.deepEqual(span(59), [59, "second"]);
	assert.deepEqual(span(61), [2, "minute"]);
	assert.deepEqual(span(7 * 86400), [7, "day"]);
	assert.deepEqual(span(0), [0, "second"]);
});

test("a day begins and ends where one is", () => {
	assert.equal(dayStart("2026-11-26"), new Date(2026, 10, 26).toISOString());
	assert.equal(dayEnd("2026-12-31"), new Date(2027, 0, 1).toISOString());
	assert.equal(dayStart(""), "");
	assert.equal(dayStart("soon"), "soon");
});
