"""The people list as its users know it: everybody in one list, found, changed, locked out, deleted and brought
back; told of every change."""

import contextlib
import json
import queue
import socket
import threading
import time
import uuid

import ldap
import pytest

from client import PASSWORD, Api, new_session, unique_word
from wait import wait_for
from world import world

USERS = "/api/v1/users"
OK, FAILED, USAGE, NOT_FOUND, CONFLICT = range(5)


class People:
    """The list through the API."""

    def __init__(self, daemon):
        daemon.wait_list()
        self.daemon, self.slapd = daemon, daemon.slapd
        self.api = Api(daemon, daemon.make_token())

    def page(self, **query):
        answer = self.api.get(USERS, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def names(self, **query):
        return [item["name"] for item in self.page(limit=200, **query)["items"]]

    def one(self, **query):
        """The only one who matches, once they are in the list."""
        def found():
            items = self.page(**query)["items"]
            assert len(items) < 2, items
            return items
        return wait_for(found, f"somebody with {query} is in the list")[0]

    def show(self, identifier):
        answer = self.api.get(f"{USERS}/{identifier}")
        assert answer.status_code == 200, answer.text
        return answer

    def registered(self, **changes):
        """Somebody new, who has signed up: their row."""
        invitation = self.api.invited(**changes)
        assert invitation["join"].register().status_code == 201
        return wait_for(lambda: next((item for item in self.page(q=invitation["uid"])["items"]
                                      if item["invitation"] == invitation["id"]
                                      and item["status"] == "active"), None), "they are in the list")

    def act(self, identifier, verb):
        return self.api.post(f"{USERS}/{identifier}/{verb}")


@pytest.fixture
def people(usherd):
    return People(usherd)


@pytest.fixture(scope="module")
def shared():
    """The sample organisation, for those who only look; and a listener whose token has been taken back."""
    with world() as daemon:
        people = People(daemon)
        people.cut_off = Listener(people.api, token=daemon.make_token(name="listener", scopes="users:read"))
        [item] = [item for item in people.api.get("/api/v1/tokens").json()["items"] if item["name"] == "listener"]
        people.cut_off_at = time.monotonic()
        assert people.api.delete(f"/api/v1/tokens/{item['id']}").status_code == 204
        yield people
        people.cut_off.close()


# ---- who is there ----

def test_everybody_is_listed_with_an_exact_total(shared):
    stored = {uid for _, entry in shared.slapd.search("(objectClass=inetOrgPerson)") for uid in entry["uid"]}
    page = shared.page(limit=200)
    assert {item["uid"] for item in page["items"]} == stored
    assert page["total"] == len(stored) == page["counts"]["active"]
    assert sum(page["counts"].values()) == page["total"]
    assert page["next_cursor"] is None
    [chloe] = [item for item in page["items"] if item["uid"] == "chloe.dubois-martel"]
    [(dn, entry)] = shared.slapd.search("(uid=chloe.dubois-martel)", attributes=["*", "+"])
    assert chloe["id"] == entry["entryUUID"][0]
    assert (chloe["dn"], chloe["name"], chloe["position"]) == (dn, "Chloé Dubois-Martel", "Press officer")
    assert chloe["org_unit"] == f"ou=Direction,{shared.slapd.people}"
    assert chloe["registered_at"].replace("-", "").replace(":", "").replace("T", "") == entry["createTimestamp"][0]
    assert chloe["invitation"] is None and chloe["invited_at"] is None


@pytest.mark.parametrize("words, uid", [
    ("chloe", "chloe.dubois-martel"), ("CHLOÉ MARTEL", "chloe.dubois-martel"), ("lukasz wojcik", "lukasz.wojcik"),
    ("nguyen thi huong", "nguyen.thi.huong"), ("saether", "ingrid.saether"), ("соколов", "dmitri.sokolov"),
    ("ЕЛЬНИК окс", "oksana.melnyk"), ("yildiz", "zeynep.yildiz"), ("goncalves conceicao", "beatriz.goncalves"),
    ("elias.lindqvist@meridian.example", "elias.lindqvist"), ("treasurer", "matej.zupancic"),
])
def test_people_are_found_without_accents_and_case(shared, words, uid):
    assert [item["uid"] for item in shared.page(q=words)["items"]] == [uid]


@pytest.mark.parametrize("number", [
    "+442079460108", "020 7946 0108", "(020) 7946-0108", "+44 20 7946 0108", "79460108", "7946 0108",
    "79460108 wojcik",
])
def test_a_phone_number_is_found_in_any_notation(shared, number):
    assert [item["uid"] for item in shared.page(q=number)["items"]] == ["lukasz.wojcik"]


@pytest.mark.parametrize("words", ["nobody-is-called-so", "chloe wojcik", "x" * 256, ".,;-"])
def test_what_nobody_has_finds_nobody(shared, words):
    page = shared.page(q=words)
    assert (page["items"], page["total"], page["next_cursor"]) == ([], 0, None)


@pytest.mark.parametrize("words", ["", "   "])
def test_a_search_for_nothing_finds_everybody(shared, words):
    assert shared.page(q=words)["total"] == shared.page()["total"]


def test_a_search_for_one_letter_finds_whoever_has_it(shared):
    found = shared.page(q="q", limit=200)
    everybody = shared.page(limit=200)["items"]
    fields = ("name", "given_name", "family_name", "mail", "phone", "position", "uid")
    assert {item["id"] for item in found["items"]} == {
        item["id"] for item in everybody if any("q" in (item[field] or "").lower() for field in fields)}
    assert 0 < found["total"] == len(found["items"]) < len(everybody)


@pytest.mark.parametrize("sort", ["name", "mail", "phone", "org_unit", "status", "registered_at", "last_activity_at"])
def test_every_order_has_everybody_once_in_both_directions(shared, sort):
    everybody = {item["id"] for item in shared.page(limit=200)["items"]}
    up, down = ([item["id"] for item in shared.page(limit=200, sort=sort, order=order)["items"]]
                for order in ("asc", "desc"))
    assert len(up) == len(everybody) and set(up) == everybody
    assert set(down) == everybody
    if sort in ("mail", "name"):
        assert down == up[::-1], "nobody lacks one"


def test_names_sort_without_case_and_accents(shared):
    names = shared.names(org_unit=f"ou=Direction,{shared.slapd.people}")
    assert names == ["Amara Okonkwo", "Chloé Dubois-Martel", "Elias Lindqvist"]
    mails = [item["mail"] for item in shared.page(limit=200, sort="mail")["items"]]
    assert mails == sorted(mails)


@pytest.mark.parametrize("limit, sort, order", [(1, "name", "asc"), (3, "phone", "desc"), (7, "org_unit", "asc"),
                                                (5, "last_activity_at", "desc"), (200, "status", "asc")])
def test_a_walk_by_cursor_meets_everybody_once(shared, limit, sort, order):
    met, query = [], {"limit": limit, "sort": sort, "order": order}
    page = shared.page(**query)
    total = page["total"]
    while True:
        assert len(page["items"]) <= limit and page["total"] == total
        met += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == limit, "only the last page is short"
        page = shared.page(**query, cursor=page["next_cursor"])
    assert len(met) == len(set(met)) == total
    assert met == [item["id"] for item in shared.page(limit=200, sort=sort, order=order)["items"]]


def test_a_subtree_is_an_org_unit_and_everything_below(shared):
    research = f"ou=Research,{shared.slapd.people}"
    below = {uid for _, entry in shared.slapd.search("(objectClass=inetOrgPerson)", research) for uid in entry["uid"]}
    for spelling in (research, research.upper(), research.replace(",", ", ")):
        page = shared.page(limit=200, org_unit=spelling)
        assert {item["uid"] for item in page["items"]} == below
        assert page["total"] == len(below)
    assert shared.page(org_unit=f"ou=Nowhere,{shared.slapd.people}")["total"] == 0


def test_dates_bound_the_registration(shared):
    day = shared.page(limit=1)["items"][0]["registered_at"][:10]
    total = shared.page()["total"]
    assert shared.page(registered_from="2001-01-01")["total"] == total
    assert shared.page(registered_from="2001-01-01", registered_to="2001-12-31")["total"] == 0
    assert shared.page(registered_from="2099-01-01")["total"] == 0
    assert shared.page(registered_from=f"{day}T00:00:00Z", registered_to="2099-01-01T00:00:00+02:00")["total"] == total


@pytest.mark.parametrize("query, name", [
    ("limit=0", "limit"), ("limit=10000", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
    ("sort=shoe_size", "sort"), ("sort=", "sort"), ("order=sideways", "order"), ("status=done", "status"),
    ("status=active,,pending", "status"), ("org_unit=Research", "org_unit"),
    ("registered_from=soon", "registered_from"),
    ("registered_to=2001-02-30", "registered_to"), ("active_from=1", "active_from"), ("active_to=x", "active_to"),
    ("cursor=x", "cursor"), ("cursor=", "cursor"), ("q=" + "x" * 1000, "q"), ("offset=3", "offset"),
    ("limit=5&limit=5", "limit"), ("Q=x", "Q"),
])
def test_a_query_that_means_nothing_is_refused_by_name(shared, query, name):
    answer = shared.api.get(f"{USERS}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert name in [error["field"] for error in answer.json()["errors"]], answer.text


def test_a_cursor_of_another_query_or_tampered_is_refused(shared):
    cursor = shared.page(limit=3)["next_cursor"]
    middle = len(cursor) // 2
    flipped = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1:]
    for query in ({"limit": 3, "cursor": flipped}, {"limit": 3, "cursor": cursor[:-1]},
                  {"limit": 3, "cursor": cursor, "sort": "mail"}, {"limit": 3, "cursor": cursor, "order": "desc"},
                  {"limit": 3, "cursor": cursor, "q": "a"}, {"limit": 3, "cursor": cursor, "status": "pending"}):
        answer = shared.api.get(USERS, params=query)
        assert answer.status_code == 400, (query, answer.text)
        assert [error["field"] for error in answer.json()["errors"]] == ["cursor"]


def test_a_cursor_goes_on_after_a_restart(people):
    first = people.page(limit=5)
    people.daemon.restart()
    people.daemon.wait_list()
    second = people.page(limit=5, cursor=first["next_cursor"])
    everybody = people.page(limit=200)["items"]
    assert [item["id"] for item in first["items"] + second["items"]] == [item["id"] for item in everybody[:10]]


# ---- one person ----

def test_a_person_is_shown_with_all_that_the_directory_says(people):
    row = people.registered(gender="female", birthday="1984-02-29", language="sv",
                            groups=[f"cn=vault-access,{people.slapd.groups}"])
    shown = people.show(row["id"])
    item = shown.json()
    assert {name: item[name] for name in row if name != "last_activity_at"} == {
        name: row[name] for name in row if name != "last_activity_at"}
    assert (item["gender"], item["birthday"], item["language"]) == ("female", "1984-02-29", "sv")
    assert [group.lower() for group in item["groups"]] == [f"cn=vault-access,{people.slapd.groups}".lower()]
    assert item["stale"] is False
    assert shown.headers["ETag"].startswith('"')
    assert people.show(row["invitation"]).json()["id"] == row["id"], "an invitation's id finds who came of it"


def test_without_the_directory_the_list_goes_on_and_says_so(people):
    row = people.one(q="elias lindqvist")
    people.slapd.stop()
    people.daemon.wait_directory(up=False)
    assert people.page(q="lindqvist")["total"] == 1
    shown = people.show(row["id"])
    assert shown.json()["stale"] is True and shown.json()["name"] == row["name"]
    assert "ETag" not in shown.headers
    assert people.api.get("/api/v1/org-units").status_code == 200


@pytest.mark.parametrize("method, suffix", [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/suspend"),
                                            ("POST", "/resume"), ("POST", "/restore")])
@pytest.mark.parametrize("identifier", ["x", "00000000-0000-7000-8000-000000000000",
                                        "01890A5D-AC96-774B-BCCE-B302099A8057"])
def test_nobody_is_not_found(shared, method, suffix, identifier):
    body = {"position": "x"} if method == "PATCH" else None
    answer = shared.api.call(method, f"{USERS}/{identifier}{suffix}", json=body)
    assert answer.status_code == 404, answer.text


# ---- change ----

def test_a_change_needs_the_version_that_it_names(people):
    row = people.one(q="marta szczepanska")
    path = f"{USERS}/{row['id']}"
    tag = people.show(row["id"]).headers["ETag"]
    changed = people.api.call("PATCH", path, json={"position": "Head of sequencing", "phone": None},
                              headers={"If-Match": tag, "Content-Type": "application/merge-patch+json"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["position"], changed.json()["phone"]) == ("Head of sequencing", None)
    assert changed.headers["ETag"] != tag
    [(_, entry)] = people.slapd.by_uid("marta.szczepanska")
    assert entry["title"] == ["Head of sequencing"] and "mobile" not in entry
    again = people.api.call("PATCH", path, json={"position": "x"}, headers={"If-Match": tag})
    assert again.status_code == 412, again.text
    weak = people.api.call("PATCH", path, json={"position": "x"}, headers={"If-Match": "W/" + changed.headers["ETag"]})
    assert weak.status_code == 412, weak.text
    assert people.slapd.by_uid("marta.szczepanska")[0][1]["title"] == ["Head of sequencing"]
    wait_for(lambda: people.one(q="szczepanska")["position"] == "Head of sequencing", "the list has it too")


def test_gender_and_birthday_are_changed_as_a_registration_writes_them(people):
    row = people.registered()
    path = f"{USERS}/{row['id']}"
    changed = people.api.call("PATCH", path, json={"gender": "other", "birthday": "1979-02-28"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["gender"], changed.json()["birthday"]) == ("other", "1979-02-28")
    assert people.show(row["id"]).json()["birthday"] == "1979-02-28"
    [(_, entry)] = people.slapd.by_uid(row["uid"])
    assert (entry["usherdGender"], entry["usherdBirthday"]) == (["other"], ["1979-02-28"])
    record = people.api.call("GET", f"/api/v1/audit?about={row['id']}").json()["items"][0]
    assert record["event"] == "user_changed" and record["detail"]["fields"] == ["gender", "birthday"], record
    assert record["personal"]["changes"]["gender"]["after"] == "other", record
    # The configuration wants both.
    refused = people.api.call("PATCH", path, json={"gender": None, "birthday": None})
    assert refused.status_code == 422, refused.text
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("gender", "required"), ("birthday", "required")]


def test_an_entry_that_others_made_gets_the_class_for_them(people):
    [(dn, before)] = people.slapd.by_uid("marta.szczepanska")
    assert "usherdPerson" not in before["objectClass"]
    row = people.one(q="marta szczepanska")
    changed = people.api.call("PATCH", f"{USERS}/{row['id']}", json={"gender": "female", "birthday": "1985-12-10"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["gender"], changed.json()["birthday"]) == ("female", "1985-12-10")
    [(_, after)] = people.slapd.by_uid("marta.szczepanska")
    assert sorted(after["objectClass"]) == sorted([*before["objectClass"], "usherdPerson"])


def test_a_change_of_org_unit_moves_the_entry(people):
    row = people.registered()
    unit = f"ou=Vaults,ou=Collections,{people.slapd.people}"
    changed = people.api.call("PATCH", f"{USERS}/{row['id']}", json={"org_unit": unit})
    assert changed.status_code == 200, changed.text
    assert changed.json()["id"] == row["id"]
    assert changed.json()["dn"] == f"uid={row['uid']},{unit}"
    assert people.slapd.accepts(changed.json()["dn"], PASSWORD)
    wait_for(lambda: people.page(org_unit=unit, q=row["uid"])["total"] == 1, "the list has it there")
    assert people.page(org_unit=row["org_unit"], q=row["uid"])["total"] == 0


@pytest.mark.parametrize("document, status, field", [
    ({"uid": "x"}, 400, "uid"), ({"groups": "x"}, 400, "groups"), ({"userPassword": "x"}, 400, "userPassword"),
    ({"mail": 7}, 400, "mail"), ({"mail": "nobody@"}, 422, "mail"), ({"gender": "f"}, 422, "gender"),
    ({"birthday": "2001-02-29"}, 422, "birthday"), ({"gender": 1}, 400, "gender"),
    ({"phone": "12"}, 422, "phone"),
    ({"family_name": None}, 422, "family_name"), ({"mail": "elias.lindqvist@meridian.example"}, 409, "mail"),
    ({"org_unit": "ou=Nowhere,ou=people,dc=meridian,dc=example"}, 422, "org_unit"),
    ({"org_unit": "x"}, 422, "org_unit"),
])
def test_a_change_that_cannot_be_is_refused_on_its_field(shared, document, status, field):
    row = shared.one(q="matej zupancic")
    answer = shared.api.call("PATCH", f"{USERS}/{row['id']}", json=document)
    assert answer.status_code == status, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]], answer.text
    assert shared.show(row["id"]).json()["mail"] == row["mail"]


def test_all_wrong_fields_are_told_at_once(shared):
    row = shared.one(q="matej zupancic")
    answer = shared.api.call("PATCH", f"{USERS}/{row['id']}", json={"mail": "@", "phone": "1", "language": "?"})
    assert answer.status_code == 422
    assert {"mail", "phone", "language"} <= {error["field"] for error in answer.json()["errors"]}


# ---- suspend, delete, restore ----

@pytest.mark.walk
def test_a_suspended_user_is_locked_out_until_resumed(people):
    row = people.registered()
    assert people.slapd.accepts(row["dn"], PASSWORD)
    for _ in range(2):  # once more changes nothing
        done = people.act(row["id"], "suspend")
        assert done.status_code == 200, done.text
        assert done.json()["status"] == "suspended" and done.json()["suspended_by"]
        assert not people.slapd.accepts(row["dn"], PASSWORD)
    wait_for(lambda: people.page(status="suspended")["total"] == 1, "the list has it")
    assert people.page(status="active", q=row["uid"])["total"] == 0
    assert people.page(q=row["uid"])["counts"]["suspended"] == 1
    done = people.act(row["id"], "resume")
    assert done.status_code == 200 and done.json()["status"] == "active"
    assert people.slapd.accepts(row["dn"], PASSWORD)
    wait_for(lambda: people.page(status="suspended")["total"] == 0, "the list has it")


@pytest.mark.walk
def test_a_deleted_user_is_out_at_once_and_can_be_brought_back(people):
    group = f"cn=vault-access,{people.slapd.groups}"
    row = people.registered(groups=[group])
    done = people.api.delete(f"{USERS}/{row['id']}")
    assert done.status_code == 200, done.text
    assert not people.slapd.accepts(row["dn"], PASSWORD)
    assert people.slapd.entry(row["dn"]) is None
    assert row["dn"].lower() not in [member.lower() for member in people.slapd.entry(group)["member"]]
    assert 0 <= done.json()["refused_after_ms"] < 20000
    assert done.json()["restorable_until"] > time.strftime("%Y-%m-%d", time.gmtime(time.time() + 29 * 86400))
    wait_for(lambda: people.page(q=row["uid"])["total"] == 0, "the list has forgotten them")
    assert people.api.get(f"{USERS}/{row['id']}").status_code == 404
    assert people.api.delete(f"{USERS}/{row['id']}").status_code == 404
    back = people.act(row["id"], "restore")
    assert back.status_code == 201, back.text
    assert back.json()["uid"] == row["uid"] and back.json()["dn"] == row["dn"]
    assert back.headers["Location"] == f"{USERS}/{back.json()['id']}"
    assert people.slapd.accepts(row["dn"], PASSWORD), "with the old password"
    assert row["dn"].lower() in [member.lower() for member in people.slapd.entry(group)["member"]]
    [again] = wait_for(lambda: people.page(q=row["uid"])["items"], "the list has them again")
    assert again["id"] == back.json()["id"]
    assert people.act(row["id"], "restore").status_code == 404, "once"


def test_deleting_a_pending_person_revokes_the_invitation(people):
    invitation = people.api.invited()
    row = people.one(q=invitation["uid"])
    assert (row["id"], row["status"], row["dn"]) == (invitation["id"], "pending", None)
    assert people.act(row["id"], "suspend").status_code == 409
    assert people.api.call("PATCH", f"{USERS}/{row['id']}", json={"position": "x"}).json()["reason"] == "invitation"
    done = people.api.delete(f"{USERS}/{row['id']}")
    assert (done.status_code, done.content) == (204, b"")
    assert invitation["join"].get().json()["reason"] == "revoked"
    wait_for(lambda: people.page(q=invitation["uid"])["total"] == 0, "the list has forgotten them")


def test_the_last_administrator_stays(slapd, make_usherd):
    group = f"cn=usherd-administrators,{slapd.groups}"
    daemon = make_usherd(slapd).configure("directory", admin_group=group).start()
    people = People(daemon)
    admins = slapd.entry(group)["member"]
    connection = slapd.connect()
    connection.modify_s(group, [(ldap.MOD_REPLACE, "member", [admins[0].encode()])])
    connection.unbind_s()
    uid = admins[0].split(",")[0].removeprefix("uid=")
    row = people.one(q=uid)
    for answer in (people.api.delete(f"{USERS}/{row['id']}"), people.act(row["id"], "suspend")):
        assert answer.status_code == 409, answer.text
        assert answer.json()["reason"] == "last_administrator"
    assert slapd.entry(admins[0]) is not None


# ---- from pending to active ----

def test_a_registration_turns_its_row_active_without_gap_or_double(people):
    """Somebody looks at the list as fast as they can, all the while."""
    invitation = people.api.invited()
    people.one(q=invitation["uid"])
    seen, totals, failed, ended = [], [], [], threading.Event()

    def look():
        try:
            while not ended.is_set():
                page = people.page(q=invitation["uid"])
                seen.append([(item["status"], item["invitation"]) for item in page["items"]])
                totals.append(page["total"])
        except Exception as error:  # what a thread raises nobody hears
            failed.append(error)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        assert invitation["join"].register().status_code == 201
        wait_for(lambda: seen and seen[-1] == [("active", invitation["id"])], "the row is active")
    finally:
        ended.set()
        looker.join()
    assert not failed
    assert all(len(rows) == 1 for rows in seen), "never nobody, never two"
    assert set(totals) == {1}
    statuses = [rows[0][0] for rows in seen]
    assert statuses == sorted(statuses, key=["pending", "active"].index), "and never back"


def test_users_of_others_come_and_go_by_themselves(people):
    word = unique_word().lower()
    dn = f"uid={word},ou=Vaults,ou=Collections,{people.slapd.people}"
    people.slapd.add(dn, objectClass=["inetOrgPerson"], uid=word, cn="Zoltán Ősz", sn="Ősz",
                     mail=f"{word}@meridian.example")
    row = people.one(q="zoltan osz")
    assert (row["dn"], row["invitation"]) == (dn, None)
    connection = people.slapd.connect()
    connection.modify_s(dn, [(ldap.MOD_REPLACE, "title", [b"Lighthouse keeper"])])
    connection.rename_s(dn, f"uid={word}x", newsuperior=f"ou=Direction,{people.slapd.people}")
    connection.unbind_s()
    moved = f"uid={word}x,ou=Direction,{people.slapd.people}"
    wait_for(lambda: people.one(q="lighthouse keeper")["dn"] == moved, "the move is seen")
    assert people.one(q="zoltan osz")["id"] == row["id"]
    people.slapd.delete(moved)
    wait_for(lambda: people.page(q="zoltan osz")["total"] == 0, "the deletion is seen")


# ---- events ----

class Listener:
    """Reads a stream of events in a thread of its own."""

    def __init__(self, api, last_id=None, token=None):
        headers = {"Last-Event-ID": last_id} if last_id else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.session = new_session()
        self.session.headers.update(api.session.headers)
        self.answer = self.session.get(api.daemon.control_url + "/api/v1/events", headers=headers, stream=True,
                                       timeout=(5, 60))
        assert self.answer.status_code == 200, self.answer.text
        assert self.answer.headers["Content-Type"] == "text/event-stream"
        self.connection = socket.fromfd(self.answer.raw.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        self.events, self.last_id = queue.Queue(), None
        self.ended, self.ended_at = threading.Event(), None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        event = {}
        with contextlib.suppress(OSError, AttributeError, ValueError):
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                    continue
                self.last_id = event.get("id", self.last_id)
                if "data" in event:
                    self.events.put((event["event"], json.loads(event["data"])))
                event = {}
        self.ended_at = time.monotonic()
        self.ended.set()

    def wait(self, change, identifier, seconds=10):
        """Until that was told; what was told of that person before."""
        told, deadline = [], time.monotonic() + seconds
        while True:
            kind, data = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            if kind == "user" and data["id"] == identifier:
                if data["change"] == change:
                    return told
                told.append(data)

    def close(self):
        # An answer cannot be closed while somebody reads it, and the reader waits for the next heartbeat.
        with self.connection, contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(10)
        self.answer.close()
        self.session.close()


def test_the_stream_tells_of_every_change(people):
    listener = Listener(people.api)
    invitation = people.api.invited()
    listener.wait("added", invitation["id"])
    assert invitation["join"].register().status_code == 201
    row = people.one(q=invitation["uid"], status="active")
    listener.wait("added", row["id"])
    assert people.act(row["id"], "suspend").status_code == 200
    listener.wait("changed", row["id"])
    assert people.api.delete(f"{USERS}/{row['id']}").status_code == 200
    listener.wait("removed", row["id"])
    listener.close()


def test_a_listener_who_comes_back_hears_what_was_missed(people):
    listener = Listener(people.api)
    first = people.api.invited()
    listener.wait("added", first["id"])
    wait_for(lambda: listener.last_id, "an id came")
    listener.close()
    missed = people.api.invited()
    people.one(q=missed["uid"])
    again = Listener(people.api, listener.last_id)
    again.wait("added", missed["id"])
    again.close()
    stranger = Listener(people.api, f"{uuid.uuid4().hex[:16]}-1")
    assert stranger.events.get(timeout=10)[0] == "reset"
    stranger.close()


def test_a_stream_ends_soon_after_its_token(shared):
    # A heartbeat takes 15 s: the stream was begun, and its token taken back, long before this.
    assert shared.cut_off.ended.wait(25)
    assert shared.cut_off.ended_at - shared.cut_off_at < 25


def test_a_stream_does_not_hold_the_daemon_up(people):
    listener = Listener(people.api)
    assert people.daemon.stop() == 0
    assert listener.ended.wait(5)
    listener.close()


# ---- org units and groups ----

@pytest.mark.walk
def test_an_org_unit_is_made_filled_renamed_emptied_and_deleted(people):
    units = "/api/v1/org-units"

    def find(dn):
        return next((unit for unit in people.api.get(units).json()["items"] if unit["dn"] == dn), None)

    dn = f"ou=Outreach,{people.slapd.people}"
    made = people.api.post(units, {"parent": people.slapd.people, "name": "Outreach", "description": "Talks"})
    assert made.status_code == 201, made.text
    assert made.json() == {"dn": dn}
    unit = wait_for(lambda: find(dn), "it is listed")
    assert (unit["name"], unit["description"], unit["parent"]) == ("Outreach", "Talks", people.slapd.people)
    assert (unit["total"], unit["total_below"]) == (0, 0)
    again = people.api.post(units, {"parent": people.slapd.people, "name": "Outreach"})
    assert again.status_code == 409, again.text

    row = people.registered(org_unit=dn)
    wait_for(lambda: find(dn)["counts"]["active"] == 1, "its number is known")
    assert find(people.slapd.people)["total_below"] == people.page()["total"]
    full = people.api.delete(f"{units}/{unit['id']}")
    assert (full.status_code, full.json()["reason"]) == (409, "not_empty")

    renamed = people.api.call("PATCH", f"{units}/{unit['id']}", json={"name": "Public, R&D", "description": None})
    assert renamed.status_code == 200, renamed.text
    new = wait_for(lambda: find(renamed.json()["dn"]), "the new name is listed")
    assert (new["id"], new["name"], new["description"]) == (unit["id"], "Public, R&D", None)
    assert find(dn) is None
    wait_for(lambda: people.one(q=row["uid"])["org_unit"] == new["dn"], "whoever is in it moved along")

    assert people.api.delete(f"{USERS}/{row['id']}").status_code == 200
    gone = people.api.delete(f"{units}/{unit['id']}")
    assert gone.status_code == 204, gone.text
    wait_for(lambda: find(new["dn"]) is None, "it is no longer listed")
    assert people.slapd.entry(new["dn"]) is None


@pytest.mark.parametrize("document, status, field", [
    ({}, 422, "parent"), ({}, 422, "name"), ({"parent": "ou=people,dc=meridian,dc=example", "name": ""}, 422, "name"),
    ({"parent": "ou=Nowhere,ou=people,dc=meridian,dc=example", "name": "x"}, 422, "parent"),
    ({"parent": "dc=meridian,dc=example", "name": "x"}, 422, "parent"), ({"parent": "x", "name": "y"}, 422, "parent"),
    ({"parent": 7, "name": "x"}, 400, "parent"), ({"dn": "x"}, 400, "dn"),
])
def test_an_org_unit_that_cannot_be_is_refused_on_its_field(shared, document, status, field):
    answer = shared.api.post("/api/v1/org-units", document)
    assert answer.status_code == status, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]], answer.text


def test_numbers_of_org_units_and_groups_add_up(shared):
    units = shared.api.get("/api/v1/org-units").json()["items"]
    assert sum(unit["total"] for unit in units) == shared.page()["total"]
    [top] = [unit for unit in units if unit["parent"] is None]
    assert (top["dn"], top["total_below"]) == (shared.slapd.people, shared.page()["total"])
    for unit in units:
        assert shared.page(org_unit=unit["dn"])["total"] == unit["total_below"], unit["dn"]
    for group in shared.api.get("/api/v1/groups").json()["items"]:
        assert group["members"] == len(shared.slapd.entry(group["dn"]).get("member", [])), group["dn"]


# ---- usherctl ----

def json_of(done):
    assert done.returncode == OK, done.stderr
    return json.loads(done.stdout)


@pytest.mark.walk
def test_usherctl_walks_through_a_users_life(people):
    control = people.daemon.control
    row = people.registered(given_name="Łucja", family_name="Żółć-" + unique_word())
    table = control("user", "list", "--query", "lucja zolc", "--status", "active")
    assert table.returncode == OK, table.stderr
    assert table.stdout.splitlines()[0].split()[:3] == ["NAME", "MAIL", "PHONE"]
    assert row["mail"] in table.stdout and row["id"] in table.stdout
    assert table.stderr == "1 of 1 people\n"
    everybody = json_of(control("-o", "json", "user", "list", "--all", "--limit", "7", "--sort", "mail"))
    assert len(everybody["items"]) == everybody["total"] and everybody["next_cursor"] is None
    page = json_of(control("-o", "json", "user", "list", "--limit", "7", "--sort", "mail"))
    rest = json_of(control("-o", "json", "user", "list", "--limit", "7", "--sort", "mail",
                           "--cursor", page["next_cursor"]))
    assert page["items"] + rest["items"] == everybody["items"][:14]

    assert json_of(control("-o", "json", "user", "show", row["uid"]))["id"] == row["id"]
    assert control("user", "change", row["mail"], "--position", "Keeper").returncode == OK
    assert people.show(row["id"]).json()["position"] == "Keeper"
    assert control("user", "suspend", row["uid"]).returncode == OK
    assert not people.slapd.accepts(row["dn"], PASSWORD)
    assert control("user", "resume", row["id"]).returncode == OK
    assert people.slapd.accepts(row["dn"], PASSWORD)
    gone = control("user", "delete", row["uid"])
    assert gone.returncode == OK, gone.stderr
    assert f"usherctl user restore {row['id']}" in gone.stdout
    wait_for(lambda: control("user", "show", row["uid"]).returncode == NOT_FOUND, "the list has forgotten them")
    back = json_of(control("-o", "json", "user", "restore", row["id"]))
    assert back["uid"] == row["uid"]
    assert people.slapd.accepts(row["dn"], PASSWORD)


def test_usherctl_looks_after_org_units(people):
    control = people.daemon.control
    made = control("org-unit", "create", "--parent", people.slapd.people, "--name", "Outreach")
    assert made.returncode == OK, made.stderr
    dn = f"ou=Outreach,{people.slapd.people}"
    wait_for(lambda: dn in control("org-unit", "list").stdout, "it is listed")
    assert control("org-unit", "rename", dn, "--name", "Public").returncode == OK
    renamed = f"ou=Public,{people.slapd.people}"
    wait_for(lambda: renamed in control("org-unit", "list").stdout, "it is listed under the new name")
    assert control("org-unit", "delete", f"ou=Research,{people.slapd.people}").returncode == CONFLICT
    assert control("org-unit", "delete", renamed).returncode == OK
    assert people.slapd.entry(renamed) is None


@pytest.mark.parametrize("arguments, status", [
    (("user",), USAGE), (("user", "show"), USAGE), (("user", "show", ""), USAGE), (("user", "change", "x"), USAGE),
    (("user", "list", "--shoe-size", "44"), USAGE), (("user", "restore", "elias.lindqvist"), (USAGE, NOT_FOUND)),
    (("user", "list", "--limit", "0"), USAGE), (("user", "list", "--sort", "x"), USAGE),
    (("user", "list", "--status", "x"), USAGE), (("user", "show", "nobody-is-called-so"), NOT_FOUND),
    (("user", "delete", "00000000-0000-7000-8000-000000000000"), NOT_FOUND),
    (("user", "restore", "00000000-0000-7000-8000-000000000000"), NOT_FOUND),
    (("org-unit", "create", "--name", "x"), USAGE), (("org-unit", "delete", "ou=x"), NOT_FOUND),
])
def test_the_exit_status_says_what_went_wrong(shared, arguments, status):
    done = shared.daemon.control(*arguments)
    assert done.returncode in (status if isinstance(status, tuple) else (status,)), (done.stdout, done.stderr)
    assert done.stderr.strip() and done.stdout == ""
