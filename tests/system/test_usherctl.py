"""usherctl: what it prints, and the exit status that scripts rely on."""

import csv
import io
import json
import re

import pytest

from client import PASSWORD, Link, person
from wait import wait_for

OK, FAILED, USAGE, NOT_FOUND, CONFLICT, UNREACHABLE = range(6)


def options(document):
    """usherctl's options for a person of the API."""
    skipped = ("method", "fields", "groups")
    return [text for name, value in document.items() if name not in skipped
            for text in ("--" + name.replace("_", "-"), str(value))]


def create(usherd, *more, **changes):
    return usherd.control(*more, "invitation", "create", *options(person(usherd.slapd, **changes)))


def json_of(done):
    assert done.returncode == OK, done.stderr
    return json.loads(done.stdout)


def items(document):
    return document["items"] if isinstance(document, dict) else document


@pytest.mark.walk
def test_an_invitation_is_made_shown_listed_and_used(slapd, usherd):
    made = json_of(create(usherd, "-o", "json"))
    shown = json_of(usherd.control("-o", "json", "invitation", "show", made["id"]))
    assert shown["uid"] == made["uid"] and shown["status"] == "pending"
    listed = items(json_of(usherd.control("-o", "json", "invitation", "list")))
    assert [invitation["id"] for invitation in listed] == [made["id"]]
    assert Link(made["link"]).register().status_code == 201
    [(dn, _)] = slapd.entries_of(made["id"])
    assert slapd.accepts(dn, PASSWORD)


def test_the_table_shows_what_a_person_needs(usherd):
    done = create(usherd, family_name="Tabulator")
    assert done.returncode == OK, done.stderr
    assert usherd.public_url + "/join/usj_" in done.stdout
    table = usherd.control("invitation", "list")
    assert table.returncode == OK
    assert "Tabulator" in table.stdout
    assert "\x1b" not in table.stdout, "no colours when nobody looks"


def test_a_dry_run_invites_nobody(usherd):
    taken = json_of(create(usherd, "-o", "json"))
    said = usherd.control("invitation", "create", "--dry-run", "--mail", taken["mail"], "--uid", "root")
    assert (said.returncode, said.stderr) == (FAILED, "")
    table = [line.split()[:2] for line in said.stdout.splitlines()]
    assert table[0] == ["FIELD", "CODE"]
    missing = ["given_name", "family_name", "gender", "birthday", "org_unit"]
    problems = [["uid", "reserved"], ["mail", "taken"]] + [[name, "required"] for name in missing]
    assert sorted(table[1:]) == sorted(problems)
    whole = person(usherd.slapd)
    said = usherd.control("-o", "json", "invitation", "create", "--dry-run", *options({**whole, "mail": taken["mail"]}))
    assert said.returncode == FAILED
    assert [(error["field"], error["code"]) for error in json.loads(said.stdout)["errors"]] == [("mail", "taken")]
    for output, read in (("table", lambda text: text.split()[1]), ("json", lambda text: json.loads(text)["uid"])):
        said = usherd.control("-o", output, "invitation", "create", "--dry-run", *options(whole))
        assert said.returncode == OK, said.stderr
        assert read(said.stdout) == f"robin.{whole['family_name'].lower()}"
    listed = items(json_of(usherd.control("-o", "json", "invitation", "list")))
    assert [invitation["id"] for invitation in listed] == [taken["id"]]
    assert usherd.control("invitation", "create", *options(whole)).returncode == OK


def test_a_new_link_and_a_revocation(usherd):
    made = json_of(create(usherd, "-o", "json"))
    fresh = json_of(usherd.control("-o", "json", "invitation", "link", made["id"]))["link"]
    assert Link(made["link"]).get().status_code == 410
    assert Link(fresh).is_open()
    assert usherd.control("invitation", "revoke", made["id"]).returncode == OK
    assert Link(fresh).get().json()["reason"] == "revoked"


def test_health_is_a_probe(slapd, usherd):
    assert usherd.control("health").returncode == OK
    assert json_of(usherd.control("-o", "json", "health"))["checks"]


def test_a_token_is_printed_alone(usherd):
    done = usherd.control("token", "create", "--name", "one", "--scopes", "all", "--expires", "365d")
    assert done.returncode == OK, done.stderr
    [line] = done.stdout.splitlines()
    assert line.startswith("ush_") and " " not in line
    listed = usherd.control("token", "list")
    assert "one" in listed.stdout and line not in listed.stdout


def test_a_token_file_works_over_the_network(usherd):
    path = usherd.folder / "token"
    path.write_text(usherd.make_token() + "\n")
    path.chmod(0o600)
    remote = ("--url", usherd.control_url, "--token-file", path)
    done = usherd.control(*remote, "-o", "json", "invitation", "list", through_socket=False)
    assert items(json_of(done)) == []
    path.write_text("ush_wrong\n")
    done = usherd.control(*remote, "invitation", "list", through_socket=False)
    assert done.returncode == FAILED
    assert done.stderr.strip()


