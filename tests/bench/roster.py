"""The people list on a large directory: searches, pages, loading, starting warm, freshness, memory.

USHERD_BENCH_USERS (1,000,000) is how many people there are. The directory is made once for each number and kept
below /var/tmp (USHERD_BENCH_CACHE), for loading a million takes minutes; ./dev bench clean forgets all of them.
"""

import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from shared import PROGRAMS, TOP, Bench, program, report, report_rounds, resident_mb
from client import Api
from ports import free_port
from slapd import Slapd
from wait import wait_for

USERS = int(os.environ.get("USHERD_BENCH_USERS", "1000000"))
CACHE = pathlib.Path(os.environ.get("USHERD_BENCH_CACHE", f"/var/tmp/usherd-bench-{os.getuid()}"))
SEED = 1
ROUNDS = 3
FRESH = 1000  # entries, half of them looked for by a search
IN_FLIGHT = 10
PAGES = 2100  # different ones
IDLE_MB, BYTES_A_USER, FRESH_MS = 12, 300, 5  # bounds
KEPT_SECONDS = 6  # without a write: three times the pause between two saves of the warm file
PATIENCE = 600  # seconds until a million are loaded

# What the daemon follows, for the bare client to ask the same of the server.
FILTER = "(|(objectClass=inetOrgPerson)(objectClass=organizationalUnit)(objectClass=groupOfNames))"
ATTRIBUTES = ("objectClass", "cn", "sn", "givenName", "displayName", "uid", "mail", "mobile", "telephoneNumber", "title",
              "ou", "description", "member", "usherdInvitationId", "entryUUID", "entryCSN", "createTimestamp",
              "modifyTimestamp", "pwdAccountLockedTime", "pwdLastSuccess", "authTimestamp")
SORTS = ("name", "mail", "phone", "org_unit", "status", "registered_at", "last_activity_at")
SEARCHES = ("an", "ann", "berg", "technician", "kirchbauer", "497", "M%C3%BCller", "anna%20berg")


