"""The console's files as the daemon serves them, each byte of them, and what a first visit weighs. No browser here."""

import gzip
import html.parser
import json
import re

import pytest
import requests

from usherd import BUILD, UnixConnection, raw_connection
from world import world

TREE = BUILD / "console" / "tree"
VERSION = (TREE / "version").read_text()
ASSETS = f"/assets/{VERSION}"
FILES = sorted(str(path.relative_to(TREE)) for path in TREE.rglob("*")
               if path.is_file() and path.suffix != ".gz" and path.name not in ("index.html", "version"))
TYPES = {".js": "text/javascript", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
         ".txt": "text/plain; charset=utf-8"}
SCREENS = ("/", "/sign-in", "/users", "/users/01890a5d-ac96-774b-bcce-b302099a8057", "/invitations",
           "/invitations/01890a5d-ac96-774b-bcce-b302099a8057", "/org-units", "/audit", "/status", "/account")
FOR_EVER = "public, max-age=31536000, immutable"
FIRST_VISIT = 60_000  # bytes, headers included
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


@pytest.fixture(scope="module")
def daemon():
    with world() as made:
        yield made


def exchange(daemon, path, method="GET", listener="control", **headers):
    """(bytes of the answer's header, its fields by their names in lower case, body) on a connection of its own."""
    host = headers.pop("Host", f"127.0.0.1:{daemon.ports[listener]}")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}",
             *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    with raw_connection(daemon.ports[listener]) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        fields = {"status": int(head.split(b" ")[1])}
        for line in head.decode().split("\r\n")[1:]:
            name, _, value = line.partition(": ")
            assert name.lower() not in fields, line
            fields[name.lower()] = value
        length = 0 if method == "HEAD" or fields["status"] == 304 else int(fields["content-length"])
        while len(body) < length:
            body += connection.recv(65536)
        assert len(body) == length
    return len(head) + 4, fields, body


def get(daemon, path, **headers):
    _, fields, body = exchange(daemon, path, **headers)
    return fields, body


class Shell(html.parser.HTMLParser):
    """What a page loads and says."""

    def __init__(self, body):
        super().__init__()
        self.loads, self.starts, self.preloads, self.asks, self.attributes, self.text = [], [], [], [], [], ""
        self.language = None
        self.feed(body.decode())
        self.close()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.attributes += values.values()
        if tag == "html":
            self.language = values["lang"]
        if tag == "script":
            assert values["type"] == "module" and "src" in values
            self.starts.append(values["src"])
        if tag == "link" and values["rel"] == "modulepreload":
            self.preloads.append(values["href"])
        if tag == "link" and values["rel"] == "preload":
            assert values["as"] == "fetch" and "crossorigin" in values  # or no fetch() takes it
            self.asks.append(values["href"])
            return
        self.loads += [values[name] for name in ("src", "href") if values.get(name, "").startswith("/")]
        assert tag != "style" and not [name for name in values if name == "style" or name.startswith("on")], values

    def handle_data(self, data):
        self.text += data


def shell_of(daemon, path="/", **headers):
    fields, body = get(daemon, path, **headers)
    assert fields["status"] == 200
    return Shell(body)


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_served_byte_for_byte(daemon, name):
    plain, packed = (TREE / name).read_bytes(), (TREE / f"{name}.gz").read_bytes()
    for encoding, content in ((None, plain), ("gzip", packed), ("gzip;q=0", plain), ("br", plain), ("*", packed)):
        asked = {} if encoding is None else {"Accept-Encoding": encoding}
        fields, body = get(daemon, f"{ASSETS}/{name}", **asked)
        assert fields["status"] == 200 and body == content, (name, encoding)
        assert fields["content-type"] == TYPES["." + name.rsplit(".", 1)[1]]
        assert fields.get("content-encoding") == ("gzip" if content is packed else None)
        assert (fields["cache-control"], fields["vary"]) == (FOR_EVER, "Accept-Encoding")
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["cross-origin-resource-policy"] == "same-origin"
        _, without, nothing = exchange(daemon, f"{ASSETS}/{name}", "HEAD", **asked)
        assert nothing == b"" and int(without["content-length"]) == len(content)
        for name_of in ("content-type", "content-encoding", "cache-control", "vary"):
            assert without.get(name_of) == fields.get(name_of)
    assert gzip.decompress(packed) == plain


