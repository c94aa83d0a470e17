"""The dialogue with the relay cut, or silent, at every byte: each mail arrives, and twice only when nobody could know.

First one mail at a time: after every number of bytes, in each direction, its connection dies, with FIN and with RST in
turn, or says nothing more; a fresh one and one that has carried a mail before. What the sink holds then says exactly
what must follow: a mail that it did not keep comes once more; one that it kept, and whose answer did not pass whole,
may come a second time, and both its links work; one whose answer passed never comes again.

Then many: clients invite, resend, take back and register, while faults of every phase are drawn, the relay goes and
comes, and the daemon is killed; the oracle counts.
"""

import random
import threading
import time

import oracle
from framing import TO_CLIENT, TO_SERVER
from posted import read
from rules import After
from wait import wait_for

QUICK = {"connect_timeout": "1s", "reply_timeout": "1s", "transfer_timeout": "4s", "resend_interval": "0s"}
# One after another on one connection, in clear text: the bytes are always the same.
CLEAR = {"proxied": True, "tls": None, "user": None}
ALONE = {**QUICK, "connections": 1, "welcome": "no", "notices": "no"}
CYCLES_OF_A_WORLD = 60
FIRED_SECONDS = 10
PATIENCE = 20
CLIENTS = 3
REPLIES = ("421 4.3.2 closing", "450 4.2.0 later", "452 4.3.1 no room")
PHASES = ("banner", "ehlo", "auth", "mail", "rcpt", "data", "end")


