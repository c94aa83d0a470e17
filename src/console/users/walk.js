// The same for many people: four at a time, as the daemon allows, until it is done or somebody stops it. No DOM.

const atOnce = 4;
const triesMax = 4;  // of one person, while the daemon or the directory is busy
const inARow = 10;   // failures of one kind after which something else is wrong than these people
const keptMax = 200; // failures that are kept with whom; of the others, how many

/** The people of a selection that `statuses` can be of, as an async generator, `most` at most: who comes to match while it
 *  goes on was not asked about. `list(query, cursor)` asks for a page. What is done to a person takes nobody behind the
 *  cursor out of the list. */
export async function* peopleOf({ all, people }, statuses, list, most = Infinity) {
	if (all === null) {
		yield* [...people.values()].filter(({ status }) => statuses.includes(status));
		return;
	}
	const wanted = (all.status?.split(",") ?? statuses).filter((one) => statuses.includes(one));
	let cursor = null, left = most;

	if (wanted.length === 0)
		return;
	do {
		const page = await list({ ...all, status: wanted.join(","), sort: "name", order: "asc" }, cursor);
		const found = page.items.filter(({ id }) => !people.has(id)).slice(0, left);

		yield* found;
		left -= found.length;
		cursor = page.next_cursor;
	} while (cursor && left > 0);
}

/** Whether it may go well when it is tried again a little later. */
export function passes({ status, reason }) {
	return status === 429 || (status === 503 && reason === null);
}

async function tryOne(person, { act, wait, signal, isWorthWaiting }) {
	for (let tries = 1; ; tries++) {
		try {
			return await act(person);
		} catch (error) {
			// Being told to slow down is no failure, however often.
			if (signal.aborted || !isWorthWaiting(error) || (error.status !== 429 && tries === triesMax))
				throw error;
			await wait(error.retryAfter ?? tries);
			signal.throwIfAborted();
		}
	}
}

function kindOf({ name, status, reason }) {
	return `${name} ${status} ${reason}`;
}

/** What has come of it so far: {done, failures, failed: [{person, error}] of the first ones, isHopeless: many failures of one
 *  kind came one after the other}. */
class Result {
	done = 0;
	failures = 0;
	failed = [];
	isHopeless = false;
	#kind = null;
	#same = 0;

	succeed() {
		this.done++;
		this.#same = 0;
	}

	fail(person, error) {
		this.#same = kindOf(error) === this.#kind ? this.#same + 1 : 1;
		this.#kind = kindOf(error);
		this.failures++;
		if (this.failed.length < keptMax)
			this.failed.push({ person, error });
		// What a person is refused for says nothing of the next one; that nobody answers does.
		this.isHopeless ||= this.#same >= inARow && (error.status === 0 || error.status >= 500);
	}

	now() {
		const { done, failures, failed, isHopeless } = this;

		return { done, failures, failed: [...failed], isHopeless };
	}
}

/** `act(person)` for each of `people`. `onStep(result)` after each, as of Result. `wait(seconds)` resolves after that or when
 *  `signal` stops it; it is waited for errors of which `isWorthWaiting(error)`. Resolves to the last of the steps; when
 *  the list itself cannot be read, it rejects once what was begun is over. */
export async function forEach(people, { act, wait, onStep, signal, isWorthWaiting = passes }) {
	const result = new Result();
	const next = people[Symbol.asyncIterator]();
	let asking = Promise.resolve();
	const take = () => (asking = asking.then(() => next.next())); // one page is asked for once
	const work = async () => {
		while (!signal.aborted && !result.isHopeless) {
			const { value: person, done: isOver } = await take();

			if (isOver || signal.aborted || result.isHopeless)
				return;
			try {
				await tryOne(person, { act, wait, signal, isWorthWaiting });
				result.succeed();
			} catch (error) {
				if (error.name === "AbortError") // it waited for its turn, and nothing was done
					return;
				result.fail(person, error);
			}
			onStep(result.now());
		}
	};
	const ends = await Promise.allSettled(Array.from({ length: atOnce }, work));
	const broken = ends.find(({ status }) => status === "rejected");

	if (broken)
		throw broken.reason;
	return result.now();
}
