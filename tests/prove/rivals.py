"""64 registrations with one link at the same moment: exactly one succeeds, whatever its rivals send.

All requests wait on their own connections with everything but their last byte sent; then the last bytes go out
in one loop. Every fifth round the daemon is killed while they are under way: then at most one is told that
it succeeded, and the link works or is done.
"""

import json
import selectors
import socket
import time

import oracle
from ledger import LOST, Registration, new_password
from wait import wait_for

RIVALS = 64
OPERATIONS = {"operation_timeout": "3s", "connect_timeout": "2s"}
KILL_EVERY = 5  # rounds
DEADLINE = 30  # seconds for all answers of a round


class Rival:
    """One connection, one password, and what was answered."""

    def __init__(self, port, link):
        self.password = new_password()
        body = json.dumps({"password": self.password}).encode()
        path = "/" + link.url.split("/", 3)[3]
        self.request = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                        ).encode() + body
        self.received = b""
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(self.request[:-1])
        self.socket.setblocking(False)

    def go(self):
        try:
            self.socket.send(self.request[-1:])
        except OSError:
            pass  # the daemon is dead: there will be no answer

    def read(self):
        """True when nothing more will come."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        self.received += data
        return not data

    @property
    def status(self):
        head, found, _ = self.received.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]) if found else LOST

    @property
    def reason(self):
        return json.loads(self.received.partition(b"\r\n\r\n")[2]).get("reason")


def race(world, invited, kill_after=None):
    """The rivals with their answers; the daemon dies `kill_after` seconds behind the start."""
    rivals = [Rival(world.daemon.ports["public"], invited.link) for _ in range(RIVALS)]
    with selectors.DefaultSelector() as waiting:
        for rival in rivals:
            waiting.register(rival.socket, selectors.EVENT_READ, rival)
        began = time.time()
        for rival in rivals:
            rival.go()
        if kill_after is not None:
            time.sleep(kill_after)  # The moment is the rig's input.
            world.daemon.kill()
        deadline = time.monotonic() + DEADLINE
        while waiting.get_map() and time.monotonic() < deadline:
            for key, _ in waiting.select(1):
                if key.data.read():
                    waiting.unregister(key.fileobj)
    for rival in rivals:
        rival.socket.close()
        event = Registration(rival.status, invited.link, rival.password, None)
        event.at = began
        invited.note(event)
    return rivals


def judge(run, world, invited, rivals):
    """Nobody was killed: one winner, and all others were told why they lost."""
    statuses = [rival.status for rival in rivals]
    winners = [rival for rival in rivals if rival.status in (201, 202)]
    others = [rival for rival in rivals if rival.status == 410]
    if len(winners) != 1 or len(others) != RIVALS - 1 or any(r.reason != "used" for r in others):
        counts = {status: statuses.count(status) for status in set(statuses)}
        run.violation(f"{invited.id}: the rivals were answered {counts}", world.ledger.history(invited)[:5])


def prove(run):
    rounds = run.size(1250, 30)
    with run.world(directory=OPERATIONS) as world:
        for number in range(rounds):
            invited = wait_for(world.ledger.invite, "an invitation is made", 30)
            if number % KILL_EVERY != 0:
                judge(run, world, invited, race(world, invited))
            else:
                race(world, invited, run.random.uniform(0, 0.06))
                run.fault()
                world.ledger.note("kill -9")
                world.restart()
            run.cycle()
            # Those that were killed settle side by side.
            if number % 10 == 9 or number == rounds - 1:
                oracle.check(world, run)
