"""Who may: tokens, scopes, the unix socket, and which listener answers what."""

import grp
import json
import os
import ssl
import subprocess
import sys
import urllib.request

import pytest
import requests

from client import Api, Link, new_session, person
from rights import ask, of_nothing, routes
from usherd import UnixConnection
from wait import wait_for
from world import world

def wrong_tokens(token):
    return ["x", token[:-1], token + "A", token.swapcase(), token.replace("ush_", "usj_"),
            "ush_" + "A" * 66, token[:20] + ("A" if token[20] != "A" else "B") + token[21:]]


@pytest.fixture(scope="module")
def shared():
    """One daemon for those who are let in nowhere."""
    with world() as daemon:
        yield daemon


def test_nothing_of_the_control_api_says_more_without_a_token_than_that_one_is_needed(shared):
    for route in [route for route in routes() if route.scopes is not None]:
        answer = ask(Api(shared), route)
        assert answer.status_code == 401, answer.text
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        answer = Api(shared).call(route.method, of_nothing(route.path), data=b"<x/>",
                                  headers={"Content-Type": "text/xml"})
        assert answer.status_code == 401, answer.text  # what a body may be is nothing for them either


def test_a_token_that_is_not_ours_is_refused_in_one_way(usherd):
    token = usherd.make_token()
    texts = set()
    for wrong in wrong_tokens(token):
        answer = requests.get(usherd.control_url + "/api/v1/groups",
                              headers={"Authorization": f"Bearer {wrong}"}, timeout=10)
        assert answer.status_code == 401, wrong
        document = answer.json()
        document.pop("request_id", None)
        texts.add(json.dumps(document, sort_keys=True))
    assert len(texts) == 1, texts
    for other in (f"Basic {token}", f"Bearerx {token}", f"Token {token}", token, "Bearer", "Bearer "):
        answer = requests.get(usherd.control_url + "/api/v1/groups",
                              headers={"Authorization": other}, timeout=10)
        assert answer.status_code == 401, other
    assert Api(usherd, token).get("/api/v1/groups").status_code == 200


def test_a_revoked_token_is_dead_at_once(usherd):
    token = usherd.make_token(name="short-lived")
    api = Api(usherd, token)
    assert api.get("/api/v1/groups").status_code == 200
    listed = json.loads(usherd.control("-o", "json", "token", "list").stdout)
    items = listed["items"] if isinstance(listed, dict) else listed
    identifier = next(item["id"] for item in items if item["name"] == "short-lived")
    assert usherd.control("token", "revoke", identifier).returncode == 0
    assert api.get("/api/v1/groups").status_code == 401


def test_a_token_ends_with_its_time(slapd, make_usherd, clock):
    daemon = make_usherd(slapd, environment=clock.environment).start()
    api = Api(daemon, daemon.make_token(expires="1h"))
    clock(3590)
    assert api.get("/api/v1/tokens").status_code == 200
    clock(3601)
    assert api.get("/api/v1/tokens").status_code == 401


def test_tokens_survive_a_restart(usherd):
    token = usherd.make_token()
    usherd.restart()
    assert Api(usherd, token).get("/api/v1/invitations").status_code == 200


@pytest.mark.parametrize("listener, path, status", [
    ("public", "/api/v1/invitations", 404), ("public", "/health/ready", 404),
    ("public", "/metrics", 404), ("management", "/api/v1/invitations", 404),
    ("management", "/join/usj_x", 404), ("control", "/join/usj_x", 404),
])
def test_a_listener_answers_only_what_is_its_own(shared, listener, path, status):
    headers = {"Authorization": f"Bearer {shared.make_token()}"}
    answer = requests.get(shared.url(listener) + path, headers=headers, timeout=10)
    assert answer.status_code == status


def unix_request(daemon, method, path, document=None):
    connection = UnixConnection(daemon.socket_path)
    body = None if document is None else json.dumps(document)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text else None


def test_the_unix_socket_needs_no_token(usherd):
    status, document = unix_request(usherd, "POST", "/api/v1/invitations", person(usherd.slapd))
    assert status == 201, document
    assert Link(document["link"]).register().status_code == 201


def test_the_unix_socket_is_for_its_owner_or_for_a_group(slapd, make_usherd):
    group = grp.getgrgid(os.getegid())
    for name, mode in ((None, 0o600), (group.gr_name, 0o660)):
        daemon = make_usherd(slapd).configure("listen", socket_group=name).start()
        status = daemon.socket_path.stat()
        assert (status.st_mode & 0o777, status.st_gid) == (mode, group.gr_gid)


