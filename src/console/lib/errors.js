// What an error of the API means, in the person's language. Texts of the daemon are in English and for programs'
// logs; they are shown where nothing better is known.
import { formatSpan, hasWords, t } from "./words.js";

let tellField = ({ detail }) => detail;

/** Screens with forms bring the words for what can be wrong with a field (lib/fields.js); the first one has none. */
export function bringFieldWords(tell) {
	tellField = tell;
}

/** Of anything that was thrown. */
export function explain(error) {
	if (error?.name !== "ApiError")
		return t("error.ours");
	if (error.reason && hasWords(`error.reason_${error.reason}`))
		return t(`error.reason_${error.reason}`);
	if (error.status === 429)
		return t("error.throttled", { time: formatSpan(error.retryAfter ?? 60) });
	if (error.errors.length > 0)
		return error.errors.map(tellField).join(" ");
	if (error.status === 409 && error.message)
		return error.message;
	if (hasWords(`error.status_${error.status}`))
		return t(`error.status_${error.status}`);
	return error.message || t("error.ours");
}
