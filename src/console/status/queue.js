// The mails that wait, and what can be done about them.
import { html, useState } from "../lib/html.js";
import { get, post, remove } from "../lib/api.js";
import { explain } from "../lib/errors.js";
import { useLoad } from "../lib/load.js";
import { Link } from "../lib/route.js";
import { formatNumber, hasWords, t } from "../lib/words.js";
import { Time, Value } from "../ui/bits.js";
import { Confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Problem } from "../ui/states.js";
import { say } from "../ui/toast.js";

const shownMax = 50;

/** `waiting`: how many the daemon says there are; another number makes it look again. */
export function MailQueue({ waiting }) {
	const { data: queue, error, reload } = useLoad((signal) => get("/mail/queue", { limit: shownMax }, signal), [waiting]);
	const [dropping, setDropping] = useState(null);
	const [busy, setBusy] = useState(false);
	const act = async (ask, done) => {
		if (busy)
			return;
		setBusy(true);
		try {
			await ask();
			say(done);
		} catch (problem) {
			say(explain(problem), { tone: "bad" });
		}
		setBusy(false);
		setDropping(null);
		reload();
	};

	if (queue === null)
		return error && html`<${Problem} error=${error} />`;
	if (queue.items.length === 0)
		return null;
	return html`<section class="card queue"><header><h2>${t("mails.title")}</h2>
			${queue.status.paused && html`<button type="button" class="button small" onClick=${() => act(() => post("/mail/retry"), t("mails.tried"))}>
				<${Icon} name="refresh" size="16" />${t("mails.retry_all")}</button>`}</header>
		<div class="scroll" tabindex="0" role="region" aria-label=${t("mails.title")}><table class="table">
			<caption class="unseen">${t("mails.title")}</caption>
			<thead><tr><th scope="col">${t("mails.kind")}</th><th scope="col">${t("mails.since")}</th><th scope="col">${t("mails.next")}</th>
				<th scope="col" class="number">${t("mails.attempts")}</th><th scope="col">${t("mails.last")}</th><th scope="col"><span class="unseen">${t("mails.acts")}</span></th></tr></thead>
			<tbody>${queue.items.map((item, index) => html`<tr key=${item.id}>
				<td><${Link} to=${`/users/${item.invitation}`}>${hasWords(`mails.kind_${item.kind}`) ? t(`mails.kind_${item.kind}`) : item.kind}</${Link}></td>
				<td><${Time} at=${item.created_at} /></td>
				<td>${item.status === "sending" ? t("mails.sending") : html`<${Time} at=${item.due_at} />`}</td>
				<td class="number">${formatNumber(item.attempts)}</td><td><${Value}>${item.last}</${Value}></td>
				<td class="number"><${Menu} label=${t("mails.acts_of", { mail: hasWords(`mails.kind_${item.kind}`) ? t(`mails.kind_${item.kind}`) : item.kind, number: index + 1 })} entries=${[
					{ label: t("mails.retry"), icon: "refresh", onChoose: () => act(() => post(`/mail/queue/${item.id}/retry`), t("mails.tried")) },
					{ label: t("mails.drop"), icon: "trash", danger: true, onChoose: () => setDropping(item) },
				]} /></td></tr>`)}</tbody></table></div>
		${queue.next_cursor && html`<p class="more soft">${t("mails.first", { count: shownMax })}</p>`}
		${dropping && html`<${Confirm} title=${t("mails.drop_title")} action=${t("mails.drop")} danger busy=${busy} onClose=${() => setDropping(null)}
			onConfirm=${() => act(() => remove(`/mail/queue/${dropping.id}`), t("mails.dropped"))}><p>${t("mails.drop_sure")}</p></${Confirm}>`}
	</section>`;
}
