"""The connection to the directory cut at every byte of a registration: nothing lost, nothing doubled.

The Add and the RFC 3062 password request, and the reply to each: after every number of their bytes, none and
all included, the connection dies, with FIN and with RST in turn. Whatever the person was answered, the
registration ends well by itself.
"""

import time

import oracle
from ending import AGAIN_SECONDS, ends_well
from proxy import PASSWORD_MODIFY, WHO_AM_I_REPLY

LANES = 6
FIRED_SECONDS = 2.0
CYCLES_OF_A_WORLD = 60  # the oracle reads everything at a world's end
# What is cut, and how it is told from its like.
CUTS = {
    "add request": {},
    "add reply": {},
    "extended request": {"containing": PASSWORD_MODIFY},
    "extended reply": {"lacking": WHO_AM_I_REPLY},
}
LOW = {"connect_timeout": "1s", "operation_timeout": "1s"}


def invite(world, number):
    """Everybody's name is equally long, and so are the messages."""
    letters = "".join(chr(ord("a") + number // 26 ** place % 26) for place in range(4))
    return world.ledger.invite(family_name=f"Quill{letters}", mail=f"robin.{letters}@meridian.example")


def sizes(run):
    """The length of each message, of a registration that nothing happens to."""
    with run.world(proxied=True, directory=LOW) as world:
        rules = {kind: world.proxy.rule(kind, "tell", **which) for kind, which in CUTS.items()}
        for number in range(10):  # a busy machine may need more than one
            if world.ledger.register(invite(world, number)) == 201:
                break
        assert all(rule.last for rule in rules.values()), "nobody could be registered"
        return {kind: len(rule.last) for kind, rule in rules.items()}


def spread(length, count):
    """`count` offsets of 0 ... length, both ends included."""
    return sorted({round(number * length / (count - 1)) for number in range(count)})


def plan(run, lengths):
    """[(kind, offset, whether with RST)], in an order that is drawn: lanes get all sorts."""
    rounds, each = run.size(3, 1), 40 // len(lengths)
    jobs = []
    for kind, length in lengths.items():
        offsets = range(length + 1) if not run.short else spread(length, each)
        jobs += [(kind, offset, (place + again) % 2 == 1)
                 for again in range(rounds) for place, offset in enumerate(offsets)]
    run.random.shuffle(jobs)
    return jobs


def cut_once(world, run, number, job):
    kind, offset, reset = job
    invited = invite(world, number)
    if invited is None:
        run.violation(f"no invitation could be made before {kind} was cut at {offset}")
        return
    rule = world.proxy.rule(kind, "cut inside", offset=offset, reset=reset, **CUTS[kind])
    world.ledger.note(f"{kind} cut after {offset} bytes with {'RST' if reset else 'FIN'}")
    status = world.ledger.register(invited)
    deadline = time.monotonic() + AGAIN_SECONDS
    while not rule.fired and status == 503 and time.monotonic() < deadline:
        status = world.ledger.register(invited)  # it did not come as far as its first write
    # A message that passes whole is answered before the proxy has told of its cut.
    if not rule.met.wait(FIRED_SECONDS) or rule.fired != 1:
        run.violation(f"{kind}: no message came to be cut", world.ledger.history(invited))
    run.fault(rule.fired)
    world.proxy.forget()
    ends_well(world, run, invited, status)
    run.cycle()


def prove(run):
    lengths = sizes(run)
    jobs = plan(run, lengths)
    lanes = run.size(LANES, 4)

    def lane(number):
        mine = jobs[number::lanes]
        for start in range(0, len(mine), CYCLES_OF_A_WORLD):
            with run.world(proxied=True, directory=LOW) as world:
                for count, job in enumerate(mine[start:start + CYCLES_OF_A_WORLD]):
                    cut_once(world, run, count, job)
                    world.daemon.wait_directory()
                oracle.check(world, run)

    run.lanes(lanes, lane)
    run.figure("offsets", sum(length + 1 for length in lengths.values()))
    run.figure("lengths", lengths)
