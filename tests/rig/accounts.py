"""Accounts and org units that are changed through the API: what was asked, and in which ways it may have ended.

Each has `lives`: every state it may be in, with the audit records that lead there. An answer of success leaves
those in which it happened, a refusal leaves them all, and no answer (or "it is not known") adds those in which
it happened to those in which it did not. What is there afterwards must be one of them.
"""

import threading
import time
from typing import NamedTuple

import requests

from wait import wait_for

REFINT_SECONDS = 5
DONE, REFUSED, UNKNOWN = "done", "refused", "unknown"
EVENTS = {"change": "user_changed", "move": "user_changed", "suspend": "user_suspended", "resume": "user_resumed",
          "delete": "user_removed", "restore": "user_restored"}
UNIT_EVENTS = {"add": "org_unit_added", "rename": "org_unit_changed", "delete": "org_unit_deleted"}


class Life(NamedTuple):
    """Of an account. `events` are those of its audit records."""
    there: bool = True
    suspended: bool = False
    position: str | None = None
    place: str | None = None
    events: tuple = ()

    def seen(self):
        """As the directory and the store tell it: nobody tells how somebody was who is gone."""
        return self if self.there else Life(False, events=self.events)

    def after(self, what, value):
        """The life after it was carried out; itself when nothing changes, None when it cannot be."""
        if self.there == (what == "restore"):
            return None
        changed = {"change": {"position": value}, "move": {"place": value}, "suspend": {"suspended": True},
                   "resume": {"suspended": False}, "delete": {"there": False}, "restore": {"there": True}}[what]
        after = self._replace(**changed)
        return self if after == self else after._replace(events=self.events + (EVENTS[what],))


class UnitLife(NamedTuple):
    """Of an org unit; `events` without its addition, whose record names the request and not the entry."""
    there: bool = False
    name: str = ""
    events: tuple = ()

    def seen(self):
        return self if self.there else UnitLife(events=self.events)

    def after(self, what, value):
        if self.there == (what == "add"):
            return None
        if what == "add":
            return self._replace(there=True, name=value)
        if what == "rename" and value == self.name:
            return self
        after = self._replace(name=value) if what == "rename" else self._replace(there=False)
        return after._replace(events=self.events + (UNIT_EVENTS[what],))


class Subject:
    """One of them. `history` has what was asked, for the report."""

    def __init__(self, name, life):
        self.name, self.lives = name, {life}
        self.id, self.first_id = None, None
        self.groups = set()  # whose member an account is as long as it is there
        self.history = []
        self.may_be_forgotten = False  # what is kept after a deletion has had its time

    def answered(self, what, value, outcome, status):
        self.history.append(f"{what} {value or ''}: {outcome} ({status})")
        after = {life.after(what, value) for life in self.lives} - {None}
        if outcome == DONE:
            self.lives = after
        elif outcome == UNKNOWN:
            self.lives |= after


def outcome_of(answer):
    """What an answer says about whether it happened; None is no answer."""
    if answer is None or answer.status_code == 202:
        return UNKNOWN
    if answer.status_code in (200, 201, 204):
        return DONE
    if answer.status_code == 503 and answer.json().get("reason") == "unknown":
        return UNKNOWN
    return REFUSED


