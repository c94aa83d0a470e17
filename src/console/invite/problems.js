// What stands in the way, at the head of the form.
import { html, useEffect, useRef } from "../lib/html.js";
import { explain } from "../lib/errors.js";
import { explainField } from "../lib/fields.js";
import { address } from "../lib/route.js";
import { may } from "../lib/session.js";
import { hasWords, t, tn } from "../lib/words.js";
import { Icon } from "../ui/icon.js";
import { fieldNames, fieldOf } from "./draft.js";

/** Of an error of a field: in words that fit it, if there are any. */
export function tell(error) {
	const code = `${fieldOf(error)}_${error.code}`;

	return hasWords(`invite.bad_${code}`) ? t(`invite.bad_${code}`) : explainField(error);
}

/** All of them, each leading to its field. */
export function Summary({ errors, onGo }) {
	const wrong = fieldNames.filter((name) => errors[name]);
	const follow = (event, name) => {
		event.preventDefault();
		onGo(name);
	};

	return html`<div class="problem wrong-list"><${Icon} name="alert" /><div>
		<p>${t("invite.wrong_fields", { count: wrong.length })}</p>
		<ul>${wrong.map((name) => html`<li key=${name}>${tn("invite.wrong_at", {
			field: html`<a href="#${name}" onClick=${(event) => follow(event, name)}>${t(`field.${name}`)}</a>`, text: errors[name],
		})}</li>`)}</ul></div></div>`;
}

/** The list of people, in a tab of its own: here nothing is lost. */
function Look({ name }) {
	return html`<a href=${may("users:read") ? address("/users", { q: name }) : "/invitations"} target="_blank" rel="noopener">${t("invite.look")}</a>`;
}

/** Of an error of no field. Whether the invitation was made is not known when no answer came. */
export function SendProblem({ error, name }) {
	const others = error.name === "ApiError" ? error.errors.filter((one) => !fieldNames.includes(fieldOf(one))) : [];
	let text = others.length > 0 ? others.map(tell).join(" ") : explain(error);

	if (error.status === 0)
		text = tn("invite.no_answer", { look: html`<${Look} name=${name} />` });
	else if (error.reason === "unknown")
		text = tn("invite.unknown", { look: html`<${Look} name=${name} />` });
	return html`<p class="problem" role="alert"><${Icon} name="alert" /><span>${text}</span></p>`;
}

/** Says what has turned out to be wrong meanwhile to those who do not see it appear. */
export function Announcer({ errors }) {
	const before = useRef({}), said = useRef("");
	const fresh = fieldNames.filter((name) => errors[name] && errors[name] !== before.current[name]);
	const [first] = fresh;
	const text = fresh.length > 1 ? t("invite.wrong_fields", { count: fresh.length }) :
		fresh.length === 1 ? t("invite.wrong_at", { field: t(`field.${first}`), text: errors[first] }) : null;

	useEffect(() => { before.current = errors; });
	if (text !== null)
		said.current = text; // it stays until there is something else to say
	return html`<p class="unseen" role="status">${said.current}</p>`;
}
