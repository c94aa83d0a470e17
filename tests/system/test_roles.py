"""A role is given by whoever changes its group, and by nobody else: not through a name that the group holds before
anybody has it."""

import pytest

from client import Api, unique_word
from signing import INVITER, Console, add_group, registry
from wait import wait_for


@pytest.fixture(name="inviter")
def signed_in_inviter(office):
    return Console(office).sign_in(INVITER)


@pytest.fixture(name="api")
def whole_api(office):
    return Api(office, office.make_token())


def administrators(slapd):
    return f"cn=usherd-administrators,{slapd.groups}"


def refused(answer, field):
    """A name that is taken, and nothing told of a group."""
    assert answer.status_code == 409, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]], answer.text
    assert "cn=" not in answer.text
    return answer


def has_no_role(daemon, uid):
    return Console(daemon).try_to_sign_in(uid).status_code in (401, 403)


def registered(api, **changes):
    """The invitation of somebody who has registered, and the people list knows it."""
    invitation = api.invited(**changes)
    assert invitation["join"].register().status_code in (200, 201, 202)
    invitation["join"].wait_done()
    uid = api.show(invitation["id"])["uid"]

    def listed():
        return api.get("/api/v1/users", params={"q": uid, "status": "active"}).json()["items"]

    wait_for(listed, "the list has the new one")
    [row] = listed()
    return row["id"], row["dn"]


def test_nobody_is_invited_under_a_name_that_the_administrators_hold_already(office, inviter):
    slapd = office.slapd
    dangling = f"uid=gone.admin,{registry(slapd)}"
    slapd.add_member(administrators(slapd), dangling)
    refused(inviter.invite(uid="gone.admin"), "uid")
    slapd.take_member(administrators(slapd), dangling)


def test_nobody_registers_under_a_name_that_a_role_got_meanwhile(office, inviter):
    slapd = office.slapd
    invitation = inviter.invited(uid="late.admin")
    dangling = f"uid=late.admin,{registry(slapd)}"
    slapd.add_member(add_group(slapd, "deputies", f"cn=nobody,{slapd.groups}"), dangling)
    slapd.add_member(administrators(slapd), f"cn=deputies,{slapd.groups}")
    assert invitation["join"].register().status_code == 409
    assert not slapd.by_uid("late.admin")
    assert has_no_role(office, "late.admin")
    slapd.delete(f"cn=deputies,{slapd.groups}")


def test_who_has_no_name_of_their_own_gets_another_than_that(office, inviter):
    slapd = office.slapd
    family = unique_word()
    invitation = inviter.invited(family_name=family)
    dangling = f"uid=robin.{family.lower()},{registry(slapd)}"
    slapd.add_member(administrators(slapd), dangling)
    assert invitation["join"].register().status_code in (200, 201, 202)
    invitation["join"].wait_done()
    uid = inviter.show(invitation["id"])["uid"]
    assert uid != f"robin.{family.lower()}" and slapd.by_uid(uid)
    assert not slapd.by_uid(f"robin.{family.lower()}")
    assert has_no_role(office, uid)
    slapd.take_member(administrators(slapd), dangling)


def test_nobody_is_moved_to_a_name_that_the_administrators_hold_already(office, api):
    slapd = office.slapd
    user, dn = registered(api)
    elsewhere = f"ou=Genetics,ou=Research,{slapd.people}"
    slapd.add_member(administrators(slapd), f"{dn.split(',')[0]},{elsewhere}")
    refused(api.call("PATCH", f"/api/v1/users/{user}", json={"org_unit": elsewhere}), "org_unit")
    assert slapd.entry(dn)
    slapd.take_member(administrators(slapd), f"{dn.split(',')[0]},{elsewhere}")
    assert api.call("PATCH", f"/api/v1/users/{user}", json={"org_unit": elsewhere}).status_code == 200


def test_nobody_is_restored_to_a_name_that_the_administrators_hold_already(office, api):
    slapd = office.slapd
    user, dn = registered(api)
    assert api.delete(f"/api/v1/users/{user}").status_code == 200
    slapd.add_member(administrators(slapd), dn)
    refused(api.post(f"/api/v1/users/{user}/restore"), "uid")
    assert not slapd.by_uid(dn.split(",")[0].removeprefix("uid="))
    slapd.take_member(administrators(slapd), dn)
    assert api.post(f"/api/v1/users/{user}/restore").status_code in (200, 201)


def test_a_place_has_one_spelling_whatever_its_types_are_called(office, inviter, api):
    """Else it would be missing from lists, counts and the limits of others."""
    odd = registry(office.slapd).replace("ou=Registry", "2.5.4.11=Registry").replace("ou=C", "organizationalUnitName=C")
    invitation = inviter.invited(org_unit=odd)
    assert invitation["org_unit"] == registry(office.slapd)
    for spelling in (odd, registry(office.slapd)):
        wanted = {"org_unit": spelling, "status": "pending", "limit": 200}
        wait_for(lambda wanted=wanted: invitation["uid"] in [
            row["uid"] for row in api.get("/api/v1/users", params=wanted).json()["items"]], f"{spelling} has the invited")
