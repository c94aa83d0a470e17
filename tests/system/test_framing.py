"""Bytes that are not plainly one HTTP request: refused and closed, never answered with success."""

import contextlib
import re

import pytest

from usherd import TOP, raw_connection, read_all
from world import world

ESCAPE = re.compile(rb"\\(r|n|t|\\|x[0-9a-fA-F]{2})")
REPEAT = re.compile(rb"\{\{(\d+)\*(.*?)\}\}", re.DOTALL)
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


def unescape(text):
    text = ESCAPE.sub(lambda m: PLAIN.get(m[1]) or bytes([int(m[1][1:], 16)]), text)
    return REPEAT.sub(lambda m: int(m[1]) * m[2], text)


def framings():
    """The rows of tests/data/framings.txt, which the guard's unit tests share."""
    for line in (TOP / "tests" / "data" / "framings.txt").read_bytes().splitlines():
        if line and not line.startswith(b"#"):
            name, status, _, text = line.split(b"\t", 3)
            yield pytest.param(int(status), unescape(text), id=name.decode())


def answer_to(port, request):
    """Everything that comes back until the daemon closes the connection."""
    with raw_connection(port) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
        return read_all(connection)


def answers_in(received):
    return len(re.findall(rb"HTTP/1\.1 \d{3} ", received))


@pytest.fixture(scope="module")
def shared():
    """One daemon for the whole table; no request of it gets as far as a state that could be shared."""
    with world(listen={"hosts": "localhost a"}) as daemon:
        yield daemon


@pytest.mark.parametrize("status, request_bytes", framings())
def test_a_malformed_request_is_refused_and_the_connection_closed(shared, status, request_bytes):
    for listener in ("control", "public"):
        received = answer_to(shared.ports[listener], request_bytes)
        # A peer that sends a megabyte may be cut off before it reads the answer.
        if len(request_bytes) < 100_000 or received:
            assert received.startswith(b"HTTP/1.1 %d" % status), received[:200]
        assert answers_in(received) <= 1
        assert b" 200 " not in received
    assert shared.health("live")[0] == 200


@pytest.mark.parametrize("tail", [b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n", b"x" * 100])
def test_nothing_behind_a_refused_request_is_read_as_another(shared, tail):
    request = b"POST /join/usj_x HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello" + tail
    received = answer_to(shared.ports["public"], request)
    assert received.startswith(b"HTTP/1.1 400")
    assert answers_in(received) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_request_in_small_pieces_is_one_request(shared, size):
    body = b'{"password": "short"}'
    request = (b"POST /join/usj_x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
               b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    with raw_connection(shared.ports["public"]) as connection:
        for start in range(0, len(request), size):
            connection.sendall(request[start:start + size])
        received = read_all(connection)
    assert received.startswith(b"HTTP/1.1 404"), received[:200]
