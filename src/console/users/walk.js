// The same for many people: four at a time, as the daemon allows, until it is done or somebody stops it. No DOM.

const atOnce = 4;
const triesMax = 4; // of one person, while the daemon or the directory is busy

/** The people of a selection that `statuses` can be of, as an async generator. `list(query, cursor)` asks for a page.
 *  What is done to a person takes nobody behind the cursor out of the list. */
export async function* peopleOf({ all, people }, statuses, list) {
	if (all === null) {
		yield* [...people.values()].filter(({ status }) => statuses.includes(status));
		return;
	}
	const wanted = (all.status?.split(",") ?? statuses).filter((one) => statuses.includes(one));
	let cursor = null;

	if (wanted.length === 0)
		return;
	do {
		const page = await list({ ...all, status: wanted.join(","), sort: "name", order: "asc" }, cursor);

		yield* page.items.filter(({ id }) => !people.has(id));
		cursor = page.next_cursor;
	} while (cursor);
}

/** Whether it may go well when it is tried again a little later. */
function passes({ status, reason }) {
	return status === 429 || (status === 503 && reason === null);
}

async function tryOne(person, act, wait, signal) {
	for (let tries = 1; ; tries++) {
		try {
			return await act(person);
		} catch (error) {
			// Being told to slow down is no failure, however often.
			if (signal.aborted || !passes(error) || (error.status !== 429 && tries === triesMax))
				throw error;
			await wait(error.retryAfter ?? tries);
			signal.throwIfAborted();
		}
	}
}

/** `act(person)` for each of `people`. `onStep({done, failed})` after each; `failed`: [{person, error}]. `wait(seconds)` resolves
 *  after that or when `signal` stops it. Resolves to the last of the steps; when the list itself cannot be read, it
 *  rejects. */
export async function forEach(people, { act, wait, onStep, signal }) {
	const failed = [];
	let done = 0;
	const next = people[Symbol.asyncIterator]();
	let asking = Promise.resolve();
	const take = () => (asking = asking.then(() => next.next())); // one page is asked for once
	const work = async () => {
		while (!signal.aborted) {
			const { value: person, done: isOver } = await take();

			if (isOver || signal.aborted)
				return;
			try {
				await tryOne(person, act, wait, signal);
				done++;
			} catch (error) {
				if (error.name === "AbortError") // it waited for its turn, and nothing was done
					return;
				failed.push({ person, error });
			}
			onStep({ done, failed });
		}
	};

	await Promise.all(Array.from({ length: atOnce }, work));
	return { done, failed };
}
