/* What a mail says, to whom, and that nobody's words become a link in it (T13) or a header (T12).
 */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/moment.h"
#include "mail/compose_private.h"

#define ID   "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b"
#define ITEM "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1c"

static const char *const languages[] = { "en", "de", "vi" };
static const struct mail_sender sender = { .organisation = "Northwind",
	.from = "join@northwind.example",
	.bounces = "bounces@northwind.example",
	.reply_to = "people@northwind.example",
	.id_domain = "northwind.example",
	.sign_in_url = "https://sign-in.northwind.example/",
	.help_contact = "help@northwind.example" };
static const struct mail_facts whole = { .kind = "invitation",
	.language = "en",
	.invitation = ID,
	.item = ITEM,
	.attempt = 3,
	.to = "ada@home.example",
	.name = "Ada Lovelace",
	.given_name = "Ada",
	.uid = "ada.lovelace",
	.inviter = "Charles Babbage",
	.position = "Analyst",
	.org_unit = "Engines",
	.link = "https://join.northwind.example/join/usher_j_abc_DEF-0",
	.reason = "550 5.1.1 User unknown",
	.expires_at = 1796401800000,
	.now = 1795800000000 };

static struct mail_templates *templates;

static struct mail *
compose(const struct mail_sender *s, const struct mail_facts *facts)
{
	struct mail *m = NULL;
	struct fault f;

	if (mail_compose(&m, templates, s, facts, &f) != ERR_OK)
		fail_msg("%s in %s: %s", facts->kind, facts->language, f.text);
	return m;
}

static void
assert_has(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, text);
}

static void
every_kind_is_complete_in_every_language(void **state)
{
	static const struct {
		const char *kind, *subject[3], *says[4];
	} rows[] = {
		{ "invitation",
		    { "Charles Babbage invites you to join Northwind",
			"Charles Babbage lädt Sie zu Northwind ein",
			"Charles Babbage mời Anh/Chị tham gia Northwind" },
		    { "Charles Babbage", "Engines", "Analyst",
			"https://join.northwind.example/join/usher_j_abc_DEF-0" } },
		{ "reminder",
		    { "Reminder: your invitation to join Northwind",
			"Erinnerung: Ihre Einladung zu Northwind",
			"Nhắc lại: lời mời tham gia Northwind" },
		    { "Charles Babbage", "Engines", "Analyst",
			"https://join.northwind.example/join/usher_j_abc_DEF-0" } },
		{ "welcome",
		    { "Welcome to Northwind", "Willkommen bei Northwind",
			"Chào mừng Anh/Chị đến với Northwind" },
		    { "https://sign-in.northwind.example/", "help@northwind.example" } },
		{ "completed",
		    { "Ada Lovelace has joined Northwind", "Ada Lovelace ist jetzt bei Northwind",
			"Ada Lovelace đã tham gia Northwind" },
		    { "Charles Babbage", "Ada Lovelace" } },
		{ "undeliverable",
		    { "Not delivered: your invitation for Ada Lovelace",
			"Nicht zugestellt: Ihre Einladung an Ada Lovelace",
			"Không gửi được lời mời đến Ada Lovelace" },
		    { "Charles Babbage", "Ada Lovelace", "User unknown" } },
	};
	static const char *const ends[] = { "Friday 4 December 2026, 16:30 UTC",
		"Freitag, 4. Dezember 2026, 16:30 Uhr (UTC)",
		"16:30 thứ Sáu, ngày 4 tháng 12 năm 2026 (giờ UTC)" };

	(void)state;
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
		for (size_t l = 0; l < 3; l++) {
			struct mail_facts facts = whole;
			struct mail *m;

			facts.kind = rows[k].kind;
			facts.language = languages[l];
			m = compose(&sender, &facts);
			assert_string_equal(mail_header_of(m, "Subject"), rows[k].subject[l]);
			assert_string_equal(mail_header_of(m, "Content-Language"), languages[l]);
			for (size_t i = 0; i < 4 && rows[k].says[i] != NULL; i++) {
				assert_has(m->text, rows[k].says[i]);
				assert_has(m->html, rows[k].says[i]);
			}
			if (strcmp(facts.kind, "welcome") != 0 &&
			    strcmp(facts.kind, "completed") != 0) {
				assert_has(m->text, ends[l]);
				assert_has(m->html, ends[l]);
			} else
				assert_has(m->text, "ada.lovelace");
			mail_free(m);
		}
}

