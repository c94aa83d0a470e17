"""How a registration that met a fault has to end: by itself, with one entry and the password that was
acknowledged, or with a link that works again."""

import time

from ledger import LOST, new_password
from wait import wait_for

# A fault's pause, the probe after it and a busy machine: until then 503 is an answer.
AGAIN_SECONDS = 10
SETTLE_SECONDS = 45


def ends_well(world, run, invited, status, seconds=AGAIN_SECONDS):
    """After the first registration of `invited` was answered with `status`: wait for its end, register again
    if the link is given back, for at most so many seconds, and look at what is there. True: all is well."""
    ledger, before = world.ledger, run.violations

    def breach(text):
        run.violation(f"{invited.id}: {text}", ledger.history(invited))

    if status not in (201, 202, 503, LOST):
        breach(f"registering was answered {status}")
    try:
        wait_for(lambda: settled(ledger, invited), "settled", SETTLE_SECONDS, pause=0.05)
    except AssertionError:
        breach("neither done nor open")
        return False
    password = invited.registrations[-1].password
    if ledger.open(invited) == (200, "pending"):
        password = register_again(ledger, invited, seconds)
        if password is None:
            breach(f"its link is said to work and did not register anybody in {seconds} s")
            return False
    check_entry(world, invited, [password], breach)
    return run.violations == before


def settled(ledger, invited):
    """Done or open; not in progress, and not without an answer."""
    seen = ledger.open(invited)
    return seen is not LOST and seen != (200, "in_progress") and seen[0] in (200, 410)


def register_again(ledger, invited, seconds):
    """With a password of its own each time; the one that was acknowledged, or None."""
    deadline = time.monotonic() + seconds
    while True:
        password = new_password()
        status = ledger.register(invited, password)
        if status == 202:
            wait_for(lambda: settled(ledger, invited), "settled", SETTLE_SECONDS, pause=0.05)
        if status == 201 or (status == 202 and ledger.open(invited) != (200, "pending")):
            return password
        if time.monotonic() > deadline:
            return None
        time.sleep(0.1)


def check_entry(world, invited, passwords, breach):
    """Exactly one entry, and its person signs in with one of these passwords."""
    entries = world.slapd.entries_of(invited.id)
    if len(entries) != 1:
        breach(f"{len(entries)} entries: {[dn for dn, _ in entries]}")
    elif not any(world.slapd.accepts(entries[0][0], password) for password in passwords):
        breach(f"{entries[0][0]} does not accept the password that was acknowledged")
