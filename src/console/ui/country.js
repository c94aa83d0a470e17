// Chooses a country by its name or its calling code (WAI-ARIA Authoring Practices, combobox with a listbox): a button
// that shows the code, and behind it a search and the list.
import { html, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "../lib/html.js";
import { fold } from "../lib/fold.js";
import { callingCodes } from "../lib/phone.js";
import { compareTexts, language, t } from "../lib/words.js";
import { Icon } from "./icon.js";
import { placeAt } from "./menu.js";

const key = "usherd-country";
let all = null;

/** [{region, code, name}] by their names in the language of the page. */
function countries() {
	if (all === null) {
		const names = new Intl.DisplayNames([language()], { type: "region" });

		all = Object.entries(callingCodes).map(([region, code]) => ({ region, code, name: names.of(region) }))
			.sort((a, b) => compareTexts(a.name, b.name));
	}
	return all;
}

/** What of the browser's languages are language tags: one may be "en-US@posix". */
function locales() {
	return navigator.languages.flatMap((tag) => {
		try {
			return [new Intl.Locale(tag)];
		} catch {
			return [];
		}
	});
}

/** Where numbers are most likely from: what was chosen last in this browser, else what its languages say. */
export function likelyRegion() {
	let kept = null;

	try {
		kept = localStorage.getItem(key);
	} catch {
		// A browser that keeps nothing.
	}
	const regions = [kept, ...locales().map(({ region }) => region), ...locales().map((one) => one.maximize().region)];
	return regions.find((region) => region in callingCodes) ?? "US";
}

export function keepRegion(region) {
	try {
		localStorage.setItem(key, region);
	} catch {
		// Then the next number begins as this one did.
	}
}

function matching(words) {
	const wanted = fold(words).replace(/^(\+|00)/, "").trim();

	if (wanted === "")
		return countries();
	if (/^\d+$/.test(wanted))
		return countries().filter(({ code }) => code.startsWith(wanted)).sort((a, b) => a.code.length - b.code.length);
	return countries().filter(({ name, region }) => fold(name).includes(wanted) || fold(region) === wanted)
		.sort((a, b) => fold(b.name).startsWith(wanted) - fold(a.name).startsWith(wanted));
}

function Panel({ button, value, onChoose, onClose }) {
	const panel = useRef(null), search = useRef(null), list = useRef(null);
	const [words, setWords] = useState("");
	const [at, setAt] = useState(() => Math.max(0, countries().findIndex(({ region }) => region === value)));
	const name = useId();
	const found = useMemo(() => matching(words), [words]);

	useLayoutEffect(() => {
		panel.current.showPopover();
		placeAt(panel.current, button.current, { start: true });
		search.current.focus();
		list.current.children[at]?.scrollIntoView({ block: "center" });
	}, []);
	useEffect(() => {
		const close = () => onClose(false);

		addEventListener("resize", close);
		return () => removeEventListener("resize", close);
	}, []);
	const move = (to) => {
		const next = Math.max(0, Math.min(found.length - 1, to));

		setAt(next);
		list.current.children[next]?.scrollIntoView({ block: "nearest" });
	};
	const onKey = (event) => {
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];

		if (event.isComposing)
			return;
		if (to !== undefined) {
			event.preventDefault();
			move(to);
		} else if (event.key === "Escape" || event.key === "Tab") {
			event.preventDefault();
			event.stopPropagation();
			onClose(true);
		} else if (event.key === "Enter") {
			event.preventDefault();
			event.stopPropagation();
			if (found[at])
				onChoose(found[at].region);
		}
	};

	return html`<div ref=${panel} class="panel" popover="auto" role="dialog" aria-label=${t("phone.country")} onKeyDown=${onKey}
		onToggle=${(event) => event.newState === "closed" && onClose(false)}>
		<div class="panel-search"><${Icon} name="search" /><input ref=${search} type="search" role="combobox" aria-expanded="true"
			autocomplete="off" spellcheck=${false} aria-autocomplete="list" aria-controls=${name}
			aria-activedescendant=${found[at] ? `${name}-${found[at].region}` : null}
			aria-label=${t("phone.search")} placeholder=${t("phone.search")} value=${words}
			onInput=${(event) => (setWords(event.target.value), setAt(0))} /></div>
		<ul ref=${list} id=${name} class="panel-body" role="listbox" aria-label=${t("phone.country")}>${
			found.map(({ region, code, name: country }, index) => html`
			<li key=${region} id=${`${name}-${region}`} role="option" class="country ${index === at ? "here" : ""}"
				aria-selected=${region === value ? "true" : "false"} onMouseDown=${(event) => event.preventDefault()} onClick=${() => onChoose(region)}>
				<span>${country}</span><span class="number soft">+${code}</span></li>`)}</ul>
		${found.length === 0 && html`<p class="tree-none" role="status">${t("phone.no_match")}</p>`}
	</div>`;
}

/** `value` is a region of lib/phone.js; `onChange(region)`. */
export function CountryPicker({ value, onChange }) {
	const [open, setOpen] = useState(false);
	const button = useRef(null);
	const country = countries().find(({ region }) => region === value);
	const close = (back) => {
		setOpen(false);
		if (back)
			button.current.focus();
	};

	return html`<button type="button" ref=${button} class="button country-button" aria-haspopup="dialog"
			aria-expanded=${open ? "true" : "false"} aria-label=${t("phone.country_is", { name: country.name, code: `+${country.code}` })} title=${country.name}
			onClick=${() => setOpen(!open)}>
			<small class="soft">${value}</small>+${country.code}</button>
		${open && html`<${Panel} button=${button} value=${value} onChoose=${(region) => (close(true), onChange(region))}
			onClose=${close} />`}`;
}
