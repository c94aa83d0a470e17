// What need not wait for the rest of the console's modules: light or dark, and what the first screen will ask the daemon
// for: who is signed in, and when that is known, the list that most people come for. Who asks for it later finds it.
import { begin } from "./lib/api.js";
import { applyTheme } from "./lib/chosen.js";
import { askedPage, readQuery } from "./users/query.js";

function beginList({ data: { scopes } }) {
	const query = readQuery(new URLSearchParams(location.search));

	if (!["/", "/users"].includes(location.pathname) || !scopes.includes("users:read"))
		return;
	if (!query.deleted)
		begin("/users", askedPage(query));
	begin("/org-units");
}

applyTheme();
begin("/session").then(beginList, () => {}); // nobody is
begin("/settings");
