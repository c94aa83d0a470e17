"""Erasing a person: nothing that names them is left in the store, beside it, or in the log."""

import contextlib
import json

import pytest
import requests

from client import Api, in_background
from mails import Letter
from store_file import read_store
from wait import wait_for

ERASURES, USERS = "/api/v1/erasures", "/api/v1/users"
GIVEN, FAMILY, UID = "Quirinalia", "Vexillographer", "q.vexillographer"
MAIL, PERSONAL = "q.vexillographer@meridian.example", "zanzibar.quirinalia@elsewhere.example"
CANARIES = [word.lower().encode() for word in (GIVEN, FAMILY, "zanzibar")]


@pytest.fixture
def office(slapd, make_usherd, make_sink):
    sink = make_sink()
    daemon = make_usherd(slapd).configure("mail", **sink.conf(notify="office@meridian.example"))
    daemon.sink = sink
    daemon.start()
    daemon.wait_directory()
    daemon.wait_list()
    daemon.api = Api(daemon, daemon.make_token())
    return daemon


def invite(office, **changes):
    answer = office.api.invite(given_name=GIVEN, family_name=FAMILY, uid=UID, mail=MAIL, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def registered(office):
    """The invitation and the row of somebody who came by mail."""
    before = len(office.sink.mails_to(PERSONAL))
    invitation = invite(office, method="email", personal_mail=PERSONAL)
    mail = office.sink.wait_mails(before + 1, PERSONAL)[-1]
    assert Letter(mail.content).link.register().status_code == 201

    def active():
        items = office.api.get(USERS, params={"q": FAMILY}).json()["items"]
        return next((item for item in items if item["status"] == "active"), None)
    return invitation, wait_for(active, "they are in the list")


def erase(office, person):
    """As whoever is told that a mail about the person is on its way just now: once more, a moment later."""
    def asked():
        answer = office.api.post(ERASURES, {"person": person})
        return None if answer.status_code == 503 and "is being sent" in answer.text else [answer]  # a refusal is falsy
    return wait_for(asked, f"no mail about {person} is being sent")[0]


def named_in(data):
    return [canary for canary in CANARIES if canary in data.lower()]


def named_in_store(office):
    """In the values of the store, opened: what is sealed reveals nobody anyway."""
    return named_in(json.dumps({name: [item.value, item.parts] for name, item in read_store(office).items.items()},
                               ensure_ascii=False).encode())


def named_in_audit(office):
    """In what may be erased of audit records; their first lines have no names."""
    audit = read_store(office).space("audit").values()
    assert named_in(json.dumps([item.value for item in audit], ensure_ascii=False).encode()) == []
    return named_in(json.dumps([item.parts for item in audit], ensure_ascii=False).encode())


def named_on_disk(office):
    """In whatever the daemon wrote."""
    places = [path for path in office.folder.rglob("*") if path.is_file() and path != office.key_path]
    assert office.store_path in places and office.log_path in places
    return {str(path): found for path in places if (found := named_in(path.read_bytes()))}


def test_after_erasing_somebody_who_was_deleted_nothing_names_them(office):
    invitation, user = registered(office)
    answer = office.api.call("PATCH", f"{USERS}/{user['id']}", json={"position": f"{FAMILY} in chief"})
    assert answer.status_code == 200, answer.text
    assert office.api.delete(f"{USERS}/{user['id']}").status_code in (200, 204)
    assert named_in_store(office) == named_in_audit(office) == CANARIES

    answer = erase(office, MAIL.upper())
    assert answer.status_code in (200, 201), answer.text
    assert user["id"] in answer.text and invitation["id"] in answer.text
    assert named_in_store(office) == []
    assert office.control("audit", "verify").returncode == 0
    assert office.stop() == 0  # what stands beside the file goes into it
    assert named_on_disk(office) == {}, [line for line in office.log().splitlines() if named_in(line.encode())]

    office.start()
    office.wait_directory()
    assert erase(office, user["id"]).status_code in (200, 201)
    assert office.control("audit", "verify").returncode == 0


def test_a_kill_in_the_middle_is_finished_by_asking_again(office):
    """At whatever moment: the request is sent, and the daemon killed without waiting for the answer."""
    _, user = registered(office)
    assert office.api.delete(f"{USERS}/{user['id']}").status_code in (200, 204)
    asking = in_background(lambda: erase(office, user["id"]))
    wait_for(lambda: "is being erased" in office.log(), "it has begun", pause=0.001)
    office.kill()
    with contextlib.suppress(requests.ConnectionError):
        asking()
    office.start()
    office.wait_directory()
    assert erase(office, user["id"]).status_code in (200, 201)
    assert named_in_store(office) == []


def test_a_user_is_deleted_first_and_an_open_invitation_revoked_first(office):
    invitation = invite(office, method="email", personal_mail=PERSONAL)
    for person in (invitation["id"], UID, MAIL, PERSONAL):
        answer = erase(office, person)
        assert answer.status_code == 409 and "revoke the invitation first" in answer.json()["detail"], answer.text
    assert office.api.delete(f"/api/v1/invitations/{invitation['id']}").status_code == 204
    assert erase(office, UID).status_code in (200, 201)
    assert named_in_store(office) == []

    _, user = registered(office)
    for person in (user["id"], UID, MAIL.upper()):
        answer = erase(office, person)
        assert answer.status_code == 409 and "delete the user first" in answer.json()["detail"], answer.text
    assert named_in_store(office) != []


@pytest.mark.parametrize("document, status", [
    ({"person": "nobody-of-this-name"}, 404), ({"person": "00000000-0000-7000-8000-000000000000"}, 404),
    ({"person": "*"}, 404), ({"person": ""}, 422), ({}, 422), ({"person": 7}, 400), ({"person": UID, "all": True}, 400),
])
def test_who_is_not_known_and_what_makes_no_sense_is_refused(office, document, status):
    assert office.api.post(ERASURES, document).status_code == status


def test_an_address_that_was_lent_to_newcomers_leads_to_none_of_them(office):
    _, user = registered(office)
    newcomers = [office.api.invited_by_mail(MAIL, given_name="Chris") for _ in range(2)]
    for newcomer in newcomers:
        assert office.api.delete(f"/api/v1/invitations/{newcomer['id']}").status_code == 204
    assert office.api.delete(f"{USERS}/{user['id']}").status_code in (200, 204)
    for person in (UID, user["id"]):
        answer = erase(office, person)
        assert answer.status_code == 200 and user["id"] in answer.json()["ids"], answer.text
        assert not any(newcomer["id"] in answer.text for newcomer in newcomers)
    answer = erase(office, MAIL)
    assert answer.status_code == 409 and "several people" in answer.json()["detail"], answer.text
    for newcomer in newcomers:
        assert office.api.show(newcomer["id"])["status"] == "revoked"
