"""Changes of people that are cut short by a death: afterwards they are made and recorded once, or not made at all,
and no value of a profile stands in a record."""

import json

import pytest

from client import PASSWORD, Api
from store_file import read_store
from usherd import TOP, Usherd
from wait import wait_for

FAIL = TOP / "build" / "fail"
USERS = "/api/v1/users"


class Stage:
    """Somebody in the directory and the list, and a daemon that dies where it is told to."""

    def __init__(self, daemon):
        self.daemon, self.slapd = daemon, daemon.slapd
        daemon.wait_list()
        self.api = Api(daemon, daemon.make_token())
        self.dn = f"uid=wren,{self.slapd.people}"
        self.slapd.add(self.dn, objectClass=["inetOrgPerson"], uid="wren", cn="Wren Canary", sn="Canary",
                       mail="wren@meridian.example", userPassword=PASSWORD)
        [row] = wait_for(lambda: self.api.get(USERS, params={"q": "wren"}).json()["items"], "she is listed")
        self.id = row["id"]
        self.path = f"{USERS}/{self.id}"

    def arm(self, text):
        answer = self.api.session.post(f"{self.daemon.management_url}/failpoints", text,
                                       headers={"Content-Type": "text/plain"}, timeout=10)
        assert answer.status_code == 204, answer.text

    def die(self, point, method, path, **options):
        self.arm(f"{point}=kill")
        with pytest.raises(OSError):
            self.api.call(method, path, **options)
        wait_for(lambda: self.daemon.process.poll() is not None, "it is dead")
        self.daemon.start()

    def settle(self):
        """Until nothing is written down any more: the store as it is then."""
        def settled():
            store = read_store(self.daemon)
            return store if not store.space("job") else None
        return wait_for(settled, "every intent is settled", 30, 0.2)

    def events(self, store):
        return [record["event"] for _, record in store.audit_of("user").get(self.id, [])]


@pytest.fixture
def stage(slapd, folder):
    made = Usherd(folder / "usherd", slapd, build=FAIL)
    made.configure("directory", operation_timeout="5s", connect_timeout="3s").start()
    made.wait_directory()
    yield Stage(made)
    made.destroy()


@pytest.mark.parametrize(("point", "gone"), [
    ("store.intent.before", False), ("store.intent.after", True), ("dir.user.remove.before", True),
    ("dir.user.remove.after", True), ("dir.user.gone.before", True), ("store.user_removed.before", True),
    ("store.user_removed.after", True)])
def test_a_deletion_that_was_cut_short_is_finished_or_has_not_begun(stage, point, gone):
    stage.die(point, "DELETE", stage.path)
    store = stage.settle()
    assert (stage.slapd.entry(stage.dn) is None) == gone
    assert stage.events(store) == (["user_removed"] if gone else [])
    assert (stage.id in store.space("trash"), stage.id in store.space("trashkey")) == (gone, gone)
    if gone:
        assert stage.api.post(f"{stage.path}/restore").status_code == 201
        assert stage.slapd.accepts(stage.dn, PASSWORD)


@pytest.mark.parametrize("point", ["store.intent.after", "dir.user.restore.before", "dir.user.restore.after",
                                   "store.user_restored.before", "store.user_restored.after"])
def test_a_restore_that_was_cut_short_is_finished(stage, point):
    assert stage.api.delete(stage.path).status_code == 200
    stage.die(point, "POST", f"{stage.path}/restore")
    store = stage.settle()
    assert stage.slapd.accepts(stage.dn, PASSWORD)
    assert stage.events(store) == ["user_removed", "user_restored"]
    assert not store.space("trash") and not store.space("trashkey") and not store.space("trashpart")


@pytest.mark.parametrize(("point", "done"), [
    ("dir.user.change.before", False), ("dir.user.change.after", True), ("store.user_changed.before", True),
    ("store.user_changed.after", True)])
def test_a_change_that_was_cut_short_is_recorded_when_it_was_made(stage, point, done):
    stage.die(point, "PATCH", stage.path, json={"position": "Keeper of canaries"})
    store = stage.settle()
    assert ("title" in stage.slapd.entry(stage.dn)) == done
    assert stage.events(store) == (["user_changed"] if done else [])
    records = [item.value for item in store.space("audit").values() if "user" in item.value]
    assert all(record["detail"] == {"fields": ["position"]} for record in records)
    assert "Keeper" not in json.dumps(records)


def test_every_change_has_one_record_that_says_who_asked(usherd):
    stage = Stage(usherd)
    assert stage.api.call("PATCH", stage.path, json={"position": "Keeper"}).status_code == 200
    for verb in ("suspend", "resume"):
        assert stage.api.post(f"{stage.path}/{verb}").status_code == 200
    assert stage.api.delete(stage.path).status_code == 200
    store = stage.settle()
    assert stage.events(store) == ["user_changed", "user_suspended", "user_resumed", "user_removed"]
    records = [record for _, record in store.audit_of("user")[stage.id]]
    assert {record["actor"].partition(":")[0] for record in records} == {"token"}
    assert 0 <= records[-1]["detail"]["refused_ms"] < 20000
    kept = b"".join(path.read_bytes() for path in usherd.store_path.parent.iterdir())
    assert b"wren" not in kept.lower() and b"canary" not in kept.lower()