STRANGER = """
import http.client, os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
    s.sendall(b"GET /api/v1/invitations HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    print(s.recv(12).decode())
except PermissionError:
    print("no entry")
"""


def test_another_user_gets_nothing_from_the_unix_socket(usherd):
    """Twice: as the socket's mode keeps strangers out, and as the daemon does when the mode does not."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]

    def stranger():
        done = subprocess.run([*prefix, sys.executable, "-c", STRANGER, str(usherd.socket_path)],
                              capture_output=True, text=True, cwd="/")
        return done.stdout.strip() or done.stderr

    usherd.folder.chmod(0o755)
    assert stranger() == "no entry"
    usherd.socket_path.chmod(0o666)
    assert stranger() == "HTTP/1.1 403"


def make_certificate(folder, name):
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def tls(slapd, make_usherd, folder):
    """A daemon with TLS on the control and public listeners."""
    certificate, key = make_certificate(folder, "localhost")
    daemon = make_usherd(slapd)
    daemon.certificate = certificate
    daemon.configure("listen", tls_certificate=certificate, tls_key=key)
    daemon.configure("usherd", public_url=f"https://127.0.0.1:{daemon.ports['public']}").start()
    daemon.wait_directory()
    return daemon


def test_tls_serves_control_and_public_and_links_are_https(tls):
    token = tls.make_token()
    with new_session() as session:
        session.verify = str(tls.certificate)
        answer = session.post(f"https://127.0.0.1:{tls.ports['control']}/api/v1/invitations",
                              json=person(tls.slapd), headers={"Authorization": f"Bearer {token}"},
                              timeout=10)
        assert answer.status_code == 201, answer.text
        link = answer.json()["link"]
        assert link.startswith("https://127.0.0.1:")
        view = session.get(link, headers={"Accept": "text/html"}, allow_redirects=False, timeout=10)
        assert "Secure" in view.headers["Set-Cookie"]
        done = session.post(link, json={"password": "a password behind a lock"}, timeout=10)
        assert done.status_code == 201


@pytest.mark.parametrize("listener", ["control", "public"])
def test_a_tls_listener_speaks_nothing_else(tls, listener):
    with pytest.raises(requests.RequestException):
        requests.get(tls.url(listener) + "/join/usj_x", timeout=5)


def test_old_tls_is_refused(tls):
    context = ssl.create_default_context(cafile=str(tls.certificate))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(OSError):
        urllib.request.urlopen(f"https://127.0.0.1:{tls.ports['public']}/join/usj_x", context=context,
                               timeout=5)


def served_certificate(daemon):
    return ssl.get_server_certificate(("127.0.0.1", daemon.ports["public"]))


def test_a_reload_rotates_the_certificate(tls, folder):
    old = served_certificate(tls)
    certificate, key = make_certificate(folder, "rotated")
    tls.configure("listen", tls_certificate=certificate, tls_key=key).write_configuration()
    tls.reload()
    wait_for(lambda: served_certificate(tls) != old, "the new certificate is served")


def test_a_certificate_without_its_key_is_refused(slapd, make_usherd, folder):
    certificate, _ = make_certificate(folder, "one")
    _, key = make_certificate(folder, "two")
    daemon = make_usherd(slapd).configure("listen", tls_certificate=certificate, tls_key=key)
    status, said = daemon.fails_to_start()
    assert status == 1
    assert str(key) in said or str(certificate) in said


def test_health_tells_what_works_and_what_does_not(slapd, usherd, api):
    """Without the directory the daemon still shows pages and keeps its promises: degraded, but ready."""
    def states():
        status, document = usherd.health("ready")
        return status, document["status"], {c["name"]: c["status"] for c in document["checks"]}

    well = {"store": "ok", "directory": "ok", "list": "ok", "running": "ok"}
    wait_for(lambda: states() == (200, "ok", well), "the list is loaded")
    slapd.stop()
    usherd.wait_directory(up=False)
    assert states() == (200, "degraded", {**well, "directory": "failed"})  # the list is as it was last seen
    assert usherd.health("live")[0] == 200
    slapd.start()
    wait_for(lambda: states()[1] == "ok", "the directory is back")
