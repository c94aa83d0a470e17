// Pictures of 20 x 20, drawn with the colour of the text beside them. They say nothing that no word says.
import { html } from "../lib/html.js";

const paths = {
	alert: "M10 3 2.5 16.5h15zM10 8v4M10 14.4v.1",
	building: "M4 17V4a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v13M12 8h3a1 1 0 0 1 1 1v8M2.5 17h15M7 6.5h2M7 9.5h2M7 12.5h2",
	check: "m4 10.5 4 4 8-9",
	chevron: "m7.5 5 5 5-5 5",
	clock: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15ZM10 6v4l2.7 1.8",
	close: "m5 5 10 10M15 5 5 15",
	copy: "M7.5 7.5V4a1 1 0 0 1 1-1H16a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1h-3.5M4 7.5h7.5a1 1 0 0 1 1 1V16a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8.5a1 1 0 0 1 1-1Z",
	edit: "M12.5 4.5 15.5 7.5 7 16l-3.8.8L4 13zM10.8 6.2l3 3",
	filter: "M3 5h14M5.5 10h9M8.5 15h3",
	globe: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15ZM2.5 10h15M10 2.5c2.3 2 3.2 4.5 3.2 7.5s-.9 5.5-3.2 7.5c-2.3-2-3.2-4.5-3.2-7.5S7.7 4.5 10 2.5Z",
	history: "M3 5v3.5h3.5M3.4 8.3A7 7 0 1 1 3 11M10 6.5V10l2.5 1.7",
	info: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15ZM10 9v5M10 6.2v.1",
	key: "M12.8 3.2a4 4 0 0 0-3.8 5.2L3 14.4V17h2.6v-1.8h1.8v-1.8h1.8l1.4-1.4a4 4 0 1 0 2.2-8.8ZM13.5 6.4v.1",
	link: "M8.5 11.5a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-.8.8M11.5 8.5a3 3 0 0 0-4.3 0l-3 3a3 3 0 0 0 4.3 4.3l.8-.8",
	mail: "M3 5h14v10.5H3zM3 5.5l7 5.5 7-5.5",
	menu: "M3 5.5h14M3 10h14M3 14.5h14",
	minus: "M4 10h12",
	moon: "M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3Z",
	more: "M10 4.5v.1M10 10v.1M10 15.5v.1",
	out: "M8 3.5H4.5a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1H8M12.5 6.5 16 10l-3.5 3.5M16 10H8",
	pause: "M7 4.5v11M13 4.5v11",
	person: "M10 3a3.3 3.3 0 1 0 0 6.6A3.3 3.3 0 0 0 10 3ZM3.5 17c.4-3.3 3-5.3 6.5-5.3s6.1 2 6.5 5.3",
	people: "M7.5 4a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM2 16c.3-2.8 2.5-4.5 5.5-4.5S12.7 13.2 13 16M13 4.3a2.6 2.6 0 0 1 0 5M14.8 11.8c1.8.6 3 2.1 3.2 4.2",
	play: "M6 4v12l10-6z",
	plus: "M10 4v12M4 10h12",
	pulse: "M2.5 10.5h3.3l2-5.5 3.6 10 2.3-6 1 1.5h2.8",
	print: "M6 7V3h8v4M6 14.5H4.5a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h11a1 1 0 0 1 1 1v5.5a1 1 0 0 1-1 1H14M6 12h8v5H6zM13.7 9.6v.1",
	qr: "M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 11.5h2v2M16.5 11.5v5h-2.5M11.5 16.5v-.1M6 6v.1M14 6v.1M6 14v.1",
	refresh: "M16.5 4v3.5H13M16.2 7.3A7 7 0 1 0 17 10",
	search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM13 13l4 4",
	server: "M3.5 3.5h13v5.5h-13zM3.5 11h13v5.5h-13zM6.5 6.2v.1M6.5 13.7v.1",
	sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M4.3 15.7l1.3-1.3M14.4 5.6l1.3-1.3",
	trash: "M3.5 5.5h13M8 5.5V3.5h4v2M5 5.5l.8 11h8.4l.8-11M8.3 8.5v5M11.7 8.5v5",
	tree: "M8 3.5h4v3.5H8zM2.5 13h4v3.5h-4zM13.5 13h4v3.5h-4zM10 7v3M4.5 13v-3h11v3",
	undo: "M7 4 3.5 7.5 7 11M3.5 7.5h8a4.5 4.5 0 0 1 0 9H8",
};

/** `name` of those above. */
export function Icon({ name, size = 20 }) {
	return html`<svg class="icon" data-icon=${name} width=${size} height=${size} viewBox="0 0 20 20" fill="none" stroke="currentColor"
		stroke-width=${name === "more" ? 2.6 : 1.6} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
		focusable="false"><path d=${paths[name]} /></svg>`;
}
