"""How long a page takes, asked back to back from a process of its own: the rig's own threads do not count.

As a program: latency.py PORT PATH. It asks until its standard input ends, and then prints the milliseconds of
each answer as a JSON list. No answer within 5 s, or another status than 200, is written to standard error.
"""

import contextlib
import http.client
import json
import select
import subprocess
import sys
import time


def ask(port, path):
    taken, connection = [], http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    while not select.select([sys.stdin], [], [], 0)[0]:
        began = time.monotonic()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                print(f"{path} answers {answer.status}", file=sys.stderr)
        except (OSError, http.client.HTTPException) as error:
            print(f"{path}: {error!r}", file=sys.stderr)
            connection.close()
        taken.append((time.monotonic() - began) * 1000)
    print(json.dumps(taken))


class Latency:
    """What was measured: milliseconds, sorted, and what went wrong."""

    def __init__(self, pid):
        self.pid, self.taken, self.errors = pid, [], ""

    def at(self, share):
        return self.taken[min(len(self.taken) - 1, int(len(self.taken) * share))]

    def figures(self):
        return {"count": len(self.taken), "p50_ms": round(self.at(0.5), 2), "p99_ms": round(self.at(0.99), 2),
                "max_ms": round(self.taken[-1], 2)}


@contextlib.contextmanager
def measured(port, path):
    """Asks as long as the block runs; the Latency is filled when it ends."""
    process = subprocess.Popen([sys.executable, "-B", __file__, str(port), path], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    latency = Latency(process.pid)
    try:
        yield latency
    finally:
        output, latency.errors = process.communicate(timeout=30)
        latency.taken = sorted(json.loads(output))


if __name__ == "__main__":
    ask(int(sys.argv[1]), sys.argv[2])
