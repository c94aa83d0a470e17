"""The fault proxy itself: each trigger and each action does exactly what it says, no more and no less."""

import contextlib
import socket
import threading
import time

import ldap
import pytest

from framing import TO_CLIENT, TO_SERVER, LdapFrames, RawFrames
from proxy import proxied
from rules import After, Message, Pattern
from slapd import SUFFIX
from wait import wait_for

TEXT = b"The quick brown fox jumps over the lazy dog"
FOX = b"fox"


class Peer:
    """A server that sends back what it gets, and remembers what that was and how each connection ended."""

    def __init__(self):
        self.received = []
        self.ends = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.received.append(b"")
                self.ends.append(None)
                number = len(self.received) - 1
                threading.Thread(target=self._echo, args=(connection, number), daemon=True).start()

    def _echo(self, connection, number):
        end = "fin"
        try:
            while data := connection.recv(65536):
                self.received[number] += data
                try:
                    connection.sendall(data)
                except OSError:  # it was reset; what came before that can still be read
                    end = "rst"
        except OSError:
            end = "rst"
        self.ends[number] = end
        connection.close()

    def got(self, data, number=0):
        """Wait until it has received so much, and see that it is this."""
        wait_for(lambda: len(self.received) > number and len(self.received[number]) >= len(data),
                 f"the server has {data}")
        assert self.received[number] == data

    def ended(self, number=0):
        return wait_for(lambda: self.ends[number:] and self.ends[number], "the connection's end at the server")

    def close(self):
        # A thread that sits in accept() is woken by shutdown() only.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def peer():
    server = Peer()
    yield server
    server.close()


@pytest.fixture
def raw(peer):
    with proxied(peer.port, "raw") as proxy:
        yield proxy


@pytest.fixture
def connect(raw):
    opened = []

    def new():
        opened.append(socket.create_connection(("127.0.0.1", raw.port), 10))
        return opened[-1]

    yield new
    for connection in opened:
        connection.close()


def read(connection, size):
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


