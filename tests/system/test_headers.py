"""What every answer of every route tells a browser, and who a client is behind a proxy."""

import re
import subprocess

import pytest
import requests

from client import Api, new_session
from usherd import BUILD, raw_connection
from wait import wait_for

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def routes():
    said = subprocess.run([BUILD / "usherd", "--routes"], capture_output=True, text=True, check=True)
    for line in said.stdout.splitlines():
        method, pattern, listeners, *_ = line.split()
        yield method, re.sub(r"\{[^}]*\}", "01890a5d-ac96-774b-bcce-b302099a8057", pattern), listeners.split(",")


def is_page(answer):
    return answer.headers.get("Content-Type", "").startswith("text/html")


def check(answer, what):
    for name, value in ALWAYS.items():
        assert answer.headers.get(name) == value, (what, name, dict(answer.headers))
    policy = answer.headers.get("Content-Security-Policy", "")
    if what[2] == "public" and what[1].startswith("/join") or what[2] == "control" and is_page(answer):
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, (what, policy)
        assert "base-uri 'none'" in policy and "unsafe" not in policy, (what, policy)
        assert "script-src 'self';" in policy and "require-trusted-types-for 'script'" in policy, (what, policy)
    else:
        assert policy == NOTHING, (what, policy)
    assert answer.headers.get("X-Request-Id"), what
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")], what
    assert "Strict-Transport-Security" not in answer.headers, what


def test_every_route_answers_with_all_defences(usherd):
    usherd.wait_directory()
    token, walked = usherd.make_token(), 0
    with new_session() as session:
        for method, path, listeners in routes():
            for listener in set(listeners) & {"control", "public", "management"}:
                for headers in ({}, {"Authorization": f"Bearer {token}"}, {"Accept": "application/json"}):
                    with session.request(method, usherd.url(listener) + path, headers=headers, timeout=20,
                                         allow_redirects=False, stream=True) as answer:
                        check(answer, (method, path, listener))
                        walked += 1
    assert walked > 100


def test_a_public_url_of_https_is_kept_to_whoever_ends_the_tls(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("usherd", public_url="https://people.example.org").start()
    for listener, strict in (("public", True), ("control", False)):
        for path in ("/join/usj_wrong", "/nothing"):
            answer = requests.get(daemon.url(listener) + path, timeout=5)
            assert ("Strict-Transport-Security" in answer.headers) is strict, (listener, path, answer.headers)


def test_no_route_lets_another_origin_ask(usherd):
    foreign = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "content-type"}
    with new_session() as session:
        for method, path, listeners in routes():
            for listener in set(listeners) & {"control", "public", "management"}:
                answer = session.options(usherd.url(listener) + path, headers=foreign, timeout=20)
                assert answer.status_code == 405, (method, path)
                assert method in answer.headers["Allow"].split(", ")
                check(answer, ("OPTIONS", "", listener))


@pytest.mark.parametrize("listener", ("control", "public", "management"))
def test_what_is_refused_unread_has_them_too(usherd, listener):
    host = f"Host: 127.0.0.1:{usherd.ports[listener]}\r\n".encode()
    for request, status in (
            (b"GET /join HTTP/1.1\r\n\r\n", 400),
            (b"GET /join HTTP/1.1\r\n" + host + b"Cookie: a=b\r\nCookie: c=d\r\n\r\n", 400),
            (b"POST /join HTTP/1.1\r\n" + host + b"\r\n", 411),
            (b"POST /join HTTP/1.1\r\n" + host + b"Content-Length: 999999999\r\n\r\n", 413),
            (b"GET /join HTTP/1.1\r\n" + host + b"X: " + b"x" * 20000 + b"\r\n\r\n", 431),
    ):
        with raw_connection(usherd.ports[listener]) as connection:
            connection.sendall(request)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer
        for name, value in {**ALWAYS, "Content-Security-Policy": NOTHING, "Cache-Control": "no-store"}.items():
            assert answer.count(f"\r\n{name}: {value}\r\n".encode()) == 1, (status, name, answer)
        assert b"Access-Control" not in answer


def clients(daemon):
    """The clients of the requests that the log says came through a proxy, in order."""
    return re.findall(r"^.*msg=\"request\".* peer=127\.0\.0\.1 client=(\S+)", daemon.log(), re.MULTILINE)


def test_a_direct_client_cannot_change_its_key(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("limits", join_rate=5).start()
    daemon.wait_directory()
    link = Api(daemon, daemon.make_token()).invited()["join"]
    statuses = []
    for number in range(12):
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}",
                  "X-Real-IP": f"203.0.113.{number}", "Accept": "application/json"}
        statuses.append(requests.get(f"{daemon.public_url}/join/usj_{number}", headers=forged, timeout=5).status_code)
    assert statuses[:5] == [404] * 5 and statuses[-1] == 429
    assert link.get().status_code == 200
    assert clients(daemon) == []


def test_behind_a_proxy_each_client_has_its_own_limit(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("limits", join_rate=5)
    daemon.configure("listen", proxies="127.0.0.0/8 2001:db8::1").start()
    daemon.wait_directory()

    def guess(forwarded):
        return requests.get(f"{daemon.public_url}/join/usj_wrong", timeout=5,
                            headers={**forwarded, "Accept": "application/json"})

    statuses = [guess({"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.1"}).status_code for number in range(12)]
    assert 429 in statuses  # what the client wrote itself makes it no other
    assert guess({"X-Forwarded-For": "198.51.100.2"}).status_code == 404
    assert guess({"X-Forwarded-For": "[2001:db8:7::1]:4711"}).status_code == 404
    refused = guess({"Forwarded": "for=198.51.100.3", "X-Forwarded-For": "198.51.100.1"})
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    wait_for(lambda: len(clients(daemon)) >= 15, "the requests are in the log")
    assert set(clients(daemon)) == {"198.51.100.1", "198.51.100.2", "2001:db8:7::1"}


def test_proxies_that_write_forwarded_are_believed_for_that_alone(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("listen", proxies="127.0.0.0/8", proxy_header="forwarded").start()
    daemon.wait_directory()
    for number in range(3):
        requests.get(f"{daemon.public_url}/join/usj_wrong", timeout=5,
                     headers={"Forwarded": f"for=1.1.1.1, for=198.51.100.{number}", "X-Forwarded-For": "203.0.113.1"})
    wait_for(lambda: len(clients(daemon)) >= 3, "the requests are in the log")
    assert clients(daemon) == [f"198.51.100.{number}" for number in range(3)]


def test_a_proxy_that_is_none_is_refused_by_name(slapd, make_usherd):
    for wrong in ("10.0.0.1/8", "0.0.0.0/0", "proxy.example.org", "10.0.0.0/33"):
        daemon = make_usherd(slapd).configure("listen", proxies=f"192.0.2.1 {wrong}")
        said = daemon.check_configuration()
        assert said.returncode != 0
        assert f'proxies: "{wrong}"' in said.stderr and "usherd.conf:" in said.stderr
        status, log = daemon.fails_to_start()
        assert status != 0 and wrong in log


def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(usherd):
    token = usherd.make_token()
    answers = [Api(usherd, "ush_wrong").get("/api/v1/invitations") for _ in range(30)]
    assert [answer.status_code for answer in answers[:20]] == [401] * 20
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert Api(usherd, token).get("/api/v1/invitations").status_code == 200
    assert Api(usherd, "ush_wrong").get("/api/v1/invitations").status_code == 401
