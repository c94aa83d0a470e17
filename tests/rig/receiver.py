"""An endpoint of webhooks: keeps what is posted, and answers what it is told."""

import http.server
import threading
from typing import NamedTuple

from ports import free_port


class Message(NamedTuple):
    headers: object
    body: bytes


class Receiver:
    """On 127.0.0.1, in clear text. `status` is what everybody is answered."""

    def __init__(self, status=204):
        self.status, self.messages = status, []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.keep(Message(self.headers, body))

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keep(self, message):
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait(self, count=1, seconds=15):
        with self._changed:
            come = self._changed.wait_for(lambda: len(self.messages) >= count, seconds)
        assert come, f"{len(self.messages)} of {count} messages came in {seconds} s"
        return self.messages

    def close(self):
        self._server.shutdown()
        self._server.server_close()
