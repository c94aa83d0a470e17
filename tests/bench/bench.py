"""./dev bench: what usherd costs above the bare work, measured in turns with it on the same servers.

Prints one JSON object a line: {"bench", "metric", "value", "unit", "baseline", "ratio"}. Each value is the
median of ROUNDS rounds, in which the bare loop and usherd take turns, so that a machine that slows down
slows both. Absolute figures say little on a shared machine; the ratio is the result.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "rig"))

# pylint: disable=wrong-import-position
from client import PASSWORD, person  # noqa: E402
from ports import free_port  # noqa: E402
from slapd import Slapd  # noqa: E402
from usherd import BUILD, Usherd  # noqa: E402
from wait import wait_for  # noqa: E402

ROUNDS = int(os.environ.get("USHERD_BENCH_ROUNDS", "5"))
PROGRAMS = BUILD / "tests" / "bench"

# What the daemon must reach (ratio), or keep below (value).
RSS_MB = 12
START_MS = 100
PENDING = 10_000


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
        self.slapd = Slapd(self.folder / "slapd").start()
        self.daemons = []
        self.numbers = iter(range(10**9))

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


def bench_register(bench):
    """Registrations over HTTP against hash and Add in a bare loop, then without the hash's cost."""
    daemon = bench.daemon(directory={"password_mode": "argon2", "uri": bench.slapd.ldapi},
                          password={"hash_threads": 2})
    rounds = [(bench.register(daemon, 120, 16), bench.bare_register(120, 2, 19456, 2))
              for _ in range(ROUNDS)]
    report_rounds("register", "registrations with argon2id 19 MiB t=2, against the same hash and add",
                  "1/s", rounds)
    daemon.stop()
    cheap = bench.daemon(directory={"password_mode": "argon2", "uri": bench.slapd.ldapi},
                         password={"hash_threads": 2, "argon2_memory": 8, "argon2_passes": 1})
    rounds = [(bench.register(cheap, 1000, 64), bench.bare_register(1000, "window", 64))
              for _ in range(ROUNDS)]
    report_rounds("register", "registrations with a trivial hash, against raw adds with window 64",
                  "1/s", rounds)


def bench_invite(bench):
    """Durable invitations over HTTP against bare commits of a row and three indices."""
    daemon = bench.daemon(directory={"uri": bench.slapd.ldapi})

    def invite(connections, count):
        requests = bench.invitations(daemon, count)
        return bench.load(daemon.ports["control"], connections, requests, 201)[0]

    rounds = [(invite(64, 4000), bench.bare_store(20000, 64)) for _ in range(ROUNDS)]
    report_rounds("invite", "invitations at 64 connections, against commits of 64 rows", "1/s", rounds)
    rounds = [(invite(1, 1000), bench.bare_store(3000, 1)) for _ in range(ROUNDS)]
    report_rounds("invite", "invitations at 1 connection, against commits of 1 row", "1/s", rounds)


def resident_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines()
                    if line.startswith("VmRSS:"))) / 1024


def bench_idle(bench):
    """Memory of a daemon that has just started, and of one that has worked, against the bound."""
    daemon = bench.daemon(directory={"uri": bench.slapd.ldapi})
    report("idle", "resident memory after the start", resident_mb(daemon.process.pid), "MB", RSS_MB)
    bench.register(daemon, 50, 8)
    report("idle", "resident memory after 50 registrations", resident_mb(daemon.process.pid), "MB",
           RSS_MB)


def start_ms(daemon):
    """From the fork until the daemon says that it is ready."""
    daemon.write_configuration()
    begun = time.monotonic()
    process = subprocess.Popen([daemon.build / "usherd", "-c", daemon.conf_path], stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, env=daemon.environment)
    for line in process.stderr:
        if b"usherd is ready" in line:
            break
    else:
        raise AssertionError("usherd ended before it was ready")
    took = (time.monotonic() - begun) * 1000
    process.terminate()
    process.communicate()
    return took


def bench_start(bench):
    """From start to ready, against the bound."""
    daemon = bench.daemon(directory={"uri": bench.slapd.ldapi}, usherd={"log_level": "info"})
    bench.load(daemon.ports["control"], 64, bench.invitations(daemon, PENDING), 201)
    daemon.stop()
    report("start", f"ready with {PENDING} pending invitations",
           statistics.median(start_ms(daemon) for _ in range(ROUNDS)), "ms", START_MS)


def bench_http(bench):
    """A small answer of our HTTP front against libevent's bare server, both in one process."""
    bare, ours = free_port(), free_port()
    requests = [b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"] * 20_000

    def listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with subprocess.Popen([PROGRAMS / "bench_http", str(bare), str(ours)]) as server:
        try:
            wait_for(lambda: listens(bare) and listens(ours), "bench_http listens")
            rounds = [(bench.load(ours, 32, requests, 200)[0], bench.load(bare, 32, requests, 200)[0])
                      for _ in range(ROUNDS)]
        finally:
            server.terminate()
    report_rounds("http", "small answers at 32 connections, against libevent's server", "1/s", rounds)


def bench_store(bench):
    """Commits of the store alone against bare ones; the program reports by itself."""
    subprocess.run([PROGRAMS / "bench_store", bench.folder], check=True)


BENCHES = {"register": bench_register, "invite": bench_invite, "idle": bench_idle,
           "start": bench_start, "http": bench_http, "store": bench_store}


def main(names):
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.exit(f"there is no benchmark {unknown[0]!r} ({', '.join(BENCHES)})")
    for name in names or BENCHES:
        with contextlib.closing(Bench()) as bench:
            BENCHES[name](bench)


if __name__ == "__main__":
    main(sys.argv[1:])
