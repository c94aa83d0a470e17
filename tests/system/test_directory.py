"""The directory goes away, comes back, changes behind our back: nothing is lost, nothing is doubled."""

import pytest

from client import PASSWORD, Api, Link, in_background
from ports import free_port
from proxy import PASSWORD_MODIFY, WHO_AM_I_REPLY
from wait import BACK, wait_for


def is_unavailable(answer):
    assert answer.status_code == 503, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def one_user(slapd, invitation, password=PASSWORD):
    """Exactly one entry of the invitation, and its person can sign in."""
    [(dn, entry)] = slapd.entries_of(invitation["id"])
    assert slapd.accepts(dn, password)
    return entry


def test_the_daemon_starts_without_a_directory_and_serves_when_it_comes(make_slapd, make_usherd):
    slapd = make_slapd().start()
    daemon = make_usherd(slapd).start()
    api = Api(daemon, daemon.make_token())
    daemon.wait_directory()
    invitation = api.invited()
    daemon.stop()
    slapd.stop()

    daemon.start()
    assert daemon.health("live")[0] == 200
    assert invitation["join"].is_open()
    is_unavailable(invitation["join"].register())
    is_unavailable(api.invite())
    assert invitation["join"].is_open()

    slapd.start()
    daemon.wait_directory(seconds=BACK)
    assert invitation["join"].register().status_code == 201
    one_user(slapd, invitation)


def test_a_directory_that_is_down_before_the_claim_costs_nothing(slapd, usherd, api):
    invitation = api.invited()
    before = api.show(invitation["id"])
    slapd.kill()
    usherd.wait_directory(up=False)
    is_unavailable(invitation["join"].register())
    assert api.show(invitation["id"]) == before
    slapd.start()
    usherd.wait_directory(seconds=BACK)
    assert invitation["join"].register().status_code == 201
    one_user(slapd, invitation)


def test_a_directory_that_dies_between_the_add_and_its_answer_settles_by_itself(
        slapd, proxy, proxied, proxied_api):
    invitation = proxied_api.invited()
    reply = proxy.rule("add reply", "hold")
    answers = in_background(invitation["join"].register)
    reply.wait()
    proxy.refuse()  # at once: the daemon must not ask anew before the directory is dead
    slapd.kill()
    reply.release()
    answer = answers()
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"status": "in_progress"}
    slapd.start()
    proxy.listen()
    invitation["join"].wait_done()
    one_user(slapd, invitation)
    assert invitation["join"].register().status_code in (201, 410)
    one_user(slapd, invitation)


def test_a_directory_that_is_paused_settles_by_itself(slapd, usherd, api):
    invitation = api.invited()
    slapd.pause()
    try:
        answer = invitation["join"].register()
    finally:
        slapd.resume()
    assert answer.status_code in (202, 503), answer.text
    invitation["join"].wait_settled()
    if not invitation["join"].is_done():
        usherd.wait_directory(seconds=BACK)
        assert invitation["join"].register().status_code == 201
    one_user(slapd, invitation)


def test_a_restarted_directory_is_found_again(slapd, usherd, api):
    first, second = api.invited(), api.invited()
    assert first["join"].register().status_code == 201
    slapd.stop()
    slapd.start()
    answers = []

    def registered():
        answers.append(second["join"].register().status_code)
        return answers[-1] in (201, 202)

    wait_for(registered, f"a registration works again, after {answers}", seconds=BACK)
    second["join"].wait_done()
    one_user(slapd, first)
    one_user(slapd, second)


CUTS = [
    ("add request", "cut before"), ("add request", "cut inside"), ("add request", "cut after"),
    ("add reply", "cut before"), ("add reply", "cut inside"),
    ("extended request", "cut before"), ("extended request", "cut inside"),
    ("extended request", "cut after"), ("extended reply", "cut before"),
    ("extended reply", "cut inside"), ("modify request", "cut before"),
    ("modify request", "cut after"), ("modify reply", "cut before"),
]


@pytest.mark.parametrize("kind, action", CUTS)
def test_a_connection_cut_at_any_message_loses_and_doubles_nothing(
        slapd, proxy, proxied, proxied_api, kind, action):
    invitation = proxied_api.invited(groups=[f"cn=vault-access,{slapd.groups}"])
    which = {"extended request": {"containing": PASSWORD_MODIFY},
             "extended reply": {"lacking": WHO_AM_I_REPLY}}.get(kind, {})
    rule = proxy.rule(kind, action, offset=7, **which)
    answer = invitation["join"].register()
    assert rule.met.is_set()
    assert answer.status_code in (201, 202, 503), answer.text
    if answer.status_code == 503:
        assert invitation["join"].is_open()
        proxied.wait_directory()
        assert invitation["join"].register().status_code == 201
    elif answer.status_code == 202:
        invitation["join"].wait_settled()
        if not invitation["join"].is_done():
            assert invitation["join"].register().status_code == 201
    entry = one_user(slapd, invitation)
    members = slapd.entry(f"cn=vault-access,{slapd.groups}")["member"]
    assert len([member for member in members if member.startswith(f"uid={entry['uid'][0]},")]) == 1


