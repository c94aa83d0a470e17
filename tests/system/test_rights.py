"""The whole matrix: every route x no credential, each scope alone, each role, limited and not, for what lies in the
caller's org unit and elsewhere, and while the directory has not been heard."""

import pytest

from client import PASSWORD, Api, person
from clock import Clock
from rights import ask, fits, of_nothing, roles, routes, told
from signing import (ADMINISTRATOR, AUDITOR, INVITER, ORDINARY, OTHER_ADMINISTRATOR, Console, add_group, dn_of,
                     registry, role_sections, with_roles)
from slapd import Slapd
from usherd import Usherd
from wait import wait_for


ANYBODY, KNOWN = None, ""
MATRIX = {  # of each route the scopes of which one is needed, and what is left of it for the limited
    ("POST", "/api/v1/invitations"): ("invitations:write", "WITHIN"),
    ("GET", "/api/v1/invitations"): ("invitations:read", "WITHIN"),
    ("POST", "/api/v1/invitations/preflight"): ("invitations:write", "WITHIN"),
    ("GET", "/api/v1/settings"): (KNOWN, "APART"),
    ("GET", "/api/v1/invitations/{id}"): ("invitations:read", "WITHIN"),
    ("DELETE", "/api/v1/invitations/{id}"): ("invitations:write", "WITHIN"),
    ("PATCH", "/api/v1/invitations/{id}"): ("invitations:write", "WITHIN"),
    ("POST", "/api/v1/invitations/{id}/link"): ("invitations:write", "WITHIN"),
    ("POST", "/api/v1/invitations/{id}/resend"): ("invitations:write", "WITHIN"),
    ("GET", "/api/v1/mail/queue"): ("mail", "WHOLE"),
    ("DELETE", "/api/v1/mail/queue/{id}"): ("mail", "WHOLE"),
    ("POST", "/api/v1/mail/queue/{id}/retry"): ("mail", "WHOLE"),
    ("POST", "/api/v1/mail/retry"): ("mail", "WHOLE"),
    ("POST", "/api/v1/mail/preview"): ("mail", "WHOLE"),
    ("POST", "/api/v1/mail/test"): ("mail", "WHOLE"),
    ("POST", "/api/v1/mail/bounces"): ("mail mail:bounces", "WHOLE"),
    ("GET", "/api/v1/users"): ("users:read", "WITHIN"),
    ("GET", "/api/v1/users/{id}"): ("users:read", "WITHIN"),
    ("PATCH", "/api/v1/users/{id}"): ("users:write", "WITHIN"),
    ("DELETE", "/api/v1/users/{id}"): ("users:write", "WITHIN"),
    ("POST", "/api/v1/users/{id}/suspend"): ("users:write", "WITHIN"),
    ("POST", "/api/v1/users/{id}/resume"): ("users:write", "WITHIN"),
    ("POST", "/api/v1/users/{id}/restore"): ("users:write", "WITHIN"),
    ("GET", "/api/v1/trash"): ("users:read", "WITHIN"),
    ("GET", "/api/v1/events"): ("users:read", "WHOLE"),
    ("GET", "/api/v1/org-units"): ("directory:read", "WITHIN"),
    ("POST", "/api/v1/org-units"): ("directory:write", "WITHIN"),
    ("PATCH", "/api/v1/org-units/{id}"): ("directory:write", "WITHIN"),
    ("DELETE", "/api/v1/org-units/{id}"): ("directory:write", "WITHIN"),
    ("GET", "/api/v1/groups"): ("directory:read", "WITHIN"),
    ("GET", "/api/v1/tokens"): ("tokens", "WITHIN"),
    ("POST", "/api/v1/tokens"): ("tokens", "WITHIN"),
    ("DELETE", "/api/v1/tokens/{id}"): ("tokens", "WITHIN"),
    ("GET", "/api/v1/webhooks"): ("webhooks", "WHOLE"),
    ("POST", "/api/v1/webhooks"): ("webhooks", "WHOLE"),
    ("GET", "/api/v1/webhooks/{id}"): ("webhooks", "WHOLE"),
    ("PATCH", "/api/v1/webhooks/{id}"): ("webhooks", "WHOLE"),
    ("DELETE", "/api/v1/webhooks/{id}"): ("webhooks", "WHOLE"),
    ("POST", "/api/v1/webhooks/{id}/secret"): ("webhooks", "WHOLE"),
    ("POST", "/api/v1/webhooks/{id}/test"): ("webhooks", "WHOLE"),
    ("GET", "/api/v1/webhooks/{id}/messages"): ("webhooks", "WHOLE"),
    ("POST", "/api/v1/webhooks/{id}/messages/{message}/replay"): ("webhooks", "WHOLE"),
    ("GET", "/api/v1/audit"): ("audit:read", "WITHIN"),
    ("GET", "/api/v1/audit/verification"): ("audit:read", "WHOLE"),
    ("POST", "/api/v1/erasures"): ("erase", "WHOLE"),
    ("GET", "/api/v1/status"): ("status:read", "WHOLE"),
    ("GET", "/api/v1/session"): (KNOWN, "APART"),
    ("GET", "/api/v1/sessions"): (KNOWN, "APART"),
    ("DELETE", "/api/v1/sessions/{id}"): (KNOWN, "APART"),
    ("DELETE", "/api/v1/sessions"): (KNOWN, "APART"),
    ("POST", "/api/v1/session"): (ANYBODY, "-"),
    ("DELETE", "/api/v1/session"): (ANYBODY, "-"),
    ("GET", "/api/v1/openapi.yaml"): (ANYBODY, "-"),
}
SCOPES = sorted({scope for scopes, _ in MATRIX.values() for scope in (scopes or "").split()})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TABLE = [route for route in routes() if route.scopes is not None]
KEEPER = OTHER_ADMINISTRATOR  # an administrator of the registry alone


