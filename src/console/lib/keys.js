// What the keys are called on the keyboard in front of the person.
import { t } from "./words.js";

const isApple = /^(Mac|iP)/.test(navigator.userAgentData?.platform ?? navigator.platform);

/** The name of `key` together with the key that commands: "Ctrl+C", "⌘C". */
export function withCommand(key) {
	return isApple ? `⌘${key}` : t("ui.with_ctrl", { key });
}
