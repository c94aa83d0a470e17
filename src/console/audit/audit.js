// Audit: who did what to whom, from where, newest first; and the proof that nothing of it was changed.
import { html, useRef, useState } from "../lib/html.js";
import { get, request } from "../lib/api.js";
import { dayEnd, dayStart } from "../lib/time.js";
import { useMore } from "../lib/more.js";
import { useName } from "../lib/names.js";
import { address, go, useHere } from "../lib/route.js";
import { isUnlimited } from "../lib/session.js";
import { compareTexts, formatMoment, t } from "../lib/words.js";
import { Head, Time, Value } from "../ui/bits.js";
import { DayField } from "../ui/day.js";
import { Icon } from "../ui/icon.js";
import { Empty, Loading, Problem, Trouble } from "../ui/states.js";
import { Actor, Details, Subject, eventWord } from "./record.js";

const groups = {
	access: ["signed_in", "sign_in_refused", "sign_in_throttled", "session_ended", "token_added", "token_deleted"],
	invitations: ["issued", "link_renewed", "resent", "address_changed", "end_changed", "renamed", "link_mailed", "link_withdrawn",
		"undeliverable", "claimed", "entry_created", "released", "finished", "expired", "revoked", "purged"],
	users: ["user_changed", "user_suspended", "user_resumed", "user_removed", "user_restored", "user_forgotten"],
	directory: ["org_unit_added", "org_unit_changed", "org_unit_deleted"],
	rest: ["queue_item_retried", "queue_item_dropped", "webhook_created", "webhook_changed", "webhook_secret_rotated", "webhook_disabled",
		"webhook_deleted", "webhook_replayed", "person_erasing", "person_erased", "audit_trimmed", "chain_head_lost"],
};
const proofPatience = 600_000; // ms; all of the trail is read
const filters = ["event", "from", "to", "about", "actor"];

function EventChoice({ value, onChange }) {
	return html`<select aria-label=${t("audit.event")} value=${value} onChange=${(event) => onChange(event.target.value)}>
		<option value="">${t("audit.every_event")}</option>
		${Object.entries(groups).map(([group, events]) => html`<optgroup key=${group} label=${t(`audit.group_${group}`)}>
			${[...events].sort((a, b) => compareTexts(eventWord(a), eventWord(b))).map((event) => html`<option key=${event} value=${event}
				selected=${event === value}>${eventWord(event)}</option>`)}</optgroup>`)}
	</select>`;
}

// A filter that came with the address: about whom, or by whom.
function Only({ word, id, onEnd }) {
	const uuid = id.replace(/^user:/, "");
	const name = useName(/^[0-9a-f-]{36}$/.test(uuid) ? uuid : null);

	return html`<button type="button" class="chip" aria-pressed="true" title=${id} onClick=${onEnd}>
		${t(`audit.only_${word}`, { name: name ?? `${uuid.slice(0, 13)}…` })}<${Icon} name="close" size="16" /></button>`;
}

// The roles are said although they are those of a table: on a narrow screen a row is laid out in another way, and
// then browsers forget them.

/** As useMore, and `damaged`: a record is missing in what is shown. */
function useRecords(asked) {
	const damaged = useRef(false);
	const records = useMore(async (cursor, signal) => {
		const page = await get("/audit", { ...asked, from: dayStart(asked.from), to: dayEnd(asked.to), limit: 50, cursor }, signal);

		damaged.current = page.damaged || (cursor !== null && damaged.current);
		return { items: page.items, next: page.next_cursor };
	}, [JSON.stringify(asked)]);

	return { ...records, damaged: damaged.current };
}

function Row({ record }) {
	const [open, setOpen] = useState(false);

	return html`<tr role="row" class=${open ? "open" : null}>
			<td role="cell" class="turns"><button type="button" class="button bare small turn" aria-expanded=${open ? "true" : "false"}
				aria-label=${t("audit.details_of", { event: eventWord(record.event), time: formatMoment(record.at) })} onClick=${() => setOpen(!open)}><${Icon} name="chevron" size="16" /></button></td>
			<td role="cell" class="at"><${Time} at=${record.at} as="moment" /></td>
			<td role="cell" class="event">${eventWord(record.event)}</td>
			<td role="cell" class="subject"><${Subject} record=${record} /></td>
			<td role="cell" class="actor"><${Actor} ...${record} /></td>
			<td role="cell" class="source"><${Value}>${record.source}</${Value}></td>
		</tr>
		${open && html`<tr role="row" class="record-details"><td role="cell" colspan="6"><${Details} record=${record} /></td></tr>`}`;
}

