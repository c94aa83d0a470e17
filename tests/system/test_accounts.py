"""The judge of people and org units that were changed through the API notices whatever is wrong with them."""

import copy
import types

import accounts
import people
import pytest
from client import Api
from ledger import Ledger
from store_file import read_store
from world import world as whole_world


@pytest.fixture(scope="module")
def world():
    with whole_world() as daemon:
        made = types.SimpleNamespace(daemon=daemon, slapd=daemon.slapd)
        made.accounts = Ledger(Api(daemon, daemon.make_token())).accounts
        for name, changes in {"calm": (), "suspended": ("suspend",), "deleted": ("suspend", "delete"),
                              "restored": ("delete", "restore")}.items():
            account = made.accounts.make(made.slapd)
            setattr(made, name, account)
            for what in changes:
                assert made.accounts.ask(account, what) == accounts.DONE
        made.unit, outcome = made.accounts.add_unit(made.slapd, "Loft")
        assert outcome == accounts.DONE
        made.accounts.wait_unit(made.unit)
        assert made.accounts.ask_unit(made.unit, "rename", "Attic") == accounts.DONE
        yield made


class Found:
    """What is there, and what is said about it; nothing of it changes the world."""

    def __init__(self, world):
        self.world = world
        self.store = copy.deepcopy(read_store(world.daemon))
        self.entries = people.entries_of(world.slapd)
        self.accounts = types.SimpleNamespace(people=copy.deepcopy(world.accounts.people),
                                              units=copy.deepcopy(world.accounts.units))

    def of(self, account):
        return next(one for one in self.accounts.people + self.accounts.units if one.name == account.name)

    def entry(self, account):
        return next(entry for entry in self.entries.values() if entry.uid == account.name)

    def audit(self, account, event):
        ids = {account.id, account.first_id}
        return [name for name, item in self.store.items.items() if name.startswith("audit/")
                and ids & {item.value.get("user"), item.value.get("org_unit")} and item.value["event"] == event]

    def judge(self):
        """{invariant: text} of what is told."""
        return {invariant: text for invariant, text, _ in accounts.breaches(
            self.accounts, self.world.slapd, self.store, self.entries)}


@pytest.fixture
def found(world):
    return Found(world)


def test_what_is_as_it_was_answered_is_no_breach(found):
    assert found.judge() == {}


def test_what_got_no_answer_may_be_either_way(world, found):
    for account, what in ((world.calm, "delete"), (world.deleted, "restore"), (world.suspended, "resume")):
        found.of(account).answered(what, None, accounts.UNKNOWN, None)
    assert found.judge() == {}


def lose_suspension(w, f):
    f.entry(w.suspended).status = "active"


def change_by_nobody(w, f):
    f.entry(w.calm).position = "Prompter"


def lose_somebody(w, f):
    del f.entries[f.entry(w.calm).id]


def bring_back(w, f):
    entry = copy.copy(f.entry(w.suspended))
    entry.uid, entry.id = w.deleted.name, w.deleted.id
    f.entries[entry.id] = entry


def double(w, f):
    entry = copy.copy(f.entry(w.restored))
    entry.id = w.restored.first_id
    f.entries[entry.id] = entry


def lose_record(w, f):
    [name] = f.audit(w.suspended, "user_suspended")
    del f.store.items[name]


def double_record(w, f):
    [name] = f.audit(w.restored, "user_restored")
    f.store.items[name + "0"] = f.store.items[name]


def lose_what_is_kept(w, f):
    for name in [name for name in f.store.items if name.startswith("trash")]:
        del f.store.items[name]


def lose_key(w, f):
    del f.store.items[f"trashkey/{w.deleted.id}"]


def keep_who_is_back(w, f):
    for kind in ("trash/", "trashkey/"):
        f.store.items[kind + w.restored.first_id] = f.store.items[kind + w.deleted.id]
    f.store.items[f"trashpart/{w.restored.first_id}/0"] = f.store.items[f"trash/{w.deleted.id}"]


def lose_unit_record(w, f):
    [name] = f.audit(w.unit, "org_unit_changed")
    del f.store.items[name]


def double_unit_addition(w, f):
    name = next(name for name, item in f.store.items.items()
                if name.startswith("audit/") and item.value["event"] == "org_unit_added")
    f.store.items[name + "0"] = f.store.items[name]


def unit_by_another_name(w, f):
    f.of(w.unit).answered("rename", "Cellar", accounts.DONE, 200)


DAMAGES = {lose_suspension: "I2", change_by_nobody: "I2", lose_somebody: "I2", bring_back: "I2", double: "I1",
           lose_record: "I11", double_record: "I11", lose_what_is_kept: "I2", lose_key: "I2",
           keep_who_is_back: "I3", lose_unit_record: "I11", double_unit_addition: "I11",
           unit_by_another_name: "I2"}


@pytest.mark.parametrize("damage, invariant", DAMAGES.items(), ids=lambda one: getattr(one, "__name__", one))
def test_a_damage_is_told(world, found, damage, invariant):
    damage(world, found)
    assert invariant in found.judge()
