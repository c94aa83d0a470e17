"""An endpoint of webhooks: keeps what is posted, and answers what it is told."""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import threading
import time
from typing import NamedTuple

from ports import free_port
from sink import certificates


class Message(NamedTuple):
    headers: object
    body: bytes
    path: str
    answer: object
    at: float

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def document(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.document["type"]

    @property
    def data(self):
        return self.document["data"]

    def signatures(self):
        return self.headers["webhook-signature"].split(" ")

    def is_signed_with(self, secret):
        """As Standard Webhooks 1.0.0 says, by nobody's library."""
        kind, _, text = secret.partition("_")
        assert kind == "whsec", secret
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        mac = hmac.new(base64.b64decode(text), signed, hashlib.sha256).digest()
        mine = "v1," + base64.b64encode(mac).decode()
        return any(hmac.compare_digest(mine, theirs) for theirs in self.signatures())


class Receiver:
    """On 127.0.0.1. `status` is what everybody is answered, but those for whom an answer stands in `answers`: a
    status, a pair of a status and headers, "drop" (the connection ends) or "hang" (no answer until the receiver is
    closed). `certificate`: one of sink.CERTIFICATES, or None for clear text."""

    def __init__(self, status=204, answers=(), certificate=None, path="/hook"):
        self.status, self.messages = status, []
        self.answers = collections.deque(answers)
        self.port = free_port()
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}{path}"
        self.connections = 0
        self._changed = threading.Condition()
        self._closed = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                receiver.connections += 1

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.next_answer()
                message = Message(self.headers, body, self.path, answer, time.time())
                if answer in ("drop", "hang"):
                    receiver.keep(message)
                    receiver.wait_closed(answer)
                    self.close_connection = True
                    return
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()
                receiver.keep(message)

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.handle_error = lambda *_: None  # a client that left is no news
        if certificate:
            context = certificates()[1][certificate]
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    # ---- for the handler ----

    def next_answer(self):
        with self._changed:
            return self.answers.popleft() if self.answers else self.status

    def keep(self, message):
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait_closed(self, answer):
        if answer == "hang":
            self._closed.wait(60)

    # ---- for the test ----

    def wait(self, count=1, seconds=30):
        with self._changed:
            come = self._changed.wait_for(lambda: len(self.messages) >= count, seconds)
        assert come, f"{len(self.messages)} of {count} messages came in {seconds} s"
        return self.messages

    def of_type(self, kind):
        with self._changed:
            return [message for message in self.messages if message.type == kind]

    def close(self):
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
