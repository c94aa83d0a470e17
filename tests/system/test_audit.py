"""The audit trail as those see it who read it, who check it, and who have changed its file behind its back."""

import contextlib
import csv
import io
import json
import sqlite3

import pytest

from client import Api
from signing import ADMINISTRATOR, AUDITOR, Console, registry, with_roles
from store_file import Sealer, read_store
from wait import wait_for

AUDIT, VERIFICATION = "/api/v1/audit", "/api/v1/audit/verification"
DAY = 86400


# ---- asking ----

def pages(api, **query):
    """All records that are asked for, page by page."""
    found, cursor = [], None
    while True:
        answer = api.get(AUDIT, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        assert answer.json()["damaged"] is False
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


def listed(daemon, *options):
    """The same with usherctl, which needs no token and so outlives any time."""
    answer = daemon.control("-o", "json", "audit", "list", "--all", *options)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)["items"]


def verify(daemon, head=None):
    """(exit status, what was said, the head)"""
    answer = daemon.control("audit", "verify", *(["--head", head] if head else []))
    heads = [line.split()[1] for line in answer.stdout.splitlines() if line.startswith("head ")]
    return answer.returncode, answer.stdout + answer.stderr, heads[0] if heads else None


def assert_sound(daemon, head=None):
    status, said, newest = verify(daemon, head)
    assert status == 0 and said.startswith("sound: "), said
    return newest


def is_named(daemon):
    """Whether a block of the chain names every record."""
    return daemon.api.get(VERIFICATION).json()["unnamed"] == 0


def invite_and_revoke(daemon, **changes):
    invitation = daemon.api.invited(**changes)
    assert daemon.api.delete(f"/api/v1/invitations/{invitation['id']}").status_code == 204
    return invitation


def begin(daemon):
    daemon.start()
    daemon.wait_directory()
    daemon.wait_list()
    daemon.api = Api(daemon, daemon.make_token())
    return daemon


@pytest.fixture
def archive(slapd, make_usherd):
    """A daemon with a trail of a few records of several kinds."""
    daemon = begin(with_roles(make_usherd(slapd)).configure("role auditors", org_unit=registry(slapd)))
    daemon.console = Console(daemon).sign_in(ADMINISTRATOR)
    for _ in range(2):
        invite_and_revoke(daemon)
        wait_for(lambda: is_named(daemon), "a block names every record")
    daemon.console.invited(org_unit=f"ou=Finance,ou=Operations,{slapd.people}")
    wait_for(lambda: is_named(daemon), "a block names every record")
    return daemon


# ---- reading ----

def test_both_orders_come_to_the_end_page_by_page_and_miss_nothing(archive):
    stored = {name.removeprefix("audit/") for name in read_store(archive).items if name.startswith("audit/")}
    for limit in (1, 3, 200):
        oldest = pages(archive.api, order="oldest", limit=limit)
        identifiers = [record["id"] for record in oldest]
        assert identifiers == sorted(stored)
        assert pages(archive.api, order="newest", limit=limit) == pages(archive.api, limit=limit) == oldest[::-1]


def test_each_filter_leaves_what_it_names_and_nothing_else(archive):
    everything = pages(archive.api)
    one = next(record for record in everything if record["event"] == "revoked")
    signed = next(record for record in everything if record["event"] == "signed_in")
    person = signed["subject"]["id"]

    def is_about(record, identifier):
        return identifier in ((record["subject"] or {}).get("id"), record["person"],
                              (record["actor"] or "").partition(":")[2])
    cases = [
        ({"event": one["event"]}, lambda record: record["event"] == one["event"]),
        ({"actor": one["actor"]}, lambda record: record["actor"] == one["actor"]),
        ({"actor": f"user:{person}"}, lambda record: record["actor"] == f"user:{person}"),
        ({"subject": "invitation"}, lambda record: (record["subject"] or {}).get("type") == "invitation"),
        ({"about": one["subject"]["id"]}, lambda record: is_about(record, one["subject"]["id"])),
        ({"about": person}, lambda record: is_about(record, person)),
        ({"request": one["request_id"]}, lambda record: record["request_id"] == one["request_id"]),
        ({"from": one["at"]}, lambda record: record["at"] >= one["at"]),
        ({"to": one["at"]}, lambda record: record["at"] < one["at"]),
        ({"from": one["at"], "event": one["event"], "subject": "invitation"},
         lambda record: record["at"] >= one["at"] and record["event"] == one["event"]),
        ({"from": everything[-1]["at"][:10], "to": everything[0]["at"][:10]}, lambda record: True),
    ]
    for query, wanted in cases:
        expected = [record for record in everything if wanted(record)]
        assert expected, query
        assert pages(archive.api, limit=2, **query) == expected, query
        assert pages(archive.api, order="oldest", **query) == expected[::-1], query
        options = [word for name, value in query.items() for word in (f"--{name}", value)]
        assert listed(archive, *options) == expected, query
    for query in ({"event": "nothing_like_it"}, {"actor": "uid:77"}, {"to": "2001-01-01"}, {"from": "2999-01-01"}):
        assert pages(archive.api, **query) == [], query


