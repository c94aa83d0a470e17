// What is wrong with a field, in the person's language.
import { bringFieldWords } from "./errors.js";
import { hasWords, t } from "./words.js";

/** Of one of a problem's `errors`: {field, code, detail}. */
export function explainField({ field, code, detail }) {
	if (code === "invalid" && hasWords(`error.bad_${field}`))
		return t(`error.bad_${field}`);
	return hasWords(`error.field_${code}`) ? t(`error.field_${code}`) : detail;
}

/** {field: text} of a problem, for the forms; the rest, of no field in `fields`, as one text or null. */
export function byField(error, fields) {
	const found = {};
	const rest = [];

	for (const one of error.errors) {
		const field = one.field.replace(/[[.].*$/, ""); // groups[2], fields.phone

		if (fields.includes(field))
			found[field] ??= explainField(one);
		else
			rest.push(explainField(one));
	}
	return { found, rest: rest.length > 0 ? rest.join(" ") : null };
}

bringFieldWords(explainField);
