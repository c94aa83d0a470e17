"""A fault ends: full service is back within 5 s (I9), and nothing of the fault is still held (I8).

Each kind of fault lasts until the daemon suffers from it, with registrations under way. From its end a client
tries to register every 50 ms; the time until the first 201 counts. Then descriptors and threads must come
back to what they were, and memory must not grow from one fault to the next.
"""

import contextlib
import datetime
import os
import resource
import socket
import statistics
import subprocess
import threading
import time

import oracle
from client import in_background
from process import Held, put_first
from wait import wait_for

BOUND = 5.0
MEMORY_KIB = 8192
CALM_SECONDS = 20  # until connections that idle, and what clients left behind, are closed
UNDER_WAY = 4
# Four workers, the one that watches, and the one that follows, whose socket has a second descriptor (dir_follow.c).
DIRECTORY_CONNECTIONS = 7
RELAY_CONNECTIONS = 4  # one for each mail that may be on its way, kept for the next
LOW = {"connect_timeout": "1s", "operation_timeout": "2s"}


class Fault:
    """begin() returns when the daemon suffers; end() when the cause is gone."""

    settings = contextlib.nullcontext  # a block around the whole world
    more = {}  # what its world is made with
    lasts = 1.0  # seconds more

    def __init__(self, world, place):
        self.world, self.place = world, place

    def prepare(self):
        """Before anybody registers."""

    def after(self):
        """What else has to be back, once people can register: what was wrong, or None."""

    def is_down(self):
        self.world.daemon.wait_directory(up=False, seconds=20)


class SlapdKilled(Fault):
    def begin(self):
        self.world.slapd.kill()
        self.is_down()

    def end(self):
        self.world.slapd.start()
        put_first(self.world.slapd.pid)


class SlapdStopped(Fault):
    def begin(self):
        self.world.slapd.pause()
        self.is_down()

    def end(self):
        self.world.slapd.resume()


class BlackHole(Fault):
    def begin(self):
        self.world.proxy.black_hole()
        self.is_down()

    def end(self):
        self.world.proxy.lift()


class Refused(Fault):
    def begin(self):
        self.world.proxy.refuse()
        self.is_down()

    def end(self):
        self.world.proxy.listen()


class AllCut(Fault):
    """Over as soon as it has begun."""

    lasts = 0

    def begin(self):
        self.world.proxy.cut(reset=True)

    def end(self):
        pass


def as_root(*command):
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*sudo, *map(str, command)], capture_output=True, text=True, check=False)


@contextlib.contextmanager
def small_disk(place):
    """A file system of 64 MiB at `place`; the reason why not is raised."""
    place.mkdir(mode=0o700)
    owner = f"uid={os.geteuid()},gid={os.getegid()}"
    mounted = as_root("mount", "-t", "tmpfs", "-o", f"size=64m,mode=700,{owner}", "tmpfs", place)
    if mounted.returncode != 0:
        raise OSError(f"no tmpfs can be mounted: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        as_root("umount", "-l", place)


class DiskFull(Fault):
    settings = staticmethod(small_disk)

    def prepare(self):
        """A store that was just opened has a short log: the next write needs room at once."""
        assert self.world.daemon.stop() == 0
        self.world.restart()
        put_first(self.world.daemon.process.pid)

    def begin(self):
        with open(self.place / "ballast", "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 65536)
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 512)
        wait_for(self.is_told, "the store is said to be broken", 20)

    def is_told(self):
        self.world.ledger.invite()
        checks = (self.world.daemon.health("ready")[1] or {}).get("checks", [])
        return any(check["name"] == "store" and check["status"] != "ok" for check in checks)

    def end(self):
        (self.place / "ballast").unlink()


class NoDescriptors(Fault):
    """The limit falls to what the daemon has open, and a few connections take what is free below."""

    def begin(self):
        daemon = self.world.daemon
        self.limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        highest = max(int(number) for number in os.listdir(f"/proc/{daemon.process.pid}/fd"))
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (highest + 1, self.limits[1]))
        self.crowd = []
        wait_for(self.is_full, "nobody is let in any longer", 20)

    def is_full(self):
        daemon = self.world.daemon
        self.crowd.append(socket.create_connection(("127.0.0.1", daemon.ports["public"]), 5))
        return daemon.health("live")[0] == 0

    def end(self):
        resource.prlimit(self.world.daemon.process.pid, resource.RLIMIT_NOFILE, self.limits)
        for connection in self.crowd:
            connection.close()


class RelayRefused(Fault):
    more = {"sink": {"proxied": True}, "mail": {"connect_timeout": "1s", "reply_timeout": "1s",
                                               "transfer_timeout": "4s"}}

    def begin(self):
        self.cut()
        self.invited = wait_for(lambda: self.world.ledger.invite(method="email"), "an invitation is made", 20)
        wait_for(lambda: self.status()["paused"], "the queue is paused", 20)
        if self.world.ledger.register(invite(self.world, 1)[0]) != 201:
            raise AssertionError("nobody can register while the relay is away")

    def cut(self):
        self.world.relay.refuse()

    def end(self):
        self.world.relay.listen()

    def status(self):
        status = self.world.api.get("/api/v1/mail/queue?limit=1").json()["status"]
        self.world.api.session.close()  # or the daemon would hold the connection
        return status

    def after(self):
        status = self.status()
        until = datetime.datetime.fromisoformat(status["paused_until"]).timestamp() if status["paused"] else 0
        allowed = max(0, until - time.time()) + BOUND
        began = time.monotonic()
        with contextlib.suppress(AssertionError):
            wait_for(lambda: self.invited.link, "its mail arrives", allowed + 20)
        taken = time.monotonic() - began
        return None if taken <= allowed else f"what waited left after {taken:.1f} s, {allowed - BOUND:.1f} s were told"


