"""Mails through a daemon against a bare libcurl loop to the same server, and what they cost everybody else.

The servers: aiosmtpd, which the tests use; the same with a pause before it says that it has a mail, as of one that
writes it to a disk; and Postfix's smtp-sink, which answers faster than any server that keeps what it is sent, so that
the figure says what a mail costs us. A queue is filled while there is no server, and measured from the server's
return to the last mail. The bare loops lack most of the work: two durable commits for each mail, and composing it.
What the commits alone cost shows against a bare loop that makes them too.
"""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

from shared import PROGRAMS, ROUNDS, TOP, post, program, report, report_rounds, resident_mb
from client import Api, person, unique_word
from ports import free_port
from wait import wait_for

SMTP_SINK = os.environ.get("USHERD_SMTP_SINK", "/usr/sbin/smtp-sink")
IN_FLIGHT = 8
DELAYS_MS = {"aiosmtpd": 0, "aiosmtpd that takes 5 ms": 5}
MAILS = {"aiosmtpd": 4_000, "aiosmtpd that takes 5 ms": 2_000, "smtp-sink": 10_000}  # of a round
BURST = 10_000
TRIPS = 48  # mails that a daemon with so many in flight has claimed at a time
PAGES, PAUSE_US = 1_000, 1_000  # of the people list, while a burst is sent; between two
QUEUED = 100_000
PATIENCE = 300


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Sink:
    """A server on `port`; `path`: where the first mail goes (aiosmtpd alone)."""

    def __init__(self, kind, port, path=None):
        environment = dict(os.environ)
        if kind in DELAYS_MS:
            command = [sys.executable, "-B", TOP / "tests" / "bench" / "sink_mail.py", port, DELAYS_MS[kind],
                       *([path] if path else [])]
        else:
            # Unpacked and not installed: its libraries lie beside it.
            environment["LD_LIBRARY_PATH"] = str(pathlib.Path(SMTP_SINK).parent.parent / "lib" / "postfix")
            user = ["-u", "nobody"] if os.geteuid() == 0 else []
            command = [SMTP_SINK, *user, f"127.0.0.1:{port}", 128]
        self.port = port
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, env=environment)
        wait_for(self._listens, f"{kind} listens")

    def _listens(self):
        return listens(self.port)

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Mails:
    """A daemon that sends to `port`, where a sink is or is not."""

    def __init__(self, bench):
        self.bench = bench
        self.port = free_port()
        self.daemon = bench.daemon(
            directory={"uri": bench.slapd.ldapi},
            mail={"relay": f"127.0.0.1:{self.port}", "tls": "none", "from": "usherd@meridian.example",
                  "connections": IN_FLIGHT, "queue": 1_000_000})
        self.api = Api(self.daemon, self.daemon.token)
        self.message = bench.folder / "message"

    def queue(self, count):
        """Invite so many; nobody is there who would take a mail."""
        headers = f"Authorization: Bearer {self.daemon.token}\r\n"
        requests = []
        for _ in range(count):
            word = unique_word().lower()
            requests.append(post("/api/v1/invitations", person(
                self.bench.slapd, uid=word, method="email", personal_mail=f"{word}@home.example"), headers))
        self.bench.load(self.daemon.ports["control"], 64, requests, 201)

    def waiting(self):
        return self.api.get("/api/v1/mail/queue", params={"limit": 1}).json()["status"]["waiting"]

    def retry(self):
        assert self.api.post("/api/v1/mail/retry", {}).status_code == 204

    def flush(self):
        """Seconds until nothing waits."""
        begun = time.monotonic()
        self.retry()
        while self.waiting() > 0:
            assert time.monotonic() < begun + PATIENCE, self.waiting()
            time.sleep(0.02)
        return time.monotonic() - begun

    def learn_message(self):
        """One mail as it goes over the wire, for the bare loop to send the same bytes."""
        with contextlib.closing(Sink("aiosmtpd", self.port, self.message)):
            self.queue(1)
            self.flush()

    def rate(self, kind, count):
        self.queue(count)
        with contextlib.closing(Sink(kind, self.port)):
            return count / self.flush()

    def bare_rate(self, how, kind, count, durable=False):
        """`durable`: with two rows of a store for each mail, in groups as large as the daemon's."""
        port = free_port()
        with contextlib.closing(Sink(kind, port)), tempfile.TemporaryDirectory(dir=self.bench.folder) as place:
            store = [pathlib.Path(place) / "bare.db", TRIPS] if durable else []
            return program("bare_mail", how, port, IN_FLIGHT, count, self.message, *store)

    @contextlib.contextmanager
    def bare_burst(self):
        """A bare loop that sends to the fastest of sinks, without end."""
        port = free_port()
        with contextlib.closing(Sink("smtp-sink", port)):
            command = [PROGRAMS / "bare_mail", "multi", port, IN_FLIGHT, 10**9, self.message]
            with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL) as sender:
                try:
                    yield
                finally:
                    sender.terminate()


