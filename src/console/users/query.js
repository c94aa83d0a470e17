// Which people are asked for, in the words of the address of the screen, which are nearly those of the API. No DOM.
import { dayEnd, dayStart } from "../lib/time.js";

const statuses = ["pending", "undeliverable", "expired", "active", "suspended"];
const sorts = ["name", "mail", "phone", "org_unit", "status", "registered_at", "last_activity_at"];
const dates = ["registered_from", "registered_to", "active_to"];
const day = /^\d{4}-\d\d-\d\d$/;
const longest = 256; // characters of a search (openapi.yaml)

/** Everybody, by name. `status` is null or some of them, separated by commas; `deleted`: those of the trash. */
export const everybody = Object.freeze({
	q: "", status: null, org_unit: null, sort: "name", order: "asc", registered_from: null, registered_to: null, active_to: null,
	deleted: false,
});

/** Of the parameters of an address. What is not understood is not there: an address may be of another version. */
export function readQuery(parameters) {
	const status = (parameters.get("status") ?? "").split(",").filter((one, i, all) => statuses.includes(one) && all.indexOf(one) === i);
	const query = {
		...everybody,
		q: (parameters.get("q") ?? "").slice(0, longest),
		status: status.length > 0 ? status.join(",") : null,
		org_unit: parameters.get("org_unit") || null,
		sort: sorts.includes(parameters.get("sort")) ? parameters.get("sort") : everybody.sort,
		order: parameters.get("order") === "desc" ? "desc" : "asc",
		deleted: parameters.get("view") === "deleted",
	};

	for (const name of dates)
		if (day.test(parameters.get(name) ?? ""))
			query[name] = parameters.get(name);
	return query;
}

/** The parameters of an address: what is as usual is left out. */
export function writeQuery(query) {
	const { sort, order, deleted, ...rest } = query;

	return {
		...rest, sort: sort === everybody.sort ? null : sort, order: order === everybody.order ? null : order,
		view: deleted ? "deleted" : null,
	};
}

/** For GET /users: days are those of here. */
export function askedOf({ deleted, q, registered_from, registered_to, active_to, ...rest }) {
	return {
		...rest, q: q.trim().slice(0, longest), registered_from: dayStart(registered_from), registered_to: dayEnd(registered_to),
		active_to: dayEnd(active_to),
	};
}

/** People of a page: few enough that the first one is light. */
export const pageSize = 50;

/** The same for one page of it; `cursor` null: the first. */
export function askedPage(query, cursor = null) {
	return { ...askedOf(query), limit: pageSize, cursor };
}

/** Two with the same key have the same answer. */
export function keyOf(query) {
	return JSON.stringify(Object.entries(askedOf(query)));
}

/** How many of the filters that lie behind "Filters" are set. */
export function moreFilters(query) {
	return dates.filter((name) => query[name] !== null).length;
}

export function isFiltered(query) {
	return query.q.trim() !== "" || query.status !== null || query.org_unit !== null || moreFilters(query) > 0;
}

/** Without any filter, sorted as before. */
export function withoutFilters({ sort, order }) {
	return { ...everybody, sort, order };
}

/** As a click on the head of a column sorts: by it, or, when it is sorted by it, the other way round. */
export function sortedBy(query, sort) {
	return { ...query, sort, order: query.sort === sort && query.order === "asc" ? "desc" : "asc" };
}

/** `count` of those with a status, of the counts of an answer; null: all. */
export function countOf(counts, status = null) {
	return (status?.split(",") ?? statuses).reduce((sum, one) => sum + (counts[one] ?? 0), 0);
}
