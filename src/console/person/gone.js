// Whose page has nobody (any more).
import { html, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useLoad } from "../lib/load.js";
import { Link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { formatDate, formatMoment, t, tn } from "../lib/words.js";
import { Actor } from "../audit/record.js";
import { Head } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { Empty, Loading } from "../ui/states.js";
import { restore } from "../users/acts.js";
import { nameOf } from "../users/row.js";
import { isUser } from "./read.js";

const pagesMax = 5; // of 200: who was deleted before so many is not looked for

function Back() {
	const list = may("users:read") ? "/users" : "/invitations";

	return html`<${Link} to=${list} class="button">${may("users:read") ? t("person.to_users") : t("person.to_invitations")}</${Link}>`;
}

export function Nobody() {
	return html`<${Head} title=${t("person.nobody")} /><section class="card"><${Empty} icon="person" title=${t("person.nobody_here")} action=${html`<${Back} />`}>
		${t("person.nobody_why")}</${Empty}></section>`;
}

async function inTrash(id, signal) {
	let cursor = null;

	for (let page = 0; page < pagesMax && (page === 0 || cursor); page++) {
		const { items, next_cursor: next } = await get("/trash", { limit: 200, cursor }, signal);
		const found = items.find((one) => one.id === id);

		if (found)
			return found;
		cursor = next;
	}
	return null;
}

/** When and by whom: {name, deleted_at, deleted_by, restorable_until, now}, or null. `now`: the id of who was brought back. */
async function readEnd(id, signal) {
	const kept = may("users:read") ? await inTrash(id, signal).catch(() => null) : null; // the trail tells as well

	if (kept || !may("audit:read"))
		return kept;
	const last = async (event) => {
		const { items } = await get("/audit", { about: id, event, limit: 1 }, signal);

		return items.find(({ subject }) => subject?.id === id);
	};
	const [removed, restored] = await Promise.all([last("user_removed"), last("user_restored")]);

	return removed ? {
		name: removed.personal?.name ?? null, deleted_at: removed.at, deleted_by: removed.actor, restorable_until: null,
		now: restored?.detail?.new_id ?? null,
	} : null;
}

/** `before`: what the page has shown, or null. `onRestored(person)` as they are now: with another id. */
export function Gone({ id, before, onRestored }) {
	const { data: end, busy } = useLoad((signal) => readEnd(id, signal), [id]);
	const [restoring, setRestoring] = useState(false);
	const name = end?.name ?? (before && nameOf(before));
	const wasUser = end !== null || (before !== null && isUser(before));
	const bring = async () => {
		setRestoring(true);
		await restore({ id, name, ...before, ...end }, (_, back) => back && onRestored(back));
		setRestoring(false);
	};

	if (busy && end === null)
		return html`<${Loading} />`;
	if (end === null && before === null)
		return html`<${Nobody} />`;
	return html`<${Head} title=${name ?? t("person.title")} /><section class="card" role="status"><${Empty} icon="trash"
		title=${wasUser ? t("person.deleted") : t("person.removed")} action=${html`<div class="gone-acts">
			${end?.restorable_until && may("users:write") && html`<button type="button" class="button primary"
				aria-disabled=${restoring ? "true" : null} onClick=${() => restoring || bring()}><${Icon} name="undo" />${t("users.restore")}</button>`}
			${end?.now && html`<${Link} to=${`/users/${encodeURIComponent(end.now)}`} class="button primary">${t("person.to_their_page")}</${Link}>`}
			<${Back} /></div>`}>
		${end ? tn("person.deleted_when", { time: formatMoment(end.deleted_at), actor: html`<${Actor} actor=${end.deleted_by} />` }) :
			wasUser ? t("person.deleted_meanwhile") : t("person.removed_why")}
		${end?.now && ` ${t("person.is_back")}`}
		${end?.restorable_until && ` ${t("person.restorable_until", { date: formatDate(end.restorable_until) })}`}</${Empty}></section>`;
}
