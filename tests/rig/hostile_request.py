"""Requests that doc/openapi.yaml describes, and what may go wrong with them: each mutation breaks, or only
strains, one part. What a mutation changes about the caller's rights is kept up to date."""

import copy
import json
import urllib.parse

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
IDS = (
    "x", "00000000-0000-0000-0000-000000000000", "01890A5D-AC96-774B-BCCE-B302099A8057",
    "01890a5d-ac96-774b-bcce-b302099a8057", "01890a5dac96774bbcceb302099a8057", "%00", "%2e%2e", "..",
    ".", "%2f", "a%2fb", "%ff", "%c0%af", "%F0%9F%8C%B1", "%e2%80%ae", "a b", "%20", "+", "a" * 300,
    "a" * 9000, "a" * 20000, "usj_", "usj_" + "A" * 43, "usj_" + "A" * 42 + "B", "usj_" + "A" * 44,
    "0123456789abcdef", "0123456789ABCDEF", "style.css", "style.0123456789abcdef.css", "%25%30%30",
    "{id}", "'--", "%0d%0aX:y", "*", ";a=b", "%7f", "",
)
QUERIES = (
    "limit=0", "limit=-1", "limit=201", "limit=200", "limit=1", "limit=007", "limit=", "limit",
    "limit=1e2", "limit=99999999999999999999", "limit=%31", "limit=5&limit=5", "cursor=", "cursor=x",
    "cursor=%00", "cursor=%ff", "cursor=01890a5d-ac96-774b-bcce-b302099a8057",
    "cursor=01890A5D-AC96-774B-BCCE-B302099A8057", "status=active", "status=pending",
    "status=pending&status=pending", "status=", "x=y", "=", "&&&", "==", "a=b=c", "%", "%zz=1", "limit=%",
    "+=+", "a" * 300 + "=1", "&".join(f"p{n}=1" for n in range(32)),
    "&".join(f"p{n}=1" for n in range(33)), "q=" + "x" * 8000, "q=%F0%9F%8C%B1", "%00=1",
    "limit=1;status=pending",
)
ACCEPTS = (
    "application/json", "text/html", "*/*", "text/*", "application/json;q=0",
    "text/html,application/xhtml+xml," "application/xml;q=0.9,*/*;q=0.8",
    "application/json;q=0.5, text/html;q=0.4", "", ",,,", ";q=1", "a/b;q=2",
    "application/json;q=" + "9" * 2000, "image/png",
)
TYPES = (
    "text/plain", "application/jsonx", "application/json;charset=utf-8", "APPLICATION/JSON", JSON, FORM,
    "", ";", "application/json-patch+json", "multipart/form-data; boundary=x",
    "application/json, text/plain", "*/*", " application/json", FORM + "; charset=latin1",
    "application/" + "j" * 5000,
)
KEYS = ("a", '"a"', "a" * 43, "a" * 44, "", '""', '"', "a b", "\u00e9", "../x", "a" * 4000)
SITES = ("same-origin", "none", "cross-site", "same-site", "", "x")
ORIGINS = ("null", "http://evil.example", "", "http://127.0.0.1", "HTTP://EVIL.EXAMPLE:80")
HOSTS = ("evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", "", "a b", "a/b", "a" * 5000, "[::1]")
COOKIES = (
    "usher_join=", "usher_join=x", 'usher_join="x"', "usher_join=" + "A" * 190, "a=b; usher_join=x; c=d",
    ";;;", "usher_join=%00", "usher_join=" + "A" * 9000,
)
LINES = (
    "Expect: 100-continue", "Expect: x", "Connection: close", "Connection: keep-alive, close",
    "Connection: x", "Upgrade: h2c", "Range: bytes=0-1", "If-None-Match: *", "X-Forwarded-For: ::1",
    "X-Request-Id: ../x", "Transfer-Encoding: chunked", "Content-Encoding: gzip", "X-Y: " + "z" * 15000,
    "X-Y: " + "z" * 17000, "X-Y: \x80\xff", "X-HTTP-Method-Override: DELETE", "TE: trailers",
    "Accept-Encoding: gzip, br",
)


