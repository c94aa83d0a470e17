"""A mail read back, by python's email and not by what wrote it: headers, parts, links, and every URL that a mail
program would make of any of it."""

import email
import email.policy
import html.parser
import pathlib
import re
import urllib.parse

from client import Link

# What stands for a place in a tag.
PLACES = ("href", "src", "action", "formaction", "background", "poster", "data", "cite", "srcset", "ping", "style")
BLOCKS = ("p", "div", "table", "tr", "td", "th", "li", "ul", "ol", "br", "hr", "h1", "h2", "h3", "body", "head", "title")
# Mail programs make links of these by themselves, wherever they stand.
SCHEME_URL = re.compile(r"""(?i)\b([a-z][a-z0-9+.-]*:/{1,3}[^\s<>"']+|(?:javascript|data|tel|sms):[^\s<>"']+)""")
BARE_HOST = re.compile(
    r"(?i)(?<![@\w.-])((?:[a-z0-9](?:[\w-]*[a-z0-9])?\.)+(?:com|net|org|info|io|ru|de|xyz|zip|test|example))(?![\w@-]|\.\w)")


class Letter:
    """`content`: the bytes of a mail."""

    def __init__(self, content):
        self.content = content
        self.message = email.message_from_bytes(content, policy=email.policy.default)
        self.defects = [(part.get_content_type(), defect) for part in self.message.walk() for defect in part.defects]

    def header(self, name):
        """Its one value, decoded; None when it is missing."""
        values = self.message.get_all(name, [])
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return str(values[0]) if values else None

    @property
    def subject(self):
        return self.header("Subject")

    @property
    def language(self):
        return self.header("Content-Language")

    @property
    def parts(self):
        """[(type, text)] in the order of the mail."""
        return [(part.get_content_type(), part.get_content()) for part in self.message.walk()
                if not part.is_multipart()]

    def _part(self, kind):
        [text] = [text for found, text in self.parts if found == kind]
        return text

    @property
    def text(self):
        return self._part("text/plain")

    @property
    def html(self):
        return self._part("text/html")

    @property
    def markup(self):
        return Markup(self.html)

    @property
    def urls(self):
        """{URL} of all parts and headers, those too that a mail program would only make."""
        found = set()
        for kind, text in self.parts:
            if kind == "text/html":
                markup = Markup(text)
                found.update(markup.urls)
                text = markup.text
            found.update(urls_of(text))
        for name, value in self.message.items():
            if name.lower() in ("subject", "from", "to", "reply-to"):
                found.update(urls_of(str(value)))
        return found

    @property
    def hosts(self):
        """The hosts of its URLs with their ports; mailto: has none."""
        return {urllib.parse.urlsplit(url).netloc.lower() or url for url in self.urls
                if not url.lower().startswith("mailto:")}

    @property
    def links(self):
        """[Link]: the registration links, each once."""
        return [Link(url) for url in sorted(self.urls) if "/join/" in url]

    @property
    def link(self):
        [one] = self.links
        return one


class Markup(html.parser.HTMLParser):
    """`text`: as a reader sees it; `urls`: what its attributes say; `tags`: all of them."""

    def __init__(self, source):
        super().__init__()
        self.text, self.urls, self.tags = "", set(), []
        self._is_hidden = False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._is_hidden = tag in ("style", "script")
        if tag in BLOCKS:
            self.text += "\n"
        for name, value in attrs:
            if name == "style":
                self.urls.update(re.findall(r"(?i)url\(\s*['\"]?([^'\")]+)", value or ""))
            elif name in PLACES or name.startswith("on"):
                self.urls.add(value or "")

    def handle_endtag(self, tag):
        self._is_hidden = False
        if tag in BLOCKS:
            self.text += "\n"

    def handle_data(self, data):
        if not self._is_hidden:
            self.text += data


def urls_of(text):
    """What a mail program would make a link of in such a text; a bare host is told with "http://"."""
    found = {url.rstrip(".,;:!?)") for url in SCHEME_URL.findall(text)}
    rest = SCHEME_URL.sub(" ", text)
    return found | {f"http://{host}" for host in BARE_HOST.findall(rest)}


def read_spool(folder):
    """[(sender, recipient, Letter)] of a spool folder, oldest first. Its envelope stands in front."""
    found = []
    for path in sorted(pathlib.Path(folder).glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
        letter = Letter(path.read_bytes())
        found.append((letter.header("X-Envelope-From"), letter.header("X-Envelope-To"), letter))
    return found
