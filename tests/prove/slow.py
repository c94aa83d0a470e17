"""Slow and silent connections: thousands are held, a good client is served as before, all go in time.

The crowd: silent from the begin; half a request line; a header at one byte a second; a complete header and
never a body; answers that are asked for and never read. Each must be gone within the deadline of what it is
waiting in (header_timeout, body_timeout, idle_timeout), whatever it still sends. For who never reads,
idle_timeout counts from the last byte that its kernel took, and that may be long after it fell asleep.
"""

import time

from conformity import Conformity
from crowd import Crowd, Habit
from openapi import Document
from process import descriptors, resident_kib
from wait import wait_for
from wire import Wire, parse_head

SLACK = 2.0  # seconds behind a deadline, beside those that the machine kept us waiting for a processor
GOOD_REQUESTS = 6000  # enough that one pause of the machine is no percentile


def habits(host, header, body, idle):
    head = b"GET /api/v1/openapi.yaml HTTP/1.1\r\nHost: %b\r\n\r\n" % host
    return [
        Habit("silent", idle),
        Habit("half a line", header, b"GET /jo"),
        Habit("a byte a second", header, b"GET / HTTP/1.1\r\nX: ", drip=b"y"),
        Habit("no body", body, b"POST /join HTTP/1.1\r\nHost: %b\r\nContent-Length: 9\r\n\r\n" % host),
        Habit("never reads", idle, head * 64, reads=False),
    ]


class Good:
    """A client as it should be: the page, the view of a link and the list, over connections it keeps."""

    def __init__(self, run, world):
        self.run, self.daemon = run, world.daemon
        self.conformity = Conformity(Document())
        self.public = Wire(self.daemon.ports["public"])
        self.control = Wire(self.daemon.ports["control"])
        self.management = Wire(self.daemon.ports["management"])
        token = world.api.session.headers["Authorization"]
        link = world.ledger.invite().link.token
        self.requests = [
            (self.public, self._get("public", f"/join/{link}", "Accept: application/json")),
            (self.control, self._get("control", "/api/v1/invitations", f"Authorization: {token}")),
            (self.management, self._get("management", "/health/live", "Accept: */*")),
        ]

    def _get(self, listener, path, header):
        port = self.daemon.ports[listener]
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{header}\r\n\r\n".encode()

    def milliseconds(self, count):
        """(p50, p99) of `count` requests, evenly of all sorts; anything but 200 is a violation."""
        taken = []
        for number in range(count):
            wire, request = self.requests[number % len(self.requests)]
            began = time.perf_counter()
            answer = wire.ask(request)
            taken.append(time.perf_counter() - began)
            if answer is None or answer.status != 200:
                self.run.violation(f"a good client got {answer}", [repr(request)])
        taken.sort()
        return taken[len(taken) // 2] * 1000, taken[len(taken) * 99 // 100] * 1000


def check_report(run, report):
    """Everybody is gone in time, and who had begun to speak was told why. The most seconds of each habit
    behind its deadline, and how many of these the machine accounts for."""
    latest = {}
    for name, late, starved, answer in report:
        if name == "never reads":
            continue  # seen at the daemon's descriptors
        if late is None or late > SLACK + starved:
            run.violation(f"{name}: {late} s behind the deadline, {starved:.1f} s starved")
        elif late < -0.5:
            run.violation(f"{name}: gone {-late:.1f} s before the deadline")
        status = parse_head(answer.split(b"\r\n")[0])[0] if answer else None
        if status != (None if name == "silent" else 408):
            run.violation(f"{name}: was told {answer!r}")
        latest[name] = max(latest.get(name, [0, 0]), [round(late or 0, 2), round(starved, 2)])
    return latest


def prove(run):
    count = run.size(5000, 500)
    header, body, idle = run.size((10, 30, 60), (2, 3, 4))
    limits = {} if not run.short else {
        "header_timeout": f"{header}s", "body_timeout": f"{body}s", "idle_timeout": f"{idle}s"}
    with run.world(limits=limits) as world:
        pid, good = world.daemon.process.pid, Good(run, world)
        ports = [world.daemon.ports[name] for name in ("control", "public")]
        alone = good.milliseconds(GOOD_REQUESTS)
        before_kib, before_files = resident_kib(pid), descriptors(pid)
        crowd, began = Crowd(habits(b"localhost", header, body, idle), ports, count, pid), time.monotonic()
        wait_for(lambda: descriptors(pid) >= before_files + count * 0.95, "the crowd is in", 10)
        crowded = good.milliseconds(GOOD_REQUESTS)
        grown_kib = resident_kib(pid) - before_kib
        wait_for(lambda: descriptors(pid) <= before_files, "everybody is gone", idle * 2 + 10, 0.2)
        gone = time.monotonic() - began
        late = check_report(run, crowd.leave())
        after = good.milliseconds(GOOD_REQUESTS)
    run.cycle(count)
    run.figure("held", crowd.held)
    for name, number in (("p50", 0), ("p99", 1)):
        run.figure(f"{name}_ms_alone_crowded_after", [round(ms[number], 2) for ms in (alone, crowded, after)])
        run.figure(f"{name}_ratio", round(crowded[number] / alone[number], 2))
    run.figure("seconds_behind_deadline", late)
    run.figure("last_gone_seconds", round(gone, 1))
    run.figure("resident_growth_kib", grown_kib)
