// The bar at the side, or on a narrow screen at the top: where one can go, and who one is.
import { html, useEffect, useState } from "./lib/html.js";
import { Link } from "./lib/route.js";
import { isUnlimited, may, organisation, signOut, whoAmI } from "./lib/session.js";
import { chooseTheme, theme, themes } from "./lib/chosen.js";
import { allLanguages, chooseLanguage, language, t } from "./lib/words.js";
import { Face } from "./ui/bits.js";
import { Icon } from "./ui/icon.js";
import { Menu } from "./ui/menu.js";
import { explain } from "./lib/errors.js";
import { say } from "./ui/toast.js";

const places = [
	{ to: "/users", also: ["/invitations"], scope: "users:read", icon: "people", word: "nav.users" },
	{ to: "/invitations", scope: "invitations:read", unless: "users:read", icon: "mail", word: "nav.invitations" },
	{ to: "/org-units", scope: "directory:read", icon: "tree", word: "nav.units" },
	{ to: "/audit", scope: "audit:read", icon: "history", word: "nav.audit" },
	{ to: "/status", scope: "status:read", whole: true, icon: "pulse", word: "nav.status" },
];
const own = { to: "/account", icon: "key", word: "nav.account" };

export function Brand() {
	return html`<span class="brand"><img src=${document.querySelector('link[rel="icon"]').href} alt="" width="32" height="32" />
		<span class="brand-name" dir="auto">${organisation()}<small>usherd</small></span></span>`;
}

async function leave() {
	try {
		await signOut();
	} catch (error) {
		say(explain(error), { tone: "bad" });
	}
}

function Place({ to, also = [], icon, word, path }) {
	const here = [to, ...also].some((place) => path === place || path.startsWith(`${place}/`));

	return html`<li><${Link} to=${to} class="place" aria-current=${here ? "page" : null}><${Icon} name=${icon} />${t(word)}</${Link}></li>`;
}

export function Bar({ path }) {
	const me = whoAmI();
	const [open, setOpen] = useState(false);
	const allowed = places.filter(({ scope, unless, whole }) => may(scope) && !(unless && may(unless)) && (isUnlimited() || !whole));
	const administers = me.roles.includes("administrator");
	const languages = Object.entries(allLanguages());

	useEffect(() => setOpen(false), [path]);
	return html`<div class="bar ${open ? "open" : ""}">
		<div class="bar-top"><${Brand} />
			<button type="button" class="button bare bar-toggle" aria-expanded=${open ? "true" : "false"} aria-controls="bar-places"
				aria-label=${t("nav.menu")} onClick=${() => setOpen(!open)}><${Icon} name=${open ? "close" : "menu"} /></button>
		</div>
		<div id="bar-places" class="bar-places">
			<nav aria-label=${t("nav.main")}>
				${allowed.length > 0 && html`${administers && html`<h2 id="nav-admin">${t("nav.administrator")}</h2>`}
					<ul aria-labelledby=${administers ? "nav-admin" : null}>${allowed.map((place) => html`<${Place} key=${place.to} ...${place} path=${path} />`)}</ul>`}
				<h2 id="nav-own">${t("nav.own")}</h2>
				<ul aria-labelledby="nav-own"><${Place} ...${own} path=${path} /></ul>
			</nav>
			<div class="bar-foot">
				<${Menu} label=${t("nav.theme")} className="button quiet small" entries=${themes.map((one) => ({
					label: t(`nav.theme_${one}`), icon: one === theme() ? "check" : { system: "globe", light: "sun", dark: "moon" }[one],
					checked: one === theme(), onChoose: () => chooseTheme(one),
				}))}><${Icon} name="sun" size="18" />${t("nav.theme")}</${Menu}>
				<${Menu} label=${t("nav.language", { name: allLanguages()[language()] })} className="button quiet small" entries=${languages.map(([tag, name]) => ({
					label: name, icon: tag === language() ? "check" : "globe", checked: tag === language(), lang: tag, onChoose: () => (chooseLanguage(tag), location.reload()),
				}))}><${Icon} name="globe" size="18" />${allLanguages()[language()]}</${Menu}>
				<div class="bar-me"><${Face} name=${me.name ?? me.uid ?? "?"} />
					<span><bdi>${me.name ?? me.uid ?? me.actor}</bdi><small>${me.roles.map((role) => t(`role.${role}`)).join(", ")}</small></span>
					<button type="button" class="button bare" aria-label=${t("nav.sign_out")} title=${t("nav.sign_out")} onClick=${leave}>
						<${Icon} name="out" /></button>
				</div>
			</div>
		</div>
	</div>`;
}
