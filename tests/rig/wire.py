"""HTTP as bytes: a keep-alive connection that sends what it is told and reads answers strictly."""

import socket

HEAD_MAX = 64 * 1024


class Broken(Exception):
    """What came back is not HTTP as this daemon speaks it, or nothing came in time."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return self.headers.get(name)

    @property
    def is_last(self):
        return self.headers.get("connection", "").lower() == "close"

    def __str__(self):
        return f"{self.status} {self.headers.get('content-type', '-')} {self.body[:600]!r}"


def parse_head(head):
    """(status, {name in lower case: value}) of the bytes before the empty line."""
    try:
        first, *lines = head.decode("ascii").split("\r\n")
        version, status, reason = first.split(" ", 2)
    except ValueError as error:
        raise Broken(f"no status line: {head[:200]!r}") from error
    if version not in ("HTTP/1.1", "HTTP/1.0") or not reason:
        raise Broken(f"no status line: {first!r}")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if not colon or name.lower() in headers:
            raise Broken(f"a header field twice, or none: {line!r}")
        headers[name.lower()] = value
    return int(status), headers


class Wire:
    """`address` is a port of 127.0.0.1, or the path of a unix socket. Connects when it has to."""

    def __init__(self, address, timeout=20):
        self.address, self.timeout = address, timeout
        self.socket, self.buffer = None, b""

    def _connect(self):
        if isinstance(self.address, int):
            self.socket = socket.create_connection(("127.0.0.1", self.address), self.timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(self.timeout)
            self.socket.connect(str(self.address))
        self.buffer = b""

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None

    def _more(self):
        """False at the end of the stream."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        except TimeoutError as error:
            raise Broken(f"no answer within {self.timeout} s") from error
        self.buffer += data
        return bool(data)

    def read(self, is_head):
        """One answer; None when the stream ended before it began."""
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            if len(self.buffer) > HEAD_MAX:
                raise Broken("a header without end")
            if not self._more():
                if self.buffer:
                    raise Broken(f"cut in the header: {self.buffer[:200]!r}")
                return None
        status, headers = parse_head(self.buffer[:end])
        self.buffer = self.buffer[end + 4:]
        if "transfer-encoding" in headers:
            raise Broken("an answer with Transfer-Encoding")
        if status == 100:
            return self.read(is_head)
        length = 0 if is_head or status in (204, 304) else headers.get("content-length")
        if length is None or not str(length).isdigit():
            raise Broken(f"{status} without a length: {headers}")
        while len(self.buffer) < int(length):
            if not self._more():
                raise Broken(f"{status} was cut in the body")
        body, self.buffer = self.buffer[:int(length)], self.buffer[int(length):]
        return Answer(status, headers, body)

    def _send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while we were speaking; the answer may be there all the same

    def ask(self, data, is_head=False):
        """The answer to one request; None: closed without a word. An idle connection that was closed
        meanwhile is opened again."""
        was_open = self.socket is not None
        if not was_open:
            self._connect()
        self._send(data)
        answer = self.read(is_head)
        if answer is None:
            self.close()
            return self.ask(data, is_head) if was_open else None
        if self.buffer:
            raise Broken(f"bytes behind the answer: {self.buffer[:200]!r}")
        if answer.is_last:
            self.close()
        return answer

    def ask_and_leave(self, data):
        """Whatever is answered until the daemon closes, after the last byte and the end of our side."""
        self.close()
        self._connect()
        self._send(data)
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answers = []
        try:
            while (answer := self.read(data.startswith(b"HEAD ") and not answers)) is not None:
                answers.append(answer)
        finally:
            self.close()
        return answers
