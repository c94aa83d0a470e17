"""One client of the hostile rig, a process of its own: draws requests, sends them, checks each answer, and
keeps a book of what was acknowledged, for the oracle."""

import collections
import json
import time
import traceback
import urllib.parse

import hostile_request
from conformity import Conformity
from framings import framings
from hostile_request import FORM, JSON, Mutations, Request
from ledger import PASSWORD_MARK
from openapi import Document
from schema_values import Values
from wire import Broken, Wire

LISTENERS = (("control", 46), ("socket", 14), ("public", 34), ("management", 6))
LIVE_MAX = 30  # invitations that a client keeps open for its later requests
TOKENS_MAX = 20
GARBAGE_LINKS = ("usj_" + "A" * 43, "usj_", "x", "usj_" + "B" * 42 + "%41", "assets")


class Mine:
    """An invitation of this client: its links, newest last, and what was acknowledged."""

    def __init__(self, invitation):
        self.invitation, self.events = invitation, []
        self.tokens = [invitation["link"].rsplit("/", 1)[1]]
        self.state = "live"

    @property
    def id(self):
        return self.invitation["id"]

    def note(self, what, status, **details):
        self.events.append({"what": what, "status": status, "at": time.time(), **details})


class Client:
    """`plan`: seed, addresses, roles, expired (the token of a link), places, groups, people (ids of users whom no
    book is kept of)."""

    def __init__(self, number, plan, chance):
        self.number, self.plan, self.chance = number, plan, chance
        self.document = Document()
        self.conformity = Conformity(self.document)
        self.values = Values(self.document, chance, {
            "Dn": lambda: chance.choice(plan["places"]), "Mail": self.new_mail, "Name": self.new_name})
        self.mutations = Mutations(chance, self.values)
        self.wires = {name: Wire(address) for name, address in plan["addresses"].items()}
        self.frames = [(name, text) for name, _, text in framings() if len(text) < 200_000]
        self.mine, self.ended, self.tokens = [], [], []
        self.people, self.deleted = list(plan["people"]), []
        self.statuses = collections.Counter()
        self.complaints = {}  # one of each kind: text -> (request as text, count)
        self.counter = 0

    # ---- what only the world knows ----

    def new_mail(self):
        self.counter += 1
        return f"c{self.number}.{self.counter}@meridian.example"

    def new_name(self):
        return self.chance.choice(("Aino", "Jos\u00e9", "\u0141ucja", "\u05e8\u05d5", "\u674e", "O'Neil"))

    def new_password(self):
        return f"{PASSWORD_MARK} {self.chance.getrandbits(64):016x}"

    # ---- a request ----

    def operation(self, role):
        """Of its listener; seldom one of another, where it must not be. A stream is opened by nobody who may."""
        every = [o for o in self.document.operations
                 if not (o.is_stream and o.admits(role.rights))]
        own = [o for o in every if role.listener in o.listeners]
        return self.chance.choice(own if self.chance.random() < 0.97 else every)

    def draw(self):
        names, weights = zip(*LISTENERS)
        listener = self.chance.choices(names, weights)[0]
        role = self.chance.choice([r for r in self.plan["roles"] if r.listener == listener])
        request = Request(role, self.operation(role))
        self.fill(request)
        kind = self.chance.random()
        for _ in range(0 if kind < 0.25 else 1 if kind < 0.75 else self.chance.randint(2, 4)):
            self.mutations.mutate(request)
        return request

    def fill(self, request):
        """A valid request of this role."""
        operation, chance = request.operation, self.chance
        for parameter in operation.parameters_in("path"):
            value = self.path_value(request, parameter)
            place = "{%s}" % parameter["name"]
            request.path = request.path.replace(place, urllib.parse.quote(value, safe="%"))
        pairs = [(p["name"], str(self.values.good(p["schema"]))) for p in operation.parameters_in("query")
                 if chance.random() < 0.3]
        request.query = urllib.parse.urlencode(pairs)
        for parameter in operation.parameters_in("header"):
            if chance.random() < 0.3:
                request.set_header(parameter["name"], self.values.good(parameter["schema"]))
        if operation.bodies:
            self.fill_body(request)
        if request.listener == "public" and chance.random() < 0.6:
            request.set_header("Accept", chance.choice(hostile_request.ACCEPTS[:3]))
        if operation.path == "/join":
            self.fill_cookie(request)

    def path_value(self, request, parameter):
        if "/invitations/" in request.path:
            known = self.mine[-LIVE_MAX:] + self.ended[-LIVE_MAX:]
            if known and self.chance.random() < 0.5:
                request.invited = self.chance.choice(known)
                return request.invited.id
            if self.chance.random() < 0.1:
                return self.plan["expired"]["id"]
        if "/users/" in request.path and self.chance.random() < 0.7:
            return self.person_for(request.operation)
        if "/tokens/" in request.path and self.tokens and self.chance.random() < 0.7:
            return self.tokens.pop(0)
        if parameter["name"] == "token":
            return self.link_of(request)
        if request.path.startswith("/assets/") and self.chance.random() < 0.8:
            return self.chance.choice(self.plan["console"][parameter["name"]])
        if parameter["name"] == "name" and self.chance.random() < 0.5:
            return self.chance.choice(self.plan["assets"])
        return self.values.good(parameter["schema"])

    def person_for(self, operation):
        """The id of somebody; those who are deleted are few, so that some are left, and some come back."""
        if operation.id == "restoreUser" and self.deleted:
            return self.deleted.pop()
        if operation.id == "deleteUser" and self.chance.random() < 0.9:
            return hostile_request.IDS[1]
        return self.chance.choice(self.people)

    def link_of(self, request):
        """The link that the role of a person holds."""
        role = request.role
        if role == "expired":
            return self.plan["expired"]["token"]
        pool = self.mine if role in ("live", "cookie") else [m for m in self.ended if m.state == role]
        if role == "replaced":
            pool = [mine for mine in self.mine if len(mine.tokens) > 1]
        if not pool:
            return self.chance.choice(GARBAGE_LINKS)
        request.invited = self.chance.choice(pool)
        token = request.invited.tokens[0 if role == "replaced" else -1]
        request.secrets.append(token)
        return token

    def fill_body(self, request):
        kinds = sorted(request.operation.bodies)
        request.type = self.chance.choice(kinds)
        schema = request.operation.bodies[request.type]["schema"]
        request.document = self.values.good(schema, self.chance.choice((0, 0.1, 0.5)))
        if "password" in request.document:
            request.document["password"] = self.new_password()
            if "password_again" in request.document:
                request.document["password_again"] = request.document["password"]
        if "groups" in request.document:
            request.document["groups"] = self.chance.sample(self.plan["groups"], 1)
        if request.operation.id == "createInvitation" and self.chance.random() < 0.8:
            request.document.update(method="link", birthday="1990-02-28")
            request.document.pop("uid", None)

    def fill_cookie(self, request):
        """As a browser that has opened a link a moment ago."""
        opened = Request(next(r for r in self.plan["roles"] if r.name == "cookie"), request.operation)
        opened.method, opened.path = "GET", "/join/" + self.link_of(request)
        opened.set_header("Accept", "text/html")
        answer = self.send(opened)
        cookie = (answer and answer.header("set-cookie") or "usher_join=x").split(";")[0]
        request.set_header("Cookie", cookie)
        if request.method == "POST":
            page = Request(next(r for r in self.plan["roles"] if r.name == "cookie"), request.operation)
            page.method, page.headers = "GET", [("Cookie", cookie), ("Accept", "text/html")]
            form = self.send(page)
            _, found, behind = (form.body if form else b"").partition(b'name="attempt" value="')
            if found and isinstance(request.document, dict):
                request.document["attempt"] = behind.split(b'"')[0].decode()
                request.type = FORM if self.chance.random() < 0.8 else JSON

    # ---- sending, checking, keeping the book ----

    def host(self, listener):
        return "localhost" if listener == "socket" else f"127.0.0.1:{self.plan['addresses'][listener]}"

    def send(self, request):
        """The answer, checked; None when there was none."""
        data = request.bytes(self.host(request.listener))
        wire = self.wires[request.listener]
        try:
            answer = wire.ask(data, request.method == "HEAD")
            complaints = (self.conformity.check(request, answer) if answer
                          else ["closed without an answer"])
        except Broken as broken:
            wire.close()
            answer, complaints = None, [str(broken)]
        self.statuses[answer.status if answer else 0] += 1
        for text in complaints:
            self.complain(text, request, data, answer)
        if answer is not None:
            self.book(request, answer)
        return answer

    def complain(self, text, request, data, answer):
        kind = f"{request.operation.id}: {text}"
        if kind in self.complaints:
            self.complaints[kind][1] += 1
            return
        self.complaints[kind] = [[f"role {request.role} on {request.listener}, changed: {request.mutations}",
                                  f"client {self.number}, request {sum(self.statuses.values())}",
                                  f"request {data[:6000]!r}", f"answer {answer}"], 1]

    def book(self, request, answer):
        operation, _ = self.conformity.find(request.listener, request.method, request.target)
        if operation is None or answer.status not in (200, 201, 202, 204) or request.method == "HEAD":
            return
        getattr(self, "book_" + operation.id, lambda *_: None)(request, answer)

    def book_createInvitation(self, _, answer):  # pylint: disable=invalid-name
        self.mine.append(Mine(json.loads(answer.body)))

    def target_of(self, request):
        """Whom the path is about: a mutation may have changed it."""
        return next((m for m in self.mine if m.id in request.path), None)

    def book_revokeInvitation(self, request, _):  # pylint: disable=invalid-name
        mine = self.target_of(request)
        if mine:
            mine.note("revoke", 204)
            self.end(mine, "revoked")

    def book_renewLink(self, request, answer):  # pylint: disable=invalid-name
        mine = self.target_of(request)
        if mine:
            mine.tokens.append(json.loads(answer.body)["link"].rsplit("/", 1)[1])
            mine.note("relink", 200, token=mine.tokens[-1])

    def book_deleteUser(self, request, answer):  # pylint: disable=invalid-name
        if answer.status == 200:
            self.deleted.append(request.path.rsplit("/", 1)[1])

    def book_restoreUser(self, _, answer):  # pylint: disable=invalid-name
        self.people.append(json.loads(answer.body)["id"])

    def book_createToken(self, _, answer):  # pylint: disable=invalid-name
        self.tokens.append(json.loads(answer.body)["id"])

    def book_registerLink(self, request, answer):  # pylint: disable=invalid-name
        mine = request.invited
        if mine is None or answer.status not in (201, 202):
            return
        mine.note("register", answer.status, password=request.password_sent(), token=mine.tokens[-1])
        if request.role in ("revoked", "replaced", "used"):
            self.complain(f"{request.role} registers with {answer.status}", request, b"", answer)
        self.end(mine, "used")

    book_registerForm = book_registerLink

    def end(self, mine, state):
        if mine in self.mine:
            mine.state = state
            self.mine.remove(mine)
            self.ended.append(mine)

    # ---- bytes that are no request ----

    def send_raw(self):
        listener = self.chance.choice(("control", "public", "management", "socket"))
        host = self.host(listener).encode()
        if self.chance.random() < 0.3:
            name, data = self.chance.choice(self.frames)
            data = data.replace(b"Host: a\r\n", b"Host: " + host + b"\r\n")
        else:
            name, request = "spoiled", self.draw_for(listener)
            data = self.spoil(request.bytes(host.decode()))
        try:
            answers = self.wires[listener].ask_and_leave(data)
            complaints = [c for answer in answers for c in self.conformity.check_raw(answer)]
        except Broken as broken:
            answers, complaints = [], [str(broken)] if "without a length" not in str(broken) else []
        self.statuses.update(answer.status for answer in answers)
        if not answers:
            self.statuses[0] += 1
        for text in complaints:
            kind = f"raw: {text}"
            entry = self.complaints.setdefault(kind, [[f"{name} on {listener}", f"bytes {data[:6000]!r}"], 0])
            entry[1] += 1

    def draw_for(self, listener):
        """For an unknown caller: a spoiled request must not change what the book says."""
        role = next(r for r in self.plan["roles"] if r.listener == listener and r.rights is None)
        request = Request(role, self.operation(role))
        request.path = request.path.replace("{token}", GARBAGE_LINKS[0]).replace("{id}", "x")
        if request.operation.bodies:
            request.type, request.document = JSON, {"a": "b"}
        return request

    def spoil(self, data):
        """A few bytes other, gone, twice, or elsewhere."""
        data = bytearray(data)
        for _ in range(self.chance.randint(1, 4)):
            place = self.chance.randrange(len(data) or 1)
            kind = self.chance.randrange(5)
            if kind == 0:
                data[place:place + 1] = bytes([self.chance.randrange(256)])
            elif kind == 1:
                del data[place:place + self.chance.randint(1, 20)]
            elif kind == 2:
                data[place:place] = data[place:place + self.chance.randint(1, 20)]
            elif kind == 3:
                data[place:place] = self.chance.choice((b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"%", b"/"))
            else:
                del data[place:]
        return bytes(data)

    # ---- life ----

    def keep_alive(self):
        """Something to be revoked, used and renewed."""
        if len(self.mine) < 3:
            role = next(r for r in self.plan["roles"] if r.name == "all")
            request = Request(role, next(o for o in self.document.operations if o.id == "createInvitation"))
            self.fill(request)
            request.document.update(method="link", birthday="1990-02-28")
            for name in ("uid", "phone"):
                request.document.pop(name, None)
            request.document.setdefault("mail", self.new_mail())
            self.send(request)

    def run(self, count):
        while sum(self.statuses.values()) < count:
            if self.chance.random() < 0.08:
                self.send_raw()
            else:
                self.keep_alive()
                self.send(self.draw())

    def report(self):
        """What the parent wants to know, in plain values."""
        book = [{"invitation": m.invitation, "events": m.events} for m in self.mine + self.ended]
        return {"book": book, "statuses": dict(self.statuses), "complaints": self.complaints}


def work(number, plan, chance, count, pipe):
    """The process: runs a client and sends its report, also when it fails."""
    client = Client(number, plan, chance)
    try:
        client.run(count)
    except BaseException:  # pylint: disable=broad-except
        client.complaints["the client ended"] = [traceback.format_exc().splitlines(), 1]
    pipe.send(client.report())
    pipe.close()
