"""The walk: an administrator invites, the person registers, the directory knows them."""

import pytest

from client import PASSWORD, Api, Browser

pytestmark = pytest.mark.walk


def test_an_invited_person_becomes_a_user_who_can_sign_in(slapd, api):
    invitation = api.invited(
        given_name="Zoë", family_name="Ångström-Núñez", gender="female", birthday="1984-02-29",
        mail="zoe@meridian.example", phone="+44 20 7946 0321", position="Vault engineer",
        language="sv", groups=[f"cn=vault-access,{slapd.groups}"],
    )
    answer = invitation["join"].register()
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"status": "done", "uid": invitation["uid"]}

    [(dn, entry)] = slapd.entries_of(invitation["id"])
    assert dn == f"uid={invitation['uid']},ou=Registry,ou=Collections,{slapd.people}"
    assert slapd.accepts(dn, PASSWORD)
    assert not slapd.accepts(dn, PASSWORD + " ")
    assert {"inetOrgPerson", "usherdPerson"} <= set(entry["objectClass"])
    assert entry["givenName"] == ["Zoë"]
    assert entry["sn"] == ["Ångström-Núñez"]
    assert "Zoë Ångström-Núñez" in entry["cn"]
    assert entry["displayName"] == ["Zoë Ångström-Núñez"]
    assert entry["mail"] == ["zoe@meridian.example"]
    assert entry["title"] == ["Vault engineer"]
    assert entry["preferredLanguage"] == ["sv"]
    assert entry["usherdGender"] == ["female"]
    assert entry["usherdBirthday"] == ["1984-02-29"]
    assert entry["mobile"] == ["+442079460321"]
    members = slapd.entry(f"cn=vault-access,{slapd.groups}")["member"]
    assert dn.lower() in [member.lower() for member in members]


def test_the_invitation_tells_its_whole_story(api):
    invitation = api.invited()
    assert invitation["status"] == "pending"
    invitation["join"].register()
    shown = api.show(invitation["id"])
    assert shown["status"] == "done"
    assert "link" not in shown
    assert len(shown["timeline"]) >= 3
    assert all({"at", "event"} <= set(step) for step in shown["timeline"])


def test_a_person_registers_with_the_page_alone(slapd, api):
    invitation = api.invited()
    browser = Browser(invitation["link"])
    page = browser.open()
    assert page.response.status_code == 200
    assert invitation["join"].token not in page.url, "the token leaves the address bar"
    assert "password" in page.names
    fields = {name: PASSWORD for name in page.names if "password" in name}
    answer = browser.submit(page, fields)
    assert answer.status_code == 201, answer.text
    [(dn, _)] = slapd.entries_of(invitation["id"])
    assert slapd.accepts(dn, PASSWORD)


def test_names_in_any_script_arrive_unchanged(slapd, api):
    names = [("花子", "山田"), ("Ελένη", "Παπαδοπούλου"), ("ليلى", "حداد"), ("Дмитрий", "Соколов"),
             ("서연", "김"), ("अनन्या", "कुलकर्णी"), ("נועה", "בן־עמי"), ("ሰላም", "ተስፋዬ")]
    for given, family in names:
        invitation = api.invited(given_name=given, family_name=family)
        assert invitation["join"].register().status_code == 201
        [(dn, entry)] = slapd.entries_of(invitation["id"])
        assert (entry["givenName"], entry["sn"]) == ([given], [family])
        assert dn.split(",")[0].removeprefix("uid=").isascii()
        assert slapd.accepts(dn, PASSWORD)


def test_two_people_of_one_name_get_two_uids(api):
    first = api.invited(given_name="Kim", family_name="Lee")
    second = api.invited(given_name="Kim", family_name="Lee")
    assert first["uid"] != second["uid"]
    assert first["join"].register().json()["uid"] == first["uid"]
    assert second["join"].register().json()["uid"] == second["uid"]


def test_the_password_hashed_by_us_signs_in_too(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("directory", password_mode="argon2").start()
    daemon.wait_directory()
    invitation = Api(daemon, daemon.make_token()).invited()
    assert invitation["join"].register().status_code == 201
    [(dn, entry)] = slapd.entries_of(invitation["id"])
    assert entry["userPassword"][0].startswith("{ARGON2}$argon2id$")
    assert slapd.accepts(dn, PASSWORD)
