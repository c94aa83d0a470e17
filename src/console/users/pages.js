// A list of a million rows of which a few hundred are here. It is read in pages of one size, each by the cursor that
// the page before told, so that only the way forward is open at first; behind, every cursor is known, and a page that was
// let go is read again. No DOM: what is here can be tested by itself.
import { pageSize } from "./query.js";

const kept = 40;  // pages, at most, around what is seen
const near = 30;  // rows before and behind what is seen that are read before they are

/** `read(query, cursor, signal)` asks for a page and resolves to the answer of GET /users. `onChange()` is called after
 *  whatever changed. One request is under way at a time. */
export class Pages {
	constructor(read, onChange) {
		this.read = read;
		this.onChange = onChange;
		this.query = null;
		this.seen = { first: 0, last: 0 };
		this.reach = 0;       // rows that the list is said to have before they are known: to come back to a place
		this.running = null;  // {number, stop}
		this.#forget();
		this.total = 0;       // that match, as the daemon says
		this.counts = null;
		this.asOf = null;     // ms: when the daemon was last heard
		this.error = null;
		this.shown = null;    // the query that the rows here are of
		this.again = false;   // something has changed since the page under way was asked for
	}

	#forget() {
		this.cursors = [null];
		this.pages = new Map(); // number: {items, stale}
		this.end = null; // rows, once the last page was seen
	}

	/** Another query. What is here stays until the first page of the new one is there. */
	search(query, reach = 0) {
		this.close();
		this.query = query;
		this.fresh = false;
		this.error = null;
		this.again = false;
		this.seen = { first: 0, last: 0 };
		this.reach = reach;
		this.#next();
	}

	/** Rows first to last, exclusive, are seen: what is needed of them is read, what is far from them is let go. */
	see(first, last) {
		this.seen = { first, last };
		if (this.#known() >= this.reach)
			this.reach = 0;
		this.#letGo();
		this.#next();
	}

	/** Something has changed somewhere: what is seen is read again, the rest when it is. */
	refresh() {
		for (const page of this.pages.values())
			page.stale = true;
		this.error = null;
		this.again = this.running !== null;
		this.#next();
	}

	retry() {
		this.error = null;
		this.#next();
	}

	/** Nobody waits for what is under way any more. */
	close() {
		this.running?.stop.abort();
		this.running = null;
	}

	/** The person at a row; undefined while it is not here. */
	at(index) {
		return this.pages.get(Math.floor(index / pageSize))?.items[index % pageSize];
	}

	/** The row of a person who is here, or -1. */
	indexOf(id) {
		for (const [number, { items }] of this.pages) {
			const at = items.findIndex((person) => person.id === id);

			if (at >= 0)
				return number * pageSize + at;
		}
		return -1;
	}

	/** How many rows there are to scroll through: those that are known of, and a page of those to come. */
	get length() {
		return this.end ?? Math.min(this.total, Math.max(this.#known(), this.reach));
	}

	#known() {
		return this.end ?? this.cursors.length * pageSize;
	}

	/** The rows that are here without a gap around what is seen: [first, last), for printing and finding. */
	loaded() {
		const now = Math.floor(this.seen.first / pageSize);
		let from = now, to = now;

		while (this.pages.has(from - 1))
			from--;
		while (this.pages.has(to))
			to++;
		return [from * pageSize, Math.min(this.length, to * pageSize)];
	}

	/** A person as an answer to a change told it. */
	put(person) {
		for (const page of this.pages.values()) {
			const at = page.items.findIndex(({ id }) => id === person.id);

			if (at >= 0)
				page.items = page.items.with(at, { ...page.items[at], ...person });
		}
		this.onChange();
	}

	#letGo() {
		const middle = (this.seen.first + this.seen.last) / 2 / pageSize - 0.5;
		const far = [...this.pages.keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)).slice(kept);

		for (const number of far)
			this.pages.delete(number);
	}

	/** The page to read now, or null. What is seen goes first, from the top; then its neighbours. */
	#wanted() {
		if (!this.fresh || (this.total === 0 && this.pages.get(0)?.stale !== false)) // nobody is seen: somebody may have come
			return 0;
		const first = Math.floor(this.seen.first / pageSize);
		const last = Math.max(first, Math.floor((this.seen.last - 1) / pageSize));
		const order = [];

		for (let number = first; number <= last; number++)
			order.push(number);
		order.push(Math.floor((this.seen.last + near - 1) / pageSize), Math.floor((this.seen.first - near) / pageSize));
		for (const number of order) {
			if (number < 0 || number * pageSize >= (this.end ?? this.total))
				continue;
			const page = this.pages.get(number);
			const isSeen = number >= first && number <= last;

			if (page && !(page.stale && isSeen))
				continue;
			if (number < this.cursors.length)
				return number;
			if (this.end === null)
				return this.cursors.length - 1; // the way there
		}
		return null;
	}

	#next() {
		const number = this.query && !this.running && !this.error ? this.#wanted() : null;

		if (number !== null)
			this.#fetch(number);
	}

	async #fetch(number) {
		const running = { number, stop: new AbortController() };
		let answer;

		this.running = running;
		try {
			answer = await this.read(this.query, this.cursors[number], running.stop.signal); // the first has none
		} catch (error) {
			if (this.running !== running)
				return;
			this.running = null;
			if (error.status === 400 && this.cursors[number]) { // a cursor of a daemon that was another one: from the start
				this.search(this.query);
				return;
			}
			this.error = error;
			this.onChange();
			return;
		}
		if (this.running !== running)
			return;
		this.running = null;
		this.#take(number, answer);
		if (this.again)
			this.refresh();
		else
			this.#next();
		this.onChange();
	}

	#take(number, { items, total, counts, next_cursor: next }) {
		if (!this.fresh) {
			this.#forget();
			this.fresh = true;
			this.shown = this.query;
		}
		this.pages.set(number, { items: this.#same(number, items), stale: false });
		this.total = total;
		this.counts = counts;
		this.asOf = Date.now();
		if (next === null) {
			this.cursors.length = number + 1;
			this.end = number * pageSize + items.length;
			for (const other of [...this.pages.keys()])
				if (other > number)
					this.pages.delete(other);
		} else if (this.cursors[number + 1] !== next) {
			// The pages behind begin elsewhere now, or are reached for the first time.
			this.cursors[number + 1] = next;
			if (this.pages.has(number + 1))
				this.pages.get(number + 1).stale = true;
			if (this.cursors.length === number + 2)
				this.end = null;
		}
		this.#letGo();
	}

	/** Rows that say what they said are the same objects, so that nobody draws them again. */
	#same(number, items) {
		const before = new Map((this.pages.get(number)?.items ?? []).map((person) => [person.id, person]));

		return items.map((person) => {
			const old = before.get(person.id);

			return old && Object.keys(person).every((name) => person[name] === old[name]) ? old : person;
		});
	}
}
