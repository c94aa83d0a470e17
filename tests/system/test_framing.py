"""Bytes that are not plainly one HTTP request: refused and closed, never answered with success."""

import contextlib
import re

import pytest

from framings import framings
from usherd import raw_connection, read_all
from world import world


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


@pytest.mark.parametrize(
    "status, request_bytes", [pytest.param(row.status, row.request, id=row.name) for row in framings()]
)
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
