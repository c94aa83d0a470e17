"""./dev bench access: what the access check costs: the same handlers in the same process, with it and without."""

import socket
import subprocess

from shared import PROGRAMS, ROUNDS, report_rounds
from ports import free_port  # by shared's path
from wait import wait_for

SESSIONS = 10_000
REQUESTS = 20_000
GETS = {"/api/v1/webhooks": "the smallest answer", "/api/v1/users?limit=50": "a page of people"}


def requests(path, callers):
    """Each caller in turn, so that no check is like the one before."""
    lines = [f"Cookie: usherd={text}" if kind == "cookie" else f"Authorization: Bearer {text}"
             for kind, text in callers]
    return [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines[number % len(lines)]}\r\n\r\n".encode()
            for number in range(REQUESTS if "users" not in path else REQUESTS // 4)]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bench_access(bench):
    bare, ours, path = free_port(), free_port(), bench.folder / "callers"
    with subprocess.Popen([PROGRAMS / "bench_access", str(bare), str(ours), str(SESSIONS), path]) as server:
        try:
            wait_for(lambda: listens(bare) and listens(ours), "bench_access listens", 60)
            callers = [line.split(" ", 1) for line in path.read_text().splitlines()]
            for kind in ("cookie", "token"):
                some = [caller for caller in callers if caller[0] == kind]
                for get, what in GETS.items():
                    sent = requests(get, some)
                    # A ratio of times: what the checked one takes longer.
                    rounds = [(1e6 / bench.load(ours, 32, sent, 200)[0], 1e6 / bench.load(bare, 32, sent, 200)[0])
                              for _ in range(ROUNDS)]
                    report_rounds("access", f"{what} with a {kind} of {len(some)}, against no check", "us", rounds)
        finally:
            server.terminate()
