"""The groups of somebody who is in the directory already: joined and left as one list, by those who may."""

import threading

import pytest

from client import PASSWORD, Api
from proxy import Proxy
from signing import ADMINISTRATOR, AUDITOR, INVITER, ORDINARY, OTHER_ADMINISTRATOR, Console, add_group, dn_of
from signing import registry, with_roles
from store_file import read_store
from usherd import TOP, Usherd
from wait import wait_for

FAIL = TOP / "build" / "fail"
USERS = "/api/v1/users"


class Office:
    """Everybody's groups through the API."""

    def __init__(self, daemon):
        daemon.wait_list()
        self.daemon, self.slapd = daemon, daemon.slapd
        self.api = Api(daemon, daemon.make_token())

    def group(self, name):
        return f"cn={name},{self.slapd.groups}"

    def id_of(self, uid):
        def found():
            items = self.api.get(USERS, params={"q": uid}).json()["items"]
            return [item["id"] for item in items if item["uid"] == uid]
        return wait_for(found, f"{uid} is in the list")[0]

    def show(self, uid):
        answer = self.api.get(f"{USERS}/{self.id_of(uid)}")
        assert answer.status_code == 200, answer.text
        return answer

    def groups_of(self, uid):
        """As slapd has them."""
        dn = dn_of(self.slapd, uid)
        return sorted(group for group, _ in self.slapd.search(f"(&(objectClass=groupOfNames)(member={dn}))"))

    def put(self, uid, *groups, by=None, headers=None, **more):
        return (by or self.api).call("PATCH", f"{USERS}/{self.id_of(uid)}", json={"groups": list(groups), **more},
                                     headers=headers)

    def records(self, uid):
        items = self.api.get("/api/v1/audit", params={"about": self.id_of(uid)}).json()["items"]
        return [item for item in items if item["event"] == "user_changed"]


@pytest.fixture
def desk(slapd, make_usherd):
    """The administrators are a chief, and a deputy by a group in the group. usherd may write these groups, which the
    recommended slapd.conf keeps from it."""
    daemon = with_roles(make_usherd(slapd))
    chief, deputy = dn_of(slapd, ADMINISTRATOR), dn_of(slapd, OTHER_ADMINISTRATOR)
    for dn in (chief, deputy):
        slapd.take_member(f"cn=usherd-administrators,{slapd.groups}", dn)
    pagers = add_group(slapd, "pagers", deputy)
    daemon.configure("directory", admin_group=add_group(slapd, "chiefs", chief, pagers)).start()
    daemon.wait_directory()
    return Office(daemon)


def refused(answer, status, field, code):
    assert answer.status_code == status, answer.text
    assert (field, code) in [(error["field"], error["code"]) for error in answer.json()["errors"]], answer.text


# ---- joined, left ----

def test_the_list_is_what_they_are_in_afterwards(desk):
    before = desk.groups_of(ORDINARY)
    assert before
    both = sorted([desk.group("vault-access"), desk.group("field-crew")])
    answer = desk.put(ORDINARY, *both)
    assert answer.status_code == 200, answer.text
    assert sorted(answer.json()["groups"]) == desk.groups_of(ORDINARY) == both
    [record] = desk.records(ORDINARY)
    assert record["detail"]["fields"] == ["groups"]
    assert sorted(record["detail"]["groups_before"]) == before and sorted(record["detail"]["groups"]) == both
    # The same once more, in another spelling and twice, is no change.
    again = desk.put(ORDINARY, both[0].replace("cn=", "CN = "), *both)
    assert again.status_code == 200 and again.headers["ETag"] == answer.headers["ETag"]
    assert len(desk.records(ORDINARY)) == 1
    # Together with something else, it is one change.
    assert desk.put(ORDINARY, both[0], position="Keeper of keys").status_code == 200
    assert desk.groups_of(ORDINARY) == [both[0]]
    assert desk.records(ORDINARY)[0]["detail"]["fields"] == ["position", "groups"]
    assert desk.put(ORDINARY).status_code == 200 and desk.groups_of(ORDINARY) == []


