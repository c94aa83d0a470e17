// Several lists of records, each the newest first, as one. No DOM.

const page = 20;

/** `asks`: functions (cursor, signal) that resolve to a page of GET /audit. Reads on as lib/more.js wants it: the cursor here
 *  is where each list stands, and what was read of it and not told yet. */
export async function readMerged(asks, cursor, signal) {
	const lists = (cursor ?? asks.map(() => ({ ahead: [], next: null, ended: false }))).map((list) => ({ ...list }));
	const items = [];

	for (;;) {
		await Promise.all(lists.map((list, index) => fill(list, asks[index], signal)));
		const newest = lists.filter(({ ahead }) => ahead.length > 0)
			.reduce((best, list) => best === null || list.ahead[0].id > best.ahead[0].id ? list : best, null);

		if (newest === null)
			return { items, next: null };
		if (items.length >= page)
			return { items, next: lists };
		const [record] = newest.ahead;

		for (const list of lists) // it may be in more than one of them
			list.ahead = list.ahead.filter(({ id }) => id !== record.id);
		items.push(record);
	}
}

async function fill(list, ask, signal) {
	while (list.ahead.length === 0 && !list.ended) {
		const { items, next_cursor: next } = await ask(list.next, signal);

		list.ahead = items;
		list.next = next;
		list.ended = next === null;
	}
}
