// A change of a person while it is being typed, and what somebody else did to them meanwhile. No DOM.

/** In the order of the form. */
export const fields = ["given_name", "family_name", "display_name", "gender", "birthday", "position", "org_unit", "mail", "phone", "language",
	"groups"];

/** What the form begins with: texts, of which "" is none, and the DNs of the groups. */
export function draftOf(person) {
	return Object.fromEntries(fields.map((name) => [name, name === "groups" ? person.groups ?? [] : person[name] ?? ""]));
}

const tidy = (value) => (Array.isArray(value) ? value : value.trim().replace(/\s+/gu, " "));

/** Groups are the same in whatever order. */
const keyOf = (value) => (Array.isArray(value) ? JSON.stringify([...value].sort()) : value);

const isSame = (one, other) => keyOf(one) === keyOf(other);

/** What of the draft is other than the person: as PATCH /users/{id} takes it. */
export function changesOf(draft, person) {
	const before = draftOf(person);
	const changed = fields.filter((name) => !isSame(draft[name], before[name]) && !isSame(tidy(draft[name]), before[name]));

	return Object.fromEntries(changed.map((name) => [name, Array.isArray(draft[name]) ? draft[name] : tidy(draft[name]) || null]));
}

/** `draft` was begun from `base`, and the person is `now`. {draft, choices}: what was not typed is as it is now; where both
 *  sides changed or may have meant to, `choices` has {yours, theirs, chosen} of the field. */
export function mergeDraft(draft, base, now) {
	const before = draftOf(base), theirs = draftOf(now);
	const merged = { ...draft };
	const choices = {};

	for (const name of fields) {
		if (isSame(theirs[name], before[name]) || isSame(tidy(draft[name]), theirs[name]))
			continue;
		const touched = !isSame(draft[name], before[name]);

		choices[name] = { yours: draft[name], theirs: theirs[name], chosen: touched ? "yours" : "theirs" };
		merged[name] = choices[name][choices[name].chosen];
	}
	return { draft: merged, choices };
}

/** What can be known to be wrong without asking: {field: code}. Who never had what is wanted need not get it here. */
export function lacks(draft, person, { gender_required, birthday_required }) {
	const wanted = ["given_name", "family_name", ...gender_required ? ["gender"] : [], ...birthday_required ? ["birthday"] : []];
	const found = Object.fromEntries(wanted.filter((name) => draft[name].trim() === "" && person[name]).map((name) => [name, "required"]));

	return draft.isBirthdayBroken ? { ...found, birthday: "not_a_date" } : found;
}

/** Of the groups that were sent those that a refusal names. */
export function groupsNamed(errors, sent) {
	return errors.map(({ field }) => sent?.[/^groups\[(\d+)\]$/.exec(field)?.[1]]).filter(Boolean);
}