def test_what_is_no_group_is_named_and_nothing_is_done(desk):
    before = desk.groups_of(ORDINARY)
    known, unknown = desk.group("vault-access"), desk.group("no-such-group")
    refused(desk.put(ORDINARY, known, unknown), 422, "groups[1]", "not_found")
    refused(desk.put(ORDINARY, known, "vault-access"), 422, "groups[1]", "invalid")
    refused(desk.put(ORDINARY, dn_of(desk.slapd, AUDITOR)), 422, "groups[0]", "not_found")
    answer = desk.api.call("PATCH", f"{USERS}/{desk.id_of(ORDINARY)}", json={"groups": None})
    refused(answer, 400, "groups", "wrong_type")
    refused(desk.put(ORDINARY, *[desk.group(f"g{n}") for n in range(33)]), 400, "groups", "too_long")
    assert desk.groups_of(ORDINARY) == before and desk.records(ORDINARY) == []


def spellings(dn):
    """The same name to slapd, and other bytes: spaces in front, behind and twice, full-width letters."""
    name, rest = dn[3:].split(",", 1)
    places = rest.replace("ou=groups", "ou=groups\\20", 1)
    return [f"cn=\\20{name},{rest}", f"CN={name}\\20,{rest}", f"cn={name},{places}",
            f"cn={chr(ord(name[0]) + 0xfee0)}{name[1:]},{rest}"]


def invite(desk, api, letter, *groups):
    """The answer to an invitation into these, and what a form is told of them before it."""
    of = {"given_name": "Ada", "family_name": f"Wick{letter}", "gender": "other", "birthday": "1990-01-01",
          "mail": f"ada.{letter}@meridian.example", "org_unit": registry(desk.slapd), "method": "link",
          "groups": list(groups)}
    told = api.call("POST", "/api/v1/invitations/preflight", json=of)
    assert told.status_code == 200, told.text
    return api.call("POST", "/api/v1/invitations", json=of), told.json()["errors"]


def test_a_group_has_many_spellings_and_is_one(desk):
    mine = add_group(desk.slapd, "ladder", f"cn=nobody,{desk.slapd.groups}")
    ours, spaced = desk.groups_of(ORDINARY), desk.group("night  watch")
    desk.slapd.add(desk.group("night watch"), objectClass="groupOfNames", cn="night watch",
                   member=[f"cn=nobody,{desk.slapd.groups}"])
    for number, spelling in enumerate(spellings(mine)):
        answer = desk.put(ORDINARY, *ours, spelling, mine, spelling)
        assert answer.status_code == 200 and sorted(answer.json()["groups"]) == sorted([*ours, mine]), answer.text
        assert desk.groups_of(ORDINARY) == sorted([*ours, mine])
        assert sorted(desk.records(ORDINARY)[0]["detail"]["groups"]) == sorted([*ours, mine])
        # By any name they are in it already: nothing is done, nothing recorded.
        assert desk.put(ORDINARY, *ours, spelling).status_code == 200
        assert desk.groups_of(ORDINARY) == sorted([*ours, mine])
        assert len(desk.records(ORDINARY)) == 2 * number + 1, spelling
        assert desk.put(ORDINARY, *ours).status_code == 200
        answer, errors = invite(desk, desk.api, "abcd"[number], spelling, mine)
        assert answer.status_code == 201 and answer.json()["groups"] == [mine], answer.text
        assert errors == []
    assert desk.put(ORDINARY, *ours, spaced).status_code == 200
    assert desk.group("night watch") in desk.records(ORDINARY)[0]["detail"]["groups"]
    assert spaced not in desk.records(ORDINARY)[0]["detail"]["groups"]


def test_a_role_is_not_had_by_another_spelling_of_its_group(desk):
    token = Api(desk.daemon, desk.daemon.make_token(name="people", scopes="users:read,users:write"))
    ours, number = desk.groups_of(ORDINARY), 0
    # One that gives a role, and one that is in it.
    for group in (desk.group("chiefs"), desk.group("pagers")):
        for spelling in spellings(group):
            refused(desk.put(ORDINARY, *ours, spelling, by=token), 422, f"groups[{len(ours)}]", "not_allowed")
            answer, errors = invite(desk, desk.api, "abcdefgh"[number], spelling)
            refused(answer, 422, "groups[0]", "not_allowed")
            assert [(e["field"], e["code"]) for e in errors] == [("groups[0]", "not_allowed")]
            number += 1
    assert desk.groups_of(ORDINARY) == ours
    assert desk.records(ORDINARY) == []
    # Who may give it has it recorded.
    assert desk.put(ORDINARY, *ours, spellings(desk.group("chiefs"))[0]).status_code == 200
    assert desk.group("chiefs") in desk.records(ORDINARY)[0]["detail"]["groups"]


