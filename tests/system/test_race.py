"""Many hands on one link, and a daemon that dies in the middle: one entry, or a link that still works."""

import json
import threading
import urllib.parse

import pytest
import requests

from client import PASSWORD, Api, in_background
from proxy import PASSWORD_MODIFY, WHO_AM_I_REPLY
from usherd import raw_connection


def test_64_invitations_with_one_mail_give_one_invitation(slapd, usherd, api):
    barrier = threading.Barrier(64)
    statuses = []

    def invite():
        barrier.wait(30)
        statuses.append(Api(usherd, token).invite(mail="one@meridian.example").status_code)

    token = api.session.headers["Authorization"].removeprefix("Bearer ")
    threads = [threading.Thread(target=invite) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [201] + [409] * 63


def settle(slapd, invitation, tried):
    """Whatever happened: it is done with a password that was tried, or the link works, and then the
    password that was acknowledged counts. One entry."""
    link = invitation["join"]
    link.wait_settled(seconds=30)
    if not link.is_done():
        tried = ["another long enough password"]
        answer = link.register(password=tried[0])
        assert answer.status_code == 201, answer.text
    [(dn, _)] = slapd.entries_of(invitation["id"])
    assert any(slapd.accepts(dn, password) for password in tried)
    assert len(slapd.by_uid(dn.split(",")[0].removeprefix("uid="))) == 1


MOMENTS = [
    ("search request", {"containing": b"robin."}), ("add request", {}), ("add reply", {}),
    ("extended request", {"containing": PASSWORD_MODIFY}),
    ("extended reply", {"lacking": WHO_AM_I_REPLY}), ("modify request", {}), ("modify reply", {}),
]


@pytest.mark.parametrize("before_it_passes", [True, False])
@pytest.mark.parametrize("kind, which", MOMENTS, ids=[kind for kind, _ in MOMENTS])
def test_a_daemon_killed_at_any_message_to_the_directory_finishes_or_gives_the_link_back(
        slapd, proxy, proxied, proxied_api, kind, which, before_it_passes):
    invitation = proxied_api.invited(groups=[f"cn=vault-access,{slapd.groups}"])
    rule = proxy.rule(kind, "hold", **which)
    answer = in_background(attempt, invitation["join"])
    rule.wait()
    if not before_it_passes:
        rule.release()
    proxied.kill()
    proxy.cut()
    rule.release()
    answer()
    proxied.start()
    settle(slapd, invitation, [PASSWORD])


def attempt(link):
    """Register with a daemon that may die meanwhile."""
    try:
        return link.register()
    except requests.RequestException:
        return None


def test_what_was_answered_survives_a_kill(slapd, usherd, api):
    kept = [api.invited() for _ in range(20)]
    done = kept[:5]
    for invitation in done:
        assert invitation["join"].register().status_code == 201
    api.delete(f"/api/v1/invitations/{kept[5]['id']}")
    usherd.kill()
    usherd.start()
    usherd.wait_directory()
    assert all(invitation["join"].is_done() for invitation in done)
    assert kept[5]["join"].get().status_code == 410
    for invitation in kept[6:]:
        assert invitation["join"].register().status_code == 201


def test_a_client_that_leaves_does_not_leave_half_an_account(slapd, proxy, proxied, proxied_api):
    invitation = proxied_api.invited()
    rule = proxy.rule("add request", "hold")
    body = json.dumps({"password": PASSWORD})
    with raw_connection(proxied.ports["public"]) as client:
        client.sendall(f"POST {urllib.parse.urlsplit(invitation['link']).path} HTTP/1.1\r\n"
                       f"Host: 127.0.0.1:{proxied.ports['public']}\r\nContent-Type: application/json\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        rule.wait()
    rule.release()
    settle(slapd, invitation, [PASSWORD])
