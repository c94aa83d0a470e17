// The bar of a selection, and the same done to all of it: asked once, followed while it goes on, and what failed is
// named with its reason.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { Link } from "../lib/route.js";
import { may, whoAmI } from "../lib/session.js";
import { formatNumber, formatSpan, t } from "../lib/words.js";
import { Dialog, useUnsaved } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Loading, Problem } from "../ui/states.js";
import { pageOf } from "./row.js";
import { isTooSoon, isUnderWay, perform, restorableUntil, whyNot } from "./perform.js";
import { askedOf } from "./query.js";
import { nameOf } from "./row.js";
import { actions, isNotForOneself } from "./rules.js";
import { offered } from "./select.js";
import { forEach, passes, peopleOf } from "./walk.js";

const namedMax = 200; // people, in the question
const typedFrom = 10; // more than so many are deleted by whoever types how many
const walkSize = 200; // people of a page while walking
const sayEvery = 3000; // ms between two announcements of how far it is

function list(query, cursor, limit = walkSize) {
	return get("/users", { ...askedOf(query), limit, cursor });
}

/** Of `people`, but for the one who asks, where nobody does this to themselves. */
async function* others(people, kind) {
	for await (const person of people)
		if (!(isNotForOneself(kind) && person.id === whoAmI().id))
			yield person;
}

/** Those whom it is about, as far as one page goes. */
function Named({ selection, kind, count }) {
	const [people, setPeople] = useState(null);
	const [error, setError] = useState(null);

	useEffect(() => {
		const some = async () => {
			const found = [];

			for await (const person of others(peopleOf(selection, actions[kind].statuses, list, Math.min(namedMax, count)), kind))
				if (found.push(person) === namedMax)
					break;
			setPeople(found);
		};

		some().catch(setError);
	}, []);
	if (error)
		return html`<${Problem} error=${error} />`;
	if (people === null)
		return html`<${Loading} lines=${3} />`;
	return html`<ul class="named" tabindex="0" aria-label=${t("users.bulk.whom")}>${people.map((person) => html`<li key=${person.id}>
			<bdi>${nameOf(person)}</bdi>${person.mail && html`<span class="soft"><bdi>${person.mail}</bdi></span>`}</li>`)}
		${count > people.length && people.length === namedMax && html`<li class="soft">
			${t("users.bulk.more", { count: count - people.length })}</li>`}</ul>`;
}

function Failures({ kind, failed, failures }) {
	return html`<table class="table failures"><caption class="unseen">${t("users.bulk.failures")}</caption>
		<thead><tr><th scope="col">${t("users.column.name")}</th><th scope="col">${t("users.bulk.why")}</th></tr></thead>
		<tbody>${failed.map(({ person, error }) => html`<tr key=${person.id}>
			<th scope="row"><${Link} to=${pageOf(person)}><bdi>${nameOf(person)}</bdi></${Link}></th><td>${whyNot(kind, error)}</td></tr>`)}</tbody>
	</table>
	${failures > failed.length && html`<p class="soft">${t("users.bulk.more", { count: failures - failed.length })}</p>`}`;
}

/** [waits, wait]: `waits` is for how many seconds somebody waits, or null; wait(seconds, signal) resolves after them, or when it
 *  is stopped. Four can wait at a time. */
function useWaits() {
	const [waits, setWaits] = useState(null);
	const waiting = useRef(new Set());
	const tell = () => setWaits(waiting.current.size > 0 ? Math.max(...[...waiting.current].map(({ seconds }) => seconds)) : null);
	const wait = (seconds, signal) => new Promise((resolve) => {
		const one = { seconds };
		const go = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", go);
			waiting.current.delete(one);
			tell();
			resolve();
		};
		const timer = setTimeout(go, seconds * 1000);

		waiting.current.add(one);
		signal.addEventListener("abort", go, { once: true });
		tell();
	});

	return [waits, wait];
}

/** {step, start, stop}: `step` is {state: "asking", "running", "stopping" or "over", underWay, waits, broken} and what
 *  forEach() tells. */
function useWalk({ selection, kind, count, onDone }) {
	const [step, setStep] = useState({ state: "asking", done: 0, failures: 0, failed: [], underWay: 0, broken: null });
	const [waits, wait] = useWaits();
	const stopper = useRef(null);
	const put = (some) => setStep((now) => ({ ...now, ...some }));
	const start = async () => {
		const { signal } = stopper.current = new AbortController();
		const people = others(peopleOf(selection, actions[kind].statuses, list, count), kind);
		let underWay = 0, latest = {}, drawn = 0, broken = null;

		put({ state: "running" });
		try {
			latest = await forEach(people, {
				signal,
				act: async (person) => { underWay += isUnderWay(await perform(kind, person)) ? 1 : 0; },
				wait: (seconds) => wait(seconds, signal),
				isWorthWaiting: (error) => passes(error) && !isTooSoon(kind, error),
				onStep: (now) => {
					latest = now;
					if (performance.now() - drawn > 100) { // a bar that moves ten times a second is enough
						drawn = performance.now();
						put(now);
					}
				},
			});
		} catch (error) {
			broken = error;
		}
		put({ ...latest, state: "over", underWay, broken });
		onDone();
	};

	useEffect(() => () => stopper.current?.abort(), []);
	return { step: { ...step, waits }, start, stop: () => (stopper.current.abort(), put({ state: "stopping" })) };
}

