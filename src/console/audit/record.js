// A record of the audit trail, for people: what was done, by whom, on whom, and what it was before.
import { html } from "../lib/html.js";
import { useName } from "../lib/names.js";
import { Link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { lastName } from "../lib/units.js";
import { valueWord } from "../lib/values.js";
import { hasWords, t, tn } from "../lib/words.js";
import { Value } from "../ui/bits.js";

/** In words; of a newer daemon as it calls it. */
export function eventWord(event) {
	return hasWords(`audit.event_${event}`) ? t(`audit.event_${event}`) : event.replaceAll("_", " ");
}

function PersonOf({ id }) {
	const name = useName(id);
	const shown = name ?? `${id.slice(0, 8)}…`;

	return may("users:read") && name !== null ? html`<${Link} to=${`/users/${id}`} title=${id}><bdi>${shown}</bdi></${Link}>` :
		html`<span title=${id}><bdi>${shown}</bdi></span>`;
}

/** "user:UUID", "token:ID", "uid:N", "person", or a part of the daemon. `person` is whose rights it used. */
export function Actor({ actor, person }) {
	const [kind, id] = (actor ?? "").split(":");

	switch (kind) {
	case "user":
		return html`<${PersonOf} id=${id} />`;
	case "token":
		return html`<span>${person ? tn("audit.by_token_of", { id: html`<code>${id}</code>`, person: html`<${PersonOf} id=${person} />` }) :
			tn("audit.by_token", { id: html`<code>${id}</code>` })}</span>`;
	case "uid":
		return html`<span>${t("audit.by_system", { uid: id })}</span>`;
	case "person":
		return t("audit.by_themselves");
	case "":
		return html`<span class="none">–</span>`;
	default:
		return html`<span>usherd <span class="soft">(${actor})</span></span>`;
	}
}

/** A session is its person's, whose rights the record names; a token has its owner told in the record. */
function Owned({ subject: { type, id }, owner }) {
	const person = html`<${PersonOf} id=${owner} />`;

	return html`<span title=${id}>${type === "session" ? tn("audit.of_session", { person }) : tn("audit.of_token", { person })}</span>`;
}

function ownerOf({ subject, person, detail }) {
	return subject.type === "session" ? person : subject.type === "token" ? detail?.owner : null;
}

/** Whom it was done to: by the name that the record still has, or that they have now. */
export function Subject({ record }) {
	const { subject, personal, erased } = record;
	const name = personal?.name ?? personal?.login ?? null;

	if (subject === null)
		return html`<${Value}>${name}</${Value}>`;
	if (!name && !erased && subject.type === "user" && subject.id)
		return html`<${PersonOf} id=${subject.id} />`;
	if (!name && !erased && ownerOf(record))
		return html`<${Owned} subject=${subject} owner=${ownerOf(record)} />`;
	const text = name ? html`<bdi>${name}</bdi>` : erased ? html`<em>${t("audit.erased")}</em>` :
		html`<span class="soft">${hasWords(`audit.subject_${subject.type}`) ? t(`audit.subject_${subject.type}`) : subject.type}</span>`;

	return subject.id && may("users:read") && (subject.type === "user" || subject.type === "invitation") ?
		html`<${Link} to=${`/users/${subject.id}`} title=${subject.id}>${text}</${Link}>` : html`<span title=${subject.id}>${text}</span>`;
}

/** Groups are nobody's own, and so are told apart from what is. */
function groupsOf({ groups_before: before, groups: after }) {
	const named = (dns) => dns.map(lastName).join(", ") || null;

	return before && after ? { groups: { before: named(before), after: named(after) } } : {};
}

/** As the profile shows it, not as it is kept. */
function wordOf(name, value) {
	return name === "org_unit" && value ? lastName(value) : valueWord(name, value);
}

/** Values before and after; nothing when the record has none. */
export function Changes({ record }) {
	const changes = { ...record.personal?.changes, ...record.detail?.changes, ...groupsOf(record.detail ?? {}) };
	const names = Object.keys(changes);

	if (names.length === 0)
		return null;
	return html`<table class="changes"><caption class="unseen">${t("audit.changes")}</caption>
		<thead><tr><th scope="col">${t("audit.field")}</th><th scope="col">${t("audit.before")}</th><th scope="col">${t("audit.after")}</th></tr></thead>
		<tbody>${names.map((name) => html`<tr key=${name}><th scope="row">${hasWords(`field.${name}`) ? t(`field.${name}`) : name}</th>
			<td title=${changes[name].before}><${Value}>${wordOf(name, changes[name].before)}</${Value}></td>
			<td title=${changes[name].after}><${Value}>${wordOf(name, changes[name].after)}</${Value}></td></tr>`)}</tbody></table>`;
}

function textOf(value) {
	return typeof value === "string" ? value : Array.isArray(value) ? value.map(textOf).join(", ") : JSON.stringify(value);
}

/** Everything that a record says, for who opens it. */
export function Details({ record }) {
	const rest = { ...record.detail, ...record.personal };

	delete rest.changes;
	const facts = [
		["id", record.id], ["event", record.event], ["state", record.state], ["subject", record.subject && `${record.subject.type} ${record.subject.id ?? ""}`],
		["actor", record.actor], ["org_unit", record.org_unit], ["source", record.source], ["request_id", record.request_id],
		...Object.entries(rest).map(([name, value]) => [name, textOf(value)]),
	].filter(([, value]) => value !== null && value !== undefined && value !== "");

	return html`<div class="record-more"><${Changes} record=${record} />
		<dl class="facts">${facts.map(([name, value]) => html`<dt><code>${name}</code></dt><dd><${Value}>${value}</${Value}></dd>`)}</dl></div>`;
}
