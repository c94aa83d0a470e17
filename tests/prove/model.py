"""Whatever happens in whatever order, the daemon answers as the model of an invitation's life says.

Random sequences of events (invite, new link, revoke, look, register, rivals, crash, stop, directory away,
clock jumps, changes behind our back) run on a real daemon and a real slapd. After every event the answer,
the timeline, the link and the entry must be what the model allows. A sequence that fails is made shorter
as long as it fails, and printed so that it can be played again.
"""

import collections
import contextlib
import queue
import threading
import time
import traceback
from typing import NamedTuple

import steps
from clock import Clock
from play import Play
from shrink import shrink
from transitions import TABLE
from wait import wait_for
from watch import OPERATION_TIMEOUT, Mismatch

LENGTH = 40
LANES = 7
SHRINK_SECONDS = 120
SHRUNK = 3  # mismatches; more of them have the same cause, or the world is on fire
# Anything shorter is the person's mistake to the directory, but not to the daemon.
POLICY = {"pwdMinLength": "30", "pwdCheckQuality": "2"}
CLEAR = {"tls": None, "user": None}  # no certificate is good at any time that the clock is set to
MAIL = {"connect_timeout": "1s", "reply_timeout": "1s", "resend_interval": "0s"}

# Every row of the table once, so that no run depends on chance for it.
EVERY_ROW = [
    ("invite", "link", 7 * steps.DAY), ("new_link", 0), ("somebody_takes", 0, "uid"),
    ("register", 0, "live", "good", True),
    ("invite", "link", 7 * steps.DAY), ("register", 0, "live", "policy", False), ("new_link", 0),
    ("register", 0, "live", "policy", True), ("register", 0, "live", "good", True),
    ("invite", "link", 7 * steps.DAY), ("register", 0, "live", "policy", False), ("revoke", 0),
    ("invite", "link", 7 * steps.DAY), ("revoke", 0),
    ("invite", "uid", 7 * steps.DAY), ("die_in_a_registration", 0, "add", "good", False), ("settle",),
    ("invite", "link", 7 * steps.DAY), ("die_in_a_registration", 0, "password", "good", True), ("settle",),
    ("invite", "link", 600), ("register", 0, "live", "policy", False),
    ("invite", "link", 600), ("clock", 1, "past the end"), ("register", 0, "live", "good", True),
    ("register", 1, "live", "good", True),
    ("invite_by_mail", "sound", 7 * steps.DAY), ("resend", 0, "silent", False), ("resend", 0, "refused", True),
    ("readdress", 0, "deferred"), ("extend", 0, 3600), ("report", 0), ("register", 0, "live", "policy", False),
    ("resend", 0, "away", False), ("report", 0), ("readdress", 0, "deferred"), ("extend", 0, 7 * steps.DAY),
    ("die_in_a_mail", 0, True), ("register", 0, "live", "good", True),
]


class Failure(NamedTuple):
    what: str
    history: list  # the events up to the one that failed
    log: list


class Tally:
    """What was tried, over all lanes."""

    def __init__(self):
        self.lock = threading.Lock()
        self.events, self.rows = collections.Counter(), collections.Counter()
        self.slow = 0

    def add(self, events, slots):
        with self.lock:
            self.events.update(events)
            for slot in slots:
                self.rows.update(slot.rows)


@contextlib.contextmanager
def playing(run):
    """A Play in a world of its own."""
    clock = Clock(run.folder / f"clock-{threading.get_ident()}")
    limits = {"operation_timeout": f"{OPERATION_TIMEOUT}s", "connect_timeout": "1s"}
    with run.world(proxied=True, environment=clock.environment, slapd_options=("--without", "cost"),
                   directory=limits, sink=CLEAR, mail=MAIL) as world:
        world.slapd.set_policy(**POLICY)
        try:
            yield Play(world, clock)
        finally:
            world.slapd.resume()


def play_sequence(run, sequence, tally=None):
    """Play it in a world of its own; None, or what did not fit: a Failure."""
    history = []
    with playing(run) as play:
        try:
            for one in sequence:
                history.append(repr(one))
                told = steps.perform(play, one)
                if told:
                    history[-1] += f"  # {told}"
            history.append("the end")
            play.finish()
        except (Mismatch, AssertionError, OSError) as error:
            what = str(error) if isinstance(error, Mismatch) else traceback.format_exc()
            log = [line for line in play.daemon.log().splitlines() if "id} status=200" not in line]
            return Failure(what, history, log[-30:])
        if tally:
            tally.add((one[0] for one in sequence), play.slots)
            run.fault(play.faults)
            tally.slow += play.slow
    return None


def sweep(run):
    """A visit of the sweeper writes ends down and changes no answer (authentik's CVE-2025-64708). It
    comes a second after a start: what is asked here before is asked again afterwards."""
    with playing(run) as play:
        for one in (("invite", "link", 600), ("invite", "link", 600),
                    ("register", 0, "live", "policy", False), ("invite", "link", 90 * steps.DAY),
                    ("restart", False), ("clock", 1, "past the end")):
            steps.perform(play, one)

        def answers():
            return [(play.observe(slot), play.api.show(slot.id)["status"]) for slot in play.slots]

        before = answers()
        for slot in play.slots[:2]:
            wait_for(lambda slot=slot: play.api.show(slot.id)["timeline"][-1]["event"] == "expired",
                     "the sweeper has written the end down")
        after = answers()
        if after != before or [slot.any.state for slot in play.slots] != ["expired", "expired", "pending"]:
            run.violation(f"the sweeper has changed what is answered: {before}, {after}")
        play.finish()
    run.cycle()


def report(run, sequence, failure):
    """The mismatch as it was found, and the shortest sequence that still has one."""
    run.violation(failure.what, failure.history + failure.log)
    if run.violations > SHRUNK:
        return
    sequence = sequence[:len(failure.history)]
    short = shrink(sequence, lambda part: play_sequence(run, part) is not None, SHRINK_SECONDS)
    run.say(f"shrunk from {len(sequence)} to {len(short)} events:")
    for one in short:
        run.say(f"    {one!r},")


def prove(run):
    tally, work = Tally(), queue.SimpleQueue()
    work.put(EVERY_ROW)
    for _ in range(run.size(300, 15)):
        work.put(steps.draw(run.random, LENGTH))

    def lane(number):
        if number == 0:
            sweep(run)
        while True:
            try:
                sequence = work.get_nowait()
            except queue.Empty:
                return
            failure = play_sequence(run, sequence, tally)
            run.cycle()
            if failure:
                report(run, sequence, failure)

    run.lanes(LANES, lane)
    run.figure("events", dict(sorted(tally.events.items())))
    run.figure("directory_too_slow", tally.slow)
    run.figure("rows", len(tally.rows))
    for row in TABLE.rows:
        if row not in tally.rows:
            run.violation(f"the row {' '.join(row)} of the transition table was never taken")