static void
a_notice_of_an_invitation_that_has_ended_says_so(void **state)
{
	static const char *const open[] = { "still open", "weiterhin offen", "còn hiệu lực" };
	static const char *const ended[] = { "has ended meanwhile", "inzwischen beendet",
		"đã hết hiệu lực" };

	(void)state;
	for (size_t l = 0; l < 3; l++)
		for (int over = 0; over < 2; over++) {
			struct mail_facts facts = whole;
			struct mail *m;

			facts.kind = "undeliverable";
			facts.language = languages[l];
			facts.over = over;
			m = compose(&sender, &facts);
			assert_has(m->text, over ? ended[l] : open[l]);
			assert_has(m->html, over ? ended[l] : open[l]);
			assert_null(strstr(m->text, over ? open[l] : ended[l]));
			assert_null(strstr(m->html, over ? open[l] : ended[l]));
			if (over)
				assert_null(strstr(m->text, "2026"));
			assert_null(strstr(m->text, "\n\n\n"));
			mail_free(m);
		}
}

/* What is absent leaves no trace: no "(null)", no label without its value, no mark of a template,
 * no two empty lines. */
static void
a_mail_without_facts_reads_well_too(void **state)
{
	static const char *const traces[] = { "null", "{{", "}}", "\n\n\n", "  ", " ,", " .",
		":\n" };
	static const struct mail_sender bare_sender = {
		.organisation = "N", .from = "join@northwind.example", .id_domain = "n.example"
	};

	(void)state;
	for (enum mail_kind kind = 0; kind < MAIL_KIND_COUNT; kind++)
		for (size_t l = 0; l < 3; l++) {
			struct mail_facts facts = { .kind = mail_kind_name(kind),
				.language = languages[l],
				.item = ITEM,
				.to = "ada@home.example",
				.uid = "ada",
				.link = "https://join.northwind.example/join/x",
				.expires_at = 1 };
			struct mail *m = compose(&bare_sender, &facts);
			const char *at;

			for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
				at = strstr(m->text, traces[i]);
				if (at != NULL && (traces[i][0] != ':' || at[2] != '\n'))
					fail_msg("\"%s\" in %s %s: %s", traces[i], languages[l],
					    facts.kind, m->text);
				assert_null(strstr(m->html, "{{"));
			}
			assert_null(mail_header_of(m, "Reply-To"));
			assert_string_equal(m->from, "join@northwind.example");
			mail_free(m);
		}
}

static void
headers_say_who_when_and_that_it_is_automatic(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "Date", "Fri, 27 Nov 2026 17:20:00 +0000" },
		{ "From", "\"Northwind\" <join@northwind.example>" },
		{ "To", "\"Ada Lovelace\" <ada@home.example>" },
		{ "Reply-To", "people@northwind.example" },
		{ "Subject", "Charles Babbage invites you to join Northwind" },
		{ "Message-ID", "<" ID "." ITEM ".3.pphm5k53jhppxq2z@northwind.example>" },
		{ "References", "<" ID "." ITEM ".b5orisig6xwdracm@northwind.example>" },
		{ "Auto-Submitted", "auto-generated" },
		{ "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply" },
		{ "Content-Language", "en" },
	};
	struct mail_sender named = sender;
	struct mail *m = compose(&sender, &whole);
	struct mail_verp verp;

	(void)state;
	assert_int_equal(m->header_count, sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(mail_header_of(m, rows[i].name), rows[i].value);
	assert_string_equal(m->to, "ada@home.example");
	assert_true(mail_verp_parse(&verp, &sender, m->from, strlen(m->from)));
	assert_string_equal(verp.invitation, ID);
	assert_int_equal(verp.recipient, mail_verp_recipient(&sender, whole.to));
	mail_free(m);
	named.from_name = "Northwind, People";
	m = compose(&named, &whole);
	assert_string_equal(
	    mail_header_of(m, "From"), "\"Northwind, People\" <join@northwind.example>");
	mail_free(m);
}

