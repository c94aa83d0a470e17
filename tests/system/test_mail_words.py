"""What mails say, read back by Python's own parsers: complete in every language, without anything from
elsewhere, and without a link that is not configured, whatever people are called."""

import email
import email.policy
import email.utils
import html.parser
import pathlib
import re
import subprocess

import pytest

from usherd import BUILD

PREVIEW = pathlib.Path(BUILD) / "tests" / "fakes" / "preview_mail"
KINDS = ("invitation", "reminder", "welcome", "completed", "undeliverable")
LANGUAGES = ("de", "en", "vi")
LINK = "https://join.northwind.example/join/usher_j_Qm9yZGVyQ29sbGllc0FyZVZlcnlHb29kRG9ncw_3kTz9w"
OURS = (LINK, "https://sign-in.northwind.example/", "helpdesk@northwind.example")

# As liberal as any mail program: a scheme, "www.", an address, a name with a dot in it.
LOOKS_LIKE_A_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://|\bwww\.|\bftp\.|\S@\w|//\w|\\\\\w|\b(?:javascript|mailto|tel|data):|[\w-]+(?:[.。．｡][\w-]+)+",
    re.IGNORECASE,
)
PAYLOADS = (
    "http://evil.example",
    "HTTPS://EVIL.EXAMPLE/a?b#c",
    "evil.example",
    "www.evil.example",
    "ftp.evil.example",
    "//evil.example/x",
    "a@evil.example",
    "mailto:a@evil.example",
    "javascript:alert(1)",
    "\\\\evil\\share",
    "evil。example",
    "evil．example",
    "evil\u200b.example",
    "evil.\u2060example",
    "\u202eelpmaxe.live",
    '<a href="http://evil.example">Ada</a>',
    '"><img src=//evil.example/x.png>',
    "Ada\nSee http://evil.example",
    "a.b.c.d.e",
)


class Reader(html.parser.HTMLParser):
    """The text of a page, cut where an element begins or ends, its addresses and its elements."""

    def __init__(self, text):
        super().__init__()
        self.words, self.addresses, self.elements, self.attributes = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value))
            if name in ("href", "src", "background", "action"):
                self.addresses.append(value)

    def handle_data(self, data):
        self.words.append(data)


def compose(folder, *words):
    subprocess.run([PREVIEW, folder, *words], check=True)
    return {
        (language, kind): email.message_from_bytes(
            (folder / f"{language}-{kind}.eml").read_bytes(), policy=email.policy.default
        )
        for language in LANGUAGES
        for kind in KINDS
    }


def parts_of(message):
    assert message.get_content_type() == "multipart/alternative"
    text, page = message.iter_parts()
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    return text.get_content(), page.get_content()


@pytest.fixture(scope="module")
def mails(tmp_path_factory):
    return compose(tmp_path_factory.mktemp("mails"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_whole(mails, language, kind):
    message = mails[language, kind]
    text, page = parts_of(message)
    assert message.defects == []
    assert message["Content-Language"] == language
    assert message["Auto-Submitted"] == "auto-generated"
    assert email.utils.parsedate_to_datetime(message["Date"]).isoformat() == "2026-11-27T17:20:00+00:00"
    assert message["From"].addresses[0].addr_spec == "invitations@northwind.example"
    assert message["To"].addresses[0].addr_spec == "somebody@mail.example"
    assert message["Reply-To"].addresses[0].addr_spec == "people@northwind.example"
    for name in ("From", "To", "Subject", "Message-ID", "Date", "References"):
        assert len(message.get_all(name)) == 1
    for mark in ("{{", "}}", "(null)"):
        assert mark not in message["Subject"] + text + page
    assert ("Ada" in text) or ("Lan" in text)
    if kind in ("invitation", "reminder"):
        assert text.count(LINK) == 1
        assert Reader(page).addresses.count(LINK) == 2
        assert LINK in Reader(page).words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_its_page_is_sound_and_brings_nothing_from_elsewhere(mails, language, kind):
    page = Reader(parts_of(mails[language, kind])[1])
    assert ("html", "lang", language) in page.attributes
    assert not set(page.elements) & {"img", "script", "style", "link", "iframe", "form", "svg", "video", "object"}
    assert not [value for _, name, value in page.attributes if name == "style" and "url(" in value]
    for address in page.addresses:
        assert address in OURS or address == "mailto:" + OURS[2]
    assert page.elements.count("h1") == 1


@pytest.mark.parametrize("words", PAYLOADS)
def test_nobodys_words_become_a_link(tmp_path, words):
    for message in compose(tmp_path, words).values():
        text, page = parts_of(message)
        page = Reader(page)
        seen = [message["Subject"], message["To"].addresses[0].display_name, "\n".join(page.words)]
        # The plain text shows the account's name as it is, to be copied.
        seen.append(text.replace("ada.loewenherz", "").replace("lan.nguyen", ""))
        for shown in seen:
            for ours in OURS:
                shown = shown.replace(ours, "")
            assert LOOKS_LIKE_A_LINK.search(shown) is None
        for address in page.addresses:
            assert address in OURS or address == "mailto:" + OURS[2]
