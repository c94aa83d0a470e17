"""The oracle sees what it is there for: each breach, made by hand in what it reads, is told; nothing else is.

One small world with an invitation of every kind; then, on a copy of what was read from it, one thing is changed
at a time.
"""

import copy
import time
import types

import ldap
import pytest

from client import Api, Link
from ledger import Event, Ledger, Registration
from oracle import SECRET, Oracle, check
from people import differences, entries_of, expected_people, unsettled
from store_file import Damage, Item, Sealer, read_store
from wait import wait_for
from world import world as whole_world


@pytest.fixture(scope="module")
def world():
    with whole_world(sink=True, directory={"operation_timeout": "1s", "connect_timeout": "1s"}) as daemon:
        api = Api(daemon, daemon.make_token())
        made = types.SimpleNamespace(daemon=daemon, slapd=daemon.slapd, api=api,
                                     ledger=Ledger(api, sink=daemon.sink))
        made.group = f"cn=vault-access,{daemon.slapd.groups}"
        made.done = made.ledger.invite(groups=[made.group])
        made.pending, made.revoked, made.relinked = (made.ledger.invite() for _ in range(3))
        assert made.ledger.register(made.done) == 201
        assert made.ledger.revoke(made.revoked) == 204
        assert made.ledger.relink(made.relinked) == 200
        made.mailed = made.ledger.invite(method="email")
        wait_for(lambda: made.mailed.link, "its mail has arrived")
        wait_for(lambda: not api.mail_queue(), "the queue is empty")
        yield made


class Found:
    """What the oracle reads, and what it says about it."""

    def __init__(self, world):
        self.world, self.told = world, []
        self.store = copy.deepcopy(read_store(world.daemon))
        self.entries = world.slapd.search("(usherdInvitationId=*)", attributes=["usherdInvitationId", "uid"])
        self.oracle = Oracle(world, lambda text, history: self.told.append(text))

    def judge(self):
        everybody = self.world.ledger.snapshot()
        self.oracle.judge(self.store, self.entries, everybody, everybody)
        self.oracle.check_mails(self.store)
        return {text.partition(":")[0] for text in self.told}

    def invitation(self, invited):
        return self.store.items[f"invitation/{invited.id}"]

    def audit(self, invited):
        return [key for key, item in sorted(self.store.items.items(), key=lambda pair: pair[1].created)
                if key.startswith("audit/") and item.value.get("invitation") == invited.id]


@pytest.fixture
def found(world):
    return Found(world)


def test_a_sound_world_has_no_breach(world, found):
    assert found.judge() == set(), found.told
    assert check(world, types.SimpleNamespace(violation=print), finish=False) == 0


def lose_pending(w, f):
    del f.store.items[f"invitation/{w.pending.id}"]


def lose_done(w, f):
    f.invitation(w.done).value["state"] = "pending"


def lose_revocation(w, f):
    f.invitation(w.revoked).value["state"] = "pending"


def lose_new_link(w, f):
    f.invitation(w.relinked).value["tokens"] = []


def keep_old_link(w, f):
    stored = f.invitation(w.relinked).value
    stored["tokens"] += stored.pop("old_tokens")


def lose_entry(w, f):
    f.entries.clear()


def double_entry(w, f):
    f.entries.append((f.entries[0][0].replace("uid=", "uid=second-"), f.entries[0][1]))


def entry_of_nobody(w, f):
    f.entries.append(("uid=stray,dc=example",
                      {"usherdInvitationId": ["00000000-0000-7000-8000-000000000000"], "uid": ["stray"]}))


def entry_of_revoked(w, f):
    f.entries.append(("uid=stray,dc=example", {"usherdInvitationId": [w.revoked.id], "uid": ["stray"]}))


def entry_elsewhere(w, f):
    f.entries[0] = ("uid=elsewhere,dc=example", f.entries[0][1])


def lose_audit_record(w, f):
    del f.store.items[f.audit(w.done)[1]]


def double_audit_record(w, f):
    last = f.audit(w.done)[-1]
    f.store.items[last + "-again"] = copy.deepcopy(f.store.items[last])


def swap_audit_records(w, f):
    first, second = (f.store.items[key] for key in f.audit(w.done)[1:3])
    first.value, second.value = second.value, first.value


def edit_record(w, f):
    item = f.store.items[f.audit(w.done)[1]]
    item.line = item.line.replace(b'"actor":"', b'"actor":"un')


def edit_source(w, f):
    [*_, item] = (item for item in f.store.space("audit").values() if item.parts)
    next(iter(item.parts.values()))["value"] += "0"


def lose_source(w, f):
    [*_, item] = (item for item in f.store.space("audit").values() if item.parts)
    item.parts = {}


def lose_mark(w, f):
    del f.store.items["meta/chain"]


def lose_block(w, f):
    del f.store.items["chain/0000000000000001"]


def edit_block(w, f):
    f.store.items["chain/0000000000000001"].value["records"].pop()


def change_without_record(w, f):
    f.invitation(w.pending).modified += 1


