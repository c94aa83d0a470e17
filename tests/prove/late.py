"""A write that comes late while its person tries again: never two entries, never a dead link.

The proxy holds the Add of a registration (or its password) and delivers it after the daemon has given
that connection up, or was killed. Meanwhile the person tries again in all the ways there are, and the name
may be taken by somebody else; with the uniqueness overlay and without. However late it comes: one entry at
most carries the invitation's id, the link works or is used, and the password that was acknowledged stays.

One limit is known, counted and reported, see flow_resolve.c: a password that a killed daemon sent and that
comes later than dir_settle_ms after the next start replaces the one that was chosen meanwhile.
"""

import collections
import secrets
import time

import oracle
from client import in_background
from ending import check_entry, settled
from ledger import new_password
from proxy import PASSWORD_MODIFY
from wait import wait_for

LANES = 12
TIMEOUT = 1.0  # of an operation
SETTLE = 2 * TIMEOUT  # dir_settle_ms
LOW = {"connect_timeout": "1s", "operation_timeout": "1s"}
# Shorter than a connection is waited for, as long, longer than an absent entry is doubted, far longer.
HOLDS = (0.5 * TIMEOUT, TIMEOUT, 3 * TIMEOUT, 30.0)
# A name is not changed as long as an Add under the old one may come: FLOW_LATE_MS, and the resolver.
PATIENCE = 180


class Story:
    """One registration with a late message, and what its person does about it."""

    def __init__(self, world, run, kind, hold):
        self.world, self.run, self.kind, self.hold = world, run, kind, hold
        self.ledger, self.proxy = world.ledger, world.proxy
        self.invited = self.ledger.invite()
        self.password, self.key = new_password(), f"attempt-{secrets.token_hex(8)}"
        self.stranger = None
        self.was_killed = False
        self.replaced = 0
        which = {"containing": PASSWORD_MODIFY} if kind == "extended" else {}
        self.late = self.proxy.rule(f"{kind} request", "hold", seconds=hold, **which)
        self.first = self.begin()
        self.ledger.note(f"the {kind} request is held for {hold} s")

    def breach(self, text):
        self.run.violation(f"{self.invited.id}: {text}", self.ledger.history(self.invited))

    def begin(self):
        """Register until the message comes that is held: a busy machine may first say 503."""
        deadline = time.monotonic() + 30
        while True:
            answered = len(self.invited.registrations)
            first = in_background(self.ledger.register, self.invited, self.password, None, self.key)
            wait_for(lambda: self.late.met.is_set() or len(self.invited.registrations) > answered,
                     "the message that is held, or an answer", 40)
            if self.late.met.is_set():
                return first
            assert time.monotonic() < deadline, "the message that is to be held never came"

    # ---- what may happen meanwhile ----

    def restart(self):
        self.kill()
        self.world.restart()

    def kill(self):
        self.world.daemon.kill()
        self.was_killed = True
        self.ledger.note("kill -9")
        self.first()

    def take_name(self, org_unit):
        uid = self.invited.uid
        self.stranger = f"uid={uid},{org_unit}"
        self.world.slapd.add(self.stranger, objectClass="inetOrgPerson", uid=uid, cn="Somebody Else",
                             sn="Else")
        self.ledger.note(f"a stranger takes {self.stranger}")

    def leave_name(self):
        self.world.slapd.delete(self.stranger)
        self.ledger.note("the stranger leaves")

    # ---- the end ----

    def is_done(self):
        """Nobody revokes anything here: gone is used."""
        seen = self.ledger.open(self.invited)
        return seen is not None and (seen[0] == 410 or seen == (200, "done"))

    def delivered(self):
        """Until the directory has answered the late message."""
        assert self.late.answered.wait(self.hold + 30), "the late message was not answered"
        self.ledger.note("the late message was delivered")

    def register_until_done(self, seconds):
        """As a person who does not give up: until it is done. False when the time is over."""
        deadline = time.monotonic() + seconds
        while not self.is_done():
            if self.ledger.register(self.invited) == 201:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.3)
        return True

    def acknowledged(self):
        """The passwords that count: told done; else those "in progress"; else those without an answer."""
        by_status = collections.defaultdict(list)
        for event in self.invited.registrations:
            by_status[event.status].append(event.password)
        return by_status[201] or by_status[202] or by_status[None]

    def check(self):
        entries = self.world.slapd.entries_of(self.invited.id)
        if len(entries) > 1:
            self.breach(f"{len(entries)} entries: {[dn for dn, _ in entries]}")
        if self.is_done():
            self.mend_known_limit()
            check_entry(self.world, self.invited, self.acknowledged(), self.breach)

    def is_beyond_limit(self):
        return self.kind == "extended" and self.was_killed and self.hold > SETTLE

    def mend_known_limit(self):
        """Count it, and put the right password back for the checks that follow."""
        if not self.is_beyond_limit():
            return
        slapd, (dn, _) = self.world.slapd, self.world.slapd.entries_of(self.invited.id)[0]
        if slapd.accepts(dn, self.password) and self.password not in self.acknowledged():
            self.replaced += 1
            slapd.set_password(dn, self.acknowledged()[0])
            self.ledger.note("a late password came beyond the known limit; the right one is put back")

    def finish(self, patience):
        """The late message comes; whatever is open still then is finished; all is well."""
        self.delivered()
        self.first()
        self.check()
        wait_for(lambda: settled(self.ledger, self.invited), "settled", 45, pause=0.1)
        # A stranger's name is waited for longer than the short form lasts.
        if (patience or not self.stranger) and not self.register_until_done(patience or 20):
            self.breach(f"a link that does not register anybody for {patience or 20} s")
        self.check()
        self.proxy.forget()