def test_an_auditor_of_one_place_reads_what_stands_there_and_nothing_else(archive):
    auditor = Console(archive).sign_in(AUDITOR)
    place = registry(archive.slapd).lower()
    everything = pages(archive.api)
    inside = [record for record in everything if (record["org_unit"] or "").lower().endswith(place)]
    assert inside and len(inside) < len(everything)
    assert pages(auditor, limit=2) == inside
    outside = next(record for record in everything if record["event"] == "issued" and record not in inside)
    assert pages(auditor, about=outside["subject"]["id"]) == []
    assert pages(auditor, request=outside["request_id"]) == []
    assert auditor.get(VERIFICATION).status_code == 403


# ---- exporting ----

def test_an_export_is_the_whole_trail_in_either_format(archive):
    invite_and_revoke(archive, given_name="Robin", family_name="O'Clerk", display_name="Robin, O'Clerk",
                      mail="o.clerk@meridian.example")
    archive.stop()
    [*_, last] = sorted(name for name in read_store(archive).items if name.startswith("audit/"))
    change(archive, last, lambda line: {**line, "request": "=1+1"})
    archive.start()
    records = listed(archive, "--order", "oldest")
    assert records[-1]["request_id"] == "=1+1"

    exported = archive.control("audit", "export")
    assert exported.returncode == 0, exported.stderr
    assert [json.loads(line) for line in exported.stdout.splitlines()] == records
    exported = archive.control("audit", "export", "--event", "signed_in", "--format", "json")
    assert [json.loads(line)["event"] for line in exported.stdout.splitlines()] == ["signed_in"]

    table = archive.control("audit", "export", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(table, newline=""), strict=True))
    assert [row["id"] for row in rows] == [record["id"] for record in records]
    assert rows[-1]["request_id"] == "'=1+1"
    for row, record in zip(rows, records):
        assert row["event"] == record["event"] and row["source"] == (record["source"] or "")
        assert row["subject_id"] == ((record["subject"] or {}).get("id") or "")
        assert (json.loads(row["personal"]) if row["personal"] else None) == record["personal"]
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in row.values() if cell)
    assert any("Robin, O'Clerk" in row["personal"] for row in rows)


def test_what_cannot_be_read_is_missed_aloud(archive):
    archive.stop()
    names = sorted(name for name in read_store(archive).items if name.startswith("audit/"))
    with database(archive) as rows:
        rows.execute("update kv set value = zeroblob(60) where key = ?", (names[1].encode(),))
    archive.start()
    answer = archive.api.get(AUDIT, params={"limit": 200})
    assert answer.status_code == 200 and answer.json()["damaged"] is True, answer.text
    assert len(answer.json()["items"]) == len(names) - 1
    assert names[1] in archive.log()
    for command in (("export",), ("export", "--format", "csv"), ("list", "--all")):
        answer = archive.control("audit", *command)
        assert answer.returncode == 1 and "records are missing" in answer.stderr, answer.stderr
        assert names[0].removeprefix("audit/") in answer.stdout or command[0] == "list"
    status, said, _ = verify(archive)
    assert status == 1 and names[1].removeprefix("audit/") in said


# ---- proving ----

@contextlib.contextmanager
def database(daemon):
    """The file of a store that is stopped, in the hands of whoever has root."""
    with contextlib.closing(sqlite3.connect(daemon.store_path)) as connection, connection:
        yield connection


def put(daemon, name, plain):
    """Write the value of a key as the daemon would: with the store's own key."""
    with database(daemon) as rows:
        sealed = Sealer(daemon.key_path).close(name, plain)
        assert rows.execute("update kv set value = ? where key = ?", (sealed, name.encode())).rowcount == 1


def change(daemon, name, edit):
    """Another first line of a record, with its parts as they were."""
    item = read_store(daemon).items[name]
    lines = [json.dumps(edit(item.value)), *([json.dumps(item.parts)] if item.parts else [])]
    put(daemon, name, "\n".join(lines).encode())


def remove(daemon, *names):
    with database(daemon) as rows:
        for name in names:
            assert rows.execute("delete from kv where key = ?", (name.encode(),)).rowcount == 1


def trail_of(daemon):
    """The names of the records and of the blocks, the oldest first."""
    store = read_store(daemon)
    return (sorted(name for name in store.items if name.startswith("audit/")),
            sorted(name for name in store.items if name.startswith("chain/0")))


