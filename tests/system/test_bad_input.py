"""Input that is not what the API asks for: a problem that names it, and nothing is kept."""

import json

import pytest

from client import Api, person
from world import world

LIST = "/api/v1/invitations"


@pytest.fixture(scope="module")
def shared():
    with world() as daemon:
        yield Api(daemon, daemon.make_token())


@pytest.fixture
def slapd(shared):
    return shared.daemon.slapd


@pytest.fixture
def api(shared):
    """The shared daemon; what a test has left pending is revoked."""
    yield shared
    for invitation in shared.get(LIST).json()["items"]:
        shared.delete(f"{LIST}/{invitation['id']}")


def pending(api):
    answer = api.get(LIST)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["items"])


def refused(api, answer, status, word):
    """A problem document that contains `word`; nothing was kept."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["title"]
    assert word in answer.text, f"{word!r} is not named in {answer.text}"
    assert pending(api) == 0


def send(api, text, content_type="application/json"):
    body = text if isinstance(text, bytes) else text.encode()
    return api.call("POST", LIST, data=body, headers={"Content-Type": content_type})


@pytest.fixture
def valid(api):
    return person(api.daemon.slapd)


def test_an_unknown_member_is_refused_by_name(api, valid):
    refused(api, send(api, json.dumps({**valid, "shoe_size": 44})), 400, "shoe_size")


@pytest.mark.parametrize("name", ["objectClass", "userPassword", "Mail", "given-name", "dn", ""])
def test_a_member_that_only_looks_like_one_of_ours_is_refused(api, valid, name):
    refused(api, send(api, json.dumps({**valid, name: "x"})), 400, name)


def test_a_duplicate_key_is_refused_by_name(api, valid):
    text = json.dumps(valid)
    refused(api, send(api, text[:-1] + ', "mail": "other@meridian.example"}'), 400, "mail")


def test_a_duplicate_key_in_another_spelling_is_refused_too(api, valid):
    text = json.dumps(valid)
    refused(api, send(api, text[:-1] + ', "m\\u0061il": "other@meridian.example"}'), 400, "mail")


def test_deep_nesting_is_refused(api, valid):
    text = json.dumps(valid)[:-1] + ', "groups": ' + "[" * 17 + "]" * 17 + "}"
    refused(api, send(api, text), 400, "deep")


def test_a_large_body_is_refused(api, valid):
    text = json.dumps({**valid, "position": "x" * 66000})
    refused(api, send(api, text), 413, "")


@pytest.mark.parametrize("name, value", [
    ("given_name", 7), ("given_name", ["Robin"]), ("given_name", {"first": "Robin"}),
    ("given_name", None), ("mail", ["a@meridian.example", "b@meridian.example"]), ("mail", True),
    ("groups", "cn=everybody"), ("groups", [1]), ("groups", {"0": "cn=x"}), ("expires_in", "3600"),
    ("expires_in", 3600.5), ("fields", []), ("fields", {"position": 1}), ("method", 1),
    ("birthday", 19900228),
])
def test_a_member_of_the_wrong_type_is_refused_by_name(api, valid, name, value):
    refused(api, send(api, json.dumps({**valid, name: value})), 400, name)


@pytest.mark.parametrize("name, value", [
    ("expires_in", -1), ("expires_in", 59), ("expires_in", 10**18), ("fields", {"position": "sometimes"}),
    ("method", "pigeon"),
])
def test_a_value_that_breaks_a_rule_is_a_field_error(api, valid, name, value):
    refused(api, send(api, json.dumps({**valid, name: value})), 422, name)


@pytest.mark.parametrize("name, status", [
    ("shoe_size", 400), ("userPassword", 400), ("mail", 422), ("org_unit", 422), ("groups", 422),
    ("uid", 422),
])
def test_a_field_that_is_not_the_persons_cannot_be_set_free(api, valid, name, status):
    answer = send(api, json.dumps({**valid, "fields": {name: "free"}}))
    assert answer.status_code == status, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [f"fields.{name}"]


@pytest.mark.parametrize("text", [
    "", " ", "null", "[]", "7", '"x"', "{", '{"given_name": "Robin"', '{"given_name": }', "{}{}",
    '{"given_name": "Ro\x00bin"}', b'{"given_name": "\xff\xfe"}', b'{"given_name": "\xc0\xaf"}',
    '{"expires_in": 1000000000000000000000}', '{"given_name": "\\ud800"}', "{'given_name': 'Robin'}", '{"given_name": "Robin",}', "NaN",
])
def test_what_is_no_json_object_is_refused(api, text):
    refused(api, send(api, text), 400, "")


@pytest.mark.parametrize("content_type", [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/jsonx", "text/json", "application/json-patch+json", "",
])
def test_another_content_type_is_refused(api, valid, content_type):
    refused(api, send(api, json.dumps(valid), content_type), 415, "")


def test_all_field_errors_come_at_once(api):
    answer = api.post(LIST, {
        "given_name": " ", "family_name": "A\u202eB", "gender": "robot", "birthday": "1990-02-30",
        "mail": "nobody@", "phone": "12345", "org_unit": "nowhere", "language": "klingon-x-!",
        "method": "link", "uid": "root",
    })
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert all({"field", "code", "detail"} <= set(error) for error in errors)
    assert {error["field"] for error in errors} >= {
        "given_name", "family_name", "gender", "birthday", "mail", "phone", "org_unit", "language",
        "uid",
    }
    assert pending(api) == 0


@pytest.mark.parametrize("name", ["given_name", "family_name", "gender", "birthday", "org_unit",
                                  "method"])
def test_what_is_required_is_asked_for(api, valid, name):
    del valid[name]
    answer = api.post(LIST, valid)
    assert answer.status_code == 422, answer.text
    assert name in [error["field"] for error in answer.json()["errors"]]


def test_mail_or_phone_is_enough_and_neither_is_not(api):
    slapd = api.daemon.slapd
    answer = api.post(LIST, person(slapd, mail=None))
    assert answer.status_code == 422
    assert {"mail", "phone"} & {error["field"] for error in answer.json()["errors"]}
    assert api.post(LIST, person(slapd, mail=None, phone="+442079460999")).status_code == 201


@pytest.mark.parametrize("birthday", ["1899-12-31", "2999-01-01", "1990-02-29", "1990-2-8", "28.02.1990",
                                      "1990-02-28T00:00:00Z", "0000-00-00"])
def test_a_birthday_is_a_real_date_of_somebody_alive(api, birthday):
    answer = api.invite(birthday=birthday)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ["birthday"]


@pytest.mark.parametrize("name", ["uid", "mail"])
def test_a_clash_with_a_user_is_named(slapd, api, name):
    taken = {"uid": "aino.makela", "mail": "aino.makela@meridian.example"}
    answer = api.invite(**{name: taken[name]})
    assert answer.status_code == 409, answer.text
    assert name in answer.text
    assert pending(api) == 0


@pytest.mark.parametrize("name", ["uid", "mail"])
def test_a_clash_with_another_invitation_is_named(api, name):
    taken = {"uid": "quill.first", "mail": "quill.first@meridian.example"}
    api.invited(**{name: taken[name]})
    answer = api.invite(**{name: taken[name]})
    assert answer.status_code == 409, answer.text
    assert name in answer.text
    assert pending(api) == 1


def test_a_place_that_does_not_exist_is_named(slapd, api):
    answer = api.invite(org_unit=f"ou=Atlantis,{slapd.people}", groups=[f"cn=mermaids,{slapd.groups}"])
    assert answer.status_code == 422, answer.text
    assert {"org_unit", "groups"} <= {error["field"].split("[")[0].split(".")[0]
                                      for error in answer.json()["errors"]}
    assert pending(api) == 0


@pytest.mark.parametrize("org_unit", [
    "dc=meridian,dc=example", "ou=groups,dc=meridian,dc=example", "cn=config", "ou=Registry",
    "ou=a\nb,ou=people,dc=meridian,dc=example",
])
def test_people_are_invited_below_the_people_base_only(api, org_unit):
    answer = api.invite(org_unit=org_unit)
    assert answer.status_code == 422, answer.text
    assert "org_unit" in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/api/v1/nothing", 404), ("GET", "/nothing", 404), ("GET", "/api/v1/invitations/none", 404),
    ("PUT", "/api/v1/invitations", 405), ("DELETE", "/api/v1/org-units", 405),
    ("GET", "/api/v1/invitations/%00", 400), ("GET", "/api/v1/%2e%2e/invitations", 400),
    ("GET", "/api/v1/invitations/00000000-0000-7000-8000-000000000000", 404),
])
def test_a_path_or_method_that_does_not_exist_is_a_problem(api, method, path, status):
    answer = api.call(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    if status == 405:
        assert answer.headers["Allow"]


def test_the_registration_refuses_what_is_no_form(slapd, api):
    invitation = api.invited()
    link = invitation["join"]
    form, document = "application/x-www-form-urlencoded", "application/json"
    for status, body, content_type in (
        (400, b'{"password": "a", "password": "b"}', document),
        (400, b"[" * 40, document),
        (400, b"password=%zz", form),
        (400, b"password=" + b"%00" * 16, form),
        (400, b"password=long+enough+for+anybody&password=long+enough+for+me", form),
        (415, b"<password/>", "text/xml"),
    ):
        answer = link.post(None, data=body, headers={"Content-Type": content_type})
        assert answer.status_code == status, (body, answer.status_code)
    assert slapd.entries_of(invitation["id"]) == []
    assert link.register().status_code == 201