def test_a_late_add_does_not_make_a_second_entry(slapd, proxy, proxied, proxied_api):
    invitation = proxied_api.invited()
    request = proxy.rule("add request", "hold")
    answer = in_background(invitation["join"].register)
    request.wait()
    # The daemon gives the silent connection up and sends the Add again on another.
    assert answer().status_code in (201, 202)
    invitation["join"].wait_done(30)
    entry = one_user(slapd, invitation)
    reply = proxy.rule("add reply", "tell")
    request.release()
    reply.wait()
    assert one_user(slapd, invitation) == entry


def test_a_person_without_password_cannot_sign_in_meanwhile(slapd, proxy, proxied, proxied_api):
    invitation = proxied_api.invited()
    request = proxy.rule("extended request", "hold", containing=PASSWORD_MODIFY)
    answer = in_background(invitation["join"].register)
    request.wait()
    [(dn, entry)] = slapd.entries_of(invitation["id"])
    assert "userPassword" not in entry
    assert not slapd.accepts(dn, PASSWORD)
    request.release()
    assert answer().status_code == 201
    assert slapd.accepts(dn, PASSWORD)


def test_an_org_unit_that_was_deleted_meanwhile_does_not_burn_the_link(slapd, usherd, api):
    org_unit = f"ou=Annex,{slapd.people}"
    slapd.add(org_unit, objectClass="organizationalUnit", ou="Annex")
    invitation = api.invited(org_unit=org_unit)
    slapd.delete(org_unit)
    answer = invitation["join"].register()
    assert answer.status_code in (409, 503), answer.text
    assert slapd.entries_of(invitation["id"]) == []
    assert invitation["join"].is_open()
    assert "Annex" in usherd.log(), "the log tells the operator which org unit is gone"
    slapd.add(org_unit, objectClass="organizationalUnit", ou="Annex")
    assert invitation["join"].register().status_code == 201
    one_user(slapd, invitation)


def test_a_missing_schema_is_the_operators_matter_and_burns_no_link(make_slapd, make_usherd):
    slapd = make_slapd("--without", "schema").start()
    daemon = make_usherd(slapd).start()
    api = Api(daemon, daemon.make_token())
    answer = api.invite()
    if answer.status_code == 201:
        link = Link(answer.json()["link"])
        is_unavailable(link.register())
        assert link.is_open()
    else:
        is_unavailable(answer)
    assert slapd.by_uid("robin.*") == []
    checked = daemon.check_configuration("--online")
    assert checked.returncode != 0
    assert "usherdPerson" in checked.stdout + checked.stderr


def test_a_service_account_without_rights_burns_no_link(make_slapd, make_usherd):
    slapd = make_slapd("--without", "rights").start()
    daemon = make_usherd(slapd).start()
    daemon.wait_directory()
    answer = Api(daemon, daemon.make_token()).invite()
    assert answer.status_code in (201, 503), answer.text
    if answer.status_code == 201:
        link = Link(answer.json()["link"])
        is_unavailable(link.register())
        assert link.is_open()
        assert slapd.entries_of(answer.json()["id"]) == []


def foreign(slapd, uid, org_unit):
    slapd.add(f"uid={uid},{org_unit}", objectClass="inetOrgPerson", uid=uid, cn="Somebody Else",
              sn="Else")


def test_a_name_that_was_taken_meanwhile_gives_another_uid(slapd, api):
    invitation = api.invited()
    foreign(slapd, invitation["uid"], invitation["org_unit"])
    answer = invitation["join"].register()
    assert answer.status_code == 201, answer.text
    assert answer.json()["uid"] != invitation["uid"]
    entry = one_user(slapd, invitation)
    assert entry["uid"] == [answer.json()["uid"]]
    stranger = slapd.entry(f"uid={invitation['uid']},{invitation['org_unit']}")
    assert stranger["cn"] == ["Somebody Else"]


def test_a_name_taken_elsewhere_in_the_tree_gives_another_uid(slapd, api):
    invitation = api.invited()
    foreign(slapd, invitation["uid"], f"ou=Finance,ou=Operations,{slapd.people}")
    answer = invitation["join"].register()
    assert answer.status_code == 201, answer.text
    assert answer.json()["uid"] != invitation["uid"]
    one_user(slapd, invitation)


def test_a_name_that_the_administrator_fixed_is_never_changed(slapd, api):
    invitation = api.invited(uid="quill.keeper")
    foreign(slapd, "quill.keeper", invitation["org_unit"])
    answer = invitation["join"].register()
    assert answer.status_code == 409, answer.text
    assert slapd.entries_of(invitation["id"]) == []
    slapd.delete(f"uid=quill.keeper,{invitation['org_unit']}")
    assert invitation["join"].register().json()["uid"] == "quill.keeper"
    one_user(slapd, invitation)


