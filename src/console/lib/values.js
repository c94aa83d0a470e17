// Values of a profile as people read them, where that is not as they are kept.
import { formatDay, hasWords, languageName, t } from "./words.js";

/** A site may have words of its own. */
export function genderWord(gender) {
	return hasWords(`gender.${gender}`) ? t(`gender.${gender}`) : gender;
}

const words = { gender: genderWord, birthday: formatDay, language: languageName };

/** Of the field `name`; nothing, and what is no text, stays. */
export function valueWord(name, value) {
	return value && typeof value === "string" ? words[name]?.(value) ?? value : value;
}
