"""The list of deleted users who can still be restored: who is in it, for whom, and for how long."""

import itertools
import json
import re

import pytest

from client import Api, in_background
from signing import ADMINISTRATOR, AUDITOR, INVITER, Console, dn_of, registry, with_roles
from slapd import Slapd
from store_file import age_what_is_kept, read_store
from usherd import Usherd
from wait import wait_for

TRASH, USERS = "/api/v1/trash", "/api/v1/users"
DAY = 24 * 3600


def open_office(daemon):
    daemon.start()
    daemon.wait_directory()
    daemon.wait_list()
    daemon.api = Api(daemon, daemon.make_token())
    return daemon


@pytest.fixture
def office(slapd, make_usherd):
    return open_office(with_roles(make_usherd(slapd)))


def elsewhere(slapd):
    return f"ou=Genetics,ou=Research,{slapd.people}"


def page(api, **query):
    answer = api.get(TRASH, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def trash(api):
    answer = page(api, limit=200)
    assert answer["next_cursor"] is None
    return answer["items"]


def people_at(api, place, count):
    items = api.get(USERS, params={"org_unit": place, "status": "active", "limit": count}).json()["items"]
    assert len(items) == count
    return items


def delete(api, row):
    answer = api.delete(f"{USERS}/{row['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def limited_token(daemon, place):
    answer = Console(daemon).sign_in(ADMINISTRATOR).post("/api/v1/tokens", {
        "name": "of a part", "scopes": ["users:read", "users:write"], "expires_in": 3600, "org_units": [place]})
    assert answer.status_code == 201, answer.text
    return Api(daemon, answer.json()["token"])


@pytest.mark.walk
def test_whoever_is_deleted_is_in_it_until_they_are_restored(office):
    api = office.api
    assert trash(api) == []
    first, second = people_at(api, registry(office.slapd), 2)
    until = delete(api, first)["restorable_until"]
    console = Console(office).sign_in(ADMINISTRATOR)
    delete(console, second)
    items = trash(api)
    assert [item["id"] for item in items] == [second["id"], first["id"]], "the latest first"
    shown = items[1]
    assert {name: shown[name] for name in ("name", "uid", "mail")} == {
        name: first[name] for name in ("name", "uid", "mail")}
    assert shown["org_unit"].lower() == first["org_unit"].lower()
    assert shown["restorable_until"] == until
    assert re.fullmatch("token:[0-9a-f]{16}", shown["deleted_by"])
    assert items[0]["deleted_by"] == console.whoami().json()["actor"]
    assert shown["deleted_at"] < items[0]["deleted_at"] < until
    office.restart()
    office.wait_directory()
    assert trash(api) == items
    back = api.post(f"{USERS}/{first['id']}/restore")
    assert back.status_code == 201, back.text
    assert [item["id"] for item in trash(api)] == [second["id"]]
    # Under the new id they can be deleted again.
    delete(api, back.json())
    assert [item["id"] for item in trash(api)] == [back.json()["id"], second["id"]]


def test_who_was_kept_by_a_version_without_a_list_is_listed_soon_after_the_start(office):
    api = office.api
    rows = people_at(api, f"ou=Research,{office.slapd.people}", 3)
    for row in rows:
        delete(api, row)
    before = trash(api)
    assert office.stop() == 0
    age_what_is_kept(office)
    office.start()
    office.wait_directory()
    wait_for(lambda: len(trash(api)) == 3, "all of them are listed")
    assert trash(api) == before
    assert api.post(f"{USERS}/{rows[1]['id']}/restore").status_code == 201
    assert [item["id"] for item in trash(api)] == [rows[2]["id"], rows[0]["id"]]
    kept = read_store(office)
    assert {item.value["id"] for item in kept.space("trashed").values()} == set(kept.space("trash"))


def test_who_is_not_kept_or_forgotten_is_not_in_it(office):
    api = office.api
    kept, lost = people_at(api, registry(office.slapd), 2)
    assert api.delete(f"{USERS}/{lost['id']}", params={"keep": "no"}).status_code == 200
    assert trash(api) == []
    delete(api, kept)
    assert [item["id"] for item in trash(api)] == [kept["id"]]
    wait_for(lambda: api.get(USERS, params={"q": kept["uid"]}).json()["total"] == 0, "the list has forgotten them")
    done = api.post("/api/v1/erasures", {"person": kept["id"]})
    assert done.status_code == 200, done.text
    assert trash(api) == []
    assert api.post(f"{USERS}/{kept['id']}/restore").status_code == 404


def test_after_the_end_of_the_retention_nobody_is_in_it(slapd, make_usherd, clock):
    office = make_usherd(slapd, environment=clock.environment).configure("users", restorable="2d")
    api = open_office(office).api
    [row] = people_at(api, registry(slapd), 1)
    delete(api, row)
    clock(2 * DAY - 3600)
    api = Api(office, office.make_token(name="later"))
    assert [item["id"] for item in trash(api)] == [row["id"]]
    clock(2 * DAY + 60)
    api = Api(office, office.make_token(name="latest"))
    assert trash(api) == []
    assert api.post(f"{USERS}/{row['id']}/restore").status_code == 404
    office.restart()  # and its sweeper comes by
    api = Api(office, office.make_token(name="afterwards"))

    def forgotten():
        return api.get("/api/v1/audit", params={"event": "user_forgotten"}).json()["items"]
    assert [record["subject"]["id"] for record in wait_for(forgotten, "they were forgotten")] == [row["id"]]
    assert trash(api) == []


def test_it_ends_where_the_caller_reaches_no_further(office):
    slapd, api = office.slapd, office.api
    [inside], [outside] = people_at(api, registry(slapd), 1), people_at(api, elsewhere(slapd), 1)
    delete(api, inside)
    delete(api, outside)
    part = limited_token(office, registry(slapd))
    assert [item["id"] for item in trash(part)] == [inside["id"]]
    assert [item["id"] for item in trash(limited_token(office, elsewhere(slapd)))] == [outside["id"]]
    assert outside["id"] not in part.get(TRASH).text
    assert part.post(f"{USERS}/{outside['id']}/restore").status_code == 404
    assert part.post(f"{USERS}/{inside['id']}/restore").status_code == 201
    assert trash(part) == []
    assert [item["id"] for item in trash(Console(office).sign_in(AUDITOR))] == [outside["id"]]
    assert Console(office).sign_in(INVITER).get(TRASH).status_code == 403
    assert Api(office, office.make_token(scopes="users:write")).get(TRASH).status_code == 403
    assert Api(office).get(TRASH).status_code == 401


def test_pages_have_everybody_once_in_order(office):
    slapd, api = office.slapd, office.api
    inside, outside = people_at(api, registry(slapd), 2), people_at(api, f"ou=Research,{slapd.people}", 4)
    gone = [row["id"] for row in (outside[0], inside[0], *outside[1:3], inside[1], outside[3])]
    for identifier in gone:
        delete(api, {"id": identifier})
    for caller, expected in ((api, gone[::-1]), (limited_token(office, registry(slapd)), [gone[4], gone[1]])):
        for limit in (1, 2, 3, 200):
            seen, cursor = [], None
            for turn in itertools.count():
                assert turn < 10
                answer = page(caller, limit=limit, **({"cursor": cursor} if cursor else {}))
                assert len(answer["items"]) <= limit
                seen += [item["id"] for item in answer["items"]]
                cursor = answer["next_cursor"]
                if cursor is None:
                    break
                assert not any(identifier in cursor for identifier in gone)
            assert seen == expected, limit
    # A cursor is good after the one that it names is gone.
    cursor = page(api, limit=2)["next_cursor"]
    assert api.post(f"{USERS}/{gone[-2]}/restore").status_code == 201
    assert [item["id"] for item in page(api, cursor=cursor)["items"]] == gone[:-2][::-1]


@pytest.mark.parametrize("query, field", [
    ({"limit": 0}, "limit"), ({"limit": 201}, "limit"), ({"limit": "x"}, "limit"), ({"limit": ["1", "2"]}, "limit"),
    ({"q": "ada"}, "q"), ({"cursor": "x"}, "cursor"), ({"cursor": "A" * 87}, "cursor"), ({"cursor": ""}, "cursor"),
])
def test_a_bad_parameter_is_named(shared_trash, query, field):
    answer = shared_trash.get(TRASH, params=query)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.fixture(scope="module")
def shared_trash(tmp_path_factory):
    """One daemon for those who only ask."""
    folder = tmp_path_factory.mktemp("t")
    slapd = Slapd(folder / "slapd").start()
    daemon = Usherd(folder / "usherd", slapd)
    try:
        yield open_office(daemon).api
        assert daemon.stop() == 0, daemon.log()[-3000:]
    finally:
        daemon.destroy()
        slapd.destroy()


def test_a_cursor_of_another_list_is_none_of_this(office):
    api = office.api
    for _ in range(2):
        api.invited()
    cursor = api.get("/api/v1/invitations", params={"limit": 1}).json()["next_cursor"]
    assert api.get(TRASH, params={"cursor": cursor}).status_code == 400


def test_who_is_not_deleted_yet_is_not_in_it(office):
    """The directory stands still in the middle of a deletion: it goes on, and only then they are in it."""
    slapd, api = office.slapd, office.api
    [row] = people_at(api, registry(slapd), 1)
    slapd.pause()
    try:
        answer = in_background(api.delete, f"{USERS}/{row['id']}")
        assert trash(api) == []
    finally:
        slapd.resume()
    assert answer().status_code in (200, 202, 503)
    if answer().status_code == 503:
        delete(api, row)
    assert [item["id"] for item in wait_for(lambda: trash(api), "the deletion is done", 30)] == [row["id"]]


def test_usherctl_lists_it(office):
    slapd, api = office.slapd, office.api
    rows = people_at(api, f"ou=Research,{slapd.people}", 3)
    nothing = office.control("user", "deleted")
    assert nothing.returncode == 0 and nothing.stdout.splitlines()[0].split()[0] == "NAME", nothing.stderr
    for row in rows:
        delete(api, row)
    table = office.control("user", "deleted")
    assert table.returncode == 0, table.stderr
    lines = table.stdout.splitlines()
    assert len(lines) == 4 and [line.split()[-1] for line in lines[1:]] == [row["id"] for row in rows[::-1]]
    assert rows[2]["mail"] in lines[1] and rows[2]["uid"] in lines[1]
    everybody = json.loads(office.control("-o", "json", "user", "deleted", "--all", "--limit", "1").stdout)
    assert [item["id"] for item in everybody["items"]] == [row["id"] for row in rows[::-1]]
    first = json.loads(office.control("-o", "json", "user", "deleted", "--limit", "2").stdout)
    rest = json.loads(office.control("-o", "json", "user", "deleted", "--cursor", first["next_cursor"]).stdout)
    assert first["items"] + rest["items"] == everybody["items"]
    assert office.control("user", "deleted", "--limit", "0").returncode == 2
    assert office.control("user", "restore", rows[0]["id"]).returncode == 0
    assert len(trash(api)) == 2
    assert dn_of(slapd, rows[0]["uid"])