def bench_rate(bench):
    mails = Mails(bench)
    mails.learn_message()
    for kind, count in MAILS.items():
        rounds = [(mails.rate(kind, count), mails.bare_rate("multi", kind, count),
                   mails.bare_rate("threads", kind, count), mails.bare_rate("multi", kind, count, True))
                  for _ in range(ROUNDS)]
        what = f"mails to {kind}, {IN_FLIGHT} in flight, against"
        report_rounds("mail", f"{what} a bare curl-multi loop", "1/s", [(ours, multi) for ours, multi, _, _ in rounds])
        report_rounds("mail", f"{what} a bare curl in each of {IN_FLIGHT} threads", "1/s",
                      [(ours, threads) for ours, _, threads, _ in rounds])
        report_rounds("mail", f"{what} a bare curl-multi loop with two durable rows a mail", "1/s",
                      [(ours, durable) for ours, _, _, durable in rounds])
    mails.daemon.stop()


def bench_store(bench):
    """What the store alone allows: each mail is claimed and settled, which is two rows of a bare loop."""
    rounds = [(program("bench_outbox", bench.folder, TRIPS, 5_000), bench.bare_store(20_000, TRIPS) / 2)
              for _ in range(ROUNDS)]
    report_rounds("mail", f"mails claimed and settled, {TRIPS} at a time, against commits of two rows each", "1/s",
                  rounds)


def bench_list(bench):
    """How long a page of the people list takes while nothing else happens, and while mails are sent; and the same of a
    small answer of libevent's bare server while a bare loop sends mails: what the machine itself makes of it."""
    mails = Mails(bench)
    mails.learn_message()
    pages = [(f"GET /api/v1/users?limit=50&sort=name HTTP/1.1\r\nHost: localhost\r\n"
              f"Authorization: Bearer {mails.daemon.token}\r\n\r\n").encode()] * PAGES
    sent = bench.folder / "pages"
    sent.write_bytes(b"".join(b"%d\n" % len(page) + page for page in pages))

    def p99(port=mails.daemon.ports["control"]):
        return program("load_http", "-p", PAUSE_US, port, 1, sent)["p99_ms"]

    bare = free_port()
    rounds, bare_rounds = [], []
    with subprocess.Popen([PROGRAMS / "bench_http", str(bare), str(free_port())]) as server:
        try:
            wait_for(lambda: listens(bare), "bench_http listens")
            for _ in range(ROUNDS):
                mails.queue(BURST)
                idle = p99()
                with contextlib.closing(Sink("smtp-sink", mails.port)):
                    mails.retry()
                    busy = p99()
                    wait_for(lambda: mails.waiting() == 0, "the burst is over", PATIENCE)
                rounds.append((busy, idle))
                bare_idle = p99(bare)
                with mails.bare_burst():
                    bare_rounds.append((p99(bare), bare_idle))
        finally:
            server.terminate()
    report_rounds("mail", f"p99 of a page of the list during a burst of {BURST} mails, against idle", "ms", rounds)
    report_rounds("mail", "p99 of libevent's bare server while a bare curl-multi loop sends to the same sink, "
                  "against idle", "ms", bare_rounds)
    mails.daemon.stop()


def bench_memory(bench):
    """Memory with a long queue, against as many invitations that are links: both have a row in the list."""
    links = bench.daemon(directory={"uri": bench.slapd.ldapi})
    bench.load(links.ports["control"], 64, bench.invitations(links, QUEUED), 201)
    baseline = resident_mb(links.process.pid)
    links.stop()
    mails = Mails(bench)
    mails.queue(QUEUED)
    report("mail", f"resident memory with {QUEUED} mails queued, against as many links",
           resident_mb(mails.daemon.process.pid), "MB", baseline)
    most = 0
    with contextlib.closing(Sink("smtp-sink", mails.port)):
        mails.retry()
        while mails.waiting() > 0:
            most = max(most, resident_mb(mails.daemon.process.pid))
            time.sleep(0.1)
    report("mail", f"resident memory while {QUEUED} mails are sent, against as many links", most, "MB", baseline)
    mails.daemon.stop()


def bench_mail(bench):
    bench_rate(bench)
    bench_store(bench)
    bench_list(bench)
    bench_memory(bench)
