// What an error of the API means, in the person's language. Texts of the daemon are in English and for programs'
// logs; they are shown where nothing better is known.
import { formatSpan, hasWords, t } from "./words.js";

/** Of anything that was thrown. */
export function explain(error) {
	if (error?.name !== "ApiError")
		return t("error.ours");
	if (error.reason && hasWords(`error.reason_${error.reason}`))
		return t(`error.reason_${error.reason}`);
	if (error.status === 429)
		return t("error.throttled", { time: formatSpan(error.retryAfter ?? 60) });
	if (error.errors.length > 0)
		return error.errors.map(explainField).join(" ");
	if (error.status === 409 && error.message)
		return error.message;
	if (hasWords(`error.status_${error.status}`))
		return t(`error.status_${error.status}`);
	return error.message || t("error.ours");
}

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