function Proof() {
	const [state, setState] = useState({ busy: false, verdict: null, error: null });
	const verify = async () => {
		setState({ busy: true, verdict: null, error: null });
		try {
			const { data: verdict } = await request("GET", "/audit/verification", { patience: proofPatience });

			setState({ busy: false, verdict, error: null });
		} catch (error) {
			setState({ busy: false, verdict: null, error });
		}
	};
	const { busy, verdict, error } = state;

	return html`<div class="proof"><button type="button" class="button" aria-disabled=${busy ? "true" : null} onClick=${() => busy || verify()}>
			<${Icon} name="check" />${busy ? t("audit.verifying") : t("audit.verify")}</button>
		<div role="status">${verdict && html`<p class="note ${verdict.sound ? "good" : "warn"}"><${Icon} name=${verdict.sound ? "check" : "alert"} />
			<span>${verdict.sound ? t("audit.sound", { count: verdict.records, blocks: verdict.blocks }) : t("audit.unsound")}</span></p>`}
			${error && html`<${Problem} error=${error} />`}</div></div>`;
}

export default function Audit() {
	const { query } = useHere();
	const asked = Object.fromEntries(filters.map((name) => [name, query.get(name) ?? ""]));
	const { items, next, error, busy, damaged, again, more } = useRecords(asked);
	const filtered = Object.values(asked).some(Boolean);
	const ask = (change, replace = false) => go(address("/audit", { ...asked, ...change }), { replace });

	return html`<${Head} title=${t("nav.audit")} about=${t("audit.lead")}>${isUnlimited() && html`<${Proof} />`}</${Head}>
		<section class="card" aria-label=${t("audit.records")}>
			<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
				<${EventChoice} value=${asked.event} onChange=${(event) => ask({ event })} />
				<${DayField} label=${t("audit.from")} value=${asked.from || null} onChange=${(from) => ask({ from }, true)} />
				<${DayField} label=${t("audit.to")} value=${asked.to || null} onChange=${(to) => ask({ to }, true)} />
				${asked.about && html`<${Only} word="about" id=${asked.about} onEnd=${() => ask({ about: null })} />`}
				${asked.actor && html`<${Only} word="actor" id=${asked.actor} onEnd=${() => ask({ actor: null })} />`}
				${filtered && html`<button type="button" class="button quiet" onClick=${() => go("/audit")}><${Icon} name="close" size="16" />${t("audit.clear")}</button>`}
			</form>
			${damaged && html`<p class="note warn"><${Icon} name="alert" /><span>${t("audit.damaged")}</span></p>`}
			${items === null ? (error ? html`<${Trouble} error=${error} onRetry=${again} />` : html`<${Loading} lines=${8} />`) :
				items.length === 0 ? html`<${Empty} icon="history" title=${filtered ? t("audit.no_match") : t("audit.none")}>${
					filtered ? t("audit.no_match_why") : t("audit.none_why")}</${Empty}>` : html`
				<div class="scroll" tabindex="0" role="region" aria-label=${t("audit.records")}><table role="table" class="table records">
					<caption class="unseen">${t("audit.records")}</caption>
					<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col"><span class="unseen">${t("audit.details")}</span></th><th role="columnheader" scope="col">${t("audit.at")}</th>
						<th role="columnheader" scope="col">${t("audit.event")}</th><th role="columnheader" scope="col">${t("audit.subject")}</th><th role="columnheader" scope="col">${t("audit.actor")}</th>
						<th role="columnheader" scope="col">${t("audit.source")}</th></tr></thead>
					<tbody role="rowgroup">${items.map((record) => html`<${Row} key=${record.id} record=${record} />`)}</tbody></table></div>
				<footer class="more"><span class="soft">${t("audit.shown", { count: items.length })}</span>
					${error && html`<${Problem} error=${error} />`}
					${next && html`<button type="button" class="button" aria-disabled=${busy ? "true" : null} onClick=${() => busy || more()}>
						${busy ? t("ui.loading") : t("audit.more")}</button>`}</footer>`}
		</section>`;
}
