"""The form may set what the invitation leaves open, and nothing else, however it is spelled."""

import json

from client import PASSWORD, Browser, person

OURS = ("mail", "uid", "org_unit", "groups", "phone", "given_name", "family_name", "display_name",
        "gender", "birthday", "position", "language", "method", "expires_in", "status", "id")

# Set by the server, or by the daemon from the invitation: all that a new entry may carry.
EXPECTED = {
    "objectClass", "uid", "cn", "sn", "givenName", "displayName", "mail", "title",
    "preferredLanguage", "usherdInvitationId", "usherdGender", "usherdBirthday", "userPassword",
}


def spellings(name):
    yield from (name, name.upper(), name.capitalize(), f" {name}", f"{name} ", f"{name}[]",
                f"{name}[0]", f"{name}.value", f"{name};lang-en", f"fields[{name}]", f"fields.{name}",
                f"{name}\u200b", f"\ufeff{name}")


def posts_nothing(link, document):
    answer = link.post(document)
    assert answer.status_code in (400, 422), (document, answer.status_code, answer.text)


def test_no_attribute_of_the_live_schema_can_be_set(slapd, api):
    invitation = api.invited()
    names = slapd.attribute_names()
    assert len(names) > 300
    with Browser(invitation["link"]).session as session:
        for name in names:
            answer = session.post(
                invitation["link"], json={"password": PASSWORD, name: "mallory"}, timeout=20
            )
            expected = 422 if name in OURS else 400
            assert answer.status_code == expected, (name, answer.status_code, answer.text)
    assert slapd.entries_of(invitation["id"]) == []
    assert invitation["join"].register().status_code == 201
    [(_, entry)] = slapd.entries_of(invitation["id"])
    assert set(entry) == EXPECTED
    assert entry["mail"] == [invitation["mail"]]


def test_no_spelling_of_our_own_fields_can_be_set(slapd, api):
    invitation = api.invited()
    for name in OURS:
        for spelling in spellings(name):
            posts_nothing(invitation["join"], {"password": PASSWORD, spelling: "mallory"})
            posts_nothing(invitation["join"], {"password": PASSWORD, spelling: ["mallory"]})
    posts_nothing(invitation["join"], {"password": PASSWORD, "fields": {"mail": "m@evil.example"}})
    assert slapd.entries_of(invitation["id"]) == []
    assert invitation["join"].is_open()


def test_repeating_a_field_of_the_form_sets_nothing(slapd, api):
    invitation = api.invited(fields={"position": "free"})
    browser = Browser(invitation["link"])
    for pairs in (
        [("mail", "m@evil.example")],
        [("position", "one"), ("position", "two")],
        [("position", "one"), ("POSITION", "two")],
        [("position[]", "one")],
        [("uid", "root")], [("org_unit", slapd.people)], [("groups", f"cn=everybody,{slapd.groups}")],
        [("objectClass", "posixAccount")], [("x" * 300, "y")], [("", "y")],
    ):
        page = browser.open()
        passwords = [(name, PASSWORD) for name in page.names if "password" in name]
        answer = browser.submit(page, passwords + pairs)
        assert answer.status_code in (400, 422), (pairs, answer.status_code)
        assert slapd.entries_of(invitation["id"]) == []
    page = browser.open()
    passwords = {name: PASSWORD for name in page.names if "password" in name}
    assert browser.submit(page, {**passwords, "position": "Night keeper"}).status_code == 201
    [(_, entry)] = slapd.entries_of(invitation["id"])
    assert entry["title"] == ["Night keeper"]
    assert entry["mail"] == [invitation["mail"]]
    assert invitation["uid"] in entry["uid"]


def test_hostile_values_of_a_free_field_stay_values(slapd, api):
    for number, value in enumerate((
        "*)(uid=*", "a,ou=Finance", "a\\2cou=Finance", "\"><script>alert(1)</script>", "=cmd|' /C calc'!A0",
        "Keeper\\", "x" * 128, "%s%n", "../../etc/passwd",
    )):
        invitation = api.invited(fields={"position": "free"})
        answer = invitation["join"].register(position=value)
        assert answer.status_code == 201, (number, answer.text)
        [(dn, entry)] = slapd.entries_of(invitation["id"])
        assert entry["title"] == [value]
        assert dn == f"uid={invitation['uid']},{invitation['org_unit']}"


def test_control_characters_in_a_free_field_are_refused(slapd, api):
    invitation = api.invited(fields={"position": "free", "given_name": "free"})
    for name in ("position", "given_name"):
        for value in ("a\r\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "\ue000"):
            body = json.dumps({"password": PASSWORD, name: value}).encode()
            answer = invitation["join"].post(
                None, data=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == (400 if "\x00" in value else 422), (name, value)
    assert slapd.entries_of(invitation["id"]) == []


def test_the_page_escapes_what_an_administrator_wrote(api):
    hostile = "\"'><img src=x onerror=alert(1)>&lt;"
    answer = api.post("/api/v1/invitations", person(
        api.daemon.slapd, position=hostile, fields={"position": "suggested"}
    ))
    assert answer.status_code == 201, answer.text
    page = Browser(answer.json()["link"]).open()
    assert not [tag for tag, _ in page.tags if tag == "img"]
    [script] = [attributes for tag, attributes in page.tags if tag == "script"]
    assert script["src"].startswith("/join/assets/join.")
    assert [attributes for tag, attributes in page.tags
            if tag == "input" and attributes.get("value") == hostile]