def generated(what, *options):
    """The path of what the generator makes, made once."""
    path = CACHE / f"{USERS}-{SEED}.{what}"
    if not path.exists():
        CACHE.mkdir(mode=0o755, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with open(unfinished, "wb") as out:
            subprocess.run([sys.executable, "-B", TOP / "tests" / "rig" / "generate.py", "--users", str(USERS),
                            "--seed", str(SEED), *options], stdout=out, check=True)
        unfinished.rename(path)
    return path


class LargeBench(Bench):
    """A Bench whose directory is large, and kept."""

    def start_slapd(self):
        place, ldif = CACHE / f"{USERS}-{SEED}", CACHE / f"{USERS}-{SEED}.ldif"
        is_made = (place / "settings").exists()
        if not is_made:
            generated("ldif")
        slapd = Slapd(place, ldif=ldif)
        # One that a run before us left behind.
        subprocess.run([TOP / "tests" / "rig" / "slapd.sh", "stop", place], check=True)
        slapd.start()
        ldif.unlink(missing_ok=True)
        if not is_made:
            slapd.stop()
            with open(place / "slapd.conf", "a", encoding="utf-8") as conf:
                conf.write(f'\ndatabase monitor\nrootdn "{slapd.root_dn}"\n')
            slapd.start()
        return slapd

    def close(self):
        for daemon in self.daemons:
            daemon.destroy()
        self.slapd.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def large(self):
        """The daemon on it, stopped; its token is made."""
        daemon = self.daemon(directory={"uri": self.slapd.ldapi})
        daemon.stop()
        return daemon


def clean():
    """Forget the directories that are kept."""
    for place in CACHE.glob("*/settings"):
        subprocess.run([TOP / "tests" / "rig" / "slapd.sh", "stop", place.parent], check=True)
    shutil.rmtree(CACHE, ignore_errors=True)


# ---- asking ----

def get(daemon, path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {daemon.token}\r\n\r\n".encode()


def seconds_until(daemon, began, *paths):
    """From `began` until each of these pages is answered with everybody, or with somebody when it searches."""
    api = Api(daemon, daemon.token)
    left = list(paths)
    while left:
        with contextlib.suppress(OSError):
            answer = api.get(left[0])
            if answer.status_code == 200 and answer.json()["total"] >= (1 if "q=" in left[0] else USERS):
                left.pop(0)
                continue
        assert daemon.process.poll() is None, daemon.log()[-3000:]
        assert time.monotonic() - began < PATIENCE, daemon.log()[-3000:]
        # Who asks takes from the same cores: a hundredth of the time is exact enough.
        time.sleep(max(0.005, (time.monotonic() - began) / 100))
    return time.monotonic() - began


LIST, SEARCH = "/api/v1/users?limit=50", "/api/v1/users?limit=50&q=berg"


def start_and_ask(daemon):
    began = time.monotonic()
    daemon.spawn()
    return seconds_until(daemon, began, LIST, SEARCH)


def percentiles(bench, port, connections, requests):
    """{"p50_ms", "p99_ms"} of requests that all succeed."""
    sent = bench.folder / "timed"
    sent.write_bytes(b"".join(b"%d\n" % len(request) + request for request in requests))
    result = program("load_http", port, connections, sent)
    assert result["statuses"] == {"200": len(requests)}, result
    return result


# ---- loading and starting ----

def bare_sync(bench):
    slapd = bench.slapd
    return program("bare_sync", slapd.ldapi, slapd.service_dn, slapd.service_password, slapd.base, FILTER, *ATTRIBUTES)


def measure_load(bench, daemon, empty_mb):
    """From nothing; the daemon's time counts from the fork, and until a list and a search are answered."""
    rounds = []
    for _ in range(ROUNDS):
        bare = bare_sync(bench)
        for path in daemon.warm_files():
            path.unlink()
        took = start_and_ask(daemon)
        rounds.append((USERS / took, bare["count"] / bare["seconds"]))
        memory = resident_mb(daemon.process.pid)
        wait_kept(daemon)
        daemon.stop(seconds=60)
    report_rounds("roster", "from empty to searchable, against a bare refreshOnly client", "users/s", rounds)
    report("roster", "resident memory a user after a full load, above a daemon with none",
           (memory - empty_mb) * 2**20 / USERS, "bytes", BYTES_A_USER)


def wait_kept(daemon):
    """Until the warm file has everybody: it is written in the background, some seconds after."""
    written = {"state": None, "since": time.monotonic()}

    def is_at_rest():
        state = [(path.name, path.stat().st_size, path.stat().st_mtime) for path in daemon.warm_files()]
        if state != written["state"]:
            written.update(state=state, since=time.monotonic())
        return time.monotonic() - written["since"] > KEPT_SECONDS

    wait_for(is_at_rest, "the warm file is written", PATIENCE, pause=0.5)


def bench_warm():
    """The roster's warm start alone, without a daemon and a directory around it.

    There are three rulers. Stepping through the rows takes what SQLite gives, and all of it is sealed. With the
    seals opened the same bytes have been read. Both are one thread, and the start is two, so that on a machine
    that others use the processor's time says more than the clock.
    """
    rows = generated("rows", "--rows")
    with tempfile.TemporaryDirectory(prefix="ush-bench-", dir="/var/tmp") as folder:
        file, key = pathlib.Path(folder) / "roster.db", pathlib.Path(folder) / "key"
        key.touch(mode=0o600)
        key.write_text("A" * 43 + "\n")
        program("bench_warm", file, key, rows)
        rounds = [(program("bench_warm", file, key), program("bare_warm", file, key), program("bare_warm", file))
                  for _ in range(ROUNDS)]
    for member, words in (("seconds", "s"), ("processor_seconds", "s of processors")):
        report_rounds("warm", "roster alone until list and search answer, against a bare read of the file", words,
                      [(warm[member], bare[member]) for warm, bare, _ in rounds])
        report_rounds("warm", "the same against stepping through the file's rows, with every seal left closed", words,
                      [(warm[member], step[member]) for warm, _, step in rounds])


def measure_warm(bench, daemon, empty_mb):
    """With the file that the last run left. How many entries slapd sent tells whether it was a full refresh."""
    rounds, stepped, sent = [], [], []
    for _ in range(ROUNDS):
        files = [path for path in daemon.warm_files() if not path.name.endswith(("-wal", "-shm"))]
        assert files, "there is no warm file"
        stepped.append(program("bare_warm", files[0])["seconds"])
        bare = program("bare_warm", files[0], daemon.key_path)
        before = entries_sent(bench.slapd)
        took = start_and_ask(daemon)
        sent.append(entries_sent(bench.slapd) - before)
        rounds.append((took, bare["seconds"]))
        memory = resident_mb(daemon.process.pid)
        daemon.stop(seconds=60)
    report_rounds("roster", "warm start until list and search answer, against a bare read of the file", "s", rounds)
    report_rounds("roster", "the same against stepping through the file's rows, with every seal left closed", "s",
                  [(took, step) for (took, _), step in zip(rounds, stepped)])
    report("roster", "entries that the directory sent to a warm start, of all", statistics.median(sent), "entries",
           USERS)
    report("roster", "resident memory a user after a warm start, above a daemon with none",
           (memory - empty_mb) * 2**20 / USERS, "bytes", BYTES_A_USER)


def entries_sent(slapd):
    """By slapd's own count (slapd-monitor)."""
    found = slapd.search("(objectClass=*)", "cn=Entries,cn=Statistics,cn=Monitor", attributes=["monitorCounter"])
    return int(found[0][1]["monitorCounter"][0])


# ---- a daemon that has loaded ----

def measure_fresh(bench, daemon):
    token, slapd = bench.folder / "token", bench.slapd
    token.write_text(daemon.token)
    result = program("fresh", slapd.ldapi, slapd.root_dn, slapd.root_password,
                     f"ou=Registry,ou=Collections,{slapd.people}", daemon.ports["control"], token,
                     f"fresh{os.getpid()}x", FRESH)
    for name, words in (("list", "in the list"), ("search", "a search that is begun finds it")):
        report("roster", f"added to the directory, {words}, p50", result[f"{name}_p50_ms"], "ms", FRESH_MS)
        report("roster", f"added to the directory, {words}, p99", result[f"{name}_p99_ms"], "ms", FRESH_MS)
    # How long a search takes is another question; this is for comparing.
    report("roster", "added to the directory, that search is answered, p50", result["answer_p50_ms"], "ms", FRESH_MS)


def page_requests(daemon, count):
    """Pages of 50 in every order, so many different ones that no cache of a processor holds them."""
    api, paths = Api(daemon, daemon.token), []
    for sort in SORTS:
        cursor = None
        for _ in range(PAGES // len(SORTS)):
            path = f"/api/v1/users?limit=50&sort={sort}" + (f"&cursor={cursor}" if cursor else "")
            paths.append(path)
            cursor = api.get(path).json()["next_cursor"]
    return [get(daemon, paths[number % len(paths)]) for number in range(count)]


def measure_pages(bench, daemon):
    """Pages a second, against libevent's server and a body of that size."""
    requests = page_requests(daemon, 10_000)
    size = len(Api(daemon, daemon.token).get(LIST).content)
    bare, other = free_port(), free_port()
    with subprocess.Popen([PROGRAMS / "bench_http", str(bare), str(other), str(size)]) as server:
        try:
            wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", bare)) == 0, "bench_http listens")
            rounds = [(bench.load(daemon.ports["control"], 32, requests, 200)[0],
                       bench.load(bare, 32, requests, 200)[0]) for _ in range(ROUNDS)]
        finally:
            server.terminate()
    report_rounds("roster", f"pages of 50 over HTTP at 32 connections, {size} bytes each, against libevent's server",
                  "1/s", rounds)


@contextlib.contextmanager
def searching(bench, daemon):
    """Ten searches in flight, all the time."""
    sent = bench.folder / "searches"
    requests = [get(daemon, f"/api/v1/users?limit=50&q={word}") for word in SEARCHES] * 20_000
    sent.write_bytes(b"".join(b"%d\n" % len(request) + request for request in requests))
    with subprocess.Popen([PROGRAMS / "load_http", str(daemon.ports["control"]), str(IN_FLIGHT), sent]) as load:
        try:
            yield
            assert load.poll() is None, "the searches ended"
        finally:
            load.kill()


def measure_in_flight(bench, daemon):
    """Others' p99 with ten searches in flight, against idle."""
    pages = page_requests(daemon, 2000)
    health = [b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"] * 2000
    control, management = daemon.ports["control"], daemon.ports["management"]
    found = {"page of 50": [], "health": []}
    for _ in range(ROUNDS):
        idle = [percentiles(bench, control, 1, pages), percentiles(bench, management, 1, health)]
        with searching(bench, daemon):
            busy = [percentiles(bench, control, 1, pages), percentiles(bench, management, 1, health)]
        for values, quiet, loud in zip(found.values(), idle, busy):
            values.append((loud["p99_ms"], quiet["p99_ms"]))
    for name, rounds in found.items():
        report_rounds("roster", f"{name} with {IN_FLIGHT} searches in flight, p99, against idle", "ms", rounds)


def measure_empty(bench):
    """Memory (MB) of a daemon whose directory has nobody."""
    ldif = bench.folder / "empty.ldif"
    ldif.write_text("dn: dc=meridian,dc=example\nobjectClass: domain\ndc: meridian\n\n"
                    "dn: ou=people,dc=meridian,dc=example\nobjectClass: organizationalUnit\nou: people\n")
    with contextlib.closing(EmptyBench(ldif)) as empty:
        daemon = empty.daemon(directory={"uri": empty.slapd.ldapi})
        wait_for(lambda: Api(daemon, daemon.token).get(LIST).status_code == 200, "the list is there", 30)
        memory = resident_mb(daemon.process.pid)
    report("roster", "resident memory with no users", memory, "MB", IDLE_MB)
    return memory


class EmptyBench(Bench):
    def __init__(self, ldif):
        self.ldif = ldif
        super().__init__()

    def start_slapd(self):
        return Slapd(self.folder / "slapd", ldif=self.ldif).start()


def bench_roster():
    """Everything, the parts without a directory first."""
    subprocess.run([PROGRAMS / "bench_roster", generated("rows", "--rows")], check=True)
    with contextlib.closing(LargeBench()) as bench:
        empty_mb = measure_empty(bench)
        daemon = bench.large()
        measure_load(bench, daemon, empty_mb)
        measure_warm(bench, daemon, empty_mb)
        start_and_ask(daemon)
        measure_fresh(bench, daemon)
        measure_pages(bench, daemon)
        measure_in_flight(bench, daemon)
        daemon.stop(seconds=60)
