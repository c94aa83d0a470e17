"""Carries a sequence of events out on a real daemon and directory, and holds every answer, and all that
can be seen afterwards, against the model (life.py)."""

import concurrent.futures
import time

import requests

import life as model
from client import Api, Browser, Link, new_session, person, unique_word
from life import Answer, Facts, Form, Life, closure
from proxy import PASSWORD_MODIFY, WHO_AM_I_REPLY
from store_file import read_store
from transitions import TABLE

OPERATION_TIMEOUT = 1
# Nothing that a dead process sent can be on its way after this (dir_settle_ms).
QUIET_SECONDS = 2 * OPERATION_TIMEOUT
# Quiet, the resolver's next look, the longest pause of an attempt, and a busy machine.
SETTLE_SECONDS = QUIET_SECONDS + 1 + 5 + 4
BACK_SECONDS = 5  # I9
MOMENTS = {
    "ask": ("search request", {}),
    "add": ("add request", {}),
    "added": ("add reply", {}),
    "password": ("extended request", {"containing": PASSWORD_MODIFY}),
    "password set": ("extended reply", {"lacking": WHO_AM_I_REPLY}),
}
UNKNOWN_TOKEN = "usj_" + "A" * 43


class Mismatch(Exception):
    """The daemon is not what the model says."""


def answer_of(response):
    """What a response says, without the words for people."""
    try:
        document = response.json()
    except requests.JSONDecodeError:
        return Answer(response.status_code, None)
    errors = document.get("errors") or [{}]
    word = document.get("reason") or errors[0].get("code") or document.get("status")
    return Answer(response.status_code, word if isinstance(word, str) else "")


def fits(expected, seen):
    """An expected answer without a word leaves the word open; a page has none."""
    return expected.status == seen.status and (
        not expected.word or seen.word is None or expected.word == seen.word)


def seconds_of(text):
    """A time of the API, in seconds."""
    whole, milliseconds = text.rstrip("Z").split(".")
    parsed = time.strptime(whole + " UTC", "%Y-%m-%dT%H:%M:%S %Z")
    return model.calendar.timegm(parsed) + int(milliseconds) / 1000


class Slot:
    """An invitation, and what may be true of it."""

    def __init__(self, document, first):
        self.id, self.mail, self.org_unit = document["id"], document["mail"], document["org_unit"]
        self.uid = document["uid"]
        self.lives = {first}
        self.tried = []  # passwords
        self.strangers = []  # DNs of what was added behind our back
        self.keyed = None  # the last form that had a key

    @property
    def any(self):
        return next(iter(self.lives))

    @property
    def is_settled(self):
        return all(life.is_settled and not life.late for life in self.lives)

    @property
    def dn(self):
        return f"uid={self.uid},{self.org_unit}"

    def change(self, **changes):
        self.lives = {life.but(**changes) for life in self.lives}


