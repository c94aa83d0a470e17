// What is done to one person, at the API.
import { post, remove } from "../lib/api.js";
import { explain } from "../lib/errors.js";
import { t } from "../lib/words.js";

const requests = {
	suspend: ({ id }) => post(`/users/${id}/suspend`),
	resume: ({ id }) => post(`/users/${id}/resume`),
	delete: ({ id }) => remove(`/users/${id}`),
	forget: ({ id }) => remove(`/users/${id}`),
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

/** Why it could not be done. */
export function whyNot(kind, error) {
	return kind === "resend" && error.status === 422 ? t("users.no_mail") : explain(error);
}
