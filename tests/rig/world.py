"""A whole small world at once: for tests that can share one."""

import contextlib
import pathlib
import shutil
import tempfile

from signing import with_roles
from sink import Sink
from slapd import SAMPLE, Slapd
from usherd import Usherd


@contextlib.contextmanager
def world(sink=False, mail=None, build=None, roles=False, ldif=SAMPLE, **sections):
    """A running daemon (its `slapd` beside it) with these changes to its configuration. `sink`: its mails go to a
    sink, which is the daemon's `sink`, with these changes to the section [mail]. `roles`: those of signing.py."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ush-", dir="/tmp"))
    folder.chmod(0o755)
    slapd = Slapd(folder / "slapd", ldif=ldif)
    daemon = Usherd(folder / "usherd", slapd, build=build)
    daemon.sink = Sink(folder / "sink") if sink else None
    try:
        slapd.start()
        if sink:
            daemon.configure("mail", **daemon.sink.conf(**(mail or {})))
        if roles:
            with_roles(daemon)
        for section, keys in sections.items():
            daemon.configure(section, **keys)
        daemon.start()
        daemon.wait_directory()
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-3000:]
    finally:
        daemon.destroy()
        slapd.destroy()
        if daemon.sink:
            daemon.sink.close()
        shutil.rmtree(folder, ignore_errors=True)
