// By whom something was done, and from where, as a line.
import { html } from "../lib/html.js";
import { t, tn } from "../lib/words.js";
import { Actor } from "../audit/record.js";

/** `actor`, `person` and `source` as in a record of the audit trail; `source` may be absent. */
export function By({ actor, person, source }) {
	const from = source && html`<bdi>${source}</bdi>`;
	const who = html`<${Actor} actor=${actor} person=${person} />`;

	if (actor === "person")
		return html`<p class="soft">${from ? tn("person.by_themselves_from", { source: from }) : t("person.by_themselves")}</p>`;
	return html`<p class="soft">${from ? tn("person.by_from", { actor: who, source: from }) : tn("person.by", { actor: who })}</p>`;
}
