"""A fault proxy in front of slapd or any other TCP server. Rules (see rules.py) stop the world at an exact
byte or message: hold it, cut the connection before it, inside it, or behind it, swallow it, deliver it late.
Switches change how the whole proxy behaves. One loop in one thread moves every byte, so that what a test
has ordered is in force when the order returns."""

import asyncio
import contextlib
import socket
import threading

# PASSWORD_MODIFY and WHO_AM_I_REPLY are for those who write rules.
from framing import PASSWORD_MODIFY, TO_CLIENT, TO_SERVER, WHO_AM_I_REPLY  # noqa: F401
from ports import free_port
from proxy_connection import Connection
from rules import After, Message, Pattern, Rule


class Proxy:
    """Forwards to 127.0.0.1:target. `framing`: "ldap" (rules see messages) or "raw" (rules see patterns).
    Methods are for any thread but the proxy's own."""

    def __init__(self, target, framing="ldap"):
        self.target = target
        self.framing = framing
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.accepted = 0
        self.rules = []
        # The rest belongs to the loop's thread.
        self.connections = set()
        self.passed = {TO_SERVER: 0, TO_CLIENT: 0}
        self.swallowing = False
        self.rate = None
        self._listener = None
        self._running = asyncio.Event()
        self._running.set()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.listen()

    def _order(self, function, *arguments):
        """Run it on the loop; its result, or what it raised."""
        async def run():
            return function(*arguments)
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    # ---- rules ----

    def rule(self, trigger, action, containing=b"", lacking=None, **more):
        """`trigger`: a Message, a Pattern, an After, or the kind of an LDAP message. Of the rules that match
        a message the newest one decides; those that only tell never stand in its way."""
        if isinstance(trigger, str):
            trigger = Message(trigger, containing, lacking)
        assert not isinstance(trigger, Message) or self.framing == "ldap", "bytes have no kinds"
        assert not isinstance(trigger, Pattern) or self.framing == "raw", "use containing="
        rule = Rule(trigger, action, **more)
        rule.attach(self.loop)
        self._order(self.rules.insert, 0, rule)
        return rule

    def forget(self):
        """No rule applies any longer, and nothing is held."""
        for rule in self._order(self._take_rules):
            rule.release()

    def drop(self, rule):
        """It applies no longer; whether it had been taken before."""
        return self._order(self._drop, rule)

    # ---- switches ----

    def listen(self):
        """Undo refuse()."""
        self._order(self._listen)

    def refuse(self):
        """Nobody can connect, and who is connected no longer is."""
        self._order(self._refuse)

    def cut(self, reset=False):
        """Close every connection."""
        self._order(self._cut, reset)

    def pause(self):
        """Nothing passes, nothing is lost: until resume()."""
        self._order(self._running.clear)

    def resume(self):
        self._order(self._running.set)

    def slow(self, bytes_per_second):
        """Each direction of each connection passes so many bytes a second; None: as fast as it can."""
        self._order(setattr, self, "rate", bytes_per_second)

    def black_hole(self):
        """Every connection, now and later, stays open and carries nothing: until lift()."""
        self._order(self._black_hole)

    def lift(self):
        """New connections work again; those that were swallowed stay so."""
        self._order(setattr, self, "swallowing", False)

    def close(self):
        if self.loop.is_closed():
            return
        self.refuse()
        asyncio.run_coroutine_threadsafe(self._finish(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    # ---- on the loop ----

    def _listen(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self._listener.setblocking(False)
        self.loop.add_reader(self._listener, self._accept)

    def _accept(self):
        try:
            client, _ = self._listener.accept()
        except OSError:
            return  # It is gone again.
        self.accepted += 1
        self.connections.add(Connection(self, client))

    def _refuse(self):
        if self._listener is not None:
            self.loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self._cut(False)

    def _cut(self, reset):
        for connection in list(self.connections):
            connection.end(reset)

    async def _finish(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _black_hole(self):
        self.swallowing = True
        for connection in self.connections:
            connection.swallow()

    def _drop(self, rule):
        if rule in self.rules:
            self.rules.remove(rule)
        return rule.taken

    def _take_rules(self):
        rules, self.rules = self.rules, []
        return rules

    def patterns(self, direction):
        return [rule.trigger.text for rule in self.rules
                if isinstance(rule.trigger, Pattern) and rule.may_fire(direction)]

    def decide(self, direction, message):
        """[(position in the message, rule)] in the order of the positions. The rules are taken by that."""
        decided, decides = [], True
        for rule in self.rules:
            if isinstance(rule.trigger, After) or not rule.may_fire(direction):
                continue
            if (decides or rule.action == "tell") and rule.trigger.matches(message) and rule.take():
                decides = decides and rule.action == "tell"
                decided.append((rule.position(message), rule))
        # Who only tells does so before the message is held or cut.
        return sorted(decided, key=lambda pair: (pair[0], pair[1].action != "tell"))

    def next_moment(self, pipe, size):
        """(position, rules) where within the next `size` bytes of the pipe rules fire first. They are
        taken by that. (size, []) when none does."""
        direction = pipe.direction
        moments = []
        for rule in self.rules:
            if isinstance(rule.trigger, After) and rule.may_fire(direction):
                overall = rule.trigger.overall
                distance = rule.trigger.distance(self.passed[direction] if overall else pipe.passed,
                                                 self.passed[direction] > 0 if overall else pipe.started)
                if distance is not None and distance <= size:
                    moments.append((distance, rule))
        position = min((distance for distance, _ in moments), default=size)
        return position, [rule for distance, rule in moments if distance == position and rule.take()]

    async def gate(self):
        await self._running.wait()


@contextlib.contextmanager
def proxied(target, framing="ldap"):
    """A proxy for as long as a block runs."""
    proxy = Proxy(target, framing)
    try:
        yield proxy
    finally:
        proxy.close()
