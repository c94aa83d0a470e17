// The state of the form: what has been typed, what the daemon says of it, and what of that is told by now.
import { useState } from "../lib/html.js";
import { daemonSettings } from "../lib/session.js";
import { isTyped, lacks, shownErrors, toRequest, wrongGroups } from "./draft.js";
import { usePreflight } from "./preflight.js";
import { tell } from "./problems.js";

/** `first`: the draft as it was when nobody had typed anything, and `setFirst`; `kept`: one that goes on.
 *
 *  {draft, body: what would be sent, errors: {field: text}, isTried, isLacking, isFull: the quota is used up, proposed: the
 *  user name, wrongGroups: DNs} and what happens: set(name, value), assume(name, value): the only choice, leave(name): the
 *  focus has left it, tried(): somebody wanted to send, refused(body, errors of the API), begin(draft). */
export function useForm(first, setFirst, kept) {
	const { invitations: settings } = daemonSettings();
	const [draft, setDraft] = useState(kept ?? first);
	const [left, setLeft] = useState(() => new Set());
	const [isTried, setTried] = useState(false);
	const body = toRequest(draft);
	const { answer, check, put } = usePreflight(isTyped(draft, first) ? body : null);
	const wrong = shownErrors({ draft, settings, answer, left, isTried });
	const errors = Object.fromEntries(Object.entries(wrong).map(([name, one]) => [name, tell(one)]));

	return {
		draft, body, errors, isTried, wrongGroups: errors.groups ? wrongGroups({ draft, answer }) : [],
		proposed: answer?.uid ?? null, isFull: answer?.isFull ?? false, isLacking: Object.keys(lacks(draft, settings)).length > 0,
		set: (name, value) => {
			setDraft((before) => ({ ...before, [name]: value }));
			setLeft((before) => new Set([...before].filter((other) => other !== name))); // somebody is at it again
		},
		assume: (name, value) => { // nobody typed it
			setFirst((before) => ({ ...before, [name]: value }));
			setDraft((before) => ({ ...before, [name]: value }));
		},
		leave: (name) => {
			setLeft((before) => new Set(before).add(name));
			check();
		},
		tried: () => setTried(true),
		refused: (asked, found) => put({ asked, uid: answer?.uid ?? null, errors: found, isFull: false }),
		begin: (next) => {
			setDraft(next);
			setLeft(new Set());
			setTried(false);
			put(null);
		},
	};
}
