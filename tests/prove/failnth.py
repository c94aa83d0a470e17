"""Memory and store calls that fail, one after the other, over the core scenario: no crash, no leak, no loss.

The scenario: start; create a token; invite; open the link; register; show; new link; revoke; list; stop.

The memory walk lets every allocation fail that comes a way of its own (a call stack that did not fail
before), of our code and of every library, until a run of the step meets no new one. What the daemon survives
is done again "sticky", with all allocations that follow. The store walk lets the Nth call on the store's
files fail, N = 1, 2, 3 ..., each over a whole life of the daemon, until a life has fewer calls than that; as
EIO, as ENOSPC, as a short write, once and sticky.

Allowed: the expected answer, a 503, or no answer and a process that ended on purpose for want of memory
(status 71). A start may also give up with status 1 and say why. After each end the daemon starts again
without faults, and the oracle looks at everything. The full form runs the sanitized daemon, the short one a
spread sample on the plain one.
"""

import errno
import re
import subprocess
import time

import requests

import oracle
from client import new_session
from ledger import LOST, Ledger
from nthcall import MEMORY, SHORT_WRITE, STORE, FailNth
from usherd import SANITIZER_WORDS, TOP
from wait import wait_for

ENDED_ON_PURPOSE = 71
DEADLINE = 20  # of an answer, a start or a stop: far above what the daemon allows itself
BACK_SECONDS = 5  # the issue's: from the end of a fault to full service
LEAK = "ERROR: LeakSanitizer"
STEPS = 8  # of the scenario between start and stop
CHECK_EVERY = 40  # faults, between two looks of the oracle
NEEDS_MEMORY = re.compile(r"out of memory|[Cc]annot allocate memory|no memory|libldap does not start")

# Where a library cannot do without memory and we cannot help it: functions that are all in the stack of the
# crash, and why. They are printed and counted apart. (A crash without a stack, and a leak, are known by the
# call that failed.)
KNOWN = (
    (("ldap_send_server_request", "__assert_fail"),
     "libldap 2.5, request.c: asserts that ldap_tavl_insert() found memory for its node"),
    (("ldap_parse_result", "__assert_fail"),
     "libldap 2.5, error.c: reads from what ber_dup() returned without looking"),
    (("ber_sockbuf_add_io", "ldap_int_open_connection"),
     "libldap 2.5, open.c: goes on without a layer of the socket that it found no memory for"),
    (("ldap_int_sasl_init", "sasl_client_init"),
     "libsasl 2.1.28 and libldap 2.5, cyrus.c: its start uses mutexes and lists that found no memory"),
    (("get_nss_addresses",),
     "glibc 2.36, nss_database.c: getaddrinfo() cannot do without the memory of its configuration"),
)


def known_defect(crash):
    """Why this stack is none of ours, or None."""
    names = {line.split()[0].removeprefix("__GI_") for line in crash}
    for functions, reason in KNOWN:
        if names.issuperset(functions):
            return reason
    return None


