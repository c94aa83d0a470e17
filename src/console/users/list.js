// User management: everybody, in the directory and invited, as one list that is searched, filtered, sorted and acted on.
// What is asked for is in the address; what is here of the answer, in Pages.
import { html, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { explain } from "../lib/errors.js";
import { Lazy } from "../lib/lazy.js";
import { address, go, here, keepHere, useHere } from "../lib/route.js";
import { may } from "../lib/session.js";
import { useUnits } from "../lib/units.js";
import { t } from "../lib/words.js";
import { Head } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { MenuList } from "../ui/menu.js";
import { Empty, Trouble } from "../ui/states.js";
import { Filters } from "./filters.js";
import { afterPaint, useFollowed } from "./steady.js";
import { Pages } from "./pages.js";
import { askedPage, isFiltered, keyOf, readQuery, sortedBy, withoutFilters, writeQuery } from "./query.js";
import { entriesOf, nameOf } from "./row.js";
import { actions } from "./rules.js";
import { countSelected, freshen, isSelected, mark, noSelection, selectAll } from "./select.js";
import { PeopleTable } from "./table.js";

const addressAfter = 250; // ms of rest while somebody types: browsers allow few changes of the history

let kept = null; // the Pages of the last time, for who comes back to them

function read(query, cursor, signal) {
	return get("/users", askedPage(query, cursor), signal);
}

/** The rows that must be there for the place that the history has kept: down to the end of the window. */
function keptReach() {
	const row = here().state?.people?.row;

	return row > 0 ? Math.ceil(row) + Math.ceil(innerHeight / 40) : 0;
}

/** From the key to the frame that shows what it brought; `./dev bench console` reads it. */
function measureSearch(start) {
	afterPaint(() => performance.measure("search", { start, end: performance.now() }));
}

/** [pages, version]: `version` changes with what is in them. */
function usePages(query) {
	const [version, redraw] = useReducer((n) => n + 1, 0);
	const pages = useMemo(() => {
		if (kept === null || [kept.shown, kept.query].some((of) => of === null || keyOf(of) !== keyOf(query)))
			kept = new Pages(read);
		return kept;
	}, []);

	useLayoutEffect(() => {
		pages.onChange = () => redraw();
		if (query.deleted)
			return undefined;
		if (pages.shown)
			pages.refresh();
		else
			pages.search(query, keptReach());
		return () => {
			pages.onChange = () => {};
			pages.close();
		};
	}, []);
	return [pages, version];
}

/** {type, change, settle, typed, returning}: what is asked for, in step with the address in both directions. settle()
 *  brings the address up to what was typed, `typed` is the search whose answer has not been shown yet; `returning`: the
 *  place in the list is the one that the history has kept. */
function useQuery(pages, query, setQuery) {
	const { query: parameters } = useHere();
	const latest = useRef(query), timer = useRef(null), typed = useRef(null), returning = useRef(true);
	const ask = (next, reach = 0) => {
		latest.current = next;
		setQuery(next);
		if (!next.deleted && (pages.query === null || keyOf(next) !== keyOf(pages.query)))
			pages.search(next, reach);
	};
	const settle = () => {
		clearTimeout(timer.current);
		if (timer.current !== null)
			go(address("/users", writeQuery(latest.current)), { replace: true });
		timer.current = null;
	};

	useEffect(() => {
		const asked = readQuery(parameters);

		if (timer.current === null && JSON.stringify(asked) !== JSON.stringify(latest.current)) {
			returning.current = true;
			ask(asked, keptReach());
		}
	}, [parameters.toString()]);
	useEffect(() => () => clearTimeout(timer.current), []);
	return {
		typed, returning, settle,
		type: (q, event) => {
			returning.current = false;
			ask({ ...latest.current, q });
			typed.current = pages.fresh ? null : { key: keyOf(latest.current), start: event.timeStamp };
			clearTimeout(timer.current);
			timer.current = setTimeout(settle, addressAfter);
		},
		change: (some) => {
			settle();
			typed.current = null;
			returning.current = false;
			ask({ ...latest.current, ...some });
			go(address("/users", writeQuery(latest.current)));
		},
	};
}

/** What failed, above what was there before; tried again by itself where that helps. */
function Stale({ pages, liveness }) {
	const { error } = pages;
	const isLoading = error?.status === 503 && error.reason === null;

	useEffect(() => {
		if (!error || (!isLoading && error.status !== 0))
			return undefined;
		const timer = setTimeout(() => pages.retry(), isLoading ? (error.retryAfter ?? 2) * 1000 : 5000);

		return () => clearTimeout(timer);
	}, [error]);
	if (isLoading)
		return html`<div class="note stale" role="status"><${Icon} name="clock" /><p>${t("users.starting")}</p></div>`;
	if (error && pages.shown === null)
		return html`<${Trouble} error=${error} onRetry=${() => pages.retry()} />`;
	if (!error && liveness !== "stale")
		return null;
	return html`<div class="note warn stale" role="status"><${Icon} name="alert" />
		<p>${!error ? t("users.not_live", { time: clock(pages.asOf) }) : pages.shown === pages.query ? t("users.stale", { time: clock(pages.asOf) }) :
			`${t("users.before")} ${explain(error)}`}</p>
		<button type="button" class="button small" onClick=${() => pages.refresh()}>${t("users.look_again")}</button></div>`;
}

function clock(at) {
	return new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}

function Nobody({ query, onClear, onAdd }) {
	if (isFiltered(query))
		return html`<div class="card"><${Empty} icon="search" title=${t("users.no_match")} action=${html`<button type="button" class="button"
			onClick=${onClear}>${t("users.clear")}</button>`}>${t("users.no_match_why")}</${Empty}></div>`;
	return html`<div class="card"><${Empty} icon="people" title=${t("users.none")} action=${onAdd && html`<button type="button" class="button primary"
		onClick=${onAdd}><${Icon} name="plus" />${t("users.add")}</button>`}>${t("users.none_why")}</${Empty}></div>`;
}

/** Whether the dialog is open is in the address, so that Back closes it. */
function useAdding(query, settle) {
	const { query: parameters, state } = useHere();
	const list = (more) => address("/users", { ...writeQuery(query), ...more });

	return {
		adding: parameters.get("add") === "1" && may("invitations:write"),
		open: () => {
			settle();
			go(list({ add: 1 }), { state: { opened: true } });
		},
		close: () => (state?.opened ? history.back() : go(list({}), { replace: true })),
	};
}

export default function Users() {
	const [query, setQuery] = useState(() => readQuery(here().query));
	const [pages, version] = usePages(query);
	const { type, change, settle, typed, returning } = useQuery(pages, query, setQuery);
	const { units } = useUnits();
	const [selection, setSelection] = useState(noSelection);
	const [act, setAct] = useState(null); // {kind, person}
	const [doing, setDoing] = useState(null); // with the selection: it goes on while the list changes beneath it
	const [menuFor, setMenuFor] = useState(null);
	const adding = useAdding(query, settle);
	const { flash, liveness } = useFollowed(pages);
	const last = useRef(null); // who was selected last: where a range begins
	const selects = Object.values(actions).some(({ scopes, single }) => !single && scopes.every(may));

	useLayoutEffect(() => {
		if (typed.current && pages.shown && typed.current.key === keyOf(pages.shown)) {
			measureSearch(typed.current.start);
			typed.current = null;
		}
		setSelection((now) => freshen(now, (id) => pages.at(pages.indexOf(id))));
	}, [version]);
	useEffect(() => { // what "all that match" meant is over with the filter
		setSelection((now) => now.all && keyOf(now.all) !== keyOf(query) ? noSelection : now);
	}, [keyOf(query), query.deleted]);

	const latest = useRef(null);
	latest.current = { query, selection, change };
	const on = useMemo(() => ({
		open: ({ id }) => keepHere({ people: { ...here().state?.people, id } }),
		menu: (person) => setMenuFor(person),
		sort: (name) => change(sortedBy(latest.current.query, name)),
		all: () => setSelection((now) => now.all === null && now.people.size === 0 ? selectAll(latest.current.query) : noSelection),
		select: (person, event) => setSelection((now) => {
			const to = pages.indexOf(person.id), from = event.shiftKey ? pages.indexOf(last.current) : -1;
			const range = [];

			for (let row = Math.min(from, to); from >= 0 && row <= Math.max(from, to); row++)
				if (pages.at(row))
					range.push(pages.at(row));

			last.current = person.id;
			return mark(now, range.length > 0 ? range : [person], (range.length > 0 && event.type === "keydown") || !isSelected(now, person.id));
		}),
	}), []);
	const back = useRef(() => {});
	const closeAct = () => {
		setAct(null);
		requestAnimationFrame(() => back.current());
	};
	const closeMenu = useMemo(() => () => setMenuFor(null), []);
	const count = countSelected(selection, pages.counts ?? {});
	const acted = (person) => {
		if (person) {
			pages.put(person);
			return;
		}
		if (actions[act.kind].danger)
			setSelection((now) => now.all === null ? mark(now, [act.person], false) : now);
		pages.refresh();
	};
	const walked = () => {
		setSelection(noSelection);
		pages.refresh();
	};
	const closeWalk = () => {
		setDoing(null);
		requestAnimationFrame(() => document.activeElement === document.body && document.getElementById("main").focus());
	};
	const isBefore = pages.error !== null && pages.shown !== pages.query; // the rows answer another question
	const clear = () => change(withoutFilters(query));

	return html`<${Head} title=${t("users.title")}>${may("invitations:write") && html`<button type="button" class="button primary" onClick=${adding.open}>
			<${Icon} name="plus" />${t("users.add")}</button>`}</${Head}>
		<${Filters} query=${query} counts=${pages.counts} onType=${type} onChange=${change} />
		${query.deleted ? html`<${Lazy} key="trash" load=${() => import("./trash.js")} units=${units} />` : html`
			<${Stale} pages=${pages} liveness=${liveness} />
			<div class="total"><p role="status">${pages.shown ? t("users.total", { count: pages.total }) : !pages.error && t("ui.loading")}</p>
				${isFiltered(query) && html`<button type="button" class="button quiet small" onClick=${clear}>${t("users.clear")}</button>`}</div>
			${pages.shown && pages.total === 0 ? html`<${Nobody} query=${query} onClear=${clear} onAdd=${may("invitations:write") && adding.open} />` :
				(pages.shown || !pages.error) && html`<${PeopleTable} pages=${pages} version=${version} returning=${returning} query=${query} units=${units}
					selection=${selection} selects=${selects && !isBefore} isBefore=${isBefore} all=${count > 0 && (selection.people.size > 0 ? null : true)} flash=${flash}
					menuFor=${menuFor?.id} back=${back} on=${on} />`}
			${(count > 0 || doing) && html`<${Lazy} key="bulk" load=${() => import("./bulk.js")} selection=${selection} count=${count}
				counts=${pages.counts} total=${pages.total} doing=${doing} onDo=${setDoing} onAll=${() => setSelection(selectAll(query))}
				onNone=${() => setSelection(noSelection)} onDone=${walked} onClose=${closeWalk} />`}`}
		${menuFor && html`<${MenuList} key=${menuFor.id} id="users-menu" label=${t("users.menu", { name: nameOf(menuFor) })}
			button=${() => document.querySelector(`[data-id="${menuFor.id}"] .p-menu button`) ?? document.getElementById("main")}
			entries=${entriesOf(menuFor, (kind, person) => setAct({ kind, person }))} onClose=${closeMenu} />`}
		${act && html`<${Lazy} key=${`${act.kind} ${act.person.id}`} load=${() => import("./acts.js")} ...${act} onClose=${closeAct}
			onFailed=${() => setAct(null)} onDone=${acted} />`}
		${adding.adding && html`<${Lazy} key="add" load=${() => import("../invite/dialog.js")} onClose=${adding.close} onFailed=${adding.close}
			onInvited=${() => pages.refresh()} />`}`;
}
