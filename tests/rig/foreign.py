"""A web site of somebody else: serves the pages that a test makes, and keeps what it is sent itself."""

import http.server
import threading

from ports import free_port


class _Handler(http.server.BaseHTTPRequestHandler):
    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received.append((self.command, self.path, dict(self.headers), body))
        page = self.server.pages.get(self.path.split("?")[0], "")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page.encode())))
        self.end_headers()
        self.wfile.write(page.encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve  # noqa: N815

    def log_message(self, *_arguments):  # pylint: disable=arguments-differ
        pass


class Foreign:
    def __init__(self):
        self.port = free_port()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), _Handler)
        self._server.pages, self._server.received = {}, []
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, host):
        """`host`: "localhost" is another site than 127.0.0.1, which is the same site but another origin."""
        return f"http://{host}:{self.port}"

    def serve(self, path, page):
        self._server.pages[path] = page

    def received(self, path):
        """[(method, headers, body)] of one path."""
        return [(method, headers, body) for method, found, headers, body in list(self._server.received)
                if found.split("?")[0] == path]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
