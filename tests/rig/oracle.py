"""The oracle: after a fault, is everything as the invariants of the design say?

It compares four things that know nothing of each other: the ledger of what was acknowledged, the store's
file (read without the daemon's code), the directory (a full search of its own) and the log. Breaches:

  I1  an invitation with two entries, an entry without an invitation, a uid with two entries
  I2  what was answered 2xx and is not there
  I3  what was refused and had an effect; what was "in progress" and does not settle
  I4  an invitation that is neither done nor has a link that works, without anybody having ended it
  I5  a mail that was acknowledged and never came, or came twice and nothing had happened to the first (posted.py);
      a queue whose parts do not fit each other, or that does not become empty
  I6  a link, a token or a password in clear in the log, the store, the arguments or the environment
  I11 a change without an audit record, two records of one change, records out of order, a chain that
      names others than those that are there

  I10 the list of people is not the directory and the store; a list of invitations that is not the store's
"""

import collections
import json
import pathlib
import re
import time

import ldap
import ldap.filter

import accounts
import people
import posted
import trail
from ledger import LOST, PASSWORD_MARK
from life import QUIET
from sink import PASSWORD as RELAY_PASSWORD
from store_file import OPEN_STATES, Damage, read_store, token_hash
from transitions import TABLE, replay

SETTLE_SECONDS = 45  # two operation timeouts, the resolver's round of 30 s, and a busy machine
TIMELINE_MAX = 64
LOG_LINES = 40  # of the daemon about an invitation, shown with a breach
PATIENCE = 5  # seconds within which full service resumes (I9): until then "try again" is an answer
# Not inside a hash, which is made of the same letters.
SECRET = re.compile(rb"(?<![A-Za-z0-9_-])us[jh]_[A-Za-z0-9_-]{20,}|usher(?:_join|d)=[A-Za-z0-9_-]{20,}|"
                    + f"{PASSWORD_MARK}|{RELAY_PASSWORD}".encode())
# What is still to be sent, and what became of it, is no change of a state: who reads it in the trail reads of each
# token that was made for it.
UNRECORDED = ("audit/", "meta/", "job/", "trash", "outbox/", "due/", "delivery/", "event/", "hooked/",
              "chain/", "known/")
USED = ("apitoken/", "session/")  # a use is written down, and is no change
WAITS_FOR_ITS_TIME = ("reminder",)  # kinds of mails that stay in the queue for days
MAYBE = (LOST, 202)  # answers that leave it open whether the registration was carried out