class Play:
    """`world` is a proxied World whose daemon runs by `clock`."""

    def __init__(self, world, clock):
        self.world, self.clock = world, clock
        self.slapd, self.daemon, self.proxy = world.slapd, world.daemon, world.proxy
        # A token that outlives every jump of the clock.
        self.api = Api(self.daemon, self.daemon.make_token(expires="3000d"))
        self.slots = []
        self.away = None  # "refused", "paused"
        self.process = 1
        self.spawned = self.ready = self.attempted = time.monotonic()
        self.started = clock.now()  # at least: it may have been a moment earlier
        self.faults = 0

    # ---- time and what is known of the world ----

    def _quiet(self, began):
        """Whether the daemon was past its caution during the request that began then."""
        if time.monotonic() < self.spawned + QUIET_SECONDS:
            return False
        return True if began > max(self.ready, self.attempted) + QUIET_SECONDS + 0.3 else None

    def _facts(self, began, directory=None):
        """The facts at the beginning and at the end of a request: it was answered between them."""
        directory = self.away is None if directory is None else directory
        quiet, now = self._quiet(began), self.clock.now()
        return [Facts(at, directory, self.process, quiet, self.started)
                for at in (now - (time.monotonic() - began), now)]

    def _expect(self, slot, seen, began, rule, directory=None, dead=False):
        """Keep the lives for which `rule(life, facts)` knows the answer that was seen."""
        allowed = [(answer, after, life) for life in closure(slot.lives)
                   for facts in self._facts(began, directory) for answer, after in rule(life, facts)]
        lives = [after for answer, after, _ in allowed if fits(answer, seen)]
        if dead:
            # Nobody waits for an end that is only written down.
            lives += [life for answer, after, life in allowed
                      if fits(answer, seen) and after.timeline[len(life.timeline):] == ("expired",)]
        self._keep(slot, [life.killed() for life in lives] if dead else lives,
                   f"{tuple(seen)}, the model allows {sorted({tuple(a) for a, _, _ in allowed})}")

    def _keep(self, slot, lives, text):
        lives = set(lives)
        if not lives:
            raise Mismatch(f"invitation {slot.id} ({self._known(slot)}): {text}")
        slot.lives = lives
        if any(life.attempt for life in lives):
            self.attempted = time.monotonic()

    @staticmethod
    def _known(slot):
        return " or ".join(sorted({life.state + ("+" if life.attempt else "") for life in slot.lives}))

    # ---- looking ----

    def observe(self, slot):
        """The timeline, the entry and one link: each leaves the lives that fit."""
        self._observe_timeline(slot)
        self._observe_entry(slot)
        return self._observe_link(slot, slot.any.live or slot.any.ended[-1])

    def _observe_timeline(self, slot):
        """What was written down without anybody waiting for it may take a moment."""
        deadline = time.monotonic() + 3
        while True:
            document = self.api.show(slot.id)
            seen = tuple(entry["event"] for entry in document["timeline"])
            lives = {life for life in closure(slot.lives) if life.timeline == seen}
            if lives or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        allowed = sorted({life.timeline[1:] for life in closure(slot.lives)})
        self._keep(slot, lives, f"its timeline is {seen[1:]}, the model allows {allowed}")
        self._observe_times(slot, document)
        now = self.clock.now()
        words = {model.shown(life, Facts(at, True)).word
                 for life in slot.lives for at in (now - 1, now)}
        if document["status"] not in words:
            raise Mismatch(f"invitation {slot.id} is shown as {document['status']}, not as {words}")
        if document["uid"] != slot.uid and "renamed" not in seen:
            raise Mismatch(f"invitation {slot.id} has another uid: {document['uid']}, was {slot.uid}")
        slot.uid = document["uid"]

    @staticmethod
    def _observe_times(slot, document):
        times = {entry["event"]: seconds_of(entry["at"]) for entry in document["timeline"]}
        slot.change(claimed_at=times.get("claimed", 0.0), done_at=times.get("finished", 0.0))

    def _observe_entry(self, slot):
        if self.away == "paused":
            return
        before = closure(slot.lives)
        found = self.slapd.entries_of(slot.id)
        if len(found) > 1:
            raise Mismatch(f"invitation {slot.id} has {len(found)} entries")
        if found and found[0][0].lower() != slot.dn.lower():
            raise Mismatch(f"the entry of invitation {slot.id} is {found[0][0]}, not {slot.dn}")
        # The lives are those that the timeline left; one of them may have gone on meanwhile.
        self._keep(slot, [life for life in before | closure(slot.lives) if life.entry == bool(found)],
                   f"{len(found)} entries in the directory")

    def _observe_link(self, slot, token, key=None):
        began = time.monotonic()
        headers = {"Accept": "application/json", **({"Idempotency-Key": key} if key else {})}
        with new_session() as session:
            seen = answer_of(session.get(self._url(token), headers=headers, timeout=20))
        self._expect(slot, seen, began, lambda life, facts: [(model.view(life, facts, token, key), life)])
        return seen

    def _url(self, token):
        return f"{self.daemon.public_url}/join/{token}"

    def settle(self):
        """Whatever is unsettled settles by itself, in the stated time."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            unsettled = [slot for slot in self.slots if not all(life.is_settled for life in slot.lives)]
            for slot in unsettled:
                self.observe(slot)
            if not unsettled:
                break
            if time.monotonic() > deadline:
                slot = unsettled[0]
                raise Mismatch(f"invitation {slot.id} ({self._known(slot)}) has not settled in "
                               f"{SETTLE_SECONDS} s")
            time.sleep(0.05)
        for slot in self.slots:
            slot.change(late=False)

    def finish(self):
        """The end of a sequence: the world is whole, everything settles, and all of it is looked at."""
        self.bring_directory_back()
        self.settle()
        for slot in self.slots:
            self.observe(slot)
            for token in (*slot.any.ended, UNKNOWN_TOKEN):
                self._observe_link(slot, token)
            self._check_passwords(slot)
        self.check_list()
        self._check_audit()

    def _check_passwords(self, slot):
        """The password that must sign in does; those that were refused, or lost to a rival, do not."""
        if not slot.any.entry:
            return
        wanted = {life.password for life in slot.lives}
        tried = {password for password in slot.tried[-3:] if password} | wanted - {None}
        works = {password for password in tried if self.slapd.accepts(slot.dn, password)}
        self._keep(slot, [life for life in slot.lives if works == {life.password} - {None}],
                   f"of {sorted(tried)} these sign in: {sorted(works)}, not {wanted}")

    def check_list(self):
        began = time.monotonic()
        listed = {item["id"] for item in self.api.get("/api/v1/invitations?limit=200").json()["items"]}
        for slot in self.slots:
            self._keep(slot, [life for life in closure(slot.lives) for facts in self._facts(began)
                              if (life.seen(facts.now) not in TABLE.final) == (slot.id in listed)],
                       f"{'is' if slot.id in listed else 'is not'} in the list of open ones")

    def _check_audit(self):
        """The records tell the same story, each with the state that the table leads to (I11)."""
        records = read_store(self.daemon).audit_of("invitation")
        for slot in self.slots:
            record = [entry for _, entry in records[slot.id]]
            events = tuple(entry["event"] for entry in record)
            states = [TABLE.replay(events[:count]).state for count in range(1, len(events) + 1)]
            if events != slot.any.timeline or states != [entry["state"] for entry in record]:
                raise Mismatch(f"invitation {slot.id} has the timeline {slot.any.timeline}, and the "
                               f"audit records {[(e['event'], e['state']) for e in record]}")

    # ---- the directory and the daemon ----

    def take_directory_away(self, how):
        if self.away:
            return
        self.faults += 1
        self.away = how
        if how == "refused":
            self.proxy.refuse()
        else:
            self.slapd.pause()

    def bring_directory_back(self):
        if self.away == "refused":
            self.proxy.listen()
        elif self.away == "paused":
            self.slapd.resume()
        self.away = None
        self.daemon.wait_directory(seconds=BACK_SECONDS)

    def restart(self, kill):
        """The daemon again, with an empty memory."""
        self.faults += kill
        if kill:
            self.daemon.kill()
        elif self.daemon.stop() != 0:
            raise Mismatch("the daemon did not end cleanly")
        self.start()

    def start(self):
        self.process += 1
        for slot in self.slots:
            slot.lives = {
                life.killed().but(late=life.late or (self.away == "paused" and life.attempt is not None))
                for life in closure(slot.lives)}
        self.spawned, self.started = time.monotonic(), self.clock.now()
        self.daemon.start()
        self.ready = time.monotonic()
        if self.away is None:
            self.daemon.wait_directory(seconds=BACK_SECONDS)
        for slot in self.slots:
            if not slot.is_settled:
                self.observe(slot)

    # ---- requests ----

    def admin(self, method, path):
        """(answer, document), or (None, None) when the daemon died meanwhile."""
        headers = {"Authorization": self.api.session.headers["Authorization"]}
        try:
            with new_session() as session:
                response = session.request(method, self.daemon.control_url + path, headers=headers,
                                           timeout=20)
        except requests.RequestException:
            return None, None
        return answer_of(response), response.json() if response.content else {}

    def post(self, form):
        """The answer to a form sent as JSON, or None."""
        document = {"password": form.password, **{
            model.FIXED: {"given_name": "Mallory"}, model.FORBIDDEN: {"mail": "mallory@evil.example"},
            model.UNKNOWN: {"is_admin": "yes"}}.get(form.body, {})}
        headers = {"Idempotency-Key": form.key} if form.key else {}
        try:
            with new_session() as session:
                return answer_of(session.post(self._url(form.token), json=document, headers=headers,
                                              timeout=30))
        except requests.RequestException:
            return None

    def in_background(self, function, *arguments):
        executor = concurrent.futures.ThreadPoolExecutor(1)
        future = executor.submit(function, *arguments)
        executor.shutdown(wait=False)
        return future

    def hold(self, moment, slot):
        """The next message of that moment waits in the proxy."""
        kind, which = MOMENTS[moment]
        if moment == "ask":
            which = {"containing": slot.mail.encode()}
        return self.proxy.rule(kind, "hold", **which)

    def wait_met(self, rule, future):
        """True when the moment came; False when the request was answered without it."""
        while not rule.met.is_set() and not future.done():
            rule.met.wait(0.002)
        if rule.met.is_set():
            return True
        self.proxy.rules.remove(rule)
        return False

    # ---- names ----

    def slot(self, number):
        return self.slots[-1 - number % len(self.slots)] if self.slots else None

    def add_slot(self, document, uid_fixed):
        token = Link(document["link"]).token
        self.slots.append(Slot(document, Life(
            id=document["id"], uid_fixed=uid_fixed, live=token,
            expires_at=seconds_of(document["expires_at"]))))
        return self.slots[-1]

    @staticmethod
    def token(slot, which):
        """A link of the invitation: its live one, a replaced one, or one that nobody has."""
        some = slot.any
        if which == "unknown":
            return UNKNOWN_TOKEN
        if which == "live" and some.live:
            return some.live
        return some.ended[-1 if which == "live" else 0] if some.ended else some.live

    def form(self, slot, which, body, keyed):
        word = unique_word()
        password = {model.WEAK: f"weak {word}"[:14],
                    model.POLICY: f"lantern harbour {word}"[:29]}.get(
                        body, f"{word} and seven quiet lanterns over the harbour")
        slot.tried.append(password)
        key = f"key-{word}" if keyed else None
        form = Form(self.token(slot, which), body, password, key)
        if key:
            slot.keyed = form
        return form

    def person(self, **changes):
        return person(self.slapd, **changes)

    def browser(self, slot, which):
        return Browser(self._url(self.token(slot, which)))