def elsewhere(slapd):
    return f"ou=Genetics,ou=Research,{slapd.people}"


def limit_the_keeper(daemon):
    """Out of the administrators of everything, into those of one org unit."""
    slapd = daemon.slapd
    keeper = dn_of(slapd, KEEPER)
    slapd.take_member(f"cn=usherd-administrators,{slapd.groups}", keeper)
    add_group(slapd, "keepers", keeper)
    return daemon.configure("role keepers", group=f"cn=keepers,{slapd.groups}", role="administrator",
                            org_unit=registry(slapd))


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One daemon for all of the walk."""
    folder = tmp_path_factory.mktemp("r")
    slapd = Slapd(folder / "slapd").start()
    daemon = limit_the_keeper(with_roles(Usherd(folder / "usherd", slapd)))
    try:
        daemon.start()
        daemon.wait_directory()
        daemon.wait_list()
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-3000:]
    finally:
        daemon.destroy()
        slapd.destroy()


def test_every_route_has_its_row_and_every_row_its_route():
    printed = {(r.method, r.path): (None if r.scopes is None else " ".join(r.scopes), r.extent) for r in routes()
               if r.path.startswith("/api/")}
    assert printed == MATRIX


def test_what_is_no_method_of_a_path_is_none_for_anybody(office):
    api = Api(office, office.make_token())
    there = {of_nothing(route.path): set() for route in routes()}
    for path, methods in there.items():
        methods.update(route.method for route in routes() if fits(route, path))
        for method in METHODS:
            if method not in methods:
                answer = api.call(method, path)
                assert answer.status_code == 405, (method, path, answer.text)


def test_nobody_unknown_gets_anything(office):
    for route in TABLE:
        answer = ask(Api(office), route)
        assert answer.status_code == 401, (route, answer.text)


def may(route, scopes, limited):
    """Whether the matrix lets a caller in who has these scopes."""
    if not route.scopes:
        return True
    return bool(set(route.scopes) & scopes) and not (limited and route.extent == "WHOLE")


def walk(api, scopes, limited, is_session=False):
    # A token, whatever it may do, is not the person. The end of all is the end of the walker's own, so it comes last.
    own = [route for route in TABLE if route.path.startswith("/api/v1/sessions")]
    own.sort(key=lambda route: (route.method, route.path) == ("DELETE", "/api/v1/sessions"))
    for route in [route for route in TABLE if route not in own] + own:
        answer = ask(api, route)
        if may(route, scopes, limited) and (is_session or route not in own):
            assert answer.status_code not in (401, 403) and answer.status_code < 500, (route, answer.text)
            assert "{" not in route.path or answer.status_code in (400, 404, 422), (route, answer.text)
        else:
            assert answer.status_code == 403, (route, answer.text)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_its_routes_and_no_others(office, scope):
    walk(Api(office, office.make_token(scopes=scope)), {scope}, limited=False)


@pytest.mark.parametrize("who, role, limited", [
    (ADMINISTRATOR, "administrator", False), (KEEPER, "administrator", True), (INVITER, "inviter", True),
    (AUDITOR, "auditor", False),
])
def test_a_role_opens_its_routes_and_no_others(office, who, role, limited):
    walk(Console(office).sign_in(who), roles()[role], limited, is_session=True)


def owned_token(console, **more):
    document = {"name": "of a person", "scopes": ["all"], "expires_in": 3600, **more}
    answer = console.post("/api/v1/tokens", document)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def test_a_token_reaches_as_far_as_its_owner_and_its_own_limit(office):
    everything = roles()["administrator"]
    for owner, limits, limited in ((KEEPER, {}, True), (ADMINISTRATOR, {}, False),
                                   (ADMINISTRATOR, {"org_units": [registry(office.slapd)]}, True)):
        token = owned_token(Console(office).sign_in(owner), **limits)
        walk(Api(office, token), everything, limited)


def test_who_has_no_role_is_not_let_in(office):
    assert Console(office).try_to_sign_in(ORDINARY).status_code == 401


# ---- what lies elsewhere ----

@pytest.fixture(scope="module")
def foreign(office):
    """Something of each kind that the keeper does not reach: {kind: id}."""
    slapd, api = office.slapd, Api(office, office.make_token(name="foreign"))
    units = {unit["dn"]: unit["id"] for unit in api.get("/api/v1/org-units").json()["items"]}
    invitation = api.invited(org_unit=elsewhere(slapd))
    listed = api.get("/api/v1/users", params={"org_unit": elsewhere(slapd), "status": "active", "limit": 2}).json()
    user, gone = [item["id"] for item in listed["items"]]
    assert api.delete(f"/api/v1/users/{gone}").status_code == 200
    tokens = api.get("/api/v1/tokens").json()["items"]
    return {"invitations": invitation["id"], "users": user, "restore": gone, "org-units": units[elsewhere(slapd)],
            "tokens": next(token["id"] for token in tokens if token["name"] == "foreign")}


def path_of(route, things):
    kind = "restore" if route.path.endswith("/restore") else route.path.split("/")[3]
    return route.path.replace("{id}", things[kind])


ITEMS = [route for route in TABLE if route.extent == "WITHIN" and "{id}" in route.path]


@pytest.mark.parametrize("with_token", [False, True], ids=["session", "token"])
def test_what_lies_elsewhere_is_answered_like_what_is_not_there(office, foreign, with_token):
    console = Console(office).sign_in(KEEPER)
    caller = Api(office, owned_token(console)) if with_token else console
    for route in ITEMS:
        there, nowhere = ask(caller, route, path_of(route, foreign)), ask(caller, route)
        assert there.status_code == 404, (route, there.text)
        assert told(there) == told(nowhere), route
    everything = Api(office, office.make_token())
    assert everything.get(f"/api/v1/invitations/{foreign['invitations']}").json()["status"] == "pending"
    assert everything.get(f"/api/v1/users/{foreign['users']}").json()["status"] == "active"


def test_values_that_lie_elsewhere_are_answered_like_what_is_not_there(office):
    slapd, console = office.slapd, Console(office).sign_in(KEEPER)

    def invite(**changes):
        answer = console.post("/api/v1/invitations", person(slapd, **{"org_unit": registry(slapd), **changes}))
        assert answer.status_code == 422, answer.text
        return answer.json()["errors"]

    assert invite(org_unit=elsewhere(slapd)) == invite(org_unit=f"ou=Nowhere,{slapd.people}")
    group, none = f"cn=inviters,{slapd.groups}", f"cn=nobody,{slapd.groups}"
    assert invite(groups=[group]) == invite(groups=[none])
    unit = [console.post("/api/v1/org-units", {"parent": parent, "name": "Annex"})
            for parent in (elsewhere(slapd), f"ou=Nowhere,{slapd.people}")]
    assert told(unit[0]) == told(unit[1])
    mine = console.get("/api/v1/users", params={"status": "active", "limit": 1}).json()["items"][0]["id"]
    moves = [console.call("PATCH", f"/api/v1/users/{mine}", json={"org_unit": place})
             for place in (elsewhere(slapd), f"ou=Nowhere,{slapd.people}")]
    assert told(moves[0]) == told(moves[1])


def test_lists_and_totals_are_of_what_is_in_reach(office, foreign):
    slapd, console = office.slapd, Console(office).sign_in(KEEPER)
    everything = Api(office, office.make_token())
    place = registry(slapd).lower()
    inside = everything.get("/api/v1/users", params={"org_unit": registry(slapd)}).json()
    listed = console.get("/api/v1/users").json()
    assert listed["total"] == inside["total"] and listed["counts"] == inside["counts"]
    for name in ("total", "counts"):
        found = [console.get("/api/v1/users", params={"org_unit": where}).json()[name]
                 for where in (elsewhere(slapd), f"ou=Nowhere,{slapd.people}")]
        assert found[0] == found[1]
    units = console.get("/api/v1/org-units").json()["items"]
    assert units and all(unit["dn"].lower().endswith(place) for unit in units)
    assert [unit["parent"] for unit in units if unit["dn"].lower() == place] == [None]
    assert console.get("/api/v1/groups").json()["items"] == []
    assert foreign["invitations"] not in [item["id"] for item in console.get("/api/v1/invitations").json()["items"]]
    tokens = console.get("/api/v1/tokens").json()["items"]
    assert all(token["owner"] for token in tokens) and foreign["tokens"] not in [token["id"] for token in tokens]
    user = console.get(f"/api/v1/users/{listed['items'][0]['id']}").json()
    assert not user["groups"]


def test_whoever_may_not_see_people_is_told_no_numbers_of_them(office):
    slapd = office.slapd
    keeper, inviter = Console(office).sign_in(KEEPER), Console(office).sign_in(INVITER)
    numbers = [(unit["counts"], unit["total"], unit["total_below"])
               for unit in inviter.get("/api/v1/org-units").json()["items"]]
    assert numbers and set(numbers) == {(None, None, None)}
    assert all(unit["total_below"] is not None for unit in keeper.get("/api/v1/org-units").json()["items"])
    groups = Api(office, office.make_token(name="groups", scopes="directory:read")).get("/api/v1/groups").json()
    assert {group["members"] for group in groups["items"]} == {None}, slapd.groups


def test_who_has_a_mail_is_not_told_to_the_limited(office):
    slapd, console = office.slapd, Console(office).sign_in(KEEPER)
    everything = Api(office, office.make_token(name="whole"))
    other = everything.get("/api/v1/users", params={"org_unit": elsewhere(slapd), "status": "active",
                                                    "limit": 1}).json()["items"][0]
    mine = console.get("/api/v1/users", params={"status": "active", "limit": 1}).json()["items"][0]["id"]
    answer = console.call("PATCH", f"/api/v1/users/{mine}", json={"mail": other["mail"]})
    assert answer.status_code == 409, answer.text
    assert [error["code"] for error in answer.json()["errors"]] == ["taken"]
    assert "uid=" not in answer.text and "ou=" not in answer.text


def test_nobody_is_invited_into_a_role_however_deep(office):
    slapd, api = office.slapd, Api(office, office.make_token())
    within = add_group(slapd, "night-shift", dn_of(slapd, ORDINARY))
    slapd.add_member(f"cn=auditors,{slapd.groups}", within)

    def codes(group):
        answer = api.invite(groups=[group])
        return [error["code"] for error in answer.json().get("errors", [])]

    wait_for(lambda: codes(within) == ["not_allowed"], "the list knows where the group leads", 10)
    assert codes(f"CN=Auditors,{slapd.groups}") == ["not_allowed"]


def test_a_quota_is_of_open_invitations(slapd, make_usherd):
    daemon = with_roles(make_usherd(slapd)).configure("role inviters", quota=2).start()
    daemon.wait_directory()
    daemon.wait_list()
    console = Console(daemon).sign_in(INVITER)

    def invite():
        return console.post("/api/v1/invitations", person(slapd, org_unit=registry(slapd)))

    first = invite()
    assert [first.status_code, invite().status_code] == [201, 201]
    third = invite()
    assert third.status_code == 409 and third.json()["reason"] == "quota", third.text
    assert console.delete(f"/api/v1/invitations/{first.json()['id']}").status_code == 204
    wait_for(lambda: invite().status_code == 201, "there is room again", 10)
    assert invite().status_code == 409


# ---- those who have a role, and the places that roles are for ----

def test_whoever_is_limited_changes_nobody_who_has_a_role(slapd, make_usherd):
    """Not even somebody who stands in their unit, and not from the trash."""
    daemon = limit_the_keeper(with_roles(make_usherd(slapd))).start()
    daemon.wait_directory()
    daemon.wait_list()
    whole, keeper = Api(daemon, daemon.make_token()), Console(daemon).sign_in(KEEPER)
    token = Api(daemon, owned_token(keeper))
    listed = whole.get("/api/v1/users", params={"org_unit": registry(slapd), "status": "active", "limit": 2}).json()
    path, own = [f"/api/v1/users/{item['id']}" for item in listed["items"]]
    inside = add_group(slapd, "chiefs", whole.get(path).json()["dn"])  # nested: a role all the same
    slapd.add_member(f"cn=usherd-administrators,{slapd.groups}", inside)

    def refused(answer):
        assert answer.status_code == 403 and answer.json()["reason"] == "role", answer.text

    for caller in (keeper, token):
        refused(caller.call("PATCH", path, json={"mail": "mine@example.net"}))
        refused(caller.post(f"{path}/suspend", {}))
        refused(caller.delete(path))
    assert whole.post(f"{path}/suspend", {}).status_code == 200
    refused(keeper.post(f"{path}/resume", {}))
    assert whole.delete(path).status_code == 200
    refused(keeper.post(f"{path}/restore", {}))
    assert whole.post(f"{path}/restore", {}).status_code in (200, 201)
    clerk = whole.get(own).json()
    slapd.set_password(clerk["dn"], PASSWORD)
    slapd.add_member(f"cn=keepers,{slapd.groups}", clerk["dn"])
    change = {"position": "Keeper of keys"}
    refused(keeper.call("PATCH", own, json=change))
    answer = Console(daemon).sign_in(clerk["uid"]).call("PATCH", own, json=change)
    assert answer.status_code == 200, answer.text
    for stem in ("Registry", "Collections"):  # named, and above what is named
        [unit] = [unit["id"] for unit in whole.get("/api/v1/org-units").json()["items"] if unit["name"] == stem]
        for answer in (whole.call("PATCH", f"/api/v1/org-units/{unit}", json={"name": "Elsewhere"}),
                       whole.delete(f"/api/v1/org-units/{unit}")):
            assert answer.status_code == 409 and answer.json()["reason"] == "role_place", answer.text
    assert daemon.stop() == 0, daemon.log()[-3000:]


def test_a_limited_token_manages_none_that_reaches_further(office):
    console = Console(office).sign_in(ADMINISTRATOR)
    narrow = Api(office, owned_token(console, name="narrow", org_units=[registry(office.slapd)]))
    owned_token(console, name="wide")
    [wide] = [item["id"] for item in console.get("/api/v1/tokens").json()["items"] if item["name"] == "wide"]
    listed = narrow.get("/api/v1/tokens").json()["items"]
    assert "narrow" in [item["name"] for item in listed] and all(item["org_units"] for item in listed)
    assert narrow.delete(f"/api/v1/tokens/{wide}").status_code == 404
    assert console.delete(f"/api/v1/tokens/{wide}").status_code == 204


# ---- the directory has not been heard ----

def test_while_the_directory_is_away_all_that_changes_something_is_put_off(slapd, make_usherd, folder):
    clock = Clock(folder / "clock")
    environment = {name: text for name, text in clock.environment.items() if "MONOTONIC" not in name}
    daemon = limit_the_keeper(with_roles(make_usherd(slapd, environment=environment))).start()
    daemon.wait_directory()
    daemon.wait_list()
    callers = [Console(daemon).sign_in(ADMINISTRATOR), Console(daemon).sign_in(KEEPER)]
    callers.append(Api(daemon, owned_token(callers[0])))
    slapd.kill()
    daemon.wait_directory(up=False)
    clock(90)
    for caller in callers:
        for route in TABLE:
            if route.method != "GET" and route.scopes:
                answer = ask(caller, route)
                assert answer.status_code == 503, (route, answer.text)
        assert caller.get("/api/v1/tokens").status_code == 200
