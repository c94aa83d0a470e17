// Times and days as people mean them, which are those of where they are; the API counts in UTC. No words and no DOM.

const minute = 60, hour = 60 * minute, day = 24 * hour; // s

function dayNumber(at) {
	return Math.round(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / (day * 1000));
}

/** [amount, unit] of Intl.RelativeTimeFormat. Days and longer are those of the calendar here: "yesterday" is the day
 *  before this one, however many hours ago that was. */
export function distance(at, now) {
	const seconds = (at.getTime() - now.getTime()) / 1000, far = Math.abs(seconds);
	const days = dayNumber(at) - dayNumber(now);
	const months = (at.getFullYear() - now.getFullYear()) * 12 + at.getMonth() - now.getMonth();

	if (far < minute)
		return [0, "second"];
	// Of what is to come nothing is taken away: eight hours are eight a moment after they began.
	const whole = seconds < 0 ? Math.trunc : Math.round;

	if (far < hour)
		return [whole(seconds / minute), "minute"];
	if (far < 22 * hour || days === 0)
		return [whole(seconds / hour), "hour"];
	if (Math.abs(days) < 14)
		return [days, "day"];
	if (Math.abs(days) < 60)
		return [Math.trunc(days / 7), "week"];
	return Math.abs(months) < 24 ? [months, "month"] : [at.getFullYear() - now.getFullYear(), "year"];
}

/** [amount, unit]: a span in the largest unit that it fills, rounded up: who waits is not told too little. */
export function span(seconds) {
	const [unit, length] = [["day", day], ["hour", hour], ["minute", minute], ["second", 1]]
		.find(([, length]) => seconds >= length) ?? ["second", 1];

	return [Math.ceil(seconds / length), unit];
}

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