static void
a_notice_goes_to_the_inviter_and_its_bounce_to_nobodys_invitation(void **state)
{
	struct mail_facts facts = whole;
	struct mail *m;

	(void)state;
	facts.kind = "undeliverable";
	facts.to = "charles@northwind.example";
	m = compose(&sender, &facts);
	assert_string_equal(
	    mail_header_of(m, "To"), "\"Charles Babbage\" <charles@northwind.example>");
	assert_string_equal(m->from, "bounces@northwind.example");
	assert_string_equal(mail_header_of(m, "Message-ID"), "<" ITEM ".3@northwind.example>");
	assert_string_equal(mail_header_of(m, "References"), "<" ITEM "@northwind.example>");
	mail_free(m);
}

static void
the_language_that_it_is_in_is_said(void **state)
{
	struct mail_facts facts = whole;
	struct mail *m;

	(void)state;
	facts.language = "de-CH";
	m = compose(&sender, &facts);
	assert_string_equal(mail_header_of(m, "Content-Language"), "de");
	assert_has(m->html, "<html lang=\"de\" dir=\"ltr\">");
	mail_free(m);
	facts.language = "ar";
	m = compose(&sender, &facts);
	assert_string_equal(mail_header_of(m, "Content-Language"), "en");
	mail_free(m);
}

