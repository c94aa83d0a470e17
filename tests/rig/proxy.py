"""A TCP proxy in front of slapd that knows where LDAP messages begin and end, so that a test can stop
the world at an exact message: hold it, cut the connection before it, inside it, or behind it."""

import socket
import threading

from ports import free_port

# The protocolOp tags of RFC 4511.
TAGS = {
    "bind request": 0x60, "bind reply": 0x61,
    "search request": 0x63, "search entry": 0x64, "search reply": 0x65,
    "modify request": 0x66, "modify reply": 0x67,
    "add request": 0x68, "add reply": 0x69,
    "delete request": 0x4A, "delete reply": 0x6B,
    "extended request": 0x77, "extended reply": 0x78,
}
PASSWORD_MODIFY = b"1.3.6.1.4.1.4203.1.11.1"
# Who binds asks who it is; only that answer holds a name.
WHO_AM_I_REPLY = b"dn:"


def split_message(data):
    """(message, rest) of the first complete LDAPMessage, or (None, data)."""
    length = ber_length(data, 1)
    if length is None:
        return None, data
    size, start = length
    end = start + size
    return (data[:end], data[end:]) if len(data) >= end else (None, data)


def ber_length(data, at):
    """(length, offset of the contents) of a BER length at `at`, or None when it is not complete."""
    if len(data) <= at:
        return None
    if data[at] < 0x80:
        return data[at], at + 1
    count = data[at] & 0x7F
    if len(data) < at + 1 + count:
        return None
    return int.from_bytes(data[at + 1:at + 1 + count], "big"), at + 1 + count


def message_tag(message):
    _, start = ber_length(message, 1)
    size, number = ber_length(message, start + 1)
    return message[number + size]


class Rule:
    """What to do with the next message of a kind (which contains some bytes, and lacks others). Actions: "hold" (until release(); then
    the connection stays open until `linger` is set, although its client may be gone), "cut before",
    "cut after", "cut inside" (after `offset` bytes of it), "tell" (let it pass, only tell)."""

    def __init__(self, kind, action, offset=0, containing=b"", lacking=None):
        self.tag = TAGS[kind]
        self.action = action
        self.offset = offset
        self.containing = containing
        self.lacking = lacking
        self.linger = None
        self.met = threading.Event()
        self.released = threading.Event()

    def matches(self, message):
        return (not self.met.is_set() and message_tag(message) == self.tag
                and self.containing in message
                and (self.lacking is None or self.lacking not in message))

    def wait(self, seconds=10):
        assert self.met.wait(seconds), "the message this test waits for never came"

    def release(self):
        self.released.set()


class Proxy:
    """Forwards to 127.0.0.1:target; the newest rule that matches a message decides on it, once."""

    def __init__(self, target):
        self.target = target
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.rules = []
        self.accepted = 0
        self._lock = threading.Lock()
        self._open = set()
        self._listener = None
        self.listen()

    def listen(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self):
        """Nobody can connect, and who is connected no longer is."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def rule(self, kind, action, **more):
        rule = Rule(kind, action, **more)
        with self._lock:
            self.rules.insert(0, rule)
        return rule

    def cut(self):
        """Close every connection."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _close(connection)

    def close(self):
        for rule in self.rules:
            rule.release()
        try:
            self.refuse()
        except OSError:
            pass

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                _close(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        pending = b""
        try:
            while data := source.recv(65536):
                pending += data
                # TLS and whatever else is no LDAPMessage passes as it is.
                while pending and pending[0] == 0x30:
                    message, pending = split_message(pending)
                    if message is None:
                        break
                    self._forward(message, sink)
                else:
                    sink.sendall(pending)
                    pending = b""
        except (OSError, ConnectionAbortedError):
            pass
        finally:
            _close(source)
            _close(sink)
            with self._lock:
                self._open -= {source, sink}

    def _forward(self, message, sink):
        with self._lock:
            rule = next((rule for rule in self.rules if rule.matches(message)), None)
            if rule is not None:
                rule.met.set()
        if rule is None or rule.action == "tell":
            sink.sendall(message)
        elif rule.action == "hold":
            rule.released.wait()
            sink.sendall(message)
            if rule.linger is not None:
                rule.linger.wait(10)
        elif rule.action == "cut after":
            sink.sendall(message)
            raise ConnectionAbortedError
        elif rule.action == "cut inside":
            sink.sendall(message[:rule.offset])
            raise ConnectionAbortedError
        else:
            raise ConnectionAbortedError


def _close(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