/** How far it is: shown at once, and read out from time to time. */
function SoFar({ text, isOver }) {
	const [said, setSaid] = useState(text);
	const latest = useRef(text);

	latest.current = text;
	useEffect(() => {
		if (isOver)
			setSaid(text);
	}, [isOver]);
	useEffect(() => {
		const timer = setInterval(() => setSaid(latest.current), sayEvery);

		return () => clearInterval(timer);
	}, []);
	return html`<p>${text}</p><p class="unseen" role="status">${said}</p>`;
}

function Report({ kind, count, step }) {
	const { state, done, failures, failed, underWay, waits, broken, isHopeless } = step;
	const passed = done + failures, all = Math.max(count, passed);
	const text = t("users.bulk.so_far", { done, failed: failures, count: all });

	return html`<progress aria-label=${t("users.bulk.progress")} max=${all} value=${passed}></progress>
		<${SoFar} text=${waits === null ? text : `${text} ${t("users.bulk.waits", { time: formatSpan(waits) })}`} isOver=${state === "over"} />
		${isHopeless && html`<p class="note warn"><${Icon} name="alert" /><span>${t("users.bulk.hopeless")}</span></p>`}
		${state === "over" && passed < count && !broken && html`<p>${t("users.bulk.stopped", { count: count - passed })}</p>`}
		${underWay > 0 && html`<p>${t("users.bulk.under_way", { count: underWay })}</p>`}
		${broken && html`<${Problem} error=${broken} />`}
		${failures > 0 && html`<${Failures} kind=${kind} failed=${failed} failures=${failures} />`}`;
}

function Question({ selection, kind, count, typed, onType }) {
	return html`<${Named} selection=${selection} kind=${kind} count=${count} />
		<p>${t(`users.bulk_means.${kind}`)}</p>
		${kind === "delete" && html`<p>${restorableUntil()}</p>`}
		${isNotForOneself(kind) && (selection.all !== null || selection.people.has(whoAmI().id)) && html`<p class="soft">${t("users.bulk.without_you")}</p>`}
		${typed !== null && html`<label class="typed-count"><span class="label">${t("users.bulk.type", { count })}</span>
			<input inputmode="numeric" autocomplete="off" value=${typed} onInput=${({ target }) => onType(target.value)} /></label>`}`;
}

function Bulk({ selection, kind, count, onClose, onDone }) {
	const { step, start, stop } = useWalk({ selection, kind, count, onDone });
	const [typed, setTyped] = useState(kind === "delete" && count > typedFrom ? "" : null);
	const { state } = step;
	const isOn = state === "running" || state === "stopping", isSure = typed === null || typed.replace(/\D/g, "") === String(count);

	useUnsaved(isOn);
	return html`<${Dialog} title=${t(`users.bulk.${kind}`, { count })} onClose=${() => (isOn ? stop() : onClose())}>
		<div class="dialog-body bulk">
			${state === "asking" ? html`<${Question} ...${{ selection, kind, count, typed }} onType=${setTyped} />` :
				html`<${Report} kind=${kind} count=${count} step=${step} />`}
		</div>
		<footer class="dialog-foot">${state === "asking" ? html`
			<button type="button" key="cancel" class="button" data-first onClick=${onClose}>${t("ui.cancel")}</button>
			<button type="button" key="act" class="button ${actions[kind].danger || kind === "suspend" ? "danger" : "primary"}"
				aria-disabled=${isSure ? null : "true"} onClick=${() => isSure && start()}>${t(`users.do_it.${kind}`)}</button>` : html`
			<${Next} isOn=${isOn} isStopping=${state === "stopping"} onStop=${stop} onClose=${onClose} />`}
		</footer>
	</${Dialog}>`;
}

/** One button that has the focus all the time: it stops, and closes what is over. */
function Next({ isOn, isStopping, onStop, onClose }) {
	const button = useRef(null);

	useEffect(() => button.current.focus(), []);
	return html`<button type="button" ref=${button} class="button ${isOn ? "" : "primary"}" aria-disabled=${isStopping ? "true" : null}
		onClick=${isOn ? onStop : onClose}>${isOn && html`<${Icon} name="pause" />`}${isOn ? t("users.bulk.stop") : t("ui.close")}</button>`;
}

/** `count` are selected, of `total` that match. `doing`: {kind, count, selection} as it was when it was asked for by onDo(), or
 *  null; the list beneath it changes meanwhile. `onDone`: the walk is over; `onClose`: its report was read. */
export default function SelectionBar({ selection, count, counts, total, doing, onDo, onAll, onNone, onDone, onClose }) {
	const can = offered(selection, counts ?? {}, may);

	useEffect(() => { // messages lie above the bar
		document.body.classList.add("selecting");
		return () => document.body.classList.remove("selecting");
	}, []);

	return html`<section class="selection" aria-label=${t("users.selection")}>
		<p role="status"><strong>${t("users.selected", { count })}</strong></p>
		${selection.all === null && total > count && html`<button type="button" class="button quiet small" onClick=${onAll}>
			${t("users.all_that_match", { count: total })}</button>`}
		<span class="selection-acts">${can.map(({ kind, count: some }) => html`<button type="button" key=${kind}
			class="button small ${actions[kind].danger ? "danger-text" : ""}" onClick=${() => onDo({ kind, count: some, selection })}>
			<${Icon} name=${actions[kind].icon} size="18" />${t(`users.do.${kind}`)}${some !== count && html`<span class="count">${formatNumber(some)}</span>`}</button>`)}</span>
		<button type="button" class="button bare small" aria-label=${t("users.select_none")} title=${t("users.select_none")} onClick=${onNone}>
			<${Icon} name="close" size="18" /></button>
		${doing && html`<${Bulk} ...${doing} onDone=${onDone} onClose=${onClose} />`}
	</section>`;
}