def test_the_last_member_leaves_a_group_to_itself(desk):
    """groupOfNames cannot be without one (RFC 4519 section 3.5); who comes next takes the place."""
    lone = add_group(desk.slapd, "lone", dn_of(desk.slapd, ORDINARY))
    assert desk.put(ORDINARY).status_code == 200
    assert desk.slapd.entry(lone)["member"] == [lone]
    assert desk.put(INVITER, *desk.groups_of(INVITER), lone).status_code == 200
    assert desk.slapd.entry(lone)["member"] == [dn_of(desk.slapd, INVITER)]


def test_groups_that_another_administrator_changed_are_a_conflict(desk):
    """No version of the entry tells of its groups, and yet nobody's change is lost."""
    seen = desk.show(ORDINARY)
    groups, tag = seen.json()["groups"], {"If-Match": seen.headers["ETag"]}
    first, second = (add_group(desk.slapd, name, f"cn=nobody,{desk.slapd.groups}") for name in ("first", "second"))
    assert desk.put(ORDINARY, *groups, first, headers=tag).status_code == 200
    lost = desk.put(ORDINARY, *groups, second, headers=tag)
    assert lost.status_code == 412, lost.text
    assert first in desk.groups_of(ORDINARY) and second not in desk.groups_of(ORDINARY)
    # To somebody who changes something else they are nothing.
    path = f"{USERS}/{desk.id_of(ORDINARY)}"
    assert desk.api.call("PATCH", path, json={"position": "Keeper"}, headers=tag).status_code == 200
    now = desk.show(ORDINARY)
    answer = desk.put(ORDINARY, *now.json()["groups"], second, headers={"If-Match": now.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    assert {first, second} <= set(desk.groups_of(ORDINARY))


def test_two_administrators_at_once_lose_nothing(desk):
    """Without a version each asks for what they name: what is there is the list of one of them, and never none."""
    first, second = desk.group("vault-access"), desk.group("field-crew")
    answers = []
    threads = [threading.Thread(target=lambda group=group: answers.append(desk.put(ORDINARY, group)))
               for group in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 503}, [answer.text for answer in answers]
    done = [answer for answer in answers if answer.status_code == 200]
    assert len(done) == len(desk.records(ORDINARY)) > 0
    assert desk.groups_of(ORDINARY) in ([first], [second])


# ---- roles ----

def test_a_role_begins_and_ends_with_the_group(desk):
    chiefs, pagers = desk.group("chiefs"), desk.group("pagers")
    ours = desk.groups_of(ORDINARY)
    chief = Console(desk.daemon).sign_in(ADMINISTRATOR)
    assert Console(desk.daemon).try_to_sign_in(ORDINARY).status_code in (401, 403)
    assert desk.put(ORDINARY, *ours, pagers, by=chief).status_code == 200
    newcomer = Console(desk.daemon).sign_in(ORDINARY)
    assert newcomer.whoami().json()["roles"] == ["administrator"]
    # Their own role nobody ends by this, in whichever way they have it.
    themselves = desk.put(ORDINARY, *ours, by=newcomer)
    assert (themselves.status_code, themselves.json()["reason"]) == (409, "self"), themselves.text
    assert desk.put(ORDINARY, *ours, chiefs, by=newcomer).status_code == 200
    assert newcomer.is_signed_in()
    assert desk.put(ORDINARY, *ours, by=chief).status_code == 200
    wait_for(lambda: not newcomer.is_signed_in(), "their session has ended", 5)


def test_the_last_administrator_stays_one(desk):
    chiefs, pagers = desk.group("chiefs"), desk.group("pagers")
    assert desk.put(OTHER_ADMINISTRATOR).status_code == 200
    last = desk.put(ADMINISTRATOR)
    assert (last.status_code, last.json()["reason"]) == (409, "last_administrator"), last.text
    assert chiefs in desk.groups_of(ADMINISTRATOR)
    # Nor as the only one who is in a group of the group.
    assert desk.put(ADMINISTRATOR, pagers).status_code == 200
    assert desk.groups_of(ADMINISTRATOR) == [pagers]
    path = f"{USERS}/{desk.id_of(ADMINISTRATOR)}"
    for answer in (desk.put(ADMINISTRATOR), desk.api.delete(path), desk.api.post(f"{path}/suspend")):
        assert (answer.status_code, answer.json()["reason"]) == (409, "last_administrator"), answer.text
    assert desk.put(OTHER_ADMINISTRATOR, chiefs).status_code == 200
    assert desk.put(ADMINISTRATOR).status_code == 200


def test_a_role_is_not_left_for_a_group_that_refuses(desk):
    """It leads to the role, and is kept from usherd: they stay where they were, also by their own hand."""
    chiefs, kept, mine = desk.group("chiefs"), desk.group("usherd-administrators"), desk.group("vault-access")
    desk.slapd.add_member(chiefs, kept)
    chief = Console(desk.daemon).sign_in(ADMINISTRATOR)
    assert desk.put(OTHER_ADMINISTRATOR).status_code == 200
    before = desk.groups_of(ADMINISTRATOR)
    for by in (None, chief):
        refused(desk.put(ADMINISTRATOR, kept, by=by), 422, "groups[0]", "refused")
        assert desk.groups_of(ADMINISTRATOR) == before
    answer = desk.put(ADMINISTRATOR, kept, mine, by=chief)
    assert answer.status_code == 200 and "none was left" in answer.json()["detail"], answer.text
    assert desk.groups_of(ADMINISTRATOR) == sorted({*before, mine})
    assert chief.is_signed_in()


def test_a_group_that_usherd_may_not_write_is_told(slapd, make_usherd):
    """The recommended slapd.conf keeps the administrators' group from usherd."""
    daemon = with_roles(make_usherd(slapd)).start()
    daemon.wait_directory()
    desk = Office(daemon)
    admins, mine = desk.group("usherd-administrators"), desk.group("night-shift")
    add_group(slapd, "night-shift", f"cn=nobody,{slapd.groups}")
    ours = desk.groups_of(ORDINARY)
    answer = desk.put(ORDINARY, *ours, admins)
    refused(answer, 422, f"groups[{len(ours)}]", "refused")
    assert admins in answer.text and "Insufficient access" in answer.text
    answer = desk.put(ORDINARY, *ours, admins, mine)
    assert answer.status_code == 200 and admins in answer.json()["detail"], answer.text
    assert desk.groups_of(ORDINARY) == sorted([*ours, mine])
    assert admins not in desk.records(ORDINARY)[0]["detail"]["groups"]


def test_whoever_has_less_hands_out_no_role(slapd, make_usherd):
    keeper = dn_of(slapd, OTHER_ADMINISTRATOR)
    slapd.take_member(f"cn=usherd-administrators,{slapd.groups}", keeper)
    daemon = with_roles(make_usherd(slapd)).configure("role keepers", group=add_group(slapd, "keepers", keeper),
                                                      role="administrator", org_unit=registry(slapd))
    # Groups in the keeper's reach: one gives a role by being in a group that does.
    readers, watchers = f"cn=readers,{registry(slapd)}", f"cn=watchers,{registry(slapd)}"
    clerk = "nguyen.thi.huong"
    slapd.take_member(f"cn=usherd-inviters,{slapd.groups}", dn_of(slapd, clerk))
    for group in (readers, watchers):
        slapd.add(group, objectClass="groupOfNames", cn=group[3:].split(",")[0], member=[f"cn=nobody,{slapd.groups}"])
    daemon.start()
    daemon.wait_directory()
    slapd.add_member(f"cn=auditors,{slapd.groups}", watchers)
    desk = Office(daemon)
    assert desk.put(clerk).status_code == 200
    limited = Console(daemon).sign_in(OTHER_ADMINISTRATOR)
    assert desk.put(clerk, readers, by=limited).status_code == 200
    refused(desk.put(clerk, readers, watchers, by=limited), 422, "groups[1]", "not_allowed")
    refused(desk.put(clerk, readers, desk.group("vault-access"), by=limited), 422, "groups[1]", "not_found")
    # What is out of reach is not shown and stays.
    assert desk.put(clerk, readers, desk.group("vault-access")).status_code == 200
    shown = limited.get(f"{USERS}/{desk.id_of(clerk)}").json()["groups"]
    assert shown == [readers]
    assert desk.put(clerk, by=limited).status_code == 200
    assert desk.groups_of(clerk) == [desk.group("vault-access")]
    records = limited.get("/api/v1/audit", params={"about": desk.id_of(clerk)}).json()["items"]
    told = {dn for record in records for name in ("groups_before", "groups") for dn in record["detail"].get(name, [])}
    assert told == {readers}
    # Nor is it told by naming it, or by the version: one who is in the same groups has another.
    refused(desk.put(clerk, desk.group("vault-access"), by=limited), 422, "groups[0]", "not_found")
    others = [desk.show(uid).headers["ETag"].strip('"')[-16:] for uid in (clerk, ORDINARY)
              if desk.put(uid, desk.group("vault-access")).status_code == 200]
    assert len(others) == len(set(others)) == 2
    # A token that may change people is no administrator.
    token = Api(daemon, daemon.make_token(name="people", scopes="users:read,users:write"))
    assert desk.put(clerk, readers, by=token).status_code == 200
    refused(desk.put(clerk, watchers, by=token), 422, "groups[0]", "not_allowed")
    refused(desk.put(AUDITOR, by=token), 422, "groups", "not_allowed")
    assert desk.put(clerk, readers, watchers).status_code == 200


# ---- cut short ----

def test_while_the_directory_is_away_nothing_is_done(slapd, make_usherd):
    proxy = Proxy(slapd.port)
    try:
        daemon = make_usherd(slapd, uri=proxy.url).start()
        daemon.wait_directory()
        desk = Office(daemon)
        identifier, before = desk.id_of(ORDINARY), desk.groups_of(ORDINARY)
        slapd.pause()
        answer = desk.api.call("PATCH", f"{USERS}/{identifier}", json={"groups": []})
        slapd.resume()
        assert answer.status_code == 503, answer.text
        wait_for(lambda: not read_store(daemon).space("job"), "nothing is left", 30, 0.2)
        assert desk.groups_of(ORDINARY) == before
    finally:
        proxy.close()


@pytest.fixture
def stage(slapd, folder):
    made = with_roles(Usherd(folder / "usherd", slapd, build=FAIL))
    made.configure("directory", operation_timeout="1s", connect_timeout="1s").start()
    made.wait_directory()
    yield Office(made)
    made.destroy()


def arm(stage, text):
    answer = stage.api.session.post(f"{stage.daemon.management_url}/failpoints", text,
                                    headers={"Content-Type": "text/plain"}, timeout=10)
    assert answer.status_code == 204, answer.text


def settled(stage):
    def empty():
        store = read_store(stage.daemon)
        return store if not store.space("job") else None
    return wait_for(empty, "every intent is settled", 30, 0.2)


@pytest.mark.parametrize(("point", "done"), [
    ("store.intent.before", False), ("store.intent.after", True), ("dir.group.before", True),
    ("dir.group.after", True), ("dir.user.groups.before", True), ("dir.user.groups.after", True),
    ("store.user_changed.before", True), ("store.user_changed.after", True)])
def test_what_was_cut_short_is_as_it_was_asked_or_has_not_begun(stage, point, done):
    uid = "marta.szczepanska"
    identifier, group = stage.id_of(uid), stage.group("vault-access")
    assert stage.put(uid, stage.group("field-crew")).status_code == 200
    arm(stage, f"{point}=kill")
    with pytest.raises(OSError):
        stage.api.call("PATCH", f"{USERS}/{identifier}", json={"groups": [group]})
    wait_for(lambda: stage.daemon.process.poll() is not None, "it is dead")
    stage.daemon.start()
    records = [record for _, record in settled(stage).audit_of("user").get(identifier, [])]
    assert stage.groups_of(uid) == [group if done else stage.group("field-crew")]
    assert [record["detail"] for record in records[1:]] == ([{
        "fields": ["groups"], "groups_before": [stage.group("field-crew")], "groups": [group]}] if done else [])


@pytest.mark.parametrize("point", ["dir.group.before", "dir.group.after", "dir.user.groups.after"])
def test_an_answer_that_comes_too_late_is_made_good(stage, point):
    uid = "marta.szczepanska"
    assert stage.put(uid, stage.group("field-crew")).status_code == 200
    arm(stage, f"{point}=delay:2500")
    answer = stage.put(uid, stage.group("vault-access"))
    assert (answer.status_code, answer.json()["reason"]) == (503, "unknown"), answer.text
    records = [record for _, record in settled(stage).audit_of("user")[stage.id_of(uid)]]
    assert stage.groups_of(uid) == [stage.group("vault-access")]
    assert len(records) == 2


def test_the_password_is_still_theirs(desk):
    """A membership is in other entries."""
    assert desk.put(ORDINARY, desk.group("vault-access")).status_code == 200
    assert desk.slapd.accepts(dn_of(desk.slapd, ORDINARY), PASSWORD)