def nothing(_story):
    """The person waits; the daemon sends the request again by itself."""


def same_attempt(story):
    story.ledger.register(story.invited, story.password, key=story.key)


def new_attempt(story):
    story.ledger.register(story.invited, story.password)


def other_password(story):
    story.ledger.register(story.invited, key=story.key)


def restarted(story):
    story.restart()
    story.register_until_done(20)


def restarted_twice(story):
    """Killed again while the second attempt runs."""
    story.restart()
    second = in_background(story.register_until_done, 0.5)
    wait_for(lambda: story.invited.registrations[1:], "a second attempt", 30)
    story.restart()
    second()
    story.register_until_done(20)


def _org_unit(story):
    return f"ou=Registry,ou=Collections,{story.world.slapd.people}"


def _elsewhere(story):
    return f"ou=Finance,ou=Operations,{story.world.slapd.people}"


def taken(story):
    story.take_name(_org_unit(story))


def taken_elsewhere(story):
    story.take_name(_elsewhere(story))


def killed_and_taken(story):
    story.kill()
    story.take_name(_org_unit(story))
    story.world.daemon.start()
    story.register_until_done(story.hold)


def killed_and_taken_elsewhere(story):
    story.kill()
    story.take_name(_elsewhere(story))
    story.world.daemon.start()
    story.register_until_done(story.hold)


def taken_for_a_while(story):
    """The name is somebody else's until just before the late request comes."""
    story.kill()
    story.take_name(_org_unit(story))
    story.world.daemon.start()
    story.register_until_done(max(0.0, story.hold - 6))
    story.leave_name()


ORDERS = {
    "add": (nothing, same_attempt, new_attempt, other_password, restarted, restarted_twice, taken,
            taken_elsewhere, killed_and_taken, killed_and_taken_elsewhere, taken_for_a_while),
    "extended": (nothing, same_attempt, new_attempt, other_password, restarted, restarted_twice),
}


def plan(run):
    """[(kind, seconds, order, with the overlay)]. Short: each order once, held long enough to hurt."""
    orders = [(kind, order) for kind, orders in ORDERS.items() for order in orders]
    if run.short:
        return [(kind, 3 * TIMEOUT if kind == "add" else TIMEOUT, order, place % 4 == 0)
                for place, (kind, order) in enumerate(orders)]
    jobs = [(kind, hold, order, unique)
            for _ in range(2) for kind, order in orders for hold in HOLDS for unique in (True, False)]
    run.random.shuffle(jobs)
    return jobs


def prove(run):
    jobs = plan(run)
    lanes = run.size(LANES, 5)
    told = collections.Counter()
    limit = collections.Counter(tried=0, replaced=0)

    def lane(number):
        for unique in (True, False):
            mine = [job for job in jobs[number::lanes] if job[3] == unique]
            if not mine:
                continue
            options = () if unique else ("--without", "unique")
            with run.world(proxied=True, slapd_options=options, directory=LOW) as world:
                for kind, hold, order, _ in mine:
                    story = Story(world, run, kind, hold)
                    order(story)
                    story.finish(run.size(PATIENCE, 0))
                    limit.update(tried=story.is_beyond_limit(), replaced=story.replaced)
                    told[f"{kind} {order.__name__}"] += 1
                    run.fault(story.late.fired)
                    run.cycle()
                oracle.check(world, run, finish=not run.short)

    run.lanes(lanes, lane)
    run.figure("passwords_beyond_the_limit", dict(limit))
    run.figure("orders", dict(sorted(told.items())))
