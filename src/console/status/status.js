// Status: how the daemon and what it needs are, read again and again while somebody looks.
import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useLoad } from "../lib/load.js";
import { useEvery } from "../lib/presence.js";
import { Link, address } from "../lib/route.js";
import { may } from "../lib/session.js";
import { formatBytes, formatNumber, formatSpan, t, tn } from "../lib/words.js";
import { Head, Time, Value, statusWord } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { Loading, Problem, Trouble } from "../ui/states.js";
import { MailQueue } from "./queue.js";

const readEvery = 5000; // ms

// What a state of a part is worth; all else is bad.
const well = ["ok", "up", "current", "complete", "off"];
const underWay = ["degraded", "catching_up", "loading", "paused", "unknown"];

function State({ value }) {
	const tone = well.includes(value) ? "good" : underWay.includes(value) ? "warn" : "bad";

	return html`<span class="state ${tone}"><${Icon} name=${{ good: "check", warn: "clock", bad: "alert" }[tone]} size="16" />${t(`state.${value}`)}</span>`;
}

function Part({ title, icon, state, children }) {
	return html`<section class="card part"><header><${Icon} name=${icon} /><h2>${title}</h2><${State} value=${state} /></header>
		<div class="card-body">${children}</div></section>`;
}

function Facts({ children }) {
	return html`<dl class="facts">${children.filter(Boolean).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function Words({ children }) {
	return html`<q class="said"><bdi>${children}</bdi></q>`;
}

// The path of a socket is written with escapes (ldapi://%2Frun...); people read it without.
function readable(uri) {
	try {
		return decodeURIComponent(uri);
	} catch {
		return uri;
	}
}

function Directory({ directory }) {
	return html`<${Part} title=${t("state.directory")} icon="server" state=${directory.status}>
		<ul class="servers">${directory.servers.map((server) => html`<li key=${server.uri}>
			<code><bdi>${readable(server.uri)}</bdi></code>
			<ul class="row"><li><${State} value=${server.status} /></li>${server.in_use && html`<li>${t("state.in_use")}</li>`}
				${server.since && html`<li>${tn("state.since", { time: html`<${Time} at=${server.since} as="moment" />` })}</li>`}</ul>
			${server.last_error && html`<p class="row"><span>${t("state.failure")}</span><${Words}>${server.last_error}</${Words}><${Time} at=${server.last_error_at} /></p>`}
		</li>`)}</ul></${Part}>`;
}

function Feed({ feed }) {
	return html`<${Part} title=${t("state.feed")} icon="refresh" state=${feed.status}><${Facts}>${[
		[t("state.method"), feed.method ? t(`state.method_${feed.method}`) : html`<${Value} />`],
		[t("state.lag"), feed.lag_seconds === null ? html`<${Value} />` : t("state.lag_at_most", { time: formatSpan(feed.lag_seconds) })],
		feed.entries !== null && [t("state.read_so_far"), formatNumber(feed.entries)],
		feed.reason && [t("state.reason"), html`<${Words}>${feed.reason}</${Words}>`],
	]}</${Facts}></${Part}>`;
}

function People({ list }) {
	return html`<${Part} title=${t("state.list")} icon="people" state=${list.status}><${Facts}>${[
		[t("state.people"), list.people === null ? html`<${Value} />` : formatNumber(list.people)],
		...Object.entries(list.counts ?? {}).map(([status, count]) => [statusWord(status),
			may("users:read") ? html`<${Link} to=${address("/users", { status })}>${formatNumber(count)}</${Link}>` : formatNumber(count)]),
		[t("state.memory"), formatBytes(list.bytes)],
	]}</${Facts}></${Part}>`;
}

function Store({ store }) {
	return html`<${Part} title=${t("state.store")} icon="building" state=${store.status}><${Facts}>${[
		[t("state.kind"), t("state.kind_of", { kind: store.kind, schema: store.schema })],
		[t("state.size"), store.bytes === null ? html`<${Value} />` : formatBytes(store.bytes)],
		store.reason && [t("state.reason"), html`<${Words}>${store.reason}</${Words}>`],
	]}</${Facts}></${Part}>`;
}

function Mail({ mail }) {
	return html`<${Part} title=${t("state.mail")} icon="mail" state=${mail.status}>${mail.configured ? html`<${Facts}>${[
		[t("state.waiting"), formatNumber(mail.waiting)],
		mail.oldest_at && [t("state.oldest"), html`<${Time} at=${mail.oldest_at} />`],
		mail.paused_until && [t("state.paused_until"), html`<${Time} at=${mail.paused_until} />`],
		[t("state.sent"), html`<${Time} at=${mail.sent_at} />`],
		mail.last_failure && [t("state.failure"), html`<p class="row"><${Words}>${mail.last_failure}</${Words}><${Time} at=${mail.last_failure_at} /></p>`],
	]}</${Facts}>` : html`<p class="soft">${t("state.no_mail")}</p>`}</${Part}>`;
}

function Daemon({ status }) {
	return html`<section class="card part"><header><${Icon} name="info" /><h2>${t("state.daemon")}</h2></header><div class="card-body"><${Facts}>${[
		[t("state.version"), `usherd ${status.version}`],
		[t("state.started"), html`<${Time} at=${status.started_at} />`],
		[t("state.sessions"), formatNumber(status.sessions.open)],
		[t("state.webhooks"), status.webhooks.count === 0 ? t("state.none") :
			t("state.webhooks_of", { count: status.webhooks.enabled, failing: status.webhooks.failing })],
		...status.libraries.map(({ name, version }) => [name, html`<${Value}>${version}</${Value}>`]),
	]}</${Facts}></div></section>`;
}

export default function Status() {
	const { data: status, error, reload, refresh } = useLoad((signal) => get("/status", {}, signal), []);

	useEvery(readEvery, refresh);
	return html`<${Head} title=${t("nav.status")} about=${t("state.lead")} />
		${status === null ? (error ? html`<${Trouble} error=${error} onRetry=${reload} />` : html`<${Loading} />`) : html`
			${error && html`<${Problem} error=${error} />`}
			<p class="note overall ${status.status === "ok" ? "good" : "warn"}" role="status"><${Icon} name=${status.status === "ok" ? "check" : "alert"} />
				<strong>${t(`state.overall_${status.status}`)}</strong></p>
			<div class="parts">
				<${Directory} directory=${status.directory} /><${Feed} feed=${status.feed} /><${People} list=${status.list} />
				<${Mail} mail=${status.mail} /><${Store} store=${status.store} /><${Daemon} status=${status} />
			</div>
			${status.mail.configured && may("mail") && html`<${MailQueue} waiting=${status.mail.waiting} />`}`}`;
}
