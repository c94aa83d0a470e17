/* Comfort for the registration page. Everything works without it: here is only what a browser can
 * say at once, in the words that the page brings along. */

const form = document.getElementById("form");
const words = form ? form.dataset : {};
const password = document.getElementById("f-password");
const again = document.getElementById("f-password_again");
const MAX_BYTES = 1024;

/* ---- what can be said about a password ---- */

const characters = (text) => Array.from(text);

/* Made of one piece over and over, of a run such as abcd, or of very few characters. It says nothing
 * about words that are easy to guess: only the server has the list of those. */
function isSimple(text) {
	const all = characters(text.toLowerCase());
	const steps = all.slice(1).map((c, i) => c.codePointAt(0) - all[i].codePointAt(0));
	const runs = steps.filter((step, i) => Math.abs(step) <= 1 && step === (i > 0 ? steps[i - 1] : step));

	if (new Set(all).size * 3 < all.length || runs.length * 2 > steps.length)
		return true;
	for (let period = 1; period * 2 <= all.length; period++)
		if (all.every((c, i) => i < period || c === all[i - period]))
			return true;
	return false;
}

function wrongWith(text) {
	if (text === "")
		return words.required;
	if (text.trim() === "")
		return words.blank;
	if (characters(text).length < Number(words.min))
		return fill(words.count, { count: characters(text).length, min: words.min });
	if (new TextEncoder().encode(text).length > MAX_BYTES)
		return words.tooLong;
	return null;
}

const fill = (sentence, values) => sentence.replace(/\{([a-z]+)\}/g, (mark, name) => values[name] ?? mark);

/* ---- what is said beside the fields ---- */

function showStrength() {
	const box = document.getElementById("strength");
	const text = password.value;
	const length = characters(text).length;
	const level = wrongWith(text) ? 0 : isSimple(text) ? 1 : length < Number(words.min) * 1.4 ? 2 : 3;

	box.hidden = text === "";
	box.dataset.level = String(level);
	document.getElementById("strength-text").textContent =
		level === 0 ? wrongWith(text) : [words.simple, words.enough, words.long][level - 1];
}

/* A difference is told only once as much was typed: before, it is not one yet. */
function showMatch() {
	const box = document.getElementById("match");
	const same = again.value === password.value;
	const differs = !same && !password.value.startsWith(again.value);

	box.hidden = again.value === "" || (!same && !differs);
	box.classList.toggle("differs", differs);
	box.textContent = same ? words.same : words.mismatch;
}

function showCaps(event) {
	const box = document.getElementById("caps");
	const on = Boolean(event.getModifierState && event.getModifierState("CapsLock"));

	box.hidden = !on;
	box.textContent = on ? words.caps : "";
}

/* As the server does it, so that both look the same. */
function showError(field, text) {
	const box = field.closest(".field");
	const id = `error-${field.name}`;
	let line = document.getElementById(id);

	if (!line) {
		const mark = document.createElement("span");

		line = document.createElement("p");
		line.className = "error";
		line.id = id;
		mark.className = "unseen";
		mark.textContent = `${words.error} `;
		line.append(mark, document.createTextNode(""));
		box.querySelector("label").after(line);
		field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
	}
	line.lastChild.textContent = text;
	box.classList.add("wrong");
	field.setAttribute("aria-invalid", "true");
}

function clearError(field) {
	const ids = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== `error-${field.name}`);

	field.closest(".field").classList.remove("wrong");
	field.removeAttribute("aria-invalid");
	document.getElementById(`error-${field.name}`)?.remove();
	if (ids.length > 0)
		field.setAttribute("aria-describedby", ids.join(" "));
	else
		field.removeAttribute("aria-describedby");
}

/* ---- the form ---- */

function send(event) {
	const button = form.querySelector("[type=submit]");
	const why = wrongWith(password.value);

	if (button.getAttribute("aria-disabled") === "true") {
		event.preventDefault(); /* it is on its way */
		return;
	}
	if (why)
		showError(password, why);
	else if (again.value !== password.value)
		showError(again, words.mismatch);
	if (why || again.value !== password.value) {
		event.preventDefault();
		form.querySelector("[aria-invalid=true]").focus();
		return;
	}
	/* Password managers and the browser's memory must see a password. */
	show(false);
	button.setAttribute("aria-disabled", "true");
	button.dataset.words = button.textContent;
	button.textContent = words.sending;
}

/* Back from the next page: the button works again. */
function restore() {
	const button = form.querySelector("[type=submit]");

	if (button.dataset.words) {
		button.textContent = button.dataset.words;
		button.removeAttribute("aria-disabled");
	}
}

function show(on) {
	password.type = again.type = on ? "text" : "password";
	document.getElementById("show").checked = on;
}

/* The moment in the reader's own time zone, which the server does not know. */
function localize(time) {
	const language = document.documentElement.lang;
	const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
		weekday: "long", day: "numeric", month: "long", year: "numeric",
		hour: "2-digit", minute: "2-digit", timeZoneName: "short",
	});

	time.title = time.textContent;
	time.textContent = fill(time.dataset.words, { moment: format.format(new Date(time.dateTime)) });
}

function startForm() {
	const time = form.parentElement.querySelector("time[data-words]");

	form.noValidate = true; /* the page's language, not the browser's */
	document.getElementById("reveal").hidden = false;
	document.getElementById("show").addEventListener("change", (event) => show(event.target.checked));
	password.setAttribute("aria-describedby", `${password.getAttribute("aria-describedby")} strength-text`);
	for (const field of [password, again]) {
		field.addEventListener("input", () => {
			clearError(field);
			showStrength();
			showMatch();
		});
		field.addEventListener("keydown", showCaps);
		field.addEventListener("keyup", showCaps);
	}
	form.addEventListener("submit", send);
	addEventListener("pageshow", restore);
	if (time)
		localize(time);
	form.querySelector("[aria-invalid=true]")?.focus();
}

/* ---- under way: ask quietly, and go on when it is done ---- */

async function follow(url) {
	for (let wait = 800; ; wait = Math.min(wait * 1.5, 3000)) {
		await new Promise((resolve) => setTimeout(resolve, wait));
		try {
			const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
			const view = await answer.json();

			if (view.status !== "in_progress") {
				location.replace(url);
				return;
			}
		} catch {
			/* Away for a moment: the next look may find it. */
		}
	}
}

if (form)
	startForm();
const progress = document.getElementById("follow");
if (progress)
	follow(progress.href);
