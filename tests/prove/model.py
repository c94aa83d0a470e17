"""Whatever happens in whatever order, the daemon answers as the model of an invitation's life says.

Random sequences of events (invite, new link, revoke, look, register, rivals, crash, stop, directory away,
clock jumps, changes behind our back) run on a real daemon and a real slapd. After every event the answer,
the timeline, the link and the entry must be what the model allows. A sequence that fails is made shorter
as long as it fails, and printed so that it can be played again.
"""

import collections
import queue
import threading
import time
import traceback

import steps
from clock import Clock
from play import OPERATION_TIMEOUT, Mismatch, Play
from shrink import shrink
from transitions import TABLE

LENGTH = 40
LANES = 4
SHRINK_SECONDS = 120
# Anything shorter is the person's mistake to the directory, but not to the daemon.
POLICY = {"objectClass": ["organizationalRole", "pwdPolicy"], "cn": "password-policy",
          "pwdAttribute": "userPassword", "pwdMinLength": "30", "pwdCheckQuality": "2"}


class Tally:
    """What was tried, over all lanes."""

    def __init__(self):
        self.lock = threading.Lock()
        self.events, self.rows = collections.Counter(), collections.Counter()

    def add(self, events, slots):
        with self.lock:
            self.events.update(events)
            for slot in slots:
                self.rows.update(TABLE.replay(slot.any.timeline).rows)


def play_sequence(run, sequence, tally=None):
    """Play it in a world of its own; None, or the text of the mismatch with what led to it."""
    clock = Clock(run.folder / f"clock-{threading.get_ident()}")
    limits = {"operation_timeout": f"{OPERATION_TIMEOUT}s", "connect_timeout": "1s"}
    with run.world(proxied=True, environment=clock.environment, directory=limits) as world:
        world.slapd.add(f"cn=password-policy,{world.slapd.base}", **POLICY)
        play, history = Play(world, clock), []
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
            return [what, *history, *world.daemon.log().splitlines()[-40:]]
        finally:
            world.slapd.resume()
        if tally:
            tally.add((one[0] for one in sequence), play.slots)
            run.fault(play.faults)
    return None


def report(run, sequence, failure):
    """The mismatch as it was found, and the shortest sequence that still has one."""
    run.violation(f"{failure[0]}", failure[1:])
    short = shrink(sequence, lambda part: play_sequence(run, part) is not None, SHRINK_SECONDS)
    run.say(f"shrunk from {len(sequence)} to {len(short)} events:")
    for one in short:
        run.say(f"    {one!r},")


def prove(run):
    tally, work = Tally(), queue.SimpleQueue()
    for _ in range(run.size(300, 12)):
        work.put(steps.draw(run.random, LENGTH))

    def lane(_):
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
    run.figure("rows", len(tally.rows))
    run.figure("rows_never_taken", [" ".join(row) for row in TABLE.rows if row not in tally.rows])
