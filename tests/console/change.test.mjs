// A change of a person while it is typed: what is sent, and what becomes of it when somebody else was faster.
import assert from "node:assert/strict";
import { test } from "node:test";

import { changesOf, draftOf, groupsNamed, lacks, mergeDraft } from "../../src/console/person/draft.js";

const aino = {
	given_name: "Aino", family_name: "Virtanen", display_name: null, position: "Archivist", org_unit: "ou=Registry,dc=example",
	mail: "aino@example.org", phone: "+358401234567", language: null, uid: "aino.virtanen",
	gender: "female", birthday: "1994-06-02", groups: ["cn=a", "cn=b"],
};

test("nothing typed is nothing sent", () => {
	assert.deepEqual(changesOf(draftOf(aino), aino), {});
});

test("only what is other is sent, tidy, and what is emptied is removed", () => {
	const draft = { ...draftOf(aino), position: "  Head  of archives ", phone: " ", mail: " aino@example.org ", language: "fi" };

	assert.deepEqual(changesOf(draft, aino), { position: "Head of archives", phone: null, language: "fi" });
});

test("a value of the directory that is not tidy is left alone until somebody types", () => {
	const odd = { ...aino, position: "Head  of archives" };

	assert.deepEqual(changesOf(draftOf(odd), odd), {});
	assert.deepEqual(changesOf({ ...draftOf(odd), position: "Head of archives" }, odd), { position: "Head of archives" });
});

test("what others changed where nobody typed is theirs, unless somebody chooses else", () => {
	const { draft, choices } = mergeDraft({ ...draftOf(aino), phone: "" }, aino, { ...aino, position: "Director" });

	assert.deepEqual(choices, { position: { yours: "Archivist", theirs: "Director", chosen: "theirs" } });
	assert.equal(draft.position, "Director");
	assert.equal(draft.phone, "");
});

test("where both typed, what was typed here stays chosen", () => {
	const now = { ...aino, position: "Director", phone: null };
	const { draft, choices } = mergeDraft({ ...draftOf(aino), position: "Curator" }, aino, now);

	assert.deepEqual(choices.position, { yours: "Curator", theirs: "Director", chosen: "yours" });
	assert.deepEqual(choices.phone, { yours: "+358401234567", theirs: "", chosen: "theirs" });
	assert.deepEqual(changesOf(draft, now), { position: "Curator" });
});

test("there is nothing to choose where both typed the same, or what changed is not of the form", () => {
	const now = { ...aino, position: "Director", status: "suspended" };

	assert.deepEqual(mergeDraft({ ...draftOf(aino), position: " Director" }, aino, now).choices, {});
	assert.deepEqual(mergeDraft(draftOf(aino), aino, { ...aino, uid: "aino" }).choices, {});
});

test("groups are one value, whatever their order, and none is an empty list", () => {
	assert.deepEqual(changesOf({ ...draftOf(aino), groups: ["cn=b", "cn=a"] }, aino), {});
	assert.deepEqual(changesOf({ ...draftOf(aino), groups: ["cn=a", "cn=c"] }, aino), { groups: ["cn=a", "cn=c"] });
	assert.deepEqual(changesOf({ ...draftOf(aino), groups: [] }, aino), { groups: [] });
	assert.deepEqual(changesOf(draftOf({ ...aino, groups: null }), { ...aino, groups: null }), {});
});

test("groups that both changed are chosen from", () => {
	const { draft, choices } = mergeDraft({ ...draftOf(aino), groups: ["cn=a"] }, aino, { ...aino, groups: ["cn=c", "cn=b", "cn=a"] });

	assert.deepEqual(choices, { groups: { yours: ["cn=a"], theirs: ["cn=c", "cn=b", "cn=a"], chosen: "yours" } });
	assert.deepEqual(draft.groups, ["cn=a"]);
	assert.deepEqual(mergeDraft(draftOf(aino), aino, { ...aino, groups: ["cn=b", "cn=a"] }).choices, {});
});

test("what is emptied and must be there is missing, what never was there is not", () => {
	const both = { gender_required: true, birthday_required: true };

	assert.deepEqual(lacks(draftOf(aino), aino, both), {});
	assert.deepEqual(lacks({ ...draftOf(aino), gender: "", birthday: "", family_name: " " }, aino, both),
		{ family_name: "required", gender: "required", birthday: "required" });
	assert.deepEqual(lacks({ ...draftOf(aino), gender: "", birthday: "" }, aino, { gender_required: false, birthday_required: false }), {});
	assert.deepEqual(lacks(draftOf({ ...aino, gender: null }), { ...aino, gender: null }, both), {});
	assert.deepEqual(lacks({ ...draftOf(aino), isBirthdayBroken: true }, aino, both), { birthday: "not_a_date" });
});

test("a refusal names the groups that were sent", () => {
	const errors = [{ field: "mail", code: "taken" }, { field: "groups[1]", code: "not_allowed" }];

	assert.deepEqual(groupsNamed(errors, ["cn=a", "cn=b"]), ["cn=b"]);
	assert.deepEqual(groupsNamed(errors, undefined), []);
});