class Oracle:
    """One check of one world; `report(text, history)` hears of every breach."""

    def __init__(self, world, report):
        self.world, self.ledger, self._report = world, world.ledger, report
        self.breaches = 0

    def breach(self, invariant, text, invited=None, record=None):
        self.breaches += 1
        history = self.ledger.history(invited) if invited else []
        if invited:
            log = [line for line in self.world.daemon.log().splitlines() if invited.id in line]
            history += log[-LOG_LINES:]
        if record:
            history += [f"audit {revision}: {entry}" for revision, entry in record]
        self._report(f"{invariant}: {text}", history)

    # ---- wait ----

    def _state(self, invited):
        """What the API's own timeline says, or None when it does not know the invitation."""
        answer = self.world.api.get(f"/api/v1/invitations/{invited.id}")
        if answer.status_code != 200:
            return None
        return replay([entry["event"] for entry in answer.json()["timeline"] if entry["event"] in TABLE.events]).state

    def _is_quiet(self, invited):
        state = self._state(invited)
        if state is None:
            return True  # missing is not a matter of time
        return state != "claimed" and (invited.link is None or self.ledger.open(invited) != (200, "in_progress"))

    def wait_quiet(self, open_ones):
        deadline = time.monotonic() + SETTLE_SECONDS
        for invited in open_ones:
            if not invited.registrations:
                continue
            while not self._is_quiet(invited):
                if time.monotonic() > deadline:
                    self.breach("I3", f"{invited.id} is still in progress", invited)
                    break
                time.sleep(0.1)

    def wait_settled(self, store):
        """Until every change of an entry that was begun has an end; the store then."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while store.space("job"):
            if time.monotonic() > deadline:
                self.breach("I3", f"changes of entries do not settle: {sorted(store.space('job'))}")
                break
            time.sleep(0.5)
            store = read_store(self.world.daemon)
        return store

    def wait_sent(self, store):
        """Until the queue of mails is empty, when there is a relay; the store then. Whoever waits is asked to go
        at once: pauses and what is tried again would take minutes."""
        if self.ledger.post is None:
            return store
        deadline = time.monotonic() + SETTLE_SECONDS
        while waiting := mails_in(store):
            if time.monotonic() > deadline:
                self.breach("I5", f"mails stay in the queue: {[item.value for item in waiting.values()]}")
                break
            for identifier in waiting:
                self.world.api.retry_mail(identifier)
            time.sleep(0.2)
            store = read_store(self.world.daemon)
        return store

    def wait_named(self, store):
        """Until a block of the chain names every audit record; the store then."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while left := trail.unnamed(store):
            if time.monotonic() > deadline:
                self.breach("I11", f"no block names the audit records {left}")
                break
            time.sleep(0.1)
            store = read_store(self.world.daemon)
        return store

    # ---- the store against the ledger ----

    def check_acknowledged(self, store, invited):
        """I2 and I3 as far as the store tells."""
        item = store.invitations.get(invited.id)
        if item is None:
            if not invited.may_be_forgotten:
                self.breach("I2", f"invitation {invited.id} was acknowledged and is gone", invited)
            return
        state, record = item.value["state"], store.audit_of("invitation").get(invited.id)
        registered = [e for e in invited.registrations if e.status == 201]
        if registered and state != "done":
            self.breach("I2", f"{invited.id} was told done and is {state}", invited, record)
        if len({event.password for event in registered}) > 1:
            self.breach("I1", f"{invited.id}: two registrations were told done", invited, record)
        if invited.did("revoke", 204) and state != "revoked":
            self.breach("I2", f"{invited.id} was told revoked and is {state}", invited, record)
        if state == "revoked" and not invited.did("revoke", 204, LOST):
            self.breach("I3", f"{invited.id} is revoked and nobody revoked it", invited, record)
        if state == "done" and not any(e.status in (201, *MAYBE) for e in invited.registrations):
            self.breach("I4", f"{invited.id} is done and nobody finished it", invited, record)
        if state == "expired" and item.value["timeline"][-1]["at"] < int(invited.expires_at) * 1000:
            self.breach("I4", f"{invited.id} was expired before its end", invited, record)
        self._check_links(item.value, invited, record)

    def _check_links(self, stored, invited, record):
        if stored["state"] not in OPEN_STATES:
            return
        live = stored.get("tokens", [])
        arrived = invited.arrived
        if invited.links and not invited.maybe_voided and len(arrived) < posted.LINKS_SURE \
                and invited.linked_at >= invited.voided[1] and token_hash(invited.links[-1].token) not in live:
            self.breach("I2", f"{invited.id}: the newest link does not work", invited, record)
        began, ended = invited.voided
        dead = invited.links[:-1] + [link for at, link in arrived if at < began]
        for link in dead:
            if token_hash(link.token) in live:
                self.breach("I2", f"{invited.id}: a replaced link still works", invited, record)
        sure = [link for at, link in arrived if at > ended + (posted.UNDER_WAY if ended else 0)]
        for link in sure[-posted.LINKS_SURE:]:
            if not invited.maybe_voided and token_hash(link.token) not in live:
                self.breach("I4", f"{invited.id}: a link that arrived does not work", invited, record)

    def check_unacknowledged(self, store):
        """What is in the store and not in the ledger can only come from a request without an answer."""
        known = {invited.id for invited in self.ledger.snapshot()}
        for identifier, item in store.invitations.items():
            mail = item.value.get("person", {}).get("mail")
            if identifier not in known and mail not in self.ledger.lost:
                what = "was refused" if mail in self.ledger.refused else "was never asked for"
                self.breach("I3", f"invitation {identifier} is there and {what}")

    # ---- the store by itself ----

    def check_audit(self, store):
        """I11, and that the states are ways through the transition table."""
        for text in trail.breaches(store):
            self.breach("I11", f"the audit trail's chain: {text}")
        records, gone = dict(store.audit_of("invitation")), trail.trimmed_to(store)
        revisions = collections.Counter(
            item.created for item in store.space("audit").values())
        for revision, count in revisions.items():
            if count > 1:
                self.breach("I11", f"revision {revision} has {count} audit records")
        for name, item in store.items.items():
            # An intent is no change yet, and what it keeps comes and goes with it.
            if name.startswith(UNRECORDED):
                continue
            moments = {item.created} if name.startswith(USED) else {item.created, item.modified}
            if not {moment for moment in moments if moment > gone} <= set(revisions):
                self.breach("I11", f"{name} was made at {item.created} and changed at {item.modified}, "
                            "without a record")
        for identifier, item in store.invitations.items():
            record = records.pop(identifier, [])
            if item.created > gone:  # else only a part of its history is left
                self._check_record(identifier, item, record)
        for identifier, record in records.items():
            if record[-1][1]["event"] != "purged":
                self.breach("I2", f"{identifier} has audit records and is gone", None, record)

    def _check_record(self, identifier, item, record):
        stored, events = item.value, [entry["event"] for _, entry in record]
        timeline = [entry["event"] for entry in stored["timeline"]]
        told = [event for event in events if event not in QUIET]
        revisions = [revision for revision, _ in record]
        if len(timeline) < TIMELINE_MAX and timeline != told or (
                len(timeline) == TIMELINE_MAX and timeline[1:] != told[-TIMELINE_MAX + 1:]):
            self.breach("I11", f"{identifier}: timeline {timeline}, audit {events}", None, record)
        way = replay(events)
        if way.refused is not None or way.state != stored["state"]:
            self.breach("I11", f"{identifier} is {stored['state']}, its audit records lead to {way.state}"
                        f" and stop at {way.refused}", None, record)
        for count, (_, entry) in enumerate(record, 1):
            if entry["state"] != replay(events[:count]).state:
                self.breach("I11", f"{identifier}: record {count} tells another state", None, record)
        if revisions and (revisions[0], revisions[-1]) != (item.created, item.modified):
            self.breach("I11", f"{identifier} was changed without a record: made at {item.created}, "
                        f"changed at {item.modified}", None, record)

    def check_keys(self, store):
        """Secondary keys: exactly those that the invitations call for."""
        work = {identifier for identifier, item in store.invitations.items()
                if item.value["state"] in ("claimed", "created")}
        if work != set(store.space("work")):
            self.breach("I3", f"work list {sorted(store.space('work'))}, unsettled are {sorted(work)}")
        hashes = {hash_ for item in store.invitations.values()
                  for hash_ in item.value.get("tokens", []) + item.value.get("old_tokens", [])}
        if hashes != set(store.space("token")):
            self.breach("I2", f"links without an invitation or the other way round: "
                        f"{hashes ^ set(store.space('token'))}")
        self._check_reservations(store)
        self._check_queue(store)

    def _check_queue(self, store):
        """Every item has its one place, and what a log says is waiting does."""
        items = set(store.space("outbox"))
        places = [name.rpartition("/")[2] for name in store.space("due")]
        if sorted(places) != sorted(items):
            self.breach("I5", f"items without a place in the queue or the other way round: {items ^ set(places)}")
        for identifier, item in store.space("delivery").items():
            if item.value.get("waiting") and item.value["waiting"] not in items:
                self.breach("I5", f"the mail {item.value['waiting']} of {identifier} is said to wait and is not there")

    def check_mails(self, store):
        """I5 of every invitation by mail."""
        if self.ledger.post is None:
            return
        for invariant, text, invited in posted.breaches(self.ledger, store, self.world.daemon.deaths):
            self.breach(invariant, text, invited)

    def _check_reservations(self, store):
        wanted, changing = {}, {name for name, _ in store.space("job").items()}
        for identifier, item in store.invitations.items():
            if item.value["state"] in OPEN_STATES:
                for space in ("uid", "mail", "phone"):
                    if space in item.value["person"]:
                        wanted[store.sealer.name_key(space, item.value["person"][space])] = identifier
        for space in ("uid", "mail", "phone"):
            for name, item in store.space(space).items():
                key, holder = f"{space}/{name}", item.value["invitation"]
                if holder in changing:
                    continue  # a person's new address or number, until the change is settled
                if key in wanted and item.value["released_at"]:
                    self.breach("I1", f"{key} is given back while {holder} is open")
                if wanted.pop(key, holder if item.value["released_at"] else None) != holder:
                    self.breach("I4", f"{key} is held by {holder}, which does not need it")
        for key, identifier in wanted.items():
            self.breach("I1", f"{identifier} does not hold its name {key}")

    # ---- the directory ----

    def check_entries(self, store, entries):
        """I1, and that entry and state belong together."""
        by_marker, uids = collections.defaultdict(list), collections.Counter()
        for dn, entry in entries:
            by_marker[entry["usherdInvitationId"][0]].append(dn)
            uids.update(uid.lower() for uid in entry["uid"])
        known = {invited.id: invited for invited in self.ledger.snapshot()}
        for identifier, dns in by_marker.items():
            item, invited = store.invitations.get(identifier), known.get(identifier)
            if len(dns) > 1:
                self.breach("I1", f"{identifier} has {len(dns)} entries: {dns}", invited)
            if item is None:
                self.breach("I1", f"{dns[0]} belongs to no invitation: {identifier}", invited)
            elif item.value["state"] == "done" and item.value["dn"].lower() != dns[0].lower():
                self.breach("I1", f"{identifier} is done as {item.value['dn']}, not {dns[0]}", invited)
            elif item.value["state"] in ("revoked", "expired") and not any(
                    entry["event"] == "entry_created" for entry in item.value["timeline"]):
                self.breach("I3", f"{identifier} is {item.value['state']} and has {dns[0]}", invited)
        for identifier, item in store.invitations.items():
            if item.value["state"] == "done" and identifier not in by_marker:
                self.breach("I2", f"{identifier} is done and has no entry", known.get(identifier))
        for uid, count in uids.items():
            if count > 1:
                self.breach("I1", f"the uid {uid} has {count} entries")
        return by_marker

    def check_password(self, store, invited, dns):
        """The one that was acknowledged signs in; where none was, one that may have been taken."""
        item = store.invitations.get(invited.id)
        if item is None or item.value["state"] != "done" or not dns:
            return
        told = {event.password for event in invited.registrations if event.status == 201}
        maybe = {event.password for event in invited.registrations if event.status in MAYBE}
        if not any(self.world.slapd.accepts(dns[0], password) for password in told or maybe):
            what = "the password that was acknowledged" if told else "any password that was sent"
            self.breach("I2", f"{dns[0]} does not accept {what}", invited)

    def check_groups(self, store, invited, dns):
        """Whoever is done is in the groups, unless the end itself says that some could not be joined."""
        item = store.invitations.get(invited.id)
        if item is None or item.value["state"] != "done" or not dns or item.value["timeline"][-1].get("detail"):
            return
        for group in invited.groups:
            if not self.world.slapd.search(ldap.filter.filter_format("(member=%s)", [dns[0]]), group,
                                           ldap.SCOPE_BASE, ["cn"]):
                self.breach("I2", f"{dns[0]} is done and not in {group}", invited)

    def check_link(self, invited):
        """I4: what is open can be used; an administrator can always make a new link."""
        if (invited.maybe_relinked or invited.maybe_voided or invited.link is None) \
                and self.ledger.relink(invited) != 200:
            self.breach("I4", f"{invited.id}: no new link can be made", invited)
        seen = [self.ledger.open(invited, link) for link in invited.candidates]
        if (200, "pending") not in seen:
            self.breach("I4", f"{invited.id} is open and its links answer {seen}", invited)

    # ---- the list and the secrets ----

    def check_list(self, store):
        """The API shows every open invitation once, and nothing else."""
        listed, cursor = [], None
        while True:
            answer = self.world.api.get(
                "/api/v1/invitations", params={"limit": 200, **({"cursor": cursor} if cursor else {})})
            if answer.status_code != 200:
                self.breach("I10", f"the list answers {answer.status_code}: {answer.text}")
                return
            listed += [item["id"] for item in answer.json()["items"]]
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                break
        there = [identifier for identifier, item in store.invitations.items()
                 if item.value["state"] in OPEN_STATES]
        if sorted(listed) != sorted(there):
            self.breach("I10", f"listed {len(listed)}, open {len(there)}: "
                        f"{sorted(set(listed) ^ set(there))[:5]}")

    def check_accounts(self, store):
        """I1, I2, I3 and I11 of people and org units that were changed through the API."""
        for invariant, text, history in accounts.breaches(
                self.ledger.accounts, self.world.slapd, store, people.entries_of(self.world.slapd)):
            self.breaches += 1
            self._report(f"{invariant}: {text}", history)

    def check_people(self):
        """I10: after a while without changes, the list of people is what directory and store hold."""
        wrong = people.unsettled(self.world)
        if wrong:
            self.breaches += 1
            self._report(f"I10: the list of people is wrong in {len(wrong)} places", wrong[:people.SHOWN])

    def check_secrets(self):
        """I6, in whatever the daemon has written and what everybody may see of its process."""
        daemon = self.world.daemon
        places = [daemon.log_path, *daemon.store_path.parent.iterdir()]
        if daemon.process is not None:
            places += [pathlib.Path(f"/proc/{daemon.process.pid}/{name}") for name in ("cmdline", "environ")]
        for path in places:
            found = SECRET.search(path.read_bytes())
            if found:
                self.breach("I6", f"a secret in {path.name}: {found.group()[:12]!r}...")

    # ---- all of it ----

    def check_store(self, store, acknowledged):
        """The part that needs no running daemon: a copy of the store against what was acknowledged."""
        for name, item in store.items.items():
            found = SECRET.search(json.dumps([name, item.value, item.parts]).encode())
            if found:
                self.breach("I6", f"a secret in the value of {name}: {found.group()[:12]!r}...")
        for invited in acknowledged:
            self.check_acknowledged(store, invited)
        self.check_audit(store)
        self.check_keys(store)

    def check(self):
        """Everything, on a running daemon that nobody asks anything meanwhile."""
        before = self.breaches
        everybody = self.ledger.snapshot()
        open_ones = [invited for invited in everybody if not invited.settled]
        self.wait_quiet(open_ones)
        try:
            store = self.wait_named(self.wait_sent(self.wait_settled(read_store(self.world.daemon))))
        except Damage as damage:
            self.breach("I2", f"the store is damaged: {damage}")
            return False
        entries = self.world.slapd.search(
            "(usherdInvitationId=*)", attributes=["usherdInvitationId", "uid"])
        self.judge(store, entries, everybody, open_ones)
        self.check_list(store)
        self.check_accounts(store)
        self.check_people()
        self.check_mails(store)
        self.check_secrets()
        return self.breaches == before

    def judge(self, store, entries, everybody, open_ones):
        """What was found, against the ledger; those in `open_ones` are tried."""
        self.check_store(store, everybody)
        self.check_unacknowledged(store)
        by_marker = self.check_entries(store, entries)
        for invited in open_ones:
            item = store.invitations.get(invited.id)
            self.check_password(store, invited, by_marker.get(invited.id))
            self.check_groups(store, invited, by_marker.get(invited.id))
            if item is not None and item.value["state"] in OPEN_STATES:
                self.check_link(invited)
            elif item is not None:
                invited.settled = True


def mails_in(store):
    """{id: Item} of the queue's mails that do not wait for their time."""
    return {identifier: item for identifier, item in store.space("outbox").items()
            if item.value["kind"] not in ("hook", *WAITS_FOR_ITS_TIME)}


def check(world, run, finish=True):
    """All invariants; with `finish`, everybody whose link is said to work uses it, and all is checked
    again. The number of breaches."""
    oracle = Oracle(world, run.violation)
    oracle.check()
    if finish:
        finish_open(world, oracle)
        oracle.check()
    return oracle.breaches


def finish_open(world, oracle):
    """I4 is no promise on paper: the link registers its person."""
    for invited in world.ledger.snapshot():
        if invited.settled or not invited.registrations:
            continue
        link = next((link for link in invited.candidates if world.ledger.open(invited, link) == (200, "pending")), None)
        deadline = time.monotonic() + PATIENCE
        while (status := world.ledger.register(invited, link=link)) == 503 and time.monotonic() < deadline:
            time.sleep(0.1)
        if status not in (201, 202):
            oracle.breach("I4", f"{invited.id}: its link worked, and registering answers {status}", invited)
