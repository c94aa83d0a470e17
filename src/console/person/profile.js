// The cards of who somebody is.
import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useLoad } from "../lib/load.js";
import { formatPhone } from "../lib/phone.js";
import { Link, address } from "../lib/route.js";
import { may } from "../lib/session.js";
import { lastName, unitPath, useUnits } from "../lib/units.js";
import { valueWord } from "../lib/values.js";
import { t, tn } from "../lib/words.js";
import { Actor } from "../audit/record.js";
import { Time, Value } from "../ui/bits.js";
import { CopyButton } from "../ui/copy.js";
import { Icon } from "../ui/icon.js";
import { UnitPath } from "../units/picker.js";
import { isErased } from "./read.js";

function Mail({ children: mail }) {
	return mail ? html`<a href=${`mailto:${encodeURIComponent(mail).replace("%40", "@")}`}><bdi>${mail}</bdi></a>` : html`<${Value}>${mail}</${Value}>`;
}

function Phone({ children: phone }) {
	const number = (phone ?? "").replace(/[^+0-9]/g, "");

	return number ? html`<a href=${`tel:${number}`}><bdi dir="ltr">${formatPhone(phone)}</bdi></a>` : html`<${Value}>${phone}</${Value}>`;
}

function Unit({ children: dn }) {
	const { units } = useUnits();

	if (!dn)
		return html`<${Value} />`;
	if (!may("users:read"))
		return html`<span title=${dn}><${UnitPath} units=${units} dn=${dn} /></span>`;
	return html`<${Link} to=${address("/users", { org_unit: dn })} title=${t("person.everybody_in", { unit: unitPath(units, dn).at(-1) })}>
		<${UnitPath} units=${units} dn=${dn} /></${Link}>`;
}

/** A long name is broken after a comma where it can be. */
function Copied({ children: text }) {
	return html`<span class="dn"><code><${Value}>${text?.split(/(?<=,)/).map((part) => html`${part}<wbr />`)}</${Value}></code>${
		text && html`<${CopyButton} text=${text} className="button quiet small" />`}</span>`;
}

/** `modes` of an invitation: what the person may still set. */
export function Profile({ profile, modes }) {
	const fact = (name, value) => html`<dt>${t(`field.${name}`)}</dt><dd>${value}${modes?.[name] && modes[name] !== "fixed" &&
		html` <span class="soft person-mode">${t(`person.mode_${modes[name]}`)}</span>`}</dd>`;
	const plain = (name) => fact(name, html`<${Value}>${profile[name]}</${Value}>`);
	const own = (name) => // only the directory has it, and may be away
		profile.stale ? null : fact(name, html`<${Value}>${valueWord(name, profile[name])}</${Value}>`);

	return html`<section class="card sheet-profile" aria-labelledby="profile-head"><h2 id="profile-head">${t("person.profile")}</h2>
	<div class="card-body"><dl class="facts">
		${plain("given_name")}${plain("family_name")}${own("display_name")}
		${fact("uid", html`<${Copied}>${profile.uid}</${Copied}>`)}
		${fact("mail", html`<${Mail}>${profile.mail}</${Mail}>`)}
		${fact("phone", html`<${Phone}>${profile.phone}</${Phone}>`)}
		${fact("org_unit", html`<${Unit}>${profile.org_unit}</${Unit}>`)}
		${plain("position")}
		${own("gender")}${own("birthday")}${own("language")}
		${profile.dn && html`<dt>DN</dt><dd><${Copied}>${profile.dn}</${Copied}></dd>`}
	</dl></div></section>`;
}

const groupsTold = 32; // the most that an answer has

export function Groups({ profile }) {
	const { data } = useLoad((signal) => may("directory:read") ? get("/groups", {}, signal) : null, []);
	const byDn = new Map((data?.items ?? []).map((group) => [group.dn.toLowerCase(), group]));
	const { groups } = profile;

	return html`<section class="card" aria-labelledby="groups-head"><h2 id="groups-head">${t("person.groups")}</h2><div class="card-body">
		${!groups?.length ? html`<p class="soft">${groups === null ? t("person.groups_unknown") : t("person.no_groups")}</p>` :
			html`<ul class="memberships">${groups.map((dn) => {
			const group = byDn.get(dn.toLowerCase());

			return html`<li key=${dn} title=${dn}><${Icon} name="people" size="18" /><span><bdi>${group?.name ?? lastName(dn)}</bdi>
				${group?.description && html`<small class="soft"><bdi>${group.description}</bdi></small>`}</span></li>`;
		})}</ul>`}
		${groups?.length === groupsTold && html`<p class="soft">${t("person.groups_first", { count: groupsTold })}</p>`}
	</div></section>`;
}

function ToldBy({ source }) {
	return html`<small class="soft told-by">${tn("person.told_by", { source: html`<code>${source}</code>` })}</small>`;
}

/** A time, and what it is read from. */
function Said({ at, by }) {
	return html`<dd><${Time} at=${at} />${at && html`<small class="soft told-by"><${Time} at=${at} as="moment" /></small>`}
		${by && html`<${ToldBy} source=${by} />`}</dd>`;
}

export function SignIn({ profile }) {
	return html`<section class="card" aria-labelledby="sign-in-head"><h2 id="sign-in-head">${t("person.sign_in")}</h2><div class="card-body"><dl class="facts">
		${profile.status === "suspended" && html`<dt>${t("status.suspended")}</dt><dd>${t("person.suspended_now")}
			${profile.suspended_by && html`<${ToldBy} source=${profile.suspended_by} />`}</dd>`}
		<dt>${t("person.last_activity")}</dt>${profile.last_activity_at || profile.last_activity_source || profile.stale ?
			html`<${Said} at=${profile.last_activity_at} by=${profile.last_activity_source} />` : html`<dd class="soft">${t("person.activity_unknown")}</dd>`}
		<dt>${t("person.registered")}</dt><${Said} at=${profile.registered_at} />
		${profile.invited_at && html`<dt>${t("person.invited")}</dt><${Said} at=${profile.invited_at} />`}
	</dl></div></section>`;
}

export function Invited({ invitation }) {
	return html`<section class="card" aria-labelledby="invited-head"><h2 id="invited-head">${t("person.invitation")}</h2><div class="card-body"><dl class="facts">
		<dt>${t("person.method")}</dt><dd>${t(`person.method_${invitation.method}`)}</dd>
		${invitation.personal_mail && html`<dt>${t("field.personal_mail")}</dt><dd><${Mail}>${invitation.personal_mail}</${Mail}></dd>`}
		<dt>${t("person.invited")}</dt><${Said} at=${invitation.created_at} />
		<dt>${t("person.invited_by")}</dt><dd><${Actor} actor=${invitation.created_by} /></dd>
		${!isErased(invitation) && html`<dt>${invitation.status === "expired" ? t("status.expired") : t("person.expires")}</dt><${Said} at=${invitation.expires_at} />`}
	</dl></div></section>`;
}
