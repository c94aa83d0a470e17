// The start: words, who is signed in, and the frame that the screens stand in.
import "./begin.js"; // it has run by itself, unless it was late
import { html, render } from "./lib/html.js";
import { loadWords } from "./lib/words.js";
import { loadSession } from "./lib/session.js";
import { App } from "./app.js";

const [, problem] = await Promise.all([
	loadWords(),
	loadSession().then(() => null, (error) => error),
]);
render(html`<${App} problem=${problem} />`, document.getElementById("app"));