def is_silent(connection, seconds=0.15):
    """Open, and nothing comes: the one thing that can only be waited for."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) is None
    except TimeoutError:
        return True
    except ConnectionError:
        return False
    finally:
        connection.settimeout(10)


def end_of(connection):
    """(what still came, "fin" or "rst")."""
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
    except ConnectionError:
        return data, "rst"
    return data, "fin"


# ---- without a fault ----

def test_bytes_pass_both_ways_and_so_does_each_end(raw, peer, connect):
    client = connect()
    blob = TEXT * 50000
    threading.Thread(target=client.sendall, args=(blob,)).start()
    assert read(client, len(blob)) == blob
    client.shutdown(socket.SHUT_WR)
    assert end_of(client) == (b"", "fin")
    assert peer.ended() == "fin"
    assert peer.received[0] == blob
    assert raw.passed == {TO_SERVER: len(blob), TO_CLIENT: len(blob)}
    wait_for(lambda: not raw.connections, "the proxy has forgotten the connection")


def test_a_reset_is_passed_on_as_one(raw, peer, connect):
    client = connect()
    client.sendall(TEXT)
    assert read(client, len(TEXT)) == TEXT
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    assert peer.ended() == "rst"


def test_frames_do_not_depend_on_how_the_bytes_arrive():
    messages = [b"\x30\x03abc", b"\x30\x81\x90" + b"x" * 0x90, b"\x30\x00"]
    stream = b"".join(messages)
    for size in range(1, len(stream) + 1):
        frames, units = LdapFrames(), []
        for at in range(0, len(stream), size):
            units += frames.feed(stream[at:at + size], [])
        assert units == [(message, True) for message in messages]
        frames, units = RawFrames(), []
        for at in range(0, len(TEXT), size):
            units += frames.feed(TEXT[at:at + size], [FOX, b"over"])
        assert [unit for unit, is_match in units if is_match] == [FOX, b"over"]
        assert b"".join(unit for unit, _ in units) + frames.rest() == TEXT


# ---- triggers ----

FOX_AT = TEXT.index(FOX)
PLACES = {"before": FOX_AT, "inside": FOX_AT + 2, "after": FOX_AT + 3}


@pytest.mark.parametrize("end", ["fin", "rst"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("direction", [TO_SERVER, TO_CLIENT])
def test_a_cut_at_a_pattern_leaves_exactly_what_came_before(raw, peer, connect, direction, place, end):
    rule = raw.rule(Pattern(FOX, direction), f"cut {place}", offset=2, reset=end == "rst")
    client = connect()
    client.sendall(TEXT[:FOX_AT + 1])
    client.sendall(TEXT[FOX_AT + 1:])
    passed = TEXT[:PLACES[place]]
    data, seen = end_of(client)
    assert seen == end
    if direction == TO_CLIENT:
        assert data == passed
    else:
        peer.got(passed)
    # What it sends to a connection that is closed is answered with RST.
    assert peer.ended() in (end, "rst" if direction == TO_SERVER else end)
    rule.wait()
    assert rule.fired == 1


@pytest.mark.parametrize("direction", [TO_SERVER, TO_CLIENT])
@pytest.mark.parametrize("count", [0, 1, 7, len(TEXT) - 1, len(TEXT)])
def test_a_cut_after_n_bytes_lets_exactly_n_pass(raw, peer, connect, count, direction):
    rule = raw.rule(After(count, direction), "cut")
    client = connect()
    client.sendall(TEXT)
    data, _ = end_of(client)
    peer.ended()
    assert (data if direction == TO_CLIENT else peer.received[0]) == TEXT[:count]
    rule.wait()
    assert rule.fired == 1


def test_bytes_are_counted_by_connection_or_over_all(raw, peer, connect):
    raw.rule(After(5, TO_SERVER), "cut", times=2)
    overall = raw.rule(After(20, TO_SERVER, overall=True), "cut")
    for number, expected in enumerate([TEXT[:5], TEXT[:5], TEXT[:10], TEXT]):
        client = connect()
        client.sendall(TEXT)
        if expected == TEXT:
            assert read(client, len(TEXT)) == TEXT
        else:
            end_of(client)
            peer.ended(number)
        assert peer.received[number] == expected
    overall.wait()
    assert overall.fired == 1


def test_a_rule_fires_on_the_nth_match_as_often_as_told(raw, peer, connect):
    rule = raw.rule(Pattern(FOX, TO_SERVER), "cut before", nth=2, times=2)
    for number, survives in enumerate([True, False, False, True]):
        client = connect()
        client.sendall(TEXT)
        if survives:
            assert read(client, len(TEXT)) == TEXT
        else:
            end_of(client)
            peer.ended(number)  # its echo to a connection that is closed may be answered with RST
            assert peer.received[number] == TEXT[:FOX_AT]
    rule.wait(times=2)
    assert rule.fired == 2


def test_a_rule_without_an_end_always_fires_and_can_be_waited_for(raw, peer, connect):
    rule = raw.rule(Pattern(FOX, TO_SERVER), "tell", times=None)
    client = connect()
    client.sendall(TEXT * 5)
    rule.wait(times=5)
    assert read(client, 5 * len(TEXT)) == 5 * TEXT
    assert rule.fired == 5 and rule.last == FOX
    with pytest.raises(AssertionError):
        rule.wait(0.01, times=6)


def test_the_newest_rule_decides_and_who_only_tells_is_told(raw, peer, connect):
    told = raw.rule(Pattern(FOX, TO_SERVER), "tell", times=None)
    older = raw.rule(Pattern(FOX, TO_SERVER), "cut before")
    newer = raw.rule(Pattern(FOX, TO_SERVER), "cut after")
    loud = raw.rule(Pattern(FOX, TO_SERVER), "tell", times=None)
    client = connect()
    client.sendall(TEXT)
    end_of(client)
    peer.got(TEXT[:FOX_AT + 3])
    newer.wait()
    assert (told.fired, older.fired, newer.fired, loud.fired) == (1, 0, 1, 1)
    raw.forget()
    client = connect()
    client.sendall(TEXT)
    assert read(client, len(TEXT)) == TEXT
    assert told.fired == 1


# ---- actions ----

@pytest.mark.parametrize("place", PLACES)
def test_hold_stops_one_direction_until_it_is_released(raw, peer, connect, place):
    told = raw.rule(Pattern(FOX, TO_CLIENT), "tell")
    rule = raw.rule(Pattern(FOX, TO_CLIENT), f"hold {place}", offset=2)
    client = connect()
    client.sendall(TEXT)
    rule.wait()
    assert told.fired == 1
    peer.got(TEXT)
    assert read(client, PLACES[place]) == TEXT[:PLACES[place]]
    assert is_silent(client)
    rule.release()
    assert read(client, len(TEXT) - PLACES[place]) == TEXT[PLACES[place]:]


def test_delay_lasts_as_long_as_told_and_loses_nothing(raw, peer, connect):
    rule = raw.rule(Pattern(FOX, TO_SERVER), "delay", seconds=0.3)
    client = connect()
    start = time.monotonic()
    client.sendall(TEXT)
    rule.wait()
    assert read(client, len(TEXT)) == TEXT
    assert time.monotonic() - start >= 0.3


def test_half_a_message_and_then_silence(raw, peer, connect):
    raw.rule(Pattern(FOX, TO_SERVER), "silence inside", offset=2)
    client = connect()
    client.sendall(TEXT)
    assert read(client, FOX_AT + 2) == TEXT[:FOX_AT + 2]
    client.sendall(TEXT)
    assert is_silent(client)
    assert peer.received == [TEXT[:FOX_AT + 2]] and peer.ends == [None]


def test_silence_of_one_direction_leaves_the_other_alone(raw, peer, connect):
    raw.rule(Pattern(FOX, TO_CLIENT), "silence")
    client = connect()
    client.sendall(TEXT)
    assert read(client, FOX_AT) == TEXT[:FOX_AT]
    client.sendall(TEXT)
    peer.got(TEXT + TEXT)
    assert is_silent(client)
    client.shutdown(socket.SHUT_WR)
    assert peer.ended() == "fin"


def test_a_black_hole_swallows_both_directions_and_the_end_as_well(raw, peer, connect):
    rule = raw.rule(Pattern(FOX, TO_SERVER), "black hole after")
    client = connect()
    client.sendall(TEXT)
    rule.wait()
    peer.got(TEXT[:FOX_AT + 3])
    assert is_silent(client)
    client.close()
    other = connect()
    other.sendall(TEXT)
    assert read(other, len(TEXT)) == TEXT
    assert peer.ends[0] is None and peer.received[0] == TEXT[:FOX_AT + 3]
    raw.cut()
    assert peer.ended() == "fin"


@pytest.mark.parametrize("end", ["fin", "rst"])
def test_a_late_message_comes_although_its_client_was_cut(raw, peer, connect, end):
    rule = raw.rule(Pattern(FOX, TO_SERVER), "late before", reset=end == "rst")
    client = connect()
    client.sendall(TEXT[:FOX_AT + 3])
    assert end_of(client)[1] == end
    peer.got(TEXT[:FOX_AT])
    assert peer.ends == [None]
    rule.release()
    peer.got(TEXT[:FOX_AT + 3])
    assert peer.ended() == "fin"


def test_a_late_message_comes_at_its_time(raw, peer, connect):
    rule = raw.rule(Pattern(FOX, TO_SERVER), "late", seconds=0.3)
    client = connect()
    start = time.monotonic()
    client.sendall(FOX)
    assert end_of(client) == (b"", "fin")
    rule.wait()
    peer.got(FOX)
    assert time.monotonic() - start >= 0.3


def test_a_held_message_comes_although_its_client_gave_up(raw, peer, connect):
    rule = raw.rule(Pattern(FOX, TO_SERVER), "hold")
    client = connect()
    client.sendall(FOX + TEXT)
    rule.wait()
    client.close()
    wait_for(lambda: peer.received == [b""], "the peer has a connection and nothing on it")
    rule.release()
    peer.got(FOX + TEXT)
    peer.ended()


# ---- switches ----

def test_cut_closes_every_connection_and_no_later_one(raw, peer, connect):
    for reset in (False, True):
        clients = [connect() for _ in range(3)]
        for client in clients:
            client.sendall(TEXT)
            assert read(client, len(TEXT)) == TEXT
        raw.cut(reset)
        assert {end_of(client) for client in clients} == {(b"", "rst" if reset else "fin")}
        assert not raw.connections
    client = connect()
    client.sendall(TEXT)
    assert read(client, len(TEXT)) == TEXT


def test_refuse_lets_nobody_in_until_it_listens_again(raw, connect):
    client = connect()
    client.sendall(TEXT)
    assert read(client, len(TEXT)) == TEXT
    raw.refuse()
    assert end_of(client)[1] == "fin"
    with pytest.raises(ConnectionRefusedError):
        connect()
    raw.listen()
    client = connect()
    client.sendall(TEXT)
    assert read(client, len(TEXT)) == TEXT


def test_pause_loses_nothing_and_says_nothing(raw, peer, connect):
    client = connect()
    client.sendall(TEXT)
    assert read(client, len(TEXT)) == TEXT
    raw.pause()
    client.sendall(TEXT)
    other = connect()
    other.sendall(FOX)
    assert is_silent(client) and is_silent(other)
    assert peer.received == [TEXT]
    raw.resume()
    assert read(client, len(TEXT)) == TEXT
    assert read(other, 3) == FOX


def test_slow_passes_so_many_bytes_a_second(raw, connect):
    raw.slow(100)
    client = connect()
    start = time.monotonic()
    client.sendall(TEXT)
    assert read(client, len(TEXT)) == TEXT
    assert time.monotonic() - start > 0.4
    raw.slow(None)
    client.sendall(TEXT * 100)
    assert read(client, 100 * len(TEXT)) == TEXT * 100


def test_a_black_hole_of_the_whole_proxy_accepts_and_never_answers(raw, peer, connect):
    before = connect()
    before.sendall(TEXT)
    assert read(before, len(TEXT)) == TEXT
    raw.black_hole()
    during = connect()
    for client in (before, during):
        client.sendall(FOX)
        assert is_silent(client)
    raw.lift()
    after = connect()
    after.sendall(FOX)
    assert read(after, 3) == FOX
    assert is_silent(before) and is_silent(during)
    assert peer.received == [TEXT, FOX]


def test_a_target_that_is_away_is_a_connection_that_ends(raw, peer, connect):
    peer.close()
    assert end_of(connect())[1] == "fin"
    assert not raw.connections


# ---- LDAP ----

@pytest.fixture
def ldap_proxy(slapd):
    with proxied(slapd.port) as proxy:
        yield proxy


def bound(slapd, url):
    connection = ldap.initialize(url)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 1)
    connection.timeout = 1
    connection.simple_bind_s(slapd.root_dn, slapd.root_password.read_text())
    return connection


def unit(name):
    return f"ou={name},{SUFFIX}", [("objectClass", [b"organizationalUnit"]), ("ou", [name.encode()])]


def test_a_rule_meets_only_the_messages_it_names(slapd, ldap_proxy):
    adds = ldap_proxy.rule("add request", "tell", times=None)
    one = ldap_proxy.rule(Message("add request", b"ou=two"), "tell", times=None)
    rest = ldap_proxy.rule("add request", "tell", lacking=b"ou=two", times=None)
    replies = ldap_proxy.rule("add reply", "tell", times=None)
    second = ldap_proxy.rule("add request", "tell", nth=2)
    connection = bound(slapd, ldap_proxy.url)
    for name in ("one", "two", "three"):
        connection.add_s(*unit(name))
    assert [rule.fired for rule in (adds, one, rest, replies, second)] == [3, 1, 2, 3, 1]
    assert b"ou=two" in second.last


@pytest.mark.parametrize("kind, action, is_added", [
    ("add request", "cut before", False), ("add request", "cut inside", False),
    ("add reply", "cut before", True), ("add reply", "cut inside", True), ("add reply", "cut after", True),
    ("add request", "silence inside", False), ("add reply", "silence", True),
    ("add request", "black hole", False), ("add reply", "black hole", True),
])
def test_what_a_cut_or_swallowed_message_leaves_behind(slapd, ldap_proxy, kind, action, is_added):
    rule = ldap_proxy.rule(kind, action, offset=5)
    connection = bound(slapd, ldap_proxy.url)
    if action == "cut after":
        connection.add_s(*unit("Attic"))
        with pytest.raises(ldap.SERVER_DOWN):
            connection.whoami_s()
    else:
        with pytest.raises((ldap.SERVER_DOWN, ldap.TIMEOUT)):
            connection.add_s(*unit("Attic"))
    rule.wait()
    assert (slapd.entry(f"ou=Attic,{SUFFIX}") is not None) == is_added


@pytest.mark.parametrize("action", ["late", "hold"])
def test_an_add_comes_late_whether_its_client_was_cut_or_gave_up(slapd, ldap_proxy, action):
    rule = ldap_proxy.rule("add request", action)
    connection = bound(slapd, ldap_proxy.url)
    with pytest.raises((ldap.SERVER_DOWN, ldap.TIMEOUT)):
        connection.add_s(*unit("Attic"))
    connection.unbind_s()
    assert slapd.entry(f"ou=Attic,{SUFFIX}") is None
    rule.release()
    assert rule.answered.wait(5)
    assert slapd.entry(f"ou=Attic,{SUFFIX}") is not None
    wait_for(lambda: not ldap_proxy.connections, "the connection has ended")