def false_state_in_record(w, f):
    f.store.items[f.audit(w.done)[1]].value["state"] = "done"


def stray_work(w, f):
    f.store.items[f"work/{w.pending.id}"] = copy.copy(f.invitation(w.pending))


def stray_link(w, f):
    f.store.items["token/AAAA"] = copy.copy(f.invitation(w.pending))


def lose_reservation(w, f):
    key = f.store.sealer.name_key("uid", w.pending.uid)
    del f.store.items[key]


def give_reservation_back(w, f):
    """Somebody else could take it soon."""
    f.store.items[f.store.sealer.name_key("uid", w.pending.uid)].value["released_at"] = 1


def expire_too_soon(w, f):
    stored, at = f.invitation(w.pending), int(time.time() * 1000)
    stored.value["state"] = "expired"
    stored.value["timeline"].append({"at": at, "event": "expired"})
    last = f.store.items[f.audit(w.pending)[-1]]
    record = copy.deepcopy(last)
    record.value.update(event="expired", state="expired")
    stored.modified = record.created = record.modified = max(i.modified for i in f.store.items.values()) + 1
    f.store.items["audit/of-the-expiry"] = record


def key_without_record(w, f):
    key = f.store.sealer.name_key("uid", w.pending.uid)
    f.store.items[key].modified = max(item.modified for item in f.store.items.values()) + 1


def clear_link_in_value(w, f):
    f.invitation(w.pending).value["note"] = w.pending.link.url


def lost_reservation(w, f):
    """A name that nobody can ever have again."""
    key = f.store.sealer.name_key("uid", w.pending.uid)
    f.store.items["uid/of-nobody"] = copy.deepcopy(f.store.items[key])
    f.store.items["uid/of-nobody"].value["invitation"] = w.revoked.id


def lose_mailed_link(w, f):
    f.invitation(w.mailed).value["tokens"] = []


def item_without_place(w, f):
    f.store.items["outbox/00000000-0000-7000-8000-000000000000"] = Item(1, 1, {"kind": "invitation"})


def place_without_item(w, f):
    f.store.items["due/m/0000000000000001/00000000-0000-7000-8000-000000000000"] = Item(1, 1, "")


def wait_for_nothing(w, f):
    f.store.items[f"delivery/{w.mailed.id}"].value["waiting"] = "00000000-0000-7000-8000-000000000000"


def relay_password_in_value(w, f):
    f.invitation(w.mailed).value["note"] = w.daemon.sink.password


BREACHES = [
    (lose_pending, "I2"), (lose_done, "I2"), (lose_revocation, "I2"), (lose_new_link, "I2"),
    (keep_old_link, "I2"), (lose_entry, "I2"), (double_entry, "I1"), (entry_of_nobody, "I1"),
    (entry_of_revoked, "I3"), (entry_elsewhere, "I1"), (lose_audit_record, "I11"),
    (double_audit_record, "I11"), (swap_audit_records, "I11"), (change_without_record, "I11"),
    (edit_record, "I11"), (lose_block, "I11"), (lose_source, "I11"), (lose_mark, "I11"),
    (edit_block, "I11"), (false_state_in_record, "I11"), (stray_work, "I3"), (stray_link, "I2"), (lose_reservation, "I1"),
    (lost_reservation, "I4"), (give_reservation_back, "I1"), (expire_too_soon, "I4"),
    (key_without_record, "I11"), (clear_link_in_value, "I6"), (lose_mailed_link, "I4"),
    (item_without_place, "I5"), (place_without_item, "I5"), (wait_for_nothing, "I5"), (relay_password_in_value, "I6"),
]


@pytest.mark.parametrize("breach, invariant", BREACHES, ids=[breach.__name__ for breach, _ in BREACHES])
def test_a_breach_in_what_is_stored_is_told(world, found, breach, invariant):
    breach(world, found)
    assert invariant in found.judge(), found.told


def registration(invited, status):
    return Registration(status, invited.link, "harbour-lantern that was never sent", None)


# (whose ledger, whether what really happened stays in it, what is written there, the invariant)
FALSE_LEDGERS = {
    "told done, and it is not": ("pending", True, lambda i: registration(i, 201), "I2"),
    "two told done, with two passwords": ("done", True, lambda i: registration(i, 201), "I1"),
    "done with a password that was never sent": ("done", False, lambda i: registration(i, 202), "I2"),
    "used by nobody": ("done", False, lambda i: registration(i, 503), "I4"),
    "revoked by nobody": ("revoked", False, lambda i: Event("revoke", 503), "I3"),
}


@pytest.mark.parametrize("who, keep, event, invariant", FALSE_LEDGERS.values(), ids=FALSE_LEDGERS)
def test_what_was_answered_and_is_not_so_is_told(world, found, who, keep, event, invariant):
    invited = getattr(world, who)
    before = list(invited.history)
    try:
        invited.history[1 if not keep else len(before):] = [event(invited)]
        assert invariant in found.judge(), found.told
    finally:
        invited.history[:] = before


