// Changes a person of the directory. What somebody else has changed meanwhile is shown beside what was typed, and chosen from.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { patch, request } from "../lib/api.js";
import { byField } from "../lib/fields.js";
import { daemonSettings } from "../lib/session.js";
import { lastName, useUnits } from "../lib/units.js";
import { genderWord, valueWord } from "../lib/values.js";
import { hasWords, languageName, t } from "../lib/words.js";
import { BirthdayInput, genderOptions } from "../ui/birthday.js";
import { Value } from "../ui/bits.js";
import { Dialog } from "../ui/dialog.js";
import { Field, focusWrong } from "../ui/field.js";
import { GroupsField, useGroups } from "../ui/groups.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/states.js";
import { say } from "../ui/toast.js";
import { useClosing } from "../ui/unsaved.js";
import { UnitPath, UnitPicker } from "../units/picker.js";
import { nameOf } from "../users/row.js";
import { changesOf, draftOf, fields, groupsNamed, lacks, mergeDraft } from "./draft.js";

const kinds = {
	given_name: { maxlength: 128, autocomplete: "off", spellcheck: false },
	family_name: { maxlength: 128, autocomplete: "off", spellcheck: false },
	display_name: { maxlength: 128, autocomplete: "off", spellcheck: false },
	position: { maxlength: 128, autocomplete: "off" },
	mail: { type: "email", maxlength: 254, autocomplete: "off", spellcheck: false, dir: "ltr" },
	phone: { type: "tel", maxlength: 32, autocomplete: "off", dir: "ltr" },
};

function Shown({ name, value }) {
	const { units } = useUnits();

	if (value.length === 0)
		return html`<${Value} />`;
	if (name === "org_unit")
		return html`<${UnitPath} units=${units} dn=${value} />`;
	if (name === "groups")
		return value.map((dn) => html`<bdi key=${dn} class="pick-group" title=${dn}>${lastName(dn)}</bdi>`);
	return html`<bdi>${valueWord(name, value)}</bdi>`;
}

function Choice({ name, choice, onChoose }) {
	const one = (side) => html`<label class="pick"><input type="radio" name=${`choice-${name}`} checked=${choice.chosen === side}
		onChange=${() => onChoose(side)} /><span><small class="soft">${t(`person.side_${side}`)}</small><${Shown} name=${name} value=${choice[side]} /></span></label>`;

	return html`<fieldset class="picks"><legend class="label">${t(`field.${name}`)}</legend><div>${one("yours")}${one("theirs")}</div></fieldset>`;
}

function Choices({ choices, onChoose }) {
	const head = useRef(null);

	useEffect(() => head.current.focus(), []);
	return html`<section class="conflict"><h3 ref=${head} tabindex="-1"><${Icon} name="alert" /><span>${t("person.changed_meanwhile")}</span></h3>
		<p>${t("person.choose")}</p>
		${fields.filter((name) => name in choices).map((name) => html`<${Choice} key=${name} name=${name} choice=${choices[name]}
			onChoose=${(side) => onChoose(name, side)} />`)}</section>`;
}

function Languages({ props, value, onChange }) {
	const known = [...new Set([...daemonSettings().languages, value].filter(Boolean))];

	return html`<select ...${props} value=${value} onChange=${(event) => onChange(event.target.value)}>
		<option value="" selected=${value === ""}>${t("person.no_language")}</option>
		${known.map((tag) => html`<option key=${tag} value=${tag} selected=${tag === value}>${languageName(tag)}</option>`)}</select>`;
}

/** A site may have words of its own. */
function Genders({ props, value, onChange }) {
	const options = genderOptions(t("person.no_gender"));

	return html`<select ...${props} value=${value} onChange=${(event) => onChange(event.target.value)}>
		${Object.entries(value in options ? options : { ...options, [value]: genderWord(value) }).map(([gender, label]) => html`
			<option key=${gender} value=${gender} selected=${gender === value}>${label}</option>`)}</select>`;
}

/** Also those that the list does not have, or not yet. */
function Groups({ groups, value, error, wrong, onChange }) {
	const known = new Set(groups.map(({ dn }) => dn));
	const more = value.filter((dn) => !known.has(dn)).map((dn) => ({ dn, name: lastName(dn), description: null }));
	const all = useRef(more); // one that was unticked stays

	for (const group of more)
		if (!all.current.some(({ dn }) => dn === group.dn))
			all.current.push(group);
	return html`<${GroupsField} groups=${[...groups, ...all.current.filter(({ dn }) => !known.has(dn))]} chosen=${value} error=${error}
		wrong=${wrong} onChange=${onChange} />`;
}

function Control({ name, props, value, onChange, onBreak }) {
	if (name === "gender")
		return html`<${Genders} props=${props} value=${value} onChange=${onChange} />`;
	if (name === "birthday")
		return html`<${BirthdayInput} control=${props} value=${value} onType=${(day, isBroken) => {
			onBreak(isBroken);
			if (day !== value)
				onChange(day);
		}} />`;
	if (name === "org_unit")
		return html`<${UnitPicker} ...${props} value=${value} label=${t("field.org_unit")} onChange=${(dn) => dn && onChange(dn)} />`;
	if (name === "language")
		return html`<${Languages} props=${props} value=${value} onChange=${onChange} />`;
	return html`<input ...${props} ...${kinds[name]} data-first=${name === "given_name" ? true : null} value=${value}
		onInput=${(event) => onChange(event.target.value)} />`;
}

/** Of groups there is more to say than of a field: which rights, or what the directory said. */
function explainGroups(errors) {
	const [first] = errors.filter(({ field }) => field.startsWith("groups"));
	const key = `person.bad_groups_${first?.code}`;

	return first && hasWords(key) ? { groups: t(key, { detail: first.detail }) } : {};
}

