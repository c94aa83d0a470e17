"""Run proof rigs: prove.py [--short] [--seed N] [--jobs N] [--counts FILE] [NAME ...]

Each rig is tests/prove/NAME.py with a function prove(run); the first line of its docstring says what it
proves. For each, one line of JSON goes to standard output: cycles, faults fired, violations, seconds, and
what else the rig measured. Violations are printed to standard error when they are found, with the history of the
invitation. Exit status 1 when there was one, or when a rig did nothing.

With --jobs, so many rigs run side by side, each in a process of its own: they wait most of their time. Those that
measure time run alone.
"""

import argparse
import contextlib
import importlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
RIGS = HERE.parent / "prove"
sys.path[:0] = [str(HERE), str(RIGS)]

# pylint: disable=wrong-import-position
from client import Api  # noqa: E402
from ledger import Ledger  # noqa: E402
from proxy import Proxy  # noqa: E402
from sink import Sink  # noqa: E402
from slapd import SAMPLE, Slapd  # noqa: E402
from usherd import SANITIZER_WORDS, TOP, Usherd  # noqa: E402

VIOLATIONS_SHOWN = 20
ALONE = ("descriptors", "hostile", "recover", "silence", "slow")  # what else runs would be in what they measure
LONG = ("failpoints",)  # begun first, so that it does not end alone
LOG_LINES = 30  # of a daemon in whose world a rig met what it did not expect


class Skip(Exception):
    """The machine lacks what the rig needs; the text says what."""


class World:
    """A directory, a daemon in front of it, perhaps a proxy between them, perhaps a sink for its mails, perhaps with
    a proxy in front of it, and the ledger."""

    def __init__(self, slapd, daemon, proxy, sink=None, relay=None):
        self.slapd, self.daemon, self.proxy = slapd, daemon, proxy
        self.sink, self.relay = sink, relay
        self.api = self.ledger = None

    def connect(self):
        """Once the daemon runs: a token, and a fresh ledger."""
        # The token outlives every jump of the clock.
        self.api = Api(self.daemon, self.daemon.make_token(expires="3000d"))
        self.ledger = Ledger(self.api, sink=self.sink)

    def restart(self):
        """Start a daemon that was killed; returns when it serves and knows its directory."""
        self.daemon.start()
        self.daemon.wait_directory()


