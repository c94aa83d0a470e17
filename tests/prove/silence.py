"""The directory or the disk silent, slow, or saying half: health is answered in time all the while (I7).

While invitations and registrations run into the fault, /health/live is asked back to back. The longest answer
is an upper bound of the event loop's lag. The directory is black-holed, paused, fed a few bytes a second, cut
off in the middle of each answer, refused; the store's every fsync takes 200 ms.
"""

import contextlib
import shutil
import time

import oracle
from latency import measured
from load import load
from process import put_first

P99_MS, MAX_MS = 20, 200
SHORT_MS = 2000  # the machine of the short form is anybody's
LOW = {"connect_timeout": "2s", "operation_timeout": "3s"}
SLOW_DISK = ("strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
             "-e", "inject=fsync,fdatasync:delay_exit=200000")


@contextlib.contextmanager
def nothing(_world):
    yield


@contextlib.contextmanager
def black_hole(world):
    world.proxy.black_hole()
    try:
        yield
    finally:
        world.proxy.lift()


@contextlib.contextmanager
def silent(world):
    world.proxy.pause()
    try:
        yield
    finally:
        world.proxy.resume()


@contextlib.contextmanager
def stopped(world):
    world.slapd.pause()
    try:
        yield
    finally:
        world.slapd.resume()


@contextlib.contextmanager
def slow_bytes(world):
    world.proxy.slow(20)
    try:
        yield
    finally:
        world.proxy.slow(None)


@contextlib.contextmanager
def half_answers(world):
    for kind in ("bind reply", "search entry", "search reply", "add reply", "modify reply", "extended reply"):
        world.proxy.rule(kind, "silence inside", offset=5, times=None)
    world.proxy.cut()
    try:
        yield
    finally:
        world.proxy.forget()


@contextlib.contextmanager
def refused(world):
    world.proxy.refuse()
    try:
        yield
    finally:
        world.proxy.listen()


@contextlib.contextmanager
def killed(world):
    world.slapd.kill()
    try:
        yield
    finally:
        world.slapd.start()


FAULTS = (nothing, black_hole, silent, stopped, slow_bytes, half_answers, refused, killed)


def judge(run, name, latency):
    figures = latency.figures()
    run.figure(name, figures)
    run.cycle(figures["count"])
    if latency.errors:
        run.violation(f"{name}: health was not answered", latency.errors.splitlines()[:5])
    bounds = {"max_ms": SHORT_MS} if run.short else {"p99_ms": P99_MS, "max_ms": MAX_MS}
    for figure, bound in bounds.items():
        if figures[figure] > bound:
            run.violation(f"I7: {name}: {figure} of /health/live is {figures[figure]}, the bound {bound}")


@contextlib.contextmanager
def asked(world):
    daemon = world.daemon
    with measured(daemon.ports["management"], "/health/live") as latency:
        put_first(daemon.process.pid, latency.pid)
        yield latency


def suffer(run, world, fault, seconds):
    """The fault, under load, for some seconds: the time is what is asked for, nothing is waited for."""
    world.ledger.note(fault.__name__)
    with load(world), fault(world):
        with asked(world) as latency:
            time.sleep(seconds)
    run.fault(fault is not nothing)
    judge(run, fault.__name__, latency)
    world.daemon.wait_directory()


def slow_disk(run, seconds):
    """The store's disk is another matter: it takes a daemon that was started for it."""
    if shutil.which("strace") is None:
        run.say("slow_disk is left out: there is no strace, which delays the calls")
        return
    with run.world(wrapper=SLOW_DISK, directory=LOW) as world:
        with load(world), asked(world) as latency:
            time.sleep(seconds)
        run.fault()
        judge(run, "slow_disk", latency)
        oracle.check(world, run)


def prove(run):
    seconds = run.size(15, 2)
    with run.world(proxied=True, directory=LOW) as world:
        for fault in run.size(FAULTS, (black_hole, stopped)):
            suffer(run, world, fault, seconds)
        oracle.check(world, run)
    if not run.short:
        slow_disk(run, seconds)
