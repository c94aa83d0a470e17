// Open invitations, for whoever sees these and not the people of the directory.
import { html, useEffect, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { fold } from "../lib/fold.js";
import { Lazy } from "../lib/lazy.js";
import { useMore } from "../lib/more.js";
import { formatPhone } from "../lib/phone.js";
import { Link, address, go, useHere } from "../lib/route.js";
import { may } from "../lib/session.js";
import { unitPath, useUnits } from "../lib/units.js";
import { t } from "../lib/words.js";
import { invitedName } from "../person/read.js";
import { Face, Head, Status, Time, Value } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Empty, Loading, Problem, Trouble } from "../ui/states.js";
import { nameOf } from "../users/row.js";
import { entriesFor, dialogOf } from "./acts.js";

const readAgainAfter = 20_000; // ms: nobody tells of invitations
const searchedFrom = 8; // rows; fewer are seen at a glance

/** As the rest of the console calls a person. */
function personOf(invitation) {
	return { ...invitation, name: invitedName(invitation) };
}

function matches(person, words) {
	const text = fold([person.name, person.mail, person.personal_mail, person.uid, person.position].filter(Boolean).join(" "));

	return fold(words).split(/\s+/u).every((word) => text.includes(word));
}

function Row({ person, units, onAct }) {
	const name = nameOf(person);
	const names = person.org_unit === null ? [] : unitPath(units, person.org_unit);

	return html`<tr role="row"><th role="rowheader" scope="row"><span class="i-name"><${Face} name=${name} /><span>
			<${Link} to=${`/invitations/${person.id}`}><bdi>${name}</bdi></${Link}>
			<small class="soft"><bdi>${person.personal_mail ?? person.mail ?? formatPhone(person.phone)}</bdi></small></span></span></th>
		<td role="cell" data-label=${t("users.column.org_unit")} title=${names.join(" › ")}><${Value}>${names.at(-1)}</${Value}></td>
		<td role="cell" data-label=${t("invitations.status")}><${Status} value=${person.status} /></td>
		<td role="cell" class="i-invited" data-label=${t("person.invited")}><${Time} at=${person.created_at} /></td>
		<td role="cell" data-label=${t("person.expires")}><${Time} at=${person.expires_at} as="date" /></td>
		<td role="cell" class="i-menu"><${Menu} label=${t("users.menu", { name })} entries=${[
			{ label: t("users.details"), icon: "person", to: `/invitations/${person.id}` }, ...entriesFor(person, onAct)]} /></td></tr>`;
}

function Table({ people, units, onAct }) {
	return html`<table role="table" class="table invitations"><caption class="unseen">${t("nav.invitations")}</caption>
		<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${t("invitations.who")}</th>
			<th role="columnheader" scope="col">${t("users.column.org_unit")}</th>
			<th role="columnheader" scope="col">${t("invitations.status")}</th><th role="columnheader" scope="col" class="i-invited">${t("person.invited")}</th>
			<th role="columnheader" scope="col">${t("person.expires")}</th><td role="cell"></td></tr></thead>
		<tbody role="rowgroup">${people.map((person) => html`<${Row} key=${person.id} person=${person} units=${units}
			onAct=${(kind) => onAct({ kind, person })} />`)}</tbody></table>`;
}

function Search({ words, count, all, onChange }) {
	const label = all ? t("invitations.search") : t("invitations.search_shown", { count });

	return html`<div class="panel-search"><${Icon} name="search" /><input type="search" autocomplete="off" spellcheck=${false} value=${words}
		aria-label=${label} placeholder=${label} onInput=${(event) => onChange(event.target.value)} /></div>`;
}

export default function Invitations() {
	const { items, next, error, busy, more, again } = useMore(async (cursor, signal) => {
		const page = await get("/invitations", { limit: 200, cursor }, signal);

		return { items: page.items.map(personOf), next: page.next_cursor };
	}, []);
	const { units } = useUnits();
	const { query, state } = useHere();
	const [act, setAct] = useState(null); // {kind, person}
	const words = query.get("q") ?? "";
	const known = next === null ? items?.toReversed() : items; // the last one first, once it is known which that is
	const found = (known ?? []).filter((person) => words.trim() === "" || matches(person, words.trim()));
	const adding = query.get("add") === "1" && may("invitations:write");
	const list = (some) => address("/invitations", { q: words, ...some });
	const stopAdding = () => (state?.opened ? history.back() : go(list({}), { replace: true }));
	const add = may("invitations:write") && html`<button type="button" class="button primary" onClick=${() => go(list({ add: 1 }), { state: { opened: true } })}>
		<${Icon} name="plus" />${t("users.add")}</button>`;

	useEffect(() => {
		const timer = setInterval(() => document.hidden || busy || again(), readAgainAfter);

		return () => clearInterval(timer);
	}, [items, busy]);
	return html`<${Head} title=${t("nav.invitations")} about=${t("invitations.about")}>${add}</${Head}>
		${error && items && html`<${Problem} error=${error} />`}
		${items === null ? html`<section class="card">${error ? html`<${Trouble} error=${error} onRetry=${again} />` : html`<${Loading} lines=${8} />`}</section>` :
			items.length === 0 ? html`<section class="card"><${Empty} icon="mail" title=${t("invitations.none")} action=${add}>${
				t("invitations.none_why")}</${Empty}></section>` : html`
			<section class="card" aria-label=${t("nav.invitations")}>
				${(items.length >= searchedFrom || words) && html`<${Search} words=${words} count=${items.length} all=${next === null}
					onChange=${(q) => go(address("/invitations", { q }), { replace: true })} />`}
				<p class="unseen" role="status">${words && t("invitations.found", { count: found.length })}</p>
				${found.length === 0 ? html`<${Empty} icon="search" title=${t("invitations.no_match")} action=${html`<button type="button" class="button"
					onClick=${() => go("/invitations", { replace: true })}>${t("invitations.clear")}</button>`}>${t("invitations.no_match_why")}</${Empty}>` :
					html`<${Table} people=${found} units=${units} onAct=${setAct} />`}
				${next && html`<footer class="more"><span class="soft">${t("invitations.shown", { count: items.length })}</span>
					<button type="button" class="button" aria-disabled=${busy ? "true" : null} onClick=${() => busy || more()}>${t("invitations.more")}</button></footer>`}
			</section>`}
		${act && html`<${Lazy} key=${`${act.kind} ${act.person.id}`} load=${dialogOf(act.kind)} kind=${act.kind} person=${act.person} invitation=${act.person}
			onClose=${() => setAct(null)} onFailed=${() => setAct(null)} onDone=${again} />`}
		${adding && html`<${Lazy} load=${() => import("../invite/dialog.js")} onClose=${stopAdding} onFailed=${stopAdding} onInvited=${again} />`}`;
}
