// API tokens: those there are, a new one, which is shown once, and the end of one.
import { html, useRef, useState } from "../lib/html.js";
import { get, post, remove } from "../lib/api.js";
import { byField } from "../lib/fields.js";
import { useLoad } from "../lib/load.js";
import { whoAmI } from "../lib/session.js";
import { lastName } from "../lib/units.js";
import { t, tn } from "../lib/words.js";
import { Time } from "../ui/bits.js";
import { CopyButton } from "../ui/copy.js";
import { Confirm, Dialog } from "../ui/dialog.js";
import { Field, focusWrong } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Empty, Loading, Problem, Trouble } from "../ui/states.js";
import { say } from "../ui/toast.js";
import { useClosing } from "../ui/unsaved.js";

const day = 86400; // s
const lifetimes = [7, 30, 90, 365]; // days

function NewToken({ onClose, onMade }) {
	const [name, setName] = useState("");
	const [scopes, setScopes] = useState(() => new Set());
	const [days, setDays] = useState(90);
	const [busy, setBusy] = useState(false);
	const [failed, setFailed] = useState(null);
	const form = useRef(null);
	const told = failed?.name === "ApiError" ? byField(failed, ["name", "scopes", "expires_in"]).found : {};
	const noScope = failed === "scopes" ? t("account.choose_scope") : told.scopes;
	const turn = (scope) => {
		const next = new Set(scopes);

		if (!next.delete(scope))
			next.add(scope);
		setScopes(next);
	};
	const submit = async (event) => {
		event.preventDefault();
		if (busy)
			return;
		if (scopes.size === 0) {
			setFailed("scopes");
			return;
		}
		setBusy(true);
		try {
			onMade(await post("/tokens", { name: name.trim(), scopes: [...scopes], expires_in: days * day }));
		} catch (error) {
			setBusy(false);
			setFailed(error);
			setTimeout(() => focusWrong(form.current));
		}
	};

	const { close, question } = useClosing(name.trim() !== "" || scopes.size > 0, onClose);

	return html`<${Dialog} title=${t("account.new_token")} onClose=${close}><form ref=${form} onSubmit=${submit} novalidate>
		<div class="dialog-body">
			${failed?.name && failed.errors?.length === 0 && html`<${Problem} error=${failed} />`}
			<${Field} name="name" label=${t("account.token_name")} hint=${t("account.token_name_hint")} error=${told.name} required>${(props) => html`<input ...${props}
				data-first maxlength="64" autocomplete="off" value=${name} onInput=${(event) => setName(event.target.value)} />`}</${Field}>
			<fieldset class="choices" aria-describedby=${noScope ? "scopes-error" : null}><legend class="label">${t("account.scopes")}</legend>
				<div>${whoAmI().scopes.map((scope) => html`<label key=${scope}><input type="checkbox" checked=${scopes.has(scope)}
					aria-invalid=${noScope ? "true" : null} onChange=${() => turn(scope)} /><code>${scope}</code></label>`)}</div>
				${noScope && html`<p class="error" id="scopes-error"><${Icon} name="alert" size="16" /><span>${noScope}</span></p>`}</fieldset>
			<${Field} name="expires_in" label=${t("account.lifetime")} error=${told.expires_in} required>${(props) => html`<select ...${props}
				value=${days} onChange=${(event) => setDays(Number(event.target.value))}>${lifetimes.map((count) => html`<option key=${count} value=${count}
					selected=${count === days}>${t("account.days", { count })}</option>`)}</select>`}</${Field}>
		</div>
		<footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("ui.cancel")}</button>
			<button class="button primary" aria-disabled=${busy ? "true" : null}>${t("account.make_token")}</button></footer>
	</form></${Dialog}>${question}`;
}

