// Phone numbers as people write them, and as the API wants them (E.164): which region has which calling code, and what
// else begins a number. No DOM, so that it can be tested by itself.

// ISO 3166-1 regions by calling code (ITU-T E.164). Of several the first is taken where nothing says which.
const byCode = `1 US CA AG AI AS BB BM BS DM DO GD GU JM KN KY LC MP MS PR SX TC TT VC VG VI|20 EG|211 SS|212 MA EH|213 DZ
|216 TN|218 LY|220 GM|221 SN|222 MR|223 ML|224 GN|225 CI|226 BF|227 NE|228 TG|229 BJ|230 MU|231 LR|232 SL|233 GH|234 NG
|235 TD|236 CF|237 CM|238 CV|239 ST|240 GQ|241 GA|242 CG|243 CD|244 AO|245 GW|246 IO|247 AC|248 SC|249 SD|250 RW|251 ET
|252 SO|253 DJ|254 KE|255 TZ|256 UG|257 BI|258 MZ|260 ZM|261 MG|262 RE YT|263 ZW|264 NA|265 MW|266 LS|267 BW|268 SZ
|269 KM|27 ZA|290 SH TA|291 ER|297 AW|298 FO|299 GL|30 GR|31 NL|32 BE|33 FR|34 ES|350 GI|351 PT|352 LU|353 IE|354 IS
|355 AL|356 MT|357 CY|358 FI AX|359 BG|36 HU|370 LT|371 LV|372 EE|373 MD|374 AM|375 BY|376 AD|377 MC|378 SM|380 UA
|381 RS|382 ME|383 XK|385 HR|386 SI|387 BA|389 MK|39 IT VA|40 RO|41 CH|420 CZ|421 SK|423 LI|43 AT|44 GB GG IM JE|45 DK
|46 SE|47 NO SJ|48 PL|49 DE|500 FK|501 BZ|502 GT|503 SV|504 HN|505 NI|506 CR|507 PA|508 PM|509 HT|51 PE|52 MX|53 CU
|54 AR|55 BR|56 CL|57 CO|58 VE|590 GP BL MF|591 BO|592 GY|593 EC|594 GF|595 PY|596 MQ|597 SR|598 UY|599 CW BQ|60 MY
|61 AU CC CX|62 ID|63 PH|64 NZ|65 SG|66 TH|670 TL|672 NF|673 BN|674 NR|675 PG|676 TO|677 SB|678 VU|679 FJ|680 PW|681 WF
|682 CK|683 NU|685 WS|686 KI|687 NC|688 TV|689 PF|690 TK|691 FM|692 MH|7 RU KZ|81 JP|82 KR|84 VN|850 KP|852 HK|853 MO
|855 KH|856 LA|86 CN|880 BD|886 TW|90 TR|91 IN|92 PK|93 AF|94 LK|95 MM|960 MV|961 LB|962 JO|963 SY|964 IQ|965 KW|966 SA
|967 YE|968 OM|970 PS|971 AE|972 IL|973 BH|974 QA|975 BT|976 MN|977 NP|98 IR|992 TJ|993 TM|994 AZ|995 GE|996 KG|998 UZ`;

// Regions that share a code with a larger one, by what their numbers begin with.
const byBeginning = `AG 1268|AI 1264|AS 1684|BB 1246|BM 1441|BS 1242|DM 1767|DO 1809 1829 1849|GD 1473|GU 1671|JM 1876 1658
|KN 1869|KY 1345|LC 1758|MP 1670|MS 1664|PR 1787 1939|SX 1721|TC 1649|TT 1868|VC 1784|VG 1284|VI 1340
|CA 1204 1226 1236 1249 1250 1257 1263 1289 1306 1343 1354 1365 1367 1368 1382 1403 1416 1418 1428 1431 1437 1438 1450
 1468 1474 1506 1514 1519 1548 1579 1581 1584 1587 1604 1613 1639 1647 1672 1683 1705 1709 1742 1753 1778 1780 1782 1807
 1819 1825 1867 1873 1879 1902 1905
|KZ 76 77|VA 3906698|GG 441481 447781 447839 4479111 4479117|IM 441624 447524 447624 447924|JE 441534 447509 4477003 4477007 4477008 447797 447829 447937
|SJ 4779|AX 35818|CC 6189162|CX 6189164|YT 262269 262639|TA 2908|BQ 5993 5994 5997|EH 2125288 2125289`;

function rows(table) {
	return table.split("|").map((row) => row.trim().split(/\s+/));
}

/** {region: calling code}, as in {DE: "49"}. */
export const callingCodes = Object.fromEntries(rows(byCode).flatMap(([code, ...regions]) => regions.map((region) => [region, code])));