static void
moments_are_written_as_the_language_does(void **state)
{
	static const struct {
		const char *language;
		int64_t at;
		const char *expected;
	} rows[] = {
		{ "en", 0, "Thursday 1 January 1970, 00:00 UTC" },
		{ "en-GB", 951782399999, "Monday 28 February 2000, 23:59 UTC" },
		{ "en", 951782400000, "Tuesday 29 February 2000, 00:00 UTC" },
		{ "de", 1804204800000, "Freitag, 5. März 2027, 00:00 Uhr (UTC)" },
		{ "DE-at", 1796574600000, "Sonntag, 6. Dezember 2026, 16:30 Uhr (UTC)" },
		{ "vi", 1796574600000, "16:30 Chủ nhật, ngày 6 tháng 12 năm 2026 (giờ UTC)" },
		{ "den", 1796574600000, "2026-12-06 16:30 UTC" },
		{ "ja", 1796574600000, "2026-12-06 16:30 UTC" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    moment_text(arena, rows[i].language, rows[i].at), rows[i].expected);
	assert_string_equal(mail_date(arena, 951782400000), "Tue, 29 Feb 2000 00:00:00 +0000");
	assert_string_equal(mail_date(arena, 1796574600999), "Sun, 06 Dec 2026 16:30:00 +0000");
	arena_free(arena);
}

#define Z "\xe2\x80\x8b"

static void
words_are_broken_up_only_where_they_look_like_an_address(void **state)
{
	static const struct {
		const char *words, *expected;
	} rows[] = {
		{ "", "" },
		{ "Ada Lovelace", "Ada Lovelace" },
		{ "J. R. R. Tolkien", "J. R. R. Tolkien" },
		{ "Nguyễn Thị Lan", "Nguyễn Thị Lan" },
		{ "Sales: Europe, Inc.", "Sales: Europe, Inc." },
		{ "R&D / IT", "R&D / IT" },
		{ "evil.example", "evil" Z "." Z "example" },
		{ "www.evil.example", "www" Z "." Z "evil" Z "." Z "example" },
		{ "http://a", "http" Z ":" Z "/" Z "/a" },
		{ "a@b", "a" Z "@" Z "b" },
		{ "mailto:a", "mailto" Z ":" Z "a" },
		{ "\\\\host\\share", "\\" Z "\\host\\share" },
		{ "a\xe3\x80\x82"
		  "b",
		    "a" Z "\xe3\x80\x82" Z "b" },
		{ "a\xef\xbc\x8e"
		  "b",
		    "a" Z "\xef\xbc\x8e" Z "b" },
		/* An invisible character of their own is no help. */
		{ "a" Z ".\xe2\x81\xa0"
		  "b",
		    "a" Z "." Z "b" },
		{ "a\xe2\x80\xae"
		  "b",
		    "ab" },
		{ "a\r\nBcc: b", "a  Bcc: b" },
		{ "a\tb\x1b\x7f"
		  "c",
		    "a b  c" },
		{ "a\xe2\x80\xa8"
		  "b\xc2\x85"
		  "c",
		    "a b c" },
		{ "a\xff"
		  "b",
		    "a\xef\xbf\xbd"
		    "b" },
		{ "a.", "a." },
		{ ".a", ".a" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(mail_words(arena, rows[i].words), rows[i].expected);
	assert_null(mail_words(arena, NULL));
	assert_string_equal(mail_uid_words(arena, "ada.lovelace-1_x"), "ada.lovelace-1_x");
	assert_string_equal(mail_uid_words(arena, "www.evil"), "www" Z "." Z "evil");
	assert_string_equal(mail_uid_words(arena, "a@b"), "a" Z "@" Z "b");
	assert_string_equal(mail_words_cut(arena, "ấấấ", 8), "ấ…");
	arena_free(arena);
}

/* ---- T13: nothing but what is configured looks like an address ---- */

static void
blank(char *text, const char *part)
{
	for (char *at = text; part[0] != '\0' && (at = strstr(at, part)) != NULL;)
		memset(at, ' ', strlen(part));
}

/* `uid` NULL: a host's name is no more welcome than any other address. */
static void
assert_no_address(const char *what, const char *value, char *text, const char *uid)
{
	static const char *const looks[] = { /* Host names, whose letters may be beyond ASCII. */
		"[[:alnum:]_\x80-\xff-]+([.][[:alnum:]_\x80-\xff-]+)+",
		"[[:alpha:]][[:alnum:]+.-]*:[^[:space:]\x01]", "(www|ftp)[.]",
		"[^[:space:]\x01]@[^[:space:]\x01]", "//", "[\\][\\]"
	};

	for (char *at = text; (at = strstr(at, Z)) != NULL;)
		memset(at, '\x01', 3);
	blank(text, sender.sign_in_url);
	blank(text, whole.link);
	blank(text, sender.help_contact);
	if (uid != NULL)
		blank(text, uid);
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		regex_t re;
		regmatch_t at;

		assert_int_equal(regcomp(&re, looks[i], REG_EXTENDED | REG_ICASE), 0);
		if (regexec(&re, text, 1, &at, 0) == 0)
			fail_msg("\"%.*s\" in the %s of \"%s\"", (int)(at.rm_eo - at.rm_so),
			    text + at.rm_so, what, value);
		regfree(&re);
	}
}

/* What a reader sees; a tag parts words. Every address in an attribute is a configured one. */
static char *
seen_of_html(const char *html)
{
	static const struct {
		const char *name, c;
	} references[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&#34;", '"' },
		{ "&#39;", '\'' } };
	char *seen = malloc(strlen(html) + 1), *to = seen;

	while (*html != '\0') {
		size_t skip = 1;
		char c = *html;

		if (c == '<') {
			skip = strcspn(html, ">") + 1;
			c = '\x01';
		}
		for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
			if (strncmp(html, references[i].name, strlen(references[i].name)) == 0) {
				skip = strlen(references[i].name);
				c = references[i].c;
			}
		*to++ = c;
		html += skip;
	}
	*to = '\0';
	return seen;
}

static void
assert_links_are_ours(const char *html)
{
	for (const char *at = html; (at = strstr(at, "href=\"")) != NULL;) {
		size_t len = strcspn(at += 6, "\"");

		assert_true(strncmp(at, whole.link, len) == 0 ||
			    strncmp(at, sender.sign_in_url, len) == 0 ||
			    strncmp(at, "mailto:help@northwind.example", len) == 0);
	}
	assert_null(strstr(html, "<img"));
	assert_null(strstr(html, "<script"));
}

static void
assert_mail_is_safe(const struct mail_facts *facts, const char *value, bool is_uid)
{
	struct mail *m = compose(&sender, facts);
	char *seen = seen_of_html(m->html), *text = strdup(m->text);
	char *subject = strdup(mail_header_of(m, "Subject")), *to = strdup(mail_header_of(m, "To"));
	struct arena *arena = arena_new(0);

	assert_no_address("text", value, text, is_uid ? mail_uid_words(arena, value) : NULL);
	assert_no_address("HTML", value, seen, NULL);
	assert_no_address("subject", value, subject, NULL);
	blank(to, facts->to);
	assert_no_address("recipient", value, to, NULL);
	assert_links_are_ours(m->html);
	assert_int_equal(mail_check(m, NULL), ERR_OK);
	free(seen);
	free(text);
	free(subject);
	free(to);
	arena_free(arena);
	mail_free(m);
}

static void
no_words_of_people_become_a_link(void **state)
{
	static const char *const payloads[] = { "http://evil.example", "https://evil.example/a?b#c",
		"HTTPS://EVIL.EXAMPLE", "evil.example", "www.evil.example", "WWW.evil",
		"ftp.evil.example", "//evil.example/x", "evil.example:8080/x", "a@evil.example",
		"mailto:a@evil.example", "javascript:alert(1)", "tel:+441234", "\\\\evil\\share",
		"Ada\nhttp://evil.example", "<a href=\"http://evil.example\">Ada</a>",
		"<img src=http://evil.example/x.png>", "\"><script src=//evil.example></script>",
		"[Ada](http://evil.example)", "<http://evil.example>", "(evil.example)",
		"evil\xef\xbc\x8e"
		"example",
		"evil\xe3\x80\x82"
		"example",
		"http\xef\xbc\x9a\xef\xbc\x8f\xef\xbc\x8f"
		"evil",
		"a\xef\xbc\xa0"
		"evil",
		"ev\xc3\xad"
		"l.example",
		"evil" Z ".example",
		"evil.\xe2\x81\xa0"
		"example",
		"evil\xc2\xad"
		".example",
		"\xe2\x80\xae"
		"elpmaxe.live",
		"1.2.3.4", "[::1]", "xn--evl-8ma.example", "evil.example.", ".evil.example",
		"evil..example", "Your account expired: evil.example/login now", "{{link}}",
		"{{>head}}", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z",
		"=?utf-8?q?evil.example?=" };

	(void)state;
	for (size_t p = 0; p < sizeof(payloads) / sizeof(payloads[0]); p++)
		for (enum mail_kind kind = 0; kind < MAIL_KIND_COUNT; kind++)
			for (size_t field = 0; field < 7; field++) {
				struct mail_facts facts = whole;
				const char **const fields[] = { &facts.name, &facts.given_name,
					&facts.inviter, &facts.position, &facts.org_unit,
					&facts.reason, &facts.uid };

				facts.uid = "ada";
				facts.reason = NULL;
				facts.kind = mail_kind_name(kind);
				facts.language = languages[(p + field) % 3];
				*fields[field] = payloads[p];
				assert_mail_is_safe(
				    &facts, payloads[p], fields[field] == &facts.uid);
			}
}

/* A uid is copied: nothing invisible in it, and yet no link. In HTML it is in pieces. */
static void
a_uid_can_be_copied(void **state)
{
	static const char *const uids[] = { "ada", "ada.lovelace", "a.b.c", "x.de", "a_b-c.1" };

	(void)state;
	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
		struct mail_facts facts = whole;
		char *seen, *to;
		struct mail *m;

		facts.kind = "welcome";
		facts.uid = uids[i];
		m = compose(&sender, &facts);
		assert_has(m->text, uids[i]);
		seen = to = seen_of_html(m->html);
		for (const char *from = seen; *from != '\0'; from++)
			if (*from != '\x01')
				*to++ = *from;
		*to = '\0';
		assert_has(seen, uids[i]);
		free(seen);
		assert_mail_is_safe(&facts, uids[i], true);
		mail_free(m);
	}
}

/* ---- T12: hostile values ---- */

static void
no_words_of_people_become_a_header(void **state)
{
	static const char *const payloads[] = { "a\r\nBcc: b@evil.example", "a\nBcc: b",
		"a\rBcc: b", "\r\n\r\nbody", "a\x01\x7f", "\xc2\x85 Bcc: b", "\xe2\x80\xa8 Bcc: b",
		"\xff\xfe", "\"", "\\", "\" <b@evil.example>", "a, b@evil.example" };

	(void)state;
	for (size_t p = 0; p < sizeof(payloads) / sizeof(payloads[0]); p++)
		for (enum mail_kind kind = 0; kind < MAIL_KIND_COUNT; kind++) {
			struct mail_facts facts = whole;
			struct mail *m;

			facts.kind = mail_kind_name(kind);
			facts.name = facts.given_name = facts.uid = facts.inviter = payloads[p];
			facts.position = facts.org_unit = facts.reason = payloads[p];
			m = compose(&sender, &facts);
			assert_int_equal(mail_check(m, NULL), ERR_OK);
			assert_int_equal(m->header_count, 10);
			assert_null(strstr(m->text, "\nBcc"));
			for (size_t i = 0; i < m->header_count; i++)
				assert_null(strpbrk(m->headers[i].value, "\r\n"));
			mail_free(m);
		}
}

static void
an_unsafe_address_or_kind_is_refused(void **state)
{
	static const char *const addresses[] = { "", "ada", "ada@", "@home.example",
		"ada@home.example\r\nRCPT TO:<b@evil.example>", "ada@home.example\n",
		"a b@home.example", "<ada@home.example>", "ada@home.example,b@evil.example",
		"ada@h\xc3\xb6me.example" };
	struct mail_facts facts = whole;
	struct mail *m = NULL;
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		facts.to = addresses[i];
		assert_int_equal(mail_compose(&m, templates, &sender, &facts, &f), ERR_INVALID);
		assert_null(m);
		assert_true(addresses[i][0] == '\0' || strstr(f.text, addresses[i]) == NULL);
	}
	facts.to = NULL;
	assert_int_equal(mail_compose(&m, templates, &sender, &facts, &f), ERR_INVALID);
	facts = whole;
	facts.kind = "birthday";
	assert_int_equal(mail_compose(&m, templates, &sender, &facts, &f), ERR_INVALID);
}

