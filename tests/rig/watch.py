"""Holds what a daemon answers, and all that can be seen of it, against the model (life.py)."""

import datetime
import time

import requests

import life as model
from client import Api, new_session
from life import Answer, Facts, closure
from store_file import read_store
from transitions import TABLE

OPERATION_TIMEOUT = 1
# Nothing that a dead process sent can be on its way after this (dir_settle_ms).
QUIET_SECONDS = 2 * OPERATION_TIMEOUT
# Quiet, the resolver's next look, the longest pause of an attempt, and a busy machine.
SETTLE_SECONDS = QUIET_SECONDS + 1 + 5 + 4
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
    return datetime.datetime.fromisoformat(text).timestamp()


class Slot:
    """An invitation, and what may be true of it."""

    def __init__(self, document, first):
        self.id, self.mail, self.org_unit = document["id"], document["mail"], document["org_unit"]
        self.uid, self.address = document["uid"], document.get("personal_mail")
        self.lives = {first}
        self.tried = []  # passwords
        self.strangers = []  # DNs of what was added behind our back
        self.keyed = None  # the last form that had a key
        self.mailed = set()  # tokens
        self.rows = []  # of the table, that it has taken, once its audit records were read

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


class Watch:
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
        self.faults = self.slow = 0
        self.heard, self.doubt = self.daemon.log_path.stat().st_size, False

    # ---- time and what is known of the world ----

    def closure(self, slot):
        return closure(slot.lives, self.clock.now())

    def listen(self):
        """Whether the directory was too slow for the daemon since this was asked last. On a busy machine
        it can be, without anybody's doing; the daemon says so itself."""
        with open(self.daemon.log_path, "rb") as log:
            log.seek(self.heard)
            said = log.read()
        self.heard += len(said)
        slow = self.doubt or b"no answer in time" in said or b"the directory is away" in said
        up, down = said.rfind(b"the directory answers"), said.rfind(b"the directory is away")
        if up != down:
            self.doubt = up < down
        if slow and self.away is None:
            self.slow += 1
            self.attempted = time.monotonic()
        return slow

    def _quiet(self, began):
        """Whether the daemon was past its caution during the request that began then."""
        if time.monotonic() < self.spawned + QUIET_SECONDS:
            return False
        return True if began > max(self.ready, self.attempted) + QUIET_SECONDS + 0.3 else None

    def facts(self, began, directory=None):
        """The facts at the beginning and at the end of a request: it was answered between them."""
        slow = self.listen()
        directory = self.away is None if directory is None else directory
        directory = None if directory and slow else directory
        quiet, now = self._quiet(began), self.clock.now()
        return [Facts(at, directory, self.process, quiet, self.started)
                for at in (now - (time.monotonic() - began), now)]

    def expect(self, slot, seen, began, rule, directory=None, dead=False):
        """Keep the lives for which `rule(life, facts)` knows the answer that was seen."""
        allowed = [(answer, after, life) for life in self.closure(slot)
                   for facts in self.facts(began, directory) for answer, after in rule(life, facts)]
        lives = [after for answer, after, _ in allowed if fits(answer, seen)]
        if dead:
            # Nobody waits for an end that is only written down.
            lives += [life for answer, after, life in allowed
                      if fits(answer, seen) and after.timeline[len(life.timeline):] == ("expired",)]
        self.keep(slot, [life.killed() for life in lives] if dead else lives,
                   f"{tuple(seen)}, the model allows {sorted({tuple(a) for a, _, _ in allowed})}")

    def keep(self, slot, lives, text):
        lives = set(lives)
        if not lives:
            raise Mismatch(f"invitation {slot.id} ({self.known(slot)}): {text}")
        slot.lives = lives
        if any(life.attempt for life in lives):
            self.attempted = time.monotonic()

    @staticmethod
    def known(slot):
        return " or ".join(sorted({life.state + ("+" if life.attempt else "") for life in slot.lives}))

    # ---- looking ----

    def observe(self, slot):
        """The timeline, the entry and one link: each leaves the lives that fit."""
        self._observe_timeline(slot)
        self._observe_entry(slot)
        known = slot.any.ended + slot.any.working
        return self.observe_link(slot, known[-1] if known else UNKNOWN_TOKEN)

    def _observe_timeline(self, slot):
        """What was written down without anybody waiting for it may take a moment."""
        deadline = time.monotonic() + 3
        while True:
            document = self.api.show(slot.id)
            seen = tuple(entry["event"] for entry in document["timeline"] if entry["event"] in TABLE.events)
            lives = {life for life in self.closure(slot) if life.timeline == seen}
            if lives or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        allowed = sorted({life.timeline[1:] for life in self.closure(slot)})
        self.keep(slot, lives, f"its timeline is {seen[1:]}, the model allows {allowed}")
        self._observe_times(slot, document)
        now = self.clock.now()
        words = {word for life in slot.lives for at in (now - 1, now) for word in model.shown(life, at)}
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
        before = slot.lives
        found = self.slapd.entries_of(slot.id)
        if len(found) > 1:
            raise Mismatch(f"invitation {slot.id} has {len(found)} entries")
        if found and found[0][0].lower() != slot.dn.lower():
            raise Mismatch(f"the entry of invitation {slot.id} is {found[0][0]}, not {slot.dn}")
        # The lives are those that the timeline left; one of them may have gone on meanwhile.
        self.keep(slot, [life for life in before | self.closure(slot) if life.entry == bool(found)],
                   f"{len(found)} entries in the directory")

    def observe_link(self, slot, token, key=None):
        began = time.monotonic()
        headers = {"Accept": "application/json", **({"Idempotency-Key": key} if key else {})}
        with new_session() as session:
            seen = answer_of(session.get(self.url(token), headers=headers, timeout=20))
        self.expect(slot, seen, began, lambda life, facts: [
            (answer, life) for answer in model.views(life, facts, token, key)])
        return seen

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
                raise Mismatch(f"invitation {slot.id} ({self.known(slot)}) has not settled in "
                               f"{SETTLE_SECONDS} s")
            time.sleep(0.05)
        for slot in self.slots:
            slot.change(late=False)

    def check_password(self, slot):
        """The password that must sign in does; those that were refused, or lost to a rival, do not."""
        if not slot.any.entry:
            return
        wanted = {life.password for life in slot.lives}
        tried = {password for password in slot.tried[-3:] if password} | wanted - {None}
        works = {password for password in tried if self.slapd.accepts(slot.dn, password)}
        self.keep(slot, [life for life in slot.lives if works == {life.password} - {None}],
                   f"of {sorted(tried)} these sign in: {sorted(works)}, not {wanted}")

    def check_list(self):
        began = time.monotonic()
        listed = {item["id"] for item in self.api.get("/api/v1/invitations?limit=200").json()["items"]}
        for slot in self.slots:
            self.keep(slot, [life for life in self.closure(slot) for facts in self.facts(began)
                              if (slot.id in listed) in {seen not in TABLE.final for seen in (
                                  life.seen(facts.now), life.killed().seen(facts.now))}],
                       f"{'is' if slot.id in listed else 'is not'} in the list of open ones")

    def check_audit(self):
        """The records tell the same story, each with the state that the table leads to (I11)."""
        records = read_store(self.daemon).audit_of("invitation")
        for slot in self.slots:
            record = [(entry["event"], entry["state"]) for _, entry in records[slot.id]]
            story = tuple(event for event, _ in record)
            events = tuple(event for event in story if event not in model.QUIET)
            self.keep(slot, [life for life in self.closure(slot) if life.timeline == events],
                       f"its audit records are {record}, its timeline {slot.any.timeline}")
            states = [TABLE.replay(story[:count]).state for count in range(1, len(story) + 1)]
            if states != [state for _, state in record]:
                raise Mismatch(f"invitation {slot.id}: the states of {record} are not {states}")
            slot.rows = TABLE.replay(story).rows

    def url(self, token):
        return f"{self.daemon.public_url}/join/{token}"