const regionOf = new Map(rows(byCode).map(([code, first]) => [code, first]));
const beginnings = new Map(rows(byBeginning).flatMap(([region, ...all]) => all.map((digits) => [digits, region])));

// Dialled within a country before the number, and no part of it. Almost everywhere a zero.
const trunks = {
	1: /^1(?=\d{10}$)/, 36: /^06/, 370: /^[08](?=\d{8}$)/, 375: /^(80|8|0)(?=\d{9}$)/, 7: /^8(?=\d{10}$)/, 993: /^8(?=\d{8}$)/,
};
// Here a number may begin with a zero that belongs to it.
const keepsZero = new Set(["225", "226", "227", "229", "242", "378", "39"]);

/** The digits of a national number, without what is dialled only within the country. */
function significant(digits, code) {
	if (trunks[code])
		return digits.replace(trunks[code], "");
	return keepsZero.has(code) ? digits : digits.replace(/^0+/, "");
}

function digitsOf(text) {
	// Digits of other scripts are digits as well.
	return text.normalize("NFKC").replace(/\p{Nd}/gu, (digit) => digitValue(digit)).replace(/\D/g, "");
}

// Every run of ten decimal digits begins at a code point whose predecessor is none (Unicode 4.6).
function digitValue(digit) {
	let at = digit.codePointAt(0), steps = 0;

	if (at < 128)
		return digit;
	while (steps < 9 && /\p{Nd}/u.test(String.fromCodePoint(at - 1))) {
		at--;
		steps++;
	}
	return String(steps);
}

/** `text` behind its first `count` digits. */
function without(text, count) {
	const rest = [...text];

	for (let seen = 0; seen < count;)
		seen += digitsOf(rest.shift()).length;
	return rest.join("");
}

/** "49" of "4930123": the calling code that digits begin with, or null. No code begins another. */
function codeOf(digits) {
	for (let length = 1; length <= 3; length++)
		if (regionOf.has(digits.slice(0, length)))
			return digits.slice(0, length);
	return null;
}

function regionFor(digits, code, preferred) {
	for (let length = 7; length > 1; length--)
		if (beginnings.has(digits.slice(0, length)))
			return beginnings.get(digits.slice(0, length));
	return callingCodes[preferred] === code ? preferred : regionOf.get(code);
}

/** What a text with a calling code says: {region, number}, `number` as it was written behind the code; null when there
 *  is no calling code in it, or one that nobody has. `preferred`: the region where several share the code. */
export function splitPhone(text, preferred = null) {
	const written = text.normalize("NFKC").trim().replace(/^(tel:)/i, "");
	const international = /^\(?\s*(?:\+|00)\s*([^]*)$/.exec(written);

	if (!international)
		return null;
	const digits = digitsOf(international[1]);
	const code = codeOf(digits);
	if (code === null)
		return null;
	// "+49 (0)30": nobody who dials the code dials the zero.
	const number = without(international[1], code.length).replace(/^[\s)./-]*\(0\)/, "").replace(/^[\s)./-]+/, "").trim();
	return { region: regionFor(digits, code, preferred), number };
}

/** E.164 of a number in a region, or of one that has its calling code; "" of nothing. What can be no number goes out
 *  as it is: whoever checks it names what is wrong. */
export function joinPhone(region, number) {
	const text = number.trim();
	const split = splitPhone(text, region);

	if (text === "")
		return "";
	if (split && split.number !== "")
		return joinPhone(split.region, split.number);
	if (!(region in callingCodes) || /[^\p{Nd}\s()./+\u2010-\u2015-]/u.test(text) || text.includes("+"))
		return text;
	return `+${callingCodes[region]}${significant(digitsOf(text), callingCodes[region])}`;
}

function grouped(digits, code) {
	if (code === "1" && digits.length === 10)
		return digits.replace(/^(...)(...)/, "$1 $2 ");
	return digits.replace(/\d{3}(?=\d{2})/g, "$& ");
}

/** "+84 912 345 678" of E.164; anything else as it is. */
export function formatPhone(e164) {
	const digits = /^\+(\d{7,15})$/.exec(e164 ?? "")?.[1];
	const code = digits ? codeOf(digits) : null;

	return code === null ? e164 ?? "" : `+${code} ${grouped(digits.slice(code.length), code)}`;
}

/** A national number as it was typed, without what is dialled only within the country. */
export function tidyNumber(region, number) {
	const code = callingCodes[region];
	const digits = digitsOf(number);

	if (!code || splitPhone(number, region))
		return number;
	return without(number, digits.length - significant(digits, code).length).trim();
}
