"""The front under pressure: input that is too much, crowds, and who may go on meanwhile."""

import resource
import socket

import requests

from client import Api, Browser
from usherd import raw_connection
from wait import wait_for


def resident_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_a_field_full_of_quotes_is_refused_and_the_daemon_goes_on(usherd, api):
    browser = Browser(api.invited(fields={"phone": "free"})["link"])
    page = browser.open()
    # Not encoded, so that 60,000 fit into a body; in a page each is six bytes.
    body = f"attempt={page.fields['attempt']}&password=p&phone=" + '"' * 60_000
    answer = browser.session.post(page.action, data=body, timeout=30, headers={
        "Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 422
    assert "&quot;&quot;" not in answer.text
    assert usherd.health("live")[0] == 200


def test_requests_sent_ahead_take_no_memory(usherd):
    request = f"GET /join HTTP/1.1\r\nHost: 127.0.0.1:{usherd.ports['public']}\r\n\r\n".encode()
    with raw_connection(usherd.ports["public"]) as connection:
        connection.sendall(request)
        assert connection.recv(65536).startswith(b"HTTP/1.1 4")
        before = resident_kib(usherd)
        connection.settimeout(0.5)
        sent = 0
        try:
            while sent < 32 << 20:  # and never an answer is read
                sent += connection.send(request * 1000)
        except TimeoutError:
            pass
        assert sent > 1 << 20
        assert resident_kib(usherd) - before < 8192


def test_a_crowd_on_the_public_side_leaves_the_operators_in(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("limits", connections=16, connections_per_source=16)
    daemon.start()
    crowd = [socket.create_connection(("127.0.0.1", daemon.ports["public"]), 30) for _ in range(32)]

    def is_full():
        try:
            requests.get(daemon.public_url + "/join", timeout=5)
        except requests.ConnectionError:
            return True
        return False

    wait_for(is_full, "the public listener is full")
    assert daemon.health("live")[0] == 200
    assert daemon.control("token", "list").returncode == 0
    for connection in crowd:
        connection.close()


def test_the_soft_limit_of_open_files_is_raised(slapd, make_usherd):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, 4096))

    daemon = make_usherd(slapd).start(preexec_fn=few_files)
    assert resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE) == (4096, 4096)


def test_too_few_descriptors_are_told_at_the_start(slapd, make_usherd):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (600, 600))

    daemon = make_usherd(slapd).configure("limits", connections=4096).start(preexec_fn=few_files)
    assert "600 open files" in daemon.log()


def test_a_token_makes_none_that_outlives_it(usherd):
    short = Api(usherd, usherd.make_token(name="short", expires="1h"))
    wanted = {"name": "long", "scopes": ["all"], "expires_in": 10 * 365 * 86400}
    answer = short.post("/api/v1/tokens", wanted)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "expires_in"
    assert short.post("/api/v1/tokens", {**wanted, "expires_in": 600}).status_code == 201


def test_an_unknown_invitation_is_told_in_plain_words(api):
    answer = api.get("/api/v1/invitations/01890a5d-ac96-774b-bcce-b302099a8057")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no such invitation"


def test_a_guesser_does_not_shut_out_a_real_link(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("limits", join_rate=5).start()
    daemon.wait_directory()
    link = Api(daemon, daemon.make_token()).invited()["join"]
    guesses = [requests.get(f"{daemon.public_url}/join/usj_{number}", timeout=5).status_code
               for number in range(8)]
    assert 429 in guesses
    assert link.get().status_code == 200
