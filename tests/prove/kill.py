"""kill -9 at a random moment under load, again and again: nothing acknowledged is lost, nothing doubled.

Four clients invite (by a link, or by mail through a relay that is in trouble now and then), register, revoke, renew links and look, each with invitations of its own, and change, move,
suspend, delete and restore people of its own, until the daemon dies under them; it is started again and the oracle
looks at everything. What was cut off settles two operation timeouts after the start, which is what most of a
cycle's time is.
"""

import random
import threading
import time

import oracle

CLIENTS = 4
LANES = 5
PEOPLE = 2  # of each client
CHANGES = ("change", "move", "suspend", "resume", "delete", "restore")


class Client(threading.Thread):
    """Asks until it is told to stop; what it asks is recorded by the ledger."""

    def __init__(self, world, chance, halt, people=()):
        super().__init__()
        self.world, self.ledger, self.chance, self.halt = world, world.ledger, chance, halt
        self.mine, self.people = [], people

    def run(self):
        while not self.halt.is_set():
            self.step()

    def step(self):
        chance, ledger = self.chance, self.ledger
        if self.people and chance.random() < 0.4:
            self.change()
            return
        if not self.mine or chance.random() < 0.4:
            groups = [f"cn=vault-access,{self.world.slapd.groups}"] if chance.random() < 0.5 else None
            invited = ledger.invite(groups=groups, method=chance.choice(("link", "link", "email")))
            if invited:
                self.mine.append(invited)
            return
        invited = chance.choice(self.mine)
        what = chance.random()
        if what < 0.6 and invited.link is None:
            return  # its mail is still on the way
        if what < 0.6:
            ledger.register(invited)
        elif what < 0.7:
            ledger.relink(invited)
        elif what < 0.75:
            ledger.resend(invited, void_links=what < 0.72)
        elif what < 0.85:
            ledger.revoke(invited)
        elif invited.link is not None:
            ledger.open(invited)
        if what < 0.6 or 0.75 <= what < 0.85:
            self.mine.remove(invited)


    def change(self):
        """One change of somebody, which may be refused: nobody is resumed who is not suspended."""
        account, what = self.chance.choice(self.people), self.chance.choice(CHANGES)
        place = self.chance.choice(("ou=people", "ou=Registry,ou=Collections,ou=people"))
        value = {"change": f"Clerk {self.chance.randrange(1000)}", "move": f"{place},{self.world.slapd.base}"}
        self.ledger.accounts.ask(account, what, value.get(what))


def load_and_kill(world, chance):
    halt = threading.Event()
    people = world.ledger.accounts.people
    clients = [Client(world, random.Random(chance.random()), halt, people[number::CLIENTS])
               for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(3):
        world.sink.fault(chance.choice(("mail", "rcpt", "end")), chance.choice(("451 4.3.0 later", "drop", "hang")))
    time.sleep(chance.uniform(0.02, 0.7))  # The moment is the rig's input.
    world.daemon.kill()
    world.ledger.note("kill -9")
    halt.set()
    for client in clients:
        client.join()
    world.sink.mend()


def prove(run):
    cycles, worlds = run.size(1000, 12), run.size(20, 3)
    operations = []

    def batch(seed):
        chance = random.Random(seed)
        with run.world(directory={"operation_timeout": "2s", "connect_timeout": "2s"}, sink={},
                       mail={"reply_timeout": "1s", "transfer_timeout": "4s", "resend_interval": "0s"}) as world:
            for _ in range(CLIENTS * PEOPLE):
                world.ledger.accounts.make(world.slapd)
            for _ in range(cycles // worlds):
                load_and_kill(world, chance)
                run.fault()
                world.restart()
                oracle.check(world, run)
                run.cycle()
            subjects = world.ledger.snapshot() + world.ledger.accounts.people
            operations.append(sum(len(subject.history) for subject in subjects))

    # A world must not grow for ever: the oracle reads all of it each time.
    run.batches([run.random.random() for _ in range(worlds)], LANES, batch)
    run.figure("operations", sum(operations))
