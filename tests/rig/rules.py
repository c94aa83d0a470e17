"""What a fault proxy does to which bytes: a rule is a trigger and an action; it counts how often it fired."""

import asyncio
import threading

from framing import TAGS, TO_CLIENT, TO_SERVER, message_tag

ACTIONS = ("tell", "delay", "hold", "late", "cut", "silence", "black hole")
PLACES = ("before", "inside", "after")


class Message:
    """An LDAP message of a kind, which contains some bytes and lacks others."""

    def __init__(self, kind, containing=b"", lacking=None):
        self.tag = TAGS[kind]
        self.direction = TO_SERVER if kind.endswith("request") else TO_CLIENT
        self.containing = containing
        self.lacking = lacking

    def matches(self, unit):
        return (message_tag(unit) == self.tag and self.containing in unit
                and (self.lacking is None or self.lacking not in unit))


class Pattern:
    """These bytes, wherever they stand in a stream of raw framing."""

    def __init__(self, text, direction):
        self.text = text
        self.direction = direction

    def matches(self, unit):
        return unit == self.text


class After:
    """The moment when so many bytes of a direction have passed: of one connection, or of all together."""

    def __init__(self, count, direction, overall=False):
        self.count = count
        self.direction = direction
        self.overall = overall

    def distance(self, passed, started):
        """How many bytes are still to pass; None when the moment is over, which for 0 bytes comes with the
        first one."""
        if passed < self.count or (self.count == 0 and not started):
            return self.count - passed
        return None


class Rule:
    """
    Actions, each where the trigger says, or "before" (default), "inside" (after `offset` bytes of) or
    "after" the message that matches:

    tell         nothing; only count
    delay        this direction waits for `seconds`
    hold         this direction waits until release(), or for `seconds`
    late         the client's side is cut, the server gets the message `seconds` later all the same
                 (or at release(), when `seconds` is None)
    cut          both sides are closed
    silence      this direction swallows everything from here on; both sides stay open
    black hole   both directions do

    `reset`: cut with RST rather than FIN. The rule fires on the `nth` match, over all connections, and on
    those that follow until it has fired `times` times (None: always).
    """

    def __init__(self, trigger, action, *, offset=0, seconds=None, reset=False, nth=1, times=1):
        words = action.split()
        place = words.pop() if words[-1] in PLACES else "before"
        self.action = " ".join(words)
        assert self.action in ACTIONS, action
        assert not isinstance(trigger, After) or action == self.action, "a moment has no before and after"
        self.trigger = trigger
        self.place = place
        self.offset = offset
        self.seconds = seconds
        self.reset = reset
        self.nth = nth
        self.times = times
        self.fired = 0
        self.last = None
        self.met = threading.Event()
        self.answered = threading.Event()  # the server has answered a request that was held or late
        self._seen = 0
        self._taken = 0
        self._changed = threading.Condition()
        self._released = asyncio.Event()
        self._loop = None

    # ---- for the test ----

    def wait(self, seconds=10, times=1):
        """Until it has fired so often."""
        with self._changed:
            met = self._changed.wait_for(lambda: self.fired >= times, seconds)
        assert met, f"a rule that should have fired {times} times in {seconds} s fired {self.fired} times"

    def release(self):
        """Whatever it holds goes on, now and later."""
        self._loop.call_soon_threadsafe(self._released.set)

    # ---- for the proxy, on its loop ----

    def attach(self, loop):
        self._loop = loop

    def may_fire(self, direction):
        return self.trigger.direction == direction and (self.times is None or self._taken < self.times)

    def take(self):
        """Whether this match is one to fire on; then it is taken."""
        self._seen += 1
        if self._seen < self.nth:
            return False
        self._taken += 1
        return True

    @property
    def taken(self):
        return self._taken > 0

    def position(self, unit):
        return {"before": 0, "inside": min(self.offset, len(unit)), "after": len(unit)}[self.place]

    def note(self, unit):
        """It has fired."""
        with self._changed:
            self.fired += 1
            self.last = unit
            self.met.set()
            self._changed.notify_all()

    async def until_due(self):
        """As long as it holds what it holds."""
        if self.seconds is None:
            await self._released.wait()
        else:
            await asyncio.sleep(self.seconds)
