"""What the benchmarks share: a folder, servers, programs, and the lines that are the result.

Each line is one JSON object, {"bench", "metric", "value", "unit", "baseline", "ratio"}. Each value is the
median of ROUNDS rounds, in which the bare loop and usherd take turns, so that a machine that slows down
slows both. Absolute figures say little on a shared machine; the ratio is the result.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "rig"))

# pylint: disable=wrong-import-position
from client import PASSWORD, person  # noqa: E402
from slapd import Slapd  # noqa: E402
from usherd import BUILD, Usherd  # noqa: E402

ROUNDS = int(os.environ.get("USHERD_BENCH_ROUNDS", "5"))
PROGRAMS = BUILD / "tests" / "bench"


def report(bench, metric, value, unit, baseline):
    print(json.dumps({
        "bench": bench, "metric": metric, "value": round(value, 3), "unit": unit,
        "baseline": round(baseline, 3), "ratio": round(value / baseline, 3),
    }), flush=True)


def report_rounds(bench, metric, unit, rounds):
    """`rounds`: (value, baseline) of each."""
    values, baselines = zip(*rounds)
    report(bench, metric, statistics.median(values), unit, statistics.median(baselines))


def program(name, *arguments):
    done = subprocess.run([PROGRAMS / name, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                          check=True)
    return json.loads(done.stdout)


class Bench:
    """A folder, a slapd, and the daemons of one benchmark."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ush-bench-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.slapd = self.start_slapd()
        self.daemons = []
        self.numbers = iter(range(10**9))

    def start_slapd(self):
        return Slapd(self.folder / "slapd").start()

    def daemon(self, **sections):
        daemon = Usherd(self.folder / f"usherd{len(self.daemons)}", self.slapd)
        daemon.configure("usherd", log_level="warning")
        daemon.configure("limits", registrations=1024)
        for section, keys in sections.items():
            daemon.configure(section, **keys)
        self.daemons.append(daemon)
        daemon.start()
        daemon.wait_directory(seconds=30)
        daemon.token = daemon.make_token()
        return daemon

    def close(self):
        for daemon in self.daemons:
            daemon.destroy()
        self.slapd.destroy()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- load ----

    def load(self, port, connections, requests, expected, keep_bodies=False):
        """Send prepared requests; (requests a second, [body]). Anything but `expected` is an error."""
        sent = self.folder / "requests"
        sent.write_bytes(b"".join(b"%d\n" % len(request) + request for request in requests))
        bodies = [self.folder / "bodies"] if keep_bodies else []
        result = program("load_http", port, connections, sent, *bodies)
        assert result["statuses"] == {str(expected): len(requests)}, result
        texts = bodies[0].read_text().splitlines() if keep_bodies else []
        return result["count"] / result["seconds"], texts

    def invitations(self, daemon, count):
        """Requests that make new invitations."""
        return [
            post("/api/v1/invitations", person(
                self.slapd, uid=f"bench{next(self.numbers)}"),
                f"Authorization: Bearer {daemon.token}\r\n")
            for _ in range(count)
        ]

    def links(self, daemon, count):
        """Tokens of new invitations, made outside the measured time."""
        _, bodies = self.load(daemon.ports["control"], 32, self.invitations(daemon, count), 201, True)
        return [json.loads(body)["link"].rsplit("/", 1)[1] for body in bodies]

    def register(self, daemon, count, connections):
        """Registrations a second."""
        requests = [post(f"/join/{token}", {"password": PASSWORD})
                    for token in self.links(daemon, count)]
        return self.load(daemon.ports["public"], connections, requests, 201)[0]

    def bare_register(self, count, *how):
        """Hash and add, or add alone, a second."""
        return program(
            "bare_register", self.slapd.ldapi, self.slapd.service_dn, self.slapd.service_password,
            f"ou=Registry,ou=Collections,{self.slapd.people}", f"bare{next(self.numbers)}x", count, *how)

    def bare_store(self, count, batch):
        """Rows a second, on the same file system as the daemons' stores."""
        place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        try:
            return program("bare_store", place / "bare.db", count, batch)
        finally:
            shutil.rmtree(place)


def post(path, document, headers=""):
    body = json.dumps(document).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}"
            f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def resident_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines()
                    if line.startswith("VmRSS:"))) / 1024
