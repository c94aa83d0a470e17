// Names of people that are only known by their ids, as in the audit trail: each is asked for once.
import { useEffect, useState } from "./html.js";
import { get } from "./api.js";
import { may, whoAmI } from "./session.js";

const names = new Map(); // id: name, null for whoever is gone
const asked = new Map();

function read(id) {
	if (!asked.has(id))
		asked.set(id, get(`/users/${id}`).then(({ name }) => names.set(id, name), (error) => {
			if (error.status === 404)
				names.set(id, null);
			else
				asked.delete(id);
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
