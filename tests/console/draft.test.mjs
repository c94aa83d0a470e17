// The draft of an invitation: what is asked of the API, and which errors are shown when.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isTyped, lacks, newDraft, nextDraft, shownErrors, toRequest, wrongGroups } from "../../src/console/invite/draft.js";

const settings = { gender_required: true, birthday_required: true, lifetime: { default: 604800, min: 60, max: 7776000 } };
const first = newDraft({ region: "DE", methods: ["link", "email"] });
const aino = {
	...first, given_name: " Aino ", family_name: "Virtanen", gender: "female", birthday: "1994-06-02", mail: "aino@example.org",
	org_unit: "ou=Registry,dc=example", method: "link",
};

test("what is empty is left out of the request", () => {
	assert.deepEqual(toRequest(aino), {
		given_name: "Aino", family_name: "Virtanen", gender: "female", birthday: "1994-06-02", mail: "aino@example.org",
		org_unit: "ou=Registry,dc=example", method: "link", fields: { display_name: "suggested", phone: "suggested", language: "suggested" },
	});
});

test("phone, groups, days and the person's own address are written as the API wants them", () => {
	const { phone, groups, expires_in, personal_mail, fields } = toRequest({
		...aino, phone: { region: "VN", number: "0912 345 678" }, groups: ["cn=a"], days: "14", method: "email", personal_mail: "a@home.example",
		fields: { phone: "free", given_name: "fixed" },
	});

	assert.deepEqual({ phone, groups, expires_in, personal_mail, fields },
		{ phone: "+84912345678", groups: ["cn=a"], expires_in: 1209600, personal_mail: "a@home.example", fields: { phone: "free" } });
});

test("an address for the mail is no part of an invitation by link", () => {
	assert.equal("personal_mail" in toRequest({ ...aino, personal_mail: "a@home.example" }), false);
});

test("what is missing is known without asking", () => {
	assert.deepEqual(lacks(aino, settings), {});
	assert.deepEqual(lacks(first, settings), {
		given_name: "required", family_name: "required", gender: "required", birthday: "required", mail: "required", org_unit: "required",
		personal_mail: "required",
	});
	assert.deepEqual(lacks({ ...aino, gender: "", birthday: "" }, { ...settings, gender_required: false, birthday_required: false }), {});
	assert.deepEqual(lacks({ ...aino, mail: "", phone: { region: "DE", number: "30 1" } }, settings), {});
	assert.deepEqual(lacks({ ...aino, birthday: "", isBirthdayBroken: true }, settings), { birthday: "not_a_date" });
});

test("days are whole ones within what the daemon takes", () => {
	for (const [days, wrong] of [["", false], ["1", false], ["90", false], ["0", true], ["91", true], ["1.5", true], ["a week", true], ["-1", true]])
		assert.equal("expires_in" in lacks({ ...aino, days }, settings), wrong, days);
});

test("an error waits until its field was left, a clash does not", () => {
	const answer = { asked: toRequest({ ...aino, uid: "Aino" }), errors: [
		{ field: "uid", code: "invalid", detail: "" }, { field: "mail", code: "taken", detail: "" }] };
	const shown = (left, isTried = false) => Object.keys(shownErrors({ draft: { ...aino, uid: "Aino" }, settings, answer, left: new Set(left), isTried }));

	assert.deepEqual(shown([]), ["mail"]);
	assert.deepEqual(shown(["uid"]).sort(), ["mail", "uid"]);
	assert.deepEqual(shown([], true).sort(), ["mail", "uid"]);
});

test("an answer about another value says nothing about this one", () => {
	const answer = { asked: toRequest(aino), errors: [{ field: "mail", code: "taken", detail: "" }, { field: "groups[1]", code: "not_found", detail: "" }] };
	const shown = shownErrors({ draft: { ...aino, mail: "other@example.org" }, settings, answer, left: new Set(), isTried: true });

	assert.deepEqual(Object.keys(shown), ["groups"]);
});

test("of the groups those are marked that something is said of", () => {
	const groups = ["cn=a", "cn=b", "cn=c"];
	const answer = { asked: { groups }, errors: [{ field: "groups[1]", code: "not_allowed", detail: "" }, { field: "uid", code: "taken", detail: "" }] };

	assert.deepEqual(wrongGroups({ draft: { groups }, answer }), ["cn=b"]);
	assert.deepEqual(wrongGroups({ draft: { groups: ["cn=c"] }, answer }), []);
	assert.deepEqual(wrongGroups({ draft: { groups }, answer: null }), []);
});

test("that something is missing is said after a first try alone", () => {
	const shown = (isTried) => Object.keys(shownErrors({ draft: { ...aino, given_name: "" }, settings, answer: null, left: new Set(["given_name"]), isTried }));

	assert.deepEqual(shown(false), []);
	assert.deepEqual(shown(true), ["given_name"]);
});

test("the next person begins at the same place and is nobody yet", () => {
	const next = nextDraft({ ...aino, position: "Archivist", groups: ["cn=a"], language: "vi", uid: "aino", phone: { region: "FI", number: "9 1" } }, ["link"]);

	assert.deepEqual([next.org_unit, next.position, next.groups, next.language, next.method, next.phone],
		[aino.org_unit, "Archivist", ["cn=a"], "", "link", { region: "FI", number: "" }]);
	assert.deepEqual([next.given_name, next.family_name, next.birthday, next.mail, next.uid], ["", "", "", "", ""]);
});

test("a country alone is nothing typed", () => {
	assert.equal(isTyped({ ...first, phone: { region: "VN", number: "" } }, first), false);
	assert.equal(isTyped({ ...first, phone: { region: "DE", number: "9" } }, first), true);
	assert.equal(isTyped({ ...first, groups: ["cn=a"] }, first), true);
});