class Role:
    """Who asks. `rights`: the scopes that the API grants, None when it knows nobody."""

    def __init__(self, name, listener, authorization=None, rights=None):
        self.name, self.listener, self.rights = name, listener, rights
        self.authorization = authorization


class Request:
    """What is asked for; mutations change it in place, then bytes() writes it down."""

    def __init__(self, role, operation):
        self.role, self.rights, self.listener = role.name, role.rights, role.listener
        self.operation, self.method = operation, operation.method
        self.path, self.query = operation.path, ""
        self.headers = []  # (name, value); Host first, Content-Length is added
        self.document = self.body = self.type = None
        self.invited = None  # whom it is about
        self.secrets = []
        self.mutations = []
        if role.authorization:
            self.headers.append(("Authorization", role.authorization))
            self.secrets.append(role.authorization.split(" ")[-1])

    @property
    def target(self):
        return self.path + ("?" + self.query if self.query else "")

    def set_header(self, name, value):
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    def header(self, name):
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def content(self):
        """The body as bytes, or None."""
        if self.body is None and self.document is not None:
            return encode(self.document, self.type)
        return self.body

    def password_sent(self):
        """As the daemon reads it: a mutation may have changed it."""
        if (self.type or "").strip().lower().startswith(JSON):
            return json.loads(self.content())["password"]
        return urllib.parse.parse_qs(self.content().decode())["password"][0]

    def bytes(self, host):
        body = self.content()
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        if self.header("Host") is None:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.type is not None and (body or self.type != JSON):
            lines.append(f"Content-Type: {self.type}")
        if body is not None or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(body or b'')}")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1", "replace") + (body or b"")


def encode(document, kind):
    if kind == FORM and isinstance(document, dict):
        pairs = [(name, value if isinstance(value, str) else json.dumps(value))
                 for name, value in document.items()]
        return urllib.parse.urlencode(pairs, errors="surrogatepass").encode()
    if isinstance(document, str) and "json" not in (kind or JSON):
        return document.encode("utf-8", "surrogatepass")
    return json.dumps(document).encode()


