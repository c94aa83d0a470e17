"""Whatever stands in an address or a name: one MAIL, one RCPT, one DATA, no header that we did not write, and no link
but our own (T11, T12, T13)."""

import itertools
import unicodedata

import pytest

from client import person, unique_word
from mails import Letter

CONTROLS = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "nul": "\0", "tab": "\t", "escape": "\x1b", "delete": "\x7f",
            "next line": "\x85", "line separator": "\u2028", "vertical tab": "\v", "form feed": "\f"}
FIELDS = ("given_name", "family_name", "display_name", "position", "personal_mail", "mail", "language")
OURS = {"from", "to", "reply-to", "subject", "date", "message-id", "references", "auto-submitted",
        "x-auto-response-suppress", "content-language", "mime-version", "content-type", "content-transfer-encoding",
        "return-path", "list-id", "precedence", "user-agent"}


def sound(mailing):
    """What holds of everything that came, whoever it was for."""
    for transcript in mailing.sink.transcripts:
        verbs = transcript.verbs
        assert set(verbs) <= {"EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"}, str(transcript)
        assert [verbs.count(verb) for verb in ("MAIL", "RCPT", "DATA")] == [transcript.mails] * 3, str(transcript)
    for mail in mailing.sink.mails:
        letter = Letter(mail.content)
        assert len(mail.recipients) == 1
        assert not letter.defects, letter.defects
        assert {name.lower() for name in letter.message.keys()} <= OURS
        assert len(letter.message.keys()) == len({name.lower() for name in letter.message.keys()})
        assert b"\0" not in mail.content
        assert all(len(line) <= 998 for line in mail.content.split(b"\r\n"))
        assert b"\n" not in mail.content.replace(b"\r\n", b"") and b"\r" not in mail.content.replace(b"\r\n", b"")
        assert letter.hosts <= {f"127.0.0.1:{mailing.daemon.ports['public']}"}, letter.hosts


def ask(mailing, **changes):
    document = person(mailing.slapd, method="email", **changes)
    document.setdefault("personal_mail", f"{document['family_name'].lower()}@elsewhere.example")
    return mailing.api.post("/api/v1/invitations", document)


@pytest.mark.parametrize("field", FIELDS)
def test_control_bytes_are_refused_in_every_field(mailing, field):
    base = person(mailing.slapd, method="email", personal_mail="robin@elsewhere.example", display_name="Robin Quill")
    for name, control in CONTROLS.items():
        text = base[field]
        at = text.find("@") if "@" in text else len(text) // 2
        for value in (text[:at] + control + text[at:], f"{text}{control}Bcc: victim@elsewhere.example"):
            answer = mailing.api.post("/api/v1/invitations", {**base, field: value})
            assert answer.status_code in (400, 422), f"{name} in {field}: {answer.text}"
    # Outer white space may go by itself; nothing of it may arrive.
    for control in ("\r\n", "\n", "\0"):
        answer = ask(mailing, **{field: base[field] + control})
        assert answer.status_code in (201, 400, 422)
    mailing.wait_empty()
    sound(mailing)


@pytest.mark.parametrize("value", [
    ["robin@elsewhere.example", "victim@elsewhere.example"], {"mail": "robin@elsewhere.example"}, 7, None, True, "",
    "robin", "@elsewhere.example", "robin@", "robin@elsewhere.example,victim@elsewhere.example",
    "robin@elsewhere.example;victim@elsewhere.example", "robin@elsewhere.example victim@elsewhere.example",
    "<robin@elsewhere.example>", "Robin <robin@elsewhere.example>", "robin@elsewhere.example>", "a@b@elsewhere.example",
    '"robin quill"@elsewhere.example', "robin@[192.0.2.1]", "robin(comment)@elsewhere.example", ".robin@elsewhere.example",
    "robin..quill@elsewhere.example", "robin@elsewhere..example", "robin@-elsewhere.example", "r" * 65 + "@elsewhere.example",
    "robin@" + "x" * 64 + ".example", "robin@" + ".".join(["x" * 60] * 5) + ".example", "rőbin@elsewhere.example",
    "robin@elsewhere.example\u200b", "robin\u202e@elsewhere.example", "robin＠elsewhere.example",
], ids=str)
def test_a_personal_address_is_exactly_one_plain_address(mailing, value):
    answer = mailing.api.post("/api/v1/invitations", person(mailing.slapd, method="email") | {"personal_mail": value})
    assert answer.status_code in (400, 422), answer.text
    assert "personal_mail" in answer.text
    assert not mailing.sink.mails