class Accounts:
    """All of one world. `call(method, path, document)` asks the API and returns the answer, or None."""

    def __init__(self, call):
        self._call = call
        self.people, self.units = [], []
        self._lock = threading.Lock()
        self._number = 0

    def number(self):
        with self._lock:
            self._number += 1
            return self._number

    # ---- people ----

    def make(self, slapd, **attributes):
        """Somebody who was there before, no invitation's; the list knows them."""
        uid = f"stage{self.number()}"
        dn = f"uid={uid},{slapd.people}"
        slapd.add(dn, **{"objectClass": ["inetOrgPerson"], "uid": uid, "cn": f"Stage {uid}", "sn": uid,
                         "mail": f"{uid}@meridian.example", "userPassword": "stage hand", **attributes})
        account = Subject(uid, Life(place=slapd.people))
        wait_for(lambda: self._learn(account), f"{uid} is in the list", 15)
        account.first_id = account.id
        with self._lock:
            self.people.append(account)
        return account

    def _learn(self, account):
        """The id by which the list knows it now; a restore gives a new one."""
        try:
            answer = self._call("GET", f"/api/v1/users?q={account.name}")
            found = answer.json()["items"] if answer is not None and answer.status_code == 200 else []
        except (requests.RequestException, ValueError):
            return False
        for row in found:
            if row["uid"] == account.name:
                account.id = row["id"]
                return True
        return False

    def ask(self, account, what, value=None):
        """Ask for one change; its outcome."""
        if len({life.there for life in account.lives}) > 1:
            self._learn(account)
        path = f"/api/v1/users/{account.id}"
        if what == "delete":
            answer = self._call("DELETE", path)
        elif what in ("change", "move"):
            answer = self._call("PATCH", path, {"position" if what == "change" else "org_unit": value})
        else:
            answer = self._call("POST", f"{path}/{what}")
        outcome = outcome_of(answer)
        if what == "restore" and outcome == DONE:
            account.id = answer.json()["id"]
        account.answered(what, value, outcome, answer and answer.status_code)
        return outcome

    def ask_in_vain(self, account, other):
        """For the other's mail address, which the directory's own look refuses: whatever becomes of it, nothing."""
        self._call("PATCH", f"/api/v1/users/{account.id}", {"mail": f"{other.name}@meridian.example"})

    # ---- org units ----

    def add_unit(self, slapd, name):
        """The unit and the outcome."""
        unit = Subject(name, UnitLife())
        with self._lock:
            self.units.append(unit)
        answer = self._call("POST", "/api/v1/org-units", {"parent": slapd.people, "name": name})
        outcome = outcome_of(answer)
        unit.answered("add", name, outcome, answer and answer.status_code)
        return unit, outcome

    def _learn_unit(self, unit):
        answer = self._call("GET", "/api/v1/org-units")
        found = answer.json()["items"] if answer is not None and answer.status_code == 200 else []
        unit.id = next((item["id"] for item in found if item["name"] == unit.name), None)
        return unit.id is not None

    def wait_unit(self, unit):
        """Until the list knows it."""
        wait_for(lambda: self._learn_unit(unit), f"{unit.name} is in the list", 15)

    def ask_unit(self, unit, what, value=None):
        path = f"/api/v1/org-units/{unit.id}"
        answer = self._call("DELETE", path) if what == "delete" else self._call("PATCH", path, {"name": value})
        outcome = outcome_of(answer)
        unit.answered(what, value, outcome, answer and answer.status_code)
        return outcome


# ---- what is there ----

def chain_of(records, first):
    """The audit records of an account through all ids that it had: [(revision, record)], and its last id."""
    found, identifier, known = [], first, set()
    while identifier is not None and identifier not in known:
        known.add(identifier)
        mine = records.get(identifier, [])
        found += mine
        restored = [record["detail"]["new_id"] for _, record in mine if record["event"] == "user_restored"]
        identifier = restored[-1].lower() if restored else None
    return found, known


def breaches(accounts, slapd, store, entries):
    """(invariant, text, history) for each account or org unit that is not as one of its lives; what was found
    is its only life from now on. `entries` are people.entries_of()."""
    yield from _people_breaches(accounts, store, entries)
    yield from _unit_breaches(accounts, slapd, store)
    yield from _group_breaches(accounts, slapd, entries)
    kinds = [set(store.space("trash")), set(store.space("trashkey")),
             {name.partition("/")[0] for name in store.space("trashpart")}]
    if not kinds[0] == kinds[1] == kinds[2]:
        yield "I2", f"what is kept of the deleted is not whole: {kinds}", []
    listed = sorted(item.value["id"] for item in store.space("trashed").values())
    # Those of an older version have their place in the list when the sweeper has come by.
    expected = sorted(identifier for identifier, item in store.space("trash").items() if "listed" in item.value)
    if listed != expected:
        yield "I2", f"of the deleted {expected} are kept for the list and {listed} are in it", []


