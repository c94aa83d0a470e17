"""Power loss under load: what was acknowledged before it is on the disk, and the store is sound.

The store lies on an ext4 image. Four clients invite, register, revoke and renew links; at a random moment
the daemon is stopped and the image copied. The copy is mounted, which replays its journal, and read: the
integrity check, every acknowledged operation, the audit trail, the secondary keys. What was under way at the
moment may be there or not. In the end the disk is made to lie, syncs do nothing and say that they did: a rig
that saw no loss then would see none ever.
"""

import contextlib
import copy
import random
import threading
import time

import oracle
from disk import Disk, NoDisk, after_power_loss
from kill import CLIENTS, Client
from ledger import LOST, Event, Ledger, Registration
from nthcall import LYING, FailNth
from store_file import Damage, read_copy, stopped
from usherd import BUILD

COPIES_OF_A_WORLD = 50  # every copy is read whole: a store must not grow for ever
LYING_COPIES = 5


class OpenLedger(Ledger):
    """A ledger that also knows what is under way."""

    def __init__(self, api, seconds=30):
        super().__init__(api, seconds)
        self._open = {}  # thread: (what, invited)

    def _while(self, what, invited, call):
        mine = threading.get_ident()
        with self._lock:
            self._open[mine] = (what, invited)
        try:
            return call()
        finally:
            with self._lock:
                del self._open[mine]

    def register(self, invited, *arguments, **more):
        return self._while("register", invited, lambda: super(OpenLedger, self).register(
            invited, *arguments, **more))

    def revoke(self, invited):
        return self._while("revoke", invited, lambda: super(OpenLedger, self).revoke(invited))

    def relink(self, invited):
        return self._while("relink", invited, lambda: super(OpenLedger, self).relink(invited))

    def moment(self):
        """The invitations acknowledged so far, each as it is known now; what is under way has no answer."""
        with self._lock:
            under_way = list(self._open.values())
            seen = {}
            for invited in self.invited:
                with invited.lock:
                    twin = copy.copy(invited)
                    twin.history, twin.links = list(invited.history), list(invited.links)
                twin.lock = threading.Lock()
                seen[invited.id] = twin
        for what, invited in under_way:
            twin = seen[invited.id]
            if what == "register":
                twin.history.append(Registration(LOST, twin.link, "", None))
            else:
                twin.maybe_relinked = twin.maybe_relinked or what == "relink"
                twin.history.append(Event(what, LOST))
        return list(seen.values())


class Loss:
    """One world on one disk."""

    def __init__(self, run, world, disk, report):
        self.run, self.world, self.disk, self.report = run, world, disk, report
        world.ledger = OpenLedger(world.api)
        self.operations = self.retries = 0

    @contextlib.contextmanager
    def load(self):
        halt = threading.Event()
        clients = [Client(self.world, random.Random(self.run.random.random()), halt)
                   for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            halt.set()
            for client in clients:
                client.join()

    def lose_power(self):
        """One copy, and all that can be said of it."""
        image, daemon = self.disk.image.with_suffix(".copy"), self.world.daemon
        with self.load():
            time.sleep(self.run.random.uniform(0.05, 0.5))  # The moment is the rig's input.
            with stopped(daemon.process.pid):
                acknowledged = self.world.ledger.moment()
                self.retries += self.disk.copy(image) - 1
        self.world.ledger.note("power loss")
        with after_power_loss(image, self.disk.image.with_suffix(".after")) as place:
            try:
                store = read_copy(place / daemon.store_path.parent.name, daemon.store_path.name,
                                  daemon.key_path)
            except (Damage, OSError) as damage:
                self.report(f"I2: the store is damaged: {damage}")
                return
        oracle.Oracle(self.world, self.report).check_store(store, acknowledged)
        self.operations += sum(len(invited.history) for invited in acknowledged)
        self.run.cycle()
        self.run.fault()


def on_disk(run, name, copies, report, nth=None):
    """`copies` of one world's disk; its Loss. With `nth` the disk lies."""
    with Disk(run.folder, name) as disk:
        folder = disk.place / "store"
        folder.mkdir(mode=0o700)
        wrapper = nth.wrapper if nth else ()
        if nth:
            nth.watch(folder)  # before the daemon opens what it will write
        with run.world(wrapper=wrapper, store={"path": folder / "usherd.db"},
                       directory={"operation_timeout": "5s"}) as world:
            world.daemon.store_path = folder / "usherd.db"
            if nth:
                nth.arm(LYING, nth=0)
            loss = Loss(run, world, disk, report)
            for _ in range(copies):
                loss.lose_power()
            if nth:
                nth.disarm()
            else:
                oracle.check(world, run)
            return loss


def prove(run):
    left, operations, retries = run.size(300, 5), 0, 0
    try:
        with Disk(run.folder, "probe"):
            pass
    except NoDisk as reason:
        run.skip(f"no image can be mounted here: {reason}")
    while left > 0:
        copies = min(left, COPIES_OF_A_WORLD)
        loss = on_disk(run, f"disk{left}", copies, run.violation)
        operations, retries, left = operations + loss.operations, retries + loss.retries, left - copies
    run.figure("copies", run.cycles)
    run.figure("operations_compared", operations)
    run.figure("copies_taken_again", retries)
    lost = []
    on_disk(run, "lying", LYING_COPIES, lambda text, history=(): lost.append(text),
            FailNth(run.folder, BUILD))
    run.figure("lying_disk_losses", len(lost))
    if not lost:
        run.violation("a disk that syncs nothing lost nothing: this rig could not see a loss")