class RelayBlackHole(RelayRefused):
    def cut(self):
        self.world.relay.black_hole()

    def end(self):
        self.world.relay.lift()


KINDS = (SlapdKilled, SlapdStopped, BlackHole, Refused, AllCut, DiskFull, NoDescriptors, RelayRefused, RelayBlackHole)


def first_success(world, spare):
    """Seconds until a client that tries every 50 ms is answered 201. An answer "in progress" uses its
    invitation up; the next one is taken."""
    began = time.monotonic()
    while time.monotonic() - began < 30:
        status = world.ledger.register(spare[-1])
        if status == 201:
            return time.monotonic() - began
        if status == 202:
            spare.pop()
        time.sleep(0.05)
    return None


def invite(world, count):
    """So many invitations; on a busy machine some take a second try."""
    return [wait_for(world.ledger.invite, "an invitation can be made", 20, pause=0.05)
            for _ in range(count)]


def warm_up(world):
    """Everybody is at work once; what is held when the clients have left."""
    everybody = invite(world, 16)
    for wait in [in_background(world.ledger.register, invited) for invited in everybody]:
        wait()
    held = []

    def is_steady():
        held.append(held_by(world))
        return len(held) > 5 and len({(now.descriptors, now.threads) for now in held[-5:]}) == 1

    wait_for(is_steady, "descriptors are steady", CALM_SECONDS, pause=0.2)
    return held[-1]


def held_by(world):
    relays = (world.relay.port,) if world.relay else ()
    return Held(world.daemon.process.pid, world.proxy.port, *relays)


def is_no_more(held, baseline):
    return (held.descriptors <= baseline.descriptors and held.threads <= baseline.threads
            and held.connections <= DIRECTORY_CONNECTIONS + RELAY_CONNECTIONS)


def rest(world, baseline):
    """Wait until no more is held than at the start; what is held then."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: is_no_more(held_by(world), baseline), "all is back", CALM_SECONDS, pause=0.2)
    return held_by(world)


def suffer_once(run, world, fault, baseline):
    ledger, name = world.ledger, type(fault).__name__
    spare, meanwhile = invite(world, 20), invite(world, UNDER_WAY)
    threads = [threading.Thread(target=ledger.register, args=(invited,)) for invited in meanwhile]
    fault.prepare()
    ledger.note(f"{name} begins")
    for thread in threads:
        thread.start()
    fault.begin()
    time.sleep(fault.lasts)
    fault.end()
    ledger.note(f"{name} is over")
    seconds = first_success(world, spare)
    run.fault()
    for thread in threads:
        thread.join()
    if seconds is None or seconds > BOUND:
        run.violation(f"I9: after {name} service was back in {seconds} s", ledger.history(spare[-1]))
    if (wrong := fault.after()) is not None:
        run.violation(f"I9: after {name} {wrong}", ledger.history(spare[-1]))
    held = rest(world, baseline)
    if not is_no_more(held, baseline):
        run.violation(f"I8: after {name} the daemon holds {held}, before it {baseline}")
    return seconds, held


def suffer(run, kind, times):
    place = run.folder / f"disk-{kind.__name__}"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(kind.settings(place) if kind.settings is small_disk else kind.settings())
        except OSError as reason:
            run.say(f"{kind.__name__} is left out: {reason}")
            return
        store = {"store": {"path": place / "usherd.db"}} if kind.settings is small_disk else {}
        world = stack.enter_context(run.world(proxied=True, directory=LOW, **store, **kind.more))
        if store:
            world.daemon.store_path = store["store"]["path"]
        put_first(world.daemon.process.pid, world.slapd.pid)
        fault, baseline = kind(world, place), warm_up(world)
        taken, held = [], []
        for _ in range(times):
            seconds, after = suffer_once(run, world, fault, baseline)
            taken += [] if seconds is None else [seconds]
            held.append(after)
            run.cycle()
        oracle.check(world, run)
        report(run, kind, taken, held, baseline)


def report(run, kind, taken, held, baseline):
    growth = held[-1].kib - held[0].kib
    if growth > MEMORY_KIB:
        run.violation(f"I8: {kind.__name__} again and again: memory grew by {growth} KiB")
    figures = {"count": len(taken), "growth_kib": growth, "at_rest": str(baseline), "at_end": str(held[-1])}
    if taken:
        figures |= {"min_s": round(min(taken), 3), "median_s": round(statistics.median(taken), 3),
                    "max_s": round(max(taken), 3)}
    run.figure(kind.__name__, figures)


def prove(run):
    kinds = run.size(KINDS, (SlapdKilled, BlackHole, AllCut, DiskFull, RelayBlackHole))
    run.lanes(len(kinds), lambda number: suffer(run, kinds[number], run.size(20, 2)))
