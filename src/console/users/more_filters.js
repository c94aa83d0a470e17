// The filters that are seldom wanted: days, and the order where there are no columns to click.
import { html } from "../lib/html.js";
import { t } from "../lib/words.js";
import { DayField } from "../ui/day.js";

const sorts = ["name", "mail", "phone", "org_unit", "status", "registered_at", "last_activity_at"];

export default function MoreFilters({ query, onChange }) {
	return html`<div class="more-filters" id="users-more">
		<${DayField} label=${t("users.registered_from")} value=${query.registered_from} onChange=${(registered_from) => onChange({ registered_from })} />
		<${DayField} label=${t("users.registered_to")} value=${query.registered_to} onChange=${(registered_to) => onChange({ registered_to })} />
		<${DayField} label=${t("users.active_to")} value=${query.active_to} onChange=${(active_to) => onChange({ active_to })} />
		<label class="day sort-choice"><span class="label">${t("users.sort")}</span>
			<select value=${`${query.sort} ${query.order}`} onChange=${({ target }) => onChange({ sort: target.value.split(" ")[0], order: target.value.split(" ")[1] })}>
				${sorts.flatMap((sort) => ["asc", "desc"].map((order) => html`<option key=${sort + order} value=${`${sort} ${order}`}
					selected=${query.sort === sort && query.order === order}>${t("users.sorted", {
						column: t(`users.column.${sort}`), order: t(`users.order.${order}`),
					})}</option>`))}</select></label>
	</div>`;
}