def test_a_key_that_stands_twice_is_refused(mailing):
    text = '{"personal_mail": "robin@elsewhere.example", "personal_mail": "victim@elsewhere.example"}'
    answer = mailing.api.call("POST", "/api/v1/invitations", data=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_the_mail_goes_to_the_stored_address_and_to_no_look_alike(mailing):
    for asked, reached in (("Robin.Case@Elsewhere.EXAMPLE", "Robin.Case@elsewhere.example"),
                           ("robin@bücher.example", "robin@xn--bcher-kva.example"),
                           ("robin@例え.example", "robin@xn--r8jz45g.example"),
                           ("robin+tag'!#$%&*-/=?^_`{|}~@elsewhere.example",
                            "robin+tag'!#$%&*-/=?^_`{|}~@elsewhere.example")):
        answer = ask(mailing, personal_mail=asked)
        assert answer.status_code == 201, answer.text
        mail = mailing.sink.wait_mail(reached)
        assert mail.recipients == [reached]
        assert answer.json()["personal_mail"].encode("ascii", "ignore") or True
    sound(mailing)


def test_the_longest_address_and_names_arrive_and_longer_ones_are_refused(mailing):
    domain = ".".join(["x" * 50] * 3) + ".example"
    longest = "r" * 64 + "@" + domain
    assert len(longest) <= 254
    assert ask(mailing, personal_mail=longest).status_code == 201
    assert mailing.sink.wait_mail(longest)
    assert ask(mailing, personal_mail="r@" + ".".join(["x" * 60] * 4) + ".example.example").status_code == 422
    for field in ("given_name", "family_name", "display_name", "position"):
        assert ask(mailing, **{field: "y" * 5000}).status_code == 422
    sound(mailing)


WORDS = {
    "latin": "Zoë Ångström-Łukasiewicz", "greek": "Ελένη Παπαδοπούλου", "arabic": "ليلى حداد", "chinese": "歐陽 麗華",
    "vietnamese": "Nguyễn Thị Hồng Ngọc", "emoji": "Robin 🦉 Quill", "combining": "Z\u0300o\u0308\u0323 Quill",
    "quotes": "Robin \"the\" O'Quill", "comma": "Quill, Robin; <robin>", "encoded word": "=?utf-8?q?Robin?=",
    "long": "Wolfeschlegelsteinhausenbergerdorff " * 2,
}


@pytest.mark.parametrize("script", WORDS)
def test_names_of_every_script_arrive_as_they_are(mailing, script):
    word = WORDS[script].strip()
    answer = ask(mailing, given_name=word, display_name=word)
    if answer.status_code == 422:
        assert script in ("comma", "long", "quotes", "emoji", "encoded word"), answer.text
        return
    assert answer.status_code == 201, answer.text
    mailing.sink.wait_mail(answer.json()["personal_mail"])
    [letter] = mailing.letters(answer.json())
    sound(mailing)
    plain = "".join(c for c in letter.text if c not in "\u200b\u200c\u2060\u00ad")
    first = unicodedata.normalize("NFC", word.split()[0].strip('",;'))
    assert first in plain, plain


PHISHING = [
    "http://evil.example", "https://evil.com/login", "www.evil.com", "evil.com", "//evil.com", "HTTP://EVIL.COM",
    "evil.com/login?next=1", "ftp://evil.com", "javascript:alert(1)", "data:text/html,hi", "mailto:evil@evil.com",
    "evil@evil.com", "<a href=http://evil.com>here</a>", "<img src=http://evil.com/x>", "</p><script src=//evil.com>",
    "\"><a href='https://evil.com'>", "[here](http://evil.com)", "<http://evil.com>", "&lt;a href=evil.com&gt;",
    "{{link}}", "{{>invitation}}", "{{#link}}x{{/link}}", "${jndi:ldap://evil.com}", "evil.com.", "evil。com", "evil.xn--com",
    "http:evil.com", "https:/evil.com", "h\u200bttp://evil.com", "evil\u2024com", "192.0.2.66", "http://192.0.2.66",
]
NAMED = ("given_name", "family_name", "display_name", "position")


def test_names_with_urls_or_markup_do_not_become_links(mailing):
    """Refused where the API can tell, broken up where it is taken."""
    taken = []
    for text, field in itertools.product(PHISHING, NAMED):
        changes = {field: text if field != "family_name" else f"{text} {unique_word()}",
                   "mail": f"{unique_word().lower()}@meridian.example",
                   "personal_mail": f"{unique_word().lower()}@elsewhere.example"}
        answer = ask(mailing, **changes)
        assert answer.status_code in (201, 422), answer.text
        if answer.status_code == 201:
            taken.append((text, field, answer.json()))
    mailing.wait_empty()
    for text, field, invitation in taken:
        letter = mailing.letter(invitation)
        own = f"127.0.0.1:{mailing.daemon.ports['public']}"
        assert letter.hosts == {own}, (text, field, letter.hosts)
        assert "evil@evil.com" not in " ".join(letter.urls), (text, field)
        assert len(letter.links) == 1, (text, field)
        tags = [tag for tag, _ in letter.markup.tags]
        assert not {"script", "img", "form", "iframe"} & set(tags), (text, field)
        targets = {values["href"] for tag, values in letter.markup.tags if tag == "a"}
        assert all(target.startswith(("mailto:help@", f"http://{own}/")) for target in targets), (text, field, targets)
    sound(mailing)
    assert taken, "none was taken: nothing was tried"


def test_the_reply_of_a_relay_and_the_words_of_a_report_forge_nothing(mailing):
    mailing.sink.fault("rcpt", "550 5.1.1 http://evil.com <script>alert(1)</script> \x1b[31m")
    invitation = mailing.invite()
    mailing.wait_event(invitation, "mail_refused")
    notice = Letter(mailing.sink.wait_mail("office@meridian.example").content)
    assert notice.hosts <= {f"127.0.0.1:{mailing.daemon.ports['public']}"}
    assert "script" not in {tag for tag, _ in notice.markup.tags}
    assert "\x1b" not in str(mailing.api.show(invitation["id"])) and "\x1b" not in mailing.daemon.log()
    sound(mailing)
