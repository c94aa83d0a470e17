// What is being typed about a person, what the API is asked of it, and which errors are shown where. No DOM, so that
// it can be tested by itself.
import { joinPhone } from "../lib/phone.js";

const day = 86400; // s

/** In the order of the form: the first wrong one gets the focus. */
export const fieldNames = [
	"given_name", "family_name", "gender", "birthday", "mail", "phone", "org_unit", "position", "groups", "display_name", "uid",
	"language", "expires_in", "fields", "method", "personal_mail",
];

/** Those that the person may be allowed to change when they register, and whether they may unless somebody says else:
 *  how they are called and reached, but not who they are. */
export const modeDefaults = {
	given_name: "fixed", family_name: "fixed", display_name: "suggested", gender: "fixed", birthday: "fixed", phone: "suggested",
	position: "fixed", language: "suggested",
};

/** `region`: where the phone is from; `methods`: those of the settings. */
export function newDraft({ region, methods }) {
	return {
		given_name: "", family_name: "", gender: "", birthday: "", isBirthdayBroken: false, mail: "", phone: { region, number: "" },
		org_unit: null, position: "", groups: [], display_name: "", uid: "", language: "", days: "", fields: modeDefaults,
		method: methods.includes("email") ? "email" : methods[0], personal_mail: "",
	};
}

/** For the next person at the same place: what is not about the person stays. */
export function nextDraft({ org_unit, position, groups, days, fields, method, phone }, methods) {
	return {
		...newDraft({ region: phone.region, methods }), org_unit, position, groups, days, fields, method,
	};
}

/** Whether somebody typed something that was not there at first. */
export function isTyped(draft, first) {
	const { phone, ...rest } = draft;

	return phone.number !== first.phone.number || Object.keys(rest).some((name) => JSON.stringify(rest[name]) !== JSON.stringify(first[name]));
}

/** Seconds, null for as configured, NaN for what is no number of days. */
function lifetime({ days }) {
	return days === "" ? null : /^\d{1,4}$/.test(days) ? Number(days) * day : NaN;
}

/** The body for createInvitation and, with whatever is missing, for its preflight. */
export function toRequest(draft) {
	const text = (name) => draft[name].trim() || undefined;
	const seconds = lifetime(draft);
	const modes = Object.entries(draft.fields).filter(([, mode]) => mode !== "fixed");
	const body = {
		given_name: text("given_name"), family_name: text("family_name"), display_name: text("display_name"),
		gender: text("gender"), birthday: text("birthday"),
		mail: text("mail"), phone: joinPhone(draft.phone.region, draft.phone.number) || undefined,
		org_unit: draft.org_unit ?? undefined, position: text("position"),
		groups: draft.groups.length > 0 ? draft.groups : undefined,
		language: text("language"), uid: text("uid"),
		method: draft.method, personal_mail: draft.method === "email" ? text("personal_mail") : undefined,
		expires_in: seconds > 0 ? seconds : undefined,
		fields: modes.length > 0 ? Object.fromEntries(modes) : undefined,
	};

	return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

/** {field: code} of what can be seen without asking. `invitations`: of the settings. */
export function lacks(draft, { gender_required, birthday_required, lifetime: allowed }) {
	const found = {};
	const seconds = lifetime(draft);
	const need = (name, is = draft[name].trim() !== "") => {
		if (!is)
			found[name] = "required";
	};

	need("given_name");
	need("family_name");
	if (gender_required)
		need("gender");
	if (draft.isBirthdayBroken)
		found.birthday = "not_a_date";
	else if (birthday_required)
		need("birthday");
	need("mail", draft.mail.trim() !== "" || draft.phone.number.trim() !== "");
	need("org_unit", draft.org_unit !== null);
	if (draft.method === "email")
		need("personal_mail");
	if (seconds !== null && !(seconds >= allowed.min && seconds <= allowed.max))
		found.expires_in = "invalid";
	return found;
}

/** The field of the form that an error of the API is about: groups[2], fields.phone. */
export function fieldOf({ field }) {
	return field.replace(/[[.].*$/, "");
}

/** The DNs of the chosen groups that `answer` has something against. */
export function wrongGroups({ draft, answer }) {
	const numbers = (answer?.errors ?? []).map(({ field }) => /^groups\[(\d+)\]$/.exec(field)?.[1]).filter(Boolean);

	return numbers.map((number) => answer.asked.groups?.[number]).filter((dn) => draft.groups.includes(dn));
}

/** {field: {code, detail}} to be shown. `answer`: {asked: the body, errors}, the newest of the API; what was changed
 *  since is another value, and not known to be wrong. What is wrong waits until the field was left; that a value is
 *  taken is said at once; that one is missing not before the person has tried to send. */
export function shownErrors({ draft, settings, answer, left, isTried }) {
	const now = toRequest(draft);
	const found = {};

	for (const one of answer?.errors ?? []) {
		const field = fieldOf(one);
		const same = JSON.stringify(answer.asked[field]) === JSON.stringify(now[field]);

		if (fieldNames.includes(field) && same && one.code !== "required" && (isTried || left.has(field) || one.code === "taken"))
			found[field] ??= one;
	}
	for (const [field, code] of Object.entries(lacks(draft, settings)))
		if (isTried || (code !== "required" && left.has(field)))
			found[field] ??= { field, code, detail: "" };
	return found;
}
