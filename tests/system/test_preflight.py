"""An invitation that is still being typed: the same is said as when it is sent, and nothing comes of it."""

import re
import time

import pytest

from client import Api, person, unique_word
from signing import INVITER, Console, registry, with_roles
from store_file import read_store
from usherd import raw_connection, read_all

PREFLIGHT = "/api/v1/invitations/preflight"
TAKEN = "another person or a pending invitation has it"


@pytest.fixture(name="api")
def whole_api(office):
    return Api(office, office.make_token())


def look(api, **values):
    """The uid, and what is wrong as {field: code}, each field once. Whoever asks too fast waits as they are told."""
    answer = api.post(PREFLIGHT, values)
    while answer.status_code == 429:
        time.sleep(int(answer.headers["Retry-After"]))
        answer = api.post(PREFLIGHT, values)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    errors = {error["field"]: error["code"] for error in said["errors"]}
    assert len(errors) == len(said["errors"]), said
    return said["uid"], errors


def refusal(api, **values):
    """What creating says of the same, as {field: code}."""
    answer = api.post("/api/v1/invitations", values)
    assert answer.status_code in (409, 422), answer.text
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def test_nothing_typed_is_nothing_wrong(api):
    assert look(api) == (None, {})
    assert look(api, given_name="", mail=" ", uid="", personal_mail="") == (None, {})


def test_a_form_that_is_filled_in_member_by_member(office, api):
    typed = {}
    for name, value in person(office.slapd).items():
        typed[name] = value
        uid, errors = look(api, **typed)
        assert errors == {}, (name, errors)
        assert (uid is not None) == ("family_name" in typed), name
    assert uid == f"robin.{typed['family_name'].lower()}"
    assert api.invited(**typed)["uid"] == uid


def test_the_uid_is_the_next_free_one_or_the_chosen_one(api):
    family = unique_word()
    first = api.invited(family_name=family)["uid"]
    assert look(api, given_name="Robin", family_name=family) == (first + "2", {})
    assert look(api, given_name="Aino", family_name="M\u00e4kel\u00e4") == ("aino.makela2", {})
    assert look(api, given_name="Robin", family_name=family, uid=" robin ") == ("robin", {})
    assert look(api, uid=first) == (first, {"uid": "taken"})
    for uid in ("Robin", "root", "r" * 33, "r\u00f6bin", "r b"):
        said, errors = look(api, given_name="Robin", family_name=family, uid=uid)
        assert said is None and list(errors) == ["uid"], uid
        assert refusal(api, **person(api.daemon.slapd, uid=uid)) == errors


def test_a_name_of_a_pending_invitation_is_taken(api):
    uid, phone = unique_word().lower(), "+493055512345"
    invitation = api.invited(uid=uid, phone=phone)
    mail = invitation["mail"]
    assert look(api, mail=mail.upper().replace("MERIDIAN.EXAMPLE", "Meridian.Example")) == (None, {"mail": "taken"})
    assert look(api, phone="+49 (30) 555-12345") == (None, {"phone": "taken"})
    assert look(api, uid=uid) == (uid, {"uid": "taken"})
    whole = person(api.daemon.slapd, uid=uid, phone=phone, mail=mail)
    _, errors = look(api, **whole)
    assert errors == refusal(api, **whole) == {"mail": "taken", "phone": "taken", "uid": "taken"}
    assert api.delete(f"/api/v1/invitations/{invitation['id']}").status_code == 204
    assert look(api, **whole) == (uid, {})


def test_a_name_of_a_user_of_the_directory_is_taken(office, api):
    mail = office.slapd.by_uid(INVITER)[0][1]["mail"][0]
    whole = person(office.slapd, uid=INVITER, mail=mail.upper().split("@")[0] + "@" + mail.split("@")[1])
    answer = api.post(PREFLIGHT, whole).json()
    assert {error["field"]: error["detail"] for error in answer["errors"]} == {"mail": TAKEN, "uid": TAKEN}
    assert refusal(api, **whole) == {"mail": "taken", "uid": "taken"}
    invitation = api.invited(phone="+493077712345")
    assert invitation["join"].register().status_code == 201
    assert look(api, phone="+49 30 77712345", mail=invitation["mail"]) == (None, {"phone": "taken", "mail": "taken"})


