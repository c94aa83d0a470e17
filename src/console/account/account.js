// What is one's own: where one is signed in, and the tokens that programs use in one's name.
import { html, useState } from "../lib/html.js";
import { get, remove } from "../lib/api.js";
import { hasShortcuts, switchShortcuts } from "../lib/chosen.js";
import { explain } from "../lib/errors.js";
import { useLoad } from "../lib/load.js";
import { leavePage, may, whoAmI } from "../lib/session.js";
import { lastName } from "../lib/units.js";
import { t, tn } from "../lib/words.js";
import { Face, Head, Time, Value } from "../ui/bits.js";
import { Confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Loading, Trouble } from "../ui/states.js";
import { say } from "../ui/toast.js";
import { Tokens } from "./tokens.js";

/** "Firefox on Linux": what a browser says of itself, as far as it is worth reading. */
function agentWord(agent) {
	const browser = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]]
		.find(([mark]) => agent.includes(mark))?.[1];
	const system = [["Android", "Android"], ["iPhone", "iOS"], ["iPad", "iPadOS"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]]
		.find(([mark]) => agent.includes(mark))?.[1];

	return browser && system ? t("account.agent", { browser, system }) : agent;
}

function Who() {
	const me = whoAmI();

	return html`<section class="card who"><div class="card-body"><${Face} name=${me.name ?? me.uid ?? "?"} size="large" />
		<div><h2><bdi>${me.name ?? me.uid}</bdi></h2><p class="soft"><${Value}>${me.mail ?? me.uid}</${Value}></p>
			<p>${me.roles.map((role) => html`<span class="chip still" key=${role}>${t(`role.${role}`)}</span>`)}
				${me.org_units ? me.org_units.map((dn) => html`<span class="chip still" key=${dn} title=${dn}>
					<${Icon} name="tree" size="16" /><bdi>${lastName(dn)}</bdi></span>`) :
					html`<span class="chip still"><${Icon} name="globe" size="16" />${t("account.everywhere")}</span>`}</p></div></div></section>`;
}

function Sessions() {
	const { data, error, reload } = useLoad((signal) => get("/sessions", {}, signal), []);
	const [all, setAll] = useState(false);
	const [ending, setEnding] = useState(null); // an id, or "all"
	const end = async (session) => {
		if (ending)
			return;
		setEnding(session.id);
		try {
			await remove(`/sessions/${session.id}`);
			say(t("account.ended"));
		} catch (problem) {
			say(explain(problem), { tone: "bad" });
		}
		setEnding(null);
		reload();
	};
	const endAll = async () => {
		setEnding("all");
		try {
			await remove("/sessions");
			leavePage();
		} catch (problem) {
			setEnding(null);
			setAll(false);
			say(explain(problem), { tone: "bad" });
		}
	};

	return html`<section class="card"><header><h2>${t("account.sessions")}</h2>
			<button type="button" class="button small" onClick=${() => setAll(true)}>${t("account.end_all")}</button></header>
		${data === null ? (error ? html`<${Trouble} error=${error} onRetry=${reload} />` : html`<${Loading} lines=${3} />`) : html`<ul class="lines">
			${data.items.map((session) => html`<li key=${session.id}><div><p class="line-name"><strong title=${session.agent}><bdi>${
					session.agent ? agentWord(session.agent) : t("account.no_agent")}</bdi></strong>
					${session.current && html`<span class="status active">${t("account.this_one")}</span>`}</p>
					<ul class="row">${session.source && html`<li><bdi>${session.source}</bdi></li>`}
						<li>${tn("account.last_used", { time: html`<${Time} at=${session.last_used_at} />` })}</li>
						<li>${tn("account.ends", { time: html`<${Time} at=${session.expires_at} />` })}</li></ul></div>
				${!session.current && html`<button type="button" class="button small" aria-disabled=${ending ? "true" : null} aria-label=${t("account.end_of", {
					what: session.agent ? agentWord(session.agent) : session.source ?? session.id })} onClick=${() => end(session)}>${t("account.end")}</button>`}</li>`)}</ul>`}
		${all && html`<${Confirm} title=${t("account.end_all_title")} action=${t("account.end_all")} danger busy=${ending}
			onConfirm=${endAll} onClose=${() => setAll(false)}><p>${t("account.end_all_sure")}</p></${Confirm}>`}
	</section>`;
}

function Keyboard() {
	const [on, setOn] = useState(hasShortcuts);
	const turn = ({ target }) => {
		switchShortcuts(target.checked);
		setOn(hasShortcuts());
	};

	return html`<section class="card"><header><h2>${t("account.keyboard")}</h2></header><div class="card-body"><label class="switch">
		<input type="checkbox" checked=${on} onChange=${turn} /><span>${tn("account.slash", { key: html`<kbd>/</kbd>` })}</span></label></div></section>`;
}

export default function Account() {
	return html`<${Head} title=${t("nav.account")} about=${t("account.lead")} />
		<div class="stack"><${Who} /><${Sessions} />${may("tokens") && html`<${Tokens} />`}${may("users:read") && html`<${Keyboard} />`}</div>`;
}
