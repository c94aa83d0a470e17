"""Who must be in the list, told by the directory and the store alone, and who is in it.

The list (GET /api/v1/users) is read as a client reads it, page by page; what it must say comes from a full search
of the directory as its root DN, and from the store's file. Nothing here knows the roster.
"""

import collections
import datetime
import json
import time

import ldap
import ldap.dn

from store_file import read_store

PERSON_CLASS = "inetOrgPerson"
LOCKED_FOR_GOOD = "000001010000Z"  # pwdAccountLockedTime of who is suspended, slapo-ppolicy(5)
WAITING = ("pending", "claimed", "created")  # states of invitations that the list shows as pending
PENDING = ("pending", "undeliverable", "expired")  # statuses of who has no entry
STATUSES = (*PENDING, "active", "suspended")
PAGE = 200
SHOWN = 8  # differences that are told
# Of quiet until the list has all that was told: a reconnect's pause, and the compare 30 s behind a lost connection.
SETTLE_SECONDS = 45


class NotReady(Exception):
    """The list cannot be asked (yet), or changed while it was walked."""


def one_spelling(dn):
    """Comparable DNs: attribute names and values without case, no escapes but what must be."""
    if dn is None:
        return None
    return tuple(tuple((name.lower(), " ".join(value.lower().split())) for name, value, _ in rdn)
                 for rdn in ldap.dn.str2dn(dn))


def seconds_of(text):
    return None if text is None else int(datetime.datetime.fromisoformat(text).timestamp())


def ldap_seconds(values):
    """Of a Generalized Time in UTC; None when there is none."""
    if not values:
        return None
    found = datetime.datetime.strptime(values[0].decode()[:14], "%Y%m%d%H%M%S")
    return int(found.replace(tzinfo=datetime.timezone.utc).timestamp())


def words(text):
    """Without what a list may show in another way: white space and control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def shown(value):
    """A value as a list can show it; None for what is none."""
    return words(value.decode(errors="replace") if isinstance(value, bytes) else value) or None


class Entry:
    """What the list must say of an entry. A value that may be one of several is a set."""

    def __init__(self, dn, attributes):
        self.dn = dn
        self._attributes = {name.lower(): values for name, values in attributes.items()}
        self.id = self._values("entryUUID")[0].decode().lower()
        marker = self._texts("usherdInvitationId")
        self.invitation = marker[0].lower() if marker else None
        locked = self._values("pwdAccountLockedTime")
        self.status = "suspended" if [LOCKED_FOR_GOOD.encode()] == locked else "active"
        self.uid, self.position = ((self._texts(name) or [None])[0] for name in ("uid", "title"))
        self.parent = dn.partition(",")[2] if "\\" not in dn else ldap.dn.dn2str(ldap.dn.str2dn(dn)[1:])
        self.registered_at = ldap_seconds(self._values("createTimestamp"))
        self.last_activity_at = ldap_seconds(self._values("pwdLastSuccess"))

    def _values(self, name):
        return self._attributes.get(name.lower(), [])

    def _texts(self, name):
        return [text for text in map(shown, self._values(name)) if text]

    def differences(self, item):
        """Words about what is wrong in the list's item."""
        yield from _unequal(item, "status", self.status)
        yield from _unequal(item, "invitation", self.invitation)
        for name, attribute in (("given_name", "givenName"), ("family_name", "sn"), ("mail", "mail"),
                                ("position", "title"), ("uid", "uid")):
            yield from _one_of(item, name, self._texts(attribute))
        yield from _one_of(item, "phone", self._texts("mobile") or self._texts("telephoneNumber"))
        names = (self._texts("displayName") or self._texts("cn") or self._texts("uid"))
        yield from _one_of(item, "name", names)
        for name, dn in (("dn", self.dn), ("org_unit", self.parent)):
            if one_spelling(item[name]) != one_spelling(dn):
                yield f"{name} {item[name]!r} instead of {dn!r}"
        if seconds_of(item["registered_at"]) != self.registered_at:
            yield f"registered_at {item['registered_at']} instead of {self.registered_at}"
        # Sign-ins are told late or, by a server that keeps them to itself, not at all.
        last = seconds_of(item["last_activity_at"])
        if last is not None and (self.last_activity_at is None or last > self.last_activity_at):
            yield f"last_activity_at {item['last_activity_at']}, the directory has {self.last_activity_at}"