def name(number):
    """Everybody's name is equally long, and so is what is said about them."""
    return "Quill" + "".join(chr(ord("a") + number // 26 ** place % 26) for place in range(4))


def invite(world, number):
    family = name(number)
    return wait_for(lambda: world.ledger.invite(
        family_name=family, mail=f"robin.{family.lower()}@meridian.example", method="email",
        personal_mail=f"{family.lower()}@elsewhere.example"), "an invitation is made", PATIENCE)


def waiting(world, invited):
    """Its item of the queue, or None."""
    return next(iter(world.api.mails_of(invited.id)), None)


def arrived(world, invited):
    return world.ledger.post.of(invited.id)


def wait_gone(world, invited):
    """Until its mail is no longer in the queue; whatever holds it up is told to go on."""
    def is_gone():
        item = waiting(world, invited)
        if item is not None:
            world.api.retry_mail(item["id"])
        return item is None

    wait_for(is_gone, f"the mail of {invited.id} has left the queue", PATIENCE, pause=0.05)


# ---- one mail at a time ----

def measure(run):
    """How many bytes pass, in each direction, of a mail on a new connection, and of the next one on it; and where
    in them the mail is whole and its answer begins."""
    with run.world(sink=CLEAR, mail=ALONE) as world:
        passed = [dict(world.relay.passed)]
        for number in range(2):
            invited = invite(world, number)
            wait_gone(world, invited)
            wait_for(lambda: arrived(world, invited), "the mail has arrived", PATIENCE)  # pylint: disable=W0640
            passed.append(dict(world.relay.passed))
        return {direction: [after[direction] - before[direction] for before, after in zip(passed, passed[1:])]
                for direction in (TO_SERVER, TO_CLIENT)}


def plan(run, lengths):
    """[(direction, offset, is fresh, how)]. The middle of a mail's text is like any other place of it."""
    jobs = []
    for direction, (first, second) in lengths.items():
        for is_fresh, begin, length in ((True, 0, first), (False, first, second)):
            edge = 250 if direction == TO_SERVER else length
            offsets = [at for at in range(length + 1) if at <= edge or at >= length - 40 or at % 97 == 0]
            if run.short:
                offsets = sorted({offsets[round(number * (len(offsets) - 1) / 7)] for number in range(8)}
                                 | ({length - 1, length - 2, length - 3} if direction == TO_SERVER else set()))
            jobs += [(direction, begin + offset, is_fresh, "RST" if place % 2 else "FIN")
                     for place, offset in enumerate(offsets)]
            jobs += [(direction, begin + offset, is_fresh, "silence") for offset in offsets[::run.size(3, 8)]]
    run.random.shuffle(jobs)
    return jobs


def meet(world, run, number, job, tally):
    direction, offset, is_fresh, how = job
    ledger, relay = world.ledger, world.relay
    relay.cut()
    if not is_fresh:
        wait_gone(world, invite(world, number + 1))
    count = len(world.sink.mails)
    rule = relay.rule(After(offset, direction), "black hole" if how == "silence" else "cut", reset=how == "RST")
    ledger.note(f"{direction} after {offset} bytes ({'fresh' if is_fresh else 'used'}): {how}")
    invited = invite(world, number)
    wait_for(lambda: rule.fired or waiting(world, invited) is None, "the mail was on its way", FIRED_SECONDS)
    wait_for(lambda: is_over(waiting(world, invited)), "the attempt is over", PATIENCE, pause=0.02)
    is_known = waiting(world, invited) is None
    first = [read(mail) for mail in world.sink.mails[count:]]
    run.fault(rule.fired)
    ledger.post.unknown(invited.addresses[0])
    relay.forget()
    relay.lift()
    wait_gone(world, invited)
    sent = arrived(world, invited)

    def breach(text):
        run.violation(f"{job}: {text}", [*ledger.history(invited), *map(str, world.sink.transcripts[-4:])])

    if not sent:
        breach("the mail never came")
    elif is_known and len(sent) != 1:
        breach(f"sent, and {len(sent)} arrived")
    elif len(sent) > 1 + len(first):
        breach(f"{len(first)} were kept when the connection ended, and {len(sent)} arrived")
    tally.append(len(sent))
    if sent and number % 5 == 0:
        chosen = run.random.choice(sent)
        if (status := ledger.register(invited, link=chosen.link)) not in (201, 202):
            breach(f"the link of attempt {chosen.attempt} of {len(sent)} mails is answered {status}")
    run.cycle()


def is_over(item):
    """Sent, or put back after its first attempt."""
    return item is None or (item["last"] and item["status"] == "waiting")


def cut(run, lengths):
    jobs, tally, lanes = plan(run, lengths), [], run.size(5, 4)

    def lane(number):
        mine = jobs[number::lanes]
        for start in range(0, len(mine), CYCLES_OF_A_WORLD):
            with run.world(sink=CLEAR, mail=ALONE) as world:
                for count, job in enumerate(mine[start:start + CYCLES_OF_A_WORLD]):
                    meet(world, run, 2 * count, job, tally)
                oracle.check(world, run, finish=False)

    run.lanes(lanes, lane)
    run.figure("lengths", lengths)
    run.figure("arrived_twice", sum(count > 1 for count in tally))


# ---- many ----

class Client(threading.Thread):
    """Asks until it is told to stop; what it asks is recorded by the ledger."""

    def __init__(self, world, chance, halt):
        super().__init__()
        self.ledger, self.chance, self.halt, self.mine = world.ledger, chance, halt, []

    def run(self):
        while not self.halt.is_set():
            self.step()

    def step(self):
        ledger, chance = self.ledger, self.chance
        what = chance.random()
        if not self.mine or what < 0.4:
            invited = ledger.invite(method="email")
            self.mine += [invited] if invited else []
            return
        invited = chance.choice(self.mine)
        if what < 0.65:
            ledger.resend(invited, void_links=what < 0.45)
        elif what < 0.7:
            ledger.readdress(invited, f"again.{chance.randrange(10**6)}@elsewhere.example")
        elif what < 0.75:
            ledger.relink(invited)
        elif what < 0.9 and invited.link is not None:
            ledger.register(invited)
            self.mine.remove(invited)
        elif what >= 0.97:
            ledger.revoke(invited)
            self.mine.remove(invited)


def trouble(world, chance, halt):
    """Faults of every phase, one after another, and the relay gone now and then."""
    sink = world.sink
    while not halt.is_set():
        what = chance.random()
        if what < 0.15:
            sink.cut(reset=what < 0.07)
            world.ledger.post.unknown()
        elif what < 0.2:
            sink.refuse()
            world.ledger.post.unknown()
            time.sleep(0.05)
            sink.listen()
        elif what < 0.45:
            sink.fault("end", chance.choice(("drop", "reset", "hang")), keep=True)
        else:
            sink.fault(chance.choice(PHASES), chance.choice((*REPLIES, "drop", "reset", "hang")))
        halt.wait(chance.uniform(0.02, 0.15))


def storm(run):
    operations = []

    def batch(seed):
        chance = random.Random(seed)
        with run.world(sink={}, mail=QUICK, directory={"operation_timeout": "2s", "connect_timeout": "2s"}) as world:
            for _ in range(run.size(20, 1)):
                world.daemon.wait_directory()
                halt = threading.Event()
                crowd = [Client(world, random.Random(chance.random()), halt) for _ in range(CLIENTS)]
                crowd.append(threading.Thread(target=trouble, args=(world, random.Random(chance.random()), halt)))
                for thread in crowd:
                    thread.start()
                time.sleep(chance.uniform(0.2, run.size(1.5, 0.5)))  # The moment is the rig's input.
                world.daemon.kill()
                world.ledger.note("kill -9")
                run.fault(1 + sum(fault.fired for fault in world.sink.faults))
                halt.set()
                for thread in crowd:
                    thread.join()
                world.sink.mend()
                world.restart()
                oracle.check(world, run)
                run.cycle()
            operations.append(sum(len(invited.history) for invited in world.ledger.snapshot()))
            run.figure("kept_in_silence", len(world.sink.kept_in_silence))

    run.batches([run.random.random() for _ in range(run.size(20, 2))], run.size(4, 2), batch)
    run.figure("operations", sum(operations))


def prove(run):
    cut(run, measure(run))
    storm(run)