function MadeToken({ token, onClose }) {
	const shown = useRef(null);
	const [copied, setCopied] = useState(false);
	const { close, question } = useClosing(!copied, onClose, {
		title: t("account.not_copied"), why: t("account.not_copied_why"), action: t("account.go_without"), cancel: t("account.back_to_it"),
	});

	return html`<${Dialog} title=${t("account.token_made")} onClose=${close}><div class="dialog-body">
			<p class="note warn"><${Icon} name="alert" /><span>${t("account.token_once")}</span></p>
			<div class="joined once"><input ref=${shown} class="code" readonly value=${token.token} aria-label=${t("account.token_of", { name: token.name })}
				onFocus=${(event) => event.target.select()} onCopy=${() => setCopied(true)} /><${CopyButton} text=${token.token}
				shownIn=${() => shown.current} onCopied=${() => setCopied(true)} first /></div></div>
		<footer class="dialog-foot"><button type="button" class="button primary" onClick=${close}>${t("account.done")}</button></footer>
	</${Dialog}>${question}`;
}

function Line({ token, onRevoke }) {
	return html`<li><div><p class="line-name"><strong><bdi>${token.name}</bdi></strong>${token.status === "expired" &&
				html`<span class="status expired">${t("status.expired")}</span>`}</p>
			<ul class="row"><li><code>${token.id}</code></li>
				<li>${token.last_used_at ? tn("account.last_used", { time: html`<${Time} at=${token.last_used_at} />` }) : t("account.never_used")}</li>
				<li>${tn(token.status === "expired" ? "account.ended_at" : "account.ends", { time: html`<${Time} at=${token.expires_at} />` })}</li>
				${token.org_units?.map((dn) => html`<li key=${dn} title=${dn}><bdi>${lastName(dn)}</bdi></li>`)}</ul>
			<p class="scopes">${token.scopes.map((scope) => html`<code key=${scope}>${scope}</code>`)}</p></div>
		<button type="button" class="button small" aria-label=${t("account.revoke_of", { name: token.name })} onClick=${onRevoke}>${t("account.revoke")}</button></li>`;
}

export function Tokens() {
	const { data, error, reload } = useLoad((signal) => get("/tokens", {}, signal), []);
	const [making, setMaking] = useState(false);
	const [made, setMade] = useState(null);
	const [revoking, setRevoking] = useState(null);
	const [failed, setFailed] = useState(null);
	const [busy, setBusy] = useState(false);
	const revoke = async () => {
		setBusy(true);
		try {
			await remove(`/tokens/${revoking.id}`);
			say(t("account.revoked", { name: revoking.name }));
			setRevoking(null);
			reload();
		} catch (problem) {
			setFailed(problem);
		}
		setBusy(false);
	};
	const own = data?.items.filter(({ owner }) => owner === whoAmI().id) ?? [];
	const others = data?.items.filter(({ owner }) => owner !== whoAmI().id) ?? [];
	const line = (token) => html`<${Line} key=${token.id} token=${token} onRevoke=${() => (setFailed(null), setRevoking(token))} />`;

	return html`<section class="card"><header><h2>${t("account.tokens")}</h2><button type="button" class="button small" onClick=${() => setMaking(true)}>
			<${Icon} name="plus" size="16" />${t("account.new_token")}</button></header>
		${data === null ? (error ? html`<${Trouble} error=${error} onRetry=${reload} />` : html`<${Loading} lines=${3} />`) :
			data.items.length === 0 ? html`<${Empty} icon="key" title=${t("account.no_tokens")}>${t("account.no_tokens_why")}</${Empty}>` : html`
			${own.length > 0 && html`<ul class="lines">${own.map(line)}</ul>`}
			${others.length > 0 && html`<h3 class="lines-head">${t("account.others_tokens")}</h3><ul class="lines">${others.map(line)}</ul>`}`}
		${making && html`<${NewToken} onClose=${() => setMaking(false)} onMade=${(token) => (setMaking(false), setMade(token), reload())} />`}
		${made && html`<${MadeToken} token=${made} onClose=${() => setMade(null)} />`}
		${revoking && html`<${Confirm} title=${t("account.revoke_title")} action=${t("account.revoke")} danger busy=${busy} error=${failed} onConfirm=${revoke}
			onClose=${() => setRevoking(null)}><p>${tn("account.revoke_sure", { name: html`<strong><bdi>${revoking.name}</bdi></strong>` })}</p></${Confirm}>`}
	</section>`;
}