class Mutations:
    """Each public method below is one of them; `mutate` takes one by chance."""

    def __init__(self, chance, values):
        self.chance, self.values = chance, values
        names = [name for name in dir(self) if name.startswith("change_")]
        self.all = [getattr(self, name) for name in names]

    def mutate(self, request):
        change = self.chance.choice(self.all)
        change(request)
        request.mutations.append(change.__name__.removeprefix("change_"))

    # ---- line and header ----

    def change_method(self, request):
        request.method = self.chance.choice(METHODS)

    def change_segment(self, request):
        segments = request.path.split("/")
        segments[self.chance.randrange(1, len(segments))] = self.chance.choice(IDS)
        request.path = "/" + "/".join(segments[1:]).lstrip("/")

    def change_path(self, request):
        request.path = self.chance.choice((
            request.path + "/", request.path + "//", request.path + "/x", request.path.upper(), "/", "/api",
            request.path.replace("/v1/", "/v2/"), request.path + "%20", request.path.replace("/", "//")[1:],
            "/join/", "/health/live", "/join/assets/", "/api/v1/invitations/x/y/z"))

    def change_query(self, request):
        request.query = self.chance.choice(QUERIES)

    def change_accept(self, request):
        request.set_header("Accept", self.chance.choice(ACCEPTS))

    def change_type(self, request):
        request.type = self.chance.choice(TYPES)

    def change_key(self, request):
        request.set_header("Idempotency-Key", self.chance.choice(KEYS))

    def change_site(self, request):
        request.set_header("Sec-Fetch-Site", self.chance.choice(SITES))

    def change_origin(self, request):
        request.set_header("Origin", self.chance.choice(ORIGINS))

    def change_cookie(self, request):
        request.set_header("Cookie", self.chance.choice(COOKIES))

    def change_host(self, request):
        request.set_header("Host", self.chance.choice(HOSTS))

    def change_line(self, request):
        name, _, value = self.chance.choice(LINES).partition(": ")
        request.set_header(name, value)

    def change_count(self, request):
        request.headers += [(f"X-{number}", "x") for number in range(self.chance.choice((55, 64, 80)))]

    def change_authorization(self, request):
        """Nobody is known by these, whoever it was."""
        token = (request.header("Authorization") or "").split(" ")[-1] or "ush_0123456789abcdef_" + "A" * 49
        place = self.chance.randrange(len(token))
        flipped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1:]
        request.set_header("Authorization", self.chance.choice((
            "", "Bearer", "Bearer ", "Bearer x", f"Bearer  {token}", f"Bearer {flipped}", f"Bearer {token}x",
            f"Basic {token}", f"Token {token}", token, f"Bearer {token},{token}", "Bearer " + "x" * 9000)))
        request.rights = None

    def change_scheme(self, request):
        """A scheme's case does not matter (RFC 9110 section 11.1)."""
        value = request.header("Authorization")
        if value and value.startswith("Bearer "):
            request.set_header("Authorization", "bEARER " + value[7:])

    # ---- body ----

    def _members(self, request):
        return request.document if isinstance(request.document, dict) else None

    def change_value(self, request):
        members = self._members(request)
        if members:
            request.document = {**members, self.chance.choice(sorted(members)): self.values.bad()}

    def change_inner(self, request):
        """A value inside of a member, when it has one."""
        request.document = copy.deepcopy(request.document)
        members = self._members(request) or {}
        inner = [value for value in members.values() if isinstance(value, (dict, list))]
        if inner:
            value = self.chance.choice(inner)
            if isinstance(value, list):
                value.append(self.values.bad())
            else:
                value[self.chance.choice((*value, "mail", "x", "", "groups"))] = self.values.bad()

    def change_missing(self, request):
        members = self._members(request)
        if members:
            gone = self.chance.choice(sorted(members))
            request.document = {name: value for name, value in members.items() if name != gone}

    def change_extra(self, request):
        members = self._members(request)
        if members is not None:
            name = self.chance.choice((
                "id", "uid", "dn", "objectClass", "userPassword", "status", "x" * 100, self.values.text(),
                "mail", "groups", "org_unit", "link", "token", "__proto__"))
            request.document = {**members, name: self.values.bad()}

    def change_many(self, request):
        members = self._members(request)
        if members is not None:
            name = self.chance.choice(("x", "\u0001", "\u00e9", '"', "fields."))
            count = self.chance.choice((5, 63, 64, 65, 200))
            request.document = {**members, **{name * 70 + str(n): n for n in range(count)}}

    def change_root(self, request):
        if request.document is not None:
            request.document = self.values.bad()

    def change_twice(self, request):
        members = self._members(request)
        if members and request.type == JSON:
            name = self.chance.choice(sorted(members))
            request.body = encode(members, JSON)[:-1] + f", {json.dumps(name)}: 1}}".encode()

    def change_bytes(self, request):
        """The text itself."""
        if request.document is None:
            return
        body = request.body or encode(request.document, request.type)
        place = self.chance.randrange(len(body) + 1)
        request.body = self.chance.choice((
            b"", b" ", body[:place], body + b"x", body + body, b"\xef\xbb\xbf" + body,
            *(body[:place] + byte + body[place:] for byte in (b"\xff", b"\x00", b"%")),
            body.replace(b'"', b"'"),
            body[:-1] + b', "a": ' + b"[" * 16 + b"]" * 16 + b"}", b"[" * 30000, b'{"a":' * 10000, b'"' * 500,
            *(body[:-1] + b" " * (size - len(body)) + body[-1:] for size in (65536, 65537)),
            b'{"a": 1e999999}', b'{"expires_in": 1' + b"0" * 5000 + b"}", b"&" * 200, b"a=b&" * 64 + b"c=d",
            b"password=%00%00%00%00", b"password=x&password=y", b"=&=", b"\xed\xa0\x80", b"a" * 70000))

    def change_form(self, request):
        """The other way to say the same."""
        if FORM in request.operation.bodies and request.type == JSON:
            request.type = FORM

    def change_unasked(self, request):
        """A body where there may be none."""
        if request.document is None:
            request.type, request.body = self.chance.choice((JSON, FORM, "text/plain")), b'{"a": 1}'
