"""What an SMTP sink does instead of answering: a fault has a phase and an action, and counts how often it fired."""

import asyncio
import re
import threading

# Where a fault stands: in place of the answer to the connection, a command, or the end of the mail's data.
PHASES = ("banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "end", "rset", "quit")
ACTIONS = ("drop", "reset", "hang", "delay", "tell")
REPLY = re.compile(r"[2-5]\d\d[ -]")


class Fault:
    """
    Actions, each in place of the answer of its phase:

    "450 4.2.0 later"  any reply: it is the answer, and the command has no effect
    drop, reset        the connection ends, with FIN or RST
    hang               no answer until release(), or for `seconds`; then the connection ends
    delay              the true answer, `seconds` later (or at release(), when `seconds` is None)
    tell               the true answer; only count

    `keep`: at "end", the mail is kept all the same: the client does not learn that it was taken.
    `containing`: only where the command, or at "end" an address of the envelope, contains this. The fault fires
    on the `nth` match, over all connections, and on those that follow until it has fired `times` times (None:
    always).
    """

    def __init__(self, phase, action, *, keep=False, containing="", seconds=None, nth=1, times=1):
        assert phase in PHASES, phase
        assert action in ACTIONS or REPLY.match(action), action
        assert not keep or phase == "end", "only a whole mail can be kept"
        self.phase, self.action, self.keep = phase, action, keep
        self.containing, self.seconds = containing, seconds
        self.nth, self.times = nth, times
        self.fired = 0
        self.mails = []  # at "end": what was about to be answered, kept or not
        self._seen = self._taken = 0
        self._changed = threading.Condition()
        self._released = asyncio.Event()
        self._loop = None

    @property
    def is_reply(self):
        return self.action not in ACTIONS

    # ---- for the test ----

    def wait(self, seconds=30, times=1):
        """Until it has fired so often."""
        with self._changed:
            met = self._changed.wait_for(lambda: self.fired >= times, seconds)
        assert met, f"{self}: should have fired {times} times in {seconds} s, fired {self.fired} times"

    def release(self):
        """Whatever it holds goes on, now and later."""
        self._loop.call_soon_threadsafe(self._released.set)

    def __str__(self):
        return f"{self.phase}: {self.action}{' and kept' if self.keep else ''}"

    # ---- for the sink, on its loop ----

    def attach(self, loop):
        self._loop = loop

    def take(self, phase, text):
        """Whether it fires here; then it is taken."""
        if phase != self.phase or self.containing not in text or self._taken == self.times:
            return False
        self._seen += 1
        if self._seen < self.nth:
            return False
        self._taken += 1
        return True

    def note(self, mail):
        """It has fired."""
        with self._changed:
            self.fired += 1
            if mail is not None:
                self.mails.append(mail)
            self._changed.notify_all()

    async def until_due(self):
        """As long as it holds what it holds."""
        try:
            await asyncio.wait_for(self._released.wait(), self.seconds)
        except asyncio.TimeoutError:
            pass