def test_a_head_that_was_written_down_is_in_the_trail_and_another_is_not(archive):
    head = assert_sound(archive)
    invite_and_revoke(archive)
    wait_for(lambda: is_named(archive), "a block names every record")
    newer = assert_sound(archive, head)
    assert newer != head and f"head={head}" not in newer
    number, _, digest = newer.partition(":")
    for wrong, words in ((f"{number}:{digest[::-1]}", f"block {number}: it has another hash"),
                         (f"{int(number) + 7}:{digest}", f"block {int(number) + 7}: ")):
        status, said, _ = verify(archive, wrong)
        assert status == 1 and said.startswith("NOT SOUND") and words in said, said
    assert archive.stop() == 0
    assert "the audit trail's head" in archive.log()
    archive.start()
    assert_sound(archive, newer)


def edited(daemon):
    names, _ = trail_of(daemon)
    change(daemon, names[2], lambda line: {**line, "actor": "uid:4711"})
    return names[2].removeprefix("audit/"), "changed after its block was written"


def edited_in_its_part(daemon):
    store = read_store(daemon)
    name = next(name for name, item in store.items.items() if name.startswith("audit/") and "person" in item.parts)
    item = store.items[name]
    item.parts["person"]["value"] = item.parts["person"]["value"].replace("{", '{"x":"y",', 1)
    put(daemon, name, item.line + b"\n" + json.dumps(item.parts).encode())
    return name.removeprefix("audit/"), "what is about a person was changed"


def removed(daemon):
    names, _ = trail_of(daemon)
    remove(daemon, names[2])
    return names[2].removeprefix("audit/"), "a record is missing"


def removed_with_its_block(daemon):
    _, blocks = trail_of(daemon)
    remove(daemon, blocks[1])
    return "block ", "missing"


def cut_off(daemon):
    _, blocks = trail_of(daemon)
    remove(daemon, blocks[-1])
    return "block ", "the head names this block"


@pytest.mark.parametrize("harm", [edited, edited_in_its_part, removed, removed_with_its_block, cut_off])
def test_what_was_done_to_the_file_is_named(archive, harm):
    assert_sound(archive)
    archive.stop()
    where, what = harm(archive)
    archive.start()
    status, said, _ = verify(archive)
    assert status == 1 and said.startswith("NOT SOUND"), said
    assert any(where in line and what in line for line in said.splitlines()), said


def test_a_tail_that_was_cut_off_by_who_knows_how_shows_against_a_head_that_was_written_down(archive):
    head = assert_sound(archive)
    archive.stop()
    store = read_store(archive)
    _, blocks = trail_of(archive)
    last, before = store.items[blocks[-1]].value, store.items[blocks[-2]].value
    remove(archive, blocks[-1], *(f"audit/{identifier}" for identifier, _ in last["records"]))
    put(archive, "chain/head", json.dumps({
        **store.items["chain/head"].value, **{name: before[name] for name in ("number", "through", "hash")}}).encode())
    archive.start()
    status, said, _ = verify(archive, head)
    assert status == 1 and f"block {head.partition(':')[0]}: " in said and "head that is known" in said, said


# ---- what ends ----

def test_addresses_end_after_a_fortnight_and_records_with_the_retention_and_the_rest_stays_proven(
        slapd, make_usherd, clock):
    daemon = make_usherd(slapd, environment=clock.environment).configure("audit", retention="30d")
    begin(daemon)
    invite_and_revoke(daemon)
    wait_for(lambda: is_named(daemon), "a block names every record")
    first = listed(daemon)
    assert any(record["source"] for record in first)
    head = assert_sound(daemon)

    clock(13 * DAY)
    daemon.restart()
    assert any(record["source"] for record in listed(daemon))
    clock(15 * DAY)
    daemon.restart()
    wait_for(lambda: not any(record["source"] for record in listed(daemon, "--to", first[0]["at"][:10])),
             "no address is left", 20)
    kept = {record["id"]: record for record in listed(daemon)}
    assert all(kept[record["id"]]["personal"] == record["personal"] for record in first)
    assert_sound(daemon, head)
    daemon.api = Api(daemon, daemon.make_token())
    younger = invite_and_revoke(daemon)

    clock(31 * DAY)
    daemon.restart()
    old = {record["id"] for record in first}
    wait_for(lambda: not old & {record["id"] for record in listed(daemon)}, "what is old is gone", 20)
    assert any(record["subject"] and record["subject"]["id"] == younger["id"] for record in listed(daemon))
    assert_sound(daemon)


def test_erasing_takes_names_and_not_the_proof(archive):
    invitation = invite_and_revoke(archive, given_name="Quirinalia")
    wait_for(lambda: is_named(archive), "a block names every record")
    head = assert_sound(archive)
    before = {record["id"]: record for record in listed(archive)}
    assert any("Quirinalia" in json.dumps(record["personal"]) for record in before.values())
    assert archive.control("erase", invitation["id"]).returncode == 0
    after = listed(archive)
    assert not any("Quirinalia" in json.dumps(record["personal"]) for record in after)
    assert set(before) < {record["id"] for record in after}
    assert [record["erased"] for record in listed(archive, "--about", invitation["id"])].count(True) >= 1
    assert_sound(archive, head)
