// The bar of a selection, and the same done to all of it: asked once, followed while it goes on, and what failed is
// named with its reason.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { Link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { formatNumber, formatSpan, t } from "../lib/words.js";
import { Dialog, useUnsaved } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Loading, Problem } from "../ui/states.js";
import { isUnderWay, perform, whyNot } from "./perform.js";
import { pageOf } from "./menu.js";
import { askedOf } from "./query.js";
import { nameOf } from "./row.js";
import { actions } from "./rules.js";
import { offered } from "./select.js";
import { forEach, peopleOf } from "./walk.js";

const namedMax = 5;   // people, in the question
const shownMax = 200; // failures, in the report
const walkSize = 200; // people of a page while walking

function list(query, cursor, limit = walkSize) {
	return get("/users", { ...askedOf(query), limit, cursor });
}

/** The first few of those whom it is about. */
function Named({ selection, kind, count }) {
	const [people, setPeople] = useState(null);
	const [error, setError] = useState(null);

	useEffect(() => {
		const some = async () => {
			const found = [];

			for await (const person of peopleOf(selection, actions[kind].statuses, (query, cursor) => list(query, cursor, Math.min(walkSize, namedMax + selection.people.size)))) {
				found.push(person);
				if (found.length === Math.min(namedMax, count))
					break;
			}
			setPeople(found);
		};

		some().catch(setError);
	}, []);
	if (error)
		return html`<${Problem} error=${error} />`;
	if (people === null)
		return html`<${Loading} lines=${3} />`;
	return html`<ul class="named">${people.map((person) => html`<li key=${person.id}><bdi>${nameOf(person)}</bdi>
			${person.mail && html`<span class="soft"><bdi>${person.mail}</bdi></span>`}</li>`)}
		${count > people.length && html`<li class="soft">${t("users.bulk.more", { count: count - people.length })}</li>`}</ul>`;
}

function Failures({ kind, failed }) {
	return html`<table class="table failures"><caption class="unseen">${t("users.bulk.failures")}</caption>
		<thead><tr><th scope="col">${t("users.column.name")}</th><th scope="col">${t("users.bulk.why")}</th></tr></thead>
		<tbody>${failed.slice(0, shownMax).map(({ person, error }) => html`<tr key=${person.id}>
			<th scope="row"><${Link} to=${pageOf(person)}><bdi>${nameOf(person)}</bdi></${Link}></th><td>${whyNot(kind, error)}</td></tr>`)}</tbody>
	</table>
	${failed.length > shownMax && html`<p class="soft">${t("users.bulk.more", { count: failed.length - shownMax })}</p>`}`;
}

/** {step, start, stop}: `step` is {state: "asking", "running", "stopping" or "over", done, failed, underWay, waits, broken}. */
function useWalk(selection, kind, onDone) {
	const [step, setStep] = useState({ state: "asking", done: 0, failed: [], underWay: 0, waits: null, broken: null });
	const stopper = useRef(null);
	const put = (some) => setStep((now) => ({ ...now, ...some }));
	const wait = (seconds) => new Promise((resolve) => {
		const { signal } = stopper.current;
		const go = () => {
			clearTimeout(timer);
			put({ waits: null });
			resolve();
		};
		const timer = setTimeout(go, seconds * 1000);

		put({ waits: seconds });
		signal.addEventListener("abort", go, { once: true });
	});
	const start = async () => {
		let underWay = 0, latest = { done: 0, failed: [] }, drawn = 0;
		const act = async (person) => {
			if (isUnderWay(await perform(kind, person)))
				underWay++;
		};

		stopper.current = new AbortController();
		put({ state: "running" });
		try {
			latest = await forEach(peopleOf(selection, actions[kind].statuses, list), {
				act, wait, signal: stopper.current.signal,
				onStep: (now) => {
					latest = now;
					if (performance.now() - drawn > 100) { // a bar that moves ten times a second is enough
						drawn = performance.now();
						put(now);
					}
				},
			});
			put({ ...latest, state: "over", underWay });
		} catch (broken) {
			put({ ...latest, state: "over", underWay, broken });
		}
		onDone();
	};

	useEffect(() => () => stopper.current?.abort(), []);
	return { step, start, stop: () => (stopper.current.abort(), put({ state: "stopping" })) };
}

function Bulk({ selection, kind, count, onClose, onDone }) {
	const { step, start, stop } = useWalk(selection, kind, onDone);
	const { state, done, failed, underWay, waits, broken } = step;
	const isOn = state === "running" || state === "stopping";
	const passed = done + failed.length;

	useUnsaved(isOn);
	return html`<${Dialog} title=${t(`users.bulk.${kind}`, { count })} onClose=${() => (isOn ? stop() : onClose(state === "over"))}>
		<div class="dialog-body bulk">
			${state === "asking" ? html`<${Named} selection=${selection} kind=${kind} count=${count} /><p>${t(`users.bulk_means.${kind}`)}</p>` : html`
				<progress aria-label=${t("users.bulk.progress")} max=${Math.max(count, passed)} value=${passed}></progress>
				<p role="status">${t("users.bulk.so_far", { done, failed: failed.length, count: Math.max(count, passed) })}
					${waits !== null && html` ${t("users.bulk.waits", { time: formatSpan(waits) })}`}</p>
				${state === "over" && passed < count && !broken && html`<p>${t("users.bulk.stopped", { count: count - passed })}</p>`}
				${underWay > 0 && html`<p>${t("users.bulk.under_way", { count: underWay })}</p>`}
				${broken && html`<${Problem} error=${broken} />`}
				${failed.length > 0 && html`<${Failures} kind=${kind} failed=${failed} />`}`}
		</div>
		<footer class="dialog-foot">${state === "asking" ? html`
			<button type="button" class="button" data-first onClick=${() => onClose(false)}>${t("ui.cancel")}</button>
			<button type="button" class="button ${actions[kind].danger || kind === "suspend" ? "danger" : "primary"}" onClick=${start}>
				${t(`users.do_it.${kind}`)}</button>` : isOn ? html`
			<button type="button" class="button" aria-disabled=${state === "stopping" ? "true" : null} onClick=${stop}>
				<${Icon} name="pause" />${t("users.bulk.stop")}</button>` : html`
			<button type="button" class="button primary" onClick=${() => onClose(true)}>${t("ui.close")}</button>`}
		</footer>
	</${Dialog}>`;
}

/** `count` are selected, of `total` that match. */
export default function SelectionBar({ selection, count, counts, total, onAll, onNone, onDone }) {
	const [doing, setDoing] = useState(null); // {kind, count, selection}: as it was when it was asked for
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
			class="button small ${actions[kind].danger ? "danger-text" : ""}" onClick=${() => setDoing({ kind, count: some, selection })}>
			<${Icon} name=${actions[kind].icon} size="18" />${t(`users.do.${kind}`)}${some !== count && html`<span class="count">${formatNumber(some)}</span>`}</button>`)}</span>
		<button type="button" class="button bare small" aria-label=${t("users.select_none")} title=${t("users.select_none")} onClick=${onNone}>
			<${Icon} name="close" size="18" /></button>
		${doing && html`<${Bulk} ...${doing} onDone=${onDone} onClose=${(isOver) => (setDoing(null), isOver && onNone())} />`}
	</section>`;
}
