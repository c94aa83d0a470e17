"""./dev bench: what usherd costs above the bare work, measured in turns with it on the same servers.

The lines are those of shared.py. The people list's part is in roster.py, that of mails in
mail.py, that of sign-in in access.py and timing.py, the console's in browsing.py.
"""

import contextlib
import socket
import statistics
import subprocess
import sys
import time

import access
import browsing
import mail
import roster
import timing
from shared import PROGRAMS, ROUNDS, Bench, report, report_rounds, resident_mb
from ports import free_port
from wait import wait_for

# What the daemon must reach (ratio), or keep below (value).
RSS_MB = 12
START_MS = 100
PENDING = 10_000


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
           "start": bench_start, "http": bench_http, "store": bench_store, "mail": mail.bench_mail,
           "access": access.bench_access, "timing": timing.bench_timing}
LARGE = {"roster": roster.bench_roster, "warm": roster.bench_warm,
         "console": browsing.bench_console}  # on directories of their own


def main(names):
    if names == ["clean"]:
        roster.clean()
        return
    everything = [*BENCHES, *LARGE]
    unknown = [name for name in names if name not in everything]
    if unknown:
        sys.exit(f"there is no benchmark {unknown[0]!r} ({', '.join(everything)})")
    for name in names or everything:
        if name in LARGE:
            LARGE[name]()
            continue
        with contextlib.closing(Bench()) as bench:
            BENCHES[name](bench)


if __name__ == "__main__":
    main(sys.argv[1:])
