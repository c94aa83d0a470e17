// A change of a person while it is being typed, and what somebody else did to them meanwhile. No DOM.

/** In the order of the form. */
export const fields = ["given_name", "family_name", "display_name", "position", "org_unit", "mail", "phone", "language"];

/** What the form begins with: texts, of which "" is none. */
export function draftOf(person) {
	return Object.fromEntries(fields.map((name) => [name, person[name] ?? ""]));
}

const tidy = (value) => value.trim().replace(/\s+/gu, " ");

/** What of the draft is other than the person: as PATCH /users/{id} takes it. */
export function changesOf(draft, person) {
	const before = draftOf(person);
	const changed = fields.filter((name) => draft[name] !== before[name] && tidy(draft[name]) !== before[name]);

	return Object.fromEntries(changed.map((name) => [name, tidy(draft[name]) || null]));
}

/** `draft` was begun from `base`, and the person is `now`. {draft, choices}: what was not typed is as it is now; where both
 *  sides changed or may have meant to, `choices` has {yours, theirs, chosen} of the field. */
export function mergeDraft(draft, base, now) {
	const before = draftOf(base), theirs = draftOf(now);
	const merged = { ...draft };
	const choices = {};

	for (const name of fields) {
		if (theirs[name] === before[name] || tidy(draft[name]) === theirs[name])
			continue;
		const touched = draft[name] !== before[name];

		choices[name] = { yours: draft[name], theirs: theirs[name], chosen: touched ? "yours" : "theirs" };
		merged[name] = choices[name][choices[name].chosen];
	}
	return { draft: merged, choices };
}