@pytest.mark.parametrize("arguments, status", [
    ((), USAGE), (("nonsense",), USAGE), (("invitation",), USAGE), (("invitation", "nonsense"), USAGE),
    (("invitation", "show"), USAGE), (("invitation", "create", "--shoe-size", "44"), USAGE),
    (("-o", "yaml", "health"), USAGE), (("token", "create"), USAGE),
    (("token", "create", "--name", "x", "--scopes", "everything", "--expires", "1d"), (USAGE, FAILED)),
    (("token", "create", "--name", "x", "--scopes", "all", "--expires", "soon"), (USAGE, FAILED)),
    (("invitation", "show", "00000000-0000-7000-8000-000000000000"), NOT_FOUND),
    (("invitation", "revoke", "00000000-0000-7000-8000-000000000000"), NOT_FOUND),
    (("token", "revoke", "0000000000000000"), NOT_FOUND),
])
def test_the_exit_status_says_what_went_wrong(usherd, arguments, status):
    done = usherd.control(*arguments)
    expected = status if isinstance(status, tuple) else (status,)
    assert done.returncode in expected, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.strip()
    assert done.stdout == ""


def test_the_trail_is_listed_exported_and_proved(usherd):
    """The export is all of it, page by page, oldest first."""
    for _ in range(3):
        json_of(create(usherd, "-o", "json"))
    listed = json_of(usherd.control("-o", "json", "audit", "list", "--all"))["items"]
    exported = [json.loads(line) for line in usherd.control("audit", "export").stdout.splitlines()]
    assert exported == listed[::-1] and len(exported) >= 3
    table = list(csv.DictReader(io.StringIO(usherd.control("audit", "export", "--format", "csv").stdout)))
    assert [row["id"] for row in table] == [record["id"] for record in exported]
    assert [json.loads(row["personal"] or "null") for row in table] == [record["personal"] for record in exported]
    one = exported[0]["subject"]["id"]
    assert {record["subject"]["id"] for record in json_of(usherd.control(
        "-o", "json", "audit", "list", "--about", one))["items"]} == {one}

    def newest_head():
        proof = usherd.control("audit", "verify")
        assert proof.returncode == OK and proof.stdout.startswith("sound: ")
        return re.search(r"^head (.*)$", proof.stdout, re.MULTILINE)
    head = wait_for(newest_head, "a block is written")[1]
    assert usherd.control("audit", "verify", "--head", head).returncode == OK
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    refused = usherd.control("audit", "verify", "--head", other)
    assert refused.returncode == FAILED and "NOT SOUND" in refused.stdout


def test_who_one_is_and_nobody_can_be_erased_who_is_there(usherd, slapd):
    shown = json_of(usherd.control("-o", "json", "session", "show"))
    assert shown["kind"] == "peer" and "erase" in shown["scopes"] and shown["org_units"] is None
    usherd.wait_list()
    assert usherd.control("erase", "aino.makela").returncode == CONFLICT
    assert usherd.control("erase", "nobody.there").returncode == NOT_FOUND


def test_a_token_can_be_limited_to_org_units(usherd, slapd):
    unit = f"ou=Registry,ou=Collections,{slapd.people}"
    usherd.wait_list()
    made = usherd.control("token", "create", "--name", "x", "--scopes", "invitations:read", "--expires", "1d",
                          "--org-unit", unit.upper())
    assert made.returncode == OK, made.stderr
    listed = json_of(usherd.control("-o", "json", "token", "list"))["items"]
    [token] = [item for item in listed if item["name"] == "x"]
    assert [place.lower() for place in token["org_units"]] == [unit.lower()]
    assert token["owner"] is None and token["last_used_at"] is None


def test_a_clash_is_a_conflict(usherd):
    json_of(create(usherd, "-o", "json", mail="one@meridian.example"))
    done = create(usherd, mail="one@meridian.example")
    assert done.returncode == CONFLICT
    assert "mail" in done.stderr


def test_field_errors_are_shown_by_name(usherd):
    done = create(usherd, birthday="1990-02-30", mail="nobody@")
    assert done.returncode == FAILED
    assert "birthday" in done.stderr and "mail" in done.stderr


def test_nobody_there_is_unreachable(usherd):
    usherd.stop()
    done = usherd.control("health")
    assert done.returncode == UNREACHABLE
    assert str(usherd.socket_path) in done.stderr


def test_help_and_version_go_to_standard_output(usherd):
    for option in ("--help", "--version"):
        done = usherd.control(option, through_socket=False)
        assert done.returncode == OK
        assert "usherctl" in done.stdout