def test_an_invitation_that_was_refused_and_is_there_is_told(world, found):
    ledger = world.ledger
    ledger.invited.remove(world.pending)
    ledger.refused.append(world.pending.mail)
    try:
        assert "I3" in found.judge(), found.told
    finally:
        ledger.refused.remove(world.pending.mail)
        ledger.invited.append(world.pending)


def test_an_open_invitation_whose_link_fails_is_told(world, found, monkeypatch):
    monkeypatch.setattr(world.ledger, "open", lambda invited, link=None: (410, "used"))
    assert "I4" in found.judge(), found.told


def test_a_group_that_lacks_somebody_is_told(world, found):
    [(dn, _)] = found.entries
    connection = world.slapd.connect()
    try:
        connection.modify_s(world.group, [(ldap.MOD_DELETE, "member", dn.encode())])
        assert "I2" in found.judge(), found.told
    finally:
        connection.modify_s(world.group, [(ldap.MOD_ADD, "member", dn.encode())])
        connection.unbind_s()


def test_a_list_that_lacks_somebody_is_told(world, found):
    identifier = f"invitation/{world.pending.id}"
    found.store.items[identifier + "x"] = found.store.items[identifier]
    found.oracle.check_list(found.store)
    assert found.told and found.told[0].startswith("I10")


def test_a_secret_in_the_log_is_told(world, found):
    found.oracle.check_secrets()
    assert found.told == []
    with open(world.daemon.log_path, "a", encoding="utf-8") as log:
        log.write(f"{world.pending.link.token}\n")
    found.oracle.check_secrets()
    text = world.daemon.log()
    world.daemon.log_path.write_text(text.replace(world.pending.link.token, ""))
    assert found.told and found.told[0].startswith("I6")


def test_every_secret_of_the_ledger_is_one_that_the_oracle_looks_for(world):
    assert SECRET.search(world.pending.link.token.encode())
    assert SECRET.search(world.done.registrations[0].password.encode())
    assert SECRET.search(world.api.session.headers["Authorization"].encode())


def test_a_value_that_was_moved_does_not_open(world):
    sealer = Sealer(world.daemon.key_path)
    with pytest.raises(Damage):
        sealer.open("invitation/x", bytes([1]) + sealer._id + bytes(60))  # pylint: disable=protected-access


# ---- mails ----

@pytest.fixture
def mails(world):
    """What has arrived for `mailed`, to be changed."""
    posted = world.ledger.post._mails[world.mailed.id]  # pylint: disable=protected-access
    before = list(posted)
    yield posted
    posted[:] = before


def again(posted):
    """The same item's next attempt, a second later, with a link of its own."""
    letter = types.SimpleNamespace(links=[Link("http://localhost/join/usj_" + "B" * 43)])
    return posted._replace(mail=posted.mail._replace(at=posted.at + 1), attempt=posted.attempt + 1, letter=letter)


def test_a_mail_that_came_twice_is_told_unless_it_had_a_cause(world, found, mails):
    first, second = mails[0], again(mails[0])
    mails.append(second)
    post, daemon = world.ledger.post, world.daemon
    assert "I5" in found.judge(), found.told
    for cause in (daemon.deaths, post.sink.kept_in_silence):
        cause.append(first.at + 0.5 if cause is daemon.deaths else first.mail)
        assert "I5" not in Found(world).judge()
        cause.clear()
    post.unknown(first.mail.recipient)
    late = second._replace(mail=second.mail._replace(at=time.time() + 1))
    assert post.is_excused(first, late, [])
    assert not post.is_excused(first._replace(mail=first.mail._replace(recipients=["x@y.example"])), late, [])


def test_a_mail_to_somebody_else_is_told(world, found, mails):
    mails[0] = mails[0]._replace(mail=mails[0].mail._replace(recipients=["somebody@else.example"]))
    assert "I5" in found.judge(), found.told


def test_a_link_that_was_ended_and_still_works_is_told(world, found):
    before = world.mailed.voided
    world.mailed.voided = (time.time(), time.time())
    try:
        assert "I2" in found.judge(), found.told
    finally:
        world.mailed.voided = before


def test_a_mail_that_never_came_is_told(world, found, mails):
    """The last of these: without any link the oracle has a new one made."""
    mails.clear()
    assert "I5" in found.judge(), found.told
    world.mailed.must_arrive = False
    assert "I5" not in Found(world).judge()
    world.mailed.must_arrive = True


# ---- the list of people ----

def forget(w, people):
    del people[w.pending.id]


def suspend(w, people):
    people[entry_id(w)].status = "suspended"


def expire(w, people):
    people[w.pending.id].expired = True


def entry_id(w):
    return next(identifier for identifier, entry in entries_of(w.slapd).items()
                if entry.invitation == w.done.id)


@pytest.mark.parametrize("change", [forget, suspend, expire])
def test_a_list_of_people_that_is_wrong_is_told(world, change):
    assert unsettled(world) == []
    people = expected_people(world.slapd, read_store(world.daemon))
    assert differences(world.api, people) == []
    change(world, people)
    assert len(differences(world.api, people)) >= 1