def test_a_file_that_can_be_looked_at_has_every_defence(daemon):
    for name in ("icon.svg", "licences.txt"):
        fields, _ = get(daemon, f"{ASSETS}/{name}")
        assert fields["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
        assert fields["x-frame-options"] == "DENY"


def test_another_version_or_name_is_not_there(daemon):
    stale = ("0" if VERSION[0] != "0" else "1") + VERSION[1:]
    for path in (f"/assets/{stale}/main.js", f"{ASSETS}0/main.js", f"/assets/{VERSION[:-1]}/main.js",
                 f"{ASSETS}/main.js.gz", f"{ASSETS}/index.html", f"{ASSETS}/version", f"{ASSETS}/nothing.js",
                 f"{ASSETS}/vendor/nothing.js", f"{ASSETS}/Main.js", "/favicon.ico"):
        fields, body = get(daemon, path, Accept_Encoding="gzip")
        assert fields["status"] == 404, path
        assert fields["content-type"] == "application/problem+json" and json.loads(body)["status"] == 404
        assert fields["cache-control"] == "no-store" and "content-encoding" not in fields
    for path in (f"{ASSETS}/vendor/../main.js", f"{ASSETS}/vendor%2fpreact.js"):
        assert get(daemon, path)[0]["status"] == 400, path


def test_a_browser_at_no_address_gets_the_console_which_says_so(daemon):
    html = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    home = get(daemon, "/")[1]
    for path in ("/nowhere", "/users/1/2", "/favicon.ico"):
        fields, body = get(daemon, path, **html)
        assert fields["status"] == 404 and body == home, path
        assert fields["content-type"] == "text/html; charset=utf-8" and "etag" not in fields
        assert fields["content-security-policy"] == get(daemon, "/")[0]["content-security-policy"]
        assert exchange(daemon, path, "HEAD", **html)[1]["status"] == 404
    for path, headers in (("/api/v1/nothing", html), ("/join/nothing", html), ("/nowhere", {}),
                          ("/nowhere", {"Accept": "*/*"}), ("/nowhere", {"Accept": "application/json"})):
        fields, body = get(daemon, path, **headers)
        assert fields["status"] == 404 and json.loads(body)["status"] == 404, (path, headers)
        assert fields["content-type"] == "application/problem+json"


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_is_the_same_page(daemon, screen):
    first = get(daemon, "/")[1]
    fields, body = get(daemon, screen)
    assert (fields["status"], fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert body == first and b"{{" not in body
    assert fields["cache-control"] == "no-cache"
    assert "set-cookie" not in fields
    packed_fields, packed = get(daemon, screen, Accept_Encoding="gzip")
    assert packed_fields["content-encoding"] == "gzip" and gzip.decompress(packed) == body
    _, head, nothing = exchange(daemon, screen, "HEAD")
    assert nothing == b"" and int(head["content-length"]) == len(body) and head["etag"] == fields["etag"]


def test_a_copy_is_good_until_something_differs(daemon):
    tags = {}
    for language in ("en", "de", "vi"):
        for encoding in ("gzip", "identity"):
            asked = {"Accept-Language": language, "Accept-Encoding": encoding}
            fields, _ = get(daemon, "/users", **asked)
            tag = tags[language, encoding] = fields["etag"]
            assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
            again, body = get(daemon, "/audit", **asked, If_None_Match=f'"other", W/{tag}')
            assert (again["status"], body, again["etag"]) == (304, b"", tag)
            for name in ("cache-control", "vary", "content-security-policy"):
                assert again[name] == fields[name], "a cache takes these for the copy's"
            assert "content-encoding" not in again and "content-type" not in again
    assert len(set(tags.values())) == 6
    fields, _ = get(daemon, "/", Accept_Language="en", Accept_Encoding="gzip", If_None_Match=tags["de", "gzip"])
    assert fields["status"] == 200


def test_a_page_lets_in_its_own_files_and_nothing_else(daemon):
    policy = get(daemon, "/users")[0]["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
                     "img-src": "'self'", "connect-src": "'self'", "worker-src": "'none'", "form-action": "'none'",
                     "frame-ancestors": "'none'", "base-uri": "'none'", "require-trusted-types-for": "'script'",
                     "trusted-types": "'none'"}
    for load in shell_of(daemon).loads:
        assert load.startswith(ASSETS + "/"), load


def test_what_every_visit_asks_is_asked_with_the_page(daemon):
    shell = shell_of(daemon)
    assert shell.asks == ["/api/v1/session", "/api/v1/settings"]
    assert shell.starts[0] == f"{ASSETS}/begin.js"
    waits = [f"{ASSETS}/begin.js", *imports_of(f"{ASSETS}/begin.js", get(daemon, f"{ASSETS}/begin.js")[1])]
    assert set(shell.loads[:shell.loads.index(f"{ASSETS}/lib/html.js")]) >= set(waits), "what asks on is there before the rest"


def test_it_speaks_what_is_asked_for(daemon):
    for asked, spoken in ((None, "en"), ("de-AT", "de"), ("vi", "vi"), ("fr, vi;q=0.2", "vi"), ("fr", "en")):
        headers = {} if asked is None else {"Accept-Language": asked}
        fields, body = get(daemon, "/", **headers)
        assert Shell(body).language == spoken == fields["content-language"]
        assert fields["vary"] == "Accept-Encoding, Accept-Language"


def test_whoever_asks_for_no_language_gets_the_configured_one_and_a_name_is_only_a_text(slapd, make_usherd):
    name = "<script>alert(1)</script> & \"Sons\" 'Ltd'"
    daemon = make_usherd(slapd).configure("usherd", organisation=name).configure("mail", language="vi").start()
    shell = shell_of(daemon)
    assert shell.language == "vi"
    assert name in shell.text or name in shell.attributes
    assert shell.starts == [f"{ASSETS}/begin.js", f"{ASSETS}/main.js"]
    assert name.encode() not in get(daemon, "/")[1]


def test_it_is_for_known_hosts_on_the_control_listener_alone(daemon):
    for path in ("/", "/users", f"{ASSETS}/main.js"):
        assert get(daemon, path, Host="evil.example")[0]["status"] == 421
        for listener in ("public", "management"):
            assert requests.get(daemon.url(listener) + path, timeout=5).status_code == 404, (listener, path)
        unix = UnixConnection(daemon.socket_path)
        unix.request("GET", path)
        assert unix.getresponse().status == 404
        unix.close()
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = requests.request(method, daemon.control_url + path, timeout=5)
            assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


IMPORT = re.compile(rb"""(?:\bfrom|\bimport)\s*["'](\.{1,2}/[^"']+)["']""")


def imports_of(url, code):
    """Where a module's imports lead that a browser follows before it runs: those that stand in no call."""
    folder = url.rsplit("/", 1)[0]
    for found in IMPORT.findall(code):
        yield re.sub(r"/[^/]+/\.\./", "/", f"{folder}/{found.decode().removeprefix('./')}")


@pytest.mark.parametrize("language", ("en", "de", "vi"))
def test_a_first_visit_is_light_and_needs_no_file_that_the_page_does_not_name(daemon, language):
    """What a browser fetches before there is a screen, as it comes over the wire."""
    size, fields, body = exchange(daemon, "/users", **BROWSER, Accept_Language=f"{language}-XX, fr;q=0.5")
    weight = size + len(body)
    assert fields["content-encoding"] == "gzip"
    shell = Shell(gzip.decompress(body))
    named = dict.fromkeys(shell.loads)
    assert f"{ASSETS}/words/{language}.js" in named and f"{ASSETS}/users/list.js" in named
    assert f"{ASSETS}/console.css" in named and f"{ASSETS}/icon.svg" in named
    for url in named:
        size, fields, body = exchange(daemon, url, **BROWSER)
        assert fields["status"] == 200, url
        weight += size + len(body)
        if url.endswith(".js"):
            for needed in imports_of(url, gzip.decompress(body)):
                assert needed in named, f"{url} needs {needed}, which the page does not name"
    assert weight <= FIRST_VISIT, f"{weight} bytes in {len(named) + 1} answers"
