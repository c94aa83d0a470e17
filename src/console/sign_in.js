// Signing in: as a screen, and as a dialog over what one was at when the session ended, so that nothing typed is lost.
import { html, useEffect, useRef, useState } from "./lib/html.js";
import { explain } from "./lib/errors.js";
import { organisation, signIn } from "./lib/session.js";
import { t } from "./lib/words.js";
import { Brand } from "./bar.js";
import { Dialog } from "./ui/dialog.js";
import { Field } from "./ui/field.js";
import { Icon } from "./ui/icon.js";

/** 401 is what was typed, 429 is having tried too often; the rest is told as everywhere. */
function reasonOf(error) {
	return error.status === 401 ? t("sign_in.wrong") : explain(error);
}

function Form({ login: known, action, onDone }) {
	const [login, setLogin] = useState(known ?? "");
	const [password, setPassword] = useState("");
	const [shown, setShown] = useState(false);
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState(null);
	const first = useRef(null), second = useRef(null);

	useEffect(() => (known ? second : first).current.focus(), []);
	const submit = async (event) => {
		event.preventDefault();
		if (busy)
			return;
		if (!login || !password) {
			setWrong(t("sign_in.both"));
			(login ? second : first).current.focus();
			return;
		}
		setBusy(true);
		setWrong(null);
		try {
			await onDone(await signIn(login, password));
		} catch (error) {
			setWrong(reasonOf(error));
			setBusy(false);
			second.current?.select();
		}
	};

	return html`<form onSubmit=${submit} novalidate>
		<div aria-live="assertive">${wrong && html`<p class="problem"><${Icon} name="alert" /><span>${wrong}</span></p>`}</div>
		<${Field} name="login" label=${t("sign_in.login")} required>${(props) => html`<input ...${props} ref=${first} name="username"
			autocomplete="username" autocapitalize="none" spellcheck=${false} value=${login} readonly=${Boolean(known)}
			onInput=${(event) => setLogin(event.target.value)} />`}</${Field}>
		<${Field} name="password" label=${t("sign_in.password")} required>${(props) => html`<span class="joined">
			<input ...${props} ref=${second} name="password" type=${shown ? "text" : "password"} autocomplete="current-password"
				value=${password} onInput=${(event) => setPassword(event.target.value)} />
			<button type="button" class="button" aria-pressed=${shown ? "true" : "false"} onClick=${() => setShown(!shown)}>
				${shown ? t("sign_in.hide") : t("sign_in.show")}</button></span>`}</${Field}>
		<button class="button primary wide" aria-disabled=${busy ? "true" : null}>${busy ? t("sign_in.busy") : action}</button>
	</form>`;
}

function SignIn() {
	useEffect(() => { document.title = `${t("sign_in.title")} – ${organisation()}`; }, []);
	return html`<main class="alone"><div class="sign-in">
		<${Brand} />
		<h1 id="main" tabindex="-1">${t("sign_in.title")}</h1>
		<p class="lead">${t("sign_in.lead")}</p>
		<${Form} action=${t("sign_in.action")} onDone=${() => {}} />
	</div></main>`;
}

/** `me` is who it was. Somebody else who signs in here gets a page of their own: what is open belongs to `me`. */
function SignInAgain({ me, onBack }) {
	const back = (now) => {
		if (now.id === me.id)
			onBack();
		else
			location.assign("/");
	};

	return html`<${Dialog} title=${t("sign_in.again")} size="small" onClose=${() => location.assign("/sign-in")}>
		<div class="dialog-body"><p>${t("sign_in.again_why")}</p>
			<${Form} login=${me.uid ?? me.mail} action=${t("sign_in.go_on")} onDone=${back} /></div>
	</${Dialog}>`;
}

/** `again`: who it was; else it is the screen. */
export default ({ again, onBack }) => again ? html`<${SignInAgain} me=${again} onBack=${onBack} />` : html`<${SignIn} />`;
