// Who was deleted and can still be brought back: the last one first.
import { html, useRef, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useMore } from "../lib/more.js";
import { may } from "../lib/session.js";
import { unitPath } from "../lib/units.js";
import { t } from "../lib/words.js";
import { Face, Time, Value } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { Empty, Loading, Problem, Trouble } from "../ui/states.js";
import { restore } from "./acts.js";
import { nameOf } from "./row.js";

function Deleted({ person, units, onRestore, busy }) {
	const names = person.org_unit === null ? [] : unitPath(units, person.org_unit);

	return html`<tr role="row">
		<th role="rowheader" scope="row"><span class="trash-who"><${Face} name=${nameOf(person)} /><span class="p-who"><bdi title=${nameOf(person)}>${nameOf(person)}</bdi>
			<small class="soft"><bdi>${person.mail ?? person.uid}</bdi></small></span></span></th>
		<td role="cell" class="wide-only" title=${names.join(" › ") || null}><${Value}>${names.at(-1)}</${Value}></td>
		<td role="cell" class="wide-only"><${Time} at=${person.deleted_at} /></td>
		<td role="cell" class="until"><${Time} at=${person.restorable_until} as="date" /></td>
		<td role="cell" class="number">${may("users:write") && html`<button type="button" class="button small" aria-disabled=${busy ? "true" : null}
			aria-label=${t("users.restore_whom", { name: nameOf(person) })} onClick=${() => busy || onRestore(person)}>
			<${Icon} name="undo" size="18" />${t("users.restore")}</button>`}</td>
	</tr>`;
}

export default function Trash({ units }) {
	const { items, next, error, busy, more, again } = useMore(async (cursor, signal) => {
		const page = await get("/trash", { limit: 100, cursor }, signal);

		return { items: page.items, next: page.next_cursor };
	}, []);
	const [restoring, setRestoring] = useState(null);
	const body = useRef(null);
	const bring = async (person) => {
		const row = items.indexOf(person);

		setRestoring(person.id);
		await restore(person, () => {});
		await again();
		setRestoring(null);
		// Its button is gone, or belongs to another person: the focus goes to the one in its place.
		(body.current?.children[Math.min(row, body.current.children.length - 1)]?.querySelector("button") ?? document.getElementById("main")).focus();
	};

	if (items === null)
		return error ? html`<${Trouble} error=${error} onRetry=${again} />` : html`<div class="card"><${Loading} lines=${8} /></div>`;
	if (items.length === 0)
		return html`<div class="card"><${Empty} icon="trash" title=${t("users.trash_none")}>${t("users.trash_none_why")}</${Empty}></div>`;
	return html`<p class="total soft">${t("users.trash_about")}</p>
		${error && html`<${Problem} error=${error} />`}
		<div class="card trash"><table class="table" role="table"><caption class="unseen">${t("users.deleted")}</caption>
			<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${t("users.column.name")}</th>
				<th role="columnheader" scope="col" class="wide-only">${t("users.column.org_unit")}</th>
				<th role="columnheader" scope="col" class="wide-only">${t("users.column.deleted_at")}</th>
				<th role="columnheader" scope="col">${t("users.column.restorable_until")}</th><td role="cell"></td></tr></thead>
			<tbody role="rowgroup" ref=${body}>${items.map((person) => html`<${Deleted} key=${person.id} person=${person} units=${units} busy=${restoring !== null} onRestore=${bring} />`)}</tbody>
		</table></div>
		${next && html`<p class="trash-more"><button type="button" class="button" aria-disabled=${busy ? "true" : null} onClick=${() => busy || more()}>
			${t("users.trash_more")}</button></p>`}`;
}