/** {base, etag, draft, choices, errors, wrongGroups, failed, refusals, busy, set, choose, save}: `base` is the version that
 *  the draft changes; `refusals` counts how often it was not saved. */
function useEdit(view, onSaved) {
	const [state, setState] = useState(() => ({
		base: view.person, etag: view.etag, draft: draftOf(view.person), choices: {}, errors: {}, wrongGroups: [], failed: null,
		refusals: 0, busy: false,
	}));
	const sent = useRef(null);
	const put = (some) => setState((now) => ({ ...now, ...some }));
	const set = (name, value) => setState((now) => ({
		...now, draft: { ...now.draft, [name]: value }, errors: { ...now.errors, [name]: null },
		choices: now.choices[name] ? { ...now.choices, [name]: { ...now.choices[name], yours: value, chosen: "yours" } } : now.choices,
	}));
	const choose = (name, side) => setState((now) => ({
		...now, draft: { ...now.draft, [name]: now.choices[name][side] }, errors: { ...now.errors, [name]: null },
		choices: { ...now.choices, [name]: { ...now.choices[name], chosen: side } },
	}));
	/** The person as they are now, beside what was typed. True: there is nothing to choose, so that it can be sent. */
	const meet = async ({ base, draft }) => {
		const { data, etag } = await request("GET", `/users/${encodeURIComponent(base.id)}`);
		const met = mergeDraft(draft, base, data);
		const next = { base: data, etag, draft: met.draft, choices: met.choices };

		put(next);
		return Object.keys(met.choices).length === 0 ? next : null;
	};
	const send = async (now, again = true) => {
		const change = sent.current = changesOf(now.draft, now.base);

		if (Object.keys(change).length === 0) {
			onSaved(null);
			return;
		}
		try {
			onSaved((await patch(`/users/${encodeURIComponent(now.base.id)}`, change, { etag: now.etag })).data);
		} catch (error) {
			if (error.status !== 412)
				throw error;
			const next = await meet(now); // what has changed may be nothing that is typed here

			if (next === null)
				put({ busy: false });
			else if (again)
				await send(next, false);
			else
				throw error; // somebody is at it without a pause
		}
	};
	const refuse = (errors, problem, wrongGroups = []) => setState((now) => ({
		...now, busy: false, errors, wrongGroups, failed: problem, refusals: now.refusals + 1,
	}));
	const save = async () => {
		const lacking = Object.entries(lacks(state.draft, state.base, daemonSettings().invitations));

		if (lacking.length > 0) {
			refuse(Object.fromEntries(lacking.map(([name, code]) => [name, t(`error.field_${code}`)])), null);
			return;
		}
		put({ busy: true, failed: null, errors: {} });
		try {
			await send(state);
		} catch (error) {
			const { found, rest } = error.name === "ApiError" ? byField(error, fields) : { found: {}, rest: null };

			refuse({ ...found, ...explainGroups(error.errors ?? []) }, rest || Object.keys(found).length === 0 ? error : null,
				groupsNamed(error.errors ?? [], sent.current?.groups));
		}
	};

	return { ...state, set, choose, save };
}

export default function Edit({ view, onClose, onDone }) {
	const saved = (person) => {
		const name = person && nameOf(person);

		if (person?.detail)
			say(t("person.saved_but", { name, detail: person.detail }), { tone: "bad" });
		else if (person)
			say(t("person.saved", { name }));
		onDone();
		onClose();
	};
	const { base, draft, choices, errors, wrongGroups, failed, refusals, busy, set, choose, save } = useEdit(view, saved);
	const groups = useGroups();
	const { gender_required, birthday_required } = daemonSettings().invitations;
	const required = ["given_name", "family_name", "org_unit", ...gender_required ? ["gender"] : [], ...birthday_required ? ["birthday"] : []];
	const form = useRef(null);
	const dirty = Object.keys(useMemo(() => changesOf(draft, base), [draft, base])).length > 0;
	const isMet = Object.keys(choices).length > 0;
	const { close, question } = useClosing(dirty, onClose);
	const submit = (event) => {
		event.preventDefault();
		if (!busy)
			save();
	};

	useEffect(() => { focusWrong(form.current); }, [refusals]);
	return html`<${Dialog} title=${t("person.edit_of", { name: nameOf(base) })} onClose=${close}><form ref=${form} onSubmit=${submit} novalidate>
		<div class="dialog-body">
			${failed && html`<${Problem} error=${failed} />`}
			${isMet && html`<${Choices} choices=${choices} onChoose=${choose} />`}
			<div class="edit-grid">${fields.filter((name) => name !== "groups").map((name) => html`<${Field} key=${name} name=${name} className=${`edit-${name}`}
				label=${t(`field.${name}`)} error=${errors[name]} required=${required.includes(name)}>${
				(props) => html`<${Control} name=${name} props=${props} value=${draft[name]} onChange=${(value) => set(name, value)}
					onBreak=${(isBroken) => set("isBirthdayBroken", isBroken)} />`}</${Field}>`)}
				${base.groups !== null && groups !== null && (groups.length > 0 || draft.groups.length > 0) && html`<${Groups} groups=${groups}
					value=${draft.groups} error=${errors.groups} wrong=${wrongGroups} onChange=${(dns) => set("groups", dns)} />`}</div>
		</div>
		<footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("ui.cancel")}</button>
			<button class="button primary" aria-disabled=${busy ? "true" : null}>${t("person.save")}</button></footer>
	</form></${Dialog}>${question}`;
}