def test_everything_that_is_wrong_is_told_at_once(office, api):
    _, errors = look(
        api, given_name="\u202eAino", family_name="x" * 129, gender="blue", birthday="2999-01-01", phone="030 123",
        mail=office.slapd.by_uid(INVITER)[0][1]["mail"][0], language="deutsch", uid="root",
        org_unit=f"ou=Nowhere,{office.slapd.people}", method="email", expires_in=5,
        groups=["keepers", f"cn=nobody,{office.slapd.groups}", f"cn=inviters,{office.slapd.groups}"],
        fields={"mail": "free", "phone": "open"})
    assert errors.pop("given_name") and errors.pop("birthday")
    assert errors == {
        "family_name": "too_long", "gender": "unknown_value", "phone": "no_country_code", "mail": "taken",
        "language": "invalid", "uid": "reserved", "org_unit": "not_found", "method": "unavailable",
        "expires_in": "invalid", "groups[0]": "invalid", "groups[1]": "not_found", "groups[2]": "not_allowed",
        "fields.mail": "not_allowed", "fields.phone": "invalid"}


def test_each_value_is_judged_as_when_it_is_sent(office, api):
    values = {
        "given_name": ["x\n", "https://a.example"], "gender": ["x"], "birthday": ["1899-12-31", "1990-02-30"],
        "mail": ["x", "a@b", "a b@c.example"], "phone": ["+1", "abc"], "language": ["x", "de-"],
        "position": ["x" * 129], "expires_in": [0, -1, 59, 7776001], "method": ["pigeon", "email"],
        "org_unit": ["x", "ou=a+ou=b", "dc=elsewhere", office.slapd.base, f"ou=Nowhere,{office.slapd.people}"],
        "groups": [["x"], [""], [f"cn=nobody,{office.slapd.groups}"], ["cn=x"] * 33],
        "fields": [{"mail": "suggested"}, {"position": "maybe"}]}
    for name, bad in values.items():
        for value in bad:
            _, errors = look(api, **{name: value})
            assert errors and errors == refusal(api, **person(office.slapd, **{name: value})), (name, value)


@pytest.mark.parametrize("body", ["", "[]", "{", '{"mail": null}', '{"given_name": 7}', '{"groups": "x"}',
                                  '{"objectClass": "x"}', '{"mail": "a@b.c", "mail": "a@b.d"}',
                                  '{"fields": {"shoe_size": "free"}}'])
def test_what_is_no_such_document_is_malformed_as_elsewhere(api, body):
    answers = [api.call("POST", path, data=body, headers={"Content-Type": "application/json"})
               for path in (PREFLIGHT, "/api/v1/invitations")]
    assert [answer.status_code for answer in answers] == [400, 400], answers[0].text
    assert answers[0].json()["errors"] == answers[1].json()["errors"]


def written(daemon):
    """All that the store has; audit records are tied together a little later, and uses of a token are noted."""
    return {name: item.modified for name, item in read_store(daemon).items.items()
            if not name.startswith(("chain/", "apitoken/"))}


def test_nothing_is_written_and_nothing_is_reserved(office, api):
    before = written(office)
    whole = person(office.slapd, uid=unique_word().lower(), phone="+493088812345")
    for _ in range(3):
        assert look(api, **whole) == (whole["uid"], {})
    assert written(office) == before
    assert office.slapd.by_uid(whole["uid"]) == []
    assert api.invited(**whole)["uid"] == whole["uid"]


def test_a_limited_caller_is_told_what_creating_would_tell(office, api):
    slapd, inviter = office.slapd, Console(office).sign_in(INVITER)
    elsewhere = f"ou=Genetics,ou=Research,{slapd.people}"
    assert look(inviter, org_unit=registry(slapd)) == (None, {})
    for place in (elsewhere, slapd.people, f"ou=Nowhere,{slapd.people}"):
        assert look(inviter, org_unit=place) == (None, {"org_unit": "not_found"})
    # Of a group that gives a role, too, as it is out of reach.
    group = f"cn=usherd-administrators,{slapd.groups}"
    whole = person(slapd, groups=[group])
    assert look(inviter, groups=[group])[1] == refusal(inviter, **whole) == {"groups[0]": "not_found"}
    # A name that somebody has elsewhere is taken, and whose it is nobody hears.
    held = api.invited(org_unit=elsewhere)
    assert look(inviter, mail=held["mail"]) == look(inviter, mail=held["mail"], given_name="Robin") == (None, {})
    assert look(inviter, mail=held["mail"], org_unit=elsewhere)[1] == {"org_unit": "not_found"}
    answer = inviter.post(PREFLIGHT, {"mail": held["mail"], "org_unit": registry(slapd)})
    assert answer.json() == {"uid": None, "errors": [{"field": "mail", "code": "taken", "detail": TAKEN}]}
    assert refusal(inviter, **person(slapd, mail=held["mail"])) == {"mail": "taken"}
    assert look(inviter, **person(slapd))[1] == {}


