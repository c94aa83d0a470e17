// One person, in the directory or invited: who they are, what became of their invitation, and what was done to them.
// The page of an invitation is the same one, for whoever may see invitations alone.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { Lazy } from "../lib/lazy.js";
import { watchPeople } from "../lib/live.js";
import { useLoad } from "../lib/load.js";
import { Link, go, here } from "../lib/route.js";
import { may } from "../lib/session.js";
import { t } from "../lib/words.js";
import { Face, Head, Status } from "../ui/bits.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { say } from "../ui/toast.js";
import { Loading, Problem, Trouble } from "../ui/states.js";
import { nameOf } from "../users/row.js";
import { actions } from "../users/rules.js";
import { dialogOf, entriesFor, kindsFor } from "../invitations/acts.js";
import { Gone } from "./gone.js";
import { History } from "./history.js";
import { Groups, Invited, Profile, SignIn } from "./profile.js";
import { isErased, isOver, isUser, profileOf, readPerson } from "./read.js";
import { Timeline } from "./timeline.js";

const soon = 300, often = 2_000, sometimes = 15_000; // ms

/** Reads again when something has happened: the list tells of people; of mails, of registrations that are under way, and of a
 *  directory that is back, nobody. */
function useFollowing(view, reload) {
	const ids = [view?.person?.id, view?.invitation?.id];
	const state = view?.person && isUser(view.person) ? null : view?.invitation?.status;
	const onTheWay = state === "in_progress" || (state === "done" && may("users:read")); // not in the list yet
	const apart = onTheWay || view?.person?.stale ? often : state && !isOver(state) ? sometimes : null;

	useEffect(() => {
		let timer = null;
		const stop = watchPeople(({ type, id }) => {
			if (type !== "user" || ids.includes(id))
				timer ??= setTimeout(() => { timer = null; reload(); }, soon);
		});
		const again = apart === null ? null : setInterval(() => document.hidden || reload(), apart);

		return () => {
			stop();
			clearTimeout(timer);
			clearInterval(again);
		};
	}, [...ids, apart, reload]);
}

/** Once the invited person has registered they have another id, and a page of it. */
function useMoving(id, view) {
	const wasInvited = useRef(false);

	useEffect(() => {
		const now = view?.person;

		if (now && now.id !== id) {
			if (wasInvited.current)
				say(t("person.registered_now", { name: nameOf(now) }));
			go(`/users/${encodeURIComponent(now.id)}`, { replace: true, state: here().state });
		} else if (view?.person || view?.invitation) {
			wasInvited.current = view.invitation !== null && !(now && isUser(now));
		}
	}, [id, view]);
}

/** What can be done goes with what somebody is: a button that had the focus may be gone. */
function useKeptFocus(status) {
	const was = useRef(status);

	useEffect(() => {
		if (was.current !== undefined && was.current !== status && document.activeElement === document.body)
			document.getElementById("main")?.focus({ preventScroll: true });
		was.current = status;
	}, [status]);
}

function Way() {
	const { state, path } = here();
	const list = may("users:read") ? "/users" : "/invitations";
	const back = state?.from?.split("?")[0] === list && path !== list ? state.from : null;

	return html`<nav class="person-way" aria-label=${t("person.way")}><${Link} to=${back ?? list}
		onClick=${(event) => back && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0 && (event.preventDefault(), history.back())}>
		<${Icon} name="chevron" size="16" />${may("users:read") ? t("nav.users") : t("nav.invitations")}</${Link}></nav>`;
}

/** What stands as a button, and what in the menu. */
function Acts({ view, profile, onAct }) {
	const user = isUser(profile);
	const barred = profile.stale ? t("person.stale_why") : null;
	const invited = user ? profile : { ...view.invitation, ...profile };
	const kinds = kindsFor(invited);
	const first = kinds.find((kind) => !actions[kind].danger);
	const entries = entriesFor(invited, onAct, { kinds: kinds.filter((kind) => kind !== first), barred });
	const button = (label, icon, onClick, primary) => html`<button type="button" class="button ${primary ? "primary" : ""}" aria-disabled=${barred ? "true" : null}
		title=${barred} onClick=${() => barred || onClick()}><${Icon} name=${icon} />${label}</button>`;

	return html`${user && may("users:write") && button(t("person.edit"), "edit", () => onAct("edit"), true)}
		${first && button(t(`users.do.${first}`), actions[first].icon, () => onAct(first), !user)}
		${entries.some(Boolean) && html`<${Menu} label=${t("users.menu", { name: nameOf(profile) })} className="button bare" entries=${entries} />`}`;
}

