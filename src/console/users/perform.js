// What is done to one person, at the API.
import { ApiError, get, post, remove } from "../lib/api.js";
import { explain } from "../lib/errors.js";
import { daemonSettings, may } from "../lib/session.js";
import { formatDate, t } from "../lib/words.js";

// Somebody may have extended it since the list was read: then it is no longer what the question was about.
async function forget({ id }) {
	if (may("invitations:read") && (await get(`/invitations/${id}`)).status !== "expired")
		throw new ApiError(409, { detail: t("users.not_expired") }, null);
	return remove(`/users/${id}`);
}

const requests = {
	suspend: ({ id }) => post(`/users/${id}/suspend`),
	resume: ({ id }) => post(`/users/${id}/resume`),
	delete: ({ id }) => remove(`/users/${id}`),
	forget,
	resend: ({ id }) => post(`/invitations/${id}/resend`),
	revoke: ({ id }) => remove(`/invitations/${id}`),
	link: ({ id }) => post(`/invitations/${id}/link`),
	restore: ({ id }) => post(`/users/${id}/restore`),
};

/** `kind` is one of rules.js, or "restore". The answer; null where there is none to tell. */
export function perform(kind, person) {
	return requests[kind](person);
}

/** The directory did not answer in time: it goes on by itself (202). */
export function isUnderWay(answer) {
	return answer?.status === "in_progress";
}

/** Whether the person was mailed so lately that they are not yet mailed again. */
export function isTooSoon(kind, { status }) {
	return kind === "resend" && status === 429;
}

/** Why it could not be done. */
export function whyNot(kind, error) {
	if (isTooSoon(kind, error))
		return t("users.too_soon");
	return kind === "resend" && error.status === 422 ? t("users.no_mail") : explain(error);
}

/** Of who is deleted now. */
export function restorableUntil() {
	const { restorable } = daemonSettings().users;

	return restorable > 0 ? t("users.restorable_until", { date: formatDate(Date.now() + restorable * 1000) }) : t("users.not_restorable");
}