static void
what_is_too_long_is_cut_and_the_mail_still_leaves(void **state)
{
	static const char *const pieces[] = { "a", ".", "a.", "ấ", "\xff", "\"", "&", "a " };

	(void)state;
	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++)
		for (enum mail_kind kind = 0; kind < MAIL_KIND_COUNT; kind++) {
			size_t len = strlen(pieces[p]);
			char *text = calloc(1, 100001);
			struct mail_facts facts = whole;

			for (size_t i = 0; i + len <= 100000; i += len)
				memcpy(text + i, pieces[p], len);
			facts.kind = mail_kind_name(kind);
			facts.name = facts.given_name = facts.uid = facts.inviter = text;
			facts.position = facts.org_unit = facts.reason = text;
			mail_free(compose(&sender, &facts));
			free(text);
		}
}

static void
a_link_beyond_measure_is_an_error(void **state)
{
	struct mail_facts facts = whole;
	char *link = calloc(1, MAIL_PART_MAX + 2);
	struct mail *m;

	(void)state;
	memset(link, 'a', MAIL_PART_MAX + 1);
	facts.link = link;
	assert_int_equal(mail_compose(&m, templates, &sender, &facts, NULL), ERR_TOO_LARGE);
	free(link);
}

static int
set_up(void **state)
{
	static struct mail_template_errors errors;

	(void)state;
	templates = mail_templates_load(NULL, "en", &errors);
	return templates == NULL || sodium_init() < 0;
}

static int
tear_down(void **state)
{
	(void)state;
	mail_templates_free(templates);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_complete_in_every_language),
		cmocka_unit_test(a_notice_of_an_invitation_that_has_ended_says_so),
		cmocka_unit_test(a_mail_without_facts_reads_well_too),
		cmocka_unit_test(headers_say_who_when_and_that_it_is_automatic),
		cmocka_unit_test(a_notice_goes_to_the_inviter_and_its_bounce_to_nobodys_invitation),
		cmocka_unit_test(the_language_that_it_is_in_is_said),
		cmocka_unit_test(moments_are_written_as_the_language_does),
		cmocka_unit_test(words_are_broken_up_only_where_they_look_like_an_address),
		cmocka_unit_test(no_words_of_people_become_a_link),
		cmocka_unit_test(a_uid_can_be_copied),
		cmocka_unit_test(no_words_of_people_become_a_header),
		cmocka_unit_test(an_unsafe_address_or_kind_is_refused),
		cmocka_unit_test(what_is_too_long_is_cut_and_the_mail_still_leaves),
		cmocka_unit_test(a_link_beyond_measure_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
