// The frame: the bar, the screens by their addresses, and the way back when the session has ended.
import { html, useEffect, useErrorBoundary, useState } from "./lib/html.js";
import { onSessionLost } from "./lib/api.js";
import { Link, go, useHere } from "./lib/route.js";
import { isUnlimited, may, organisation, useSession, whoAmI } from "./lib/session.js";
import { t } from "./lib/words.js";
import { Lazy, fetchPart } from "./lib/lazy.js";
import { Bar } from "./bar.js";
import { Empty, Loading, NoPermission, Trouble } from "./ui/states.js";
import { Toasts } from "./ui/toast.js";
import Users from "./users/list.js";

// The scope that a screen needs, whether for all of the organization, and what draws it, or the module that does: fetched
// when somebody goes there. The first one is there with the page.
const screens = [
	{ path: /^\/users$/, scope: "users:read", component: Users },
	{ path: /^\/users\/(.+)$/, scope: "users:read", load: () => import("./person/person.js") },
	{ path: /^\/invitations$/, scope: "invitations:read", load: () => import("./invitations/list.js") },
	{ path: /^\/invitations\/(.+)$/, scope: "invitations:read", load: () => import("./invitations/invitation.js") },
	{ path: /^\/org-units$/, scope: "directory:read", load: () => import("./units/units.js") },
	{ path: /^\/audit$/, scope: "audit:read", load: () => import("./audit/audit.js") },
	{ path: /^\/status$/, scope: "status:read", whole: true, load: () => import("./status/status.js") },
	{ path: /^\/account$/, scope: null, load: () => import("./account/account.js") },
];
const kept = new Map(screens.map((screen) => [screen, screen.component])); // a module's default export, once it is there

/** Where somebody wanted to go before signing in: a screen of ours, and nothing else. */
function wantedPath() {
	const to = new URLSearchParams(location.search).get("to");
	const url = to && URL.canParse(to, location.origin) ? new URL(to, location.origin) : null;

	return url?.origin === location.origin && url.pathname !== "/" && url.pathname !== "/sign-in" ? url.pathname + url.search : null;
}

/** The last part of the path as it was before it was written into an address. */
function idOf(screen, path) {
	const part = screen.path.exec(path)[1] ?? "";

	try {
		return decodeURIComponent(part);
	} catch {
		return part; // no id either; the daemon says so
	}
}

/** Where somebody lands who names no screen. */
function homePath() {
	return may("users:read") ? "/users" : may("invitations:read") ? "/invitations" : "/account";
}

function NoPage() {
	useEffect(() => { document.title = `${t("ui.no_page")} – ${organisation()}`; }, []);
	return html`<${Empty} icon="search" title=${t("ui.no_page")} action=${html`<${Link} class="button primary"
		to=${homePath()}>${t("ui.to_start")}</${Link}>`}>${t("ui.no_page_why")}</${Empty}>`;
}

function Screen({ path }) {
	const screen = screens.find((one) => one.path.test(path));
	const [, redraw] = useState(0);
	const [failed, setFailed] = useState(null);
	const [broken, mend] = useErrorBoundary((error) => console.error(error));

	useEffect(() => {
		mend();
		setFailed(null);
		if (screen && !kept.get(screen))
			fetchPart(screen.load).then((component) => {
				kept.set(screen, component);
				redraw((n) => n + 1);
			}, setFailed);
	}, [screen]);
	if (!screen)
		return html`<${NoPage} />`;
	if (screen.scope && !(may(screen.scope) && (isUnlimited() || !screen.whole)))
		return html`<${NoPermission} />`;
	if (broken)
		return html`<${Trouble} error=${broken} onRetry=${() => location.reload()} />`;
	if (failed) // the daemon was replaced by another version: its files have other names
		return html`<${Empty} icon="refresh" title=${t("ui.new_version")} action=${html`<button type="button" class="button primary"
			onClick=${() => location.reload()}>${t("ui.reload")}</button>`}>${t("ui.new_version_why")}</${Empty}>`;
	if (!kept.get(screen))
		return html`<${Loading} />`;
	return html`<${kept.get(screen)} key=${screen.path.source} id=${idOf(screen, path)} />`;
}

export function App({ problem }) {
	const me = useSession();
	const { path } = useHere();
	const [lost, setLost] = useState(null); // {resolve} of those who wait for the person to come back

	useEffect(() => onSessionLost(() => new Promise((resolve) => setLost({ resolve }))), []);
	useEffect(() => {
		if (me && (path === "/" || path === "/sign-in"))
			go(wantedPath() ?? homePath(), { replace: true });
		else if (!me && !problem && path !== "/sign-in")
			go(path === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(path + location.search)}`, { replace: true });
	}, [me, path]);

	if (problem && !me)
		return html`<main class="alone"><${Trouble} error=${problem} onRetry=${() => location.reload()} /></main>`;
	if (!me)
		return html`<${Lazy} load=${() => import("./sign_in.js")} /><${Toasts} />`;
	return html`<div class="frame">
		<a class="skip" href="#main">${t("ui.skip")}</a>
		<${Bar} path=${path} />
		<main class="content">${path !== "/" && path !== "/sign-in" && html`<${Screen} path=${path} />`}</main>
		<${Toasts} />
		${lost && html`<${Lazy} load=${() => import("./sign_in.js")} again=${whoAmI()} onBack=${() => (lost.resolve(), setLost(null))} />`}
	</div>`;
}
