// Days as people mean them, which are those of where they are; the API counts in UTC.

function at(day, later) {
	const [year, month, date] = day.split("-").map(Number);
	const moment = new Date(year, month - 1, date + later);

	return Number.isNaN(moment.getTime()) ? day : moment.toISOString(); // what is no day the daemon refuses
}

/** The moment at which a day (YYYY-MM-DD) begins here; "" stays. */
export function dayStart(day) {
	return day ? at(day, 0) : "";
}

/** The moment at which it is over. */
export function dayEnd(day) {
	return day ? at(day, 1) : "";
}