class Run:
    """One rig being run; rigs count and report through it, from any thread."""

    def __init__(self, name, short, seed, folder):
        self.name, self.short, self.seed = name, short, seed
        self.folder = pathlib.Path(folder)
        self.random = random.Random(f"{name} {seed}")
        self.cycles = self.faults = self.violations = 0
        self.figures = {}
        self._lock = threading.Lock()
        self._worlds = 0

    def size(self, full, short):
        return short if self.short else full

    def cycle(self, count=1):
        with self._lock:
            self.cycles += count

    def fault(self, count=1):
        with self._lock:
            self.faults += count

    def figure(self, name, value):
        with self._lock:
            self.figures[name] = value

    def violation(self, text, history=()):
        with self._lock:
            self.violations += 1
            if self.violations > VIOLATIONS_SHOWN:
                return
            print(f"{self.name}: VIOLATION {text}", *(f"    {line}" for line in history),
                  sep="\n", file=sys.stderr, flush=True)

    def say(self, text):
        print(f"{self.name}: {text}", file=sys.stderr, flush=True)

    @staticmethod
    def skip(reason):
        raise Skip(reason)

    @contextlib.contextmanager
    def world(self, proxied=False, slapd_options=(), environment=None, build=None, wrapper=(), ldif=SAMPLE,
              sink=None, mail=None, **sections):
        """A running World; `build` names a tree of ./dev build ("fail"), the default is the runner's. `sink`: a dict
        of what a Sink is made with; mails go to it, or with "proxied" in it through a proxy, with `mail` changed in
        the section [mail]."""
        with self._lock:
            self._worlds += 1
            folder = self.folder / str(self._worlds)
        folder.mkdir()
        folder.chmod(0o755)
        slapd = Slapd(folder / "s", slapd_options, ldif)
        daemon = proxy = server = relay = None
        try:
            slapd.start()
            if sink is not None:
                sink = dict(sink)
                is_proxied = sink.pop("proxied", False)
                server = Sink(folder / "m", **sink)
                relay = Proxy(server.port, "raw") if is_proxied else None
            proxy = Proxy(slapd.port) if proxied else None
            daemon = Usherd(folder / "u", slapd, uri=proxy.url if proxy else None, wrapper=wrapper,
                            environment=environment, build=TOP / "build" / build if build else None)
            for section, keys in sections.items():
                daemon.configure(section, **keys)
            if server is not None:
                route = {"relay": f"127.0.0.1:{relay.port}"} if relay else {}
                daemon.configure("mail", **server.conf(**route, **(mail or {})))
            world = World(slapd, daemon, proxy, server, relay)
            daemon.start()
            daemon.wait_directory()
            world.connect()
            yield world
            self._end(world)
        except Exception:
            if daemon is not None:
                self.say(f"its daemon: {daemon.process and daemon.process.poll()}; its log ends:\n"
                         + "\n".join(daemon.log().splitlines()[-LOG_LINES:]))
            raise
        finally:
            for part in (daemon, slapd):
                if part is not None:
                    part.destroy()
            for part in (proxy, relay, server):
                if part is not None:
                    part.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _end(self, world):
        """A daemon that still runs ends cleanly, and no sanitizer has spoken."""
        status = world.daemon.stop()
        log = world.daemon.log()
        if status not in (None, 0):
            self.violation(f"the daemon ended with {status}", log.splitlines()[-20:])
        for word in SANITIZER_WORDS:
            if word in log:
                self.violation(f"the log has: {word}", log[log.index(word):].splitlines()[:40])

    def batches(self, todo, count, function):
        """function(item) for each item of `todo`, `count` at a time; what one raises is a violation, and the
        others go on."""
        queue = list(todo)

        def lane(_):
            while True:
                with self._lock:
                    if not queue:
                        return
                    item = queue.pop()
                try:
                    function(item)
                except Exception:  # pylint: disable=broad-except
                    self.violation(f"the batch {item} ended", traceback.format_exc().splitlines())

        self.lanes(count, lane)

    def lanes(self, count, function):
        """function(0) ... function(count - 1), side by side; what one raises is a violation."""
        def lane(number):
            try:
                function(number)
            except BaseException:  # pylint: disable=broad-except
                self.violation(f"lane {number} ended", traceback.format_exc().splitlines())

        threads = [threading.Thread(target=lane, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def line(self, seconds):
        return {"rig": self.name, "form": "short" if self.short else "full", "seed": self.seed,
                "cycles": self.cycles, "faults": self.faults, "violations": self.violations,
                "seconds": round(seconds, 1), **self.figures}


def names():
    return sorted(path.stem for path in RIGS.glob("*.py"))


def run_rig(name, short, seed):
    """(passed, skipped), after its line was printed."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ush-", dir="/tmp"))
    folder.chmod(0o755)
    run, began = Run(name, short, seed, folder), time.monotonic()
    threading.excepthook = lambda ended: run.violation(
        "a thread ended", traceback.format_exception(ended.exc_type, ended.exc_value, ended.exc_traceback))
    try:
        rig = importlib.import_module(name)
        print(f"dev: {name}: {rig.__doc__.splitlines()[0]}", file=sys.stderr)
        rig.prove(run)
        if run.cycles == 0:
            run.violation("nothing was tried")
    except Skip as reason:
        if not run.cycles and not run.violations:
            print(json.dumps({"rig": name, "skipped": str(reason)}), flush=True)
            return False, True
        run.violation(f"skipped in the middle: {reason}")
    except BaseException as error:  # pylint: disable=broad-except
        run.violation("the rig ended", traceback.format_exc().splitlines())
        if isinstance(error, KeyboardInterrupt):
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(run.line(time.monotonic() - began)), flush=True)
    return run.violations == 0, False


class Counts:
    """PASSED FAILED SKIPPED so far, in a file too; who has not run has failed, should this process end before."""

    def __init__(self, path, rigs):
        self.path, self.left = path, rigs
        self.passed = self.failed = self.skipped = 0
        self._write()

    def add(self, good, was_skipped):
        self.left -= 1
        self.passed += good
        self.skipped += was_skipped
        self.failed += not good and not was_skipped
        self._write()

    def _write(self):
        if self.path:
            pathlib.Path(self.path).write_text(f"{self.passed} {self.failed + self.left} {self.skipped}\n")


class Child:
    """A rig in a process of its own; it prints for itself."""

    def __init__(self, name, arguments, folder):
        self.counts = pathlib.Path(folder) / name
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, "-B", __file__, "--seed", str(arguments.seed), "--counts", self.counts,
             *(["--short"] if arguments.short else []), name])

    def outcome(self):
        """(passed, skipped) of one that has ended."""
        try:
            passed, _, skipped = map(int, self.counts.read_text().split())
        except (OSError, ValueError):
            return False, False
        return passed == 1 and self.process.returncode == 0, skipped == 1


def run_side_by_side(chosen, arguments, counts):
    """So many at a time as may be; then each of those that run alone."""
    together = sorted((name for name in chosen if name not in ALONE), key=lambda name: name not in LONG)
    running = {}
    with tempfile.TemporaryDirectory(prefix="ush-") as folder:
        try:
            for left, jobs in (together, arguments.jobs), ([name for name in chosen if name in ALONE], 1):
                while left or running:
                    while left and len(running) < jobs:
                        child = Child(left.pop(0), arguments, folder)
                        running[child.process.pid] = child
                    pid, status = os.wait()
                    child = running.pop(pid)
                    child.process.returncode = os.waitstatus_to_exitcode(status)
                    counts.add(*child.outcome())
        finally:
            for child in running.values():
                child.process.terminate()
            for child in running.values():
                child.process.wait()


def end_once(*_):
    """Whoever ends a rig early leaves no server, mount or loop device behind, and may say it twice."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="./dev prove", description="Run proof rigs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--short", action="store_true", help="the form that ./dev test runs")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what chance is drawn from")
    parser.add_argument("--jobs", type=int, default=1, help="so many rigs side by side")
    parser.add_argument("--counts", help='a file for "PASSED FAILED SKIPPED"')
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, end_once)
    signal.signal(signal.SIGINT, end_once)
    unknown = set(arguments.names) - set(names())
    if unknown:
        parser.error(f"there is no rig {', '.join(sorted(unknown))} ({', '.join(names())})")
    chosen = arguments.names or names()
    counts = Counts(arguments.counts, len(chosen))
    if arguments.jobs > 1:
        run_side_by_side(chosen, arguments, counts)
    else:
        for name in chosen:
            counts.add(*run_rig(name, arguments.short, arguments.seed))
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
