"""Where the messages of a byte stream begin and end: LDAP's own framing, or patterns in bytes of any kind."""

TO_SERVER = "to server"
TO_CLIENT = "to client"

# The protocolOp tags of RFC 4511.
TAGS = {
    "bind request": 0x60, "bind reply": 0x61, "unbind request": 0x42,
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


class LdapFrames:
    """Whole LDAPMessages. TLS and whatever else is none comes out as it came in."""

    def __init__(self):
        self.pending = b""

    def feed(self, data, _patterns):
        """[(bytes, whether they are a message)]; what is not complete waits for the rest."""
        self.pending += data
        units = []
        while self.pending:
            if self.pending[0] != 0x30:
                units.append((self.pending, False))
                self.pending = b""
                break
            message, self.pending = split_message(self.pending)
            if message is None:
                break
            units.append((message, True))
        return units

    def rest(self):
        """What was not complete when the stream ended."""
        data, self.pending = self.pending, b""
        return data


class RawFrames(LdapFrames):
    """Bytes as they come, except that each occurrence of a pattern is a message of its own. Bytes that may
    be the start of one wait for what follows."""

    def feed(self, data, patterns):
        self.pending += data
        units = []
        while found := _first(self.pending, patterns):
            at, pattern = found
            if at:
                units.append((self.pending[:at], False))
            units.append((pattern, True))
            self.pending = self.pending[at + len(pattern):]
        keep = max((_overlap(self.pending, pattern) for pattern in patterns), default=0)
        ready = self.pending[:len(self.pending) - keep]
        self.pending = self.pending[len(ready):]
        if ready:
            units.append((ready, False))
        return units


def _first(data, patterns):
    """(offset, pattern) of the first occurrence of any."""
    return min(((data.find(pattern), pattern) for pattern in patterns if pattern in data), default=None)


def _overlap(data, pattern):
    """How many bytes at the end of `data` are the beginning of `pattern`."""
    longest = min(len(data), len(pattern) - 1)
    return next((size for size in range(longest, 0, -1) if data.endswith(pattern[:size])), 0)


FRAMINGS = {"ldap": LdapFrames, "raw": RawFrames}