def test_a_group_that_was_deleted_meanwhile_is_skipped(slapd, usherd, api):
    group = f"cn=short-lived,{slapd.groups}"
    slapd.add(group, objectClass="groupOfNames", cn="short-lived", member=slapd.root_dn)
    invitation = api.invited(groups=[group, f"cn=vault-access,{slapd.groups}"])
    slapd.delete(group)
    assert invitation["join"].register().status_code == 201
    entry = one_user(slapd, invitation)
    members = slapd.entry(f"cn=vault-access,{slapd.groups}")["member"]
    assert any(member.startswith(f"uid={entry['uid'][0]},") for member in members)
    assert "short-lived" in usherd.log()


def test_org_units_and_groups_can_be_read(slapd, api):
    units = api.get("/api/v1/org-units").json()["items"]
    names = [unit["dn"] for unit in units]
    assert slapd.people in names and slapd.groups not in names, "where people can be invited to"
    assert f"ou=Sequencing,ou=Genetics,ou=Research,{slapd.people}" in names
    assert names.index(f"ou=Research,{slapd.people}") < names.index(
        f"ou=Genetics,ou=Research,{slapd.people}"), "parents come first"
    groups = [group["dn"] for group in api.get("/api/v1/groups").json()["items"]]
    assert f"cn=usherd-administrators,{slapd.groups}" in groups


def test_the_second_server_takes_over_when_the_first_is_silent(slapd, make_usherd, proxy):
    daemon = make_usherd(slapd, uri=f"{proxy.url} {slapd.url}").start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    one = api.invited()
    assert one["join"].register().status_code == 201
    proxy.refuse()
    two = api.invited()
    two["join"].register()
    two["join"].wait_settled()
    if not two["join"].is_done():
        assert two["join"].register().status_code == 201
    one_user(slapd, two)


def test_after_an_outage_no_connection_from_before_is_used(slapd, proxy, make_usherd):
    # Who is asked in vain is given up by then.
    proxied = make_usherd(slapd, uri=proxy.url).configure("directory", operation_timeout="2s", connect_timeout="2s")
    proxied.start().wait_list()
    proxied_api = Api(proxied, proxied.make_token())
    [anybody] = proxied_api.get("/api/v1/users?limit=1").json()["items"]

    def ask():
        """Whether the directory itself answered."""
        answer = proxied_api.get(f"/api/v1/users/{anybody['id']}")
        return answer.status_code == 200 and not answer.json()["stale"]

    def ask_together():
        """Every worker needs a connection."""
        return [wait() for wait in [in_background(ask) for _ in range(16)]]

    def sent():
        return [pipe.passed for pipe in before]

    wait_for(lambda: all(ask_together()), "every worker has a connection")
    before = [pipe for connection in list(proxy.connections) for pipe in connection.pipes[:1]]
    assert len(before) >= 4
    # It keeps what there is open, and silent for ever.
    proxy.black_hole()
    proxied.wait_directory(up=False)
    proxy.lift()
    proxied.wait_directory()
    passed = sent()
    wait_for(lambda: all(ask_together()), "every worker has a connection again")
    unbind = 8
    assert all(now <= then + unbind for now, then in zip(sent(), passed))


def test_health_answers_at_once_while_the_directory_is_silent(slapd, make_usherd):
    """Whoever waited for the directory would get no answer here before it has found its voice again."""
    daemon = make_usherd(slapd).configure("directory", operation_timeout="30s").start()
    daemon.wait_directory()
    invitation = Api(daemon, daemon.make_token()).invited()
    slapd.pause()
    try:
        answer = in_background(invitation["join"].register)
        for _ in range(20):
            status, document = daemon.health("live")
            assert status == 200, document
            assert invitation["join"].get(timeout=15).status_code == 200
    finally:
        slapd.resume()
    answer()
    invitation["join"].wait_settled()


def test_no_password_goes_over_an_unprotected_line_to_another_host(slapd, make_usherd):
    daemon = make_usherd(slapd, uri="ldap://directory.meridian.example")
    checked = daemon.check_configuration()
    assert checked.returncode != 0
    assert "allow_clear_text" in checked.stdout + checked.stderr


def test_start_tls_and_ldaps_work_and_a_foreign_certificate_does_not(make_slapd, make_usherd):
    slapd = make_slapd("--ldaps", str(free_port())).start()
    for uri, start_tls in ((slapd.url, "yes"), (slapd.env["LDAPS_URL"], "no")):
        daemon = make_usherd(slapd, uri=uri)
        daemon.configure("directory", start_tls=start_tls, ca_file=slapd.env["LDAP_CA"]).start()
        daemon.wait_directory()
        invitation = Api(daemon, daemon.make_token()).invited()
        assert invitation["join"].register().status_code == 201
        one_user(slapd, invitation)
        checked = daemon.configure("directory", ca_file=None).check_configuration("--online")
        assert checked.returncode != 0, "the system's authorities do not know the test's"
        assert "certificate" in (checked.stdout + checked.stderr).lower()
