// What a screen shows when it has no content to show: each says what it is and what to do.
import { html } from "../lib/html.js";
import { explain } from "../lib/errors.js";
import { t } from "../lib/words.js";
import { Icon } from "./icon.js";

/** `action`: an element. */
export function Empty({ icon = "info", title, children, action }) {
	return html`<div class="empty"><span class="empty-sign"><${Icon} name=${icon} size="28" /></span>
		<h2>${title}</h2><p>${children}</p>${action}</div>`;
}

/** What an error means and, if it helps, a way to try again. */
export function Trouble({ error, onRetry }) {
	return html`<div role="alert"><${Empty} icon="alert" title=${t("ui.trouble")} action=${onRetry && html`<button type="button"
		class="button" onClick=${onRetry}><${Icon} name="refresh" />${t("ui.retry")}</button>`}>${explain(error)}</${Empty}></div>`;
}

export function NoPermission() {
	return html`<${Empty} icon="key" title=${t("ui.no_permission")}>${t("ui.no_permission_why")}</${Empty}>`;
}

/** Inside of what stays as it is: a line of text about what went wrong. */
export function Problem({ error }) {
	return html`<p class="problem" role="alert"><${Icon} name="alert" /><span>${explain(error)}</span></p>`;
}

/** Something is on its way; `label` says what. */
export function Loading({ label = t("ui.loading"), lines = 5 }) {
	return html`<div class="loading" role="status"><span class="unseen">${label}</span>
		${Array.from({ length: lines }, (_, i) => html`<span class="bone" key=${i}></span>`)}</div>`;
}