class Waiting:
    """What the list must say of an invitation that has no entry."""

    def __init__(self, identifier, stored):
        self.id, self.person = identifier, stored["person"]
        self.expired, self.expires_at = stored["state"] == "expired", stored["expires_at"]
        self.invited_at = stored["created_at"]

    def differences(self, item):
        if item["status"] not in (("expired",) if self.expired else PENDING):
            yield f"status {item['status']!r}"
        yield from _unequal(item, "invitation", self.id)
        yield from _unequal(item, "dn", None)
        for name in ("given_name", "family_name", "mail", "phone", "position", "uid"):
            yield from _unequal(item, name, self.person.get(name))
        yield from _unequal(item, "name", self.person.get("display_name") or
                            f"{self.person['given_name']} {self.person['family_name']}")
        if one_spelling(item["org_unit"]) != one_spelling(self.person["org_unit"]):
            yield f"org_unit {item['org_unit']!r} instead of {self.person['org_unit']!r}"
        if seconds_of(item["invited_at"]) != self.invited_at // 1000:
            yield f"invited_at {item['invited_at']} instead of {self.invited_at}"
        yield from _unequal(item, "registered_at", None)


def _unequal(item, name, expected):
    if item[name] != expected:
        yield f"{name} {item[name]!r} instead of {expected!r}"


def _one_of(item, name, texts):
    """Of several values any may be shown, and a long one cut."""
    value = item[name]
    if value is None and not texts:
        return
    value = value and words(value)
    if value is None or not any(text == value or len(value) >= 64 and text.startswith(value) for text in texts):
        yield f"{name} {value!r} instead of {texts[:3]!r}"


def entries_of(slapd):
    """{entryUUID: Entry} of a search of its own."""
    connection = slapd.connect()
    connection.set_option(ldap.OPT_TIMEOUT, 300)
    try:
        found = connection.search_s(slapd.base, ldap.SCOPE_SUBTREE, f"(objectClass={PERSON_CLASS})", ["*", "+"])
    except ldap.NO_SUCH_OBJECT:
        found = []
    finally:
        connection.unbind_s()
    entries = [Entry(dn, attributes) for dn, attributes in found if dn is not None]
    return {entry.id: entry for entry in entries}


def expected_people(slapd, store=None):
    """{id: Entry or Waiting}; an invitation whose entry exists is that entry."""
    people = entries_of(slapd)
    became = {entry.invitation for entry in people.values()}
    for identifier, item in (store.invitations if store else {}).items():
        if item.value["state"] in (*WAITING, "expired") and identifier not in became:
            people[identifier] = Waiting(identifier, item.value)
    return people


def walk(api, **parameters):
    """(items, total, counts) of all pages; NotReady when it cannot be asked, or the total changed."""
    items, cursor, totals = [], None, set()
    while True:
        answer = api.get("/api/v1/users", params={"limit": PAGE, **parameters,
                                                  **({"cursor": cursor} if cursor else {})})
        if answer.status_code == 503:
            raise NotReady(answer.text)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        totals.add((page["total"], json.dumps(page["counts"], sort_keys=True)))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if len(totals) > 1:
        raise NotReady("the total changed during the walk")
    return items, page["total"], page["counts"]


def differences(api, people):
    """What is wrong with the list, as sentences; NotReady as walk()."""
    items, total, counts = walk(api)
    found = []
    listed = collections.Counter(item["id"] for item in items)
    found += [f"{identifier} is listed {count} times" for identifier, count in listed.items() if count > 1]
    found += [f"{identifier} is missing: {_words(people[identifier])}" for identifier in people.keys() - listed.keys()]
    by_id = {item["id"]: item for item in items}
    found += [f"{identifier} is nobody: {by_id[identifier]}" for identifier in listed.keys() - people.keys()]
    for identifier in people.keys() & listed.keys():
        wrong = list(people[identifier].differences(by_id[identifier]))
        found += [f"{identifier} ({_words(people[identifier])}): {', '.join(wrong)}"] if wrong else []
    if total != len(people):
        found.append(f"the total is {total}, there are {len(people)}")
    statuses = collections.Counter(item["status"] for item in items)
    for status in STATUSES:
        if counts.get(status, 0) != statuses[status]:
            found.append(f"{counts.get(status, 0)} are counted as {status}, {statuses[status]} are listed")
    return found


def unsettled(world, seconds=SETTLE_SECONDS):
    """Wait until the list is right, reading everything anew each time; what is wrong with it after so long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            wrong = differences(world.api, expected_people(world.slapd, read_store(world.daemon)))
        except NotReady as reason:
            wrong = [str(reason)]
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.2)


def _words(person):
    return person.dn if isinstance(person, Entry) else f"invitation of {person.person['uid']}"
