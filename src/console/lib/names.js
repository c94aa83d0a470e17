// Names of people that are only known by their ids, as in the audit trail: each is asked for once, a few at a time.
import { useEffect, useState } from "./html.js";
import { get } from "./api.js";
import { may, whoAmI } from "./session.js";

const atOnce = 4; // each is a question to the directory
const names = new Map(); // id: name, null for whoever is gone
const asked = new Map();
const waiting = [];
let underWay = 0;

async function ask(id) {
	try {
		names.set(id, (await get(`/users/${encodeURIComponent(id)}`)).name);
	} catch (error) {
		if (error.status === 404)
			names.set(id, null);
		else
			asked.delete(id);
	}
}

async function work() {
	if (underWay === atOnce || waiting.length === 0)
		return;
	const { id, done } = waiting.shift();

	underWay++;
	await ask(id);
	underWay--;
	done();
	work();
}

function read(id) {
	if (!asked.has(id))
		asked.set(id, new Promise((done) => {
			waiting.push({ id, done });
			work();
		}));
	return asked.get(id);
}

/** undefined: not known yet, or never; null: nobody has this id any more. */
export function useName(id) {
	const [, redraw] = useState(0);
	const known = id !== null && (names.has(id) || id === whoAmI().id);

	useEffect(() => {
		let here = true;

		if (id !== null && !known && may("users:read"))
			read(id).then(() => here && redraw((n) => n + 1));
		return () => { here = false; };
	}, [id]);
	return id === whoAmI().id ? whoAmI().name : names.get(id);
}
