"""The process: signals, limits, and what it holds on to."""

import concurrent.futures
import pathlib
import resource
import signal
import socket
import threading
import time

import pytest
import requests

from client import Api, Link, in_background, person
from usherd import raw_connection, read_all
from wait import wait_for


def test_sigterm_ends_it_cleanly(usherd):
    assert usherd.stop(seconds=15) == 0


def test_sigint_ends_it_cleanly_too(usherd):
    usherd.process.send_signal(signal.SIGINT)
    assert usherd.process.wait(15) == 0
    usherd.process = None


def test_sigterm_under_load_loses_nothing_that_was_answered(usherd, api):
    token = api.session.headers["Authorization"].removeprefix("Bearer ")
    made, ended = [], threading.Event()

    def invite():
        client = Api(usherd, token)
        while not ended.is_set():
            try:
                answer = client.invite()
            except requests.RequestException:
                return
            if answer.status_code == 201:
                made.append(answer.json())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        workers = [pool.submit(invite) for _ in range(8)]
        wait_for(lambda: len(made) > 50, "there is load")
        status = usherd.stop(seconds=15)
        ended.set()
        for worker in workers:
            worker.result(30)
    assert status == 0
    usherd.start()
    assert [invitation["id"] for invitation in made
            if api.show(invitation["id"])["status"] != "pending"] == []


def test_sigterm_waits_for_a_registration_but_not_for_idle_connections(slapd, usherd, api):
    link = api.invited()["join"]
    with raw_connection(usherd.ports["public"]), raw_connection(usherd.ports["control"]) as half:
        half.sendall(b"GET /api/v1/groups HTTP/1.1\r\nHost: localhost\r\n")
        answer = in_background(link.register)
        wait_for(lambda: not link.is_open(), "the registration has begun or is done")
        assert usherd.stop(seconds=15) == 0
        assert answer().status_code in (201, 202)
    usherd.start()
    usherd.wait_directory()
    link.wait_done()


def test_sigterm_ends_it_while_the_directory_is_silent(slapd, usherd, api):
    link = api.invited()["join"]
    slapd.pause()
    try:
        answer = in_background(requests_error_is_none, link.register)
        assert usherd.stop(seconds=15) == 0
        answer()
    finally:
        slapd.resume()


def requests_error_is_none(function):
    try:
        return function()
    except requests.RequestException:
        return None


def test_a_port_that_is_taken_is_named(slapd, make_usherd):
    daemon = make_usherd(slapd)
    with socket.create_server(("127.0.0.1", daemon.ports["control"])):
        status, said = daemon.fails_to_start()
    assert status == 1
    assert str(daemon.ports["control"]) in said


def test_a_socket_that_was_left_behind_is_no_obstacle(usherd):
    usherd.kill()
    assert usherd.socket_path.exists()
    usherd.start()
    assert usherd.control("health").returncode == 0


def open_files(daemon):
    return len(list(pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir()))


def resident_kib(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def test_descriptors_return_to_their_baseline(slapd, usherd, api):
    api.invited()["join"].register()
    baseline = wait_stable(lambda: open_files(usherd))
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: api_call(usherd), range(96)))
    slapd.stop()
    slapd.start()
    usherd.wait_directory()
    api.session.close()
    wait_for(lambda: open_files(usherd) <= baseline + 4,
             f"descriptors are back near {baseline}", seconds=15)


def api_call(daemon):
    return requests.get(daemon.public_url + "/join/usj_x", timeout=20).status_code


def wait_stable(measure):
    """The value once it was the same five times in a row."""
    seen = []

    def stable():
        seen.append(measure())
        return len(seen) >= 5 and len(set(seen[-5:])) == 1

    wait_for(stable, "the value is stable")
    return seen[-1]


def test_running_out_of_descriptors_is_survived_quietly(slapd, make_usherd):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    daemon = make_usherd(slapd).start(preexec_fn=few_files)
    daemon.wait_directory()
    token = daemon.make_token()
    before = len(daemon.log())
    connections = []
    for _ in range(120):
        try:
            connections.append(socket.create_connection(("127.0.0.1", daemon.ports["public"]), 2))
        except OSError:
            break
    for connection in connections:
        connection.close()
    wait_for(lambda: daemon.health("live")[0] == 200, "it serves again", seconds=20)
    assert Api(daemon, token).invite().status_code == 201
    assert len(daemon.log()) - before < 100_000


@pytest.mark.parametrize("listener", ["control", "public"])
def test_connections_are_limited_by_source(slapd, make_usherd, listener):
    daemon = make_usherd(slapd).configure("limits", connections_per_source=8).start()
    opened = [socket.create_connection(("127.0.0.1", daemon.ports[listener]), 30) for _ in range(24)]
    request = b"GET /join/usj_x HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answered = 0
    for connection in opened:
        connection.settimeout(2)
        try:
            connection.sendall(request)
            answered += bool(connection.recv(4096).startswith(b"HTTP/1.1 4"))
        except OSError:
            pass
    for connection in opened:
        connection.close()
    assert answered <= 8 + 1
    wait_for(lambda: daemon.health("live")[0] == 200, "others are served")


@pytest.mark.parametrize("part", [
    b"", b"GET /join/usj_x HT", b"GET /join/usj_x HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /join/usj_x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{",
])
def test_a_slow_sender_is_cut_off_at_the_deadline(slapd, make_usherd, part):
    daemon = make_usherd(slapd).configure(
        "limits", header_timeout="1s", body_timeout="1s", idle_timeout="1s").start()
    with raw_connection(daemon.ports["public"], timeout=8) as connection:
        begun = time.monotonic()
        connection.sendall(part)
        # One byte now and then does not buy more time: with as many as these it would be half a minute.
        connection.settimeout(0.3)
        while time.monotonic() - begun < 30:
            try:
                if connection.recv(4096) == b"":
                    break
            except socket.timeout:
                if part:
                    connection.sendall(b"x")
            except OSError:
                break
        assert time.monotonic() - begun < 20


def test_answers_follow_each_other_on_one_connection(usherd, api):
    token = api.session.headers["Authorization"]
    request = (f"GET /api/v1/groups HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n"
               "\r\n").encode()
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with raw_connection(usherd.ports["control"]) as connection:
        connection.sendall(request * 3 + last)
        received = read_all(connection)
    assert received.count(b"HTTP/1.1 200") == 4


def test_500_registrations_at_once_are_all_answered_in_bounded_memory(slapd, make_usherd):
    daemon = make_usherd(slapd).configure(
        "directory", password_mode="argon2").configure("password", hash_queue=64).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    links = [Link(api.post("/api/v1/invitations", person(slapd)).json()["link"]) for _ in range(200)]
    before = resident_kib(daemon)
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda link: link.register().status_code, links))
    assert set(answers) <= {201, 202, 503}
    assert 201 in answers
    assert resident_kib(daemon) - before < 2 * 19456 + 32 * 1024