def _judge(subject, observed, record):
    """None, or words about what is wrong; the subject is as observed from now on."""
    fitting = {life for life in subject.lives if life.seen() == observed}
    expected, subject.lives = subject.lives, fitting or {observed}
    if fitting:
        return None
    same = [life for life in expected if life.seen()._replace(events=()) == observed._replace(events=())]
    history = subject.history + [f"audit {revision}: {entry}" for revision, entry in record]
    text = f"{subject.name} is {observed}, which is none of {sorted(expected, key=str)}"
    return ("I11" if same else "I2"), text, history


def _people_breaches(accounts, store, entries):
    records, by_uid = store.audit_of("user"), {}
    for entry in entries.values():
        by_uid.setdefault(entry.uid, []).append(entry)
    for account in accounts.people:
        found = by_uid.get(account.name, [])
        if len(found) > 1:
            yield "I1", f"{account.name} has {len(found)} entries: {[e.dn for e in found]}", account.history
            continue
        record, ids = chain_of(records, account.first_id)
        events = [entry["event"] for _, entry in record]
        kept = [identifier for identifier in ids if identifier in store.space("trash")]
        if account.may_be_forgotten and events[-1:] == ["user_forgotten"]:
            events.pop()
        elif not found and not kept:
            yield "I2", f"{account.name} is deleted and nothing is kept", account.history
        if found and kept:
            yield "I3", f"{account.name} is there and still kept as deleted", account.history
        there = found[0] if found else None
        if there and there.id not in ids:
            yield "I11", f"{account.name} has the id {there.id}, its records tell of {ids}", account.history
        account.id = there.id if there else account.id
        observed = Life(True, there.status == "suspended", there.position, there.parent, tuple(events)) \
            if there else Life(False, events=tuple(events))
        wrong = _judge(account, observed, record)
        if wrong:
            yield wrong


def _group_breaches(accounts, slapd, entries):
    """Who is there is in the groups, who is not is in none; slapo-refint does its part behind the answer."""
    there = {entry.uid: entry.dn for entry in entries.values()}
    deadline = time.monotonic() + REFINT_SECONDS
    while True:
        member_of = {}
        for group, entry in slapd.search("(objectClass=groupOfNames)", attributes=["member"]):
            for member in entry["member"]:
                member_of.setdefault(member.lower(), set()).add(group)
        wrong = [account for account in accounts.people if account.name in there
                 and not account.groups <= member_of.get(there[account.name].lower(), set())]
        gone = [account for account in accounts.people if account.name not in there
                and any(member.startswith(f"uid={account.name},") for member in member_of)]
        if not wrong + gone or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    for account in wrong:
        yield "I2", f"{account.name} is there and not in all of {account.groups}", account.history
    for account in gone:
        yield "I2", f"{account.name} is gone and still a member of a group", account.history


def _name_of(dn):
    return dn and dn.partition(",")[0].partition("=")[2]


def _unit_breaches(accounts, slapd, store):
    records = store.audit_of("org_unit")
    found = slapd.search("(objectClass=organizationalUnit)", slapd.people, attributes=["entryUUID"])
    by_id = {entry["entryUUID"][0].lower(): _name_of(dn) for dn, entry in found}
    added = 0
    for unit in accounts.units:
        names = {life.name for life in unit.lives if life.there}
        if unit.id is None:
            unit.id = next((identifier for identifier, name in by_id.items() if name in names), None)
        record = records.get(unit.id, [])
        events = tuple(entry["event"] for _, entry in record)
        observed = UnitLife(True, by_id[unit.id], events) if unit.id in by_id else UnitLife(events=events)
        added += observed.there or bool(events)
        wrong = _judge(unit, observed, record)
        if wrong:
            yield wrong
    # Others may add some of their own; a record that was written after a restart names none.
    names = {unit.name for unit in accounts.units} | {None}
    told = sum(entry["event"] == UNIT_EVENTS["add"] and _name_of((entry.get("detail") or {}).get("dn")) in names
               for record in records.values() for _, entry in record)
    if told != added:
        yield "I11", f"{added} org units were added, the audit trail has {told}", []
