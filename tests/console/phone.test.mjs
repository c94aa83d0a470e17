// Phone numbers: what people write, and the one number that it means.
import assert from "node:assert/strict";
import { test } from "node:test";

import { callingCodes, formatPhone, joinPhone, splitPhone, tidyNumber } from "../../src/console/lib/phone.js";

test("a number with its calling code is split into a region and the rest", () => {
	for (const [text, region, number] of [
		["+84 912 345 678", "VN", "912 345 678"],
		["0049 30 1234567", "DE", "30 1234567"],
		["+49 (0)30 1234567", "DE", "30 1234567"],
		["(+44) 7700 900123", "GB", "7700 900123"],
		["tel:+39 06 4567", "IT", "06 4567"],
		["+39 06 698 12345", "VA", "06 698 12345"],
		["+1 (416) 555-0100", "CA", "(416) 555-0100"],
		["+1 415 555 0100", "US", "415 555 0100"],
		["+1 876 555 0100", "JM", "876 555 0100"],
		["+7 701 123 45 67", "KZ", "701 123 45 67"],
		["+44 1534 123456", "JE", "1534 123456"],
		["\uff0b\uff14\uff19 30 123", "DE", "30 123"],
		["+\u0664\u0669 \u0663\u0660", "DE", "\u0663\u0660"],
	])
		assert.deepEqual(splitPhone(text), { region, number }, text);
});

test("what has no calling code that anybody has is not split", () => {
	for (const text of ["", "+", "00", "030 1234567", "+999 12", "hello", "+0 1"])
		assert.equal(splitPhone(text), null, text);
});

test("of regions that share a code the preferred one is taken, unless the digits say another", () => {
	assert.equal(splitPhone("+39 12", "VA").region, "VA");
	assert.equal(splitPhone("+1 613 5550100", "US").region, "CA");
	assert.equal(splitPhone("+47 22", "SJ").region, "SJ");
	assert.equal(splitPhone("+47 22", "DE").region, "NO");
});

test("a number becomes E.164, without what is dialled only within a country", () => {
	for (const [region, number, e164] of [
		["DE", "030 1234567", "+49301234567"],
		["VN", "0912 345 678", "+84912345678"],
		["IT", "06 6982", "+39066982"],
		["CI", "07 01 02 03 04", "+2250701020304"],
		["US", "1 415 555 0100", "+14155550100"],
		["RU", "8 912 345 67 89", "+79123456789"],
		["HU", "06 1 234 5678", "+3612345678"],
		["DE", "+84 912 345 678", "+84912345678"],
		["DE", "0084 (0)912 345 678", "+84912345678"],
		["EG", "\u0660\u0661\u0660\u0660 123 4567", "+201001234567"],
		["DE", "  ", ""],
	])
		assert.equal(joinPhone(region, number), e164, `${region} ${number}`);
});

test("what can be no number goes out as it is, so that it is refused by name", () => {
	for (const number of ["abc", "12a34", "+49", "+999 123"])
		assert.equal(joinPhone("DE", number), number);
});

test("a number is tidied in place and nothing else of it is changed", () => {
	assert.equal(tidyNumber("DE", "030 123-4567"), "30 123-4567");
	assert.equal(tidyNumber("DE", "30 1234567"), "30 1234567");
	assert.equal(tidyNumber("IT", "06 6982"), "06 6982");
	assert.equal(tidyNumber("DE", "+84 9"), "+84 9");
});

test("E.164 is shown in groups, and all of its digits are there", () => {
	assert.equal(formatPhone("+84912345678"), "+84 912 345 678");
	assert.equal(formatPhone("+14155550100"), "+1 415 555 0100");
	assert.equal(formatPhone("+4915112345671"), "+49 151 123 456 71");
	assert.equal(formatPhone(null), "");
	assert.equal(formatPhone("extension 12"), "extension 12");
	for (const e164 of ["+4930123", "+35312345678", "+881612345678", "+8613812345678"])
		assert.equal(formatPhone(e164).replaceAll(" ", ""), e164);
});

test("no calling code begins another, and every region has a name", () => {
	const codes = [...new Set(Object.values(callingCodes))];
	const names = new Intl.DisplayNames(["en"], { type: "region" });

	for (const code of codes)
		assert.equal(codes.some((other) => other !== code && other.startsWith(code)), false, code);
	for (const region of Object.keys(callingCodes))
		assert.notEqual(names.of(region), region);
});