def test_whoever_asks_too_fast_is_told_when_to_ask_again(office):
    api, other = (Api(office, office.make_token(scopes="invitations:write")) for _ in range(2))
    request = (f"POST {PREFLIGHT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {api.session.headers['Authorization']}\r\n"
               "Content-Type: application/json\r\nContent-Length: 2\r\n")
    with raw_connection(office.ports["control"], 60) as connection:
        # All at once: whoever waits for an answer before the next question may be slow enough.
        connection.sendall((request + "\r\n{}").encode() * 59 + (request + "Connection: close\r\n\r\n{}").encode())
        received = read_all(connection)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", received)
    assert statuses[:20] == [b"200"] * 20 and len(statuses) == 60
    assert set(statuses) == {b"200", b"429"}
    assert received.count(b"\r\nRetry-After: 1\r\n") == statuses.count(b"429")
    assert other.post(PREFLIGHT, {}).status_code == 200


def test_of_what_is_complete_all_is_told_that_creating_would_refuse(office, api):
    def complete(**values):
        answer = api.post(PREFLIGHT + "?complete=true", values)
        assert answer.status_code == 200, answer.text
        return {error["field"]: error["code"] for error in answer.json()["errors"]}

    assert complete() == refusal(api) == dict.fromkeys(
        ("given_name", "family_name", "gender", "birthday", "org_unit", "mail", "method"), "required")
    whole = person(office.slapd)
    assert complete(**whole) == {}
    taken = api.invited()["mail"]
    assert complete(mail=taken, method="link", org_unit=whole["org_unit"]) == {
        "mail": "taken", **dict.fromkeys(("given_name", "family_name", "gender", "birthday"), "required")}


def test_it_needs_the_scope_of_creating(office):
    assert Api(office).post(PREFLIGHT, {}).status_code == 401
    assert Api(office, office.make_token(scopes="invitations:read")).post(PREFLIGHT, {}).status_code == 403
    assert Api(office, office.make_token(scopes="invitations:write")).post(PREFLIGHT, {}).status_code == 200


def test_who_may_invite_nobody_more_is_told_so(slapd, make_usherd):
    daemon = with_roles(make_usherd(slapd)).configure("role inviters", quota=1).start()
    daemon.wait_list()
    inviter = Console(daemon).sign_in(INVITER)
    assert look(inviter)[1] == {}
    taken = inviter.invited()
    answer = inviter.post(PREFLIGHT, {"mail": taken["mail"]})
    assert answer.status_code == 409 and answer.json()["reason"] == "quota", answer.text
    assert "errors" not in answer.json()
    assert inviter.invite().json()["reason"] == "quota"


def test_a_directory_that_is_away_is_no_clash(slapd, usherd):
    api, whole = Api(usherd, usherd.make_token()), person(slapd)
    slapd.stop()
    usherd.wait_directory(up=False)
    assert api.post(PREFLIGHT, whole).status_code == 503
    # Nobody needs to be asked about these.
    assert look(api, gender="blue", birthday="1990-02-28") == (None, {"gender": "unknown_value"})
    slapd.start()
    usherd.wait_directory()
    assert look(api, **whole)[1] == {}


def test_what_is_past_its_end_holds_nothing(slapd, make_usherd, clock):
    daemon = make_usherd(slapd, environment=clock.environment).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token(expires="90d"))
    whole = person(slapd, uid=unique_word().lower(), expires_in=60)
    invitation = api.invited(**whole)
    assert look(api, **whole)[1] == {"mail": "taken", "uid": "taken"}
    clock(61)
    assert look(api, **whole) == (whole["uid"], {})
    assert api.show(invitation["id"])["status"] == "expired"
    assert api.invited(**whole)["uid"] == whole["uid"]


def test_the_personal_address_is_checked_where_mails_are_sent(mailing):
    api = mailing.api
    assert look(api, method="email") == (None, {})
    assert look(api, personal_mail="x@elsewhere.example") == (None, {})
    for method in ({}, {"method": "email"}):
        assert look(api, personal_mail="nowhere", **method) == (None, {"personal_mail": "invalid"})
    assert look(api, personal_mail="nowhere", method="link") == (None, {})
