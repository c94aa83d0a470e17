"""Whose word gives and ends roles: the directory's own, not that of the people list, whose groups do not hear what
slapo-refint changes in them."""

import pytest

from client import PASSWORD, Api, unique_word
from signing import ADMINISTRATOR, OTHER_ADMINISTRATOR, Console, dn_of, registry, with_roles
from wait import wait_for

USERS, TOKENS = "/api/v1/users", "/api/v1/tokens"


@pytest.fixture
def office(slapd, make_usherd):
    daemon = with_roles(make_usherd(slapd)).start()
    daemon.wait_directory()
    daemon.wait_list()
    return daemon


def administrators(slapd):
    return f"cn=usherd-administrators,{slapd.groups}"


def members(slapd, group):
    return [dn.lower() for dn in slapd.entry(group)["member"]]


def rename(slapd, dn, new_rdn, **options):
    connection = slapd.connect()
    connection.rename_s(dn, new_rdn, **options)
    connection.unbind_s()


def tell_the_list_something(office):
    """News of somebody else, which the list has when this returns."""
    slapd, uid = office.slapd, unique_word()
    dn = f"uid={uid},{registry(slapd)}"
    slapd.add(dn, objectClass="inetOrgPerson", uid=uid, cn=uid, sn=uid)
    api = Api(office, office.make_token())
    wait_for(lambda: api.get(USERS, params={"q": uid, "limit": 1}).json()["items"], "the list has the news")


def roles_of(console):
    answer = console.whoami()
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["roles"])


def token_of(console):
    made = console.post(TOKENS, {"name": "theirs", "scopes": ["users:read"], "expires_in": 3600})
    assert made.status_code == 201, made.text
    return made.json()["token"]


def test_who_gets_the_dn_of_a_deleted_administrator_does_not_get_the_role(office):
    slapd, console = office.slapd, Console(office).sign_in(ADMINISTRATOR)
    dn = dn_of(slapd, OTHER_ADMINISTRATOR)
    kept = {name: slapd.entry(dn)[name] for name in ("objectClass", "uid", "cn", "sn", "mail")}
    slapd.delete(dn)
    wait_for(lambda: dn.lower() not in members(slapd, administrators(slapd)), "refint has taken them out")
    slapd.add(dn, **kept)
    slapd.set_password(dn, PASSWORD)
    slapd.add_member(f"cn=auditors,{slapd.groups}", dn)
    newcomer = Console(office)
    wait_for(lambda: newcomer.try_to_sign_in(OTHER_ADMINISTRATOR).status_code == 201, "they may sign in")
    newcomer.sign_in(OTHER_ADMINISTRATOR)
    for _ in range(3):
        assert roles_of(newcomer) == ["auditor"]
        assert newcomer.delete(f"{USERS}/00000000-0000-4000-8000-000000000000").status_code == 403
        tell_the_list_something(office)
    assert console.is_signed_in()


@pytest.mark.parametrize("how", ["the org unit is renamed", "they are moved"])
def test_who_is_moved_with_their_role_goes_on_working(office, how):
    slapd, console = office.slapd, Console(office).sign_in(ADMINISTRATOR)
    token = Api(office, token_of(console))
    dn = dn_of(slapd, ADMINISTRATOR)
    rdn, unit = dn.split(",", 1)
    if how == "they are moved":
        rename(slapd, dn, rdn, newsuperior=registry(slapd))
    else:
        rename(slapd, unit, f"ou={unique_word()}")
    moved = dn_of(slapd, ADMINISTRATOR)
    assert moved != dn
    wait_for(lambda: moved.lower() in members(slapd, administrators(slapd)), "refint has followed")
    for _ in range(3):
        tell_the_list_something(office)
        assert roles_of(console) == ["administrator"]
        assert token.get(USERS).status_code == 200
    office.restart()
    office.wait_directory()
    office.wait_list()
    assert roles_of(console) == ["administrator"]
    assert token.get(USERS).status_code == 200
    anew = Console(office).sign_in(ADMINISTRATOR)
    tell_the_list_something(office)
    assert roles_of(anew) == roles_of(console) == ["administrator"]


def test_who_leaves_the_group_is_out_also_when_the_list_names_them_no_more_or_never_did(office):
    slapd, console = office.slapd, Console(office).sign_in(ADMINISTRATOR)
    dn = dn_of(slapd, ADMINISTRATOR)
    rdn, _ = dn.split(",", 1)
    rename(slapd, dn, rdn, newsuperior=registry(slapd))
    moved = dn_of(slapd, ADMINISTRATOR)
    wait_for(lambda: moved.lower() in members(slapd, administrators(slapd)), "refint has followed")
    tell_the_list_something(office)
    assert roles_of(console) == ["administrator"]
    slapd.take_member(administrators(slapd), moved)
    wait_for(lambda: not console.is_signed_in(), "they are out", 45)