class Rig:
    """The run, one control file, and what all walks share: judging how a daemon ended."""

    def __init__(self, run):
        self.run, self.tree = run, run.size("asan", "gcc")
        self.nth = FailNth(run.folder, TOP / "build" / self.tree)
        self.known, self.on_purpose, self.refused, self.answered, self.sticky = {}, 0, 0, 0, 0
        self.read = 0  # how much of the log was looked at
        self.counted = False  # the fault that has fired last

    def world(self):
        self.read = 0
        return self.run.world(build=self.tree, wrapper=self.nth.wrapper)

    def breach(self, text):
        self.run.violation(text, [*self.nth.fault()[:16], *(["the crash:"] if self.nth.crash() else []),
                                  *self.nth.crash()[:16]])

    def fresh_log(self, daemon):
        """What it said since the last look."""
        with open(daemon.log_path, "rb") as log:
            log.seek(self.read)
            said = log.read().decode(errors="replace")
        self.read += len(said.encode())
        return said

    def judge_end(self, daemon, status, starting=False, what=""):
        """The daemon ended by itself."""
        said = self.fresh_log(daemon)
        for word in SANITIZER_WORDS:
            if word in said and not (word == LEAK and self.is_known(self.nth.fault())):
                self.breach(f"{what}: {word}: " + said[said.index(word):][:3000])
                return
        if LEAK in said:
            return
        if status == ENDED_ON_PURPOSE and "out of memory" in said:
            self.on_purpose += 1
        elif starting and status == 1 and "is damaged" not in said:
            self.refused += 1
            if not self.names_cause(said):
                self.breach(f"{what}: it gave up without the reason: {said[-300:]}")
        elif not self.is_known(self.nth.crash() or self.nth.fault()):
            self.breach(f"{what}: it ended with {status}: {said[-300:]}")

    def is_known(self, stack):
        """Counts it when it is."""
        reason = known_defect(stack)
        if reason is not None:
            self.known[reason] = self.known.get(reason, 0) + 1
        return reason is not None

    @staticmethod
    def names_cause(said):
        return NEEDS_MEMORY.search(said) or "cannot" in said

    def arm(self, kind, **options):
        self.run.cycle()
        self.nth.arm(kind, **options)
        self.counted = False

    def disarm(self):
        """Whether anything failed since it was armed."""
        fired = self.nth.disarm() > 0
        if fired and not self.counted:
            self.run.fault()
        self.counted = fired
        return fired

    def until_ready(self, daemon):
        """Wait for "ready" (True), the end (False), or neither (None)."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if daemon.process.poll() is not None:
                return False
            if daemon.health("ready")[0] == 200:
                return True
            time.sleep(0.005)
        return None

    def walk(self, attempt, sample):
        """attempt(n, sticky) for every way to an allocation, or for `sample` of them. It returns whether
        anything failed. A fault that ended the daemon on purpose ended it before the next allocation."""
        self.nth.forget_stacks()
        if sample is None:
            while self._both(attempt, 1) or self._both(attempt, 1):
                pass
            return
        attempt(0, False)
        for n in spread(self.run, self.nth.seen, sample):
            self.nth.forget_stacks()
            self._both(attempt, n)

    def _both(self, attempt, n):
        ended = self.on_purpose
        fired = attempt(n, False)
        if fired and self.on_purpose == ended:
            self.nth.forget_newest_stack()
            self.sticky += attempt(1, True)
        return fired

    def stop(self, daemon, what):
        """SIGTERM, and the judgement of the end."""
        process = daemon.process
        try:
            status = daemon.stop(DEADLINE)
        except subprocess.TimeoutExpired:
            self.breach(f"{what}: it does not stop")
            daemon.destroy()
            return
        if status != 0:
            self.judge_end(daemon, status, what=what)
        elif any(word in self.fresh_log(daemon) for word in SANITIZER_WORDS):
            self.breach(f"{what}: a sanitizer spoke at the end of {process.pid}")


# ---- the steps ----


class WatchedLedger(Ledger):
    """A ledger that also keeps the last answer: for it, a 503 that says "unknown" is as good as none."""

    status = None

    def _call(self, method, path, document=None):
        answer = super()._call(method, path, document)
        self.status = answer.status_code if answer is not LOST else LOST
        return answer


class Steps:
    """The core scenario on a world, step by step. What a step needs is prepared without faults."""

    def __init__(self, world):
        world.ledger = WatchedLedger(world.api, DEADLINE)
        self.world, self.ledger, self.stock = world, world.ledger, []
        self.steps = [
            ("token", self.token, (201,)), ("invite", self.invite, (201,)),
            ("open", self.open, (200,)), ("register", self.register, (201, 202)),
            ("show", self.show, (200,)), ("relink", self.relink, (200,)),
            ("revoke", self.revoke, (204,)), ("list", self.list, (200,)),
        ]

    def prepare(self, count=1):
        """AssertionError when the daemon has ended, or makes no invitation for long."""
        wait_for(lambda: len(self.stock) >= count or self._add() >= count,
                 "an invitation without faults", DEADLINE)

    def _add(self):
        assert self.world.daemon.process.poll() is None, "the daemon is there"
        invited = self.ledger.invite()  # none while the directory is paused after a fault
        self.stock += [invited] if invited else []
        return len(self.stock)

    def take(self):
        return self.stock.pop()

    def _ask(self, method, path, document=None):
        headers = {"Authorization": self.world.api.session.headers["Authorization"]}
        try:
            with new_session() as session:
                return session.request(method, self.world.daemon.control_url + path, json=document,
                                       headers=headers, timeout=DEADLINE).status_code
        except requests.RequestException:
            return None

    def token(self):
        document = {"name": "walk", "scopes": ["all"], "expires_in": 3600}
        return self._ask("POST", "/api/v1/tokens", document)

    def invite(self):
        self.ledger.invite()
        return self.ledger.status

    def open(self):
        seen = self.ledger.open(self.stock[-1])
        return seen[0] if seen else None

    def register(self):
        return self.ledger.register(self.take())

    def show(self):
        return self._ask("GET", f"/api/v1/invitations/{self.stock[-1].id}")

    def relink(self):
        self.ledger.relink(self.take())
        return self.ledger.status

    def revoke(self):
        self.ledger.revoke(self.take())
        return self.ledger.status

    def list(self):
        return self._ask("GET", "/api/v1/invitations")


# ---- memory ----


class MemoryWalk:
    """Allocations that fail within one step of a living daemon."""

    def __init__(self, rig, world, index):
        self.rig, self.world, self.steps = rig, world, Steps(world)
        self.name, self.step, self.expected = self.steps.steps[index]
        self.what, self.since_check = f"memory, {self.name}", 0

    def attempt(self, n, sticky):
        """One fault in one step; whether it fired."""
        rig, daemon = self.rig, self.world.daemon
        try:
            self.steps.prepare()
        except AssertionError:  # the last fault had its end to come
            self.revive(daemon)
            self.steps.prepare()
        rig.arm(MEMORY, nth=n, sticky=sticky, distinct=True)
        status = self.step()
        if status is None:
            self.await_end(daemon)
        fired = rig.disarm()
        if status is not None and status not in (*self.expected, 503):
            rig.breach(f"{self.what}: answered {status}")
        elif status is not None:
            rig.answered += 1
        if fired:
            self.world.ledger.note("memory failed")
            self.revive(daemon)
        return fired

    def await_end(self, daemon):
        """Nobody answered: then the process ends, and not for ever later."""
        try:
            daemon.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.rig.breach(f"{self.what}: no answer, and it still runs")

    def revive(self, daemon):
        """What has ended, or cannot be trusted to go on for long, is looked at and started again."""
        if not is_alive(daemon):
            self.rig.judge_end(daemon, daemon.process.wait(), what=self.what)
            daemon.process = None
            self.world.restart()
        self.since_check += 1
        if self.since_check >= CHECK_EVERY:
            self.check()

    def check(self):
        self.since_check = 0
        oracle.check(self.world, self.rig.run)


def is_alive(daemon):
    """Answers, or is found dead: one that has just been refused memory may be on its way out."""
    deadline = time.monotonic() + DEADLINE
    while daemon.process.poll() is None:
        if daemon.health("live")[0] == 200:
            return True
        assert time.monotonic() < deadline, f"the daemon is alive and mute:\n{daemon.log()[-3000:]}"
    return False


def spread(run, count, sample):
    """`sample` numbers of 1 to `count`, one in each of as many equal parts."""
    if count <= sample:
        return list(range(1, count + 1))
    edges = [count * i // sample for i in range(sample + 1)]
    return [run.random.randint(low + 1, high) for low, high in zip(edges, edges[1:])]


def memory_in_steps(rig, sample):
    for index in range(STEPS):
        with rig.world() as world:
            walk = MemoryWalk(rig, world, index)
            rig.walk(walk.attempt, sample)
            walk.check()


def memory_in_starts(rig, sample):
    """The daemon is started again and again; then it serves, and what it holds is intact."""
    with rig.world() as world:
        daemon = world.daemon
        Steps(world).prepare(3)
        rig.stop(daemon, "before the walk")

        def start(n, sticky):
            rig.arm(MEMORY, nth=n, sticky=sticky, distinct=True)
            daemon.spawn()
            ready = rig.until_ready(daemon)
            fired = rig.disarm()
            if ready is None:
                rig.breach("memory, start: neither ready nor ended")
                daemon.destroy()
            elif ready:
                rig.stop(daemon, "memory, start, then stop")
            else:
                rig.judge_end(daemon, daemon.process.wait(), True, "memory, start")
                daemon.process = None
            return fired

        rig.walk(start, sample)
        world.restart()
        oracle.check(world, rig.run)


def memory_in_stops(rig, sample):
    with rig.world() as world:
        Steps(world).prepare()

        def stop(n, sticky):
            rig.arm(MEMORY, nth=n, sticky=sticky, distinct=True)
            rig.stop(world.daemon, "memory, stop")
            fired = rig.disarm()
            world.restart()
            return fired

        rig.walk(stop, sample)
        oracle.check(world, rig.run)


# ---- the store's files ----


class StoreWalk:
    """Whole lives, from start to stop, with one error of one kind."""

    STOCK = 90  # invitations made at once, three for a life

    def __init__(self, rig, world, name, error, sticky):
        self.rig, self.world, self.error, self.sticky = rig, world, error, sticky
        self.steps, self.what = Steps(world), f"store, {name}, {'sticky' if sticky else 'once'}"
        rig.nth.watch(world.daemon.store_path.parent)

    def life(self, n):
        """Whether a fault fired."""
        rig, daemon = self.rig, self.world.daemon
        rig.arm(STORE, nth=n, error=self.error, sticky=self.sticky)
        daemon.spawn()
        ready = rig.until_ready(daemon)
        if ready:
            self.scenario()
            self.recover(daemon)
        fired = rig.nth.fired > 0
        if ready is None:
            rig.breach(f"{self.what}: neither ready nor ended")
            daemon.destroy()
        elif ready is False:
            rig.judge_end(daemon, daemon.process.wait(), True, self.what)
            daemon.process = None
        else:
            rig.stop(daemon, self.what)  # once: perhaps with its fault still to come
        fired = rig.disarm() or fired
        self.world.ledger.note(f"{self.what} {n}")
        return fired

    def scenario(self):
        for name, step, expected in self.steps.steps:
            status = step()
            if status is None or status not in (*expected, 503):
                self.rig.breach(f"{self.what}, {name}: answered {status}")
            else:
                self.rig.answered += 1

    def recover(self, daemon):
        """Once the fault has ended there is full service again, in time and without a restart."""
        if self.sticky and self.rig.nth.fired:
            self.rig.disarm()
        if not self.rig.nth.fired:
            return
        deadline = time.monotonic() + BACK_SECONDS
        while self.steps.token() != 201:
            if time.monotonic() > deadline or daemon.process.poll() is not None:
                self.rig.breach(f"{self.what}: no full service {BACK_SECONDS} s after the fault")
                return

    def serve(self):
        """An unharmed life in between: the oracle, and new invitations."""
        if self.world.daemon.process is None:
            self.world.restart()
        oracle.check(self.world, self.rig.run, finish=False)
        self.steps.prepare(self.STOCK)
        self.rig.stop(self.world.daemon, "between two lives")

    def walk(self, numbers):
        self.serve()
        for n in numbers:
            if not self.life(n):
                break
            if len(self.steps.stock) < 4:
                self.serve()
        self.world.restart()
        oracle.check(self.world, self.rig.run)


def store_lives(rig, sample):
    errors = (("EIO", errno.EIO), ("ENOSPC", errno.ENOSPC), ("short", SHORT_WRITE))
    for name, error in errors:
        for sticky in (False, True):
            with rig.world() as world:
                walk = StoreWalk(rig, world, name, error, sticky)
                if sample is None:
                    walk.walk(iter(range(1, 1 << 20)))
                else:
                    walk.serve()
                    walk.life(0)
                    walk.walk(spread(rig.run, rig.nth.seen, sample))


def prove(run):
    rig, started = Rig(run), time.monotonic()
    memory_in_stops(rig, run.size(None, 3))
    memory_in_steps(rig, run.size(None, 4))
    memory_in_starts(rig, run.size(None, 12))
    run.figure("memory_faults", run.faults)
    run.figure("memory_seconds", round(time.monotonic() - started, 1))
    store_lives(rig, run.size(None, 4))
    run.figure("memory_sticky", rig.sticky)
    run.figure("ended_on_purpose", rig.on_purpose)
    run.figure("starts_refused", rig.refused)
    run.figure("answered", rig.answered)
    run.figure("known_library_defects", sum(rig.known.values()))
    for reason, count in sorted(rig.known.items()):
        run.say(f"known, {count} times: {reason}")
