"""Slow and silent connections: thousands are held, a good client is served as before, all go in time.

The crowd: silent from the begin; half a request line; a header at one byte a second; a complete header and
never a body; answers that are asked for and never read. Each must be gone within the deadline of what it is
waiting in (header_timeout, body_timeout, idle_timeout), whatever it still sends.
"""

import time

from conformity import Conformity
from crowd import Crowd, Habit
from openapi import Document
from proc import descriptors, resident_kib
from wait import wait_for
from wire import Wire, parse_head

SLACK = 3.0  # seconds behind a deadline: the client's own loop, and a busy machine
GOOD_REQUESTS = 6000  # enough that one pause of the machine is no percentile


def habits(host):
    head = b"GET /api/v1/openapi.yaml HTTP/1.1\r\nHost: %b\r\n\r\n" % host
    return [
        Habit("silent"),
        Habit("half a line", b"GET /jo"),
        Habit("a byte a second", b"GET / HTTP/1.1\r\nX: ", drip=b"y"),
        Habit("no body", b"POST /join HTTP/1.1\r\nHost: %b\r\nContent-Length: 9\r\n\r\n" % host),
        Habit("never reads", head * 64, reads=False),
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
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.daemon.ports[listener]}\r\n{header}\r\n\r\n".encode()

    def p99_ms(self, count):
        """Of `count` requests, evenly of all sorts; anything but 200 is a violation."""
        taken = []
        for number in range(count):
            wire, request = self.requests[number % len(self.requests)]
            began = time.perf_counter()
            answer = wire.ask(request)
            taken.append(time.perf_counter() - began)
            if answer is None or answer.status != 200:
                self.run.violation(f"a good client got {answer}", [repr(request)])
        return sorted(taken)[len(taken) * 99 // 100] * 1000


def check_report(run, report, deadlines):
    """Everybody is gone in time, and who had begun to speak was told why."""
    late = {}
    for name, seconds, answer in report:
        if name == "never reads":
            continue  # seen at the daemon's descriptors
        if seconds is None or seconds > deadlines[name] + SLACK:
            run.violation(f"{name}: gone after {seconds} s, the deadline is {deadlines[name]} s")
        elif seconds < deadlines[name] - 0.5:
            run.violation(f"{name}: gone after {seconds:.1f} s already")
        status = parse_head(answer.split(b"\r\n")[0])[0] if answer else None
        if status != (None if name == "silent" else 408):
            run.violation(f"{name}: was told {answer!r}")
        late[name] = max(late.get(name, 0), round((seconds or 0) - deadlines[name], 2))
    return late


def prove(run):
    count = run.size(5000, 500)
    header, body, idle = run.size((10, 30, 60), (2, 3, 4))
    limits = {} if not run.short else {
        "header_timeout": f"{header}s", "body_timeout": f"{body}s", "idle_timeout": f"{idle}s"}
    deadlines = {"silent": idle, "half a line": header, "a byte a second": header, "no body": body,
                 "never reads": idle}
    with run.world(limits=limits) as world:
        pid, good = world.daemon.process.pid, Good(run, world)
        ports = [world.daemon.ports[name] for name in ("control", "public")]
        alone = good.p99_ms(GOOD_REQUESTS)
        before_kib, before_files = resident_kib(pid), descriptors(pid)
        crowd, began = Crowd(habits(b"localhost"), ports, count), time.monotonic()
        wait_for(lambda: descriptors(pid) >= before_files + count * 0.98, "the crowd is in", 10)
        held = descriptors(pid) - before_files
        crowded = good.p99_ms(GOOD_REQUESTS)
        grown_kib = resident_kib(pid) - before_kib
        wait_for(lambda: descriptors(pid) <= before_files, "everybody is gone", idle * 2 + SLACK, 0.2)
        gone = time.monotonic() - began
        late = check_report(run, crowd.leave(), deadlines)
        if gone > idle + SLACK + 2:
            run.violation(f"the last one was gone after {gone:.1f} s, the longest deadline is {idle} s")
        after = good.p99_ms(GOOD_REQUESTS)
    run.cycle(count)
    for name, value in (("held", held), ("p99_ms_alone", round(alone, 2)), ("p99_ms_crowded", round(crowded, 2)),
                        ("p99_ratio", round(crowded / alone, 2)), ("p99_ms_after", round(after, 2)),
                        ("seconds_behind_deadline", late), ("last_gone_seconds", round(gone, 1)),
                        ("resident_growth_kib", grown_kib)):
        run.figure(name, value)
