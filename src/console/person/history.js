// What was done to a person and by them, as the audit trail has it: also before they had the id that they have now.
import { html, useEffect, useRef } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useMore } from "../lib/more.js";
import { Link, address } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Changes, Subject, eventWord } from "../audit/record.js";
import { Time } from "../ui/bits.js";
import { Loading, Problem, Trouble } from "../ui/states.js";
import { By } from "./by.js";
import { readMerged } from "./merge.js";

function Done({ record, ids }) {
	const { actor, subject } = record;
	const ofAnother = subject?.id && !ids.includes(subject.id);

	return html`<li><p class="step-head"><strong>${eventWord(record.event)}</strong><${Time} at=${record.at} as="moment" /></p>
		${ofAnother && html`<p><${Subject} record=${record} /></p>`}
		${actor && html`<${By} ...${record} />`}
		${record.erased ? html`<p class="soft"><em>${t("person.erased")}</em></p>` : html`<${Changes} record=${record} />`}</li>`;
}

/** `version`: when it changes, something may have been done. */
export function History({ id, invitation, version }) {
	const ids = [...new Set([id, invitation].filter(Boolean))];
	const asks = ids.map((about) => (cursor, signal) => get("/audit", { about, limit: 50, cursor }, signal));
	const { items, next, error, busy, more, again } = useMore((cursor, signal) => readMerged(asks, cursor, signal), ids);
	const seen = useRef(version);

	useEffect(() => {
		if (seen.current !== version && items !== null)
			again();
		seen.current = version;
	}, [version]);
	return html`<section class="card sheet-history" aria-labelledby="history-head"><header><h2 id="history-head">${t("person.history")}</h2>
			<${Link} to=${address("/audit", { about: id })}>${t("person.in_audit")}</${Link}></header>
		${items === null ? (error ? html`<${Trouble} error=${error} onRetry=${again} />` : html`<${Loading} lines=${6} />`) :
			items.length === 0 ? html`<p class="card-body soft">${t("person.no_history")}</p>` : html`
			<ol class="records-done">${items.map((record) => html`<${Done} key=${record.id} record=${record} ids=${ids} />`)}</ol>
			${(next || error) && html`<footer class="more">${error && html`<${Problem} error=${error} />`}
				${next && html`<button type="button" class="button" aria-disabled=${busy ? "true" : null} onClick=${() => busy || more()}>
					${t("audit.more")}</button>`}</footer>`}`}
	</section>`;
}
