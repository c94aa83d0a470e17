// What became of an invitation and its mails, step by step, the last one first.
import { html, useState } from "../lib/html.js";
import { hasWords, t } from "../lib/words.js";
import { Time } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { Trouble } from "../ui/states.js";
import { By } from "./by.js";

const signs = {
	issued: "plus", link_renewed: "link", claimed: "person", released: "undo", entry_created: "server", finished: "check",
	expired: "clock", revoked: "close", renamed: "edit", resent: "refresh", address_changed: "mail", end_changed: "clock",
	undeliverable: "alert", mail_queued: "clock", mail_deferred: "clock", mail_sent: "mail", mail_refused: "alert",
	mail_unknown: "info", mail_dropped: "close", mail_bounced: "alert", mail_delayed: "clock", opened: "globe",
};
const tones = {
	finished: "good", entry_created: "good", mail_sent: "good", opened: "good",
	mail_deferred: "warn", mail_delayed: "warn", mail_unknown: "warn", expired: "warn", released: "warn",
	undeliverable: "bad", mail_refused: "bad", mail_bounced: "bad", mail_dropped: "bad", revoked: "bad",
};
const shownAtFirst = 8, fewMore = 3; // steps: a few are not worth a button

function stepWord(event) {
	return hasWords(`person.step_${event}`) ? t(`person.step_${event}`) : event.replaceAll("_", " ");
}

/** Of a step of the invitation: by whom. Of a mail: the mail server's words. */
function Detail({ detail }) {
	if (/^(user|token|uid):/.test(detail))
		return html`<${By} actor=${detail} />`;
	return html`<p class="said"><bdi>${detail}</bdi></p>`;
}

function Step({ step }) {
	return html`<li class="step ${tones[step.event] ?? ""}"><span class="step-sign"><${Icon} name=${signs[step.event] ?? "info"} size="16" /></span>
		<div><p class="step-head"><strong>${stepWord(step.event)}</strong><${Time} at=${step.at} as="moment" /></p>
			${step.mail && html`<p class="soft">${t(`person.mail_${step.mail}`)}</p>`}
			${step.detail && html`<${Detail} detail=${step.detail} />`}</div></li>`;
}

export function Timeline({ invitation, trouble, onRetry }) {
	const [all, setAll] = useState(false);

	if (invitation === null && trouble === null)
		return null;
	const steps = invitation?.timeline.toReversed() ?? [];
	const shown = all || steps.length <= shownAtFirst + fewMore ? steps : steps.slice(0, shownAtFirst);

	return html`<section class="card" aria-labelledby="steps-head"><h2 id="steps-head">${t("person.steps")}</h2>
		${trouble ? html`<${Trouble} error=${trouble} onRetry=${onRetry} />` : html`<div class="card-body">
			<ol class="delivery" reversed>${shown.map((step, index) => html`<${Step} key=${steps.length - index} step=${step} />`)}</ol>
			${steps.length > shown.length && html`<button type="button" class="button quiet small" onClick=${() => setAll(true)}>
				${t("person.steps_before", { count: steps.length - shown.length })}</button>`}</div>`}
	</section>`;
}
