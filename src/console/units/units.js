// Organization units: the tree with how many people are where, and beside it the one that is chosen.
import { html, useEffect, useState } from "../lib/html.js";
import { watchPeople } from "../lib/live.js";
import { Link, address, go, useHere } from "../lib/route.js";
import { may } from "../lib/session.js";
import { readUnits, unitPath, useUnits } from "../lib/units.js";
import { formatNumber, t } from "../lib/words.js";
import { Head, Value, statusWord } from "../ui/bits.js";
import { CopyButton } from "../ui/copy.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Empty, Loading, Problem, Trouble } from "../ui/states.js";
import { UnitTree } from "./tree.js";
import { UnitPath } from "./picker.js";
import { ChangeUnit, DeleteUnit, NewUnit } from "./change.js";

const triesMax = 10, triedAgainAfter = 300; // ms
const readAgainAfter = 2000; // ms after a change of people: their numbers

// Of those who are directly in it: "Active 17 · Suspended 1".
function Counts({ counts }) {
	return html`<ul class="row">${Object.entries(counts).filter(([, count]) => count > 0).map(([status, count]) => html`<li key=${status}>
		${statusWord(status)} <strong>${formatNumber(count)}</strong></li>`)}</ul>`;
}

function Chosen({ units, unit, onAct }) {
	const writes = may("directory:write") && unit.id !== null;
	const empty = unit.below.length === 0 && unit.total_below === 0;

	return html`<section class="card unit" aria-labelledby="unit-name">
		<header><div>${unit.parent && html`<p class="soft"><${UnitPath} units=${units} dn=${unit.dn} /></p>`}<h2 id="unit-name"><bdi>${unit.name}</bdi></h2></div>
			${writes && html`<${Menu} label=${t("units.acts", { name: unit.name })} entries=${[
				{ label: t("units.new_below"), icon: "plus", onChoose: () => onAct("new") },
				{ label: t("units.change"), icon: "edit", onChoose: () => onAct("change") },
				"-",
				{ label: t("units.delete"), icon: "trash", danger: true, onChoose: () => onAct("delete"),
					disabled: unit.parent === null ? t("units.base") : empty ? null : t("units.not_empty") },
			]} />`}
		</header>
		<div class="card-body">
			${unit.description && html`<p class="unit-about"><bdi>${unit.description}</bdi></p>`}
			<dl class="facts">
				<dt>${t("units.below")}</dt><dd>${formatNumber(unit.below.length)}</dd>
				${unit.total !== null && html`<dt>${t("units.people_in_it")}</dt><dd>${formatNumber(unit.total)}<${Counts} counts=${unit.counts} /></dd>
					<dt>${t("units.people_below")}</dt><dd><${Link} to=${address("/users", { org_unit: unit.dn })}>${formatNumber(unit.total_below)}</${Link}></dd>`}
				<dt>DN</dt><dd class="dn"><code><${Value}>${unit.dn}</${Value}></code><${CopyButton} text=${unit.dn} className="button quiet small" /></dd>
			</dl>
		</div>
	</section>`;
}

export default function Units() {
	const { units, error, reload } = useUnits();
	const { query } = useHere();
	const [words, setWords] = useState("");
	const [act, setAct] = useState(null); // "new", "change", "delete"
	const chosen = units?.byDn.get(query.get("unit")) ?? units?.roots[0] ?? null;
	const choose = (dn, replace = false) => go(address("/org-units", { unit: dn }), { replace });

	useEffect(() => {
		let timer = null;
		const stop = watchPeople(() => {
			timer ??= setTimeout(() => { timer = null; reload(); }, readAgainAfter);
		});

		reload();
		return () => {
			stop();
			clearTimeout(timer);
		};
	}, []);
	// The list has a change within moments; until then it is asked again.
	const done = async (holds, dn) => {
		setAct(null);
		for (let tries = 0; tries < triesMax; tries++) {
			if (holds((await readUnits()).byDn))
				break;
			await new Promise((resolve) => setTimeout(resolve, triedAgainAfter));
		}
		choose(dn, true);
	};
	const made = (dn) => done((byDn) => byDn.has(dn), dn).catch(reload);
	const changed = (dn, is) => done((byDn) => is(byDn.get(dn)), dn).catch(reload);
	const gone = (unit) => done((byDn) => !byDn.has(unit.dn), unit.parent).catch(reload);

	return html`<${Head} title=${t("nav.units")} about=${t("units.about")}>
			${may("directory:write") && chosen && html`<button type="button" class="button primary" onClick=${() => setAct("new")}>
				<${Icon} name="plus" />${t("units.new")}</button>`}
		</${Head}>
		${error && units && html`<${Problem} error=${error} />`}
		${units === null ? (error ? html`<${Trouble} error=${error} onRetry=${reload} />` : html`<${Loading} />`) :
			units.items.length === 0 ? html`<${Empty} icon="tree" title=${t("units.none")}>${t("units.none_why")}</${Empty}>` : html`
			<div class="units"><section class="card" aria-label=${t("units.tree")}>
				<div class="panel-search"><${Icon} name="search" /><input type="search" autocomplete="off" spellcheck=${false} aria-label=${t("units.search")}
					placeholder=${t("units.search")} value=${words} onInput=${(event) => setWords(event.target.value)} /></div>
				<div class="panel-body"><${UnitTree} units=${units} value=${chosen?.dn} words=${words} label=${t("units.tree")}
					onChoose=${({ dn }) => choose(dn)}
					extra=${({ total_below: total }) => total !== null && html`<span class="tree-count" title=${t("units.people_below")}>${formatNumber(total)}<span class="unseen"> ${t("units.people_below")}</span></span>`} /></div>
			</section>
			${chosen && html`<${Chosen} units=${units} unit=${chosen} onAct=${setAct} />`}</div>`}
		${act === "new" && html`<${NewUnit} parent=${chosen} onClose=${() => setAct(null)} onDone=${made} />`}
		${act === "change" && html`<${ChangeUnit} unit=${chosen} onClose=${() => setAct(null)} onDone=${changed} />`}
		${act === "delete" && html`<${DeleteUnit} unit=${chosen} path=${unitPath(units, chosen.dn)} onClose=${() => setAct(null)}
			onDone=${() => gone(chosen)} />`}`;
}
