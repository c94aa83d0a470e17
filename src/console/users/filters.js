// What narrows the list: words, a status, an org unit, dates. What is chosen here is in the address.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { hasShortcuts } from "../lib/chosen.js";
import { Lazy } from "../lib/lazy.js";
import { may } from "../lib/session.js";
import { formatNumber, t } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { UnitPicker } from "../units/picker.js";
import { countOf, moreFilters } from "./query.js";

const chips = [null, "active", "pending", "suspended", "expired", "undeliverable"];

/** Whether a key that is pressed there is for what is there. */
function isTyping(target) {
	return target.closest?.("input, textarea, select, [contenteditable], dialog, [popover]") !== null;
}

/** `onType(text, event)` at once; Escape empties it, and "/" leads here from wherever nothing is typed. */
function Search({ value, onType }) {
	const field = useRef(null);

	useEffect(() => {
		const lead = (event) => {
			if (event.key !== "/" || !hasShortcuts() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]"))
				return;
			event.preventDefault();
			field.current.focus();
			field.current.select();
		};

		document.addEventListener("keydown", lead);
		return () => document.removeEventListener("keydown", lead);
	}, []);
	const empty = (event) => {
		onType("", event);
		field.current.focus();
	};

	return html`<div class="search" role="search"><${Icon} name="search" />
		<input ref=${field} type="search" autocomplete="off" autocapitalize="none" spellcheck=${false} dir="auto" maxlength="256" enterkeyhint="search"
			aria-label=${t("users.search")} aria-keyshortcuts=${hasShortcuts() ? "/" : null} placeholder=${t("users.search_for")} value=${value}
			onInput=${(event) => onType(event.target.value, event)}
			onKeyDown=${(event) => event.key === "Escape" && value && (event.preventDefault(), empty(event))} />
		${value ? html`<button type="button" class="button bare small" aria-label=${t("users.search_clear")} title=${t("users.search_clear")}
			onClick=${empty}><${Icon} name="close" size="16" /></button>` : hasShortcuts() && html`<kbd aria-hidden="true">/</kbd>`}
	</div>`;
}

function Chip({ label, count, pressed, onChoose }) {
	return html`<button type="button" class="chip" aria-pressed=${pressed ? "true" : "false"} onClick=${onChoose}>
		${label}${count !== null && html`<span class="count">${formatNumber(count)}</span>`}</button>`;
}

/** `counts` are null until they are known. */
function Chips({ query, counts, onChange }) {
	const chosen = query.deleted ? [] : query.status?.split(",") ?? [null];

	return html`<div class="chips" role="group" aria-label=${t("users.statuses")}>
		${chips.map((status) => html`<${Chip} key=${status} label=${status === null ? t("users.everybody") : t(`status.${status}`)}
			count=${counts && countOf(counts, status)} pressed=${chosen.includes(status)}
			onChoose=${() => onChange({ status, deleted: false })} />`)}
		<span class="chips-line" aria-hidden="true"></span>
		<${Chip} label=${t("users.deleted")} count=${null} pressed=${query.deleted} onChoose=${() => onChange({ deleted: true })} />
	</div>`;
}

/** `onType(text, event)`: the words; `onChange({name: value})`: the rest. */
export function Filters({ query, counts, onType, onChange }) {
	const set = moreFilters(query);
	const [open, setOpen] = useState(set > 0);
	const picker = useMemo(() => may("directory:read") && html`<${UnitPicker} value=${query.org_unit} label=${t("users.unit")}
		allLabel=${t("users.every_unit")} onChange=${(org_unit) => onChange({ org_unit })} />`, [query.org_unit]);

	return html`<div class="people-filters">
		${!query.deleted && html`<div class="filters-line">
			<${Search} value=${query.q} onType=${onType} />
			${picker}
			<button type="button" class="button" aria-expanded=${open ? "true" : "false"} aria-controls=${open ? "users-more" : null} onClick=${() => setOpen(!open)}>
				<${Icon} name="filter" />${t("users.filters")}${set > 0 && html`<span class="badge">${formatNumber(set)}</span>`}</button>
		</div>
		${open && html`<${Lazy} key="more" load=${() => import("./more_filters.js")} query=${query} onChange=${onChange} onFailed=${() => setOpen(false)} />`}`}
		<${Chips} query=${query} counts=${counts} onChange=${onChange} />
	</div>`;
}
