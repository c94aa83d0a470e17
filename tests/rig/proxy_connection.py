"""One connection through the fault proxy: two sockets and a task for each direction."""

import asyncio
import contextlib
import socket
import struct

from framing import FRAMINGS, TO_CLIENT, TO_SERVER

# How long what follows a request that was held waits for that request's answer. A server forgets a
# request when the unbind or the end of the connection comes on its heels, and then nothing was late.
LINGER = 10.0
# A slow proxy sends this often.
TICK = 0.05
RESET = struct.pack("ii", 1, 0)


class Connection:
    """Lives on the proxy's loop; end() closes it at once, from any task of that loop."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.loop = proxy.loop
        self.client = client
        self.server = None
        self.answered = asyncio.Event()
        self.owing = None  # the rule that held the request which waits for this answer
        self.pipes = []
        self.tasks = []
        self._start(self._serve())

    def _start(self, coroutine):
        task = self.loop.create_task(coroutine)
        self.tasks.append(task)
        return task

    async def _serve(self):
        prepare(self.client)
        await self.proxy.gate()
        if self.proxy.swallowing:
            await self._drain()
            return
        server = socket.socket()
        prepare(server)
        self.server = server
        try:
            await self.loop.sock_connect(server, ("127.0.0.1", self.proxy.target))
        except OSError:
            self.end()
            return
        self.pipes = [Pipe(self, TO_SERVER, self.client, server), Pipe(self, TO_CLIENT, server, self.client)]
        for pipe in self.pipes:
            pipe.task = self._start(pipe.run())

    async def _drain(self):
        """A connection that nobody ever answers."""
        with contextlib.suppress(OSError):
            while await self.loop.sock_recv(self.client, 65536):
                pass
        self.end()

    def swallow(self):
        for pipe in self.pipes:
            pipe.silent = True
        if not self.pipes:
            self._forget_tasks()
            self._start(self._drain())

    def owe(self, rule):
        """The request that goes out now was held by this rule."""
        self.owing = rule
        self.answered.clear()

    def heard(self):
        """The server has said something."""
        self.answered.set()
        if self.owing is not None:
            self.owing.answered.set()
            self.owing = None

    def finished(self):
        """A direction has come to its end: with the second one the connection is over."""
        if all(pipe.done for pipe in self.pipes):
            self.end()

    def drop_client(self, reset):
        """The client is cut off; the server does not learn of it."""
        _, to_client = self.pipes
        to_client.task.cancel()
        to_client.sink_gone = True
        self._close(self.client, reset)
        to_client.task = self._start(to_client.run())

    def end(self, reset=False):
        """Close both sides."""
        self.proxy.connections.discard(self)
        self._forget_tasks()
        for side in (self.client, self.server):
            if side is not None and side.fileno() >= 0:
                self._close(side, reset)

    def _forget_tasks(self):
        for task in self.tasks:
            if task is not asyncio.current_task(self.loop):
                task.cancel()
        self.tasks = []

    def _close(self, side, reset):
        self.loop.remove_reader(side)
        self.loop.remove_writer(side)
        if reset:
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            # The kernel sends RST instead of FIN when something was left unread.
            with contextlib.suppress(OSError):
                while side.recv(65536):
                    pass
        side.close()


class Pipe:
    """One direction: reads, asks the proxy which rules apply, and does what they say."""

    def __init__(self, connection, direction, source, sink):
        self.connection = connection
        self.proxy = connection.proxy
        self.loop = connection.loop
        self.direction = direction
        self.source = source
        self.sink = sink
        self.frames = FRAMINGS[self.proxy.framing]()
        self.task = None
        self.passed = 0
        self.started = False
        self.silent = False
        self.sink_gone = False
        self.done = False
        self._owed = False

    async def run(self):
        reset = False
        try:
            while data := await self.loop.sock_recv(self.source, 65536):
                if self.direction == TO_CLIENT:
                    self.connection.heard()
                await self.proxy.gate()
                for unit, is_message in self.frames.feed(data, self.proxy.patterns(self.direction)):
                    await self._unit(unit, is_message)
            await self._unit(self.frames.rest(), False)
        except OSError:
            # Unless it was we who closed it.
            reset = self.source.fileno() >= 0
        await self._end_of_source(reset)

    async def _end_of_source(self, reset):
        """Pass the end on, after everything that came before it."""
        await self.proxy.gate()
        await self._until_answered()
        self.done = True
        if reset and not self.silent:
            self.connection.end(reset=True)
            return
        if not self.silent:
            with contextlib.suppress(OSError):
                self.sink.shutdown(socket.SHUT_WR)
        self.connection.finished()

    async def _unit(self, unit, is_message):
        """A message, or some bytes: what rules say about it happens at its place."""
        await self._until_answered()
        sent = 0
        for position, rule in self.proxy.decide(self.direction, unit) if is_message else ():
            await self._pass(unit[sent:position])
            sent = position
            await self._act(rule, unit)
        await self._pass(unit[sent:])

    async def _pass(self, data):
        """Send it, and stop at each byte whose moment some rule waits for."""
        while data:
            position, rules = self.proxy.next_moment(self, len(data))
            self.started = True
            await self._send(data[:position])
            data = data[position:]
            for rule in rules:
                await self._act(rule, None)

    async def _act(self, rule, unit):
        if rule.action in ("hold", "delay"):
            rule.note(unit)
            await rule.until_due()
            if rule.action == "hold":
                self._owe(rule)
        elif rule.action == "late":
            self.connection.drop_client(rule.reset)
            rule.note(unit)
            await rule.until_due()
            self._owe(rule)
        elif rule.action == "cut":
            self.connection.end(rule.reset)
            rule.note(unit)
            raise asyncio.CancelledError
        else:
            if rule.action == "silence":
                self.silent = True
            elif rule.action == "black hole":
                self.connection.swallow()
            rule.note(unit)

    def _owe(self, rule):
        """What goes out now is to be answered before anything else goes out."""
        if self.direction == TO_SERVER:
            self._owed = True
            self.connection.owe(rule)

    async def _until_answered(self):
        if self._owed:
            self._owed = False
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.connection.answered.wait(), LINGER)

    async def _send(self, data):
        self.passed += len(data)
        self.proxy.passed[self.direction] += len(data)
        while data and not self.silent and not self.sink_gone:
            await self.proxy.gate()
            rate = self.proxy.rate
            piece = data[:max(1, int(rate * TICK))] if rate else data
            data = data[len(piece):]
            try:
                await self.loop.sock_sendall(self.sink, piece)
            except OSError:
                # Its own direction finds out, behind whatever it still has to deliver.
                self.sink_gone = True
            if rate:
                await asyncio.sleep(len(piece) / rate)


def prepare(side):
    side.setblocking(False)
    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