function Notes({ view, profile, error }) {
	return html`${error && html`<${Problem} error=${error} />`}
		${profile.stale && html`<p class="note warn" role="status"><${Icon} name="alert" /><span>${t("person.stale")}</span></p>`}
		${view.person === null && profile.status === "done" && html`<p class="note good" role="status"><${Icon} name="check" />
			<span>${t("person.has_registered")}</span></p>`}
		${view.person === null && isErased(profile) && html`<p class="note" role="status"><${Icon} name="info" /><span>${t("person.data_erased")}</span></p>`}
		${profile.status === "in_progress" && html`<p class="note" role="status"><${Icon} name="refresh" /><span>${t("person.being_created")}</span></p>`}
		${profile.status === "undeliverable" && html`<p class="note warn"><${Icon} name="alert" /><span>${t("person.came_back")}</span></p>`}`;
}

function Person({ id }) {
	const { data, error, reload } = useLoad((signal) => readPerson(id, signal), [id]);
	const [act, setAct] = useState(null);
	const before = useRef(null); // what was here before it was gone
	const somebody = Boolean(data?.person ?? data?.invitation);
	const isHere = useRef(true);
	const restored = ({ id: now }) => go(`/users/${encodeURIComponent(now)}`, { replace: true, state: here().state });
	/** What can be undone is offered for longer than this page may last. */
	const done = (_, back) => isHere.current && (back ? restored(back) : reload());

	useEffect(() => () => { isHere.current = false; }, []);
	useFollowing(data, reload);
	useMoving(id, data);
	useKeptFocus(data?.person?.status ?? data?.invitation?.status);
	if (somebody)
		before.current = profileOf(data);
	if (data === null)
		return html`<${Way} />${error ? html`<${Head} title=${t("person.title")} /><section class="card"><${Trouble} error=${error} onRetry=${reload} /></section>` :
			html`<${Loading} lines=${10} />`}`;
	if (!somebody)
		return html`<${Way} /><${Gone} id=${id} before=${before.current} onRestored=${(back) => done(null, back)} />`;

	const profile = profileOf(data);
	const name = profile.name ?? profile.mail ?? profile.uid ?? t("person.nameless");
	const user = isUser(profile);
	const status = data.invitation?.status === "in_progress" ? "in_progress" : profile.status;

	return html`<${Way} />
		<div class="person-head"><${Face} name=${name} size="large" />
			<${Head} title=${name} about=${html`<${Status} value=${user ? profile.status : status} />${
				profile.uid && profile.uid !== name && html`<span><bdi>${profile.uid}</bdi></span>`}`}>
				<${Acts} view=${data} profile=${profile} onAct=${setAct} /></${Head}></div>
		<${Notes} view=${data} profile=${{ ...profile, status: user ? profile.status : status }} error=${error} />
		<div class="sheet">
			${!(data.person === null && isErased(profile)) && html`<${Profile} profile=${profile} modes=${user ? null : data.invitation?.fields} />`}
			<div class="sheet-side">
				${user ? html`<${SignIn} profile=${profile} />` : data.invitation && html`<${Invited} invitation=${data.invitation} />`}
				${(user || profile.groups?.length > 0) && html`<${Groups} profile=${profile} />`}
				<${Timeline} invitation=${data.invitation} trouble=${data.trouble} onRetry=${reload} />
			</div>
			${may("audit:read") && html`<${History} id=${profile.id} invitation=${profile.invitation} version=${data} />`}
		</div>
		${act && html`<${Lazy} key=${act} load=${act === "edit" ? () => import("./edit.js") : dialogOf(act)} kind=${act} person=${profile} view=${data}
			invitation=${data.invitation} onClose=${() => setAct(null)} onFailed=${() => setAct(null)}
			onDone=${done} />`}`;
}

/** `id` is a user's or an invitation's. */
export default function PersonScreen({ id }) {
	return html`<${Person} key=${id} id=${id} />`;
}
