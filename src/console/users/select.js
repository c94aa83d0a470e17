// Who is selected: some, by their ids, or everybody who matches a query but some. Values are never changed, only made
// anew. No DOM.
import { countOf } from "./query.js";
import { actions } from "./rules.js";

const nobody = new Map();

/** `all`: the query whose matches are selected, without those in `people`; null: those in `people` are. */
export const noSelection = Object.freeze({ all: null, people: nobody });

export function selectAll(query) {
	return { all: query, people: nobody };
}

export function isSelected({ all, people }, id) {
	return people.has(id) !== (all !== null);
}

/** With `some` selected or, with `on` false, not. */
export function mark(selection, some, on) {
	const people = new Map(selection.people);

	for (const person of some)
		if (on === (selection.all !== null))
			people.delete(person.id);
		else
			people.set(person.id, person);
	return { ...selection, people };
}

/** What the list knows of them by now: a status decides what can be done. */
export function freshen(selection, at) {
	let people = null;

	for (const [id, person] of selection.people) {
		const now = at(id);

		if (now && now.status !== person.status)
			(people ??= new Map(selection.people)).set(id, now);
	}
	return people ? { ...selection, people } : selection;
}

/** How many, of those with one of `statuses`; `counts` are those of the query's answer. */
export function countSelected({ all, people }, counts, statuses = null) {
	const some = [...people.values()].filter(({ status }) => statuses === null || statuses.includes(status)).length;

	if (all === null)
		return some;
	const wanted = (all.status?.split(",") ?? Object.keys(counts)).filter((one) => statuses === null || statuses.includes(one));
	return Math.max(0, (wanted.length > 0 ? countOf(counts, wanted.join(",")) : 0) - some);
}

/** [{kind, count}] of what can be done to some of them. */
export function offered(selection, counts, may) {
	return Object.entries(actions)
		.filter(([, { single, scopes }]) => !single && scopes.every(may))
		.map(([kind, { statuses }]) => ({ kind, count: countSelected(selection, counts, statuses) }))
		.filter(({ count }) => count > 0);
}
